package payment

import (
	"cmp"
	"context"
	"fmt"
	"reflect"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// change loads a payment, changes it and saves it, as one unit of work, with
// the lines and events that follow from the difference. note says what the
// lines are about; fn may fill it in.
//
// It does not remember its result for an idempotency key: a command that asks a
// provider has several of these units, and only the last one is its answer.
func (e *Engine) change(ctx context.Context, id string, note *Ledger, fn func(ctx context.Context, p *Payment) error) (p Payment, err error) {
	err = e.Scope().Do(ctx, func(ctx context.Context) error {
		p, err = e.store.Payment(ctx, id)
		if err != nil {
			return err
		}
		before := p
		if err := fn(ctx, &p); err != nil {
			return err
		}
		return e.save(ctx, before, &p, note)
	})
	if err != nil {
		return Payment{}, err
	}
	return p, nil
}

// save writes what became of a payment. The answer keeps the secrets that are
// not stored.
func (e *Engine) save(ctx context.Context, before Payment, p *Payment, note *Ledger) error {
	stored := p.Secretless().(Payment)
	if reflect.DeepEqual(before, stored) {
		return nil
	}
	stored.UpdatedAt = e.now()
	if err := e.store.Save(ctx, &stored); err != nil {
		return err
	}
	p.UpdatedAt, p.Version = stored.UpdatedAt, stored.Version
	if err := e.move(ctx, before, *p, note); err != nil {
		return err
	}
	return e.store.Record(ctx, e.news(before, *p)...)
}

// move writes the line of the ledger that follows from the difference.
func (e *Engine) move(ctx context.Context, before, p Payment, note *Ledger) error {
	l := Ledger{PaymentID: p.ID, OrderID: p.OrderID, Actor: ident.From(ctx).Origin().String(), At: p.UpdatedAt}
	if note != nil {
		l.Object, l.Reference = note.Object, note.Reference
		if !note.At.IsZero() {
			l.At = note.At
		}
	}
	switch {
	case p.Captured.Minor > before.Captured.Minor:
		l.Kind, l.Amount = "captured", money.New(p.Captured.Minor-before.Captured.Minor, p.Amount.Currency)
	case p.Authorized.Minor > before.Authorized.Minor:
		l.Kind, l.Amount = "authorized", p.Authorized
	case p.Status == StatusCanceled && before.Status != StatusCanceled && p.Authorized.Minor > p.Captured.Minor:
		l.Kind, l.Amount = "canceled", money.New(p.Authorized.Minor-p.Captured.Minor, p.Amount.Currency)
	default:
		return nil
	}
	l.ID, l.Object = e.opts.ID("led"), cmp.Or(l.Object, p.ProviderID, p.ID)
	added, err := e.store.Append(ctx, l)
	if err == nil && !added {
		err = mismatch("the movement %s %s is of another payment", l.Kind, l.Object)
	}
	if err != nil {
		return fmt.Errorf("payment %s: %w", p.ID, err)
	}
	return nil
}

// news returns the events that announce the difference.
func (e *Engine) news(before, p Payment) (evs []event.Envelope) {
	moved := func(t event.Type[MovedV1], amount money.Amount) {
		evs = append(evs, t.New(e.opts.ID("evt"), p.ID, p.UpdatedAt, MovedV1{Payment: p.ID, Order: p.OrderID, Method: p.Method, Amount: amount}))
	}
	switch {
	case p.Captured.Minor > before.Captured.Minor,
		p.Status == StatusCaptured && before.Status == StatusAuthorized: // the rest is let go
		moved(EventCaptured, p.Captured)
	case p.Authorized.Minor > before.Authorized.Minor,
		p.Status == StatusAuthorized && before.Status == StatusUnknown: // whoever was told of the doubt hears that it is over
		moved(EventAuthorized, p.Authorized)
	}
	if p.Status == StatusCanceled && before.Status != StatusCanceled {
		moved(EventCanceled, p.owed())
	}
	failed := p.Failure != nil && (before.Failure == nil || *p.Failure != *before.Failure) || p.Status == StatusFailed && before.Status != StatusFailed
	if failed {
		payload := FailedV1{Payment: p.ID, Order: p.OrderID, Method: p.Method, Code: "failed"}
		if p.Failure != nil {
			payload.Code = p.Failure.Code
		}
		evs = append(evs, EventFailed.New(e.opts.ID("evt"), p.ID, p.UpdatedAt, payload))
	}
	return evs
}
