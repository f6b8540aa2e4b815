package checkout_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// death is what a process dies of that is in the middle of a step.
type death struct{}

// dies runs fn, in which the process dies, and reports whether it did.
func dies(fn func()) (died bool) {
	defer func() { died = recover() == death{} }()
	fn()
	return false
}

// deadly is stock in a process that dies where it should allocate or ship.
type deadly struct{ inventory.Service }

func (d deadly) Scope() txn.Scope { return txn.Of(d.Service) }

func (d deadly) Allocate(context.Context, inventory.OrderInput) (op.Nothing, error) { panic(death{}) }

func (d deadly) Ship(context.Context, inventory.ShipInput) (op.Nothing, error) { panic(death{}) }

// lossy are payments whose answer to OpenRefund is lost once, before or after it
// is done.
type lossy struct {
	payment.Service
	done bool
	lost *bool
}

func (l lossy) Scope() txn.Scope { return txn.Of(l.Service) }

func (l lossy) OpenRefund(ctx context.Context, in payment.OpenRefundInput) (payment.Refund, error) {
	if *l.lost {
		return l.Service.OpenRefund(ctx, in)
	}
	*l.lost = true
	if l.done {
		if r, err := l.Service.OpenRefund(ctx, in); err != nil {
			return r, err
		}
	}
	return payment.Refund{}, fault.ErrUnavailable
}

// fatal are payments in a process that dies where it should ask for them.
type fatal struct{ payment.Service }

func (f fatal) Scope() txn.Scope { return txn.Of(f.Service) }

func (f fatal) Authorize(context.Context, payment.IDInput) (payment.Payment, error) { panic(death{}) }

// away are payments that cannot be asked.
type away struct{ payment.Service }

func (a away) Scope() txn.Scope { return txn.Of(a.Service) }

func (a away) Authorize(context.Context, payment.IDInput) (payment.Payment, error) {
	return payment.Payment{}, fault.ErrUnavailable
}

// unheard are orders whose answer to the first KeepAfterAll is lost, and payments
// that cannot be voided until then.
type unheard struct {
	order.Service
	lost *bool
}

func (u unheard) Scope() txn.Scope { return txn.Of(u.Service) }

func (u unheard) KeepAfterAll(ctx context.Context, in order.KeepAfterAllInput) (order.Order, error) {
	o, err := u.Service.KeepAfterAll(ctx, in)
	if err == nil && !*u.lost {
		*u.lost = true
		return order.Order{}, fault.ErrUnavailable
	}
	return o, err
}

type unvoidable struct{ payment.Service }

func (u unvoidable) Scope() txn.Scope { return txn.Of(u.Service) }

func (u unvoidable) Void(context.Context, payment.IDInput) (payment.Payment, error) {
	return payment.Payment{}, fault.ErrUnavailable
}

// tardy are orders that BeginCancel reaches late, and nobody hears of it.
type tardy struct {
	order.Service
	late *func() error
}

func (u tardy) Scope() txn.Scope { return txn.Of(u.Service) }

func (u tardy) BeginCancel(ctx context.Context, in order.CancelInput) (order.Order, error) {
	*u.late = func() error {
		_, err := u.Service.BeginCancel(context.WithoutCancel(ctx), in)
		return err
	}
	return order.Order{}, fault.ErrUnavailable
}

// mute are orders whose answer to Place is lost.
type mute struct{ order.Service }

func (m mute) Scope() txn.Scope { return txn.Of(m.Service) }

func (m mute) Place(ctx context.Context, in order.PlaceInput) (order.Order, error) {
	if _, err := m.Service.Place(ctx, in); err != nil {
		return order.Order{}, err
	}
	return order.Order{}, fault.ErrUnavailable
}

// ended sweeps later and holds that no run is left under way.
func (s *shop) ended(t *testing.T) {
	t.Helper()
	for range 2 {
		s.Clock.Advance(2 * time.Minute)
		if err := errors.Join(s.Flows.Checkout.Sweep(t.Context()), s.Flows.Fulfil.Sweep(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	later := s.Clock.Now().Add(time.Hour)
	for _, flow := range []string{"checkout", "cancel", "refund", "ship"} {
		for e, err := range s.Flows.Checkout.Journal.Stale(t.Context(), flow, later, later) {
			t.Errorf("the run %s %s is %q before %s, %v", e.Flow, e.ID, e.Phase, e.Next, err)
		}
	}
}

func TestCanceledBeforeItsStockIsAllocated(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 5)
		c := s.Cart(line(mug, 2))
		stock := s.Flows.Checkout.Stock
		s.Flows.Checkout.Stock = deadly{stock}
		if !dies(func() {
			_, _ = s.Flows.Checkout.Complete(shoptest.Guest(t.Context(), c), completeInput(c.ID, c.Totals.Total.Minor))
		}) {
			t.Fatal("nobody has died")
		}
		s.Flows.Checkout.Stock = stock
		all, err := s.Shop.Orders.Orders(t.Context(), order.OrdersInput{})
		if err != nil || len(all.Items) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		id := all.Items[0].ID
		if _, err := s.Flows.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: id, Refund: true}); err != nil && !errors.Is(err, checkout.ErrPaid) {
			t.Fatal(err)
		}
		s.ended(t)
		shoptest.Audit(t, s.Shop)
	})
}

func completeInput(cart string, minor int64) checkout.CompleteInput {
	return checkout.CompleteInput{ID: cart, ExpectedTotal: shoptest.USD(minor), Payment: checkout.Means{Method: card}}
}

// TestDeliveredBeforeItHasLeft: whoever died in the middle of shipping leaves a
// parcel that has left for the order, and lies on the shelf.
func TestDeliveredBeforeItHasLeft(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 5)
		o := s.Order(card, line(mug, 2))
		o, err := s.Flows.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: o.ID})
		if err != nil {
			t.Fatal(err)
		}
		parcel := o.Fulfillments[0].ID
		stock := s.Flows.Fulfil.Stock
		s.Flows.Fulfil.Stock = deadly{stock}
		if !dies(func() { _, _ = s.Flows.Fulfil.Ship(t.Context(), fulfil.ShipInput{ID: parcel}) }) {
			t.Fatal("nobody has died")
		}
		s.Flows.Fulfil.Stock = stock
		o, err = s.Flows.Fulfil.Deliver(t.Context(), order.DeliverFulfillmentInput{FulfillmentID: parcel})
		delivered := err == nil && o.FulfillmentStatus == order.Delivered
		if !delivered && !errors.Is(err, order.ErrIllegalFulfillment) {
			t.Fatalf("%s, %v", o.FulfillmentStatus, err)
		}
		s.ended(t)
		levels, err := s.Shop.Inventory.Levels(t.Context(), inventory.LevelsInput{})
		if err != nil || delivered != (levels.Items[0].OnHand == 3) {
			t.Errorf("delivered: %v, and %+v, %v", delivered, levels.Items, err)
		}
		shoptest.Audit(t, s.Shop)
	})
}

// TestRefundOfACancelIsCutOff: the order has written the refund down, and the
// payment does not know of it yet.
func TestRefundOfACancelIsCutOff(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		o := s.Order(card, line(s.Variant("Mug", 1000, 5), 2))
		payments := s.Flows.Checkout.Payments
		s.Flows.Checkout.Payments = lossy{payments, false, new(bool)}
		if _, err := s.Flows.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: o.ID, Refund: true}); err != nil {
			t.Fatal(err)
		}
		s.ended(t)
		if now := s.order(t, o.ID); now.Status != order.StatusCanceled || s.given(t, o) != shoptest.USD(2000) {
			t.Errorf("the order is %s, the bank has given %v back", now.Status, s.given(t, o))
		}
		shoptest.Audit(t, s.Shop)
	})
}

// TestRefundThatHasHappened: the money is back already when the answer is lost.
func TestRefundThatHasHappened(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		o := s.Order("cash_on_delivery", line(s.Variant("Mug", 1000, 5), 2))
		if _, err := s.Flows.Checkout.Capture(t.Context(), payment.CaptureInput{ID: o.Payment.ID}); err != nil {
			t.Fatal(err)
		}
		payments := s.Flows.Checkout.Payments
		s.Flows.Checkout.Payments = lossy{payments, true, new(bool)}
		_, err := s.Flows.Checkout.Refund(t.Context(), back(o, 1))
		s.ended(t)
		p, readErr := payments.Payment(t.Context(), payment.IDInput{ID: o.Payment.ID})
		if readErr != nil || p.Refunding.Minor != 0 || err == nil && p.Refunded != shoptest.USD(1000) {
			t.Errorf("%v, %v; the payment is %+v", err, readErr, p)
		}
	})
}

// TestPaymentOfAnAbandonedRun: the run was undone because nobody went on with it,
// and answers so from then on; news of its payment must not wait for that to
// change.
func TestPaymentOfAnAbandonedRun(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		c := s.Cart(line(s.Variant("Mug", 1000, 5), 2))
		payments := s.Flows.Checkout.Payments
		s.Flows.Checkout.Payments = fatal{payments}
		if !dies(func() {
			_, _ = s.Flows.Checkout.Complete(shoptest.Guest(t.Context(), c), completeInput(c.ID, c.Totals.Total.Minor))
		}) {
			t.Fatal("nobody has died")
		}
		s.Flows.Checkout.Payments = payments
		all, err := s.Shop.Orders.Orders(t.Context(), order.OrdersInput{})
		if err != nil || len(all.Items) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		s.Clock.Advance(time.Hour)
		s.ended(t)
		o := s.order(t, all.Items[0].ID)
		if o.Status != order.StatusCanceled {
			t.Fatalf("the order is %s", o.Status)
		}
		news := payment.EventAuthorized.New("evt_1", o.Payment.ID, s.Clock.Now(), payment.MovedV1{Payment: o.Payment.ID, Order: o.ID, Method: card, Amount: o.Totals.Total})
		if err := s.Flows.Checkout.React(t.Context(), news); err != nil {
			t.Errorf("React: %v", err)
		}
	})
}

// TestLetGo: a cancellation that arrives late at the bank lets the money of a
// confirmed order go. The order hears of it.
func TestLetGo(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		o := s.Order(fakepay.Manual, line(s.Variant("Mug", 1000, 5), 2))
		wantStatus(t, o, order.StatusConfirmed, order.PayAuthorized)
		if _, err := s.Bank.Cancel(t.Context(), payment.Payment{ID: o.Payment.ID}); err != nil {
			t.Fatal(err)
		}
		p, err := s.Shop.Payments.Void(t.Context(), payment.IDInput{ID: o.Payment.ID})
		if err != nil || p.Status != payment.StatusCanceled {
			t.Fatalf("%+v, %v", p, err)
		}
		if !slices.Contains(s.Flows.Checkout.Events(), payment.EventCanceled.Name) {
			t.Error("nobody would be told")
		}
		news := payment.EventCanceled.New("evt_1", p.ID, s.Clock.Now(), payment.MovedV1{Payment: p.ID, Order: o.ID, Method: p.Method, Amount: p.Amount})
		if err := s.Flows.Checkout.React(t.Context(), news); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, s.order(t, o.ID), order.StatusConfirmed, order.PayVoided)
	})
}

// TestPaidAndStillPending: whoever was told of the money could not go on with the
// order. It is not canceled when its time is over, and does not wait any longer.
func TestPaidAndStillPending(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.Bank.Set(fakepay.Any, fakepay.AskShopper)
		o := s.Order(card, line(s.Variant("Mug", 1000, 5), 2))
		if _, err := s.Bank.Confirm(o.Payment.ID, fakepay.Approve); err != nil {
			t.Fatal(err)
		}
		p, err := s.Shop.Payments.Authorize(t.Context(), payment.IDInput{ID: o.Payment.ID})
		if err != nil || !p.Settled() {
			t.Fatalf("%+v, %v", p, err)
		}
		payments := s.Flows.Checkout.Payments
		s.Flows.Checkout.Payments = away{payments}
		news := payment.EventCaptured.New("evt_1", p.ID, s.Clock.Now(), payment.MovedV1{Payment: p.ID, Order: o.ID, Method: card, Amount: p.Captured})
		_ = s.Flows.Checkout.React(t.Context(), news)
		s.Flows.Checkout.Payments = payments
		s.Clock.Advance(time.Hour)
		if err := s.Flows.Checkout.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, s.order(t, o.ID), order.StatusConfirmed, order.PayPaid)
		s.ended(t)
		shoptest.Audit(t, s.Shop)
	})
}

// TestCanceledTwice: the undoing of the first try comes when the second one has
// canceled the order.
func TestCanceledTwice(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		o := s.Order(card, line(s.Variant("Mug", 1000, 5), 2))
		orders, payments := s.Flows.Checkout.Orders, s.Flows.Checkout.Payments
		s.Flows.Checkout.Orders, s.Flows.Checkout.Payments = unheard{orders, new(bool)}, unvoidable{payments}
		cancel := checkout.CancelInput{ID: o.ID, Refund: true}
		if _, err := s.Flows.Checkout.Cancel(t.Context(), cancel); err == nil {
			t.Fatal("it was canceled with a payment that cannot be voided")
		}
		s.Flows.Checkout.Orders, s.Flows.Checkout.Payments = orders, payments
		o, err := s.Flows.Checkout.Cancel(t.Context(), cancel)
		if err != nil {
			t.Logf("the second try: %v", err) // in one unit, the first is still to be undone
		}
		s.ended(t)
		if _, err := s.Flows.Checkout.Cancel(t.Context(), cancel); err != nil {
			t.Fatal(err)
		}
		s.ended(t)
		if now := s.order(t, all(t, s)[0].ID); now.Status != order.StatusCanceled || o.Status != "" && o.Status != order.StatusCanceled {
			t.Errorf("the order is %s, was %s", now.Status, o.Status)
		}
		shoptest.Audit(t, s.Shop)
	})
}

func all(t *testing.T, s *shop) []order.Order {
	t.Helper()
	p, err := s.Shop.Orders.Orders(t.Context(), order.OrdersInput{})
	if err != nil || len(p.Items) == 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	return p.Items
}

// TestCancelBeginsLate: the canceling of a paid order begins when its run has
// been undone.
func TestCancelBeginsLate(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		o := s.Order(card, line(s.Variant("Mug", 1000, 5), 2))
		var late func() error
		orders := s.Flows.Checkout.Orders
		s.Flows.Checkout.Orders = tardy{orders, &late}
		cancel := checkout.CancelInput{ID: o.ID, Refund: true}
		if _, err := s.Flows.Checkout.Cancel(t.Context(), cancel); err == nil {
			t.Fatal("it was canceled")
		}
		s.Flows.Checkout.Orders = orders
		if txn.Of(orders) != nil {
			return // nothing comes late to a unit
		}
		if err := late(); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(time.Hour)
		if err := s.Flows.Checkout.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, s.order(t, o.ID), order.StatusConfirmed, order.PayPaid)
		if _, err := s.Flows.Checkout.Cancel(t.Context(), cancel); err != nil {
			t.Fatal(err)
		}
		s.ended(t)
		wantStatus(t, s.order(t, o.ID), order.StatusCanceled, order.PayRefunded)
		shoptest.Audit(t, s.Shop)
	})
}

// TestPaymentOfACanceledOrder: a payment that nobody has asked for yet, as the
// undoing of a checkout leaves it for a moment, is not asked for by Reconcile.
func TestPaymentOfACanceledOrder(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.Bank.Set(fakepay.Any, fakepay.AskShopper)
		o := s.Order(card, line(s.Variant("Mug", 1000, 5), 2))
		if _, err := s.Flows.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: o.ID}); err != nil {
			t.Fatal(err)
		}
		s.Bank.Set(fakepay.Any, fakepay.Approve)
		p, err := s.Shop.Payments.Open(t.Context(), payment.OpenInput{ID: o.Payment.ID + "9", OrderID: o.ID, Method: card, Amount: o.Totals.Total, ExpiresAt: s.Clock.Now()})
		if err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(time.Hour)
		if err := s.Flows.Checkout.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
		taken, err := s.Bank.Taken(o.ID, o.Currency)
		if p, getErr := s.Shop.Payments.Payment(t.Context(), payment.IDInput{ID: p.ID}); err != nil || getErr != nil || !taken.IsZero() || p.Status != payment.StatusCanceled {
			t.Errorf("the bank has taken %v, %v; the payment is %s, %v", taken, err, p.Status, getErr)
		}
	})
}

// TestMoneyForAWithdrawnOrder: staff record what has come for an order, between
// its withdrawal and the end of its payment.
func TestMoneyForAWithdrawnOrder(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 5)
		c := s.Cart(line(mug, 2))
		orders, payments := s.Flows.Checkout.Orders, s.Flows.Checkout.Payments
		s.Flows.Checkout.Orders, s.Flows.Checkout.Payments = mute{orders}, unvoidable{payments}
		in := completeInput(c.ID, c.Totals.Total.Minor)
		in.Payment.Method = "cash_on_delivery"
		if _, err := s.Flows.Checkout.Complete(shoptest.Guest(t.Context(), c), in); err == nil {
			t.Fatal("it was placed")
		}
		s.Flows.Checkout.Orders, s.Flows.Checkout.Payments = orders, payments
		found, err := s.Shop.Orders.Orders(t.Context(), order.OrdersInput{})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range found.Items { // none where placing is one unit
			if _, err := payments.Capture(t.Context(), payment.CaptureInput{ID: o.Payments[0].ID}); err != nil {
				t.Fatal(err)
			}
		}
		s.ended(t)
		if err := s.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, o := range found.Items {
			wantStatus(t, s.order(t, o.ID), order.StatusCanceled, order.PayRefunded)
		}
		if got := s.Available(mug); got != 5 {
			t.Errorf("%d are available, want 5", got)
		}
		shoptest.Audit(t, s.Shop)
	})
}

// unreleased is stock that cannot be released.
type unreleased struct{ inventory.Service }

func (u unreleased) Scope() txn.Scope { return txn.Of(u.Service) }

func (u unreleased) Release(context.Context, inventory.OrderInput) (op.Nothing, error) {
	return op.Nothing{}, fault.ErrUnavailable
}

// TestCompleteWhileUndoing: whoever completes a cart again while the placing of
// its order is being undone is not answered with the canceled order, but gets
// another one once the cart is open.
func TestCompleteWhileUndoing(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		c := s.Cart(line(s.Variant("Mug", 1000, 5), 2))
		orders, stock := s.Flows.Checkout.Orders, s.Flows.Checkout.Stock
		s.Flows.Checkout.Orders, s.Flows.Checkout.Stock = mute{orders}, unreleased{stock}
		in := completeInput(c.ID, c.Totals.Total.Minor)
		for range 2 {
			if o, err := s.Flows.Checkout.Complete(shoptest.Guest(t.Context(), c), in); err == nil {
				t.Errorf("it was placed: %s is %s", o.ID, o.Status)
			}
		}
		s.Flows.Checkout.Orders, s.Flows.Checkout.Stock = orders, stock
		s.ended(t)
		if o, err := s.Flows.Checkout.Complete(shoptest.Guest(t.Context(), c), in); err != nil || o.Status != order.StatusConfirmed {
			t.Errorf("afterwards: %s, %v", o.Status, err)
		}
		shoptest.Audit(t, s.Shop)
	})
}
