package paymenttest_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/payment/paymenttest"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// TestSuiteNamesWhatIsMissing leaves one guard of the store out at a time.
func TestSuiteNamesWhatIsMissing(t *testing.T) {
	guardtest.Run(t, paymenttest.Guards, func(t *testing.T, without string) {
		paymenttest.Run(t, func(*testing.T) payment.Store {
			return &broken{Payments: memstore.Payments{DB: memstore.New()}, without: without, seen: map[string]bool{}}
		})
	})
}

// broken is a store without one guard.
type broken struct {
	memstore.Payments
	without string
	mu      sync.Mutex
	seen    map[string]bool  // ids of events
	first   *payment.Payment // that was read

	firstRefund *payment.Refund
	firstBreak  *payment.Break
	firstCard   *payment.GiftCard
}

func (b *broken) Payment(ctx context.Context, id string) (payment.Payment, error) {
	p, err := b.Payments.Payment(ctx, id)
	switch {
	case b.without == "RoundTrip" && p.NextAction != nil:
		p.NextAction = json.RawMessage(`{}`)
	case b.without == "NotFound" && errors.Is(err, payment.ErrNotFound):
		return payment.Payment{}, nil
	case b.without == "WritersQueue":
		return unlocked(b, &b.first, p), err
	}
	return p, err
}

func (b *broken) Save(ctx context.Context, p *payment.Payment) error {
	if b.without == "RefusalKeepsUnit" {
		return b.Do(ctx, func(ctx context.Context) error { return b.Payments.Save(ctx, p) })
	}
	err := b.Payments.Save(ctx, p)
	switch {
	case errors.Is(err, payment.ErrStale) && (b.without == "InsertOnce" && p.Version == 0 || b.without == "StaleLoses" || b.without == "OneWriterWins"):
		now, err := b.Payments.Payment(ctx, p.ID)
		p.Version = now.Version
		return errors.Join(err, b.Payments.Save(ctx, p))
	case errors.Is(err, payment.ErrTaken) && (b.without == "ProviderIDOnce" || b.without == "ProviderIDWins"):
		return nil
	}
	return err
}

func (b *broken) OfOrders(ctx context.Context, ids []string) ([]payment.Payment, error) {
	if b.without == "OfOrders" && len(ids) > 1 {
		ids = ids[:1]
	}
	return b.Payments.OfOrders(ctx, ids)
}

func (b *broken) Append(ctx context.Context, l payment.Ledger) (bool, error) {
	if b.without == "LedgerRoundTrip" {
		l.Reference = ""
	}
	added, err := b.Payments.Append(ctx, l)
	return added || b.without == "LedgerOnce" || b.without == "LedgerWins", err
}

func (b *broken) Unsettled(ctx context.Context, before time.Time, limit int) ([]payment.Payment, error) {
	if b.without == "Unsettled" {
		before = before.Add(time.Microsecond)
	}
	return b.Payments.Unsettled(ctx, before, limit)
}

// Record, without its guard, writes at once and not with the unit.
func (b *broken) Record(ctx context.Context, evs ...event.Envelope) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range evs {
		if b.without == "RecordJoins" && b.seen[e.ID] {
			return errors.New("an event has this id")
		}
		b.seen[e.ID] = true
	}
	return b.Payments.Record(ctx, evs...)
}

func (b *broken) Scope() txn.Scope {
	switch b.without {
	case "Rollback", "MarkJoins", "NoticeJoins", "RefundRollback", "BooksRollback", "GiftCardRollback":
		return loose{}
	default:
		return b.Payments.Scope()
	}
}

// loose is a scope whose units are no units.
type loose struct{}

func (loose) Do(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (b *broken) OfProvider(ctx context.Context, provider, id string) (payment.Payment, error) {
	p, err := b.Payments.OfProvider(ctx, provider, id)
	if b.without == "OfProvider" && errors.Is(err, payment.ErrNotFound) {
		return payment.Payment{}, nil
	}
	return p, err
}

func (b *broken) Keep(ctx context.Context, r payment.Received) (bool, error) {
	if b.without == "NoticeRoundTrip" {
		r.ProviderID = ""
	}
	added, err := b.Payments.Keep(ctx, r)
	return added || b.without == "NoticeOnce", err
}

func (b *broken) DueNotices(ctx context.Context, now time.Time, limit int) ([]payment.Received, error) {
	if b.without == "NoticesDue" {
		now = now.Add(-time.Microsecond)
	}
	return b.Payments.DueNotices(ctx, now, limit)
}

func (b *broken) SaveNotice(ctx context.Context, r payment.Received) error {
	err := b.Payments.SaveNotice(ctx, r)
	if b.without == "NoticeStale" && errors.Is(err, payment.ErrStale) {
		return nil
	}
	return err
}

func (b *broken) PruneNotices(ctx context.Context, before time.Time) (int64, error) {
	if b.without == "NoticesPruned" {
		before = before.Add(time.Microsecond)
	}
	return b.Payments.PruneNotices(ctx, before)
}
