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
// ErrBelowMinimum, and once.ErrUndone when Void came first.
//
// A payment of nothing is captured at once, one by a method that is Manual or
// Confirms is open, any other is creating until Authorize.
func (e *Engine) Open(ctx context.Context, in OpenInput) (Payment, error) {
	if err := OpOpen.Admit(ctx, in); err != nil {
		return Payment{}, err
	}
	w, err := e.admits(in)
	if err != nil {
		return Payment{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (p Payment, err error) {
		err = once.Do(ctx, e.store, OpOpen.Name, in.ID, func() error {
			p = open(in, w, e.now())
			return e.store.Save(ctx, &p)
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
	return w, nil
}

// open returns the payment that in asks for.
func open(in OpenInput, w way, now time.Time) Payment {
	none := money.Zero(in.Amount.Currency)
	p := Payment{ID: in.ID, OrderID: in.OrderID, Method: w.ID, Provider: w.provider.Name(), Status: StatusCreating, Amount: in.Amount,
		Authorized: none, Captured: none, Refunded: none, ReturnURL: in.ReturnURL, CreatedAt: now, UpdatedAt: now}
	switch {
	case !in.ExpiresAt.IsZero():
		p.ExpiresAt = in.ExpiresAt.UTC().Truncate(time.Microsecond)
	case w.Hold > 0:
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
