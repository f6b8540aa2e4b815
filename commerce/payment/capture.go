package payment

import (
	"context"
	"slices"
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
		return Payment{}, wrongCurrency(p)
	}
	if p.GiftCardID != "" {
		return Payment{}, illegal(p.Status, StatusCaptured).Saying("a gift card is captured with its order")
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
	var t Taking
	over := false
	p, err := e.change(ctx, in.ID, nil, func(ctx context.Context, p *Payment) error {
		was, err := e.store.Mark(ctx, OpCapture.Name, key, once.Done)
		if err != nil {
			return err
		}
		if over = was != once.Never && p.standing() != StatusAuthorized; over {
			return nil
		}
		t, err = p.toTake(key, in.Amount)
		return err
	})
	if err != nil || over {
		return p, err
	}
	had := p.Captured
	p, failure, err := e.take(ctx, w, p, t)
	if err == nil && failure != nil && p.Captured == had {
		return p, illegal(p.Status, StatusCaptured).Saying(failure.Message)
	}
	return p, err
}

// take asks the provider for t, or asks again, and writes down what it says. A
// refusal is no error.
func (e *Engine) take(ctx context.Context, w way, p Payment, t Taking) (Payment, *Failure, error) {
	s, err := w.provider.Capture(ctx, p, t.Amount, t.Key)
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		p, err = e.unanswered(ctx, p.ID, err, StatusAuthorized)
		return p, nil, err
	}
	id := p.ID
	p, err = txn.Get(ctx, e.Scope(), func(ctx context.Context) (Payment, error) {
		return e.change(ctx, id, &Ledger{Object: s.Object}, func(ctx context.Context, p *Payment) error {
			if err := e.learn(ctx, p, s); err != nil {
				return err
			}
			p.took(t.Key)
			return nil
		})
	})
	if err != nil {
		p, err = e.doubt(ctx, id, s, err)
	}
	return p, s.Failure, err
}

// toTake writes down that amount, or everything, is going to be taken under a
// key. Until the provider has answered the payment is unknown, and what is asked
// for under a key does not change.
func (p *Payment) toTake(key string, amount *money.Amount) (Taking, error) {
	if p.standing() != StatusAuthorized {
		return Taking{}, illegal(p.Status, StatusCaptured)
	}
	p.Takings = slices.Clone(p.Takings)
	i := slices.IndexFunc(p.Takings, func(t Taking) bool { return t.Key == key })
	if i < 0 {
		left, asked := p.Authorized.Minor-p.Captured.Minor, int64(0)
		for _, t := range p.Takings {
			if !t.Done {
				asked += t.Amount.Minor
			}
		}
		if amount == nil {
			amount = new(money.New(left-asked, p.Amount.Currency))
		}
		switch {
		case amount.Minor > left, amount.Minor <= 0 && asked == 0:
			return Taking{}, tooMuch(*p)
		case amount.Minor > left-asked, amount.Minor <= 0:
			return Taking{}, ErrUnanswered.Saying("another capture of this payment is not answered yet")
		}
		i = len(p.Takings)
		p.Takings = append(p.Takings, Taking{Key: key, Amount: *amount})
	}
	p.Takings[i].Done = false
	p.Status = StatusUnknown
	return p.Takings[i], nil
}

// took notes that the provider has answered for a key.
func (p *Payment) took(key string) {
	p.Takings = slices.Clone(p.Takings)
	for i, t := range p.Takings {
		p.Takings[i].Done = t.Done || t.Key == key
	}
}

// undone returns a capture that the provider has not answered for.
func (p Payment) undone() (Taking, bool) {
	i := slices.IndexFunc(p.Takings, func(t Taking) bool { return !t.Done })
	if i < 0 || p.standing() != StatusAuthorized {
		return Taking{}, false
	}
	return p.Takings[i], true
}

// tooMuch is ErrTooMuch with what there is.
func tooMuch(p Payment) *fault.Error {
	return ErrTooMuch.With(map[string]money.Amount{"authorized": p.Authorized, "captured": p.Captured})
}
