package stripepay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"
)

const (
	// tries is how often one call is made while somebody waits for it, and
	// firstPause and lastPause how long is waited in between.
	tries                 = 3
	firstPause, lastPause = 500 * time.Millisecond, 5 * time.Second
	// patience is how many calls in a row may have no answer. Then nobody is
	// asked for a recovery, so that shoppers do not each wait for nothing.
	patience = 5
	recovery = 5 * time.Second
)

// backend is Stripe's, asked with a bounded patience. Every POST that goes
// through it carries an idempotency key.
type backend struct {
	stripe.Backend
	breaker *gobreaker.CircuitBreaker[struct{}]
}

func newBackend(o Options) *backend {
	client := &http.Client{}
	if o.HTTPClient != nil {
		*client = *o.HTTPClient
	} else if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t = t.Clone()
		t.MaxIdleConnsPerHost = 32
		client.Transport = t
	}
	client.Timeout = o.Timeout
	config := &stripe.BackendConfig{HTTPClient: client, LeveledLogger: quiet{o.Log}, MaxNetworkRetries: new(int64(0)), EnableTelemetry: new(false)}
	if o.URL != "" {
		config.URL = new(o.URL)
	}
	return &backend{stripe.GetBackendWithConfig(stripe.APIBackend, config), gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:      recovery,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= patience },
		IsSuccessful: func(err error) bool { e, ok := errors.AsType[*callError](err); return !ok || !e.unanswered() },
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) }, // whoever asked went away
		OnStateChange: func(_ string, _, to gobreaker.State) {
			o.Log.Warn("stripepay: calls have no answer, or have one again", "breaker", to.String())
		},
	})}
}

// Call implements stripe.Backend.
func (b *backend) Call(method, path, key string, params stripe.ParamsContainer, v stripe.LastResponseSetter) error {
	return b.patiently(params.GetParams().Context, method, path, func() error { return b.Backend.Call(method, path, key, params, v) })
}

// CallRaw implements stripe.Backend.
func (b *backend) CallRaw(method, path, key string, body *form.Values, params *stripe.Params, v stripe.LastResponseSetter) error {
	return b.patiently(params.Context, method, path, func() error { return b.Backend.CallRaw(method, path, key, body, params, v) })
}

// patiently makes a call, and makes it again where that can help and ctx has the
// time. Its errors are *callError.
func (b *backend) patiently(ctx context.Context, method, path string, call func() error) error {
	name := method + " " + path
	for try := 1; ; try++ {
		_, err := b.breaker.Execute(func() (struct{}, error) { return struct{}{}, errorOf(name, call()) })
		if err == nil {
			return nil
		}
		e, ok := errors.AsType[*callError](err)
		if !ok { // of the breaker: nothing was called
			return &callError{call: name, cause: err}
		}
		if try == tries || !e.again(method) || !rest(ctx, firstPause<<(try-1)) {
			return e
		}
	}
}

// rest waits for pause and as much again at the most. It reports false, without
// waiting, when ctx ends before.
func rest(ctx context.Context, pause time.Duration) bool {
	pause = min(pause+rand.N(pause), lastPause)
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= pause {
		return false
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// quiet is what stripe-go logs to. What it has to say of an error is returned,
// and an answer as it came has the secret of its shopper in it: neither is
// logged here.
type quiet struct{ log *slog.Logger }

func (q quiet) Debugf(string, ...any) {}
func (q quiet) Infof(format string, args ...any) {
	if ctx := context.Background(); q.log.Enabled(ctx, slog.LevelDebug) {
		q.log.DebugContext(ctx, "stripepay: "+fmt.Sprintf(format, args...))
	}
}
func (q quiet) Warnf(string, ...any)  {}
func (q quiet) Errorf(string, ...any) {}
