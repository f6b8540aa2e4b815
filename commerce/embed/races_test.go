package embed_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// S01: the last unit, again and again: those who lose keep their carts and try for
// the next one.
func TestLastUnit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		buyers, rounds := scaled(24, 64), int64(scaled(8, 20))
		mug := w.Variant("Mug", 1000, 1)
		carts := w.carts(buyers, one(mug))
		for round := range rounds {
			w.Stock(mug, round+1)
			var winner atomic.Int64
			winner.Store(-1)
			together(len(carts), func(i int) {
				_, err := w.complete(carts[i], []string{cash, card}[i%2], "")
				switch {
				case err != nil:
					lost(t, err, inventory.ErrInsufficient)
				case !winner.CompareAndSwap(-1, int64(i)):
					t.Errorf("round %d: a second one was sold", round)
				}
			})
			if winner.Load() < 0 {
				t.Fatalf("round %d: nobody got it", round)
			}
			if n := w.orders(); n != round+1 {
				t.Errorf("round %d: %d orders", round, n)
			}
			if l := w.level(mug); l.OnHand != round+1 || l.Reserved != round+1 {
				t.Errorf("round %d: %d on hand, %d reserved", round, l.OnHand, l.Reserved)
			}
			carts = append(carts[:winner.Load()], carts[winner.Load()+1:]...)
		}
	})
}

// S02: everybody buys until nothing is left.
func TestSoldOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const buyers = 32
		units := scaled(64, 500)
		mug := w.Variant("Mug", 1000, int64(units))
		queue := make(chan storefront.Cart, units+buyers)
		for _, c := range w.carts(units+buyers, one(mug)) {
			queue <- c
		}
		close(queue)
		var sold atomic.Int64
		start := time.Now()
		together(buyers, func(int) {
			for c := range queue {
				if _, err := w.complete(c, cash, ident.NewID("key")); err != nil {
					lost(t, err, inventory.ErrInsufficient)
					continue
				}
				sold.Add(1)
			}
		})
		t.Logf("%d orders in %v", sold.Load(), time.Since(start))
		if l := w.level(mug); sold.Load() != int64(units) || l.Reserved != int64(units) || l.OnHand != int64(units) {
			t.Errorf("sold %d of %d; %d on hand, %d reserved", sold.Load(), units, l.OnHand, l.Reserved)
		}
		if n := w.orders(); n != int64(units) {
			t.Errorf("%d orders for %d units", n, units)
		}
	})
}

// S03: two lines of a cart want the same unit: their demand is summed.
func TestOneUnitInTwoLines(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 2)
		c := w.Cart(one(mug))
		token := c.Token
		engraved := storefront.AddItem{VariantID: mug, Quantity: 1, Metadata: []byte(`{"engraving":"Ada"}`)}
		c, err := w.far.Storefront.AddItems(shoptest.Guest(t.Context(), c), storefront.AddItemsInput{ID: c.ID, Items: []storefront.AddItem{engraved}})
		if err != nil || len(c.Items) != 2 {
			t.Fatalf("%d lines, %v; want 2", len(c.Items), err)
		}
		c.Token = token
		w.Stock(mug, 1)
		_, err = w.complete(c, cash, "two-lines")
		lost(t, err, inventory.ErrInsufficient)
		if got := w.Available(mug); got != 1 || w.orders() != 0 {
			t.Errorf("%d available, %d orders", got, w.orders())
		}
		w.Stock(mug, 2)
		if _, err = w.complete(c, cash, "two-lines"); err != nil || w.Available(mug) != 0 {
			t.Errorf("with two: %v, %d available", err, w.Available(mug))
		}
	})
}

// S04: baskets of the same goods in every order: nobody deadlocks, nothing is lost.
func TestMixedBaskets(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const workers, goods = 32, 8
		n := scaled(128, 3200)
		stock := int64(n) * 3 / goods * 9 / 10 // a tenth goes away empty-handed
		variants := make([]string, goods)
		for i := range variants {
			variants[i] = w.Variant(shoptest.Name(i), 1000, stock)
		}
		queue := make(chan storefront.Cart, n)
		for range n {
			var lines []shoptest.Line
			for _, i := range rand.Perm(goods)[:3] {
				lines = append(lines, one(variants[i]))
			}
			queue <- w.Cart(lines...)
		}
		close(queue)
		var sold atomic.Int64
		start := time.Now()
		together(workers, func(i int) {
			for c := range queue {
				_, err := w.complete(c, []string{cash, card}[i%2], ident.NewID("key"))
				if err != nil {
					lost(t, err, inventory.ErrInsufficient)
					continue
				}
				sold.Add(1)
			}
		})
		t.Logf("%d of %d sold in %v", sold.Load(), n, time.Since(start))
		var reserved int64
		for _, v := range variants {
			l := w.level(v)
			reserved += l.Reserved
			if l.OnHand != stock {
				t.Errorf("of %s %d on hand, want %d", v, l.OnHand, stock)
			}
		}
		if reserved != 3*sold.Load() {
			t.Errorf("%d reserved for %d orders of 3", reserved, sold.Load())
		}
	})
}

// S06, P16: abandoned checkouts give back what they hold, once, whoever sweeps.
func TestAbandonedCheckouts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := scaled(32, 100)
		mug := w.Variant("Mug", 1000, int64(2*n))
		w.bank.Set(fakepay.Any, fakepay.AskShopper)
		var ids []string
		for range n {
			ids = append(ids, w.Order(card, shoptest.Line{Variant: mug, Quantity: 2}).ID)
		}
		if got := w.Available(mug); got != 0 {
			t.Fatalf("%d available while %d checkouts hold two each", got, n)
		}
		w.clock.Advance(fakepay.Hold + time.Second)
		together(3, func(int) {
			f := w.shop.Flows.Checkout
			if err := errors.Join(f.Expire(context.Background()), f.Sweep(context.Background()), f.Reconcile(context.Background())); err != nil {
				t.Errorf("sweep: %v", err)
			}
		})
		if l := w.level(mug); l.Reserved != 0 || w.Available(mug) != int64(2*n) {
			t.Errorf("%d reserved, %d available, want 0 and %d", l.Reserved, w.Available(mug), 2*n)
		}
		for _, id := range ids {
			if o := w.order(id); o.Status != order.StatusCanceled {
				t.Errorf("order %s is %s", id, o.Status)
			}
			if can, err := w.bank.Chargeable(id); can != 0 || err != nil {
				t.Errorf("the bank can still charge for %s: %d, %v", id, can, err)
			}
			if n := w.count("{reservation} WHERE order_id = ? AND state = 'released'", id); n != 1 || w.events("order.canceled", id) != 1 {
				t.Errorf("order %s: %d released, canceled %d times", id, n, w.events("order.canceled", id))
			}
		}
	})
}

// S08: what is promised cannot be counted away, and a correction that is sent twice
// is one.
func TestCorrectingStock(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 10)
		w.Order(cash, shoptest.Line{Variant: mug, Quantity: 8})
		ctx := shoptest.Staff(t.Context(), "stock:write")
		_, err := w.far.Inventory.SetLevel(ctx, inventory.SetLevelInput{VariantID: mug, OnHand: 5})
		lost(t, err, inventory.ErrBelowReserved)
		take := func(key string, n int64) error {
			_, err := w.far.Inventory.Adjust(ident.WithKey(ctx, key), inventory.AdjustInput{VariantID: mug, Delta: n, Reason: "broken"})
			return err
		}
		for range 2 {
			lost(t, take("five", -5), inventory.ErrBelowReserved)
		}
		w.Stock(mug, 20)
		together(8, func(int) {
			if err := take("twice", -5); err != nil {
				lost(t, err, idem.ErrInFlight)
			}
		})
		if err := take("twice", -5); err != nil {
			t.Errorf("again: %v", err)
		}
		if l := w.level(mug); l.OnHand != 15 || l.Reserved != 8 {
			t.Errorf("%d on hand, %d reserved, want 15 and 8", l.OnHand, l.Reserved)
		}
	})
}

// C11: a price that changes while carts are completed: each order costs what its
// shopper has agreed to, or does not come to be.
func TestPriceChangesWhileCompleting(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := scaled(12, 40)
		mug := w.Variant("Mug", 1000, int64(n+2))
		carts := w.carts(n, one(mug))
		together(n+1, func(i int) {
			if i == n {
				w.Price(mug, 1500)
				return
			}
			p, err := w.complete(carts[i], cash, fmt.Sprint("price-", i))
			if err != nil {
				lost(t, err, checkout.ErrTotalChanged)
			} else if p.Totals.Total != carts[i].Totals.Total {
				t.Errorf("agreed to %v, ordered for %v", carts[i].Totals.Total, p.Totals.Total)
			}
		})
		for _, minor := range []int64{700, 1500} { // also when it falls
			c := w.Cart(one(mug))
			w.Price(mug, minor)
			before := w.Available(mug)
			_, err := w.complete(c, card, "late")
			lost(t, err, checkout.ErrTotalChanged)
			if got := w.Available(mug); got != before {
				t.Errorf("%d available after a refusal, want %d", got, before)
			}
			if all, _ := w.bank.Intents(); len(all) != 0 {
				t.Errorf("the bank knows of %d payments", len(all))
			}
		}
	})
}
