package pricing_test

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// A code for 10 %, which counts once.
func ExampleEngine_CreatePromotion() {
	ctx := context.Background()
	prices := pricing.New(memstore.Pricing{DB: memstore.New()}, nil)
	if _, err := prices.Seed(ctx, pricing.SeedInput{Currency: "EUR", Country: "DE"}); err != nil {
		fmt.Println(err)
	}
	if _, err := prices.PutPrices(ctx, pricing.PutPricesInput{Sets: []pricing.PriceSet{{VariantID: "var_mug", Currency: "EUR", Prices: []pricing.PriceFields{{Amount: 1499}}}}}); err != nil {
		fmt.Println(err)
	}
	rate, err := money.ParseRate("10")
	if err != nil {
		fmt.Println(err)
	}
	_, err = prices.CreatePromotion(ctx, pricing.PromotionFields{Title: "Welcome", Code: new("welcome10"), Kind: pricing.KindPercent, Percent: rate,
		Scope: pricing.ScopeOrder, UsageLimit: new(int64(1))})
	if err != nil {
		fmt.Println(err)
	}
	basket := pricing.QuoteInput{Market: pricing.DefaultMarket, Items: []pricing.QuoteItem{{ID: "1", VariantID: "var_mug", Quantity: 2}}, Codes: []string{" Welcome10", "XMAS"}}
	for _, order := range []string{"first", "second"} {
		q, err := prices.Quote(ctx, basket)
		if err != nil {
			fmt.Println(err)
		}
		fmt.Println(order, q.Totals.Discount, q.Totals.Total, q.Codes)
		if _, err := prices.Redeem(ctx, pricing.RedeemInput{Key: order, Basket: basket, Total: q.Totals.Total, Generation: q.Generation, Promotions: q.Claims()}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// first EUR 3.00 EUR 26.98 [{WELCOME10 true } {XMAS false unknown}]
	// second EUR 0.00 EUR 29.98 [{WELCOME10 false limit_reached} {XMAS false unknown}]
}

func Example() {
	ctx := context.Background()
	prices := pricing.New(memstore.Pricing{DB: memstore.New()}, nil)
	if _, err := prices.Seed(ctx, pricing.SeedInput{Currency: "EUR", Country: "DE", TaxIncluded: true}); err != nil {
		fmt.Println(err)
	}
	rate, err := money.ParseRate("19")
	if err != nil {
		fmt.Println(err)
	}
	if _, err := prices.CreateTaxRate(ctx, pricing.TaxRateFields{Name: "MwSt.", Country: "DE", Rate: rate}); err != nil {
		fmt.Println(err)
	}
	_, err = prices.PutPrices(ctx, pricing.PutPricesInput{Sets: []pricing.PriceSet{
		{VariantID: "var_mug", Currency: "EUR", Prices: []pricing.PriceFields{{Amount: 1499}, {MinQuantity: 10, Amount: 1299}}},
	}})
	if err != nil {
		fmt.Println(err)
	}
	for _, quantity := range []int64{2, 10} {
		q, err := prices.Quote(ctx, pricing.QuoteInput{Market: pricing.DefaultMarket, Items: []pricing.QuoteItem{
			{ID: "1", VariantID: "var_mug", Quantity: quantity, Taxable: true, TaxCategory: "standard"},
		}})
		if err != nil {
			fmt.Println(err)
		}
		fmt.Printf("%d × %v = %v, %v of it tax\n", quantity, q.Items[0].Price, q.Totals.Total, q.Totals.Tax)
	}
	// Output:
	// 2 × EUR 14.99 = EUR 29.98, EUR 4.79 of it tax
	// 10 × EUR 12.99 = EUR 129.90, EUR 20.74 of it tax
}
