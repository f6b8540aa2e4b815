package bunstore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/pricing/pricingtest"
)

func TestPricing(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		pricingtest.Run(t, func(t *testing.T) pricing.Store { return bunstore.Pricing{DB: open(t)} })
	})
}

// TestPricingTogether lets several engines seed one shop, write the same prices
// in different orders, and quote meanwhile.
func TestPricingTogether(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		store := bunstore.Pricing{DB: open(t)}
		var wg sync.WaitGroup
		for i := range 4 {
			e := pricing.New(store, nil)
			wg.Go(func() {
				if _, err := e.Seed(t.Context(), pricing.SeedInput{Currency: "EUR", Country: "DE"}); err != nil {
					t.Error(err)
				}
				for round := range 5 {
					if err := putAndQuote(t, e, i, int64(round)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		all, err := pricing.New(store, nil).Markets(t.Context(), op.Nothing{})
		if err != nil || len(all.Items) != 1 {
			t.Errorf("markets of four seeds: %+v, %v", all, err)
		}
	})
}

// putAndQuote writes prices of 30 variants, all the same, beginning at a variant
// of its own. A quote of two of them must find one price, as they change in one
// unit.
func putAndQuote(t *testing.T, e *pricing.Engine, writer int, round int64) error {
	const variants = 30
	var in pricing.PutPricesInput
	amount := int64(writer)*100 + round
	for v := range variants {
		id := fmt.Sprint("var_", (v*7+writer*11)%variants)
		in.Sets = append(in.Sets, pricing.PriceSet{VariantID: id, Currency: "EUR", Prices: []pricing.PriceFields{{Amount: amount}}})
	}
	if _, err := e.PutPrices(t.Context(), in); err != nil {
		return err
	}
	q, err := e.Quote(t.Context(), pricing.QuoteInput{Market: "default", Items: []pricing.QuoteItem{
		{ID: "1", VariantID: "var_1", Quantity: 1}, {ID: "2", VariantID: "var_29", Quantity: 1},
	}})
	if err != nil {
		return err
	}
	if a, b := q.Items[0].Price, q.Items[1].Price; a == nil || b == nil || *a != *b {
		return fmt.Errorf("prices of one unit are %v and %v", a, b)
	}
	return nil
}
