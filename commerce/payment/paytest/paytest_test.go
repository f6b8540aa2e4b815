package paytest_test

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/payment/paytest"
)

// TestSuiteNamesWhatIsMissing leaves one guard of a provider out at a time.
func TestSuiteNamesWhatIsMissing(t *testing.T) {
	guardtest.Run(t, paytest.Guards, func(t *testing.T, without string) {
		paytest.Run(t, func(t *testing.T) paytest.Subject { return newBroken(without).subject() })
	})
}

var day = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// broken is a provider without one guard.
type broken struct {
	*fakepay.Provider
	without string
	calls   atomic.Int64
	waited  atomic.Int64 // nanoseconds

	mu       sync.Mutex
	sent     []payment.Notice
	disputes map[string]string
}

func newBroken(without string) *broken {
	b := &broken{without: without, disputes: map[string]string{}}
	b.Provider = fakepay.New(&fakepay.Options{Now: b.now, Deliver: func(header map[string][]string, body []byte) error {
		n, err := b.Receive(context.Background(), header, body)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.sent = append(b.sent, n)
		return err
	}})
	return b
}

func (b *broken) now() time.Time { return day.Add(time.Duration(b.waited.Load())) }

// must fails the test unless something was done.
func must(t *testing.T, ok bool, err error) {
	t.Helper()
	if !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

func (b *broken) subject() paytest.Subject {
	return paytest.Subject{Provider: b, AtOnce: fakepay.Card, TwoStep: fakepay.Manual, Multi: fakepay.Multi, Now: b.now,
		Advance:    func(_ *testing.T, d time.Duration) { b.waited.Add(int64(d)) },
		Decline:    func(_ *testing.T, id string) { b.Set(id, fakepay.Decline) },
		Approve:    func(_ *testing.T, id string) { b.Set(id, fakepay.Approve) },
		LoseAnswer: func(_ *testing.T, call string) { b.FailOn(call, fakepay.Any, fakepay.LoseAnswer) },
		Intents: func(t *testing.T, id string) int {
			_, ok, err := b.Intent(id)
			if must(t, true, err); ok {
				return 1
			}
			return 0
		},
		CaptureAbroad: func(t *testing.T, id string, amount money.Amount) {
			ok, err := b.Provider.CaptureAbroad(id, amount)
			must(t, ok, err)
		},
		RefundAbroad: func(t *testing.T, id string, amount money.Amount) {
			back, err := b.Provider.RefundAbroad(id, amount)
			must(t, back != "", err)
		},
		Dispute: func(t *testing.T, id string, amount money.Amount) {
			dispute, err := b.Provider.Dispute(id, amount, "fraudulent")
			must(t, dispute != "", err)
			b.disputes[id] = dispute
		},
		CloseDispute: func(t *testing.T, id string, to payment.DisputeStatus) {
			ok, err := b.Provider.CloseDispute(b.disputes[id], to)
			must(t, ok, err)
		},
		Sent: func(t *testing.T) []payment.Notice {
			_, err := b.Send()
			must(t, true, err)
			return b.sent
		}}
}

func (b *broken) Methods() []payment.Method {
	all := b.Provider.Methods()
	if b.without == "Methods" {
		all = append(all, all[0])
	}
	return all
}

func (b *broken) Start(ctx context.Context, p payment.Payment) (payment.Snapshot, error) {
	n := b.calls.Add(1)
	switch b.without {
	case "Outside":
		ctx = context.Background() // of no unit of work
	case "CancelFirstWins":
		if in, ok, _ := b.Intent(p.ID); ok && in.Status == payment.StatusCanceled {
			return payment.Snapshot{Status: payment.StatusCaptured, Captured: p.Amount}, nil
		}
	}
	s, err := b.Provider.Start(ctx, p)
	switch {
	case b.without == "StartTwiceIsOnce" && n == 2:
		s.ProviderID += "_again"
	case b.without == "StartsRace" && n > 8:
		s.Object += "_again"
	case b.without == "AuthorizationLapses":
		s.CaptureBefore = time.Time{}
	case b.without == "DeclineIsRetryable" && s.Failure != nil:
		s.Status = payment.StatusFailed
	case b.without == "CancelShutsTheDoor" && s.Status == payment.StatusCanceled:
		s.Status = payment.StatusOpen
	}
	return s, err
}

func (b *broken) Fetch(ctx context.Context, p payment.Payment) (payment.Snapshot, error) {
	s, err := b.Provider.Fetch(ctx, p)
	switch {
	case b.without == "FetchOfNothing" && s.Status == payment.StatusCreating:
		s.Status = payment.StatusFailed
	case b.without == "FetchAgrees":
		s.Captured = money.Zero(s.Captured.Currency)
	case b.without == "CaptureAbroad":
		s.Status = p.Status // as the shop knows it
	case b.without == "FetchTellsRefunds" && len(s.Refunds) == 0:
		s.Refunds = nil
	case b.without == "FetchTellsDisputes":
		s.Disputes = nil
	case b.without == "RefundsShareTheMoney":
		for i := range s.Refunds {
			s.Refunds[i].Status = payment.RefundPending
		}
	}
	return s, err
}

func (b *broken) Cancel(ctx context.Context, p payment.Payment) (payment.Snapshot, error) {
	_, known, err := b.Intent(p.ID)
	switch {
	case err != nil:
		return payment.Snapshot{}, err
	case b.without == "CancelOfNothing" && !known:
		return payment.Snapshot{Status: payment.StatusFailed}, nil
	case b.without == "CancelReleases" && p.Authorized.Minor > 0:
		return payment.Snapshot{Status: payment.StatusCanceled, ProviderID: p.ProviderID}, nil
	}
	s, err := b.Provider.Cancel(ctx, p)
	switch {
	case b.without == "CancelIsTooLate" && s.Status == payment.StatusCaptured, b.without == "CancelOfTheRest" && s.Captured.Minor > 0:
		s.Status = payment.StatusCanceled
	case b.without == "StartAndCancelRace":
		s.Captured = p.Amount
		s.Status = payment.StatusAuthorized
	}
	return s, err
}

func (b *broken) Capture(ctx context.Context, p payment.Payment, amount money.Amount, key string) (payment.Snapshot, error) {
	switch {
	case b.without == "CaptureInPart":
		amount = p.Amount
	case b.without == "CaptureTooMuch" && amount.Minor > p.Amount.Minor:
		amount = p.Amount
	case b.without == "CaptureAnswerLost":
		key += fmt.Sprint(b.calls.Add(1))
	case b.without == "CaptureSeveral":
		key = "the capture of " + p.ID
	}
	s, err := b.Provider.Capture(ctx, p, amount, key)
	if b.without == "CaptureTwiceIsOnce" {
		s.Object = ident.DeriveID("obj", key)
	}
	return s, err
}

func (b *broken) Refund(ctx context.Context, p payment.Payment, r payment.Refund) (payment.RefundSnapshot, error) {
	n, id := b.calls.Add(1), r.ID
	switch b.without {
	case "RefundTwiceIsOnce", "RefundAnswerLost":
		r.ID += fmt.Sprint(n) // a new key for each try
	case "RefundsRace":
		if n > 8 {
			r.ID += " again"
		}
	case "RefundLongAfter":
		if b.waited.Load() > 0 {
			r.ID += " again"
		}
	}
	s, err := b.Provider.Refund(ctx, p, r)
	if s.RefundID = id; err != nil {
		return s, err
	}
	switch {
	case b.without == "RefundTooMuch" && r.Amount.Minor > p.Amount.Minor, b.without == "RefundOfNothing":
		s.Status, s.Failure = payment.RefundPending, nil
	case b.without == "RefundAfterPart" && p.Captured.Minor < p.Amount.Minor:
		s.Status, s.Failure = payment.RefundFailed, &payment.Failure{Code: "no", Message: "No."}
	}
	return s, nil
}

func (b *broken) Notices(ctx context.Context, since time.Time) iter.Seq2[payment.Notice, error] {
	return func(yield func(payment.Notice, error) bool) {
		for n, err := range b.Provider.Notices(ctx, since) {
			if b.without == "NoticesAreTold" {
				n.ID += "_told"
			}
			if !yield(n, err) {
				return
			}
		}
	}
}

func (b *broken) Movements(ctx context.Context, from, to time.Time) iter.Seq2[payment.Movement, error] {
	return func(yield func(payment.Movement, error) bool) {
		if b.without == "MovementsOfATime" {
			from = time.Time{}
		}
		for m, err := range b.Provider.Movements(ctx, from, to) {
			if b.without == "MovementsAddUp" && m.Kind == payment.LineDisputeWon {
				continue
			}
			if !yield(m, err) {
				return
			}
		}
	}
}
