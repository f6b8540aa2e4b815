package payment

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Store is what an Engine needs from a database. paymenttest.Run says whether a
// type that has these methods is one.
type Store interface {
	event.Recorder
	once.Keys
	NoticeStore
	RefundStore
	BookStore
	ReconStore
	GiftCardStore
	AttemptStore

	// Scope is the database, the same value for all stores that share it.
	Scope() txn.Scope

	// Payment returns the payment, or ErrNotFound. In a unit of work it locks
	// the payment, where the database has locks, and returns the newest state.
	Payment(ctx context.Context, id string) (Payment, error)

	// Save writes p and adds one to its Version. If the stored Version is not
	// p.Version it returns ErrStale; Version 0 is new. If another payment of
	// the same Provider has the ProviderID of p it returns ErrTaken. With
	// either it writes nothing, and the unit of work of ctx can go on.
	Save(ctx context.Context, p *Payment) error

	// OfOrders returns the payments of the orders, the oldest first, by id
	// among equals. It locks nothing. No order, no payments.
	OfOrders(ctx context.Context, orderIDs []string) ([]Payment, error)

	// OfProvider returns the payment with this id at a provider, or ErrNotFound.
	// It locks nothing.
	OfProvider(ctx context.Context, provider, providerID string) (Payment, error)

	// Unsettled returns at most limit payments in creating, processing or
	// unknown whose UpdatedAt is before a time, those that waited longest
	// first, by id among equals.
	Unsettled(ctx context.Context, before time.Time, limit int) ([]Payment, error)
}
