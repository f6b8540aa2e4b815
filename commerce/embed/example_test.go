package embed_test

import (
	"context"
	"fmt"
	"os"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// A shop in a directory sells a mug.
func Example() {
	dir, err := os.MkdirTemp("", "shop")
	check(err)
	defer os.RemoveAll(dir)
	ctx := context.Background()
	shop, err := embed.Open(ctx, dir, nil)
	check(err)
	defer shop.Close()

	mug, err := shop.Catalog.CreateProduct(ctx, catalog.CreateProductInput{ProductFields: catalog.ProductFields{
		Slug: "mug", Title: "Mug", Status: catalog.StatusActive, Published: new(true),
		Variants: []catalog.VariantFields{{SKU: "MUG", Taxable: true}}}})
	check(err)
	_, err = shop.Pricing.PutPrices(ctx, pricing.PutPricesInput{Sets: []pricing.PriceSet{{
		VariantID: mug.Variants[0].ID, Currency: "USD", Prices: []pricing.PriceFields{{Amount: 1499}}}}})
	check(err)

	c, err := shop.Storefront.CreateCart(ctx, storefront.CreateCartInput{
		Email: "ada@example.com", Items: []storefront.AddItem{{SKU: "MUG", Quantity: 2}}})
	check(err)
	c, err = shop.Storefront.SetAddress(ctx, storefront.SetAddressInput{ID: c.ID, Kind: "billing", Address: address.Address{
		Name: "Ada Buyer", Line1: "1 Main St", City: "New York", PostalCode: "10001", Country: "US"}})
	check(err)
	order, err := shop.Checkout.Complete(ctx, checkout.CompleteInput{
		ID: c.ID, ExpectedTotal: c.Totals.Total, Payment: checkout.Means{Method: "invoice"}})
	check(err)
	after, err := shop.Carts.Cart(ctx, cart.IDInput{ID: c.ID})
	check(err)
	fmt.Println(order.Number, order.Status, order.Totals.Total)
	fmt.Println("the cart is", after.Status)
	// Output:
	// 1001 confirmed USD 29.98
	// the cart is completed
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
