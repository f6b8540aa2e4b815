package notificationtest_test

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
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/notification/notificationtest"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// TestSuiteNamesWhatIsMissing leaves one guard of the store out at a time.
func TestSuiteNamesWhatIsMissing(t *testing.T) {
	guardtest.Run(t, notificationtest.Guards, func(t *testing.T, without string) {
		notificationtest.Run(t, func(*testing.T) notification.Store {
			return &broken{Notifications: memstore.Notifications{DB: memstore.New()}, without: without, seen: map[string]bool{}}
		})
	})
}

// broken is a store without one guard.
type broken struct {
	memstore.Notifications
	without string
	mu      sync.Mutex
	seen    map[string]bool // ids of events
	first   *notification.Delivery
}

func (b *broken) Add(ctx context.Context, d notification.Delivery) (bool, error) {
	switch b.without {
	case "RoundTrip":
		d.Error = ""
	case "RefusalKeepsUnit":
		added, err := false, b.Do(ctx, func(ctx context.Context) error {
			if added, _ := b.Notifications.Add(ctx, d); !added {
				return errors.New("duplicate")
			}
			return nil
		})
		return added, err
	}
	added, err := b.Notifications.Add(ctx, d)
	if b.without == "IDOnce" || b.without == "EventOnce" || b.without == "EventWins" {
		return true, err
	}
	return added, err
}

func (b *broken) Delivery(ctx context.Context, id string) (notification.Delivery, error) {
	d, err := b.Notifications.Delivery(ctx, id)
	switch {
	case b.without == "NotFound" && errors.Is(err, notification.ErrNotFound):
		return notification.Delivery{}, nil
	case b.without == "Frozen" && d.Version == 2:
		d.Data = json.RawMessage(`{"a":1}`)
	case b.without == "WritersQueue":
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.first == nil {
			b.first = &d
		}
		return *b.first, err
	}
	return d, err
}

func (b *broken) Save(ctx context.Context, d *notification.Delivery) error {
	err := b.Notifications.Save(ctx, d)
	if errors.Is(err, notification.ErrStale) && (b.without == "StaleLoses" || b.without == "OneTakes") {
		now, err := b.Notifications.Delivery(ctx, d.ID)
		d.Version = now.Version
		return errors.Join(err, b.Notifications.Save(ctx, d))
	}
	return err
}

func (b *broken) Due(ctx context.Context, now time.Time, limit int) ([]notification.Delivery, error) {
	if b.without == "Due" {
		now = now.Add(time.Microsecond)
	}
	return b.Notifications.Due(ctx, now, limit)
}

func (b *broken) List(ctx context.Context, f notification.Filter, created time.Time, id string, limit int) ([]notification.Delivery, error) {
	switch b.without {
	case "Filter":
		f.Recipient = ""
	case "Newest":
		id = ""
	}
	return b.Notifications.List(ctx, f, created, id, limit)
}

func (b *broken) Prune(ctx context.Context, before time.Time) (int64, error) {
	if b.without == "Prune" {
		before = before.Add(2 * time.Hour)
	}
	return b.Notifications.Prune(ctx, before)
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
	return b.Notifications.Record(ctx, evs...)
}

func (b *broken) Scope() txn.Scope {
	if b.without == "Rollback" {
		return loose{}
	}
	return b.Notifications.Scope()
}

// loose is a scope whose units are no units.
type loose struct{}

func (loose) Do(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }
