package checkout

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// cancelState is what the canceling of a confirmed order has to remember.
type cancelState struct {
	OrderID string            `json:"order_id"`
	Begin   order.CancelInput `json:"begin"`
}

// Input makes every canceling of one order the same run.
func (s *cancelState) Input() any { return s.OrderID }

// newCancel returns the flow that cancels a confirmed order: first the payments
// are made impossible, then the stock is released.
func (e *Engine) newCancel() *flow.Flow[cancelState] {
	type step = flow.Step[cancelState]
	opts := &flow.Options[cancelState]{Now: e.opts.Now, Log: e.opts.Log, Idle: e.opts.Idle}
	return flow.New("cancel", e.Journal, opts,
		step{Name: "begin", Scope: txn.Of(e.Orders), Do: e.beginCancel, Undo: e.keepOrder},
		step{Name: "void", Do: e.voidAll, Pivot: true},
		step{Name: "finish", Scope: txn.Of(e.Orders), Do: e.finishCancel},
		step{Name: "release", Scope: txn.Of(e.Stock), Do: e.releaseStock},
	)
}

func (e *Engine) beginCancel(ctx context.Context, _ string, s *cancelState) error {
	_, err := e.Orders.BeginCancel(inside(ctx), s.Begin)
	return err
}

func (e *Engine) keepOrder(ctx context.Context, _ string, s *cancelState) error {
	_, err := e.Orders.KeepAfterAll(inside(ctx), order.IDInput{ID: s.OrderID})
	return err
}

func (e *Engine) voidAll(ctx context.Context, _ string, s *cancelState) error {
	all, err := e.Payments.Payments(inside(ctx), payment.OrdersInput{OrderIDs: []string{s.OrderID}})
	if err != nil {
		return err
	}
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
		if p.Settled() {
			return ErrPaid
		}
	}
	return nil
}

func (e *Engine) finishCancel(ctx context.Context, _ string, s *cancelState) error {
	_, err := e.Orders.FinishCancel(inside(ctx), order.IDInput{ID: s.OrderID})
	return err
}

func (e *Engine) releaseStock(ctx context.Context, _ string, s *cancelState) error {
	_, err := e.Stock.Release(inside(ctx), inventory.OrderInput{OrderID: s.OrderID})
	return err
}
