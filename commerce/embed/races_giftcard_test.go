package embed_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// accepting makes n carts of one thing at a price that a gift card pays for.
func (w *world) accepting(n int, variant string, cards ...payment.NewGiftCard) []storefront.Cart {
	w.Helper()
	carts := w.carts(n, one(variant))
	for i, c := range carts {
		for _, g := range cards {
			seen, err := w.far.Storefront.AddGiftCard(shoptest.Guest(context.Background(), c), storefront.AddGiftCardInput{ID: c.ID, Code: g.Code})
			if err != nil {
				w.Fatal(err)
			}
			carts[i].Totals = seen.Totals
		}
	}
	return carts
}

func (w *world) issue(minor int64) payment.NewGiftCard {
	w.Helper()
	c, err := w.far.Payments.CreateGiftCard(context.Background(), payment.CreateGiftCardInput{Amount: shoptest.USD(minor)})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func (w *world) left(c payment.NewGiftCard) int64 {
	w.Helper()
	got, err := w.far.Payments.GiftCard(context.Background(), payment.IDInput{ID: c.ID})
	if err != nil {
		w.Fatal(err)
	}
	return got.Balance.Minor
}

// One card in many carts, all completed at once, and some orders canceled
// meanwhile: it never pays more than it has (K04 of stock, for money).
func TestOneGiftCardManyCarts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const buyers = 16
		mug := w.Variant("Mug", 1500, 1000)
		for range scaled(2, 10) {
			a, b := w.issue(5000), w.issue(700)
			var sold, paid atomic.Int64
			carts := append(w.accepting(buyers/2, mug, a, b), w.accepting(buyers/2, mug, b, a)...) // either order
			together(buyers, func(i int) {
				p, err := w.complete(carts[i], []string{cash, card}[i%2], "")
				if err != nil {
					lost(t, err, payment.ErrGiftCardUnusable)
					return
				}
				sold.Add(1)
				for _, pay := range p.Payments {
					if pay.Method == payment.MethodGiftCard {
						paid.Add(pay.Captured.Minor)
					}
				}
			})
			if left := w.left(a) + w.left(b); left < 0 || left+paid.Load() != 5700 {
				t.Errorf("%d is left, %d was paid, of 5700", left, paid.Load())
			}
			if sold.Load() < 1 {
				t.Errorf("%d were sold, want one at least", sold.Load())
			}
		}
		if l := w.level(mug); l.Reserved != w.orders() {
			t.Errorf("%d reserved for %d orders", l.Reserved, w.orders())
		}
	})
}
