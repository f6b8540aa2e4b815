package order

import (
	"cmp"
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/once"
)

// PlanRefund returns what BeginRefund would write down now, without ids, and
// changes nothing. It fails as BeginRefund does.
func (e *Engine) PlanRefund(ctx context.Context, in RefundInput) (Refund, error) {
	if err := OpPlanRefund.Admit(ctx, in); err != nil {
		return Refund{}, err
	}
	row, err := e.find(ctx, in.ID)
	if err != nil {
		return Refund{}, err
	}
	d, err := row.document()
	if err != nil {
		return Refund{}, err
	}
	t := e.task(ctx, d, row)
	return t.newRefund(in)
}

// BeginRefund writes down that money is about to go back, once for each
// RefundID: from then on nobody else can give it back. What goes to each payment
// is in the refund's Payments, the one captured last first and gift cards last.
// An order may be in any state if money was captured for it.
//
// It returns ErrNotFound, ErrStale, ErrNotConfirmed for an order that waits for
// its first money, fault.ErrInvalid with each unit and amount that cannot be,
// ErrNotRefundable for more than was ever captured, ErrAlreadyRefunded for more
// than others have left, ErrRefundTaken for another order's id, or once.ErrUndone
// after DropRefund.
func (e *Engine) BeginRefund(ctx context.Context, in BeginRefundInput) (Order, error) {
	if err := OpBeginRefund.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	o, err := e.marked(ctx, OpBeginRefund.Name, in.RefundID, e.named(in.ID), once.Do, func(_ context.Context, t *task) error {
		if t.refund(in.RefundID) != nil {
			return nil // the mark was cleaned away
		}
		r, err := t.newRefund(in.RefundInput)
		if err != nil {
			return err
		}
		r.named(in.RefundID)
		t.Refunds = append(t.Refunds, r)
		t.note("refund", "", string(RefundPending), fmt.Sprintf("%s %v: %s", r.ID, r.Amount, r.Reason))
		return nil
	})
	if err == nil && o.refund(in.RefundID) == nil {
		return Order{}, ErrRefundTaken.At("/refund_id")
	}
	return o, err
}

func (t *task) newRefund(in RefundInput) (Refund, error) {
	if err := t.fresh(in.Version); err != nil {
		return Refund{}, err
	}
	r, err := t.planRefund(in)
	r.CreatedAt = t.now
	return r, err
}

// DropRefund undoes BeginRefund: what of the refund is pending has failed, its
// units and its money count again, and a BeginRefund that comes later is
// refused. It is for refunds that the payment engine has not got. One that was
// never begun, or is not pending, is left alone. It returns ErrNotFound, or
// ErrRefundNotFound for another order's refund.
func (e *Engine) DropRefund(ctx context.Context, in DropRefundInput) (Order, error) {
	if err := OpDropRefund.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.marked(ctx, OpBeginRefund.Name, in.RefundID, e.named(in.ID), once.Undo, func(_ context.Context, t *task) error {
		r := t.refund(in.RefundID)
		if r == nil {
			return ErrRefundNotFound
		}
		for i := range r.Payments {
			if p := &r.Payments[i]; p.Status == RefundPending {
				t.part(r, p, RefundFailed, "called off")
			}
		}
		return nil
	})
}

// NoteRefund takes down how a refund of the payment engine stands, and so the
// refund that it is part of. News that is not newer than what is known, by
// Version, changes nothing. One that is no part of any refund here was made at
// the provider: it becomes a refund of its own, for no goods.
//
// It returns ErrNotFound, ErrPaymentNotFound for a payment that is not of the
// order or not that of the part, ErrBadSums for an amount that is another than
// the part's, negative or in another currency, or ErrIllegalRefund for a move
// that cannot be.
func (e *Engine) NoteRefund(ctx context.Context, in NoteRefundInput) (Order, error) {
	if err := OpNoteRefund.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.change(ctx, e.named(in.ID), func(_ context.Context, t *task) error {
		if err := verifyAmount("/amount", in.Amount, t.Currency); err != nil {
			return err
		}
		paid := t.payment(in.PaymentID)
		if paid == nil {
			return ErrPaymentNotFound.At("/payment_id")
		}
		r, p := t.refundPart(in.RefundID)
		switch {
		case p == nil:
			t.adopt(in, paid.Method)
			return nil
		case p.PaymentID != in.PaymentID:
			return ErrPaymentNotFound.At("/payment_id")
		case p.Amount != in.Amount:
			return bad("/amount", fmt.Sprintf("the amount is %v, not %v", in.Amount, p.Amount))
		case p.Version >= in.Version || p.Status == in.Status:
			return nil
		case !RefundTransitions.Allows(p.Status, in.Status):
			return ErrIllegalRefund.With(map[string]RefundStatus{"from": p.Status, "to": in.Status})
		}
		p.Version = in.Version
		t.part(r, p, in.Status, in.Reason)
		return nil
	})
}

// part moves a part of r.
func (t *task) part(r *Refund, p *RefundPart, to RefundStatus, why string) {
	if why != "" {
		why = ": " + why
	}
	t.note("refund", string(p.Status), string(to), fmt.Sprintf("%s %v%s", p.ID, p.Amount, why))
	p.Status = to
	r.follow()
}

// adopt adds a refund that nobody has begun here.
func (t *task) adopt(in NoteRefundInput, method string) {
	r := RefundInput{Reason: cmp.Or(in.Reason, "made at the provider of "+method)}.blank(t.Currency)
	r.ID, r.Status, r.PaymentID, r.Amount, r.Goodwill, r.CreatedAt = in.RefundID, in.Status, &in.PaymentID, in.Amount, in.Amount, t.now
	if !in.At.IsZero() {
		r.CreatedAt = stamp(in.At)
	}
	r.Payments = []RefundPart{{ID: in.RefundID, PaymentID: in.PaymentID, Amount: in.Amount, Goodwill: in.Amount, Status: in.Status, Version: in.Version}}
	t.Refunds = append(t.Refunds, r)
	t.note("refund", "", string(in.Status), fmt.Sprintf("%s %v: %s", r.ID, r.Amount, r.Reason))
}
