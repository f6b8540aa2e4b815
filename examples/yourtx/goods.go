package main

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// sellMugs puts a mug on sale and returns the id of its variant. See
// examples/onefile, which says more.
func (a *app) sellMugs(ctx context.Context) (string, error) {
	p, err := a.shop.Catalog.CreateProduct(ctx, catalog.CreateProductInput{ProductFields: catalog.ProductFields{
		Slug: "mug", Title: "Mug", Status: catalog.StatusActive, Published: new(true),
		Variants: []catalog.VariantFields{{RequiresShipping: true, Taxable: true, WeightG: 350}},
	}})
	if err != nil {
		return "", err
	}
	id := p.Variants[0].ID
	prices, err := a.shop.Pricing.PutPrices(ctx, pricing.PutPricesInput{Sets: []pricing.PriceSet{
		{VariantID: id, Currency: "EUR", Prices: []pricing.PriceFields{{Amount: 1499}}},
	}})
	if err != nil {
		return "", err
	}
	if refused := prices.Results[0].Error; refused != nil {
		return "", refused
	}
	_, err = a.shop.Inventory.SetLevel(ctx, inventory.SetLevelInput{VariantID: id, OnHand: 10})
	return id, err
}

// fillCart makes a guest's cart with two of a variant, ready to be completed.
// The answer that makes a cart is the one with its token, so that is kept.
func (a *app) fillCart(ctx context.Context, variant string) (storefront.Cart, error) {
	c, err := a.shop.Storefront.CreateCart(ident.With(ctx, ident.Actor{Kind: ident.Guest}), storefront.CreateCartInput{
		Email: "ada@example.com", Items: []storefront.AddItem{{VariantID: variant, Quantity: 2}},
	})
	if err != nil {
		return storefront.Cart{}, err
	}
	guest, token := asGuest(ctx, c), c.Token
	home := address.Address{Name: "Ada Buyer", Line1: "Hauptstr. 1", City: "Berlin", PostalCode: "10115", Country: "DE"}
	for _, kind := range []string{"shipping", "billing"} {
		if _, err := a.shop.Storefront.SetAddress(guest, storefront.SetAddressInput{ID: c.ID, Kind: kind, Address: home}); err != nil {
			return storefront.Cart{}, err
		}
	}
	ways, err := a.shop.Storefront.ShippingOptions(guest, cart.IDInput{ID: c.ID})
	if err != nil {
		return storefront.Cart{}, err
	}
	c, err = a.shop.Storefront.SetShippingOption(guest, storefront.SetShippingOptionInput{ID: c.ID, OptionID: ways.Items[0].ID})
	c.Token = token
	return c, err
}
