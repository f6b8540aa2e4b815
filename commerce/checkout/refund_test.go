package checkout_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// back asks for units of the first item of an order.
func back(o order.Order, units int64) checkout.RefundInput {
	in := checkout.RefundInput{RefundInput: order.RefundInput{ID: o.ID, Reason: "damaged"}}
	if units > 0 {
		in.Items = []order.Units{{ItemID: o.Items[0].ID, Quantity: units}}
	}
	return in
}

func (s *shop) given(t *testing.T, o order.Order) money.Amount {
	t.Helper()
	got, err := s.Bank.Given(o.ID, o.Currency)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRefund(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 5)
		o := s.Order(card, line(mug, 3))
		key := ident.WithKey(t.Context(), "one click")
		plan, err := s.Shop.Checkout.PreviewRefund(t.Context(), back(o, 1).RefundInput)
		if err != nil || plan.Amount != shoptest.USD(1000) || s.order(t, o.ID).Version != o.Version {
			t.Fatalf("preview %+v, %v", plan, err)
		}
		for range 3 { // clicks
			r, err := s.Shop.Checkout.Refund(key, back(o, 1))
			if err != nil || r.Status != order.RefundSucceeded || r.Amount != plan.Amount || r.PaymentID == nil {
				t.Fatalf("%+v, %v", r, err)
			}
		}
		now := s.order(t, o.ID)
		wantStatus(t, now, order.StatusConfirmed, order.PayPartiallyRefunded)
		if len(now.Refunds) != 1 || now.Items[0].Quantities.Refunded != 1 || s.given(t, o) != shoptest.USD(1000) {
			t.Errorf("%+v; the bank gave %v", now.Refunds, s.given(t, o))
		}
		if _, err := s.Shop.Checkout.Refund(t.Context(), back(o, 3)); err == nil {
			t.Error("three units of two go back")
		}
		if r, err := s.Shop.Checkout.Refund(t.Context(), back(o, 0)); err != nil || r.Amount != shoptest.USD(2000) {
			t.Errorf("the rest: %+v, %v", r, err)
		}
		wantStatus(t, s.order(t, o.ID), order.StatusConfirmed, order.PayRefunded)
		_, err = s.Shop.Checkout.Refund(t.Context(), back(o, 0))
		wantErr(t, err, order.ErrAlreadyRefunded)
		if s.given(t, o) != o.Totals.Total {
			t.Errorf("the bank gave %v of %v", s.given(t, o), o.Totals.Total)
		}
		shoptest.Audit(t, s.Shop)
	})
}

// The provider's answer is lost: nobody says failed, and nobody pays twice.
func TestRefundLostAnswer(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		o := s.Order(card, line(s.Variant("Mug", 1000, 5), 2))
		s.Bank.Fail(fakepay.Any, fakepay.LoseAnswer)
		r, err := s.Shop.Checkout.Refund(t.Context(), back(o, 0))
		if err != nil || r.Status != order.RefundPending {
			t.Fatalf("%+v, %v", r, err)
		}
		_, err = s.Shop.Checkout.Refund(t.Context(), back(o, 0))
		wantErr(t, err, order.ErrAlreadyRefunded) // an impatient second click
		s.Clock.Advance(2 * time.Minute)
		if err := s.Money.SendRefunds(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, s.order(t, o.ID), order.StatusConfirmed, order.PayRefunded)
		if s.given(t, o) != o.Totals.Total {
			t.Errorf("the bank gave %v of %v", s.given(t, o), o.Totals.Total)
		}
		shoptest.Audit(t, s.Shop)
	})
}

// Two refunds that are too much together: one is made.
func TestRefundsRace(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 100)
		for range 5 {
			o := s.Order(card, line(mug, 5))
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					_, err := s.Shop.Checkout.Refund(t.Context(), back(o, 3))
					if err != nil && !errors.Is(err, order.ErrAlreadyRefunded) && fault.KindOf(err) != fault.Invalid {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if got := s.given(t, o); got != shoptest.USD(3000) {
				t.Errorf("the bank gave %v, want 30.00", got)
			}
		}
		shoptest.Audit(t, s.Shop)
	})
}

// A refund that somebody makes at the provider reaches the order.
func TestRefundAbroad(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		o := s.Order(card, line(s.Variant("Mug", 1000, 5), 2))
		if _, err := s.Bank.RefundAbroad(o.Payment.ID, shoptest.USD(500)); err != nil {
			t.Fatal(err)
		}
		header, body := s.Bank.Notice("evt_1", o.Payment.ID)
		if _, err := s.Shop.Payments.Receive(t.Context(), payment.ReceiveInput{Provider: "fake", Headers: header, Body: body}); err != nil {
			t.Fatal(err)
		}
		if err := s.Money.Apply(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := s.order(t, o.ID)
		wantStatus(t, now, order.StatusConfirmed, order.PayPartiallyRefunded)
		if len(now.Refunds) != 1 || now.Refunds[0].Amount != shoptest.USD(500) {
			t.Errorf("%+v", now.Refunds)
		}
		_, err := s.Shop.Checkout.Refund(t.Context(), back(o, 2))
		wantErr(t, err, order.ErrAlreadyRefunded)
		shoptest.Audit(t, s.Shop)
	})
}

// Canceling a paid order gives the money back, and frees stock and codes.
func TestCancelPaid(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 5)
		for _, fault := range []fakepay.Fault{fakepay.None, fakepay.Down, fakepay.LoseAnswer} {
			o := s.Order(card, line(mug, 2))
			s.Bank.FailOn("refund", fakepay.Any, fault)
			for range 2 {
				got, err := s.Shop.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: o.ID, Refund: true})
				if err != nil || got.Status != order.StatusCanceled {
					t.Fatalf("%s: %s, %v", fault, got.Status, err)
				}
			}
			s.Clock.Advance(2 * time.Minute)
			if err := s.Money.SendRefunds(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.Work(t.Context()); err != nil {
				t.Fatal(err)
			}
			now := s.order(t, o.ID)
			wantStatus(t, now, order.StatusCanceled, order.PayRefunded)
			if len(now.Refunds) != 1 || s.given(t, o) != o.Totals.Total || s.Available(mug) != 5 {
				t.Errorf("%s: refunds %+v, the bank gave %v, available %d", fault, now.Refunds, s.given(t, o), s.Available(mug))
			}
		}
		shoptest.Audit(t, s.Shop)
	})
}

// An authorized payment is let go when its order is canceled.
func TestCancelAuthorized(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		o := s.Order("fake_manual", line(s.Variant("Mug", 1000, 5), 2))
		wantStatus(t, o, order.StatusConfirmed, order.PayAuthorized)
		got, err := s.Shop.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: o.ID})
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, got, order.StatusCanceled, order.PayVoided)
		shoptest.Audit(t, s.Shop)
	})
}
