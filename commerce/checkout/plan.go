package checkout

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// PlanCancel returns what Cancel would do, or the error that it would return as
// things stand.
func (e *Engine) PlanCancel(ctx context.Context, in order.IDInput) (Cancellation, error) {
	if err := OpPlanCancel.Admit(ctx, in); err != nil {
		return Cancellation{}, err
	}
	o, err := e.Orders.Order(ctx, in)
	if err != nil {
		return Cancellation{}, err
	}
	plan := Cancellation{OrderID: o.ID, Number: o.Number, From: o.Status, To: order.StatusCanceled, Released: []Released{}, Voided: []Voided{}}
	switch {
	case o.Status == order.StatusCanceled:
		return plan, nil
	case o.Status != order.StatusCanceling:
		if err := cancelable(o, o.Version); err != nil {
			return Cancellation{}, err
		}
	}
	if plan.Released, err = e.kept(ctx, o.ID); err != nil {
		return Cancellation{}, err
	}
	if plan.Voided, err = e.voidable(ctx, o.ID); err != nil || !owesBack(o) {
		return plan, err
	}
	back, err := e.Orders.PlanRefund(inside(ctx), order.RefundInput{ID: o.ID, Reason: "the order was canceled"})
	plan.Refund = &back
	return plan, err
}

// kept returns the stock that is kept for an order.
func (e *Engine) kept(ctx context.Context, orderID string) ([]Released, error) {
	all, err := e.Stock.Reservations(inside(ctx), inventory.OrderInput{OrderID: orderID})
	out := []Released{}
	for _, r := range all.Items {
		if r.Quantity > 0 && (r.State == inventory.Held || r.State == inventory.Allocated) {
			out = append(out, Released{VariantID: r.VariantID, LocationID: r.LocationID, Quantity: r.Quantity})
		}
	}
	return out, err
}

// voidable returns the payments of an order that could still succeed.
func (e *Engine) voidable(ctx context.Context, orderID string) ([]Voided, error) {
	all, err := e.Payments.Payments(inside(ctx), payment.OrdersInput{OrderIDs: []string{orderID}})
	out := []Voided{}
	for _, p := range all.Items {
		if !p.Over() && p.Status != payment.StatusCaptured {
			out = append(out, Voided{PaymentID: p.ID, Method: p.Method, Status: string(p.Status), Amount: p.Amount})
		}
	}
	return out, err
}
