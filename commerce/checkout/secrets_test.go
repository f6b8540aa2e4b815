package checkout_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// secret returns the client_secret of an order's next action, nil for null.
func secret(t *testing.T, o order.Order) *string {
	t.Helper()
	var next struct {
		Type   string  `json:"type"`
		Secret *string `json:"client_secret"`
	}
	if o.Payment == nil || json.Unmarshal(o.Payment.NextAction, &next) != nil || next.Type != "fake_confirm" {
		t.Fatalf("payment %+v, want one with an action", o.Payment)
	}
	return next.Secret
}

// TestClientSecret: the shopper gets it as often as they ask, and nobody else
// does.
func TestClientSecret(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.Bank.Set(fakepay.Any, fakepay.AskShopper)
		c := s.Cart(line(s.Variant("Mug", 1000, 5), 2))
		in := completeInput(c.ID, c.Totals.Total.Minor)
		in.Payment.Method = card
		ctx := ident.WithKey(shoptest.Guest(t.Context(), c), "one click")
		p, err := s.Shop.Checkout.Complete(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		first := secret(t, p.Order)
		if first == nil || *first == "" {
			t.Fatalf("the shopper gets %s", p.Payment.NextAction)
		}
		shopper := ident.With(t.Context(), ident.Actor{Kind: ident.Guest, OrderToken: p.AccessToken})
		asked := map[string]func() (order.Order, error){
			"complete, the same key": func() (order.Order, error) { p, err := s.Shop.Checkout.Complete(ctx, in); return p.Order, err },
			"complete, no key": func() (order.Order, error) {
				p, err := s.Shop.Checkout.Complete(shoptest.Guest(t.Context(), c), in)
				return p.Order, err
			},
			"order":   func() (order.Order, error) { return s.Shop.Checkout.Order(shopper, order.IDInput{ID: p.ID}) },
			"refresh": func() (order.Order, error) { return s.Shop.Checkout.Refresh(shopper, checkout.RefreshInput{ID: p.ID}) },
		}
		for name, ask := range asked {
			if o, err := ask(); err != nil || secret(t, o) == nil || *secret(t, o) != *first {
				t.Errorf("%s: %+v, %v; want the secret again", name, o.Payment, err)
			}
		}
		if got := secret(t, s.order(t, p.ID)); got != nil {
			t.Errorf("the stored order has the secret %s", *got)
		}
		s.Bank.Fail(p.Payment.ID, fakepay.Down)
		if o, err := s.Shop.Checkout.Order(shopper, order.IDInput{ID: p.ID}); err != nil || secret(t, o) != nil {
			t.Errorf("the provider is away: %+v, %v; want the order without the secret", o.Payment, err)
		}
		if _, err := s.Bank.Confirm(p.Payment.ID, fakepay.Approve); err != nil {
			t.Fatal(err)
		}
		if o, err := s.Shop.Checkout.Refresh(shopper, checkout.RefreshInput{ID: p.ID}); err != nil || o.Status != order.StatusConfirmed || len(o.Payment.NextAction) != 0 && string(o.Payment.NextAction) != "null" {
			t.Errorf("paid: %s, %+v, %v", o.Status, o.Payment, err)
		}
		shoptest.Audit(t, s.Shop)
	})
}

// unopened are payments that cannot take a refund down.
type unopened struct{ payment.Service }

func (u unopened) Scope() txn.Scope { return txn.Of(u.Service) }

func (u unopened) OpenRefund(context.Context, payment.OpenRefundInput) (payment.Refund, error) {
	return payment.Refund{}, fault.ErrUnavailable
}

// TestRefundKeyAgain: a refund that came to nothing because the payments were
// away is made by who asks again under its key, once.
func TestRefundKeyAgain(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		o := s.Order(card, line(s.Variant("Mug", 1000, 5), 2))
		ctx := ident.WithKey(t.Context(), "one click of the staff")
		payments := s.Flows.Checkout.Payments
		s.Flows.Checkout.Payments = unopened{payments}
		for range 2 {
			if r, err := s.Flows.Checkout.Refund(ctx, back(o, 1)); !errors.Is(err, fault.ErrUnavailable) {
				t.Fatalf("%+v, %v; want ErrUnavailable", r, err)
			}
		}
		s.Flows.Checkout.Payments = payments
		for range 2 {
			if r, err := s.Flows.Checkout.Refund(ctx, back(o, 1)); err != nil || r.Status != order.RefundSucceeded {
				t.Errorf("%+v, %v; want the refund", r, err)
			}
		}
		if got := s.given(t, o); got != shoptest.USD(1000) {
			t.Errorf("the bank gave %v, want 10 USD", got)
		}
		shoptest.Audit(t, s.Shop)
	})
}

// unshipped is stock that cannot leave.
type unshipped struct{ inventory.Service }

func (u unshipped) Scope() txn.Scope { return txn.Of(u.Service) }

func (u unshipped) Ship(context.Context, inventory.ShipInput) (op.Nothing, error) {
	return op.Nothing{}, fault.ErrUnavailable
}

// TestShipAgain: a parcel that could not leave because the stock was away leaves
// later.
func TestShipAgain(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		o := s.Order(card, line(s.Variant("Mug", 1000, 5), 2))
		o, err := s.Flows.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: o.ID})
		if err != nil {
			t.Fatal(err)
		}
		parcel := fulfil.ShipInput{ID: o.Fulfillments[0].ID}
		stock := s.Flows.Fulfil.Stock
		s.Flows.Fulfil.Stock = unshipped{stock}
		if _, err := s.Flows.Fulfil.Ship(t.Context(), parcel); !errors.Is(err, fault.ErrUnavailable) {
			t.Fatalf("%v, want ErrUnavailable", err)
		}
		s.Flows.Fulfil.Stock = stock
		for range 2 {
			if o, err := s.Flows.Fulfil.Ship(t.Context(), parcel); err != nil || o.FulfillmentStatus != order.Fulfilled {
				t.Errorf("%s, %v; want fulfilled", o.FulfillmentStatus, err)
			}
		}
		if _, err := s.Flows.Fulfil.Deliver(t.Context(), order.DeliverFulfillmentInput{FulfillmentID: parcel.ID}); err != nil {
			t.Error(err)
		}
		shoptest.Audit(t, s.Shop)
	})
}

// TestRefundCutOff: the order knows of a refund that its payments do not, and
// then the money goes back at the provider's. The refund has failed, and does not
// wait for ever.
func TestRefundCutOff(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		o := s.Order(card, line(s.Variant("Mug", 1000, 5), 2))
		payments := s.Flows.Checkout.Payments
		s.Flows.Checkout.Payments = unopened{payments}
		_, err := s.Flows.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: o.ID, Refund: true})
		if err != nil && !errors.Is(err, fault.ErrUnavailable) {
			t.Fatal(err)
		}
		s.Flows.Checkout.Payments = payments
		if _, err := s.Bank.RefundAbroad(o.Payment.ID, o.Totals.Total); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(2 * time.Minute)
		if err := errors.Join(s.Money.CatchUp(t.Context()), s.Work(t.Context()), s.Flows.Checkout.Sweep(t.Context())); err != nil {
			t.Fatal(err)
		}
		now := s.order(t, o.ID)
		wantStatus(t, now, order.StatusCanceled, order.PayRefunded)
		for _, r := range now.Refunds {
			if r.Status == order.RefundPending {
				t.Errorf("the refund %+v waits for ever", r)
			}
		}
		shoptest.Audit(t, s.Shop)
	})
}
