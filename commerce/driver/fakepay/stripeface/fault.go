package stripeface

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Fault is what goes wrong with one call.
type Fault string

// The faults. A connection is cut by http.ErrAbortHandler.
const (
	None        Fault = ""
	Down        Fault = "down"         // the connection is cut, nothing is done
	LoseAnswer  Fault = "lose_answer"  // it is done, and the connection is cut
	Slow        Fault = "slow"         // it is done after Options.Delay; its key is in use meanwhile
	Broken      Fault = "broken"       // it is done, and answered by a 500 that its key remembers
	Unavailable Fault = "unavailable"  // 503, nothing is done
	TooMany     Fault = "rate_limit"   // 429, nothing is done
	LockTimeout Fault = "lock_timeout" // 429, nothing is done
)

// Fail says what goes wrong with the next calls of a route, one fault for each.
func (b *Bank) Fail(route string, faults ...Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults[route] = append(b.faults[route], faults...)
}

func (b *Bank) fault(route string) Fault {
	b.mu.Lock()
	if queue := b.faults[route]; len(queue) > 0 {
		b.faults[route] = queue[1:]
		b.mu.Unlock()
		return queue[0]
	}
	b.mu.Unlock()
	if b.opts.Fault != nil {
		return b.opts.Fault(route)
	}
	return None
}

// instead returns the answer of a call that is not done.
func (f Fault) instead() (answer, bool) {
	e := &problem{status: http.StatusTooManyRequests, kind: "invalid_request_error", code: string(f), early: true}
	switch f {
	case TooMany:
		e.text = "Too many requests hit the API too quickly. We recommend an exponential backoff of your requests."
	case LockTimeout:
		e.text = "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request."
	case Unavailable:
		e.status, e.kind, e.code, e.text = http.StatusServiceUnavailable, "api_error", "", "The service is unavailable."
	default:
		return answer{}, false
	}
	return e.answer(), true
}

// spoil returns what somebody is told of a.
func (f Fault) spoil(a answer) answer {
	if f != Broken {
		return a
	}
	e := &problem{status: http.StatusInternalServerError, kind: "api_error", text: "Sorry! There was an error while talking to one of our backends."}
	return e.answer()
}

// pause makes others wait for an answer.
func (b *Bank) pause(req *http.Request, f Fault) {
	if f != Slow {
		return
	}
	t := time.NewTimer(b.opts.Delay)
	defer t.Stop()
	select {
	case <-t.C:
	case <-req.Context().Done():
	}
}

// tee asks stripe-mock about a request, and returns its answer when it refuses.
func (b *Bank) tee(req *http.Request, params url.Values) (answer, bool) {
	if b.opts.Tee == "" {
		return answer{}, false
	}
	target := strings.TrimSuffix(b.opts.Tee, "/") + req.URL.Path
	var body io.Reader
	if req.Method == http.MethodPost {
		body = strings.NewReader(params.Encode())
	} else {
		target += "?" + params.Encode()
	}
	ask, err := http.NewRequestWithContext(req.Context(), req.Method, target, body)
	if err == nil {
		ask.Header.Set("Authorization", "Bearer sk_test_tee")
		ask.Header.Set("Stripe-Version", Version)
		if body != nil {
			ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		var resp *http.Response
		if resp, err = http.DefaultClient.Do(ask); err == nil {
			defer func() { _ = resp.Body.Close() }()
			var said bytes.Buffer
			_, err = io.Copy(&said, io.LimitReader(resp.Body, 1<<20))
			if err == nil {
				return answer{status: resp.StatusCode, body: said.Bytes()}, resp.StatusCode >= http.StatusBadRequest
			}
		}
	}
	e := &problem{status: http.StatusBadGateway, kind: "api_error", text: "stripe-mock does not answer: " + err.Error()}
	return e.answer(), true
}
