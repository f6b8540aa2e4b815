package contracttest

import (
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// leaving plans a parcel of all of an order and sends it.
func (w *world) leaving(o order.Order) string {
	w.Helper()
	id := w.parcel(o)
	w.ok(w.Fulfil.Ship(w.Context(), fulfil.ShipInput{ID: id}))
	return id
}

var fulfilCases = []trial{
	{"fulfil.create", func(w *world) { w.plans(w.Fulfil.Create) }},
	{"fulfil.deliver", func(w *world) { w.delivers(w.Fulfil.Deliver) }},
	{"fulfil.cancel", func(w *world) { w.givesUp(w.Fulfil.Cancel) }},
	{"fulfil.ship", func(w *world) {
		v := w.goods(1000)
		o := w.make.Order(offlinepay.CashOnDelivery, line(v, 2))
		w.ok(w.Fulfil.Ship(w.Context(), fulfil.ShipInput{ID: w.leaving(o)})) // again
		if l := w.level(v); l.OnHand != 998 || l.Reserved != 0 {
			w.Errorf("level %+v, want 998 and none kept", l)
		}
		w.fails(order.ErrFulfillmentNotFound)(w.Fulfil.Ship(w.Context(), fulfil.ShipInput{ID: nobody}))
		given := w.parcel(w.confirmed())
		w.ok(w.Fulfil.Cancel(w.Context(), order.CancelFulfillmentInput{FulfillmentID: given}))
		w.fails(order.ErrIllegalFulfillment)(w.Fulfil.Ship(w.Context(), fulfil.ShipInput{ID: given}))
		w.fails(inventory.ErrNotAllocated)(w.Fulfil.Ship(w.Context(), fulfil.ShipInput{ID: w.promised()}))
	}},
}

// promised plans a parcel of goods that have not been received yet.
func (w *world) promised() string {
	w.Helper()
	v := w.make.Variant("Contract", 1000, 0)
	w.ok(w.Inventory.PutLevels(w.Context(), inventory.PutLevelsInput{CauseID: w.name(), Levels: []inventory.LevelFields{{VariantID: v, Tracked: true, Backorder: 5}}}))
	return w.parcel(w.make.Order(offlinepay.CashOnDelivery, line(v, 1)))
}
