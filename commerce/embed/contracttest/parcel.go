package contracttest

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// planning is an operation that plans parcels.
type planning func(context.Context, order.CreateFulfillmentInput) (order.Order, error)

// parcel plans one of all that an order has, and returns its id.
func (w *world) parcel(o order.Order) string {
	w.Helper()
	id := "ful_" + w.name()
	w.ok(w.Orders.CreateFulfillment(w.Context(), order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: id}))
	return id
}

// sent plans a parcel that has left.
func (w *world) sent() string {
	w.Helper()
	id := w.parcel(w.confirmed())
	w.ok(w.Orders.ShipFulfillment(w.inside(), order.ShipFulfillmentInput{FulfillmentID: id}))
	return id
}

// stopped plans a parcel and gives it up; its order is being canceled.
func (w *world) stopped() string {
	w.Helper()
	o := w.confirmed()
	id := w.parcel(o)
	w.ok(w.Orders.CancelFulfillment(w.Context(), order.CancelFulfillmentInput{FulfillmentID: id}))
	w.ok(w.Orders.BeginCancel(w.inside(), order.CancelInput{ID: o.ID, Reason: order.ReasonStaff}))
	return id
}

// plans is what everything that plans parcels answers.
func (w *world) plans(plan planning) {
	w.Helper()
	o := w.confirmed()
	one := []order.Units{{ItemID: o.Items[0].ID, Quantity: 1}}
	in := order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: "ful_" + w.name(), Items: one}
	if o = got(plan(w.Context(), in))(w); len(o.Fulfillments) != 1 || o.Fulfillments[0].Status != order.FulPending {
		w.Errorf("fulfillments %+v, want one pending", o.Fulfillments)
	}
	for want, bad := range map[*fault.Error]order.CreateFulfillmentInput{
		order.ErrNotFound:         {ID: nobody},
		order.ErrNotConfirmed:     {ID: w.pending().ID},
		order.ErrIllegal:          {ID: w.canceled().ID},
		order.ErrNoUnits:          {ID: o.ID, Items: []order.Units{{ItemID: o.Items[0].ID, Quantity: 9}}},
		order.ErrStale:            {ID: o.ID, Version: o.Version + 7},
		order.ErrFulfillmentTaken: {ID: w.confirmed().ID, FulfillmentID: in.FulfillmentID},
	} {
		w.fails(want)(plan(w.Context(), bad))
	}
}

// delivers is what everything that delivers parcels answers.
func (w *world) delivers(deliver func(context.Context, order.DeliverFulfillmentInput) (order.Order, error)) {
	w.Helper()
	if o := got(deliver(w.Context(), order.DeliverFulfillmentInput{FulfillmentID: w.sent()}))(w); o.FulfillmentStatus != order.Delivered {
		w.Errorf("the order is %s, want delivered", o.FulfillmentStatus)
	}
	for want, id := range map[*fault.Error]string{
		order.ErrFulfillmentNotFound: nobody,
		order.ErrIllegalFulfillment:  w.parcel(w.confirmed()),
		order.ErrIllegal:             w.stopped(),
	} {
		w.fails(want)(deliver(w.Context(), order.DeliverFulfillmentInput{FulfillmentID: id}))
	}
}

// givesUp is what everything that gives parcels up answers.
func (w *world) givesUp(cancel func(context.Context, order.CancelFulfillmentInput) (order.Order, error)) {
	w.Helper()
	id := w.parcel(w.confirmed())
	for range 2 { // again is fine
		w.ok(cancel(w.Context(), order.CancelFulfillmentInput{FulfillmentID: id, Reason: "damaged"}))
	}
	w.fails(order.ErrFulfillmentNotFound)(cancel(w.Context(), order.CancelFulfillmentInput{FulfillmentID: nobody}))
	w.fails(order.ErrIllegalFulfillment)(cancel(w.Context(), order.CancelFulfillmentInput{FulfillmentID: w.sent()}))
}

var parcelCases = []trial{
	{"order.create_fulfillment", func(w *world) { w.plans(w.Orders.CreateFulfillment) }},
	{"order.deliver_fulfillment", func(w *world) { w.delivers(w.Orders.DeliverFulfillment) }},
	{"order.cancel_fulfillment", func(w *world) { w.givesUp(w.Orders.CancelFulfillment) }},
	{"order.of_fulfillment", func(w *world) {
		o := w.confirmed()
		if of := got(w.Orders.OfFulfillment(w.Context(), order.FulfillmentInput{FulfillmentID: w.parcel(o)}))(w); of.ID != o.ID {
			w.Errorf("it is of %s, want %s", of.ID, o.ID)
		}
		w.fails(order.ErrFulfillmentNotFound)(w.Orders.OfFulfillment(w.Context(), order.FulfillmentInput{FulfillmentID: nobody}))
	}},
	{"order.ship_fulfillment", func(w *world) {
		ship := func(id string) (order.Order, error) {
			return w.Orders.ShipFulfillment(w.inside(), order.ShipFulfillmentInput{FulfillmentID: id})
		}
		w.ok(ship(w.sent())) // again
		w.fails(order.ErrFulfillmentNotFound)(ship(nobody + w.name()))
		w.fails(order.ErrIllegal)(ship(w.stopped()))
		given := w.parcel(w.confirmed())
		w.ok(w.Orders.CancelFulfillment(w.Context(), order.CancelFulfillmentInput{FulfillmentID: given}))
		w.fails(order.ErrIllegalFulfillment)(ship(given))
		late := w.parcel(w.confirmed())
		w.ok(w.Orders.UnshipFulfillment(w.inside(), order.ShipFulfillmentInput{FulfillmentID: late}))
		w.fails(once.ErrUndone)(ship(late))
	}},
	{"order.unship_fulfillment", func(w *world) {
		unship := func(id string) (order.Order, error) {
			return w.Orders.UnshipFulfillment(w.inside(), order.ShipFulfillmentInput{FulfillmentID: id})
		}
		if o := got(unship(w.sent()))(w); o.FulfillmentStatus != order.Unfulfilled {
			w.Errorf("the order is %s, want unfulfilled", o.FulfillmentStatus)
		}
		w.fails(order.ErrFulfillmentNotFound)(unship(nobody + w.name()))
		arrived := w.sent()
		w.ok(w.Orders.DeliverFulfillment(w.Context(), order.DeliverFulfillmentInput{FulfillmentID: arrived}))
		w.fails(order.ErrIllegalFulfillment)(unship(arrived))
	}},
}
