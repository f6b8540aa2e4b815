package order

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Place writes an order and emits EventPlaced, and EventConfirmed if it is
// confirmed at once. It does so once for each checkout: again, it returns the
// order that is there, whatever the input. It returns ErrBadSums for sums that
// disagree and once.ErrUndone for a checkout that was withdrawn.
//
// An order without an id gets the one that belongs to its checkout; without
// PlacedAt it is placed now. Number, version, states, balance, fulfillments and
// the quantities of items are the engine's.
func (e *Engine) Place(ctx context.Context, in PlaceInput) (Order, error) {
	if err := OpPlace.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	in.Order = complete(in, e.now())
	if err := verify(in.Order); err != nil {
		return Order{}, err
	}
	if err := e.Prepare(ctx); err != nil {
		return Order{}, err
	}
	return txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (o Order, err error) {
		created := false
		err = once.Do(ctx, e.store, OpPlace.Name, in.CheckoutID, func() error {
			o, err = e.create(ctx, in)
			created = err == nil
			return err
		})
		// The mark may have been cleaned away: the unique index is the second guard.
		if err != nil && !errors.Is(err, ErrTaken) || created {
			return o, err
		}
		return e.placed(ctx, in.CheckoutID, err)
	})
}

// placed returns the order of a checkout that has one. taken is why it must be
// there, if it was not Place's mark.
func (e *Engine) placed(ctx context.Context, checkoutID string, taken error) (Order, error) {
	row, err := e.store.OrderOfCheckout(ctx, checkoutID)
	if errors.Is(err, ErrNotFound) && taken != nil {
		return Order{}, fmt.Errorf("place order of checkout %s: id or number: %w", checkoutID, taken)
	}
	if err != nil {
		return Order{}, fmt.Errorf("order of checkout %s: %w", checkoutID, err)
	}
	d, err := row.document()
	return d.Order, err
}

func (e *Engine) create(ctx context.Context, in PlaceInput) (Order, error) {
	t := e.task(ctx, document{Order: in.Order}, Row{})
	var err error
	if t.Number, err = e.number(ctx); err != nil {
		return Order{}, err
	}
	t.Status = StatusPending
	t.note("placed", "", string(StatusPending), "")
	placed := PlacedV1{Order: t.ID, Number: t.Number, Cart: t.CartID, Email: t.Email, Locale: t.Locale, Total: t.Totals.Total, At: t.PlacedAt}
	if t.CustomerID != nil {
		placed.Customer = *t.CustomerID
	}
	announce(t, EventPlaced, placed)
	if in.Confirmed {
		if err := t.confirm(); err != nil {
			return Order{}, err
		}
	}
	if err := t.derive(); err != nil {
		return Order{}, err
	}
	row, err := t.row()
	if err != nil {
		return Order{}, err
	}
	if err := e.store.Create(ctx, row, t.history); err != nil {
		return Order{}, err
	}
	return t.Order, e.store.Record(ctx, t.events...)
}

// Withdraw undoes Place: the order is canceled at once, without a payment to
// wait for, and EventCanceled emitted. A checkout without an order, or whose
// order is canceled, is left alone; a Place that comes later is refused. It
// returns ErrInFulfillment or ErrIllegal for an order that has gone too far.
func (e *Engine) Withdraw(ctx context.Context, in WithdrawInput) (op.Nothing, error) {
	if err := OpWithdraw.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (op.Nothing, error) {
		return op.Nothing{}, once.Undo(ctx, e.store, OpPlace.Name, in.CheckoutID, func() error {
			load := func(ctx context.Context) (Row, error) { return e.store.OrderOfCheckout(ctx, in.CheckoutID) }
			_, err := e.apply(ctx, load, func(_ context.Context, t *task) error { return t.withdraw(in.Reason) })
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			return err
		})
	})
}

func (t *task) withdraw(reason string) error {
	switch t.Status {
	case StatusCanceled:
		return nil
	case StatusConfirmed:
		if err := t.beginCancel(reason); err != nil {
			return err
		}
	default: // finishCancel says whether it can be
	}
	if t.CancelReason == nil {
		t.CancelReason = &reason
	}
	return t.finishCancel()
}

// complete fills in what the caller of Place need not or must not say.
func complete(in PlaceInput, now time.Time) Order {
	o := in.Order
	if o.ID == "" {
		o.ID = ident.DeriveID("ord", in.CheckoutID)
	}
	o.CheckoutID, o.Epoch = in.CheckoutID, in.Epoch
	o.Number, o.Version, o.CancelReason = "", 0, nil
	if o.PlacedAt.IsZero() {
		o.PlacedAt = now
	}
	o.PlacedAt = stamp(o.PlacedAt)
	if o.CustomerID != nil && *o.CustomerID == "" {
		o.CustomerID = nil
	}
	if o.ExpiresAt != nil {
		o.ExpiresAt = new(stamp(*o.ExpiresAt))
	}
	o.Fulfillments, o.Returns, o.Refunds, o.Documents = []Fulfillment{}, []Return{}, []Refund{}, []Document{}
	o.Items, o.Discounts, o.Fees, o.Taxes = list(o.Items), list(o.Discounts), list(o.Fees), list(o.Taxes)
	o.Metadata = object(o.Metadata)
	for i := range o.Items {
		it := &o.Items[i]
		it.Quantities, it.Metadata, it.TaxLines = Quantities{}, object(it.Metadata), list(it.TaxLines)
		if it.Options == nil {
			it.Options = map[string]string{}
		}
	}
	for i := range o.Discounts {
		o.Discounts[i].Allocations = list(o.Discounts[i].Allocations)
	}
	if o.Shipping != nil {
		s := *o.Shipping
		s.TaxLines = list(s.TaxLines)
		o.Shipping = &s
	}
	o.Payments = list(o.Payments)
	for i, p := range o.Payments {
		o.Payments[i] = filled(p, o.Currency)
	}
	return o
}

// list returns a copy of s that is not nil, so that it is not null on the wire
// and not shared with the caller.
func list[T any](s []T) []T { return append([]T{}, s...) }

func object(m json.RawMessage) json.RawMessage {
	if len(m) == 0 || string(m) == "null" {
		return json.RawMessage("{}")
	}
	return m
}
