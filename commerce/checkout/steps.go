package checkout

import (
	"context"
	"errors"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Each step and its undoing carry the id of the run, or ids derived from it, as
// their key: package once makes repeats and late requests harmless.

func (e *Engine) close(ctx context.Context, id string, s *State) error {
	_, err := e.Carts.Close(inside(ctx), cart.CloseInput{ID: s.CartID, Key: id, Version: s.CartVersion, OrderID: s.Order.ID})
	return err
}

func (e *Engine) reopen(ctx context.Context, id string, s *State) error {
	_, err := e.Carts.Reopen(inside(ctx), cart.CloseInput{ID: s.CartID, Key: id})
	if errors.Is(err, cart.ErrNotFound) {
		return nil // and never was
	}
	return err
}

func (e *Engine) redeem(ctx context.Context, id string, s *State) error {
	_, err := e.Prices.Redeem(inside(ctx), pricing.RedeemInput{Key: id, Basket: s.Basket, Total: s.Total, Generation: s.Generation})
	return err
}

func (e *Engine) restore(ctx context.Context, id string, _ *State) error {
	_, err := e.Prices.Restore(inside(ctx), pricing.RestoreInput{Key: id})
	return err
}

func (e *Engine) reserve(ctx context.Context, _ string, s *State) error {
	in := inventory.ReserveInput{OrderID: s.Order.ID, Items: demand(s.Order.Items), Allocated: s.Confirms}
	if s.Order.ExpiresAt != nil {
		in.ExpiresAt = *s.Order.ExpiresAt
	}
	_, err := e.Stock.Reserve(inside(ctx), in)
	return err
}

func (e *Engine) release(ctx context.Context, _ string, s *State) error {
	_, err := e.Stock.Release(inside(ctx), inventory.OrderInput{OrderID: s.Order.ID})
	return err
}

func (e *Engine) open(ctx context.Context, _ string, s *State) error {
	p, err := e.Payments.Open(inside(ctx), s.Payment)
	if err != nil {
		return err
	}
	s.Order.Payments = []order.Payment{noted(p)}
	return nil
}

func (e *Engine) place(ctx context.Context, id string, s *State) error {
	placed, err := e.Orders.Place(inside(ctx), order.PlaceInput{CheckoutID: id, Order: s.Order, Confirmed: s.Confirms, Epoch: s.Epoch})
	if err != nil {
		return err
	}
	s.Order = placed
	return nil
}

func (e *Engine) withdraw(ctx context.Context, id string, s *State) error {
	_, err := e.Orders.Withdraw(inside(ctx), order.WithdrawInput{ID: s.Order.ID, CheckoutID: id, Reason: order.ReasonPaymentFailed})
	return err
}

// confirm also confirms an order that was being canceled when its payment turned
// out to have succeeded.
func (e *Engine) confirm(ctx context.Context, _ string, s *State) error {
	confirmed, err := e.Orders.NotePayment(inside(ctx), order.NotePaymentInput{ID: s.Order.ID, Payment: *s.Paid, Version: s.Paid.Version, Confirm: true})
	if err != nil {
		return err
	}
	s.Order = confirmed
	return nil
}

func (e *Engine) allocate(ctx context.Context, _ string, s *State) error {
	_, err := e.Stock.Allocate(inside(ctx), inventory.OrderInput{OrderID: s.Order.ID})
	return err
}

// keep says whether a run that waits is left alone: as long as its order can
// still be paid.
func (e *Engine) keep(ctx context.Context, _ string, s *State) (bool, error) {
	o, err := e.Orders.Order(inside(ctx), order.IDInput{ID: s.Order.ID})
	switch {
	case errors.Is(err, order.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	return o.Status == order.StatusPending && o.ExpiresAt != nil && e.opts.Now().Before(*o.ExpiresAt), nil
}
