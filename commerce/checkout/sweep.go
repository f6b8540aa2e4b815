package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// batch is how many orders or payments one round of a job looks at.
const batch = 200

// Sweep ends what dead processes have left: runs that nobody continues. One
// whose order can still be paid is taken up again; the others are undone, or
// brought to their end after the pivot. It is periodic work; any number of
// processes may do it at once.
func (e *Engine) Sweep(ctx context.Context) error {
	now := e.opts.Now()
	return errors.Join(e.takeUp(ctx, now), e.flow.Sweep(ctx, now), e.cancel.Sweep(ctx, now))
}

func (e *Engine) takeUp(ctx context.Context, now time.Time) error {
	var errs []error
	for run, err := range e.Journal.Stale(ctx, "checkout", now.Add(-e.opts.Idle), now.Add(-24*time.Hour)) {
		if err != nil {
			return err
		}
		if run.Phase != flow.Running && run.Phase != flow.Waiting {
			continue
		}
		var s State
		if err := unmarshal(run.State, &s); err != nil {
			return err
		}
		if payable, err := e.keep(ctx, run.ID, &s); err != nil || !payable {
			errs = append(errs, err)
			continue
		}
		if err := e.goOn(ctx, run.ID); !errors.Is(err, flow.ErrTaken) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Expire cancels orders whose hold has ended: each payment is made impossible
// first, and an order whose payment has succeeded all the same is confirmed.
// It is periodic work; any number of processes may do it at once.
func (e *Engine) Expire(ctx context.Context) error {
	due, err := e.Orders.Expired(inside(ctx), order.ExpiredInput{Before: e.opts.Now(), Limit: batch})
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range due.IDs {
		_, err := e.Cancel(inside(ctx), CancelInput{ID: id, Reason: order.ReasonExpired})
		if err != nil && !errors.Is(err, ErrPaid) && !errors.Is(err, ErrInProgress) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Reconcile asks providers again about payments that they have not answered
// for, and goes on with the runs that wait for them. It is periodic work.
func (e *Engine) Reconcile(ctx context.Context) error {
	open, err := e.Payments.Unsettled(inside(ctx), payment.UnsettledInput{Before: e.opts.Now().Add(-Wait), Limit: batch})
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range open.Items {
		err := e.resume(ctx, p.OrderID)
		if err != nil {
			if over, voidErr := e.late(ctx, p); over || voidErr != nil {
				err = voidErr
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Events are the names of the events that React wants.
func (e *Engine) Events() []string {
	return []string{payment.EventAuthorized.Name, payment.EventCaptured.Name}
}

// React implements event.Handler: it goes on with the run of an order whose
// payment has come. It may be told the same more than once.
func (e *Engine) React(ctx context.Context, ev event.Envelope) error {
	var p payment.MovedV1
	if err := json.Unmarshal(ev.Data, &p); err != nil {
		return fmt.Errorf("event %s %s: %w", ev.Name, ev.ID, err)
	}
	err := e.insist(ctx, runID(p.Order))
	if errors.Is(err, flow.ErrUnknown) || errors.Is(err, errCanceled) {
		return nil // not an order of this checkout, or none any more
	}
	return err // flow.ErrTaken too: who has the run may die with it
}
