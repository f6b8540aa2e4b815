package simulate

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// asStaff returns the context of a request of the staff.
func asStaff(key string) context.Context {
	return ident.WithKey(ident.With(context.Background(), ident.Actor{Kind: ident.Staff, ID: "usr_staff", Scopes: []string{"*"}}), key)
}

// staff look at orders and do what is to be done, some of them twice.
func (w *world) staff() {
	for range 4 + w.rng.IntN(8) {
		w.sleep(w.between(2*time.Second, 3*time.Minute))
		if w.chance(6) {
			w.keepCards()
		}
		if w.chance(6) {
			w.arrange()
		}
		var all page.Page[order.Order]
		err := w.serve("orders", func(p *process) (err error) {
			all, err = p.shop.Orders.Orders(asStaff(""), order.OrdersInput{Query: page.Query{Limit: 20}})
			return err
		})
		if err != nil || len(all.Items) == 0 {
			continue
		}
		w.handle(all.Items[w.rng.IntN(len(all.Items))])
	}
}

// handle does something about an order.
func (w *world) handle(o order.Order) {
	switch {
	case o.Payment != nil && w.chance(60) && w.takes(o):
		var some *money.Amount
		if o.Payment.Method == fakepay.Multi && w.chance(50) {
			some = new(money.New(1+o.Payment.Amount.Minor/2, o.Currency))
		}
		_ = w.perform("capture", o.ID, func(ctx context.Context, p *process) error {
			_, err := command(ctx, p, checkout.OpCapture, p.flows.Checkout.Capture, payment.CaptureInput{ID: o.Payment.ID, Amount: some})
			return err
		})
	case w.chance(15):
		refund := w.chance(70)
		_ = w.perform("cancel", o.ID, func(ctx context.Context, p *process) error {
			_, err := command(ctx, p, checkout.OpCancel, p.flows.Checkout.Cancel, checkout.CancelInput{ID: o.ID, Refund: refund})
			return err
		})
	case o.Payment != nil && o.Status == order.StatusPending && w.chance(8):
		_ = w.perform("void", o.Payment.ID, func(ctx context.Context, p *process) error {
			_, err := command(ctx, p, checkout.OpVoid, p.flows.Checkout.Void, payment.IDInput{ID: o.Payment.ID})
			return err
		})
	case o.Balance.Captured.Minor > o.Balance.Refunded.Minor && w.chance(35):
		w.refund(o)
	case o.Status == order.StatusConfirmed:
		w.ship(o)
	}
}

// refund gives some of the money of an order back, or all of it.
func (w *world) refund(o order.Order) {
	in := checkout.RefundInput{RefundInput: order.RefundInput{ID: o.ID, Reason: askedFor}}
	switch w.rng.IntN(3) {
	case 0:
		in.Items = []order.Units{{ItemID: o.Items[0].ID, Quantity: 1}}
	case 1:
		in.Goodwill = new(money.New(1+w.rng.Int64N(500), o.Currency))
	default: // all that is left
	}
	give := func(ctx context.Context, p *process) error {
		_, err := command(ctx, p, checkout.OpRefund, p.flows.Checkout.Refund, in)
		return err
	}
	if err := w.perform("refund", o.ID, give); contested(err) && w.chance(60) {
		in.Force, in.Reason = true, forced
		_ = w.perform("refund by force", o.ID, give)
	}
}

// takes reports whether there is money to take, or may have come.
func (w *world) takes(o order.Order) bool {
	p := o.Payment
	switch {
	case p.Method == offlinepay.BankTransfer || p.Method == offlinepay.CashOnDelivery:
		return p.Status == "open"
	default:
		return (p.Method == fakepay.Manual || p.Method == fakepay.Multi) && (p.Status == "authorized" || p.Status == "unknown")
	}
}

// ship brings the parcels of an order one step further.
func (w *world) ship(o order.Order) {
	for _, f := range o.Fulfillments {
		switch {
		case f.Status == order.FulPending && w.chance(25):
			_ = w.perform("cancel parcel", f.ID, func(ctx context.Context, p *process) error {
				_, err := command(ctx, p, fulfil.OpCancel, p.flows.Fulfil.Cancel, order.CancelFulfillmentInput{FulfillmentID: f.ID})
				return err
			})
			return
		case f.Status == order.FulPending:
			_ = w.perform("ship", f.ID, func(ctx context.Context, p *process) error {
				_, err := command(ctx, p, fulfil.OpShip, p.flows.Fulfil.Ship, fulfil.ShipInput{ID: f.ID, Notify: true})
				return err
			})
			return
		case f.Status == order.FulShipped:
			_ = w.perform("deliver", f.ID, func(ctx context.Context, p *process) error {
				_, err := command(ctx, p, fulfil.OpDeliver, p.flows.Fulfil.Deliver, order.DeliverFulfillmentInput{FulfillmentID: f.ID})
				return err
			})
			return
		}
	}
	id := w.newID("ful")
	_ = w.perform("plan parcel", o.ID, func(ctx context.Context, p *process) error {
		_, err := command(ctx, p, fulfil.OpCreate, p.flows.Fulfil.Create, order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: id})
		return err
	})
}

// perform asks for something until there is an answer, and returns what that says.
func (w *world) perform(what, id string, fn func(ctx context.Context, p *process) error) (err error) {
	ctx := asStaff(w.newID("key"))
	for range 3 {
		err = w.serve(what+" "+id, func(p *process) error { return fn(ctx, p) })
		w.heard(what, err)
		if err == nil || !again(err) {
			break
		}
		w.sleep(w.between(time.Second, 10*time.Second))
	}
	return err
}
