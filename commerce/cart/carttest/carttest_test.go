package carttest_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/cart/carttest"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// TestSuiteNamesWhatIsMissing leaves one guard of the store out at a time.
func TestSuiteNamesWhatIsMissing(t *testing.T) {
	guards := []string{"RoundTrip", "NotFound", "InsertOnce", "StaleLoses", "OneWriterWins", "OneOpenCart", "OneOpenCartWins", "ClosingFreesTheMarket",
		"RefusalKeepsUnit", "OpenOf", "Idle", "Rollback", "MarkJoins", "RecordJoins", "WritersQueue"}
	guardtest.Run(t, guards, func(t *testing.T, without string) {
		carttest.Run(t, func(*testing.T) cart.Store {
			return &broken{Carts: memstore.Carts{DB: memstore.New()}, without: without, seen: map[string]bool{}}
		})
	})
}

// broken is a store without one guard.
type broken struct {
	memstore.Carts
	without string
	mu      sync.Mutex
	seen    map[string]bool // ids of events
	first   *cart.Cart      // that was read
}

func (b *broken) Cart(ctx context.Context, id string) (cart.Cart, error) {
	c, err := b.Carts.Cart(ctx, id)
	switch {
	case b.without == "RoundTrip":
		c.Metadata = json.RawMessage(`{}`)
	case b.without == "NotFound" && errors.Is(err, cart.ErrNotFound):
		return cart.Cart{}, nil
	case b.without == "WritersQueue":
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.first == nil {
			b.first = &c
		}
		return *b.first, err
	}
	return c, err
}

func (b *broken) Save(ctx context.Context, c *cart.Cart) error {
	if b.without == "RefusalKeepsUnit" {
		return b.Carts.Do(ctx, func(ctx context.Context) error { return b.Carts.Save(ctx, c) })
	}
	err := b.Carts.Save(ctx, c)
	switch {
	case errors.Is(err, cart.ErrStale) && (b.without == "InsertOnce" && c.Version == 0 || b.without == "StaleLoses" || b.without == "OneWriterWins"):
		now, err := b.Carts.Cart(ctx, c.ID)
		c.Version = now.Version
		return errors.Join(err, b.Carts.Save(ctx, c))
	case errors.Is(err, cart.ErrTaken) && (b.without == "OneOpenCart" || b.without == "OneOpenCartWins"):
		return nil
	case err == nil && b.without == "ClosingFreesTheMarket" && c.Status != cart.StatusOpen:
		ghost := *c
		ghost.ID, ghost.Version, ghost.Status = "ghost", 0, cart.StatusOpen
		return b.Carts.Save(ctx, &ghost)
	}
	return err
}

func (b *broken) OpenOf(ctx context.Context, customer, market string, c money.Currency) (cart.Cart, error) {
	if b.without == "OpenOf" {
		market = ""
	}
	return b.Carts.OpenOf(ctx, customer, market, c)
}

func (b *broken) Idle(ctx context.Context, t time.Time) iter.Seq2[string, error] {
	if b.without == "Idle" {
		t = t.Add(time.Minute)
	}
	return b.Carts.Idle(ctx, t)
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
	return b.Carts.Record(ctx, evs...)
}

func (b *broken) Scope() txn.Scope {
	switch b.without {
	case "Rollback", "MarkJoins":
		return loose{}
	default:
		return b.Carts.Scope()
	}
}

// loose is a scope whose units are no units.
type loose struct{}

func (loose) Do(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }
