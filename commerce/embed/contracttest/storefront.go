package contracttest

import (
	"slices"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

var nowhere = storefront.Locale{Market: nobody}

var storefrontCases = []trial{
	{"storefront.store", func(w *world) {
		if s := got(w.Storefront.Store(w.stranger(), op.Nothing{}))(w); s.Name == "" || len(s.Markets) == 0 {
			w.Errorf("store %+v, want a name and markets", s)
		}
	}},
	{"storefront.products", func(w *world) {
		w.ok(w.Storefront.Products(w.stranger(), storefront.ProductsInput{}))
		w.fails(pricing.ErrMarketNotFound)(w.Storefront.Products(w.stranger(), storefront.ProductsInput{Locale: nowhere}))
	}},
	{"storefront.product", func(w *world) {
		p := w.product()
		if page := got(w.Storefront.Product(w.stranger(), storefront.ProductInput{ID: p.Slug}))(w); page.ID != p.ID {
			w.Errorf("the page is of %s, want %s", page.ID, p.ID)
		}
		w.fails(catalog.ErrProductNotFound)(w.Storefront.Product(w.stranger(), storefront.ProductInput{ID: nobody}))
		w.fails(pricing.ErrMarketNotFound)(w.Storefront.Product(w.stranger(), storefront.ProductInput{ID: p.Slug, Locale: nowhere}))
	}},
	{"storefront.variant", func(w *world) {
		v := w.goods(1250)
		if page := got(w.Storefront.Variant(w.stranger(), storefront.VariantInput{ID: v}))(w); page.Price == nil || *page.Price != usd(1250) {
			w.Errorf("price %v, want 12.50", page.Price)
		}
		w.fails(catalog.ErrVariantNotFound)(w.Storefront.Variant(w.stranger(), storefront.VariantInput{ID: nobody}))
		w.fails(pricing.ErrMarketNotFound)(w.Storefront.Variant(w.stranger(), storefront.VariantInput{ID: v, Locale: nowhere}))
	}},
	{"storefront.variants", func(w *world) {
		sku := w.product().Variants[0].SKU
		if out := got(w.Storefront.Variants(w.stranger(), storefront.VariantsInput{SKU: []string{sku, nobody}}))(w); len(out.Items) != 1 {
			w.Errorf("%d variants, want 1", len(out.Items))
		}
		w.fails(pricing.ErrMarketNotFound)(w.Storefront.Variants(w.stranger(), storefront.VariantsInput{SKU: []string{sku}, Locale: nowhere}))
	}},
	{"storefront.categories", func(w *world) {
		c := w.category("")
		tree := got(w.Storefront.Categories(w.stranger(), op.Nothing{}))(w)
		if !slices.ContainsFunc(tree.Items, func(n storefront.CategoryNode) bool { return n.ID == c.ID }) {
			w.Errorf("%s is not among the roots", c.ID)
		}
	}},
	{"storefront.category", func(w *world) {
		w.ok(w.Storefront.Category(w.stranger(), catalog.CategoryInput{ID: w.category("").Slug}))
		w.fails(catalog.ErrCategoryNotFound)(w.Storefront.Category(w.stranger(), catalog.CategoryInput{ID: nobody}))
	}},
}
