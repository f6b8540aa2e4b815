package contracttest

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// asking is a return URL that says what the bank does.
func asking(what string) string {
	return "https://shop.example/back?" + fakepay.Asking + "=" + what
}

// owing asks for a payment of 20.00.
func (w *world) owing(method, bank string) payment.OpenInput {
	id := w.name()
	return payment.OpenInput{ID: "pay_" + id, OrderID: "ord_" + id, Method: method, Amount: usd(2000), ReturnURL: asking(bank)}
}

// owed opens a payment of which the bank has not been asked.
func (w *world) owed(method, bank string) payment.IDInput {
	w.Helper()
	return payment.IDInput{ID: got(w.Payments.Open(w.inside(), w.owing(method, bank)))(w).ID}
}

// asked opens a payment and asks the bank.
func (w *world) asked(method, bank string) payment.IDInput {
	w.Helper()
	id := w.owed(method, bank)
	w.ok(w.Payments.Authorize(w.inside(), id))
	return id
}

var paymentCases = []trial{
	{"payment.methods", func(w *world) {
		all := got(w.Payments.Methods(w.Context(), op.Nothing{}))(w)
		for _, id := range []string{fakepay.Card, fakepay.Manual, offlinepay.BankTransfer, offlinepay.CashOnDelivery} {
			if !slices.ContainsFunc(all.Items, func(m payment.MethodInfo) bool { return m.ID == id }) {
				w.Errorf("there is no %s, which the other cases need", id)
			}
		}
	}},
	{"payment.open", func(w *world) {
		in := w.owing(fakepay.Card, "")
		w.ok(w.Payments.Open(w.inside(), in))
		w.ok(w.Payments.Open(w.inside(), in)) // again
		in = w.owing("beads", "")
		w.fails(payment.ErrMethodUnknown)(w.Payments.Open(w.inside(), in))
		in = w.owing(fakepay.Card, "")
		in.Amount = usd(49)
		w.fails(payment.ErrBelowMinimum)(w.Payments.Open(w.inside(), in))
		in = w.owing(fakepay.Card, "")
		w.fails(payment.ErrNotFound)(w.Payments.Void(w.inside(), payment.IDInput{ID: in.ID}))
		w.fails(once.ErrUndone)(w.Payments.Open(w.inside(), in))
	}},
	{"payment.authorize", func(w *world) {
		if p := got(w.Payments.Authorize(w.inside(), w.owed(fakepay.Card, "")))(w); p.Status != payment.StatusCaptured {
			w.Errorf("the payment is %s, want captured", p.Status)
		}
		w.fails(payment.ErrNotFound)(w.Payments.Authorize(w.inside(), payment.IDInput{ID: nobody}))
		w.fails(payment.ErrUnanswered)(w.Payments.Authorize(w.inside(), w.owed(fakepay.Card, "start:down")))
		w.eventually("a payment is called off while the bank is asked", func() bool { return errors.Is(w.calledOff(), payment.ErrCanceled) })
	}},
	{"payment.void", func(w *world) {
		if p := got(w.Payments.Void(w.inside(), w.asked(fakepay.Manual, "")))(w); p.Status != payment.StatusCanceled {
			w.Errorf("the payment is %s, want canceled", p.Status)
		}
		w.fails(payment.ErrNotFound)(w.Payments.Void(w.inside(), payment.IDInput{ID: "pay_" + w.name()}))
		w.fails(payment.ErrUnanswered)(w.Payments.Void(w.inside(), w.asked(fakepay.Manual, "cancel:down")))
	}},
	{"payment.capture", func(w *world) {
		capture := func(id payment.IDInput) payment.CaptureInput { return payment.CaptureInput{ID: id.ID, Key: w.name()} }
		in := capture(w.asked(fakepay.Manual, ""))
		w.fails(payment.ErrNotFound)(w.Payments.Capture(w.Context(), capture(payment.IDInput{ID: nobody})))
		much := in
		much.Amount = new(usd(2001))
		w.fails(payment.ErrTooMuch)(w.Payments.Capture(w.Context(), much))
		w.fails(payment.ErrIllegal)(w.Payments.Capture(w.Context(), capture(w.owed(fakepay.Manual, ""))))
		w.fails(payment.ErrUnanswered)(w.Payments.Capture(w.Context(), capture(w.asked(fakepay.Manual, "capture:down"))))
		in.Key = w.name()
		for range 2 { // one key counts once
			if p := got(w.Payments.Capture(w.Context(), in))(w); p.Captured != usd(2000) {
				w.Errorf("captured %v, want 20.00", p.Captured)
			}
		}
	}},
	{"payment.payment", func(w *world) {
		w.ok(w.Payments.Payment(w.Context(), w.owed(fakepay.Card, "")))
		w.fails(payment.ErrNotFound)(w.Payments.Payment(w.Context(), payment.IDInput{ID: nobody}))
	}},
	{"payment.payments and payment.ledger", func(w *world) {
		p := got(w.Payments.Payment(w.Context(), w.asked(fakepay.Card, "")))(w)
		in := payment.OrdersInput{OrderIDs: []string{p.OrderID}}
		if out := got(w.Payments.Payments(w.Context(), in))(w); len(out.Items) != 1 || out.Items[0].ID != p.ID {
			w.Errorf("payments %+v, want %s", out.Items, p.ID)
		}
		out := got(w.Payments.Ledger(w.Context(), in))(w)
		if !slices.ContainsFunc(out.Items, func(l payment.Ledger) bool { return l.Kind == payment.LineCaptured && l.Amount == usd(2000) }) {
			w.Errorf("ledger %+v, want 20.00 captured", out.Items)
		}
	}},
	{"payment.receive", func(w *world) {
		bank := fakepay.New(nil) // signs as the shop's own does
		notice := func(body []byte) payment.ReceiveInput {
			return payment.ReceiveInput{Provider: bank.Name(), Headers: bank.Sign(body), Body: body}
		}
		_, body := bank.Notice("evt_"+w.name(), w.owed(fakepay.Card, "").ID)
		large := append(body, bytes.Repeat([]byte(" "), 200_000)...)
		for range 2 { // again is fine
			w.ok(w.Payments.Receive(w.stranger(), notice(large)))
		}
		forged := notice(body)
		forged.Body = append(body, ' ')
		w.fails(payment.ErrSignature)(w.Payments.Receive(w.stranger(), forged))
		w.fails(fault.ErrMalformed)(w.Payments.Receive(w.stranger(), notice([]byte("{}"))))
		unknown := notice(body)
		unknown.Provider = "nobody"
		w.fails(payment.ErrProviderUnknown)(w.Payments.Receive(w.stranger(), unknown))
	}},
	{"payment.unsettled", func(w *world) {
		w.asked(fakepay.Card, string(fakepay.Process))
		out := got(w.Payments.Unsettled(w.inside(), payment.UnsettledInput{Before: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), Limit: 1000}))(w)
		if len(out.Items) == 0 {
			w.Error("every payment is settled in a hundred years")
		}
	}},
}

// calledOff calls a payment off while the bank, which takes its time, is asked,
// and returns what whoever asked it was told.
func (w *world) calledOff() error {
	w.Helper()
	id := w.owed(fakepay.Manual, "start:slow")
	asked := make(chan error, 1)
	go func() {
		_, err := w.Payments.Authorize(w.inside(), id)
		asked <- err
	}()
	w.eventually("the bank is asked", func() bool { return got(w.Payments.Payment(w.Context(), id))(w).SendCount > 0 })
	w.ok(w.Payments.Void(w.inside(), id))
	return <-asked
}
