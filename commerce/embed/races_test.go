package embed_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// The last unit, again and again: those who lose keep their carts and try for
// the next one.
func TestRaceForTheLastUnit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 0)
		var carts []storefront.Cart
		for range scaled(24, 64) {
			w.Stock(mug, int64(len(carts))+1) // so that it can be put in
			carts = append(carts, w.Cart(one(mug)))
		}
		w.Stock(mug, 0)
		const rounds = 20
		for round := range int64(scaled(rounds/4, rounds)) {
			w.Stock(mug, round+1)
			winner := atomic.Int64{}
			winner.Store(-1)
			together(len(carts), func(i int) {
				method := []string{cash, card}[i%2]
				_, err := w.complete(carts[i], method, "")
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

// Everybody buys until nothing is left.
func TestRaceUntilSoldOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		units := int64(scaled(96, 500))
		mug := w.Variant("Mug", 1000, units)
		var sold atomic.Int64
		together(32, func(int) {
			for w.Available(mug) > 0 {
				ctx := ident.With(context.Background(), ident.Actor{Kind: ident.Guest})
				c, err := w.far.Storefront.CreateCart(ctx, storefront.CreateCartInput{Email: "ada@example.com", Items: []storefront.AddItem{{VariantID: mug, Quantity: 1}}})
				if err != nil {
					return // the last one went meanwhile
				}
				token := c.Token
				for _, kind := range []string{"shipping", "billing"} {
					c, err = w.far.Storefront.SetAddress(shoptest.Guest(ctx, storefront.Cart{Token: token}), storefront.SetAddressInput{ID: c.ID, Kind: kind, Address: shoptest.Address()})
					if err != nil {
						t.Error(err)
						return
					}
				}
				c, err = w.far.Storefront.SetShippingOption(shoptest.Guest(ctx, storefront.Cart{Token: token}), storefront.SetShippingOptionInput{ID: c.ID, OptionID: w.option(c, token)})
				if err != nil {
					t.Error(err)
					return
				}
				c.Token = token
				if _, err := w.complete(c, cash, ident.NewID("key")); err != nil {
					lost(t, err, inventory.ErrInsufficient)
					continue
				}
				sold.Add(1)
			}
		})
		if l := w.level(mug); sold.Load() != units || l.Reserved != units || l.OnHand != units {
			t.Errorf("sold %d of %d; %d on hand, %d reserved", sold.Load(), units, l.OnHand, l.Reserved)
		}
		if n := w.orders(); n != units {
			t.Errorf("%d orders for %d units", n, units)
		}
	})
}
