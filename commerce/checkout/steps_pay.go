package checkout

import (
	"context"
	"errors"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// authorize asks the provider and goes on only when the money is sure. Anything
// else leaves the order pending: another try, a transfer or the end of its hold
// decides.
func (e *Engine) authorize(ctx context.Context, _ string, s *State) error {
	e.opts.At("before authorize")
	p, err := e.ask(ctx, s)
	e.opts.At("after authorize")
	enough := false
	if err == nil {
		enough, err = e.enough(ctx, p)
	}
	if err == nil && enough {
		s.Paid = new(noted(p)) // confirm tells the order
		return nil
	}
	if err == nil {
		err = e.note(ctx, s.Order.ID, p)
	}
	// When nobody knows what the provider did, undoing now would be a guess.
	return &unpaid{p, err}
}

// unpaid is the flow.ErrWait of a run whose money is not sure.
type unpaid struct {
	payment payment.Payment // as it was just answered for, with its shopper's secret
	err     error           // why it is not known how the payment stands, or not told
}

// Error implements error.
func (u *unpaid) Error() string {
	if u.err != nil {
		return fmt.Sprintf("the payment %s: %v", u.payment.ID, u.err)
	}
	return fmt.Sprintf("the payment %s is %s", u.payment.ID, u.payment.Status)
}

// Unwrap makes it an ErrWait, and what is behind it.
func (u *unpaid) Unwrap() []error {
	if u.err != nil {
		return []error{flow.ErrWait, u.err}
	}
	return []error{flow.ErrWait}
}

// ask asks the provider about the payment that counts: that of the run, or the
// newest when that one is over.
func (e *Engine) ask(ctx context.Context, s *State) (payment.Payment, error) {
	p, err := e.Payments.Authorize(inside(ctx), payment.IDInput{ID: s.Payment.ID})
	if !errors.Is(err, payment.ErrCanceled) && (err != nil || !p.Over()) {
		return p, err
	}
	all, listErr := e.Payments.Payments(inside(ctx), payment.OrdersInput{OrderIDs: []string{s.Order.ID}})
	if listErr != nil {
		return p, listErr
	}
	for _, newer := range all.Items {
		if !newer.Over() && newer.ID != s.Payment.ID && newer.GiftCardID == "" {
			s.Payment.ID = newer.ID
			return e.Payments.Authorize(inside(ctx), payment.IDInput{ID: newer.ID})
		}
		if newer.ID == s.Payment.ID {
			p, err = newer, nil
		}
	}
	return p, err
}

// enough reports whether p lets its order be confirmed.
func (e *Engine) enough(ctx context.Context, p payment.Payment) (bool, error) {
	if p.Settled() || p.Over() {
		return p.Settled(), nil
	}
	m, err := e.method(ctx, p.Method)
	return m.Confirms, err
}

// method returns the payment method with this id.
func (e *Engine) method(ctx context.Context, id string) (payment.MethodInfo, error) {
	all, err := e.Payments.Methods(inside(ctx), op.Nothing{})
	if err != nil {
		return payment.MethodInfo{}, err
	}
	ids := []string{}
	for _, m := range all.Items {
		if m.ID == id {
			return m, nil
		}
		ids = append(ids, m.ID)
	}
	return payment.MethodInfo{}, payment.ErrMethodUnknown.With(map[string][]string{"methods": ids}).At("/payment/method")
}

// void makes every payment of the order impossible, those that never arrived
// too. When one has succeeded, the run goes forward again with it: gift cards are
// let go last, when nothing else can pay for the order any more.
func (e *Engine) void(ctx context.Context, _ string, s *State) error {
	return e.shut(ctx, s, func(p payment.Payment) error {
		s.Payment.ID, s.Paid = p.ID, new(noted(p))
		return flow.ErrTooLate
	})
}

// unopen is void when the order is withdrawn, or never was: money that has come
// all the same goes back, as that of any canceled order.
func (e *Engine) unopen(ctx context.Context, _ string, s *State) error {
	return e.shut(ctx, s, func(p payment.Payment) error { return e.note(ctx, s.Order.ID, p) })
}

// shut makes every payment of the order impossible; late is told of one that has
// succeeded.
func (e *Engine) shut(ctx context.Context, s *State, late func(p payment.Payment) error) error {
	ids := []string{s.Payment.ID}
	all, err := e.Payments.Payments(inside(ctx), payment.OrdersInput{OrderIDs: []string{s.Order.ID}})
	if err != nil {
		return err
	}
	for _, p := range all.Items {
		if p.ID != s.Payment.ID && p.GiftCardID == "" {
			ids = append(ids, p.ID)
		}
	}
	for _, in := range s.Tenders {
		ids = append(ids, in.ID)
	}
	for _, id := range ids {
		p, err := e.Payments.Void(inside(ctx), payment.IDInput{ID: id})
		if errors.Is(err, payment.ErrNotFound) {
			continue // never opened, and never will be
		}
		if err != nil {
			return err
		}
		tell := func(p payment.Payment) error { return e.note(ctx, s.Order.ID, p) }
		if p.Settled() && !p.Amount.IsZero() {
			tell = late
		}
		if err := tell(p); err != nil {
			return err
		}
	}
	return nil
}

// note tells the order how a payment stands. An order that was never written
// need not know.
func (e *Engine) note(ctx context.Context, orderID string, p payment.Payment) error {
	_, err := e.Orders.NotePayment(inside(ctx), order.NotePaymentInput{ID: orderID, Payment: noted(p), Version: p.Version})
	if errors.Is(err, order.ErrNotFound) {
		return nil
	}
	return err
}
