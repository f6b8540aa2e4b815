package payment

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Open writes down what is owed, once for each in.ID: a repeat returns the
// payment as it is. Nobody is asked. It returns ErrMethodUnknown,
// ErrBelowMinimum, ErrGiftCardUnusable, and once.ErrUndone when Void came first.
//
// A payment of nothing is captured at once, one by a method that is Manual or
// Confirms is open, any other is creating until Authorize. One by gift card takes
// its amount from the card and is authorized. Who opens several of these in one
// unit of work does it in the order of the ids of the cards.
func (e *Engine) Open(ctx context.Context, in OpenInput) (Payment, error) {
	if err := OpOpen.Admit(ctx, in); err != nil {
		return Payment{}, err
	}
	write := e.hold
	if in.GiftCardID == "" {
		w, err := e.admits(in)
		if err != nil {
			return Payment{}, err
		}
		write = func(ctx context.Context, in OpenInput) (Payment, error) {
			p := open(in, w, e.now())
			return p, e.store.Save(ctx, &p)
		}
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (p Payment, err error) {
		err = once.Do(ctx, e.store, OpOpen.Name, in.ID, func() error {
			p, err = write(ctx, in)
			return err
		})
		if err != nil || p.ID != "" {
			return p, err
		}
		return e.store.Payment(ctx, in.ID)
	})
}

// admits returns the method of in, if it can be paid by that.
func (e *Engine) admits(in OpenInput) (way, error) {
	w, ok := e.way(in.Method)
	if !ok {
		ids := make([]string, len(e.methods))
		for i, m := range e.methods {
			ids[i] = m.ID
		}
		return way{}, ErrMethodUnknown.With(map[string][]string{"methods": ids}).At("/method")
	}
	if least := w.Minimum[in.Amount.Currency]; in.Amount.Minor > 0 && in.Amount.Minor < least {
		return way{}, ErrBelowMinimum.With(map[string]money.Amount{"minimum": money.New(least, in.Amount.Currency)})
	}
	if w.Admits != nil && in.Amount.Minor > 0 {
		return w, w.Admits(in.Amount)
	}
	return w, nil
}

// open returns the payment that in asks for.
func open(in OpenInput, w way, now time.Time) Payment {
	p := blank(in, w.ID, w.provider.Name(), now)
	if p.ExpiresAt.IsZero() && w.Hold > 0 {
		p.ExpiresAt = now.Add(w.Hold)
	}
	switch {
	case in.Amount.IsZero():
		p.Status = StatusCaptured
	case w.offline():
		p.Status = StatusOpen
		if !w.Confirms {
			p.NextAction = w.instructions(p)
		}
	}
	return p
}

// blank returns a payment of which nothing has come about yet.
func blank(in OpenInput, method, provider string, now time.Time) Payment {
	none := money.Zero(in.Amount.Currency)
	p := Payment{ID: in.ID, OrderID: in.OrderID, Method: method, Provider: provider, Status: StatusCreating, Amount: in.Amount,
		Authorized: none, Captured: none, Refunded: none, Refunding: none, Disputed: none, ReturnURL: in.ReturnURL, CreatedAt: now, UpdatedAt: now}
	if !in.ExpiresAt.IsZero() {
		p.ExpiresAt = in.ExpiresAt.UTC().Truncate(time.Microsecond)
	}
	return p
}

// instructions are what a shopper needs to send the money of p.
func (w way) instructions(p Payment) json.RawMessage {
	action := map[string]any{}
	for name, detail := range w.Details {
		action[name] = detail
	}
	maps.Copy(action, map[string]any{"type": w.ID, "reference": p.OrderID})
	if !p.ExpiresAt.IsZero() {
		action["pay_before"] = p.ExpiresAt
	}
	data, _ := json.Marshal(action) // strings and a time
	return data
}
