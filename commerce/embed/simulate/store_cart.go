package simulate

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// cartStore is a cart.Store whose calls are steps of a schedule.
type cartStore struct {
	cart.Store
	*database
}

var _ cart.Store = cartStore{}

// Scope implements cart.Store.
func (s cartStore) Scope() txn.Scope { return s.scope }

// Record implements event.Recorder.
func (s cartStore) Record(ctx context.Context, evs ...event.Envelope) error {
	return s.record(ctx, "carts.record", evs, func() error { return s.Store.Record(ctx, evs...) })
}

// Mark implements once.Keys.
func (s cartStore) Mark(ctx context.Context, op, key string, to once.State) (once.State, error) {
	return ask(ctx, s.database, "carts.mark", writes, func() (once.State, error) { return s.Store.Mark(ctx, op, key, to) })
}

// Cart implements cart.Store.
func (s cartStore) Cart(ctx context.Context, id string) (cart.Cart, error) {
	return ask(ctx, s.database, "carts.cart", reads, func() (cart.Cart, error) { return s.Store.Cart(ctx, id) })
}

// OpenOf implements cart.Store.
func (s cartStore) OpenOf(ctx context.Context, customerID, market string, currency money.Currency) (cart.Cart, error) {
	return ask(ctx, s.database, "carts.open_of", reads, func() (cart.Cart, error) { return s.Store.OpenOf(ctx, customerID, market, currency) })
}

// Save implements cart.Store.
func (s cartStore) Save(ctx context.Context, c *cart.Cart) error {
	s.w.writtenJSON("carts", c.ID, c)
	return tell(ctx, s.database, "carts.save", writes, func() error { return s.Store.Save(ctx, c) })
}
