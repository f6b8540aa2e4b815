package notification

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Store is what an Engine needs from a database. notificationtest.Run says
// whether a type that has these methods is one.
type Store interface {
	event.Recorder

	// Scope is the database, the same value for all stores that share it.
	Scope() txn.Scope

	// Add writes a new delivery with Version 1 and reports true, unless there is
	// one with its id, or with its EventID, Kind and Role: then it writes nothing
	// and the unit of work of ctx can go on.
	Add(ctx context.Context, d Delivery) (added bool, err error)

	// Delivery returns the delivery, or ErrNotFound. In a unit of work it locks
	// the delivery, where the database has locks, and returns the newest state.
	Delivery(ctx context.Context, id string) (Delivery, error)

	// Save writes d and adds one to its Version. If the stored Version is not
	// d.Version it writes nothing and returns ErrStale; the unit of work of ctx
	// can go on. EventID, Kind, Role, CreatedAt and Data do not change.
	Save(ctx context.Context, d *Delivery) error

	// Due returns at most limit deliveries whose DueAt is not after now, the
	// earliest first, by id among equals. It locks nothing.
	Due(ctx context.Context, now time.Time, limit int) ([]Delivery, error)

	// List returns at most limit deliveries that f fits, the newest first, by id
	// downwards among equals, that come after the delivery with this creation
	// time and id. A zero time begins at the newest.
	List(ctx context.Context, f Filter, created time.Time, id string, limit int) ([]Delivery, error)

	// Prune forgets deliveries that are over (DueAt is nil) and were requested
	// before a time, and returns how many.
	Prune(ctx context.Context, before time.Time) (int64, error)
}

// Filter chooses deliveries. An empty field fits all.
type Filter struct {
	State     State
	Kind      Kind
	Recipient string
}
