package paytest_test

import (
	"context"
	"sync/atomic"
	"testing"

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
		paytest.Run(t, func(*testing.T) paytest.Subject {
			b := &broken{Provider: fakepay.New(nil), without: without}
			return paytest.Subject{Provider: b, AtOnce: fakepay.Card, TwoStep: fakepay.Manual,
				Decline: func(_ *testing.T, id string) { b.Set(id, fakepay.Decline) },
				Approve: func(_ *testing.T, id string) { b.Set(id, fakepay.Approve) },
				Intents: func(t *testing.T, id string) int {
					_, ok, err := b.Intent(id)
					if err != nil {
						t.Error(err)
					}
					if ok {
						return 1
					}
					return 0
				}}
		})
	})
}

// broken is a provider without one guard.
type broken struct {
	*fakepay.Provider
	without string
	starts  atomic.Int64
}

func (b *broken) Methods() []payment.Method {
	all := b.Provider.Methods()
	if b.without == "Methods" {
		all = append(all, all[0])
	}
	return all
}

func (b *broken) Start(ctx context.Context, p payment.Payment) (payment.Snapshot, error) {
	n := b.starts.Add(1)
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
	case b.without == "CancelIsTooLate" && s.Status == payment.StatusCaptured:
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
	}
	s, err := b.Provider.Capture(ctx, p, amount, key)
	if b.without == "CaptureTwiceIsOnce" {
		s.Object = ident.DeriveID("obj", key)
	}
	return s, err
}
