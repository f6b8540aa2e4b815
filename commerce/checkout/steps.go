package checkout

import (
	"context"
	"errors"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
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
	_, err := e.Prices.Redeem(inside(ctx), pricing.RedeemInput{Key: id, Basket: s.Basket, Total: s.Total, Generation: s.Generation, Promotions: s.Promotions})
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
	all := s.Tenders
	if !s.covered() {
		all = append(slices.Clone(all), s.Payment)
	}
	s.Order.Payments = nil
	for _, in := range all {
		p, err := e.Payments.Open(inside(ctx), in)
		if err != nil {
			return err
		}
		s.Order.Payments = append(s.Order.Payments, noted(p))
	}
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

// settle captures what gift cards pay: from here the order only goes forward.
func (e *Engine) settle(ctx context.Context, _ string, s *State) error {
	in := payment.SettleGiftCardsInput{}
	for _, t := range s.Tenders {
		in.IDs = append(in.IDs, t.ID)
	}
	all, err := e.Payments.SettleGiftCards(inside(ctx), in)
	s.Settled = nil
	for _, p := range all.Items {
		s.Settled = append(s.Settled, noted(p))
	}
	return err
}

// confirm also confirms an order that was being canceled when its payment turned
// out to have succeeded. One that was confirmed while it was placed is told of its
// gift cards alone.
func (e *Engine) confirm(ctx context.Context, _ string, s *State) error {
	for _, p := range s.Settled {
		if err := e.tell(ctx, s, p, false); err != nil {
			return err
		}
	}
	if s.Paid == nil {
		return nil
	}
	return e.tell(ctx, s, *s.Paid, true)
}

// tell tells the order of a run how a payment stands.
func (e *Engine) tell(ctx context.Context, s *State, p order.Payment, confirm bool) error {
	told, err := e.Orders.NotePayment(inside(ctx), order.NotePaymentInput{ID: s.Order.ID, Payment: p, Version: p.Version, Confirm: confirm})
	if err != nil {
		return err
	}
	s.Order = told
	return nil
}

func (e *Engine) allocate(ctx context.Context, _ string, s *State) error {
	_, err := e.Stock.Allocate(inside(ctx), inventory.OrderInput{OrderID: s.Order.ID})
	if !errors.Is(err, inventory.ErrReleased) {
		return err
	}
	// The order may have been canceled since it was confirmed.
	o, getErr := e.Orders.Order(inside(ctx), order.IDInput{ID: s.Order.ID})
	if getErr != nil {
		return getErr
	}
	if o.Status == order.StatusCanceled {
		return nil
	}
	return err
}

// keep says whether a run that nobody continues is not undone: as long as its
// order can still be paid, and when it is confirmed already, which only its end
// has been missed of.
func (e *Engine) keep(ctx context.Context, _ string, s *State) (bool, error) {
	o, err := e.Orders.Order(inside(ctx), order.IDInput{ID: s.Order.ID})
	switch {
	case errors.Is(err, order.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	switch o.Status {
	case order.StatusConfirmed, order.StatusCompleted:
		return true, nil
	case order.StatusPending:
		return o.ExpiresAt != nil && e.opts.Now().Before(*o.ExpiresAt), nil
	default:
		return false, nil
	}
}
