package pricing_test

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

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
