package fakepay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// Delivery is how the notice of an event gets to the shop.
type Delivery string

// The ways. Whatever the way, a notice that is not taken is sent again at the
// next Send.
const (
	InTurn Delivery = ""       // at the next Send
	Before Delivery = "before" // while the call that caused it is not answered yet
	Twice  Delivery = "twice"  // at the next Send, two times
	Last   Delivery = "last"   // at the next Send, after all that happened later
	Forged Delivery = "forged" // first with a signature that is not the bank's, then in its turn
	Never  Delivery = "never"  // not at all: only Notices tells
)

var deliveries = map[Delivery]bool{Before: true, Twice: true, Last: true, Forged: true, Never: true}

// Deliver takes a notice to the shop, which is heard to have it when that
// returns no error.
type Deliver func(header map[string][]string, body []byte) error

// delivery says how the notice of e gets to the shop.
func (p *Provider) delivery(in Intent, e Event) Delivery {
	for _, what := range wordsOf(in.ReturnURL, "notice") {
		if deliveries[Delivery(what)] {
			return Delivery(what)
		}
	}
	if p.opts.Delivery != nil {
		return p.opts.Delivery(e)
	}
	return InTurn
}

// Letter returns the notice of an event, signed now.
func (p *Provider) Letter(e Event) (header map[string][]string, body []byte) {
	body = notice{ID: e.ID, Type: e.Type, PaymentID: e.PaymentID, ProviderID: e.ProviderID}.text()
	return p.Sign(body), body
}

// Send gives Options.Deliver the notices of everything that it has not taken,
// each once, in the order in which things happened but for those that go
// another way, and returns how many it took. The error is why others were not.
// Without Options.Deliver it does nothing.
func (p *Provider) Send() (taken int, err error) {
	if p.opts.Deliver == nil {
		return 0, nil
	}
	due, err := p.keep.events(time.Time{}, true)
	if err != nil {
		return 0, err
	}
	slices.SortStableFunc(due, func(a, b Event) int { return order(a) - order(b) })
	var failed error
	for _, e := range due {
		ok, err := p.send(e)
		if ok {
			taken++
		}
		failed = errors.Join(failed, err)
	}
	return taken, failed
}

func order(e Event) int {
	if e.How == Last {
		return 1
	}
	return 0
}

// send sends the notice of e and writes down what became of that.
func (p *Provider) send(e Event) (taken bool, err error) {
	header, body := p.Letter(e)
	switch {
	case e.How == Forged && e.Tries == 0:
		header = p.sign(body, []string{"forged"})
	case e.How == Twice:
		err = p.opts.Deliver(header, body)
	}
	err = errors.Join(err, p.opts.Deliver(header, body))
	if kept := p.keep.sent(e.ID, err == nil); kept != nil {
		return false, errors.Join(err, kept)
	}
	if err != nil {
		err = fmt.Errorf("fakepay: the notice %s is not taken: %w", e.ID, err)
	}
	return err == nil, err
}

// Run calls Send every so often until ctx ends.
func (p *Provider) Run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		_, _ = p.Send() // again at the next tick
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// Post is a Deliver to the URL of a shop's webhooks. An answer that is no
// success is an error.
func Post(url string) Deliver {
	const patience = 10 * time.Second
	client := &http.Client{Timeout: patience}
	return func(header map[string][]string, body []byte) error {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return err
		}
		for name, values := range header {
			req.Header[http.CanonicalHeaderKey(name)] = values
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // to use the connection again
		if resp.StatusCode < 200 || resp.StatusCode > 299 {
			return fmt.Errorf("the shop answers %s", resp.Status)
		}
		return nil
	}
}
