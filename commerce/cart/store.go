package cart

import (
	"context"
	"iter"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Store is what an Engine needs from a database. carttest.Run says whether a
// type that has these methods is one.
type Store interface {
	event.Recorder
	once.Keys

	// Scope is the database, the same value for all stores that share it.
	Scope() txn.Scope

	// Cart returns the cart, or ErrNotFound. In a unit of work it locks the
	// cart, where the database has locks, and returns the newest state.
	Cart(ctx context.Context, id string) (Cart, error)

	// OpenOf returns the open cart of a customer, or ErrNotFound. An empty
	// market or currency means any; of several carts it returns the one with
	// the latest UpdatedAt. It locks nothing.
	OpenOf(ctx context.Context, customerID, market string, currency money.Currency) (Cart, error)

	// Save writes c and adds one to its Version. If the stored Version is not
	// c.Version it returns ErrStale; Version 0 is new. If another cart has the
	// OpenKey of c it returns ErrTaken. With either it writes nothing, and the
	// unit of work of ctx can go on.
	Save(ctx context.Context, c *Cart) error

	// Idle yields the ids of open carts whose ExpiresAt is t or before, the
	// earliest first. It may yield carts that were saved while it ran, and
	// carts may be saved between two steps of it.
	Idle(ctx context.Context, t time.Time) iter.Seq2[string, error]
}
