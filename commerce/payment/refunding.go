package payment

import (
	"context"
	"errors"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// OpenRefund writes down that money of a payment goes back, once for each in.ID:
// a repeat returns the refund as it is. From then on the amount is spoken for.
// Nobody is asked: SendRefund does that. Money that came by a way for which there
// is nobody to ask, or by gift card, is given back at once.
//
// It returns ErrNotFound, ErrNotRefundable when less than in.Amount is left of
// what was captured, ErrDisputed unless in.Force, and once.ErrUndone when
// VoidRefund came first.
func (e *Engine) OpenRefund(ctx context.Context, in OpenRefundInput) (Refund, error) {
	if err := OpOpenRefund.Admit(ctx, in); err != nil {
		return Refund{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (r Refund, err error) {
		err = once.Do(ctx, e.store, OpOpenRefund.Name, in.ID, func() error {
			_, err := e.change(ctx, in.PaymentID, nil, func(ctx context.Context, p *Payment) error {
				r, err = e.openRefund(ctx, p, in)
				return err
			})
			return err
		})
		if err != nil || r.ID != "" {
			return r, err
		}
		return e.store.Refund(ctx, in.ID)
	})
}

// openRefund is OpenRefund in a unit that has p locked.
func (e *Engine) openRefund(ctx context.Context, p *Payment, in OpenRefundInput) (Refund, error) {
	if err := p.refundable(in.Amount, in.Force); err != nil {
		return Refund{}, err
	}
	now := e.now()
	r := Refund{ID: in.ID, PaymentID: p.ID, OrderID: p.OrderID, Provider: p.Provider, Status: RefundPending, Amount: in.Amount, Goodwill: in.Goodwill,
		Reason: in.Reason, Actor: ident.From(ctx).Origin().String(), CreatedAt: now, UpdatedAt: now}
	if r.Goodwill == (money.Amount{}) {
		r.Goodwill = money.Zero(p.Amount.Currency)
	}
	p.Refunding.Minor += r.Amount.Minor
	if err := e.store.SaveRefund(ctx, &r); err != nil {
		return Refund{}, err
	}
	if p.GiftCardID != "" {
		if err := e.creditCard(ctx, *p, r.ID, r.Amount); err != nil {
			return Refund{}, err
		}
		return r, e.moveRefund(ctx, p, &r, RefundSnapshot{RefundID: r.ID, Status: RefundSucceeded})
	}
	w, err := e.wayOf(*p)
	if err != nil || !w.offline() {
		return r, err
	}
	return r, e.moveRefund(ctx, p, &r, RefundSnapshot{RefundID: r.ID, Status: RefundSucceeded})
}

// refundable returns nil if that much of p can be given back.
func (p Payment) refundable(amount money.Amount, force bool) error {
	left := p.Captured.Minor - p.Refunded.Minor - p.Refunding.Minor
	switch {
	case amount.Currency != p.Amount.Currency:
		return wrongCurrency(p)
	case amount.Minor > left:
		return ErrNotRefundable.With(map[string]money.Amount{"captured": p.Captured, "refunded": p.Refunded,
			"refundable": money.New(max(0, left), p.Amount.Currency)})
	case !force && p.disputeOpen():
		return ErrDisputed.With(map[string]money.Amount{"disputed": p.Disputed})
	default:
		return nil
	}
}

// VoidRefund undoes OpenRefund: the money is no longer spoken for, and an
// OpenRefund that comes late is refused. One that never was opened is nothing to
// undo. It returns ErrIllegalRefund for a refund that a provider may know of.
func (e *Engine) VoidRefund(ctx context.Context, in VoidRefundInput) (op.Nothing, error) {
	if err := OpVoidRefund.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		return op.Nothing{}, once.Undo(ctx, e.store, OpOpenRefund.Name, in.ID, func() error {
			_, err := e.change(ctx, in.PaymentID, nil, func(ctx context.Context, p *Payment) error {
				r, err := e.store.Refund(ctx, in.ID)
				if err != nil || r.Status == RefundFailed {
					return err
				}
				if r.Status != RefundPending || r.SendCount > 0 {
					return illegalRefund(r.Status, RefundFailed)
				}
				why := &Failure{Code: "called_off", Message: "The refund was called off."}
				return e.moveRefund(ctx, p, &r, RefundSnapshot{RefundID: r.ID, Status: RefundFailed, Failure: why})
			})
			return err
		})
	})
}

// SendRefund asks the provider for a refund, or asks again, and writes down how
// it stands. One that has succeeded or failed is returned as it is. A refusal is
// no error: the refund is failed, with a Failure. When no answer comes it returns
// ErrUnanswered, and the refund stays pending until there is evidence. It must be
// called outside of units of work.
func (e *Engine) SendRefund(ctx context.Context, in IDInput) (Refund, error) {
	if err := OpSendRefund.Admit(ctx, in); err != nil {
		return Refund{}, err
	}
	if err := txn.Outside(ctx); err != nil {
		return Refund{}, err
	}
	p, r, err := e.stampRefund(ctx, in.ID)
	if err != nil || r.Status != RefundPending {
		return r, err
	}
	w, err := e.wayOf(p)
	if err != nil {
		return r, err
	}
	if r.ProviderID != "" {
		return e.lookAfter(ctx, w, p, r)
	}
	s, err := w.provider.Refund(ctx, p, r)
	// What a provider has said is written down, whether or not anybody still
	// waits for it.
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		e.opts.Log.WarnContext(ctx, "payment: no answer from the provider", "refund", r.ID, "payment", p.ID, "err", err)
		return r, ErrUnanswered.Because(err)
	}
	s.RefundID = r.ID
	if r, err = e.changeRefund(ctx, r, s); err != nil {
		return r, e.doubtRefund(ctx, p, err)
	}
	return r, nil
}

// stampRefund notes that the provider is going to be asked, before it is.
func (e *Engine) stampRefund(ctx context.Context, id string) (p Payment, r Refund, err error) {
	err = e.Scope().Do(ctx, func(ctx context.Context) error {
		if r, err = e.store.Refund(ctx, id); err != nil || r.Status != RefundPending {
			return err
		}
		if r.SentAt.IsZero() {
			r.SentAt = e.now()
		}
		r.SendCount++
		r.UpdatedAt = e.now()
		return e.store.SaveRefund(ctx, &r)
	})
	if err != nil {
		return p, r, err
	}
	p, err = e.store.Payment(ctx, r.PaymentID)
	return p, r, err
}

// lookAfter fetches the payment of a refund that its provider has taken but not
// ended.
func (e *Engine) lookAfter(ctx context.Context, w way, p Payment, r Refund) (Refund, error) {
	s, err := w.provider.Fetch(ctx, p)
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		return r, ErrUnanswered.Because(err)
	}
	if _, err := e.note(ctx, p.ID, s); err != nil {
		_, err = e.doubt(ctx, p.ID, s, err)
		return r, err
	}
	return e.store.Refund(ctx, r.ID)
}

// changeRefund moves a refund to where s says it is, with its payment.
func (e *Engine) changeRefund(ctx context.Context, r Refund, s RefundSnapshot) (Refund, error) {
	_, err := e.change(ctx, r.PaymentID, nil, func(ctx context.Context, p *Payment) (err error) {
		if r, err = e.store.Refund(ctx, r.ID); err != nil {
			return err
		}
		return e.moveRefund(ctx, p, &r, s)
	})
	return r, err
}

// doubtRefund handles the error of a refund's news, as doubt does.
func (e *Engine) doubtRefund(ctx context.Context, p Payment, err error) error {
	if !errors.Is(err, errMismatch) && !errors.Is(err, ErrTaken) {
		return err
	}
	_, err = e.doubt(ctx, p.ID, Snapshot{Status: p.Status, ProviderID: p.ProviderID, Captured: p.Captured}, err)
	return err
}

// Refunds returns the refunds of some orders, the oldest first.
func (e *Engine) Refunds(ctx context.Context, in OrdersInput) (RefundsOutput, error) {
	if err := OpRefunds.Admit(ctx, in); err != nil {
		return RefundsOutput{}, err
	}
	items, err := e.store.RefundsOf(ctx, in.OrderIDs)
	return RefundsOutput{Items: list(items)}, err
}

// SendRefunds asks providers again about refunds that are pending for more than
// a moment. It is periodic work; any number of processes may do it at once.
func (e *Engine) SendRefunds(ctx context.Context) error {
	due, err := e.store.PendingRefunds(ctx, e.now().Add(-firstPause), batch)
	if err != nil {
		return err
	}
	ctx = ident.As(ctx, "payment")
	var errs []error
	for _, r := range due {
		_, err := e.SendRefund(ctx, IDInput{ID: r.ID})
		if err != nil && !errors.Is(err, ErrStale) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
