// Package demo is a small catalog of the project's own, to try a shop with:
// some forty products with prices, stock, categories and drawn pictures.
package demo

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

//go:embed catalog.json
var text []byte

// content is what catalog.json holds. Prices are in hundredths.
type content struct {
	Categories []struct{ Slug, Parent, Name string }
	Products   []product
}

type product struct {
	Slug, Title, Text, Category, Vendor string
	Tags, Options                       []string
	Price                               int64
	CompareAt                           int64 `json:"compare_at"`
	WeightG                             int64 `json:"weight_g"`
	Variants                            []variant
}

type variant struct {
	SKU    string
	Values []string
	Price  int64  // 0: that of the product
	Stock  *int64 // nil: not counted
}

func read() content {
	var c content
	if err := json.Unmarshal(text, &c); err != nil {
		panic("demo: " + err.Error()) // it is ours
	}
	return c
}

// Loaded says what Load did.
type Loaded struct {
	Products  int `json:"products"` // that are new
	Unchanged int `json:"unchanged"`
	Variants  int `json:"variants"`
}

// Load puts the demo catalog into s, which may be elsewhere. base is the address
// at which a browser reaches the shop, for the pictures. What is there already
// stays as it is, so a second Load changes nothing.
func Load(ctx context.Context, s *commerce.Shop, base string) (Loaded, error) {
	c := read()
	if err := settle(ctx, s); err != nil {
		return Loaded{}, err
	}
	currency, err := defaultCurrency(ctx, s)
	if err != nil {
		return Loaded{}, err
	}
	categories, err := putCategories(ctx, s, c)
	if err != nil {
		return Loaded{}, err
	}
	have, err := slugs(ctx, s, c)
	if err != nil {
		return Loaded{}, err
	}
	var fresh []product
	for _, p := range c.Products {
		if !have[p.Slug] {
			fresh = append(fresh, p)
		}
	}
	out := Loaded{Products: len(fresh), Unchanged: len(c.Products) - len(fresh)}
	if len(fresh) == 0 {
		return out, nil
	}
	out.Variants, err = put(ctx, s, fresh, categories, currency, base)
	return out, err
}

// slugs returns which products of c the shop has.
func slugs(ctx context.Context, s *commerce.Shop, c content) (map[string]bool, error) {
	in := catalog.ProductsInput{}
	in.Limit = 100
	for _, p := range c.Products {
		in.Slugs = append(in.Slugs, p.Slug)
	}
	found, err := s.Catalog.Products(ctx, in)
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, p := range found.Items {
		have[p.Slug] = true
	}
	return have, nil
}

// putCategories makes the categories and returns their ids by slug.
func putCategories(ctx context.Context, s *commerce.Shop, c content) (map[string]string, error) {
	var in catalog.PutCategoriesInput
	for i, k := range c.Categories {
		in.Categories = append(in.Categories, catalog.CategoryFields{ParentSlug: k.Parent, Slug: k.Slug, Name: k.Name, Position: i + 1})
	}
	out, err := s.Catalog.PutCategories(ctx, in)
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, r := range out.Results {
		if r.Error != nil {
			return nil, fmt.Errorf("category %s: %w", r.Slug, r.Error)
		}
		ids[r.Slug] = r.ID
	}
	return ids, nil
}

// put makes products with their prices and stock and returns how many variants
// they have.
func put(ctx context.Context, s *commerce.Shop, list []product, categories map[string]string, currency money.Currency, base string) (int, error) {
	var in catalog.PutProductsInput
	for _, p := range list {
		in.Products = append(in.Products, p.fields(categories[p.Category], base))
	}
	out, err := s.Catalog.PutProducts(ctx, in)
	if err != nil {
		return 0, err
	}
	var prices pricing.PutPricesInput
	levels := inventory.PutLevelsInput{CauseID: "demo", Reason: "received"}
	for i, r := range out.Results {
		if r.Error != nil {
			return 0, fmt.Errorf("product %s: %w", r.Slug, r.Error)
		}
		for j, v := range list[i].Variants {
			id := r.Variants[j].ID
			prices.Sets = append(prices.Sets, list[i].priceOf(id, v, currency))
			if v.Stock != nil {
				levels.Levels = append(levels.Levels, inventory.LevelFields{VariantID: id, OnHand: v.Stock, Tracked: true})
			}
		}
	}
	if err := putPrices(ctx, s, prices); err != nil {
		return 0, err
	}
	return len(prices.Sets), putLevels(ctx, s, levels)
}

func putPrices(ctx context.Context, s *commerce.Shop, in pricing.PutPricesInput) error {
	out, err := s.Pricing.PutPrices(ctx, in)
	if err != nil {
		return err
	}
	for _, r := range out.Results {
		if r.Error != nil {
			return r.Error
		}
	}
	return nil
}

func putLevels(ctx context.Context, s *commerce.Shop, in inventory.PutLevelsInput) error {
	out, err := s.Inventory.PutLevels(ctx, in)
	if err != nil {
		return err
	}
	for _, r := range out.Results {
		if r.Error != nil {
			return r.Error
		}
	}
	return nil
}

func (p product) fields(category, base string) catalog.ProductFields {
	f := catalog.ProductFields{Slug: p.Slug, Title: p.Title, DescriptionHTML: "<p>" + html.EscapeString(p.Text) + "</p>",
		Status: catalog.StatusActive, Vendor: p.Vendor, Tags: p.Tags, Published: new(true), CategoryIDs: []string{category}, Options: p.Options,
		Media: []catalog.MediaFields{{URL: base + "/demo/" + p.Slug + ".svg", Alt: p.Title}}}
	for _, v := range p.Variants {
		f.Variants = append(f.Variants, catalog.VariantFields{SKU: v.SKU, Values: v.Values, WeightG: p.WeightG, RequiresShipping: p.WeightG > 0, Taxable: true})
	}
	return f
}

func (p product) priceOf(id string, v variant, currency money.Currency) pricing.PriceSet {
	f := pricing.PriceFields{Amount: minor(p.Price, currency)}
	if v.Price > 0 {
		f.Amount = minor(v.Price, currency)
	}
	if p.CompareAt > 0 {
		f.CompareAt = new(minor(p.CompareAt, currency))
	}
	return pricing.PriceSet{VariantID: id, Currency: currency, Prices: []pricing.PriceFields{f}}
}

// minor turns hundredths into minor units of c. A currency without decimals
// keeps the number: 1800 are 18.00 dollars or 1800 yen.
func minor(hundredths int64, c money.Currency) int64 {
	for range c.Exponent() - 2 {
		hundredths *= 10
	}
	return hundredths
}

func defaultCurrency(ctx context.Context, s *commerce.Shop) (money.Currency, error) {
	out, err := s.Pricing.Markets(ctx, op.Nothing{})
	if err != nil {
		return "", err
	}
	if len(out.Items) == 0 {
		return "", pricing.ErrMarketNotFound
	}
	return out.Items[0].Currency, nil
}
