package embed_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// staffCommands are what staff can do to an order over HTTP, in the order of the
// columns of TestStaffCommands. {} is the order, {p} its payment, {f} its parcel.
var staffCommands = []struct{ name, route, body string }{
	{"cancel", "POST /v1/admin/orders/{}/cancel", `{}`},
	{"cancel and refund", "POST /v1/admin/orders/{}/cancel", `{"refund":true}`},
	{"plan", "POST /v1/admin/orders/{}/fulfillments", `{}`},
	{"ship", "POST /v1/admin/fulfillments/{f}/ship", `{}`},
	{"deliver", "POST /v1/admin/fulfillments/{f}/deliver", `{}`},
	{"cancel parcel", "POST /v1/admin/fulfillments/{f}/cancel", `{"reason":"wrong box"}`},
	{"capture", "POST /v1/admin/payments/{p}/capture", `{}`},
	{"void", "POST /v1/admin/payments/{p}/void", `{}`},
	{"refund", "POST /v1/admin/orders/{}/refunds", `{"reason":"damaged"}`},
}

// O01: every state of an order × every command of staff. y: it is done, once and
// with events; =: it is done already, and nothing changes; -: 409, and nothing
// changes; x: 422, nothing was captured; 0: there is no parcel.
func TestStaffCommands(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h, boss := w.office()
		mug := w.Variant("Mug", 1000, 1000)
		for _, c := range []struct {
			state string
			reach func() order.Order
			want  string
		}{
			{"waits for the shopper", func() order.Order { return w.asked(mug) }, "yy-000-y-"},
			{"waits for a transfer", func() order.Order { return w.Order(transfer, one(mug)) }, "yy-000yy-"},
			{"to be paid at the door", func() order.Order { return w.Order(cash, one(mug)) }, "yyy000y-x"},
			{"paid", func() order.Order { return w.Order(card, one(mug)) }, "-yy000--y"},
			{"planned", func() order.Order { return w.through(card, mug, 1) }, "---y-y--y"},
			{"shipped", func() order.Order { return w.through(card, mug, 2) }, "---=y---y"},
			{"shipped unpaid", func() order.Order { return w.through(cash, mug, 2) }, "---=y-y-x"},
			{"completed", func() order.Order { return w.through(card, mug, 3) }, "----=---y"},
			{"canceled", func() order.Order { return w.ended(cash, mug) }, "==-000-=x"},
			{"canceled and refunded", func() order.Order { return w.ended(card, mug) }, "==-000---"},
		} {
			if w.shop.DB.Dialect() != bunstore.SQLite && scaled(0, 1) == 0 && c.state != "paid" {
				continue // slower
			}
			got := ""
			for i, command := range staffCommands {
				o := w.order(c.reach().ID)
				parcel := "ful_none"
				if len(o.Fulfillments) > 0 {
					parcel = o.Fulfillments[0].ID
				}
				route := strings.NewReplacer("{}", o.ID, "{p}", o.Payment.ID, "{f}", parcel).Replace(command.route)
				before := w.everythingOf(t, o)
				rec := ask(h, route, command.body, "Authorization", boss, "Idempotency-Key", ident.NewID("key"))
				after := w.everythingOf(t, o)
				switch {
				case rec.Code == http.StatusNotFound && parcel == "ful_none":
					got += "0"
				case rec.Code == http.StatusConflict:
					got += "-"
				case rec.Code == http.StatusUnprocessableEntity && strings.Contains(rec.Body.String(), order.ErrNotRefundable.Code):
					got += "x"
				case rec.Code < 300 && before == after:
					got += "="
				case rec.Code < 300:
					got += "y"
				default:
					t.Errorf("%s, %s: %d %s", c.state, command.name, rec.Code, rec.Body)
					got += "?"
				}
				if got[i] != 'y' && before != after {
					t.Errorf("%s, %s: %d, and it changed from\n%s\nto\n%s", c.state, command.name, rec.Code, before, after)
				}
			}
			if got != c.want {
				t.Errorf("%s: %s, want %s", c.state, got, c.want)
			}
		}
	})
}

// through is an order whose parcel is planned, has left, and has arrived.
func (w *world) through(method, variant string, steps int) order.Order {
	w.Helper()
	o := w.Order(method, one(variant))
	ctx := w.Context()
	o, err := w.far.Fulfil.Create(ctx, order.CreateFulfillmentInput{ID: o.ID})
	if err == nil && steps > 1 {
		o, err = w.far.Fulfil.Ship(ctx, shipInput(o))
	}
	if err == nil && steps > 2 {
		o, err = w.far.Fulfil.Deliver(ctx, order.DeliverFulfillmentInput{FulfillmentID: o.Fulfillments[0].ID})
	}
	if err != nil {
		w.Fatal(err)
	}
	return o
}

// ended is an order that was canceled.
func (w *world) ended(method, variant string) order.Order {
	w.Helper()
	o, err := w.far.Checkout.Cancel(w.Context(), checkout.CancelInput{ID: w.Order(method, one(variant)).ID, Refund: true})
	if err != nil {
		w.Fatal(err)
	}
	return o
}

// everythingOf is all that a command on an order may change.
func (w *world) everythingOf(t *testing.T, o order.Order) string {
	t.Helper()
	now, err := json.Marshal(w.order(o.ID))
	if err != nil {
		t.Fatal(err)
	}
	all := []any{string(now)}
	for _, from := range []string{"{outbox}", "{outbox_archive}", "{order_timeline}", "{ledger}", "{refund}", "{stock_movement}", "{notification}",
		"{reservation} WHERE state IN ('held', 'allocated')"} {
		all = append(all, w.count(from))
	}
	taken, err := w.bank.Taken(o.ID, "USD")
	given, err2 := w.bank.Given(o.ID, "USD")
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	return fmt.Sprint(append(all, w.level(o.Items[0].VariantID), taken, given, w.sum("version", "{payment}"))...)
}
