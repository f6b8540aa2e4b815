package order

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/once"
)

// CreateFulfillment plans a parcel. A fulfillment id that the order has already
// is left alone. Items that do not require shipping are in a parcel only if
// they are named, or if no item of the order requires it. It returns
// ErrNotFound, ErrNotConfirmed for a pending order, ErrIllegal for one that is
// over, ErrNoUnits, ErrStale, or ErrFulfillmentTaken for another order's id.
func (e *Engine) CreateFulfillment(ctx context.Context, in CreateFulfillmentInput) (Order, error) {
	if err := OpCreateFulfillment.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	id := cmp.Or(in.FulfillmentID, e.opts.ID("ful"))
	return e.change(ctx, e.named(in.ID), func(ctx context.Context, t *task) error {
		if t.fulfillment(id) != nil {
			return nil
		}
		if err := t.shippable(); err != nil {
			return err
		}
		if err := t.fresh(in.Version); err != nil {
			return err
		}
		units, err := plan(t.Items, t.Fulfillments, in.Items)
		if err != nil {
			return err
		}
		f := Fulfillment{ID: id, Status: FulPending, Items: units, Tracking: []Tracking{}}
		if in.LocationID != "" {
			f.LocationID = &in.LocationID
		}
		t.Fulfillments = append(t.Fulfillments, f)
		t.note("fulfillment", "", string(FulPending), id)
		err = e.store.AddFulfillment(ctx, id, t.ID)
		if errors.Is(err, ErrTaken) {
			return ErrFulfillmentTaken.At("/fulfillment_id")
		}
		return err
	})
}

// ShipFulfillment says that a parcel has left, once for each fulfillment, and
// emits EventShipped. It returns ErrFulfillmentNotFound, ErrIllegalFulfillment
// for one that was canceled, or once.ErrUndone for one that was unshipped:
// cancel that one and plan another.
func (e *Engine) ShipFulfillment(ctx context.Context, in ShipFulfillmentInput) (Order, error) {
	if err := OpShipFulfillment.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.marked(ctx, OpShipFulfillment.Name, in.key(), e.holding(in.FulfillmentID), once.Do, func(_ context.Context, t *task) error {
		if err := t.shippable(); err != nil {
			return err
		}
		f := t.fulfillment(in.FulfillmentID)
		if err := t.send(f, FulShipped, ""); err != nil {
			return err
		}
		f.ShippedAt, f.Tracking = new(t.now), list(in.Tracking)
		announce(t, EventShipped, t.parcel(f, in.Notify))
		return nil
	})
}

// UnshipFulfillment undoes ShipFulfillment: the parcel is pending again, and a
// ShipFulfillment that comes later is refused. It returns
// ErrFulfillmentNotFound, or ErrIllegalFulfillment for one that has arrived.
func (e *Engine) UnshipFulfillment(ctx context.Context, in ShipFulfillmentInput) (Order, error) {
	if err := OpUnshipFulfillment.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.marked(ctx, OpShipFulfillment.Name, in.key(), e.holding(in.FulfillmentID), once.Undo, func(_ context.Context, t *task) error {
		f := t.fulfillment(in.FulfillmentID)
		if err := t.send(f, FulPending, "unshipped"); err != nil {
			return err
		}
		f.ShippedAt, f.Tracking = nil, []Tracking{}
		return nil
	})
}

// DeliverFulfillment says that a parcel has arrived, emits EventDelivered, and
// completes the order when nothing is left to deliver or to pay. One that has
// arrived is left alone. It returns ErrFulfillmentNotFound, or
// ErrIllegalFulfillment for one that has not left.
func (e *Engine) DeliverFulfillment(ctx context.Context, in DeliverFulfillmentInput) (Order, error) {
	if err := OpDeliverFulfillment.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.change(ctx, e.holding(in.FulfillmentID), func(_ context.Context, t *task) error {
		f := t.fulfillment(in.FulfillmentID)
		if f.Status == FulDelivered {
			return nil
		}
		if err := t.shippable(); err != nil {
			return err
		}
		if err := t.send(f, FulDelivered, ""); err != nil {
			return err
		}
		f.DeliveredAt = new(t.now)
		if in.At != nil {
			f.DeliveredAt = new(stamp(*in.At))
		}
		announce(t, EventDelivered, t.parcel(f, false))
		return t.settle()
	})
}

// CancelFulfillment gives up a parcel that has not left; its units can be
// planned again. One that is canceled is left alone. It returns
// ErrFulfillmentNotFound, or ErrIllegalFulfillment for one that has left.
func (e *Engine) CancelFulfillment(ctx context.Context, in CancelFulfillmentInput) (Order, error) {
	if err := OpCancelFulfillment.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.change(ctx, e.holding(in.FulfillmentID), func(_ context.Context, t *task) error {
		f := t.fulfillment(in.FulfillmentID)
		if f.Status == FulCanceled {
			return nil
		}
		if err := t.send(f, FulCanceled, in.Reason); err != nil {
			return err
		}
		// It may have been all that an otherwise delivered order waited for.
		return t.settle()
	})
}

// fulfillment returns the one with this id, or nil.
func (t *task) fulfillment(id string) *Fulfillment {
	i := slices.IndexFunc(t.Fulfillments, func(f Fulfillment) bool { return f.ID == id })
	if i < 0 {
		return nil
	}
	return &t.Fulfillments[i]
}

// shippable returns an error unless parcels of the order may be planned and may
// leave and arrive.
func (t *task) shippable() error {
	switch t.Status {
	case StatusConfirmed:
		return nil
	case StatusPending:
		return ErrNotConfirmed
	default:
		return illegal(t.Status, StatusCompleted)
	}
}

// send changes the state of f, or returns ErrIllegalFulfillment.
func (t *task) send(f *Fulfillment, to FulfillmentState, text string) error {
	if !FulfillmentTransitions.Allows(f.Status, to) {
		return ErrIllegalFulfillment.With(map[string]FulfillmentState{"from": f.Status, "to": to})
	}
	if text != "" {
		text = ": " + text
	}
	t.note("fulfillment", string(f.Status), string(to), f.ID+text)
	f.Status = to
	return nil
}

func (t *task) parcel(f *Fulfillment, notify bool) ParcelV1 {
	return ParcelV1{Order: t.ID, Number: t.Number, Email: t.Email, Locale: t.Locale, Fulfillment: f.ID, Tracking: list(f.Tracking), Notify: notify}
}
