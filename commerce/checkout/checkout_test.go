package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/embed/topologytest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

const card = "fake_card"

func line(variant string, n int64) shoptest.Line { return shoptest.Line{Variant: variant, Quantity: n} }

func (s *shop) order(t *testing.T, id string) order.Order {
	t.Helper()
	o, err := s.Shop.Orders.Order(t.Context(), order.IDInput{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func wantStatus(t *testing.T, o order.Order, status order.Status, pay order.PaymentStatus) {
	t.Helper()
	if o.Status != status || o.PaymentStatus != pay {
		t.Errorf("order %s is %s and %s, want %s and %s", o.ID, o.Status, o.PaymentStatus, status, pay)
	}
}

func wantErr(t *testing.T, err, want error) *fault.Error {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("err = %v, want %v", err, want)
	}
	f, _ := errors.AsType[*fault.Error](err)
	return f
}

func TestSaleToTheDoor(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug, top := s.Variant("Mug", 1499, 10), s.Variant("Top", 5000, 3)
		c := s.Cart(line(mug, 2), line(top, 1))
		p, err := s.Complete(c, "cash_on_delivery")
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, p.Order, order.StatusConfirmed, order.PayNone)
		if p.Totals.Total != shoptest.USD(7998) || p.AccessToken == "" || p.CartID != c.ID || p.Number == "" {
			t.Errorf("order = %+v", p)
		}
		if got := s.Available(mug); got != 8 {
			t.Errorf("available = %d, want 8", got)
		}
		ctx := ident.With(t.Context(), ident.Actor{Kind: ident.Guest, OrderToken: p.AccessToken})
		if _, err := s.Shop.Orders.Order(ctx, order.IDInput{ID: p.ID}); err != nil {
			t.Errorf("its guest cannot read it: %v", err)
		}
		_, err = s.Shop.Orders.Order(ident.With(t.Context(), ident.Actor{Kind: ident.Guest}), order.IDInput{ID: p.ID})
		wantErr(t, err, order.ErrNotFound)
		s.ship(t, p.ID)
		shoptest.Audit(t, s.Shop)
	})
}

// ship plans a parcel with all of an order, sends it and delivers it.
func (s *shop) ship(t *testing.T, id string) {
	t.Helper()
	o, err := s.Shop.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	parcel := o.Fulfillments[0].ID
	for range 2 {
		o, err = s.Shop.Fulfil.Ship(t.Context(), fulfil.ShipInput{ID: parcel, Tracking: []order.Tracking{{Carrier: "DHL", Number: "1"}}})
		if err != nil || o.FulfillmentStatus != order.Fulfilled {
			t.Fatalf("ship: %v, %s", err, o.FulfillmentStatus)
		}
	}
	o, err = s.Shop.Fulfil.Deliver(t.Context(), order.DeliverFulfillmentInput{FulfillmentID: parcel})
	if err != nil || o.FulfillmentStatus != order.Delivered {
		t.Fatalf("deliver: %v, %s", err, o.FulfillmentStatus)
	}
}

func TestCard(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1499, 10)
		p, err := s.Complete(s.Cart(line(mug, 3)), card)
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, p.Order, order.StatusConfirmed, order.PayPaid)
		if n, err := s.Bank.Chargeable(p.ID); n != 1 || err != nil {
			t.Errorf("%d intents can charge, %v; want 1", n, err)
		}
		if got, _ := s.Bank.Taken(p.ID, "USD"); got != p.Totals.Total {
			t.Errorf("taken = %v, want %v", got, p.Totals.Total)
		}
		shoptest.Audit(t, s.Shop)
	})
}

func TestBankTransfer(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 10)
		o := s.Order("bank_transfer", line(mug, 2))
		wantStatus(t, o, order.StatusPending, order.PayNone)
		if o.ExpiresAt == nil || o.ExpiresAt.Sub(s.Clock.Now()) != 7*24*time.Hour || string(o.Payment.NextAction) == "null" {
			t.Errorf("expires %v, next action %s", o.ExpiresAt, o.Payment.NextAction)
		}
		_, err := s.Shop.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: o.ID})
		wantErr(t, err, order.ErrNotConfirmed)
		ctx := ident.WithKey(t.Context(), "statement-1")
		for range 2 {
			if o, err = s.Shop.Checkout.Capture(ctx, payment.CaptureInput{ID: o.Payment.ID, Amount: new(shoptest.USD(500)), Reference: "S1"}); err != nil {
				t.Fatal(err)
			}
		}
		wantStatus(t, o, order.StatusPending, order.PayPartiallyCaptured)
		if o.Balance.Due != shoptest.USD(1500) {
			t.Errorf("due = %v, want 15.00", o.Balance.Due)
		}
		if o, err = s.Shop.Checkout.Capture(t.Context(), payment.CaptureInput{ID: o.Payment.ID}); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, o, order.StatusConfirmed, order.PayPaid)
		s.ship(t, o.ID)
		if got := s.order(t, o.ID); got.Status != order.StatusCompleted {
			t.Errorf("paid and delivered, the order is %s", got.Status)
		}
		shoptest.Audit(t, s.Shop)
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 2)
		c := s.Cart(line(mug, 2))
		complete := func(c storefront.Cart, total money.Amount, method string) error {
			_, err := s.Shop.Checkout.Complete(shoptest.Guest(t.Context(), c), checkout.CompleteInput{ID: c.ID, ExpectedTotal: total, Payment: checkout.Means{Method: method}})
			return err
		}
		stranger := c
		stranger.Token = "wrong"
		wantErr(t, complete(stranger, c.Totals.Total, card), cart.ErrNotFound)
		f := wantErr(t, complete(c, shoptest.USD(1), card), checkout.ErrTotalChanged)
		if want := fmt.Sprintf(`{"expected":{"amount":1,"currency":"USD"},"actual":{"amount":2000,"currency":"USD"},"cart_version":%d}`, c.Version); string(f.Meta) != want {
			t.Errorf("meta = %s\nwant %s", f.Meta, want)
		}
		wantErr(t, complete(c, c.Totals.Total, "sea_shells"), payment.ErrMethodUnknown)
		empty, err := s.Shop.Storefront.CreateCart(ident.With(t.Context(), ident.Actor{Kind: ident.Guest}), storefront.CreateCartInput{})
		if err != nil {
			t.Fatal(err)
		}
		if f := wantErr(t, complete(empty, empty.Totals.Total, card), checkout.ErrIncomplete); len(f.Errors) != 3 || f.Errors[0].Code != "cart.empty" {
			t.Errorf("errors = %+v", f.Errors)
		}
		s.Stock(mug, 1)
		f = wantErr(t, complete(c, c.Totals.Total, card), inventory.ErrInsufficient)
		if want := `{"variant_id":"` + mug + `","requested":2,"available":1}`; string(f.Meta) != want {
			t.Errorf("meta = %s\nwant %s", f.Meta, want)
		}
		s.untouched(t, c, mug, 1)
		s.Stock(mug, 2)
		if err := complete(c, c.Totals.Total, card); err != nil {
			t.Errorf("with stock again: %v", err)
		}
		if err := complete(c, shoptest.USD(1), "sea_shells"); err != nil {
			t.Errorf("a completed cart does not answer with its order: %v", err)
		}
		shoptest.Audit(t, s.Shop)
	})
}

// untouched fails unless a checkout of c has left nothing behind.
func (s *shop) untouched(t *testing.T, c storefront.Cart, variant string, available int64) {
	t.Helper()
	if got := s.Available(variant); got != available {
		t.Errorf("available = %d, want %d", got, available)
	}
	if got, err := s.Shop.Carts.Cart(t.Context(), cart.IDInput{ID: c.ID}); err != nil || got.Status != cart.StatusOpen {
		t.Errorf("cart is %s, %v; want open", got.Status, err)
	}
	all, err := s.Shop.Orders.Orders(t.Context(), order.OrdersInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all.Items {
		if o.CartID == c.ID && o.Status != order.StatusCanceled {
			t.Errorf("order %s is %s", o.ID, o.Status)
		}
		if n, _ := s.Bank.Chargeable(o.ID); n != 0 {
			t.Errorf("the bank can still charge for %s", o.ID)
		}
	}
}

// C11: the price is another than the shopper has agreed to.
func TestPriceChangedMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 5)
		for _, minor := range []int64{1500, 700} { // also when it fell
			c := s.Cart(line(mug, 1))
			s.Price(mug, minor)
			_, err := s.Complete(c, card)
			if f := wantErr(t, err, checkout.ErrTotalChanged); len(f.Errors) != 1 || f.Errors[0].Code != "cart.price_changed" {
				t.Errorf("errors = %+v", f.Errors)
			}
			s.untouched(t, c, mug, 5)
		}
	})
}

func TestDeclineThenAnotherPayment(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 5)
		s.Bank.Set(fakepay.Any, fakepay.Decline)
		o := s.Order(card, line(mug, 2))
		wantStatus(t, o, order.StatusPending, order.PayNone)
		if o.Payment.Failure == nil || s.Available(mug) != 3 {
			t.Errorf("failure = %+v, available = %d", o.Payment.Failure, s.Available(mug))
		}
		s.Bank.Set(fakepay.Any, fakepay.Approve)
		p, err := s.Shop.Checkout.Pay(t.Context(), checkout.PayInput{ID: o.ID, Means: checkout.Means{Method: card}})
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, p.Order, order.StatusConfirmed, order.PayPaid)
		if n, _ := s.Bank.Chargeable(o.ID); n != 1 {
			t.Errorf("%d intents can charge, want 1", n)
		}
		shoptest.Audit(t, s.Shop)
	})
}

func TestExpiry(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 5)
		s.Bank.Set(fakepay.Any, fakepay.Decline)
		declined := s.Order(card, line(mug, 2))
		transfer := s.Order("bank_transfer", line(mug, 1))
		s.Clock.Advance(16 * time.Minute)
		for range 2 {
			if err := s.Flows.Checkout.Expire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		o := s.order(t, declined.ID)
		if o.Status != order.StatusCanceled || o.CancelReason == nil || *o.CancelReason != order.ReasonExpired {
			t.Errorf("after its hold the order is %s, %v", o.Status, o.CancelReason)
		}
		wantStatus(t, s.order(t, transfer.ID), order.StatusPending, order.PayNone)
		if got := s.Available(mug); got != 4 {
			t.Errorf("available = %d, want 4", got)
		}
		shoptest.Audit(t, s.Shop)
	})
}

// P17: a bank that takes days to decide is waited for; then the stock is free, once.
func TestExpiryOfADebit(t *testing.T) {
	for _, end := range []fakepay.Outcome{fakepay.Approve, fakepay.HardDecline} {
		each(t, func(t *testing.T, s *shop) {
			mug := s.Variant("Mug", 1000, 5)
			s.Bank.Set(fakepay.Any, fakepay.Process)
			o := s.Order(card, line(mug, 2))
			expire := func(after time.Duration) order.Order {
				t.Helper()
				s.Clock.Advance(after)
				if err := s.Flows.Checkout.Expire(t.Context()); err != nil {
					t.Fatal(err)
				}
				return s.order(t, o.ID)
			}
			for range 3 {
				if now := expire(24 * time.Hour); now.Status != order.StatusPending || s.Available(mug) != 3 {
					t.Fatalf("meanwhile the order is %s, %d available", now.Status, s.Available(mug))
				}
			}
			if ok, err := s.Bank.Confirm(o.Payment.ID, end); !ok || err != nil {
				t.Fatal(ok, err)
			}
			expire(2 * time.Hour)
			want, left := order.StatusConfirmed, int64(3)
			if end != fakepay.Approve {
				want, left = order.StatusCanceled, 5
			}
			if now := expire(2 * time.Hour); now.Status != want || s.Available(mug) != left {
				t.Errorf("%s: the order is %s, %d available", end, now.Status, s.Available(mug))
			}
			shoptest.Audit(t, s.Shop)
		})
	}
}

func TestExpiryMeetsALatePayer(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 5)
		s.Bank.Set(fakepay.Any, fakepay.Decline)
		o := s.Order(card, line(mug, 2))
		s.Clock.Advance(16 * time.Minute)
		if ok, err := s.Bank.Confirm(o.Payment.ID, fakepay.Approve); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if err := s.Flows.Checkout.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, s.order(t, o.ID), order.StatusConfirmed, order.PayPaid)
		shoptest.Audit(t, s.Shop)
	})
}

func TestCancel(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 5)
		for _, method := range []string{"cash_on_delivery", "bank_transfer"} {
			o := s.Order(method, line(mug, 2))
			for range 2 {
				got, err := s.Shop.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: o.ID})
				if err != nil || got.Status != order.StatusCanceled {
					t.Fatalf("%s: %s, %v", method, got.Status, err)
				}
			}
			if got := s.Available(mug); got != 5 {
				t.Errorf("%s: available = %d, want 5", method, got)
			}
		}
		paid := s.Order(card, line(mug, 1))
		_, err := s.Shop.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: paid.ID})
		wantErr(t, err, checkout.ErrPaid)
		planned := s.Order("invoice", line(mug, 1))
		if _, err := s.Shop.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: planned.ID}); err != nil {
			t.Fatal(err)
		}
		_, err = s.Shop.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: planned.ID})
		wantErr(t, err, order.ErrInFulfillment)
		shoptest.Audit(t, s.Shop)
	})
}

// The provider does what it is asked, and nobody hears of it.
func TestLostAnswer(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 5)
		s.Bank.Fail(fakepay.Any, fakepay.LoseAnswer)
		c := s.Cart(line(mug, 2))
		p, err := s.Complete(c, card)
		if err != nil || !p.Pending() {
			t.Fatalf("%v, pending %v; want an order that waits for the provider", err, p.Pending())
		}
		s.Clock.Advance(2 * checkout.Wait)
		if err := s.Flows.Checkout.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, s.order(t, p.ID), order.StatusConfirmed, order.PayPaid)
		if n, _ := s.Bank.Chargeable(p.ID); n != 1 {
			t.Errorf("%d intents can charge, want 1", n)
		}
		shoptest.Audit(t, s.Shop)
	})
}

func TestTwiceTheSameCart(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 40)
		for _, method := range []string{card, "cash_on_delivery"} {
			c := s.Cart(line(mug, 1))
			ids := make([]string, 16)
			var wg sync.WaitGroup
			for i := range ids {
				wg.Go(func() {
					p, err := s.Complete(c, method)
					if err != nil && !errors.Is(err, checkout.ErrInProgress) {
						t.Errorf("complete: %v", err)
					}
					ids[i] = p.ID
				})
			}
			wg.Wait()
			again, err := s.Complete(c, method)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				if id != "" && id != again.ID {
					t.Errorf("one cart made the orders %s and %s", id, again.ID)
				}
			}
		}
		if got := s.Available(mug); got != 38 {
			t.Errorf("available = %d, want 38", got)
		}
		shoptest.Audit(t, s.Shop)
	})
}

func TestTwelveShoppersForOneUnit(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 1)
		carts := make([]storefront.Cart, 12)
		for i := range carts {
			carts[i] = s.Cart(line(mug, 1))
		}
		var sold atomic.Int64
		var wg sync.WaitGroup
		for _, c := range carts {
			wg.Go(func() {
				_, err := s.Complete(c, card)
				switch {
				case err == nil:
					sold.Add(1)
				case !errors.Is(err, inventory.ErrInsufficient):
					t.Errorf("complete: %v", err)
				}
			})
		}
		wg.Wait()
		if sold.Load() != 1 || s.Available(mug) != 0 {
			t.Errorf("%d sold of one, %d available", sold.Load(), s.Available(mug))
		}
		shoptest.Audit(t, s.Shop)
	})
}

// Each request of a checkout in turn is lost, answered to nobody, or late.
func TestBadWire(t *testing.T) {
	requests := []string{"cart.close", "pricing.redeem", "inventory.reserve", "payment.open", "order.place", "payment.authorize", "order.confirm", "inventory.allocate"}
	for _, trouble := range []loopback.Trouble{loopback.LostAsking, loopback.LostAnswer, loopback.Late} {
		for _, name := range requests {
			t.Run(fmt.Sprint(name, " ", trouble), func(t *testing.T) {
				s := &shop{topologytest.Topologies[2].Open(t)}
				mug := s.Variant("Mug", 1000, 5)
				c := s.Cart(line(mug, 2))
				var once sync.Once
				s.Wire.Inject = func(_ context.Context, op string) (out loopback.Trouble) {
					if op == name {
						once.Do(func() { out = trouble })
					}
					return out
				}
				p, err := s.Complete(c, card)
				s.Wire.Deliver()
				s.Clock.Advance(2 * checkout.Wait)
				if err := s.Flows.Checkout.Reconcile(t.Context()); err != nil {
					t.Error(err)
				}
				if err := s.Flows.Checkout.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
				if err != nil {
					s.untouched(t, c, mug, 5)
				} else {
					if _, err := s.Shop.Checkout.Refresh(t.Context(), checkout.RefreshInput{ID: p.ID}); err != nil {
						t.Error(err) // the shopper's page asks
					}
					wantStatus(t, s.order(t, p.ID), order.StatusConfirmed, order.PayPaid)
				}
				shoptest.Audit(t, s.Shop)
				s.endedWell(t, c)
			})
		}
	}
}

// endedWell fails unless the shopper can buy in the end, once.
func (s *shop) endedWell(t *testing.T, c storefront.Cart) {
	t.Helper()
	p, err := s.Complete(c, card)
	if err != nil {
		t.Fatalf("in the end: %v", err)
	}
	wantStatus(t, s.order(t, p.ID), order.StatusConfirmed, order.PayPaid)
	if n, _ := s.Bank.Chargeable(p.ID); n != 1 {
		t.Errorf("%d intents can charge, want 1", n)
	}
	shoptest.Audit(t, s.Shop)
}
