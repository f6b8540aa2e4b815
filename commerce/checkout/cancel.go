package checkout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Cancel cancels an order. One that waits for its payment is undone by the run
// that placed it; a confirmed one by the cancel flow. A canceled order is left
// alone.
func (e *Engine) Cancel(ctx context.Context, in CancelInput) (order.Order, error) {
	if err := OpCancel.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	const tries = 3 // it may be paid or shipped between being read and being canceled
	var o order.Order
	var err error
	for range tries {
		o, err = e.cancelOnce(ctx, in)
		if in.Version != 0 || !errors.Is(err, order.ErrStale) {
			break
		}
	}
	if errors.Is(err, flow.ErrTaken) {
		return order.Order{}, ErrInProgress.Saying("this order is being changed, ask again in a moment").After(time.Second)
	}
	return o, err
}

func (e *Engine) cancelOnce(ctx context.Context, in CancelInput) (order.Order, error) {
	o, err := e.own(ctx, in.ID)
	switch {
	case err != nil || o.Status == order.StatusCanceled:
		return o, err
	case o.Status == order.StatusCanceling && !placing(o):
		return e.goOnCanceling(ctx, o, in)
	case owesBack(o) && !gives(ctx, in):
		// What has its money and is still pending was cut off on its way.
		if o.Status == order.StatusPending {
			err = e.resume(ctx, o.ID)
		}
		return order.Order{}, cmp.Or(err, error(ErrPaid))
	}
	// Which way an order is canceled depends on its status, so it must still be
	// the one that was read.
	begin := order.CancelInput{ID: o.ID, Version: cmp.Or(in.Version, o.Version), Reason: cmp.Or(in.Reason, byWhom(ident.From(ctx)))}
	if placing(o) {
		if err = e.undoPlacing(ctx, begin); err == nil {
			err = e.giveBack(ctx, o.ID)
		}
	} else {
		err = e.undoConfirmed(ctx, o, begin, gives(ctx, in))
	}
	if err != nil && !errors.Is(err, flow.ErrStuck) {
		return order.Order{}, err
	}
	return e.Orders.Order(inside(ctx), order.IDInput{ID: o.ID})
}

// gives reports whether money that was paid may be given back: a shopper who
// cancels wants that, staff have to say so.
func gives(ctx context.Context, in CancelInput) bool {
	return in.Refund || byWhom(ident.From(ctx)) == order.ReasonCustomer
}

// placing reports whether the run that places o has not ended, so that it is
// canceled by undoing this run.
func placing(o order.Order) bool {
	return o.Status == order.StatusPending || o.Status == order.StatusCanceling && o.ExpiresAt != nil
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

// goOnCanceling goes on with the run that cancels a confirmed order. When that
// was undone, and its beginning came late, the order is kept after all: whoever
// wants it canceled begins anew.
func (e *Engine) goOnCanceling(ctx context.Context, o order.Order, in CancelInput) (order.Order, error) {
	from, err := e.canceledFrom(ctx, o.ID)
	if err != nil {
		return order.Order{}, err
	}
	id := cancelID(o.ID, from)
	err = e.cancel.Resume(ctx, id, new(cancelState))
	if err == nil || errors.Is(err, flow.ErrStuck) {
		return e.Orders.Order(inside(ctx), order.IDInput{ID: o.ID})
	}
	run, loadErr := e.Journal.Load(ctx, "cancel", id)
	if loadErr != nil || run.Phase != flow.Undone {
		return order.Order{}, errors.Join(err, loadErr)
	}
	kept, err := e.Orders.KeepAfterAll(inside(ctx), order.KeepAfterAllInput{ID: o.ID, From: from})
	if err == nil && in.Reason != order.ReasonExpired {
		err = order.ErrStale.With(map[string]int64{"version": kept.Version})
	}
	return kept, err
}

// cancelID is the id of the run that cancels a confirmed order from a version.
func cancelID(orderID string, version int64) string {
	return orderID + "." + strconv.FormatInt(version, 10)
}

// undoConfirmed cancels a confirmed order. The id of
// the run has the version that is canceled, and a refusal is found out before
// the run begins: what was refused once may be asked for again.
func (e *Engine) undoConfirmed(ctx context.Context, o order.Order, begin order.CancelInput, refund bool) error {
	if err := cancelable(o, begin.Version); err != nil {
		return err
	}
	return e.cancel.Run(ctx, cancelID(o.ID, begin.Version), &cancelState{OrderID: o.ID, Begin: begin, Refund: refund})
}

// canceledFrom returns the version of an order from which it was last begun to be
// canceled, 0 for none.
func (e *Engine) canceledFrom(ctx context.Context, orderID string) (version int64, err error) {
	history, err := e.Orders.Timeline(inside(ctx), order.IDInput{ID: orderID})
	for _, h := range history.Items {
		if h.Kind == "status" && h.To == string(order.StatusCanceling) {
			version = h.Version - 1
		}
	}
	return version, err
}

// cancelable returns why an order that is not canceling cannot be canceled now,
// as order.Service.BeginCancel does, which has the last word.
func cancelable(o order.Order, version int64) error {
	switch {
	case version != o.Version:
		return order.ErrStale.With(map[string]int64{"version": o.Version})
	case !order.Transitions.Allows(o.Status, order.StatusCanceling):
		return order.ErrIllegal.With(map[string]order.Status{"from": o.Status, "to": order.StatusCanceling})
	case slices.ContainsFunc(o.Fulfillments, func(f order.Fulfillment) bool { return f.Status != order.FulCanceled }):
		return order.ErrInFulfillment
	default:
		return nil
	}
}

// cancelState is what the canceling of a confirmed order has to remember.
type cancelState struct {
	OrderID string            `json:"order_id"`
	Begin   order.CancelInput `json:"begin"`
	Refund  bool              `json:"refund,omitempty"` // money that was paid goes back
}

// Input makes every canceling of one order the same run.
func (s *cancelState) Input() any { return s.OrderID }

// newCancel returns the flow that cancels a confirmed order: first the payments
// are made impossible, or what they have taken is on its way back, then
// promotions and stock are free again.
func (e *Engine) newCancel() *flow.Flow[cancelState] {
	type step = flow.Step[cancelState]
	opts := &flow.Options[cancelState]{Now: e.opts.Now, Log: e.opts.Log, Idle: e.opts.Idle}
	return flow.New("cancel", e.Journal, opts,
		step{Name: "begin", Scope: txn.Of(e.Orders), Do: e.beginCancel, Undo: e.keepOrder},
		step{Name: "void", Do: e.voidAll, Pivot: true},
		step{Name: "refund", Do: e.refundAll},
		step{Name: "finish", Scope: txn.Of(e.Orders), Do: e.finishCancel},
		step{Name: "restore", Scope: txn.Of(e.Prices), Do: e.restorePromotions},
		step{Name: "release", Scope: txn.Of(e.Stock), Do: e.releaseStock},
	)
}

func (e *Engine) beginCancel(ctx context.Context, _ string, s *cancelState) error {
	_, err := e.Orders.BeginCancel(inside(ctx), s.Begin)
	return err
}

func (e *Engine) keepOrder(ctx context.Context, _ string, s *cancelState) error {
	// This may come late, when another run cancels the order or has done so.
	_, err := e.Orders.KeepAfterAll(inside(ctx), order.KeepAfterAllInput{ID: s.OrderID, From: s.Begin.Version})
	return err
}

func (e *Engine) voidAll(ctx context.Context, _ string, s *cancelState) error {
	all, err := e.Payments.Payments(inside(ctx), payment.OrdersInput{OrderIDs: []string{s.OrderID}})
	if err != nil {
		return err
	}
	// Gift cards come last: their money is back at once, and the rest may turn out
	// to have been paid.
	slices.SortStableFunc(all.Items, func(a, b payment.Payment) int { return cmp.Compare(a.GiftCardID, b.GiftCardID) })
	for _, p := range all.Items {
		if p.Over() || p.Amount.IsZero() {
			continue
		}
		if p, err = e.Payments.Void(inside(ctx), payment.IDInput{ID: p.ID}); err != nil {
			return err
		}
		if err := e.note(ctx, s.OrderID, p); err != nil {
			return err
		}
		if p.Captured.Minor > p.Refunded.Minor+p.Refunding.Minor && !s.Refund {
			return ErrPaid
		}
	}
	return nil
}

func (e *Engine) refundAll(ctx context.Context, _ string, s *cancelState) error {
	return e.giveBack(ctx, s.OrderID)
}

func (e *Engine) restorePromotions(ctx context.Context, _ string, s *cancelState) error {
	_, err := e.Prices.Restore(inside(ctx), pricing.RestoreInput{Key: runID(s.OrderID)})
	return err
}

func (e *Engine) finishCancel(ctx context.Context, _ string, s *cancelState) error {
	_, err := e.Orders.FinishCancel(inside(ctx), order.IDInput{ID: s.OrderID})
	return err
}

func (e *Engine) releaseStock(ctx context.Context, _ string, s *cancelState) error {
	_, err := e.Stock.Release(inside(ctx), inventory.OrderInput{OrderID: s.OrderID})
	return err
}
