package storefront

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Store is the shop and its markets.
type Store struct {
	Name          string           `json:"name"`
	DefaultMarket string           `json:"default_market"`
	Markets       []pricing.Market `json:"markets"`
	Features      []string         `json:"features"`
}

// Pricing says what amounts mean: of which market and country they are, and
// whether tax is inside.
type Pricing struct {
	Market      string         `json:"market"`
	Currency    money.Currency `json:"currency"`
	Country     string         `json:"country"`
	TaxIncluded bool           `json:"tax_included"`
}

// PriceRange is the lowest and the highest price of a product's variants.
type PriceRange struct {
	Min money.Amount `json:"min"`
	Max money.Amount `json:"max"`
}

// CategoryRef is a category that a product stands in.
type CategoryRef struct {
	ID   string   `json:"id"`
	Slug string   `json:"slug"`
	Name string   `json:"name"`
	Path []string `json:"path"`
}

// Card is a product as lists show it.
type Card struct {
	ID          string            `json:"id"`
	Slug        string            `json:"slug"`
	Title       string            `json:"title"`
	Status      catalog.Status    `json:"status"`
	Vendor      string            `json:"vendor"`
	Type        string            `json:"type"`
	Tags        []string          `json:"tags"`
	Locale      string            `json:"locale"`
	PublishedAt *time.Time        `json:"published_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
	ExternalID  *string           `json:"external_id"`
	SEO         SEO               `json:"seo"`
	Categories  []CategoryRef     `json:"categories"`
	Options     []catalog.Option  `json:"options"`
	Media       []catalog.Media   `json:"media"`
	PriceRange  *PriceRange       `json:"price_range"` // null: nothing has a price here
	InStock     bool              `json:"in_stock"`
	Attributes  map[string]string `json:"attributes"`
	Metadata    json.RawMessage   `json:"metadata"`
	Pricing     Pricing           `json:"pricing"`
}

// SEO is what search engines are shown.
type SEO struct {
	Title       *string `json:"title"`
	Description *string `json:"description"`
}

// Product is a product as its page shows it.
type Product struct {
	Card
	DescriptionHTML string    `json:"description_html"`
	Variants        []Variant `json:"variants"`
}

// Variant is a variant with its price and stock. A null price: it is not sold
// in this market.
type Variant struct {
	ID               string            `json:"id"`
	SKU              *string           `json:"sku"`
	Title            string            `json:"title"`
	Options          map[string]string `json:"options"`
	Position         int               `json:"position"`
	Price            *money.Amount     `json:"price"`
	CompareAt        *money.Amount     `json:"compare_at_price"`
	QuantityPrices   []QuantityPrice   `json:"quantity_prices"`
	Barcode          *string           `json:"barcode"`
	WeightG          int64             `json:"weight_g"`
	RequiresShipping bool              `json:"requires_shipping"`
	Taxable          bool              `json:"taxable"`
	TaxCategory      string            `json:"tax_category"`
	Availability     Availability      `json:"availability"`
	MediaIDs         []string          `json:"media_ids"`
	Metadata         json.RawMessage   `json:"metadata"`
}

// QuantityPrice is the price of one unit from a quantity on.
type QuantityPrice struct {
	MinQuantity int64        `json:"min_quantity"`
	Price       money.Amount `json:"price"`
}

// Availability says whether a variant can be bought. Quantity is null for an
// untracked one.
type Availability struct {
	Status        inventory.Status `json:"status"`
	Quantity      *int64           `json:"quantity"`
	Tracked       bool             `json:"tracked"`
	Backorder     bool             `json:"backorder"`
	AvailableFrom *time.Time       `json:"available_from"`
}

// VariantPage is one variant with what names its product.
type VariantPage struct {
	Variant
	ProductID string  `json:"product_id"`
	Slug      string  `json:"slug"`
	Product   string  `json:"product_title"`
	Pricing   Pricing `json:"pricing"`
}

// VariantPages are variants.
type VariantPages struct {
	Items []VariantPage `json:"items"`
}

// CategoryTree is the tree of categories.
type CategoryTree struct {
	Items []CategoryNode `json:"items"`
}

// CategoryNode is a category with those below it.
type CategoryNode struct {
	ID       string         `json:"id"`
	Slug     string         `json:"slug"`
	Name     string         `json:"name"`
	Children []CategoryNode `json:"children"`
}

// Store returns the shop and its markets.
func (e *Engine) Store(ctx context.Context, in op.Nothing) (Store, error) {
	if err := OpStore.Admit(ctx, in); err != nil {
		return Store{}, err
	}
	markets, err := e.allMarkets(ctx)
	if err != nil {
		return Store{}, err
	}
	return Store{Name: e.opts.Name, DefaultMarket: pricing.DefaultMarket, Markets: markets, Features: []string{}}, nil
}

// Products returns a page of list items.
func (e *Engine) Products(ctx context.Context, in ProductsInput) (catalog.SearchOutput, error) {
	if err := OpProducts.Admit(ctx, in); err != nil {
		return catalog.SearchOutput{}, err
	}
	m, err := e.market(ctx, in.Market)
	if err != nil {
		return catalog.SearchOutput{}, err
	}
	return e.Catalog.Search(ctx, catalog.SearchInput{Market: m.ID, Filters: in.Filters})
}

// Product returns the page of a product.
func (e *Engine) Product(ctx context.Context, in ProductInput) (Product, error) {
	if err := OpProduct.Admit(ctx, in); err != nil {
		return Product{}, err
	}
	m, err := e.market(ctx, in.Market)
	if err != nil {
		return Product{}, err
	}
	p, err := e.Catalog.Product(ctx, catalog.ProductInput{ID: in.ID})
	if err != nil {
		return Product{}, err
	}
	categories, err := e.categories(ctx, []catalog.Product{p})
	if err != nil {
		return Product{}, err
	}
	pages, err := e.pages(ctx, m, in.Country, []catalog.Product{p}, categories)
	if err != nil {
		return Product{}, err
	}
	return pages[0], nil
}

// pages builds the pages of products with one call to each engine.
func (e *Engine) pages(ctx context.Context, m pricing.Market, country string, products []catalog.Product, categories map[string]catalog.Category) ([]Product, error) {
	var ids []string
	for _, p := range products {
		for _, v := range p.Variants {
			ids = append(ids, v.ID)
		}
	}
	goods, err := e.goods(ctx, m, country, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Product, len(products))
	for i, p := range products {
		out[i] = goods.page(p, categories)
	}
	return out, nil
}

// categories returns all categories by id, or nil if none of products stands in
// one.
func (e *Engine) categories(ctx context.Context, products []catalog.Product) (map[string]catalog.Category, error) {
	some := false
	for _, p := range products {
		some = some || len(p.CategoryIDs) > 0
	}
	if !some {
		return nil, nil
	}
	all, err := e.Catalog.Categories(ctx, op.Nothing{})
	if err != nil {
		return nil, err
	}
	byID := make(map[string]catalog.Category, len(all.Items))
	for _, c := range all.Items {
		byID[c.ID] = c
	}
	return byID, nil
}

// Variant returns one variant that shoppers may see.
func (e *Engine) Variant(ctx context.Context, in VariantInput) (VariantPage, error) {
	if err := OpVariant.Admit(ctx, in); err != nil {
		return VariantPage{}, err
	}
	all, err := e.variantPages(ctx, in.Locale, catalog.VariantsInput{IDs: []string{in.ID}})
	if err != nil {
		return VariantPage{}, err
	}
	if len(all.Items) == 0 {
		return VariantPage{}, catalog.ErrVariantNotFound
	}
	return all.Items[0], nil
}

// Variants returns variants by SKU that shoppers may see.
func (e *Engine) Variants(ctx context.Context, in VariantsInput) (VariantPages, error) {
	if err := OpVariants.Admit(ctx, in); err != nil {
		return VariantPages{}, err
	}
	return e.variantPages(ctx, in.Locale, catalog.VariantsInput{SKUs: in.SKU})
}

func (e *Engine) variantPages(ctx context.Context, l Locale, which catalog.VariantsInput) (VariantPages, error) {
	out := VariantPages{Items: []VariantPage{}}
	m, err := e.market(ctx, l.Market)
	if err != nil {
		return out, err
	}
	found, err := e.Catalog.Variants(ctx, which)
	if err != nil {
		return out, err
	}
	var ids []string
	for _, v := range found.Items {
		ids = append(ids, v.ID)
	}
	goods, err := e.goods(ctx, m, l.Country, ids)
	if err != nil {
		return out, err
	}
	for _, v := range found.Items {
		if v.Visible {
			out.Items = append(out.Items, VariantPage{Variant: goods.variant(v.Variant, v.Options, nil),
				ProductID: v.ProductID, Slug: v.Slug, Product: v.ProductTitle, Pricing: goods.pricing})
		}
	}
	return out, nil
}

// Categories returns the tree.
func (e *Engine) Categories(ctx context.Context, in op.Nothing) (CategoryTree, error) {
	if err := OpCategories.Admit(ctx, in); err != nil {
		return CategoryTree{}, err
	}
	flat, err := e.Catalog.Categories(ctx, in)
	if err != nil {
		return CategoryTree{}, err
	}
	below := map[string][]catalog.Category{}
	for _, c := range flat.Items {
		below[c.ParentID] = append(below[c.ParentID], c)
	}
	return CategoryTree{Items: branch(below, "")}, nil
}

func branch(below map[string][]catalog.Category, parent string) []CategoryNode {
	nodes := []CategoryNode{}
	for _, c := range below[parent] {
		nodes = append(nodes, CategoryNode{ID: c.ID, Slug: c.Slug, Name: c.Name, Children: branch(below, c.ID)})
	}
	return nodes
}

// Category returns one category.
func (e *Engine) Category(ctx context.Context, in catalog.CategoryInput) (catalog.Category, error) {
	if err := OpCategory.Admit(ctx, in); err != nil {
		return catalog.Category{}, err
	}
	return e.Catalog.Category(ctx, in)
}
