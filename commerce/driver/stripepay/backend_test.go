package stripepay_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

func bubble(t *testing.T, fn func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, fn)
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// TestPauses is U05: a call is made three times at the most, and not at all where
// nobody waits for it any more.
func TestPauses(t *testing.T) {
	busy := problem(429, "invalid_request_error", "lock_timeout", nil)
	good := reply{body: intent("requires_payment_method", nil)}
	for name, tt := range map[string]struct {
		answers     []reply
		within      time.Duration
		calls       int
		least, most time.Duration
		wantErr     bool
	}{
		"second is good": {[]reply{busy, good}, time.Minute, 2, 500 * time.Millisecond, time.Second, false},
		"third is good":  {[]reply{busy, busy, good}, time.Minute, 3, 1500 * time.Millisecond, 3 * time.Second, false},
		"none is good":   {[]reply{busy}, time.Minute, 3, 1500 * time.Millisecond, 3 * time.Second, true},
		"no time":        {[]reply{busy, good}, 400 * time.Millisecond, 1, 0, 0, true},
		"time for two":   {[]reply{busy, busy, good}, 1499 * time.Millisecond, 2, 500 * time.Millisecond, time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p, w := stripe(t, map[string][]reply{create: tt.answers})
				ctx, cancel := context.WithTimeout(t.Context(), tt.within)
				defer cancel()
				begin := time.Now()
				_, err := p.Start(ctx, owed())
				if took := time.Since(begin); took < tt.least || took > tt.most {
					t.Errorf("it took %v, want %v to %v", took, tt.least, tt.most)
				}
				if (err != nil) != tt.wantErr || len(w.calls) != tt.calls {
					t.Errorf("%d calls, want %d: %v", len(w.calls), tt.calls, err)
				}
				for _, c := range w.calls {
					if c.key != "pi:pay_1" {
						t.Errorf("asked with the key %q", c.key)
					}
				}
			})
		})
	}
}

func TestWhoeverAskedWentAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, w := stripe(t, map[string][]reply{create: {problem(429, "invalid_request_error", "lock_timeout", nil)}})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		begin := time.Now()
		if _, err := p.Start(ctx, owed()); err == nil || time.Since(begin) > 100*time.Millisecond || len(w.calls) != 1 {
			t.Errorf("%v after %v and %d calls", err, time.Since(begin), len(w.calls))
		}
	})
}

// mute is a Stripe that does not answer, until it does.
type mute struct {
	mu     sync.Mutex
	calls  int
	speaks http.RoundTripper
}

func (m *mute) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	m.calls++
	speaks := m.speaks
	m.mu.Unlock()
	if speaks != nil {
		return speaks.RoundTrip(r)
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestBreaker is U06: of 200 shoppers at a Stripe that does not answer, only the first
// wait for it.
func TestBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := &mute{}
		_, w := stripe(t, map[string][]reply{create: {{body: intent("requires_payment_method", nil)}}})
		o := options()
		o.HTTPClient = &http.Client{Transport: m}
		p, err := stripepay.New(o)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				if s, err := p.Start(t.Context(), owed()); err == nil {
					t.Errorf("%+v", s)
				}
			})
		}
		all.Wait()
		if took := time.Since(begin); took > 7*time.Second {
			t.Errorf("200 shoppers waited for %v, want one call of 5 s and a pause", took)
		}
		begin = time.Now()
		before := m.calls
		if _, err := p.Start(t.Context(), owed()); err == nil || time.Since(begin) > 0 || m.calls != before {
			t.Errorf("%v after %v and %d calls, want an error at once", err, time.Since(begin), m.calls-before)
		}
		m.mu.Lock()
		m.speaks = w
		m.mu.Unlock()
		time.Sleep(6 * time.Second)
		if s, err := p.Start(t.Context(), owed()); err != nil || s.Status != payment.StatusOpen {
			t.Errorf("when Stripe answers again: %+v, %v", s, err)
		}
	})
}

// TestAnswersKeepTheBreakerShut: an answer that is not the wished one is an
// answer, and one that nobody waited for says nothing.
func TestAnswersKeepTheBreakerShut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, w := stripe(t, map[string][]reply{create: {problem(401, "invalid_request_error", "", nil)}})
		for range 20 {
			_, _ = p.Start(t.Context(), owed())
		}
		if len(w.calls) != 20 {
			t.Errorf("%d of 20 calls went out", len(w.calls))
		}
	})
	bubble(t, func(t *testing.T) {
		m := &mute{}
		o := options()
		o.HTTPClient = &http.Client{Transport: m}
		p, err := stripepay.New(o)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_, _ = p.Start(ctx, owed())
		}
		if m.calls != 20 {
			t.Errorf("%d of 20 calls went out", m.calls)
		}
	})
}

func TestOutside(t *testing.T) {
	p, w := stripe(t, nil)
	ctx := txn.Inside(t.Context())
	of := owed()
	for name, fn := range map[string]func() error{
		"start":   func() error { _, err := p.Start(ctx, of); return err },
		"fetch":   func() error { _, err := p.Fetch(ctx, of); return err },
		"capture": func() error { _, err := p.Capture(ctx, of, of.Amount, "k"); return err },
		"cancel":  func() error { _, err := p.Cancel(ctx, of); return err },
		"refund":  func() error { _, err := p.Refund(ctx, of, payment.Refund{ID: "ref_1", Amount: of.Amount}); return err },
		"notices": func() (last error) {
			for _, err := range p.Notices(ctx, now) {
				last = err
			}
			return last
		},
		"movements": func() (last error) {
			for _, err := range p.Movements(ctx, now, now) {
				last = err
			}
			return last
		},
	} {
		if err := fn(); !errors.Is(err, txn.ErrInside) {
			t.Errorf("%s in a unit of work: %v, want ErrInside", name, err)
		}
	}
	w.went()
}

func TestMethods(t *testing.T) {
	p, _ := stripe(t, nil)
	all := p.Methods()
	if p.Name() != "stripe" || len(all) != 1 || all[0].ID != "stripe" || all[0].Kind != payment.KindClientConfirm || all[0].Hold != 15*time.Minute || all[0].Manual || all[0].Confirms {
		t.Errorf("%s offers %+v", p.Name(), all)
	}
	if all[0].Minimum["USD"] != 50 || all[0].Admits == nil || strings.TrimSpace(all[0].Name) == "" {
		t.Errorf("%+v", all[0])
	}
}
