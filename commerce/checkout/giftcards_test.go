package checkout_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/embed/topologytest"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

// issue makes a gift card.
func (s *shop) issue(t *testing.T, minor int64) payment.NewGiftCard {
	t.Helper()
	c, err := s.Shop.Payments.CreateGiftCard(t.Context(), payment.CreateGiftCardInput{Amount: shoptest.USD(minor)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// paying makes a cart of one thing at a price that gift cards pay for.
func (s *shop) paying(t *testing.T, price int64, cards ...payment.NewGiftCard) storefront.Cart {
	t.Helper()
	c := s.Cart(line(s.Variant("Mug", price, 5), 1))
	token := c.Token
	for _, g := range cards {
		var err error
		if c, err = s.Shop.Storefront.AddGiftCard(shoptest.Guest(t.Context(), c), storefront.AddGiftCardInput{ID: c.ID, Code: g.Code}); err != nil {
			t.Fatal(err)
		}
		c.Token = token
	}
	return c
}

func (s *shop) complete(t *testing.T, c storefront.Cart, method string) checkout.Placed {
	t.Helper()
	p, err := s.Complete(c, method)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantBalance fails unless so much is left on a card.
func (s *shop) wantBalance(t *testing.T, c payment.NewGiftCard, minor int64) {
	t.Helper()
	got, err := s.Shop.Payments.GiftCard(t.Context(), payment.IDInput{ID: c.ID})
	if err != nil || got.Balance != shoptest.USD(minor) {
		t.Errorf("%v is left on a card, %v; want %d", got.Balance, err, minor)
	}
}

// wantPayments compares "gift_card captured 2000" of the payments of an order.
func wantPayments(t *testing.T, o order.Order, want ...string) {
	t.Helper()
	var got []string
	for _, p := range o.Payments {
		got = append(got, p.Method+" "+p.Status+" "+p.Amount.Decimal())
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("payments %q, want %q", got, want)
	}
}

func (s *shop) wantTaken(t *testing.T, o order.Order, minor int64) {
	t.Helper()
	if took, _ := s.Bank.Taken(o.ID, "USD"); took != shoptest.USD(minor) {
		t.Errorf("the bank took %v, want %d", took, minor)
	}
}

func TestGiftCardAndCard(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		gift := s.issue(t, 2000)
		c := s.paying(t, 5000, gift)
		if len(c.GiftCards) != 1 || c.GiftCards[0] != (storefront.GiftCard{Last4: gift.Last4, Applied: shoptest.USD(2000), BalanceAfter: shoptest.USD(0)}) {
			t.Errorf("gift cards %+v", c.GiftCards)
		}
		if w := c.Totals; w.Total != shoptest.USD(5000) || w.GiftCards != shoptest.USD(2000) || w.AmountDue != shoptest.USD(3000) {
			t.Errorf("totals %+v", w)
		}
		o := s.complete(t, c, card).Order
		wantStatus(t, o, order.StatusConfirmed, order.PayPaid)
		wantPayments(t, o, "gift_card captured 20.00", "fake_card captured 30.00")
		if o.Payment.Method != card || o.Totals.GiftCards != shoptest.USD(2000) || o.Balance.Captured != shoptest.USD(5000) || !o.Balance.Due.IsZero() {
			t.Errorf("order %+v", o)
		}
		s.wantTaken(t, o, 3000)
		s.wantBalance(t, gift, 0)
		if again := s.complete(t, c, card); again.ID != o.ID {
			t.Errorf("again: %s, want %s", again.ID, o.ID)
		}
		shoptest.Audit(t, s.Shop)
	})
}

// Cards pay in the order in which they were added, and nobody else is asked.
func TestGiftCardsPayAll(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		small, large := s.issue(t, 3000), s.issue(t, 2500)
		for _, method := range []string{payment.MethodGiftCard, card} {
			c := s.paying(t, 1000, large, small)
			o := s.complete(t, c, method).Order
			wantStatus(t, o, order.StatusConfirmed, order.PayPaid)
			wantPayments(t, o, "gift_card captured 10.00")
		}
		c := s.paying(t, 3000, large, small)
		if c.GiftCards[0].Applied != shoptest.USD(500) || c.GiftCards[1].Applied != shoptest.USD(2500) || !c.Totals.AmountDue.IsZero() {
			t.Errorf("%+v", c.GiftCards)
		}
		o := s.complete(t, c, card).Order
		wantStatus(t, o, order.StatusConfirmed, order.PayPaid)
		wantPayments(t, o, "gift_card captured 5.00", "gift_card captured 25.00")
		if o.Payment == nil || o.Payment.Method != payment.MethodGiftCard || o.ExpiresAt != nil {
			t.Errorf("payment %+v, expires %v", o.Payment, o.ExpiresAt)
		}
		lines, err := s.Shop.Payments.Ledger(t.Context(), payment.OrdersInput{OrderIDs: []string{o.ID}})
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 2, false: 4}[len(s.DBs) == 1]; len(lines.Items) != want { // captured at once, or held and then captured
			t.Errorf("%d lines in the ledger, want %d", len(lines.Items), want)
		}
		if all, err := s.Bank.Intents(); err != nil || len(all) > 0 {
			t.Errorf("the bank was asked %d times, %v", len(all), err)
		}
		s.wantBalance(t, large, 0)
		s.wantBalance(t, small, 500)
		_, err = s.Complete(s.paying(t, 1000, small), payment.MethodGiftCard) // the rest is due
		wantErr(t, err, payment.ErrMethodUnknown)
		s.ship(t, o.ID)
		if got := s.order(t, o.ID); got.Status != order.StatusCompleted {
			t.Errorf("paid and delivered, the order is %s", got.Status)
		}
		shoptest.Audit(t, s.Shop)
	})
}

func TestGiftCardAndCash(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		gift := s.issue(t, 2000)
		o := s.complete(t, s.paying(t, 5000, gift), "cash_on_delivery").Order
		wantStatus(t, o, order.StatusConfirmed, order.PayPartiallyCaptured)
		wantPayments(t, o, "gift_card captured 20.00", "cash_on_delivery open 30.00")
		if o.Balance.Due != shoptest.USD(3000) {
			t.Errorf("due %v, want 30.00", o.Balance.Due)
		}
		o, err := s.Shop.Checkout.Capture(t.Context(), payment.CaptureInput{ID: o.Payment.ID})
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, o, order.StatusConfirmed, order.PayPaid)
		shoptest.Audit(t, s.Shop)
	})
}

func TestGiftCardAndTransfer(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		gift := s.issue(t, 2000)
		o := s.complete(t, s.paying(t, 5000, gift), "bank_transfer").Order
		if o.Status != order.StatusPending || o.Payment.Method != "bank_transfer" || o.Payment.Amount != shoptest.USD(3000) {
			t.Errorf("%s, payment %+v", o.Status, o.Payment)
		}
		wantPayments(t, o, "gift_card authorized 20.00", "bank_transfer open 30.00")
		s.wantBalance(t, gift, 0)
		held := o.Payments[slices.IndexFunc(o.Payments, func(p order.Payment) bool { return p.Method == payment.MethodGiftCard })].ID
		_, err := s.Shop.Checkout.Capture(t.Context(), payment.CaptureInput{ID: held})
		wantErr(t, err, payment.ErrIllegal)
		_, err = s.Shop.Checkout.Void(t.Context(), payment.IDInput{ID: held})
		wantErr(t, err, order.ErrIllegal)
		if o, err = s.Shop.Checkout.Capture(t.Context(), payment.CaptureInput{ID: o.Payment.ID}); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, o, order.StatusConfirmed, order.PayPaid)
		wantPayments(t, o, "gift_card captured 20.00", "bank_transfer captured 30.00")
		shoptest.Audit(t, s.Shop)
	})
}

// A card that can pay nothing any more is the shopper's to take out: the rest
// would be more than they have agreed to.
func TestGiftCardUnusable(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		gift := s.issue(t, 2000)
		c := s.paying(t, 5000, gift)
		if _, err := s.Shop.Payments.DisableGiftCard(t.Context(), payment.IDInput{ID: gift.ID}); err != nil {
			t.Fatal(err)
		}
		_, err := s.Complete(c, card)
		var why payment.Unusable
		if f := wantErr(t, err, payment.ErrGiftCardUnusable); json.Unmarshal(f.Meta, &why) != nil || why != (payment.Unusable{Reason: payment.CardDisabled, Last4: gift.Last4}) {
			t.Errorf("meta %s", f.Meta)
		}
		s.untouched(t, c, c.Items[0].VariantID, 5)
		ctx := shoptest.Guest(t.Context(), c)
		seen, err := s.Shop.Storefront.Cart(ctx, cart.IDInput{ID: c.ID})
		if err != nil || len(seen.Requirements) != 1 || seen.Requirements[0].Code != payment.ErrGiftCardUnusable.Code || seen.Requirements[0].Param != "/gift_cards/0" ||
			seen.Totals.AmountDue != shoptest.USD(5000) || !seen.GiftCards[0].Applied.IsZero() {
			t.Errorf("%+v, %v", seen, err)
		}
		_, err = s.Shop.Storefront.AddGiftCard(shoptest.Guest(t.Context(), c), storefront.AddGiftCardInput{ID: c.ID, Code: gift.Code})
		wantErr(t, err, payment.ErrGiftCardUnusable)
		without, err := s.Shop.Storefront.RemoveGiftCard(ctx, cart.RemoveGiftCardInput{ID: c.ID, Last4: gift.Last4})
		if err != nil || len(without.GiftCards) != 0 || len(without.Requirements) != 0 {
			t.Fatalf("%+v, %v", without, err)
		}
		wantStatus(t, s.complete(t, c, card).Order, order.StatusConfirmed, order.PayPaid)
		s.wantBalance(t, gift, 2000)
		shoptest.Audit(t, s.Shop)
	})
}

func TestDeclineBesideAGiftCard(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		gift := s.issue(t, 2000)
		s.Bank.Set(fakepay.Any, fakepay.Decline)
		p := s.complete(t, s.paying(t, 5000, gift), card)
		if p.Status != order.StatusPending || p.Payment.Method != card || p.Payment.Failure == nil || p.Pending() {
			t.Errorf("%s, payment %+v", p.Status, p.Payment)
		}
		s.Clock.Advance(time.Second)
		o, err := s.Shop.Checkout.Void(t.Context(), payment.IDInput{ID: p.Payment.ID})
		if err != nil {
			t.Fatal(err)
		}
		if o.Status != order.StatusPending || o.Payment.Method != card || (checkout.Placed{Order: o}).Pending() {
			t.Errorf("%s, payment %+v", o.Status, o.Payment)
		}
		s.Bank.Set(fakepay.Any, fakepay.Approve)
		paid, err := s.Shop.Checkout.Pay(t.Context(), checkout.PayInput{ID: p.ID, Means: checkout.Means{Method: card}})
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, paid.Order, order.StatusConfirmed, order.PayPaid)
		if paid.Balance.Captured != shoptest.USD(5000) {
			t.Errorf("captured %v, want 50.00", paid.Balance.Captured)
		}
		s.wantTaken(t, paid.Order, 3000)
		s.wantBalance(t, gift, 0)
		shoptest.Audit(t, s.Shop)
	})
}

func TestGiftCardIsLetGo(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		gift := s.issue(t, 2000)
		s.Bank.Set(fakepay.Any, fakepay.Decline)
		expired := s.complete(t, s.paying(t, 5000, gift), card)
		s.wantBalance(t, gift, 0)
		s.Clock.Advance(16 * time.Minute)
		for range 2 {
			if err := s.Flows.Checkout.Expire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		wantStatus(t, s.order(t, expired.ID), order.StatusCanceled, order.PayVoided)
		s.wantBalance(t, gift, 2000)
		canceled := s.complete(t, s.paying(t, 5000, gift), "bank_transfer")
		s.wantBalance(t, gift, 0)
		for range 2 {
			if _, err := s.Shop.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: canceled.ID}); err != nil {
				t.Fatal(err)
			}
		}
		wantStatus(t, s.order(t, canceled.ID), order.StatusCanceled, order.PayVoided)
		s.wantBalance(t, gift, 2000)
		shoptest.Audit(t, s.Shop)
	})
}

// The hold is over, and the bank says that the rest is paid: the gift card pays
// its part too.
func TestExpiryMeetsALatePayerWithAGiftCard(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		gift := s.issue(t, 2000)
		s.Bank.Set(fakepay.Any, fakepay.Decline)
		o := s.complete(t, s.paying(t, 5000, gift), card)
		s.Clock.Advance(16 * time.Minute)
		if ok, err := s.Bank.Confirm(o.Payment.ID, fakepay.Approve); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if err := s.Flows.Checkout.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, s.order(t, o.ID), order.StatusConfirmed, order.PayPaid)
		wantPayments(t, s.order(t, o.ID), "gift_card captured 20.00", "fake_card captured 30.00")
		s.wantBalance(t, gift, 0)
		shoptest.Audit(t, s.Shop)
	})
}

// docs/money.md, example 29: the card first, then the gift card.
func TestGiftCardRefund(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		gift := s.issue(t, 5000)
		o := s.complete(t, s.paying(t, 8500, gift), card)
		wantStatus(t, o.Order, order.StatusConfirmed, order.PayPaid)
		for _, step := range []struct{ goodwill, card, gift int64 }{{2000, 2000, 0}, {4000, 3500, 2500}} {
			in := checkout.RefundInput{RefundInput: order.RefundInput{ID: o.ID, Goodwill: new(shoptest.USD(step.goodwill)), Reason: "a favor"}}
			if _, err := s.Shop.Checkout.Refund(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			for _, p := range s.order(t, o.ID).Payments {
				want := step.gift
				if p.Method == card {
					want = step.card
				}
				if p.Refunded != shoptest.USD(want) {
					t.Errorf("after %d more %s has given back %v, want %d", step.goodwill, p.Method, p.Refunded, want)
				}
			}
			s.wantBalance(t, gift, step.gift)
		}
		shoptest.Audit(t, s.Shop)
	})
}

// Each request about a gift card in turn is lost, answered to nobody, or late, the
// first or the second of its name.
func TestBadWireWithAGiftCard(t *testing.T) {
	requests := []string{"payment.gift_cards_of", "payment.open", "order.place", "payment.settle_gift_cards", "order.note_payment"}
	for _, trouble := range []loopback.Trouble{loopback.LostAsking, loopback.LostAnswer, loopback.Late} {
		for _, name := range requests {
			for _, price := range []int64{5000, 2000} { // the rest by card, and all by gift card
				t.Run(fmt.Sprint(name, " ", trouble, " ", price), func(t *testing.T) {
					s := &shop{topologytest.Topologies[2].Open(t)}
					gift := s.issue(t, 2000)
					c := s.paying(t, price, gift)
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
					for _, job := range []func(context.Context) error{s.Flows.Checkout.Reconcile, s.Flows.Checkout.Sweep} {
						if err := job(t.Context()); err != nil {
							t.Error(err)
						}
					}
					if err != nil {
						s.untouched(t, c, c.Items[0].VariantID, 5)
						s.wantBalance(t, gift, 2000)
					} else if _, err := s.Shop.Checkout.Refresh(t.Context(), checkout.RefreshInput{ID: p.ID}); err != nil {
						t.Error(err) // the shopper's page asks
					}
					shoptest.Audit(t, s.Shop)
					done := s.complete(t, c, card)
					wantStatus(t, s.order(t, done.ID), order.StatusConfirmed, order.PayPaid)
					s.wantTaken(t, done.Order, price-2000)
					s.wantBalance(t, gift, 0)
					shoptest.Audit(t, s.Shop)
				})
			}
		}
	}
}
