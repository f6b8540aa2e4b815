package payment

import (
	"context"
	"errors"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
)

// lapsesWithin is how long before an authorization lapses it is announced.
const lapsesWithin = 48 * time.Hour

// AnnounceLapsing announces each authorization once that lapses within two days.
// It is periodic work.
func (e *Engine) AnnounceLapsing(ctx context.Context) error {
	const at = 500
	for after := (Payment{}); ; {
		some, err := e.store.Authorized(ctx, after, at)
		if err != nil {
			return err
		}
		var errs []error
		for _, p := range some {
			if e.lapses(p) {
				errs = append(errs, e.announceLapse(ctx, p.ID))
			}
		}
		if err := errors.Join(errs...); err != nil || len(some) < at {
			return err
		}
		after = some[at-1]
	}
}

// lapses reports whether p is an authorization that lapses soon.
func (e *Engine) lapses(p Payment) bool {
	now := e.now()
	return p.Status == StatusAuthorized && p.CaptureBefore.After(now) && p.CaptureBefore.Before(now.Add(lapsesWithin))
}

// announceLapse announces that the authorization of a payment lapses, once.
func (e *Engine) announceLapse(ctx context.Context, id string) error {
	return e.Scope().Do(ctx, func(ctx context.Context) error {
		p, err := e.store.Payment(ctx, id)
		if err != nil || !e.lapses(p) {
			return err
		}
		return once.Do(ctx, e.store, EventCaptureDue.Name, id, func() error {
			left := money.New(p.Authorized.Minor-p.Captured.Minor, p.Amount.Currency)
			return e.store.Record(ctx, EventCaptureDue.New(e.opts.ID("evt"), id, e.now(),
				CaptureDueV1{Payment: id, Order: p.OrderID, Amount: left, Before: p.CaptureBefore}))
		})
	})
}
