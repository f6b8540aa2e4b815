package contracttest

import (
	"time"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// returning opens a refund of a payment.
func (w *world) returning(id payment.IDInput, minor int64) payment.OpenRefundInput {
	return payment.OpenRefundInput{ID: "ref_" + w.name(), PaymentID: id.ID, Amount: usd(minor)}
}

// back asks for all of an order's money.
func back(o order.Order) checkout.RefundInput {
	return checkout.RefundInput{RefundInput: order.RefundInput{ID: o.ID, Reason: "damaged"}}
}

// favor asks for some of it.
func favor(o order.Order, minor int64) checkout.RefundInput {
	in := back(o)
	in.Goodwill = new(usd(minor))
	return in
}

// settled places an order that is paid, outside of any checkout.
func (w *world) settled() order.Order {
	w.Helper()
	o := w.confirmed()
	return got(w.Orders.NotePayment(w.inside(), paying(o, 2000)))(w)
}

var refundCases = []trial{
	{"payment.open_refund", func(w *world) {
		id := w.asked(fakepay.Card, "")
		in := w.returning(id, 1500)
		for range 2 { // again is fine
			if r := got(w.Payments.OpenRefund(w.inside(), in))(w); r.Status != payment.RefundPending {
				w.Errorf("the refund is %s, want pending", r.Status)
			}
		}
		w.fails(payment.ErrNotRefundable)(w.Payments.OpenRefund(w.inside(), w.returning(id, 501)))
		w.fails(payment.ErrNotFound)(w.Payments.OpenRefund(w.inside(), w.returning(payment.IDInput{ID: nobody}, 1)))
		w.fails(payment.ErrDisputed)(w.Payments.OpenRefund(w.inside(), w.returning(w.contested(w.asked(fakepay.Card, string(fakepay.Contest))), 1)))
		late := w.returning(id, 1)
		w.ok(w.Payments.VoidRefund(w.inside(), payment.VoidRefundInput{ID: late.ID, PaymentID: id.ID}))
		w.fails(once.ErrUndone)(w.Payments.OpenRefund(w.inside(), late))
	}},
	{"payment.void_refund and payment.refunds", func(w *world) {
		id := w.asked(fakepay.Card, "")
		in := w.returning(id, 2000)
		w.ok(w.Payments.OpenRefund(w.inside(), in))
		w.ok(w.Payments.VoidRefund(w.inside(), payment.VoidRefundInput{ID: in.ID, PaymentID: id.ID}))
		in = w.returning(id, 2000)
		r := got(w.Payments.OpenRefund(w.inside(), in))(w)
		w.ok(w.Payments.SendRefund(w.inside(), payment.IDInput{ID: in.ID}))
		w.fails(payment.ErrIllegalRefund)(w.Payments.VoidRefund(w.inside(), payment.VoidRefundInput{ID: in.ID, PaymentID: id.ID}))
		if all := got(w.Payments.Refunds(w.Context(), payment.OrdersInput{OrderIDs: []string{r.OrderID}}))(w); len(all.Items) != 2 {
			w.Errorf("refunds %+v, want a failed one and one that succeeded", all.Items)
		}
	}},
	{"payment.send_refund", func(w *world) {
		in := w.returning(w.asked(fakepay.Card, ""), 2000)
		w.ok(w.Payments.OpenRefund(w.inside(), in))
		for range 2 {
			if r := got(w.Payments.SendRefund(w.inside(), payment.IDInput{ID: in.ID}))(w); r.Status != payment.RefundSucceeded {
				w.Errorf("the refund is %s, want succeeded", r.Status)
			}
		}
		w.fails(payment.ErrRefundNotFound)(w.Payments.SendRefund(w.inside(), payment.IDInput{ID: nobody}))
		in = w.returning(w.asked(fakepay.Card, "refund:down"), 2000)
		w.ok(w.Payments.OpenRefund(w.inside(), in))
		w.fails(payment.ErrUnanswered)(w.Payments.SendRefund(w.inside(), payment.IDInput{ID: in.ID}))
	}},
	{"order.plan_refund and order.begin_refund", func(w *world) {
		w.refuses(func(in order.RefundInput) error {
			_, err := w.Orders.PlanRefund(w.Context(), in)
			return err
		})
		w.refuses(func(in order.RefundInput) error {
			_, err := w.Orders.BeginRefund(w.inside(), order.BeginRefundInput{RefundInput: in, RefundID: "ref_" + w.name()})
			return err
		})
		o, other := w.settled(), w.settled()
		w.ok(w.Orders.PlanRefund(w.Context(), back(o).RefundInput))
		in := order.BeginRefundInput{RefundInput: back(o).RefundInput, RefundID: "ref_" + w.name()}
		for range 2 { // again is fine
			w.ok(w.Orders.BeginRefund(w.inside(), in))
		}
		in.ID = other.ID
		w.fails(order.ErrRefundTaken)(w.Orders.BeginRefund(w.inside(), in))
		in.RefundID = "ref_" + w.name()
		w.ok(w.Orders.DropRefund(w.inside(), order.DropRefundInput{ID: other.ID, RefundID: in.RefundID}))
		w.fails(once.ErrUndone)(w.Orders.BeginRefund(w.inside(), in))
	}},
	{"order.drop_refund", func(w *world) {
		o, other := w.settled(), w.settled()
		id := "ref_" + w.name()
		w.ok(w.Orders.BeginRefund(w.inside(), order.BeginRefundInput{RefundInput: back(o).RefundInput, RefundID: id}))
		w.fails(order.ErrRefundNotFound)(w.Orders.DropRefund(w.inside(), order.DropRefundInput{ID: other.ID, RefundID: id}))
		w.fails(order.ErrNotFound)(w.Orders.DropRefund(w.inside(), order.DropRefundInput{ID: nobody, RefundID: "ref_" + w.name()}))
	}},
	{"order.note_refund", func(w *world) {
		o := w.settled()
		in := order.NoteRefundInput{ID: o.ID, RefundID: "ref_" + w.name(), PaymentID: o.Payment.ID, Status: order.RefundSucceeded, Amount: usd(500), Version: 1}
		o = got(w.Orders.NoteRefund(w.inside(), in))(w)
		if len(o.Refunds) != 1 || o.Refunds[0].Amount != usd(500) {
			w.Errorf("refunds %+v, want one of 5.00", o.Refunds)
		}
		wrong := in
		wrong.Version, wrong.Status, wrong.RefundID = 2, order.RefundFailed, in.RefundID
		w.ok(w.Orders.NoteRefund(w.inside(), wrong))
		wrong.Version, wrong.Status = 3, order.RefundSucceeded
		w.fails(order.ErrIllegalRefund)(w.Orders.NoteRefund(w.inside(), wrong))
		wrong = in
		wrong.RefundID, wrong.PaymentID = "ref_"+w.name(), nobody
		w.fails(order.ErrPaymentNotFound)(w.Orders.NoteRefund(w.inside(), wrong))
		wrong = in
		wrong.RefundID, wrong.Amount = "ref_"+w.name(), usd(-1)
		w.fails(order.ErrBadSums)(w.Orders.NoteRefund(w.inside(), wrong))
		in.ID = nobody
		w.fails(order.ErrNotFound)(w.Orders.NoteRefund(w.inside(), in))
	}},
	{"order.extend_hold", func(w *world) {
		o := w.pending()
		until := o.ExpiresAt.Add(time.Hour)
		if o = got(w.Orders.ExtendHold(w.inside(), order.ExtendHoldInput{ID: o.ID, Until: until}))(w); !o.ExpiresAt.Equal(until) {
			w.Errorf("it can be paid until %v, want %v", o.ExpiresAt, until)
		}
		w.fails(order.ErrNotFound)(w.Orders.ExtendHold(w.inside(), order.ExtendHoldInput{ID: nobody, Until: until}))
	}},
	{"checkout.void", func(w *world) {
		_, o := w.bought(1000, offlinepay.BankTransfer, "")
		if o = got(w.Checkout.Void(w.Context(), payment.IDInput{ID: o.Payment.ID}))(w); o.PaymentStatus != order.PayVoided || o.Status != order.StatusPending {
			w.Errorf("the order is %s and %s, want pending and voided", o.Status, o.PaymentStatus)
		}
		w.fails(payment.ErrNotFound)(w.Checkout.Void(w.Context(), payment.IDInput{ID: nobody}))
		_, o = w.bought(1000, fakepay.Card, "")
		w.fails(order.ErrIllegal)(w.Checkout.Void(w.Context(), payment.IDInput{ID: o.Payment.ID}))
		_, o = w.bought(1000, fakepay.Card, "process,cancel:down")
		w.fails(payment.ErrUnanswered)(w.Checkout.Void(w.Context(), payment.IDInput{ID: o.Payment.ID}))
	}},
	{"checkout.preview_refund and checkout.refund", func(w *world) {
		w.refuses(func(in order.RefundInput) error {
			_, err := w.Checkout.PreviewRefund(w.Context(), in)
			return err
		})
		w.refuses(func(in order.RefundInput) error {
			_, err := w.Checkout.Refund(w.Context(), checkout.RefundInput{RefundInput: in})
			return err
		})
		_, o := w.bought(1000, fakepay.Card, "")
		w.ok(w.Checkout.PreviewRefund(w.Context(), back(o).RefundInput))
		if r := got(w.Checkout.Refund(w.Context(), back(o)))(w); r.Status != order.RefundSucceeded || r.Amount != usd(1000) {
			w.Errorf("the refund is %s, %v; want 10.00 back", r.Status, r.Amount)
		}
		// An order that believes in more than its payment has.
		_, o = w.bought(1000, fakepay.Card, "")
		more := order.NotePaymentInput{ID: o.ID, Payment: o.Payments[0], Version: 1000}
		more.Payment.Captured = usd(9000)
		w.ok(w.Orders.NotePayment(w.inside(), more))
		w.fails(payment.ErrNotRefundable)(w.Checkout.Refund(w.Context(), favor(o, 8000)))
		_, o = w.bought(1000, fakepay.Card, string(fakepay.Contest))
		w.contested(payment.IDInput{ID: o.Payment.ID})
		w.fails(payment.ErrDisputed)(w.Checkout.Refund(w.Context(), favor(o, 1)))
	}},
}

// contested waits until the shop has heard that a payment is disputed.
func (w *world) contested(id payment.IDInput) payment.IDInput {
	w.Helper()
	bank := fakepay.New(nil) // signs as the shop's own does
	header, body := bank.Notice("evt_"+w.name(), id.ID)
	w.ok(w.Payments.Receive(w.stranger(), payment.ReceiveInput{Provider: bank.Name(), Headers: header, Body: body}))
	w.eventually("the shop hears of a dispute", func() bool {
		return got(w.Payments.Payment(w.Context(), id))(w).Disputed.Minor > 0
	})
	return id
}

// refuses tries what no refund may be asked for.
func (w *world) refuses(refund func(in order.RefundInput) error) {
	w.Helper()
	o := w.settled()
	stale := back(o)
	stale.Version = o.Version + 7
	w.fails(order.ErrStale)(nil, refund(stale.RefundInput))
	w.fails(order.ErrNotFound)(nil, refund(order.RefundInput{ID: nobody, Reason: "damaged"}))
	w.fails(order.ErrNotConfirmed)(nil, refund(back(w.pending()).RefundInput))
	w.fails(order.ErrNotRefundable)(nil, refund(favor(o, 2001).RefundInput))
	w.ok(w.Orders.BeginRefund(w.inside(), order.BeginRefundInput{RefundInput: favor(o, 1500).RefundInput, RefundID: "ref_" + w.name()}))
	w.fails(order.ErrAlreadyRefunded)(nil, refund(favor(o, 600).RefundInput))
}
