package simulate

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// orderStore is a order.Store whose calls are steps of a schedule.
type orderStore struct {
	order.Store
	*database
}

var _ order.Store = orderStore{}

// Scope implements order.Store.
func (s orderStore) Scope() txn.Scope { return s.scope }

// Record implements event.Recorder.
func (s orderStore) Record(ctx context.Context, evs ...event.Envelope) error {
	return s.record(ctx, "orders.record", evs, func() error { return s.Store.Record(ctx, evs...) })
}

// Mark implements once.Keys.
func (s orderStore) Mark(ctx context.Context, op, key string, to once.State) (once.State, error) {
	return ask(ctx, s.database, "orders.mark", writes, func() (once.State, error) { return s.Store.Mark(ctx, op, key, to) })
}

// Order implements order.Store.
func (s orderStore) Order(ctx context.Context, id string) (order.Row, error) {
	return ask(ctx, s.database, "orders.order", reads, func() (order.Row, error) { return s.Store.Order(ctx, id) })
}

// OrderByNumber implements order.Store.
func (s orderStore) OrderByNumber(ctx context.Context, number string) (order.Row, error) {
	return ask(ctx, s.database, "orders.order_by_number", reads, func() (order.Row, error) { return s.Store.OrderByNumber(ctx, number) })
}

// OrderOfCheckout implements order.Store.
func (s orderStore) OrderOfCheckout(ctx context.Context, checkoutID string) (order.Row, error) {
	return ask(ctx, s.database, "orders.order_of_checkout", reads, func() (order.Row, error) { return s.Store.OrderOfCheckout(ctx, checkoutID) })
}

// OrderOfFulfillment implements order.Store.
func (s orderStore) OrderOfFulfillment(ctx context.Context, fulfillmentID string) (order.Row, error) {
	return ask(ctx, s.database, "orders.order_of_fulfillment", reads, func() (order.Row, error) { return s.Store.OrderOfFulfillment(ctx, fulfillmentID) })
}

// Create implements order.Store.
func (s orderStore) Create(ctx context.Context, r order.Row, history []order.Entry) error {
	s.w.secretless("orders", r.Doc)
	return tell(ctx, s.database, "orders.create", writes, func() error { return s.Store.Create(ctx, r, history) })
}

// Save implements order.Store.
func (s orderStore) Save(ctx context.Context, was, now order.Row, history []order.Entry) error {
	s.w.secretless("orders", now.Doc)
	return tell(ctx, s.database, "orders.save", writes, func() error { return s.Store.Save(ctx, was, now, history) })
}

// AddFulfillment implements order.Store.
func (s orderStore) AddFulfillment(ctx context.Context, fulfillmentID, orderID string) error {
	return tell(ctx, s.database, "orders.add_fulfillment", writes, func() error { return s.Store.AddFulfillment(ctx, fulfillmentID, orderID) })
}

// Numbers implements order.Store.
func (s orderStore) Numbers(ctx context.Context, n int64) (int64, error) {
	return ask(ctx, s.database, "orders.numbers", writes, func() (int64, error) { return s.Store.Numbers(ctx, n) })
}

// Orders implements order.Store.
func (s orderStore) Orders(ctx context.Context, f order.Filter) ([]order.Row, error) {
	return ask(ctx, s.database, "orders.orders", reads, func() ([]order.Row, error) { return s.Store.Orders(ctx, f) })
}

// Count implements order.Store.
func (s orderStore) Count(ctx context.Context, f order.Filter) (int64, error) {
	return ask(ctx, s.database, "orders.count", reads, func() (int64, error) { return s.Store.Count(ctx, f) })
}

// Expired implements order.Store.
func (s orderStore) Expired(ctx context.Context, t time.Time, limit int) ([]string, error) {
	return ask(ctx, s.database, "orders.expired", reads, func() ([]string, error) { return s.Store.Expired(ctx, t, limit) })
}

// History implements order.Store.
func (s orderStore) History(ctx context.Context, orderID string) ([]order.Entry, error) {
	return ask(ctx, s.database, "orders.history", reads, func() ([]order.Entry, error) { return s.Store.History(ctx, orderID) })
}

// Attempt implements order.Store.
func (s orderStore) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (bool, time.Duration, error) {
	return ask2(ctx, s.database, "orders.attempt", writes, func() (bool, time.Duration, error) { return s.Store.Attempt(ctx, key, now, window, limit) })
}

// ForgetAttempts implements order.Store.
func (s orderStore) ForgetAttempts(ctx context.Context, before time.Time) error {
	return tell(ctx, s.database, "orders.forget_attempts", writes, func() error { return s.Store.ForgetAttempts(ctx, before) })
}
