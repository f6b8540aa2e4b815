package contracttest

import (
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// placing asks for an order of two units at 10.00.
func (w *world) placing() order.PlaceInput {
	sums := bill.Zero("USD")
	sums.Subtotal, sums.Total, sums.AmountDue = usd(2000), usd(2000), usd(2000)
	home, zero := new(shoptest.Address()), usd(0)
	checkout := w.name()
	return order.PlaceInput{CheckoutID: checkout, Order: order.Order{
		ID: "ord_" + checkout, CartID: "cart_" + checkout, Market: "default", Currency: "USD", Locale: "en", Email: "ada@example.com",
		ExpiresAt: new(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)),
		Addresses: order.Addresses{Shipping: home, Billing: home},
		Items: []order.Item{{ID: "oi_" + checkout, ProductID: "prod_" + checkout, VariantID: "var_" + checkout, Title: "Contract", RequiresShipping: true, Quantity: 2,
			UnitPrice: usd(1000), Subtotal: usd(2000), Discount: zero, Tax: zero, Total: usd(2000)}},
		Totals: sums,
	}}
}

// pending places an order that waits for its payment, outside of any checkout.
func (w *world) pending() order.Order {
	w.Helper()
	return got(w.Orders.Place(w.inside(), w.placing()))(w)
}

// confirmed places one that may be shipped.
func (w *world) confirmed() order.Order {
	w.Helper()
	in := w.placing()
	in.Confirmed = true
	return got(w.Orders.Place(w.inside(), in))(w)
}

// canceling places an order that somebody has begun to cancel.
func (w *world) canceling() order.Order {
	w.Helper()
	return got(w.Orders.BeginCancel(w.inside(), order.CancelInput{ID: w.confirmed().ID, Reason: order.ReasonStaff}))(w)
}

// canceled places an order and cancels it.
func (w *world) canceled() order.Order {
	w.Helper()
	return got(w.Orders.FinishCancel(w.inside(), byID(w.canceling())))(w)
}

// paying is the news of a payment of an order, of 20.00.
func paying(o order.Order, captured int64) order.NotePaymentInput {
	return order.NotePaymentInput{ID: o.ID, Version: 1, Payment: order.Payment{ID: "pay_" + o.ID, Method: "fake_card", Status: "captured",
		Amount: usd(2000), Authorized: usd(2000), Captured: usd(captured), Refunded: usd(0)}}
}

// completed places an order of which all is paid and delivered.
func (w *world) completed() order.Order {
	w.Helper()
	o := w.confirmed()
	w.ok(w.Orders.NotePayment(w.inside(), paying(o, 2000)))
	f := w.parcel(o)
	w.ok(w.Orders.ShipFulfillment(w.inside(), order.ShipFulfillmentInput{FulfillmentID: f}))
	o = got(w.Orders.DeliverFulfillment(w.Context(), order.DeliverFulfillmentInput{FulfillmentID: f}))(w)
	if o.Status != order.StatusCompleted {
		w.Fatalf("the order is %s, want completed", o.Status)
	}
	return o
}

var orderCases = []trial{
	{"order.place", func(w *world) {
		in := w.placing()
		o := got(w.Orders.Place(w.inside(), in))(w)
		if again := got(w.Orders.Place(w.inside(), in))(w); again.ID != o.ID || again.Number != o.Number {
			w.Errorf("again it is %s, %s; want %s, %s", again.ID, again.Number, o.ID, o.Number)
		}
		in = w.placing()
		in.Order.Totals.Subtotal = usd(2001)
		w.fails(order.ErrBadSums)(w.Orders.Place(w.inside(), in))
		in = w.placing()
		w.ok(w.Orders.Withdraw(w.inside(), withdrawing(in)))
		w.fails(once.ErrUndone)(w.Orders.Place(w.inside(), in))
	}},
	{"order.withdraw", func(w *world) {
		in := w.placing()
		o := got(w.Orders.Place(w.inside(), in))(w)
		w.ok(w.Orders.Withdraw(w.inside(), withdrawing(in)))
		if o = got(w.Orders.Order(w.inside(), byID(o)))(w); o.Status != order.StatusCanceled {
			w.Errorf("the order is %s, want canceled", o.Status)
		}
		far := w.completed()
		w.fails(order.ErrIllegal)(w.Orders.Withdraw(w.inside(), order.WithdrawInput{ID: far.ID, CheckoutID: far.ID[len("ord_"):], Reason: order.ReasonPaymentFailed}))
		far = w.confirmed()
		w.parcel(far)
		w.fails(order.ErrInFulfillment)(w.Orders.Withdraw(w.inside(), order.WithdrawInput{ID: far.ID, CheckoutID: far.ID[len("ord_"):], Reason: order.ReasonPaymentFailed}))
	}},
	{"order.order", func(w *world) {
		o := w.pending()
		for _, id := range []string{o.ID, o.Number} {
			if same := got(w.Orders.Order(w.Context(), order.IDInput{ID: id}))(w); same.ID != o.ID {
				w.Errorf("order %s is %s, want %s", id, same.ID, o.ID)
			}
		}
		w.fails(order.ErrNotFound)(w.Orders.Order(w.Context(), order.IDInput{ID: nobody}))
		w.fails(order.ErrNotFound)(w.Checkout.Order(w.stranger(), byID(o)))
	}},
	{"order.orders", func(w *world) {
		o := w.pending()
		out := got(w.Orders.Orders(w.Context(), order.OrdersInput{Number: o.Number}))(w)
		if len(out.Items) != 1 || out.Items[0].ID != o.ID {
			w.Errorf("orders %+v, want %s", out.Items, o.ID)
		}
		if mine := got(w.Orders.Orders(w.someone(), order.OrdersInput{Number: o.Number}))(w); len(mine.Items) != 0 {
			w.Errorf("a customer sees %d orders of others", len(mine.Items))
		}
	}},
	{"order.timeline and order.add_note", func(w *world) {
		o := w.pending()
		w.ok(w.Orders.AddNote(w.Context(), order.AddNoteInput{ID: o.ID, Text: "A note"}))
		w.fails(order.ErrNotFound)(w.Orders.AddNote(w.Context(), order.AddNoteInput{ID: nobody, Text: "A note"}))
		out := got(w.Orders.Timeline(w.Context(), byID(o)))(w)
		if !slices.ContainsFunc(out.Items, func(e order.Entry) bool { return e.Kind == "note" && e.Text == "A note" }) {
			w.Errorf("the history %+v lacks the note", out.Items)
		}
		w.fails(order.ErrNotFound)(w.Orders.Timeline(w.Context(), order.IDInput{ID: nobody}))
	}},
	{"order.expired", func(w *world) {
		w.pending()
		out := got(w.Orders.Expired(w.inside(), order.ExpiredInput{Before: time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC), Limit: 1000}))(w)
		if len(out.IDs) == 0 {
			w.Error("no order has expired in a hundred years")
		}
	}},
	{"order.note_payment", func(w *world) {
		o := w.pending()
		in := paying(o, 2000)
		in.Confirm = true
		if o = got(w.Orders.NotePayment(w.inside(), in))(w); o.Status != order.StatusConfirmed || o.PaymentStatus != order.PayPaid {
			w.Errorf("the order is %s and %s, want confirmed and paid", o.Status, o.PaymentStatus)
		}
		in.ID = nobody
		w.fails(order.ErrNotFound)(w.Orders.NotePayment(w.inside(), in))
		w.fails(order.ErrBadSums)(w.Orders.NotePayment(w.inside(), paying(w.pending(), -1)))
		gone := w.pending() // and never was confirmed
		w.ok(w.Orders.BeginCancel(w.inside(), order.CancelInput{ID: gone.ID, Reason: order.ReasonStaff}))
		in = paying(got(w.Orders.FinishCancel(w.inside(), byID(gone)))(w), 2000)
		in.Confirm = true
		w.fails(order.ErrIllegal)(w.Orders.NotePayment(w.inside(), in))
	}},
}

// withdrawing undoes a Place.
func withdrawing(in order.PlaceInput) order.WithdrawInput {
	return order.WithdrawInput{ID: in.Order.ID, CheckoutID: in.CheckoutID, Reason: order.ReasonPaymentFailed}
}

var lifeCases = []trial{
	{"order.confirm", func(w *world) {
		if o := got(w.Orders.Confirm(w.inside(), byID(w.pending())))(w); o.Status != order.StatusConfirmed {
			w.Errorf("the order is %s, want confirmed", o.Status)
		}
		w.fails(order.ErrNotFound)(w.Orders.Confirm(w.inside(), order.IDInput{ID: nobody}))
		w.fails(order.ErrIllegal)(w.Orders.Confirm(w.inside(), byID(w.canceled())))
	}},
	{"order.begin_cancel", func(w *world) {
		cancel := func(o order.Order) order.CancelInput { return order.CancelInput{ID: o.ID, Reason: order.ReasonStaff} }
		w.ok(w.Orders.BeginCancel(w.inside(), cancel(w.pending())))
		w.fails(order.ErrNotFound)(w.Orders.BeginCancel(w.inside(), cancel(order.Order{ID: nobody})))
		w.fails(order.ErrIllegal)(w.Orders.BeginCancel(w.inside(), cancel(w.completed())))
		o := w.confirmed()
		in := cancel(o)
		in.Version = o.Version + 7
		w.fails(order.ErrStale)(w.Orders.BeginCancel(w.inside(), in))
		w.parcel(o)
		w.fails(order.ErrInFulfillment)(w.Orders.BeginCancel(w.inside(), cancel(o)))
	}},
	{"order.finish_cancel", func(w *world) {
		w.ok(w.Orders.FinishCancel(w.inside(), byID(w.canceled()))) // again
		w.fails(order.ErrNotFound)(w.Orders.FinishCancel(w.inside(), order.IDInput{ID: nobody}))
		w.fails(order.ErrIllegal)(w.Orders.FinishCancel(w.inside(), byID(w.pending())))
	}},
	{"order.keep_after_all", func(w *world) {
		if o := got(w.Orders.KeepAfterAll(w.inside(), order.KeepAfterAllInput{ID: w.canceling().ID}))(w); o.Status != order.StatusConfirmed {
			w.Errorf("the order is %s, want confirmed", o.Status)
		}
		w.fails(order.ErrNotFound)(w.Orders.KeepAfterAll(w.inside(), order.KeepAfterAllInput{ID: nobody}))
		w.fails(order.ErrIllegal)(w.Orders.KeepAfterAll(w.inside(), order.KeepAfterAllInput{ID: w.canceled().ID}))
	}},
	{"order.lookup, order.access_mail and order.access", func(w *world) {
		o := w.pending()
		in := order.LookupInput{Number: o.Number, Email: o.Email}
		w.ok(w.Orders.Lookup(w.stranger(), in))
		told := order.AccessMailInput{Challenge: w.challenge(order.EventAccessRequested.Name, "order", o.ID)}
		mail := got(w.Orders.AccessMail(w.inside(), told))(w)
		if mail.OrderID != o.ID || mail.Email != o.Email {
			w.Errorf("the mail is about %s, to %s; want %s, %s", mail.OrderID, mail.Email, o.ID, o.Email)
		}
		w.fails(order.ErrChallengeNotFound)(w.Orders.AccessMail(w.inside(), order.AccessMailInput{Challenge: nobody}))
		code := order.AccessInput{ID: o.ID, Code: mail.Code}
		token := got(w.Orders.Access(w.stranger(), code))(w).AccessToken
		w.ok(w.Checkout.Order(w.as(ident.Actor{Kind: ident.Guest, OrderToken: token}), byID(o)))
		w.fails(order.ErrCodeInvalid)(w.Orders.Access(w.stranger(), code)) // used
		w.tooOften(order.ErrTooManyAttempts, order.LookupsPerMinute+1, func() error {
			_, err := w.Orders.Lookup(w.stranger(), in)
			return err
		})
	}},
	{"order.attach", func(w *world) {
		in, who := w.placing(), ident.NewID("cus")
		in.Order.Email = w.email()
		o := got(w.Orders.Place(w.inside(), in))(w)
		for _, n := range []int{1, 0} { // again is fine
			if out := got(w.Orders.Attach(w.inside(), order.AttachInput{CustomerID: who, Email: in.Order.Email}))(w); out.Count != n {
				w.Errorf("%d orders became theirs, want %d", out.Count, n)
			}
		}
		w.ok(w.Checkout.Order(w.as(ident.Actor{Kind: ident.Customer, ID: who}), byID(o)))
	}},
	{"order.order of its owner", func(w *world) {
		in, who := w.placing(), ident.NewID("cus")
		in.Order.CustomerID = &who
		o := got(w.Orders.Place(w.inside(), in))(w)
		w.ok(w.Checkout.Order(w.as(ident.Actor{Kind: ident.Customer, ID: who}), byID(o)))
		w.fails(order.ErrNotFound)(w.Checkout.Order(w.someone(), byID(o)))
	}},
}
