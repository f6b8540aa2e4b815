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
	return errors.Join(e.takeUp(ctx, now), e.flow.Sweep(ctx, now), e.cancel.Sweep(ctx, now), e.refund.Sweep(ctx, now))
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
		if err := e.flow.Resume(ctx, run.ID, new(State)); !errors.Is(err, flow.ErrTaken) && !errors.Is(err, flow.ErrWait) {
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
		waits, err := e.waits(ctx, id)
		if waits || err != nil {
			errs = append(errs, err)
			continue
		}
		_, err = e.Cancel(inside(ctx), CancelInput{ID: id, Reason: order.ReasonExpired})
		if err != nil && !errors.Is(err, ErrPaid) && !errors.Is(err, ErrInProgress) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// A bank that has not decided is asked again after a while, and not waited for
// any longer when so much time has passed since the order was placed.
const (
	decidesAgain  = time.Hour
	decidesWithin = 7 * 24 * time.Hour
)

// waits reports whether an order whose hold has ended waits for a bank that is
// still deciding, such as on a debit that takes days. It gives the order more
// time.
func (e *Engine) waits(ctx context.Context, id string) (bool, error) {
	o, err := e.Orders.Order(inside(ctx), order.IDInput{ID: id})
	if err != nil || o.Status != order.StatusPending || o.Payment == nil || o.Payment.Status != string(payment.StatusProcessing) {
		return false, err
	}
	now := e.opts.Now()
	if now.After(o.PlacedAt.Add(decidesWithin)) {
		return false, nil
	}
	if err := e.resume(ctx, id); err != nil {
		return false, err
	}
	o, err = e.Orders.Order(inside(ctx), order.IDInput{ID: id})
	if err != nil || o.Status != order.StatusPending || o.Payment.Status != string(payment.StatusProcessing) {
		return o.Status != order.StatusPending, err
	}
	_, err = e.Orders.ExtendHold(inside(ctx), order.ExtendHoldInput{ID: id, Until: now.Add(decidesAgain)})
	return true, err
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
		errs = append(errs, e.look(ctx, p))
	}
	return errors.Join(errs...)
}

// look asks how a payment stands: through the run that waits for it, or for
// itself when the run has ended.
func (e *Engine) look(ctx context.Context, p payment.Payment) error {
	o, err := e.Orders.Order(inside(ctx), order.IDInput{ID: p.OrderID})
	if err != nil && !errors.Is(err, order.ErrNotFound) {
		return err
	}
	if err == nil && o.Status == order.StatusCanceled {
		_, err := e.late(ctx, p) // to ask for it might be to take the money
		return err
	}
	if err == nil && !placing(o) {
		if p, err = e.Payments.Authorize(inside(ctx), payment.IDInput{ID: p.ID}); err != nil && !errors.Is(err, payment.ErrCanceled) {
			return err
		}
		return e.note(ctx, o.ID, p)
	}
	if err = e.resume(ctx, p.OrderID); err != nil {
		if over, voidErr := e.late(ctx, p); over || voidErr != nil {
			return voidErr
		}
	}
	return err
}

// Events are the names of the events that React wants.
func (e *Engine) Events() []string {
	return []string{payment.EventAuthorized.Name, payment.EventCaptured.Name, payment.EventCanceled.Name, payment.EventRefunded.Name, payment.EventRefundFailed.Name,
		payment.EventDisputed.Name, order.EventCanceled.Name}
}

// React implements event.Handler: it goes on with the run of an order whose
// payment has come, tells an order what was let go, has gone back or is disputed,
// and gives back what a canceled order has been paid. It may be told the same more than
// once.
func (e *Engine) React(ctx context.Context, ev event.Envelope) error {
	var about struct {
		Order  string `json:"order"`
		Method string `json:"method"`
	}
	if err := json.Unmarshal(ev.Data, &about); err != nil {
		return fmt.Errorf("event %s %s: %w", ev.Name, ev.ID, err)
	}
	switch {
	case ev.Name == payment.EventAuthorized.Name && about.Method == payment.MethodGiftCard:
		return nil // no order waits for that
	case ev.Name == order.EventCanceled.Name:
		return e.giveBack(ctx, about.Order)
	case ev.Name == payment.EventAuthorized.Name || ev.Name == payment.EventCaptured.Name:
		return e.paid(ctx, about.Order)
	default:
		_, err := e.catchUp(ctx, about.Order)
		return known(err)
	}
}

// paid goes on with the run of an order whose payment has come. One that is
// canceled gives the money back.
func (e *Engine) paid(ctx context.Context, orderID string) error {
	err := e.insist(ctx, runID(orderID))
	if u, ok := errors.AsType[*unpaid](err); errors.Is(err, flow.ErrWait) && (!ok || u.err == nil) {
		err = nil // it waits for the rest, or for another payment
	}
	switch {
	case errors.Is(err, flow.ErrUnknown):
		return nil // not an order of this checkout
	case errors.Is(err, errCanceled):
		return known(e.giveBack(ctx, orderID))
	case err != nil:
		// flow.ErrTaken too: who has the run may die with it. But a run that was
		// undone answers why for ever, and that may sound as if it could get better.
		o, getErr := e.Orders.Order(inside(ctx), order.IDInput{ID: orderID})
		if getErr == nil && o.Status == order.StatusCanceled {
			return e.giveBack(ctx, orderID)
		}
		return err
	}
	_, err = e.catchUp(ctx, orderID)
	return known(err)
}

// known is nil for an order that is not there: it is not of this checkout.
func known(err error) error {
	if errors.Is(err, order.ErrNotFound) {
		return nil
	}
	return err
}
