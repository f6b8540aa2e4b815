package ordertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// Race runs an engine over stores that are written by many at once. The keys are
// new each time: some servers lock more around keys that were deleted lately.
func Race(t *testing.T, open func(t *testing.T) order.Store) {
	t.Run("CancelOrShip", func(t *testing.T) { cancelOrShip(t, open(t)) })
	t.Run("OneOrderOfCheckout", func(t *testing.T) { oneOrder(t, open(t)) })
	t.Run("PlaceOrWithdraw", func(t *testing.T) { placeOrWithdraw(t, open(t)) })
	t.Run("OneRefundWins", func(t *testing.T) { oneRefund(t, open(t)) })
	t.Run("RefundOnce", func(t *testing.T) { refundOnce(t, open(t)) })
	t.Run("NumbersUnique", func(t *testing.T) { numbersUnique(t, open(t)) })
}

func place(ctx context.Context, t *testing.T, e *order.Engine, checkoutID string) order.Order {
	t.Helper()
	in := Sample(checkoutID)
	in.Confirmed = true
	o, err := e.Place(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// both runs a and b at once.
func both(a, b func()) {
	var wg sync.WaitGroup
	wg.Go(a)
	wg.Go(b)
	wg.Wait()
}

// cancelOrShip: of a cancellation and a first parcel exactly one wins.
func cancelOrShip(t *testing.T, s order.Store) {
	ctx, e, cart := t.Context(), order.New(s, nil), ident.NewID("cart")
	for i := range 50 {
		o := place(ctx, t, e, fmt.Sprint(cart, ".", i))
		var canceled, planned error
		both(func() {
			_, canceled = e.BeginCancel(ctx, order.CancelInput{ID: o.ID, Reason: order.ReasonCustomer})
		}, func() {
			_, planned = e.CreateFulfillment(ctx, order.CreateFulfillmentInput{ID: o.ID})
		})
		got, err := e.Order(ctx, order.IDInput{ID: o.ID})
		if err != nil {
			t.Fatal(err)
		}
		wonCancel := canceled == nil && errors.Is(planned, order.ErrIllegal) && got.Status == order.StatusCanceling && len(got.Fulfillments) == 0
		wonParcel := planned == nil && errors.Is(canceled, order.ErrInFulfillment) && got.Status == order.StatusConfirmed && len(got.Fulfillments) == 1
		if wonCancel == wonParcel || got.Version != o.Version+1 {
			t.Fatalf("round %d: cancel %v, fulfillment %v, order %s version %d with %d fulfillments", i, canceled, planned, got.Status, got.Version, len(got.Fulfillments))
		}
	}
}

func oneOrder(t *testing.T, s order.Store) {
	var mu sync.Mutex
	seen := map[string]bool{}
	checkout := ident.NewID("cart") + ".1"
	race(t, func(int) error {
		e := order.New(s, nil) // each a process
		o, err := e.Place(t.Context(), Sample(checkout))
		mu.Lock()
		defer mu.Unlock()
		seen[o.ID+" "+o.Number] = true
		return err
	})
	if n, err := s.Count(t.Context(), order.Filter{}); n != 1 || err != nil || len(seen) != 1 {
		t.Errorf("%d orders, %v, as %v; want one", n, err, seen)
	}
}

// placeOrWithdraw: whichever comes first, no order of a withdrawn checkout lives.
func placeOrWithdraw(t *testing.T, s order.Store) {
	ctx, e, cart := t.Context(), order.New(s, nil), ident.NewID("cart")
	for i := range 20 {
		checkout := fmt.Sprint(cart, ".", i)
		both(func() { _, _ = e.Place(ctx, Sample(checkout)) }, func() {
			if _, err := e.Withdraw(ctx, order.WithdrawInput{ID: "ord_1", CheckoutID: checkout, Reason: order.ReasonExpired}); err != nil {
				t.Error(err)
			}
		})
		r, err := s.OrderOfCheckout(ctx, checkout)
		if !errors.Is(err, order.ErrNotFound) && (err != nil || r.Status != order.StatusCanceled) {
			t.Errorf("%s: %s, %v; want canceled or none", checkout, r.Status, err)
		}
	}
}

// captured places an order and notes that all of it was paid.
func captured(ctx context.Context, t *testing.T, e *order.Engine, checkoutID string) order.Order {
	t.Helper()
	o := place(ctx, t, e, checkoutID)
	o, err := e.NotePayment(ctx, order.NotePaymentInput{ID: o.ID, Version: 1, Payment: order.Payment{ID: "pay_1", Method: "stripe", Status: "captured", Amount: eur(7688), Captured: eur(7688)}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func favor(o order.Order, refundID string, minor int64) order.BeginRefundInput {
	return order.BeginRefundInput{RefundID: refundID, RefundInput: order.RefundInput{ID: o.ID, Goodwill: new(eur(minor)), Reason: "late"}}
}

// oneRefund: of two refunds that together are more than was captured exactly one
// is begun.
func oneRefund(t *testing.T, s order.Store) {
	ctx, cart := t.Context(), ident.NewID("cart")
	engines := []*order.Engine{order.New(s, nil), order.New(s, nil)}
	for i := range 50 {
		o := captured(ctx, t, engines[0], fmt.Sprint(cart, ".", i))
		var errs [2]error
		begin := func(n int) func() {
			return func() {
				_, errs[n] = engines[n].BeginRefund(ctx, favor(o, ident.NewID("ref"), 5000))
			}
		}
		both(begin(0), begin(1))
		got, err := engines[0].Order(ctx, order.IDInput{ID: o.ID})
		if err != nil {
			t.Fatal(err)
		}
		first := errs[0] == nil && errors.Is(errs[1], order.ErrAlreadyRefunded)
		second := errs[1] == nil && errors.Is(errs[0], order.ErrAlreadyRefunded)
		if first == second || len(got.Refunds) != 1 || got.Version != o.Version+1 {
			t.Fatalf("round %d: %v and %v, %d refunds, version %d", i, errs[0], errs[1], len(got.Refunds), got.Version)
		}
	}
}

// refundOnce: a refund that is begun by many, and called off meanwhile, is begun
// once or not at all, and is not pending in the end.
func refundOnce(t *testing.T, s order.Store) {
	ctx, cart := t.Context(), ident.NewID("cart")
	for i := range 10 {
		o := captured(ctx, t, order.New(s, nil), fmt.Sprint(cart, ".", i))
		id := ident.NewID("ref")
		race(t, func(n int) error {
			e := order.New(s, nil)
			if n == 7 {
				_, err := e.DropRefund(ctx, order.DropRefundInput{ID: o.ID, RefundID: id})
				return err
			}
			_, err := e.BeginRefund(ctx, favor(o, id, 100))
			return err
		}, once.ErrUndone)
		got, err := order.New(s, nil).Order(ctx, order.IDInput{ID: o.ID})
		if err != nil || len(got.Refunds) > 1 || len(got.Refunds) == 1 && got.Refunds[0].Status != order.RefundFailed {
			t.Fatalf("round %d: %+v, %v", i, got.Refunds, err)
		}
	}
}

// numbersUnique places 200 orders from two processes, one in ten of which is
// rolled back.
func numbersUnique(t *testing.T, s order.Store) {
	ctx, cart := t.Context(), ident.NewID("cart")
	engines := []*order.Engine{order.New(s, nil), order.New(s, nil)}
	var mu sync.Mutex
	var numbers []string
	var wg sync.WaitGroup
	work := make(chan int)
	for range 16 {
		wg.Go(func() {
			for i := range work {
				e := engines[i%2]
				var o order.Order
				err := s.Scope().Do(ctx, func(ctx context.Context) (err error) {
					if o, err = e.Place(ctx, Sample(fmt.Sprint(cart, ".", i))); err == nil && i%10 == 0 {
						err = errBoom
					}
					return err
				})
				if i%10 == 0 && errors.Is(err, errBoom) {
					continue
				}
				if err != nil {
					t.Errorf("place %d: %v", i, err)
				}
				mu.Lock()
				numbers = append(numbers, o.Number)
				mu.Unlock()
			}
		})
	}
	for i := range 200 {
		if i%50 == 1 {
			if err := engines[i/50%2].Prepare(ctx); err != nil {
				t.Error(err)
			}
		}
		work <- i
	}
	close(work)
	wg.Wait()
	slices.Sort(numbers)
	if n := len(slices.Compact(slices.Clone(numbers))); n != 180 || len(numbers) != 180 {
		t.Errorf("%d numbers of %d orders, want 180 of 180", n, len(numbers))
	}
	if n, err := s.Count(ctx, order.Filter{}); n != 180 || err != nil {
		t.Errorf("%d orders, %v; want 180", n, err)
	}
}
