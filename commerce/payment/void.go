package payment

import (
	"context"
	"errors"

	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Void makes a payment impossible and keeps a late Open out. For a payment that
// never was it returns ErrNotFound, and there will never be one. A payment that
// has succeeded stays: whoever calls looks at its status, Settled means too late.
//
// The provider, if it was ever asked, is told first; only when it has said that
// no money can come any more is the payment canceled. Without that word Void
// returns ErrUnanswered and must be called again. A provider cannot be told in
// a unit of work: there Void returns txn.ErrInside, unless nobody has to be told.
//
// A payment by gift card that is not captured is canceled, whatever it is for, and
// the card has its money again: who may still be paid voids it last.
func (e *Engine) Void(ctx context.Context, in IDInput) (Payment, error) {
	if err := OpVoid.Admit(ctx, in); err != nil {
		return Payment{}, err
	}
	p, w, err := e.shut(ctx, in.ID)
	if err != nil || w.provider == nil {
		return p, err
	}
	if err := txn.Outside(ctx); err != nil {
		return p, err
	}
	s, err := w.provider.Cancel(ctx, p)
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		return e.unanswered(ctx, p.ID, err, StatusCreating, StatusOpen, StatusProcessing, StatusAuthorized)
	}
	id := p.ID
	if p, err = e.note(ctx, id, s); err != nil {
		return e.doubt(ctx, id, s, err)
	}
	if !p.final() && !p.Settled() {
		return p, ErrUnanswered
	}
	return p, nil
}

// shut marks Open as undone and cancels a payment of which no provider knows.
// The returned way has no provider when nobody has to be told. A payment that
// never was is ErrNotFound, with its mark in place.
func (e *Engine) shut(ctx context.Context, id string) (p Payment, w way, err error) {
	found := true
	err = e.Scope().Do(ctx, func(ctx context.Context) error {
		w, found = way{}, true
		if _, err := e.store.Mark(ctx, OpOpen.Name, id, once.Undone); err != nil {
			return err
		}
		p, err = e.store.Payment(ctx, id)
		if errors.Is(err, ErrNotFound) {
			found = false
			return nil
		}
		if err != nil {
			return err
		}
		if p.GiftCardID != "" {
			return e.letGo(ctx, &p)
		}
		before := p
		if w, err = e.callOff(&p); err != nil {
			return err
		}
		return e.save(ctx, before, &p, nil)
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return p, w, err
}

// callOff cancels p, or returns who must be told first.
func (e *Engine) callOff(p *Payment) (way, error) {
	if p.Amount.IsZero() && p.Captured.IsZero() && p.Status == StatusCaptured {
		p.Status = StatusCanceled
		return way{}, nil
	}
	if p.final() {
		return way{}, nil
	}
	if p.Status == StatusCreating && p.SendCount == 0 {
		p.Status = StatusCanceled
		return way{}, nil
	}
	w, err := e.wayOf(*p)
	if err != nil || !w.offline() {
		return w, err
	}
	p.Status, p.NextAction = StatusCanceled, nil
	if p.Captured.Minor > 0 {
		e.opts.Log.Warn("payment: canceled after money has come, refund it", "payment", p.ID, "order", p.OrderID, "captured", p.Captured.String())
	}
	return way{}, nil
}
