package contracttest

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// completing completes a cart at its total.
func completing(c storefront.Cart, method, bank string) checkout.CompleteInput {
	return checkout.CompleteInput{ID: c.ID, ExpectedTotal: c.Totals.Total, Payment: checkout.Means{Method: method, ReturnURL: asking(bank)}}
}

// bought completes a cart with a thing in it at a price, and returns the order
// with a context in which its guest asks.
func (w *world) bought(price int64, method, bank string) (context.Context, order.Order) {
	w.Helper()
	c := w.make.Cart(line(w.goods(price), 1))
	p := got(w.Checkout.Complete(w.with(c), completing(c, method, bank)))(w)
	return w.as(ident.Actor{Kind: ident.Guest, OrderToken: p.AccessToken}), p.Order
}

// delivered ships all of an order, and delivers it.
func (w *world) delivered(o order.Order) {
	w.Helper()
	id := w.leaving(o)
	w.ok(w.Fulfil.Deliver(w.Context(), order.DeliverFulfillmentInput{FulfillmentID: id}))
}

var checkoutCases = []trial{
	{"checkout.complete", func(w *world) {
		ctx, c := w.bag()
		in := completing(c, fakepay.Card, "")
		other := in
		other.ExpectedTotal = usd(1)
		w.fails(checkout.ErrTotalChanged)(w.Checkout.Complete(ctx, other))
		other = in
		other.Payment.Method = "beads"
		w.fails(payment.ErrMethodUnknown)(w.Checkout.Complete(ctx, other))
		w.fails(cart.ErrNotFound)(w.Checkout.Complete(w.stranger(), in))
		for range 2 { // again gives the same
			if p := got(w.Checkout.Complete(ctx, in))(w); p.CartID != c.ID || p.PaymentStatus != order.PayPaid {
				w.Errorf("the order of %s is %s, want that of %s, paid", p.CartID, p.PaymentStatus, c.ID)
			}
		}
		empty := got(w.Storefront.CreateCart(w.stranger(), storefront.CreateCartInput{}))(w)
		w.fails(checkout.ErrIncomplete)(w.Checkout.Complete(w.with(empty), completing(empty, fakepay.Card, "")))
		ctx, gone := w.thrown()
		w.fails(cart.ErrClosed)(w.Checkout.Complete(ctx, completing(gone, fakepay.Card, "")))
		cheap := w.make.Cart(line(w.goods(49), 1))
		w.fails(payment.ErrBelowMinimum)(w.Checkout.Complete(w.with(cheap), completing(cheap, fakepay.Card, "")))
		scarce := w.make.Variant("Contract", 1000, 1)
		a, b := w.make.Cart(line(scarce, 1)), w.make.Cart(line(scarce, 1))
		w.ok(w.Checkout.Complete(w.with(a), completing(a, offlinepay.CashOnDelivery, "")))
		w.fails(inventory.ErrInsufficient)(w.Checkout.Complete(w.with(b), completing(b, offlinepay.CashOnDelivery, "")))
	}},
	{"checkout.complete by several at once", func(w *world) {
		// Where all commits at once, nobody sees a cart that is half completed; but
		// somebody sees one whose completion is being given up.
		v := w.goods(1000)
		w.eventually("a cart is being completed", func() bool {
			scarce := w.make.Variant("Contract", 1000, 1)
			good, bad := w.make.Cart(line(v, 1)), w.make.Cart(line(scarce, 1))
			w.make.Stock(scarce, 0)
			return w.jostle(good) || w.jostle(bad)
		})
	}},
	{"checkout.pay", func(w *world) {
		pay := func(o order.Order, method string) checkout.PayInput {
			return checkout.PayInput{ID: o.ID, Means: checkout.Means{Method: method}}
		}
		ctx, o := w.bought(1000, fakepay.Card, string(fakepay.Decline))
		w.fails(order.ErrNotFound)(w.Checkout.Pay(w.stranger(), pay(o, fakepay.Card)))
		w.fails(payment.ErrMethodUnknown)(w.Checkout.Pay(ctx, pay(o, "beads")))
		if p := got(w.Checkout.Pay(ctx, pay(o, fakepay.Card)))(w); p.PaymentStatus != order.PayPaid {
			w.Errorf("the order is %s, want paid", p.PaymentStatus)
		}
		w.fails(checkout.ErrNotPayable)(w.Checkout.Pay(ctx, pay(o, fakepay.Card)))
		ctx, o = w.bought(1000, fakepay.Card, string(fakepay.Decline))
		declined := pay(o, fakepay.Card)
		declined.ReturnURL = asking(string(fakepay.Decline))
		for range 9 {
			w.ok(w.Checkout.Pay(ctx, declined))
		}
		w.fails(checkout.ErrTooManyPayments)(w.Checkout.Pay(ctx, declined))
		ctx, o = w.bought(49, offlinepay.BankTransfer, "")
		w.fails(payment.ErrBelowMinimum)(w.Checkout.Pay(ctx, pay(o, fakepay.Card)))
		ctx, o = w.bought(1000, fakepay.Card, "process,cancel:down")
		w.fails(payment.ErrUnanswered)(w.Checkout.Pay(ctx, pay(o, offlinepay.BankTransfer)))
	}},
	{"checkout.order", func(w *world) {
		ctx, o := w.bought(1000, fakepay.Card, string(fakepay.AskShopper))
		for who, ctx := range map[string]context.Context{"its shopper": ctx, "staff": w.Context()} {
			if same := got(w.Checkout.Order(ctx, byID(o)))(w); payment.LacksSecret(same.Payment.NextAction) || len(same.Payment.NextAction) < 10 {
				w.Errorf("%s is told to do %s", who, same.Payment.NextAction)
			}
		}
		w.fails(order.ErrNotFound)(w.Checkout.Order(w.stranger(), byID(o)))
	}},
	{"checkout.refresh", func(w *world) {
		ctx, o := w.bought(1000, fakepay.Card, string(fakepay.Decline))
		w.ok(w.Checkout.Refresh(ctx, checkout.RefreshInput(byID(o))))
		w.fails(order.ErrNotFound)(w.Checkout.Refresh(w.stranger(), checkout.RefreshInput(byID(o))))
	}},
	{"checkout.cancel", func(w *world) {
		ctx, o := w.bought(1000, offlinepay.BankTransfer, "")
		w.fails(order.ErrNotFound)(w.Checkout.Cancel(w.stranger(), checkout.CancelInput{ID: o.ID}))
		w.fails(order.ErrStale)(w.Checkout.Cancel(ctx, checkout.CancelInput{ID: o.ID, Version: o.Version + 7}))
		if o = got(w.Checkout.Cancel(ctx, checkout.CancelInput{ID: o.ID}))(w); o.Status != order.StatusCanceled {
			w.Errorf("the order is %s, want canceled", o.Status)
		}
		ctx, o = w.bought(1000, fakepay.Card, "")
		w.fails(checkout.ErrPaid)(w.Checkout.Cancel(w.Context(), checkout.CancelInput{ID: o.ID}))
		if o = got(w.Checkout.Cancel(ctx, checkout.CancelInput{ID: o.ID}))(w); o.PaymentStatus != order.PayRefunded {
			w.Errorf("a shopper has canceled what was paid: the order is %s, want refunded", o.PaymentStatus)
		}
		ctx, o = w.bought(1000, offlinepay.CashOnDelivery, "")
		w.parcel(o)
		w.fails(order.ErrInFulfillment)(w.Checkout.Cancel(ctx, checkout.CancelInput{ID: o.ID}))
		ctx, o = w.bought(0, offlinepay.CashOnDelivery, "")
		w.delivered(o)
		w.fails(order.ErrIllegal)(w.Checkout.Cancel(ctx, checkout.CancelInput{ID: o.ID}))
		ctx, o = w.bought(1000, fakepay.Card, "process,cancel:down")
		w.fails(payment.ErrUnanswered)(w.Checkout.Cancel(ctx, checkout.CancelInput{ID: o.ID}))
	}},
	{"checkout.plan_cancel", func(w *world) {
		_, o := w.bought(1000, offlinepay.BankTransfer, "")
		plan := got(w.Checkout.PlanCancel(w.Context(), byID(o)))(w)
		if plan.To != order.StatusCanceled || len(plan.Released) != 1 || len(plan.Voided) != 1 {
			w.Errorf("the plan is %+v, want a thing released and a payment voided", plan)
		}
		w.fails(order.ErrNotFound)(w.Checkout.PlanCancel(w.Context(), order.IDInput{ID: nobody}))
		_, o = w.bought(1000, fakepay.Card, "")
		if plan = got(w.Checkout.PlanCancel(w.Context(), byID(o)))(w); plan.Refund == nil || plan.Refund.Amount != usd(1000) {
			w.Errorf("the plan is %+v, want 10.00 back", plan)
		}
		_, o = w.bought(1000, offlinepay.CashOnDelivery, "")
		w.parcel(o)
		w.fails(order.ErrInFulfillment)(w.Checkout.PlanCancel(w.Context(), byID(o)))
		_, o = w.bought(0, offlinepay.CashOnDelivery, "")
		w.delivered(o)
		w.fails(order.ErrIllegal)(w.Checkout.PlanCancel(w.Context(), byID(o)))
	}},
	{"checkout.cancel by several at once", func(w *world) {
		w.eventually("an order is being canceled", func() bool {
			ctx, o := w.bought(1000, offlinepay.BankTransfer, "")
			return anyIs(together(6, func(int) error {
				_, err := w.Checkout.Cancel(ctx, checkout.CancelInput{ID: o.ID})
				return err
			}), checkout.ErrInProgress)
		})
	}},
	{"checkout.capture", func(w *world) {
		capture := func(o order.Order) payment.CaptureInput {
			return payment.CaptureInput{ID: o.Payment.ID, Key: w.name()}
		}
		_, o := w.bought(1000, fakepay.Manual, "")
		in := capture(o)
		in.Amount = new(usd(1001))
		w.fails(payment.ErrTooMuch)(w.Checkout.Capture(w.Context(), in))
		if o = got(w.Checkout.Capture(w.Context(), capture(o)))(w); o.PaymentStatus != order.PayPaid {
			w.Errorf("the order is %s, want paid", o.PaymentStatus)
		}
		w.fails(payment.ErrIllegal)(w.Checkout.Capture(w.Context(), capture(o)))
		w.fails(payment.ErrNotFound)(w.Checkout.Capture(w.Context(), payment.CaptureInput{ID: nobody}))
		_, o = w.bought(1000, fakepay.Manual, "capture:down")
		w.fails(payment.ErrUnanswered)(w.Checkout.Capture(w.Context(), capture(o)))
	}},
}

// jostle completes a cart several times at once and reports whether somebody was
// told that it is under way.
func (w *world) jostle(c storefront.Cart) bool {
	return anyIs(together(6, func(int) error {
		_, err := w.Checkout.Complete(w.with(c), completing(c, offlinepay.CashOnDelivery, ""))
		return err
	}), checkout.ErrInProgress)
}
