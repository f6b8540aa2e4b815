package simulate

import (
	"context"
	"encoding/json"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// holdOrders holds N4, N5 and N9 for orders: one for each checkout, whose sums
// are sums of what it has, and which only makes moves that it may make.
func (w *world) holdOrders(ctx context.Context) {
	store := w.home.Stores.Orders
	rows, err := store.Orders(ctx, order.Filter{Limit: all})
	if w.unread("orders", err) {
		return
	}
	ofCheckout, ofCart := map[string]string{}, map[string]string{}
	for _, r := range rows {
		if other := ofCheckout[r.CheckoutID]; other != "" {
			w.violate("N4", "orders %s and %s are of the checkout %s", other, r.ID, r.CheckoutID)
		}
		ofCheckout[r.CheckoutID] = r.ID
		was, seen := w.orders[r.ID]
		w.orders[r.ID] = r
		if seen && was.Version == r.Version {
			continue
		}
		var o order.Order
		if err := json.Unmarshal(r.Doc, &o); w.unread("order "+r.ID, err) {
			return
		}
		w.holdSums(o)
		w.holdHistory(ctx, r)
	}
	w.holdVoided()
	for _, r := range rows {
		cart := cartOf(r.CheckoutID)
		if other := ofCart[cart]; other != "" && r.Status != order.StatusCanceled && w.orders[other].Status != order.StatusCanceled {
			w.violate("N4", "orders %s and %s are of the cart %s", other, r.ID, cart)
		}
		if ofCart[cart] == "" || r.Status != order.StatusCanceled {
			ofCart[cart] = r.ID
		}
	}
}

// cartOf returns the cart of a checkout.
func cartOf(checkout string) string {
	for i := range len(checkout) {
		if checkout[i] == '.' {
			return checkout[:i]
		}
	}
	return checkout
}

// holdSums holds N5.
func (w *world) holdSums(o order.Order) {
	if err := o.Totals.Verify(o.TaxIncluded); err != nil {
		w.violate("N5", "order %s: %v", o.ID, err)
	}
	var subtotal, tax, shares, discounts int64
	for _, it := range o.Items {
		if it.Subtotal.Minor != it.UnitPrice.Minor*it.Quantity {
			w.violate("N5", "order %s: item %s costs %v, not %d times %v", o.ID, it.ID, it.Subtotal, it.Quantity, it.UnitPrice)
		}
		for _, a := range []money.Amount{it.UnitPrice, it.Subtotal, it.Discount, it.Tax, it.Total} {
			if a.Minor < 0 {
				w.violate("N5", "order %s: item %s has %v", o.ID, it.ID, a)
			}
		}
		subtotal += it.Subtotal.Minor
		tax += it.Tax.Minor
	}
	for _, d := range o.Discounts {
		discounts += d.Amount.Minor
		for _, a := range d.Allocations {
			shares += a.Amount.Minor
		}
	}
	if o.Shipping != nil {
		tax += o.Shipping.Tax.Minor
	}
	if subtotal != o.Totals.Subtotal.Minor || tax != o.Totals.Tax.Minor || shares != discounts {
		w.violate("N5", "order %s: items make %d, taxes %d and shares %d, the totals say %v, %v and %d", o.ID, subtotal, tax, shares, o.Totals.Subtotal, o.Totals.Tax, discounts)
	}
}

// holdHistory holds N9: versions without holes, moves that are allowed, and
// lines that stay.
func (w *world) holdHistory(ctx context.Context, r order.Row) {
	lines, err := w.home.Stores.Orders.History(ctx, r.ID)
	if w.unread("history of "+r.ID, err) {
		return
	}
	was := w.history[r.ID]
	status := order.Status("")
	for i, e := range lines {
		switch {
		case e.Version != int64(i+1):
			w.violate("N9", "order %s: version %d stands at place %d of its history", r.ID, e.Version, i+1)
		case i < len(was) && was[i].Kind != e.Kind, i < len(was) && was[i].To != e.To:
			w.violate("N9", "order %s: line %d of its history has changed", r.ID, i+1)
		case e.Kind == "placed":
			status = order.Status(e.To)
		case e.Kind == "status":
			if order.Status(e.From) != status || !order.Transitions.Allows(status, order.Status(e.To)) {
				w.violate("N9", "order %s was %s and went from %s to %s", r.ID, status, e.From, e.To)
			}
			status = order.Status(e.To)
		case e.Kind == "fulfillment" && e.From != "" && !order.FulfillmentTransitions.Allows(order.FulfillmentState(e.From), order.FulfillmentState(e.To)):
			w.violate("N9", "a parcel of order %s went from %s to %s", r.ID, e.From, e.To)
		}
		if i >= len(was) {
			w.say("order %s: %s %s to %s (%s)", r.ID, e.Kind, e.From, e.To, e.Text)
			if e.From != "" && e.Kind != "payment" {
				w.edge(map[string]string{"status": "order", "fulfillment": "fulfillment", "refund": "refund of order"}[e.Kind], e.From, e.To)
			}
		}
	}
	w.history[r.ID] = lines
	if int64(len(lines)) != r.Version || status != r.Status {
		w.violate("N9", "order %s is %s with version %d, its history says %s and %d", r.ID, r.Status, r.Version, status, len(lines))
	}
}
