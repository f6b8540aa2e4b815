package payment

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Capture takes authorized money, or records money that has come by another
// way, once for each key: a repeat returns the payment as it is, and asks a
// provider again whose answer was lost.
//
// A Manual or Confirms method records: several recordings add up, too little
// leaves the payment open, too much is the order's to see. Of any other, no
// more can be taken than is authorized: ErrTooMuch. ErrIllegal is for a payment
// in another state, or a provider that refuses.
func (e *Engine) Capture(ctx context.Context, in CaptureInput) (Payment, error) {
	if err := OpCapture.Admit(ctx, in); err != nil {
		return Payment{}, err
	}
	p, err := e.store.Payment(ctx, in.ID)
	if err != nil {
		return Payment{}, err
	}
	if in.Amount != nil && in.Amount.Currency != p.Amount.Currency {
		return Payment{}, fault.ErrInvalid.Saying("the payment is in " + string(p.Amount.Currency)).At("/amount/currency")
	}
	w, err := e.wayOf(p)
	if err != nil {
		return Payment{}, err
	}
	key := e.captureKey(ctx, in)
	if w.offline() {
		return e.recordMoney(ctx, in, key)
	}
	return e.takeMoney(ctx, w, in, key)
}

// captureKey names one capture. Keys are apart by payment; the key of a request
// is its sender's own.
func (e *Engine) captureKey(ctx context.Context, in CaptureInput) string {
	key := in.Key
	if key == "" && ident.Key(ctx) != "" {
		key = ident.From(ctx).String() + " " + ident.Key(ctx)
	}
	if key == "" {
		return e.opts.ID("cap")
	}
	return ident.DeriveID("cap", in.ID+" "+key)
}

// recordMoney writes down what staff say has come.
func (e *Engine) recordMoney(ctx context.Context, in CaptureInput, key string) (Payment, error) {
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Payment, error) {
		note := &Ledger{Object: key, Reference: in.Reference}
		if in.ReceivedAt != nil {
			note.At = in.ReceivedAt.UTC().Truncate(time.Microsecond)
		}
		return e.change(ctx, in.ID, note, func(ctx context.Context, p *Payment) error {
			return once.Do(ctx, e.store, OpCapture.Name, key, func() error {
				if p.Over() {
					return illegal(p.Status, StatusCaptured)
				}
				amount := p.owed()
				if in.Amount != nil {
					amount = *in.Amount
				}
				if amount.IsZero() {
					return tooMuch(*p)
				}
				return p.record(amount)
			})
		})
	})
}

// takeMoney has the provider take authorized money.
func (e *Engine) takeMoney(ctx context.Context, w way, in CaptureInput, key string) (Payment, error) {
	if err := txn.Outside(ctx); err != nil {
		return Payment{}, err
	}
	var amount money.Amount
	over := false
	p, err := e.change(ctx, in.ID, nil, func(ctx context.Context, p *Payment) error {
		was, err := e.store.Mark(ctx, OpCapture.Name, key, once.Done)
		if err != nil {
			return err
		}
		if over = was != once.Never && p.standing() != StatusAuthorized; over {
			return nil
		}
		amount, err = p.toTake(in.Amount)
		return err
	})
	if err != nil || over {
		return p, err
	}
	s, err := w.provider.Capture(ctx, p, amount, key)
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		return e.unanswered(ctx, p.ID, err, StatusAuthorized)
	}
	had := p.Captured
	p, err = txn.Get(ctx, e.Scope(), func(ctx context.Context) (Payment, error) { return e.note(ctx, in.ID, s) })
	if err != nil {
		return e.doubt(ctx, in.ID, s, err)
	}
	if s.Failure != nil && p.Captured == had {
		return p, illegal(p.Status, StatusCaptured).Saying(s.Failure.Message)
	}
	return p, nil
}

// toTake returns how much a capture of amount, or of everything, is.
func (p Payment) toTake(amount *money.Amount) (money.Amount, error) {
	left := money.New(p.Authorized.Minor-p.Captured.Minor, p.Amount.Currency)
	switch {
	case p.standing() != StatusAuthorized:
		return money.Amount{}, illegal(p.Status, StatusCaptured)
	case amount == nil && left.IsZero(), amount != nil && amount.Minor > left.Minor:
		return money.Amount{}, tooMuch(p)
	case amount == nil:
		return left, nil
	default:
		return *amount, nil
	}
}

// tooMuch is ErrTooMuch with what there is.
func tooMuch(p Payment) *fault.Error {
	return ErrTooMuch.With(map[string]money.Amount{"authorized": p.Authorized, "captured": p.Captured})
}
