package embed_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// promote makes a promotion by 10 % with a code.
func (w *world) promote(code string, change func(*pricing.PromotionFields)) pricing.Promotion {
	w.Helper()
	f := pricing.PromotionFields{Title: "Ten", Code: &code, Kind: pricing.KindPercent, Percent: 100_000, Scope: pricing.ScopeOrder}
	if change != nil {
		change(&f)
	}
	p, err := w.far.Pricing.CreatePromotion(context.Background(), f)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// enter puts a code in a cart as its guest.
func (w *world) enter(c storefront.Cart, code string) (storefront.Cart, error) {
	seen, err := w.far.Storefront.AddDiscountCode(shoptest.Guest(context.Background(), c), storefront.AddDiscountCodeInput{ID: c.ID, Code: code})
	seen.Token = c.Token
	return seen, err
}

// reduced makes n carts of one thing with a code.
func (w *world) reduced(n int, variant, code string) []storefront.Cart {
	w.Helper()
	carts := w.carts(n, one(variant))
	for i := range carts {
		var err error
		if carts[i], err = w.enter(carts[i], code); err != nil {
			w.Fatal(err)
		}
	}
	return carts
}

// as makes a cart somebody else's.
func (w *world) as(c storefront.Cart, email string) storefront.Cart {
	w.Helper()
	seen, err := w.far.Storefront.UpdateCart(shoptest.Guest(context.Background(), c), storefront.UpdateCartInput{ID: c.ID, Email: op.Some(email)})
	if err != nil {
		w.Fatal(err)
	}
	seen.Token = c.Token
	return seen
}

func (w *world) used(p pricing.Promotion) int64 {
	w.Helper()
	now, err := w.far.Pricing.Promotion(context.Background(), pricing.IDInput{ID: p.ID})
	if err != nil {
		w.Fatal(err)
	}
	return now.Used
}

// One use, and everybody completes at once: one order has the discount, and the
// others are told before anything is ordered or paid (V01).
func TestOneUseManyBuyers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for round, limit := range []int64{1, int64(scaled(5, 100))} {
			buyers := scaled(32, 64*(1+7*round))
			mug := w.Variant("Mug", 1000, 10_000)
			code := fmt.Sprint("FEW", round)
			p := w.promote(code, func(f *pricing.PromotionFields) { f.UsageLimit = &limit })
			carts := w.reduced(buyers, mug, code)
			before := w.orders()
			var sold atomic.Int64
			together(buyers, func(i int) {
				placed, err := w.complete(carts[i], []string{cash, card}[i%2], fmt.Sprint(code, i))
				if err != nil {
					lost(t, err, checkout.ErrTotalChanged)
					return
				}
				sold.Add(1)
				if placed.Totals.Discount.Minor != 100 || len(placed.Discounts) != 1 || placed.Discounts[0].PromotionID != p.ID || placed.Items[0].Discount.Minor != 100 {
					t.Errorf("an order with %v off: %+v", placed.Totals.Discount, placed.Discounts)
				}
			})
			if n := w.orders() - before; sold.Load() != limit || n != limit || w.used(p) != limit {
				t.Errorf("%d of %d sold, %d orders, %d uses", sold.Load(), limit, n, w.used(p))
			}
			// Who lost sees why, and may buy for more.
			seen, err := w.far.Storefront.Cart(shoptest.Guest(t.Context(), carts[0]), cart.IDInput{ID: carts[0].ID})
			if err != nil {
				t.Fatal(err)
			}
			if seen.OrderID == nil {
				if d := seen.DiscountCodes; len(d) != 1 || d[0].Applied || *d[0].Reason != pricing.CodeLimitReached || seen.Totals.Total.Minor != 1000 || len(seen.Messages) != 1 {
					t.Errorf("a cart that lost: %+v, %v, %+v", d, seen.Totals.Total, seen.Messages)
				}
				seen.Token = carts[0].Token
				if placed, err := w.complete(seen, cash, ""); err != nil || placed.Totals.Discount.Minor != 0 || len(placed.Discounts) != 0 {
					t.Errorf("without the discount: %v, %v", placed.Totals.Discount, err)
				}
			}
		}
	})
}

// One use for each customer: two devices, many carts, one order (V02). Whose
// address it is counts, not how it is written.
func TestOneUseForEachBuyer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const buyers = 16
		mug := w.Variant("Mug", 1000, 1000)
		p := w.promote("ONCE", func(f *pricing.PromotionFields) { f.PerCustomerLimit = new(int64(1)) })
		carts := w.reduced(buyers, mug, "once")
		for i := range carts {
			carts[i] = w.as(carts[i], []string{"ann@example.com", "Ann@Example.com", "bob@example.com"}[i%3])
		}
		var sold atomic.Int64
		together(buyers, func(i int) {
			if _, err := w.complete(carts[i], []string{cash, card}[i%2], fmt.Sprint("once", i)); err != nil {
				lost(t, err, checkout.ErrTotalChanged)
				return
			}
			sold.Add(1)
		})
		if sold.Load() != 2 || w.orders() != 2 || w.used(p) != 2 {
			t.Errorf("%d sold to two, %d orders, %d uses", sold.Load(), w.orders(), w.used(p))
		}
		_, err := w.enter(w.as(w.Cart(one(mug)), "ANN@example.com"), "ONCE")
		lost(t, err, pricing.ErrCodeRejected)
	})
}

// What is canceled or runs out gives its use back once, and somebody else can have
// it (V03); a payment that takes two steps counts once (V10).
func TestUsesComeBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 1000)
		p := w.promote("ONE", func(f *pricing.PromotionFields) { f.UsageLimit = new(int64(1)) })
		w.bank.Set(fakepay.Any, fakepay.AskShopper)
		carts := w.reduced(4, mug, "ONE")
		end := map[string]func(c storefront.Cart, order string){
			"canceled while pending": func(c storefront.Cart, id string) {
				together(4, func(int) {
					_, _ = w.far.Checkout.Cancel(shoptest.Staff(context.Background(), "orders:write"), checkout.CancelInput{ID: id})
				})
			},
			"expired": func(storefront.Cart, string) {
				w.clock.Advance(fakepay.Hold + time.Second)
				together(3, func(int) {
					f := w.shop.Flows.Checkout
					if err := errors.Join(f.Expire(context.Background()), f.Sweep(context.Background()), f.Reconcile(context.Background())); err != nil {
						t.Error(err)
					}
				})
			},
			"canceled when confirmed": func(_ storefront.Cart, id string) {
				for range 2 {
					if _, err := w.far.Checkout.Cancel(shoptest.Staff(context.Background(), "orders:write"), checkout.CancelInput{ID: id, Refund: true}); err != nil {
						t.Error(err)
					}
				}
			},
		}
		for i, how := range slices.Sorted(maps.Keys(end)) {
			method := card
			if how == "canceled when confirmed" {
				method = cash
			}
			placed, err := w.complete(carts[i], method, fmt.Sprint("back-", i))
			if err != nil || placed.Totals.Discount.Minor != 100 || w.used(p) != 1 {
				t.Fatalf("%s: %v off, %v, %d uses", how, placed.Totals.Discount, err, w.used(p))
			}
			if _, err := w.complete(carts[3], cash, ""); !errors.Is(err, checkout.ErrTotalChanged) {
				t.Errorf("%s: a second one: %v", how, err)
			}
			end[how](carts[i], placed.ID)
			if w.used(p) != 0 {
				t.Errorf("%s: %d uses, want none", how, w.used(p))
			}
		}
		if _, err := w.complete(carts[3], cash, "last"); err != nil || w.used(p) != 1 {
			t.Errorf("somebody else: %v, %d uses", err, w.used(p))
		}
	})
}

// A promotion that is changed or deleted after it was agreed to (V08).
func TestPromotionChangesBeforeComplete(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 1000)
		ctx := context.Background()
		p := w.promote("TEN", nil)
		carts := w.reduced(4, mug, "TEN")
		if _, err := w.far.Pricing.UpdatePromotion(ctx, pricing.UpdatePromotionInput{ID: p.ID, Percent: op.Some(money.Rate(200_000))}); err != nil {
			t.Fatal(err)
		}
		_, err := w.complete(carts[0], cash, "changed")
		lost(t, err, checkout.ErrTotalChanged)
		if _, err := w.far.Pricing.DeletePromotion(ctx, pricing.IDInput{ID: p.ID}); err != nil {
			t.Fatal(err)
		}
		_, err = w.complete(carts[1], cash, "deleted")
		lost(t, err, checkout.ErrTotalChanged)
		if w.orders() != 0 {
			t.Errorf("%d orders", w.orders())
		}
		// Meanwhile, again and again: orders have what was agreed to.
		auto, err := w.far.Pricing.CreatePromotion(ctx, pricing.PromotionFields{Title: "All", Kind: pricing.KindPercent, Percent: 100_000, Scope: pricing.ScopeOrder})
		if err != nil {
			t.Fatal(err)
		}
		n := scaled(12, 40)
		many := w.carts(n, one(mug))
		together(n+1, func(i int) {
			if i == n {
				for r := range 4 {
					if _, err := w.far.Pricing.UpdatePromotion(ctx, pricing.UpdatePromotionInput{ID: auto.ID, Active: op.Some(r%2 == 1)}); err != nil {
						t.Error(err)
					}
				}
				return
			}
			placed, err := w.complete(many[i], cash, fmt.Sprint("many", i))
			if err != nil {
				lost(t, err, checkout.ErrTotalChanged)
			} else if placed.Totals.Total != many[i].Totals.Total || len(placed.Discounts) != 1 {
				t.Errorf("agreed to %v, ordered for %v, with %d discounts", many[i].Totals.Total, placed.Totals.Total, len(placed.Discounts))
			}
		})
		if w.used(auto) != w.orders() {
			t.Errorf("%d uses by %d orders", w.used(auto), w.orders())
		}
	})
}
