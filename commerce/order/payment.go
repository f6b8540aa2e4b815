package order

import (
	"context"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// NotePayment takes down how a payment of the order stands, and completes the
// order when nothing is left to deliver or to pay. News that is not newer than
// what is known, by Version, changes nothing. It returns ErrNotFound, or
// ErrBadSums for amounts that are negative or in another currency. An amount
// without currency is none.
func (e *Engine) NotePayment(ctx context.Context, in NotePaymentInput) (Order, error) {
	if err := OpNotePayment.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.change(ctx, e.named(in.ID), func(_ context.Context, t *task) error {
		p := filled(in.Payment, t.Currency)
		p.Version = in.Version
		if err := verifyPayment("/payment", p, t.Currency); err != nil {
			return err
		}
		news := t.notePayment(p)
		if in.Confirm {
			if err := t.confirmPaid(); err != nil {
				return err
			}
		}
		if !news {
			return nil
		}
		return t.settle()
	})
}

// confirmPaid confirms an order that its payment is enough for, also one that
// was being canceled when the payment turned out to have succeeded.
func (t *task) confirmPaid() error {
	if t.Before == StatusConfirmed && (t.Status == StatusCanceling || t.Status == StatusCanceled) {
		return nil // it has been confirmed, and is canceled since: this is said again
	}
	if t.Status == StatusCanceling {
		if err := t.keep(); err != nil {
			return err
		}
	}
	if t.Status == StatusConfirmed || t.Status == StatusCompleted {
		return nil
	}
	return t.confirm()
}

// notePayment adds or replaces p and reports whether it was news.
func (t *task) notePayment(p Payment) bool {
	from, captured := "", int64(0)
	switch old := t.payment(p.ID); {
	case old == nil:
		t.Payments = append(t.Payments, p)
	case old.Version >= p.Version:
		return false
	default:
		from, captured = old.Status, old.Captured.Minor
		*old = p
	}
	t.note("payment", from, p.Status, p.Method+" "+p.ID)
	if p.Captured.Minor > captured {
		if t.Captures == nil {
			t.Captures = map[string]int64{}
		}
		t.Captures[p.ID] = t.Version
	}
	return true
}

// payment returns the one with this id, or nil.
func (o *Order) payment(id string) *Payment {
	i := slices.IndexFunc(o.Payments, func(p Payment) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return &o.Payments[i]
}

// filled returns p in one form: amounts that were not given are zero, an action
// that is null is none.
func filled(p Payment, c money.Currency) Payment {
	if string(p.NextAction) == "null" {
		p.NextAction = nil
	}
	for _, a := range []*money.Amount{&p.Amount, &p.Authorized, &p.Captured, &p.Refunded, &p.Refunding, &p.Disputed} {
		if *a == (money.Amount{}) {
			*a = money.Zero(c)
		}
	}
	return p
}

// Words of the payment engine that the order acts on.
const (
	payFailed      = "failed"
	payCanceled    = "canceled"
	methodGiftCard = "gift_card"
)

func over(p Payment) bool { return p.Status == payFailed || p.Status == payCanceled }

// current returns the payment that counts: the newest that has not come to
// nothing, else the newest, nil when there is none. A gift card counts when there
// is nothing else.
func current(ps []Payment) *Payment {
	others := slices.DeleteFunc(slices.Clone(ps), func(p Payment) bool { return p.Method == methodGiftCard })
	if len(others) > 0 {
		ps = others
	}
	for _, p := range slices.Backward(ps) {
		if !over(p) {
			return &p
		}
	}
	if len(ps) == 0 {
		return nil
	}
	return new(ps[len(ps)-1])
}

// balance adds up the payments. What was given back is not owed again: money
// goes back for goods that come back, or as a favor. A payment that came to
// nothing authorizes nothing. What a gift card holds for the order is not due.
func balance(total money.Amount, ps []Payment) (Balance, error) {
	zero := money.Zero(total.Currency)
	b := Balance{Authorized: zero, Captured: zero, Refunded: zero, Due: zero}
	sure := zero
	var err error
	add := func(to *money.Amount, a money.Amount) {
		if err == nil {
			*to, err = to.Add(a)
		}
	}
	for _, p := range ps {
		if !over(p) {
			add(&b.Authorized, p.Authorized)
		}
		add(&b.Captured, p.Captured)
		add(&b.Refunded, p.Refunded)
		if p.Method == methodGiftCard && !over(p) {
			add(&sure, p.Authorized)
		} else {
			add(&sure, p.Captured)
		}
	}
	if err != nil {
		return Balance{}, err
	}
	if sure.Cmp(total) < 0 {
		b.Due, err = total.Sub(sure)
	}
	return b, err
}

// paymentStatus returns the first word that applies. A total of zero is paid,
// even without a payment. Kept is what the shop has in the end.
func paymentStatus(total money.Amount, b Balance, ps []Payment) PaymentStatus {
	kept := b.Captured.Minor - b.Refunded.Minor // both ≥ 0
	switch {
	case slices.ContainsFunc(ps, func(p Payment) bool { return p.Disputed.Minor > 0 }):
		return PayDisputed
	case kept > total.Minor:
		return PayOverpaid
	case b.Refunded.Minor > 0 && kept <= 0:
		return PayRefunded
	case b.Refunded.Minor > 0:
		return PayPartiallyRefunded
	case b.Captured.Minor >= total.Minor:
		return PayPaid
	case b.Captured.Minor > 0:
		return PayPartiallyCaptured
	case b.Authorized.Minor > 0 && b.Authorized.Minor >= total.Minor:
		return PayAuthorized
	case slices.ContainsFunc(ps, func(p Payment) bool { return p.Status == payCanceled }) && !slices.ContainsFunc(ps, func(p Payment) bool { return !over(p) }):
		return PayVoided
	default:
		return PayNone
	}
}

// derive computes what follows from payments, fulfillments and refunds. A canceled order
// owes nothing.
func (o *Order) derive() (err error) {
	if o.Balance, err = balance(o.Totals.Total, o.Payments); err != nil {
		return err
	}
	if o.Status == StatusCanceled {
		o.Balance.Due = money.Zero(o.Currency)
	}
	o.Payment = current(o.Payments)
	o.PaymentStatus = paymentStatus(o.Totals.Total, o.Balance, o.Payments)
	count(o.Items, o.Fulfillments, o.Refunds)
	o.FulfillmentStatus = fulfillmentStatus(o.Items)
	return nil
}

// settle completes a confirmed order of which all is delivered, with nothing
// due and no parcel on its way.
func (t *task) settle() error {
	if err := t.derive(); err != nil {
		return err
	}
	if t.Status != StatusConfirmed || !t.Balance.Due.IsZero() || !arrived(t.FulfillmentStatus) {
		return nil
	}
	if slices.ContainsFunc(t.Fulfillments, func(f Fulfillment) bool { return f.Status == FulPending || f.Status == FulShipped }) {
		return nil
	}
	if err := t.move(StatusCompleted, ""); err != nil {
		return err
	}
	announce(t, EventCompleted, t.about())
	return nil
}
