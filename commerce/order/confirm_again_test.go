package order_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/order"
)

// TestConfirmedAgain holds that a confirmation that is said again does not call
// off a cancellation that has begun since, by which money may be back already.
func TestConfirmedAgain(t *testing.T) {
	s := newShop()
	o := s.place(t, "cart_1.1", false)
	paid := payment("pay_1", "captured", 2, o.Totals.Total.Minor)
	paid.ID, paid.Confirm = o.ID, true
	o = must(t)(s.NotePayment(t.Context(), paid))
	steps := []struct {
		want order.Status
		do   func() (order.Order, error)
	}{
		{order.StatusConfirmed, func() (order.Order, error) { return o, nil }},
		{order.StatusCanceling, func() (order.Order, error) {
			return s.BeginCancel(t.Context(), order.CancelInput{ID: o.ID, Version: o.Version, Reason: order.ReasonStaff})
		}},
		{order.StatusCanceled, func() (order.Order, error) { return s.FinishCancel(t.Context(), order.IDInput{ID: o.ID}) }},
	}
	for _, step := range steps {
		if got := must(t)(step.do()); got.Status != step.want {
			t.Fatalf("the order is %s, want %s", got.Status, step.want)
		}
		if got := must(t)(s.NotePayment(t.Context(), paid)); got.Status != step.want {
			t.Errorf("said again, the order is %s, want %s", got.Status, step.want)
		}
	}
}
