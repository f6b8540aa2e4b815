package ordertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/order/ordertest"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

func TestSuiteNamesWhatIsMissing(t *testing.T) {
	guardtest.Run(t, ordertest.Guards(), func(t *testing.T, without string) {
		ordertest.Run(t, func(*testing.T) order.Store {
			return &broken{Store: memstore.Orders{DB: memstore.New()}, without: without, seen: map[string]bool{}}
		})
	})
}

// broken is a store without one guard.
type broken struct {
	order.Store
	without string
	mu      sync.Mutex
	seen    map[string]bool // ids of events
	first   *order.Row      // that was read
}

func (b *broken) Order(ctx context.Context, id string) (order.Row, error) {
	r, err := b.Store.Order(ctx, id)
	switch {
	case b.without == "RoundTrip":
		r.Doc = json.RawMessage(`{}`)
	case b.without == "NotFound" && errors.Is(err, order.ErrNotFound):
		return order.Row{}, nil
	case b.without == "WritersQueue":
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.first == nil {
			b.first = &r
		}
		return *b.first, err
	}
	return r, err
}

func (b *broken) Create(ctx context.Context, r order.Row, history []order.Entry) error {
	err := b.Store.Create(ctx, r, history)
	if !errors.Is(err, order.ErrTaken) {
		return err
	}
	_, byID := b.Store.Order(ctx, r.ID)
	_, byNumber := b.OrderByNumber(ctx, r.Number)
	_, byCheckout := b.OrderOfCheckout(ctx, r.CheckoutID)
	switch {
	case b.without == "IDTaken" && byID == nil, b.without == "NumberTaken" && byNumber == nil,
		b.without == "CheckoutTaken" && byCheckout == nil, b.without == "OneCreates":
		return nil
	case b.without == "TakenWritesNothing":
		r.CheckoutID += " again"
		return errors.Join(err, b.Store.Create(ctx, r, history))
	case b.without == "RefusalKeepsUnit":
		return b.Store.Scope().Do(ctx, func(context.Context) error { return err })
	}
	return err
}

func (b *broken) Save(ctx context.Context, was, now order.Row, history []order.Entry) error {
	stored, err := b.Store.Order(ctx, was.ID)
	switch {
	case err != nil:
	case b.without == "StaleLoses":
		was.Version = stored.Version
	case b.without == "StatusGuards":
		was.Status = stored.Status
	case b.without == "SaveKeeps":
		now.Email = stored.Email
	}
	err = b.Store.Save(ctx, was, now, history)
	if b.without == "OneWriterWins" && errors.Is(err, order.ErrStale) {
		return nil
	}
	return err
}

func (b *broken) AddFulfillment(ctx context.Context, id, orderID string) error {
	err := b.Store.AddFulfillment(ctx, id, orderID)
	if b.without == "FulfillmentTaken" {
		return nil
	}
	return err
}

func (b *broken) History(ctx context.Context, id string) ([]order.Entry, error) {
	h, err := b.Store.History(ctx, id)
	if b.without == "HistoryInOrder" {
		slices.Reverse(h)
	}
	return h, err
}

func (b *broken) Numbers(ctx context.Context, n int64) (int64, error) {
	if b.without == "NumbersApart" {
		n = 1
	}
	return b.Store.Numbers(ctx, n)
}

func (b *broken) Orders(ctx context.Context, f order.Filter) ([]order.Row, error) {
	if b.without == "Filters" {
		f.OfGuests = false
	}
	if b.without == "PagesMeet" && f.After != nil {
		f.After.ID = "" // what was placed at the same time is lost
	}
	rows, err := b.Store.Orders(ctx, f)
	if b.without == "NewestFirst" {
		slices.Reverse(rows)
	}
	return rows, err
}

func (b *broken) Count(ctx context.Context, f order.Filter) (int64, error) {
	if b.without == "CountsAll" {
		return int64(f.Limit), nil
	}
	return b.Store.Count(ctx, f)
}

func (b *broken) Expired(ctx context.Context, t time.Time, limit int) ([]string, error) {
	ids, err := b.Store.Expired(ctx, t, limit)
	if b.without == "ExpiredFirst" {
		slices.Sort(ids)
	}
	return ids, err
}

func (b *broken) Record(ctx context.Context, evs ...event.Envelope) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range evs {
		if b.without == "RecordJoins" && b.seen[e.ID] {
			return fmt.Errorf("an event has the id %s", e.ID)
		}
		b.seen[e.ID] = true
	}
	return b.Store.Record(ctx, evs...)
}

func (b *broken) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (bool, time.Duration, error) {
	switch b.without {
	case "AttemptLimit":
		key = strings.ToLower(key)
	case "AttemptExact":
		limit++
	}
	return b.Store.Attempt(ctx, key, now, window, limit)
}

func (b *broken) ForgetAttempts(ctx context.Context, before time.Time) error {
	if b.without == "ForgetAttempts" {
		return nil
	}
	return b.Store.ForgetAttempts(ctx, before)
}

func (b *broken) Scope() txn.Scope {
	if b.without == "Rollback" || b.without == "MarkJoins" {
		return loose{}
	}
	return b.Store.Scope()
}

// loose is a scope whose units are no units.
type loose struct{}

func (loose) Do(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }
