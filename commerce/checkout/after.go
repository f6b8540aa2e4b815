package checkout

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// runID returns the id of the run that placed an order: the inverse of orderID.
func runID(order string) string {
	ulid, attempt, ok := strings.Cut(strings.TrimPrefix(order, "ord_"), "-")
	if !ok {
		attempt = "1"
	}
	return "cart_" + ulid + "." + attempt
}

// resume goes on with the run of an order. That it still waits, or runs
// elsewhere, is no error.
func (e *Engine) resume(ctx context.Context, orderID string) error {
	err := e.goOn(ctx, runID(orderID))
	// Whoever has the run just now ends soon; the answer is to show what came of it.
	for wait := 10 * time.Millisecond; errors.Is(err, flow.ErrTaken) && wait < time.Second; wait *= 2 {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		err = e.goOn(ctx, runID(orderID))
	}
	if errors.Is(err, flow.ErrTaken) || errors.Is(err, flow.ErrStuck) {
		return nil
	}
	return err
}

// goOn goes on with a run. That it still waits is no error.
func (e *Engine) goOn(ctx context.Context, run string) error {
	err := e.flow.Resume(ctx, run, new(State))
	if errors.Is(err, flow.ErrWait) {
		return nil
	}
	return err
}

// Pay tries another payment for a pending order.
func (e *Engine) Pay(ctx context.Context, in PayInput) (Placed, error) {
	if err := OpPay.Admit(ctx, in); err != nil {
		return Placed{}, err
	}
	o, err := e.Orders.Order(ctx, order.IDInput{ID: in.ID})
	if err != nil {
		return Placed{}, err
	}
	method, err := e.method(ctx, in.Method)
	if err != nil {
		return Placed{}, err
	}
	settled, next, err := e.clear(ctx, o)
	if err != nil {
		return Placed{}, err
	}
	if !settled {
		open := payment.OpenInput{ID: next, OrderID: o.ID, Method: method.ID, Amount: o.Totals.AmountDue, ReturnURL: in.ReturnURL, ExpiresAt: *o.ExpiresAt}
		p, err := e.Payments.Open(inside(ctx), open)
		if err != nil {
			return Placed{}, err
		}
		if err := e.note(ctx, o.ID, p); err != nil {
			return Placed{}, err
		}
	}
	err = e.resume(ctx, o.ID)
	if errors.Is(err, errCanceled) { // meanwhile
		return Placed{}, ErrNotPayable.With(map[string]string{"status": string(order.StatusCanceled)})
	}
	if err != nil {
		return Placed{}, err
	}
	return e.reread(ctx, o.ID)
}

// clear makes the payments of a pending order impossible. settled says that one
// of them has succeeded; next is the id of the payment after them.
func (e *Engine) clear(ctx context.Context, o order.Order) (settled bool, next string, err error) {
	if o.Status != order.StatusPending || o.ExpiresAt == nil || !e.opts.Now().Before(*o.ExpiresAt) {
		return false, "", ErrNotPayable.With(map[string]string{"status": string(o.Status)})
	}
	all, err := e.Payments.Payments(inside(ctx), payment.OrdersInput{OrderIDs: []string{o.ID}})
	if err != nil {
		return false, "", err
	}
	for _, p := range all.Items {
		if !p.Over() {
			if p, err = e.Payments.Void(inside(ctx), payment.IDInput{ID: p.ID}); err != nil {
				return false, "", err
			}
			if err := e.note(ctx, o.ID, p); err != nil {
				return false, "", err
			}
		}
		settled = settled || p.Settled()
	}
	return settled, paymentID(o.ID, len(all.Items)+1), nil
}

// Refresh asks the provider again.
func (e *Engine) Refresh(ctx context.Context, in order.IDInput) (order.Order, error) {
	if err := OpRefresh.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	o, err := e.Orders.Order(ctx, in)
	if err != nil {
		return order.Order{}, err
	}
	if o.Status == order.StatusPending {
		if err := e.resume(ctx, o.ID); err != nil {
			return order.Order{}, err
		}
	}
	return e.Orders.Order(ctx, in)
}

// Capture takes or records money and confirms the order when it is enough.
func (e *Engine) Capture(ctx context.Context, in payment.CaptureInput) (order.Order, error) {
	if err := OpCapture.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	in.Key = cmp.Or(in.Key, ident.Key(ctx), ident.NewID("cap"))
	p, err := e.Payments.Capture(inside(ctx), in)
	if err != nil {
		return order.Order{}, err
	}
	if err := e.note(ctx, p.OrderID, p); err != nil {
		return order.Order{}, err
	}
	if p.Settled() {
		if err := e.resume(ctx, p.OrderID); err != nil {
			return order.Order{}, err
		}
	}
	return e.Orders.Order(inside(ctx), order.IDInput{ID: p.OrderID})
}

// Cancel cancels an order. One that waits for its payment is undone by the run
// that placed it; a confirmed one by the cancel flow.
func (e *Engine) Cancel(ctx context.Context, in CancelInput) (order.Order, error) {
	if err := OpCancel.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	o, err := e.Orders.Order(ctx, order.IDInput{ID: in.ID})
	if err != nil {
		return order.Order{}, err
	}
	if o.Balance.Captured != o.Balance.Refunded {
		return order.Order{}, ErrPaid
	}
	begin := order.CancelInput{ID: o.ID, Version: in.Version, Reason: cmp.Or(in.Reason, byWhom(ident.From(ctx)))}
	waits := o.Status == order.StatusPending || o.Status == order.StatusCanceling && o.ExpiresAt != nil
	if waits {
		err = e.undoPlacing(ctx, begin)
	} else {
		err = e.cancel.Run(ctx, o.ID, &cancelState{OrderID: o.ID, Begin: begin})
	}
	if errors.Is(err, flow.ErrTaken) {
		return order.Order{}, ErrInProgress.Saying("this order is being changed, ask again in a moment").After(time.Second)
	}
	if err != nil && !errors.Is(err, flow.ErrStuck) {
		return order.Order{}, err
	}
	return e.Orders.Order(inside(ctx), order.IDInput{ID: o.ID})
}

// byWhom returns the reason that fits who asks.
func byWhom(who ident.Actor) string {
	if who.Origin().Kind == ident.Staff || who.Origin().Kind == ident.System {
		return order.ReasonStaff
	}
	return order.ReasonCustomer
}

// errCanceled is what the run of a canceled order answers from then on.
var errCanceled = fault.New(fault.Refused, "order.canceled", "the order was canceled")

// undoPlacing cancels an order whose run waits for the payment. Nothing is
// released before the payment can no longer succeed; if it has, the order is
// confirmed instead and the caller is told so.
func (e *Engine) undoPlacing(ctx context.Context, begin order.CancelInput) error {
	if _, err := e.Orders.BeginCancel(inside(ctx), begin); err != nil {
		return err
	}
	e.opts.At("canceling")
	err := e.flow.Cancel(ctx, runID(begin.ID), errCanceled)
	if errors.Is(err, flow.ErrTooLate) {
		return ErrPaid.Because(err)
	}
	if err != nil {
		return fmt.Errorf("cancel order %s: %w", begin.ID, err)
	}
	return nil
}

func unmarshal(data json.RawMessage, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("checkout: meta: %w", err)
	}
	return nil
}
