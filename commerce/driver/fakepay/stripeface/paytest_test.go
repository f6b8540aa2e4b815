package stripeface_test

import (
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay/stripeface"
	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/commerce/internal/tooltest"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/payment/paytest"
)

// clock stands unless it is moved.
type clock struct{ past atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC).Add(time.Duration(c.past.Load()))
}

// TestStripepay runs what a provider must do over HTTP against the face.
func TestStripepay(t *testing.T) { conforms(t, "") }

// TestStripepayThroughMock is TestStripepay with stripe-mock looking at each
// request first.
func TestStripepayThroughMock(t *testing.T) { conforms(t, tooltest.StripeMock(t)) }

func conforms(t *testing.T, tee string) {
	for name, open := range map[string]func(*shop) paytest.Subject{
		"at once": func(s *shop) paytest.Subject {
			return s.subject("pm_card_visa", paytest.Subject{AtOnce: stripepay.Method})
		},
		"two steps": func(s *shop) paytest.Subject {
			return s.subject("pm_card_mastercard", paytest.Subject{TwoStep: stripepay.Method})
		},
		"several captures": func(s *shop) paytest.Subject {
			return s.subject("pm_card_visa", paytest.Subject{TwoStep: stripepay.Method, Multi: stripepay.Method, LoseAnswer: s.loseAnswer})
		},
	} {
		t.Run(name, func(t *testing.T) {
			paytest.Run(t, func(t *testing.T) paytest.Subject { return open(newShop(t, tee, name != "at once")) })
		})
	}
}

// shop is a driver for Stripe that asks the face, and what it was told.
type shop struct {
	*stripepay.Provider
	bank     *stripeface.Bank
	clock    *clock
	mu       sync.Mutex
	sent     []payment.Notice
	disputes map[string]string
}

func newShop(t *testing.T, tee string, manual bool) *shop {
	t.Helper()
	s := &shop{clock: &clock{}, disputes: map[string]string{}}
	s.bank = stripeface.New(&stripeface.Options{Now: s.clock.now, Tee: tee, Types: stripepay.EventTypes(), Deliver: func(header map[string][]string, body []byte) error {
		n, err := s.Receive(t.Context(), header, body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sent = append(s.sent, n)
		return err
	}})
	srv := httptest.NewUnstartedServer(s.bank)
	srv.Config.SetKeepAlivesEnabled(false) // or the transport itself sends a request again that has a key
	srv.Start()
	t.Cleanup(srv.Close)
	var err error
	s.Provider, err = stripepay.New(stripepay.Options{Key: stripeface.Key, PublishableKey: "pk_test_face", WebhookSecrets: []string{stripeface.WebhookSecret},
		URL: srv.URL, Manual: manual, Now: s.clock.now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// loseAnswer loses as many answers as the driver waits for.
func (s *shop) loseAnswer(_ *testing.T, call string) {
	route := map[string]string{"capture": "POST /v1/payment_intents/{id}/capture", "cancel": "POST /v1/payment_intents/{id}/cancel", "refund": "POST /v1/refunds"}[call]
	s.bank.Fail(route, slices.Repeat([]stripeface.Fault{stripeface.LoseAnswer}, 3)...)
}

func must(t *testing.T, what string, ok bool) {
	t.Helper()
	if !ok {
		t.Errorf("%s cannot be", what)
	}
}

// subject fills in what the test can do.
func (s *shop) subject(card string, of paytest.Subject) paytest.Subject {
	of.Provider, of.Now = s, s.clock.now
	of.Advance = func(_ *testing.T, d time.Duration) { s.clock.past.Add(int64(d)) }
	of.Confirm = func(t *testing.T, id string) { must(t, "paying", s.bank.Pay(id, card)) }
	of.Intents = func(_ *testing.T, id string) (n int) {
		for _, in := range s.bank.Intents() {
			if in.PaymentID == id {
				n++
			}
		}
		return n
	}
	of.CaptureAbroad = func(t *testing.T, id string, a money.Amount) {
		must(t, "a capture", s.bank.CaptureAbroad(id, a.Minor))
	}
	of.RefundAbroad = func(t *testing.T, id string, a money.Amount) {
		must(t, "a refund", s.bank.RefundAbroad(id, a.Minor) != "")
	}
	of.Dispute = func(t *testing.T, id string, a money.Amount) {
		s.disputes[id] = s.bank.Dispute(id, a.Minor, "fraudulent")
		must(t, "a dispute", s.disputes[id] != "")
	}
	of.CloseDispute = func(t *testing.T, id string, to payment.DisputeStatus) {
		must(t, "the end of a dispute", s.bank.CloseDispute(s.disputes[id], to == payment.DisputeWon))
	}
	of.Sent = func(t *testing.T) []payment.Notice {
		if _, err := s.bank.Send(); err != nil {
			t.Error(err)
		}
		return s.sent
	}
	return of
}
