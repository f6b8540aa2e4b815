package storefront

import (
	"cmp"
	"context"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// goods is what prices and stock say of some variants in one market.
type goods struct {
	pricing Pricing
	prices  map[string][]pricing.Price // by variant; base and market prices of the currency
	stock   map[string]inventory.Availability
}

// goods asks for prices and stock, one call each.
func (e *Engine) goods(ctx context.Context, m pricing.Market, country string, ids []string) (goods, error) {
	g := goods{
		pricing: Pricing{Market: m.ID, Currency: m.Currency, Country: cmp.Or(country, m.Country), TaxIncluded: m.TaxIncluded},
		prices:  map[string][]pricing.Price{},
	}
	if len(ids) == 0 {
		return g, nil
	}
	prices, err := e.Prices.Prices(inside(ctx), pricing.PricesInput{VariantIDs: ids})
	if err != nil {
		return g, err
	}
	for _, p := range prices.Items {
		if p.Amount.Currency == m.Currency && (p.Market == "" || p.Market == m.ID) {
			g.prices[p.VariantID] = append(g.prices[p.VariantID], p)
		}
	}
	g.stock, err = e.ports().Availability(ctx, ids)
	return g, err
}

// page builds the page of a product.
func (g goods) page(p catalog.Product, categories map[string]catalog.Category) Product {
	out := Product{Card: g.card(p, categories), DescriptionHTML: p.DescriptionHTML, Variants: make([]Variant, len(p.Variants))}
	for i, v := range p.Variants {
		options := map[string]string{}
		for j, o := range p.Options {
			if j < len(v.Values) {
				options[o.Name] = v.Values[j]
			}
		}
		out.Variants[i] = g.variant(v, options, p.Media)
	}
	return out
}

func (g goods) card(p catalog.Product, categories map[string]catalog.Category) Card {
	c := Card{
		ID: p.ID, Slug: p.Slug, Title: p.Title, Status: p.Status, Vendor: p.Vendor, Type: p.Type, Tags: p.Tags, Locale: "en",
		PublishedAt: p.PublishedAt, UpdatedAt: p.UpdatedAt, ExternalID: orNull(p.ExternalID),
		SEO: SEO{Title: orNull(p.SEO.Title), Description: orNull(p.SEO.Description)}, Categories: []CategoryRef{},
		Options: p.Options, Media: p.Media, Attributes: p.Attributes, Metadata: catalog.PublicMetadata(p.Metadata), Pricing: g.pricing,
	}
	for _, id := range p.CategoryIDs {
		if in, ok := categories[id]; ok {
			c.Categories = append(c.Categories, CategoryRef{ID: in.ID, Slug: in.Slug, Name: in.Name, Path: in.Path})
		}
	}
	for _, v := range p.Variants {
		c.InStock = c.InStock || g.buyable(v.ID)
		price := g.price(v.ID)
		switch {
		case price == nil:
		case c.PriceRange == nil:
			c.PriceRange = &PriceRange{Min: price.Amount, Max: price.Amount}
		case price.Amount.Minor < c.PriceRange.Min.Minor:
			c.PriceRange.Min = price.Amount
		case price.Amount.Minor > c.PriceRange.Max.Minor:
			c.PriceRange.Max = price.Amount
		}
	}
	return c
}

// buyable reports whether one unit could be bought now.
func (g goods) buyable(variant string) bool {
	a, ok := g.stock[variant]
	return ok && a.Limit > 0 && g.price(variant) != nil
}

// price returns the price of a single unit, nil when there is none.
func (g goods) price(variant string) *pricing.Price {
	return pricing.Pick(g.prices[variant], g.pricing.Market, 1)
}

func (g goods) variant(v catalog.Variant, options map[string]string, media []catalog.Media) Variant {
	out := Variant{
		ID: v.ID, SKU: orNull(v.SKU), Title: v.Title, Options: options, Position: v.Position, QuantityPrices: []QuantityPrice{},
		Barcode: orNull(v.Barcode), WeightG: v.WeightG, RequiresShipping: v.RequiresShipping, Taxable: v.Taxable, TaxCategory: v.TaxCategory,
		Availability: availability(g.stock[v.ID]), MediaIDs: []string{}, Metadata: catalog.PublicMetadata(v.Metadata),
	}
	if p := g.price(v.ID); p != nil {
		out.Price, out.CompareAt = &p.Amount, p.CompareAt
	}
	for _, n := range breaks(g.prices[v.ID]) {
		if p := pricing.Pick(g.prices[v.ID], g.pricing.Market, n); p != nil {
			out.QuantityPrices = append(out.QuantityPrices, QuantityPrice{MinQuantity: n, Price: p.Amount})
		}
	}
	for _, m := range media {
		if slices.Contains(m.VariantIDs, v.ID) {
			out.MediaIDs = append(out.MediaIDs, m.ID)
		}
	}
	return out
}

// breaks returns the quantities above one at which a price begins.
func breaks(prices []pricing.Price) []int64 {
	var ns []int64
	for _, p := range prices {
		if p.MinQuantity > 1 && !slices.Contains(ns, p.MinQuantity) {
			ns = append(ns, p.MinQuantity)
		}
	}
	slices.Sort(ns)
	return ns
}

func availability(a inventory.Availability) Availability {
	out := Availability{Status: cmp.Or(a.Status, inventory.InStock), Tracked: a.Tracked, Backorder: a.Backorder}
	if a.Tracked {
		out.Quantity = &a.Quantity
	}
	return out
}

// orNull returns nil for "".
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
