package catalog

import (
	"context"
	"errors"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// scopeRead is what staff need to see drafts and archived products.
const scopeRead = "catalog:read"

// Product returns one product by id or slug, be it one that it had before. It
// returns ErrProductNotFound also for a product that the caller may not see yet.
func (e *Engine) Product(ctx context.Context, in ProductInput) (Product, error) {
	if err := OpProduct.Admit(ctx, in); err != nil {
		return Product{}, err
	}
	p, err := e.store.Product(ctx, in.ID)
	if err != nil {
		return Product{}, err
	}
	switch {
	case ident.From(ctx).May(scopeRead):
		return p, nil
	case p.Visible(e.now()):
		return p.public(), nil
	default:
		return Product{}, ErrProductNotFound
	}
}

// Products returns a page of products in every state, by id.
func (e *Engine) Products(ctx context.Context, in ProductsInput) (page.Page[Product], error) {
	if err := OpProducts.Admit(ctx, in); err != nil {
		return page.Page[Product]{}, err
	}
	f := ProductFilter{IDs: in.IDs, Slugs: in.Slugs, Status: in.Status, Limit: in.Size() + 1}
	if _, err := page.Decode(in.Cursor, &f.After); err != nil {
		return page.Page[Product]{}, err
	}
	ps, err := e.store.Products(ctx, f)
	if err != nil {
		return page.Page[Product]{}, err
	}
	return page.Of(ps, in.Size(), func(p Product) any { return p.ID }), nil
}

// CreateProduct makes a product with its variants and emits ProductCreated. It
// returns ErrSlugTaken, ErrSKUTaken with the SKU and the variant that has it,
// or ErrCategoryNotFound.
func (e *Engine) CreateProduct(ctx context.Context, in CreateProductInput) (Product, error) {
	if err := OpCreateProduct.Admit(ctx, in); err != nil {
		return Product{}, err
	}
	f := in.ProductFields
	f.DescriptionHTML = e.html.Sanitize(f.DescriptionHTML)
	f, err := settle(f)
	if err != nil {
		return Product{}, err
	}
	now := e.now()
	p := build(f, nil, now, e.opts.ID)
	p, err = txn.Get(ctx, e.Scope(), func(ctx context.Context) (Product, error) {
		return p, e.save(ctx, Edit{New: &p})
	})
	return p, e.explain(ctx, err, f)
}

// UpdateProduct changes the fields that are present and emits ProductUpdated,
// or ProductArchived when that is what happened. What changes nothing is not
// written. It returns ErrProductNotFound, ErrProductStale with the version that
// the product has, ErrSlugTaken, ErrSKUTaken or ErrCategoryNotFound.
func (e *Engine) UpdateProduct(ctx context.Context, in UpdateProductInput) (Product, error) {
	if err := OpUpdateProduct.Admit(ctx, in); err != nil {
		return Product{}, err
	}
	in.DescriptionHTML.Value = e.html.Sanitize(in.DescriptionHTML.Value)
	var f ProductFields
	p, err := txn.Get(ctx, e.Scope(), func(ctx context.Context) (Product, error) {
		old, err := e.store.Product(ctx, in.ID)
		if err != nil {
			return Product{}, err
		}
		switch {
		case old.ID != in.ID: // a slug
			return Product{}, ErrProductNotFound
		case in.Version != 0 && in.Version != old.Version:
			return Product{}, ErrProductStale.With(map[string]int64{"version": old.Version})
		}
		f = in.over(old.fields())
		if err := f.checkMerged(); err != nil {
			return Product{}, err
		}
		if f, err = settle(f); err != nil {
			return Product{}, err
		}
		p := build(f, &old, e.now(), e.opts.ID)
		if len(diff(old, p)) == 0 {
			return old, nil
		}
		return p, e.save(ctx, Edit{Old: &old, New: &p})
	})
	return p, e.explain(ctx, err, f)
}

// checkMerged finds what null has cleared and must not be empty. Descriptions
// were measured when they came in; cleaning may have made them longer.
func (f ProductFields) checkMerged() error {
	f.DescriptionHTML = ""
	return check.Struct(f)
}

// DeleteProduct removes a product and emits ProductArchived. It returns
// ErrProductNotFound.
func (e *Engine) DeleteProduct(ctx context.Context, in IDInput) (op.Nothing, error) {
	if err := OpDeleteProduct.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		p, err := e.store.Product(ctx, in.ID)
		switch {
		case err != nil:
			return op.Nothing{}, err
		case p.ID != in.ID:
			return op.Nothing{}, ErrProductNotFound
		}
		return op.Nothing{}, e.write(ctx, []Edit{{Old: &p}}, e.now())
	})
}

// save writes one product after a look at what it refers to.
func (e *Engine) save(ctx context.Context, ed Edit) error {
	works := []work{{edit: ed}}
	if err := e.judge(ctx, works); err != nil {
		return err
	}
	if works[0].err != nil {
		return works[0].err
	}
	return e.write(ctx, []Edit{ed}, ed.New.UpdatedAt)
}

// explain adds to an ErrSKUTaken of the database, which somebody who was faster
// has caused, which SKU it is about and who has it.
func (e *Engine) explain(ctx context.Context, err error, f ProductFields) error {
	if !errors.Is(err, ErrSKUTaken) || hasMeta(err) || txn.Outside(ctx) != nil {
		return err
	}
	var skus []string
	for _, v := range f.Variants {
		if v.SKU != "" {
			skus = append(skus, v.SKU)
		}
	}
	owners, lookErr := e.store.SKUs(ctx, skus)
	if lookErr != nil {
		return err
	}
	for _, sku := range skus {
		if id, ok := owners[sku]; ok {
			return skuTaken(sku, id)
		}
	}
	return err
}

// Variants returns variants by id or SKU, in no order, each once. Those that do
// not exist are left out, and for who may not catalog:read those of products
// that shoppers do not see.
func (e *Engine) Variants(ctx context.Context, in VariantsInput) (VariantsOutput, error) {
	out := VariantsOutput{Items: []VariantOf{}}
	if err := OpVariants.Admit(ctx, in); err != nil {
		return out, err
	}
	ids, skus := firsts(in.IDs), slices.DeleteFunc(firsts(in.SKUs), func(s string) bool { return s == "" })
	if len(ids)+len(skus) == 0 {
		return out, nil
	}
	ps, err := e.store.ProductsOf(ctx, ids, skus)
	if err != nil {
		return out, err
	}
	all, now := ident.From(ctx).May(scopeRead), e.now()
	wantID, wantSKU := set(ids), set(skus)
	for _, p := range ps {
		visible := p.Visible(now)
		if !visible && !all {
			continue
		}
		if !all {
			p = p.public()
		}
		for _, v := range p.Variants {
			if wantID[v.ID] || v.SKU != "" && wantSKU[v.SKU] {
				out.Items = append(out.Items, p.variantOf(v, visible))
			}
		}
	}
	return out, nil
}

// variantOf returns v with what a cart line shows of its product p.
func (p Product) variantOf(v Variant, visible bool) VariantOf {
	of := VariantOf{Variant: v, ProductID: p.ID, Slug: p.Slug, ProductTitle: p.Title, Options: map[string]string{}, Visible: visible}
	for i, o := range p.Options {
		if i < len(v.Values) {
			of.Options[o.Name] = v.Values[i]
		}
	}
	if len(p.Media) > 0 {
		of.ImageURL = p.Media[0].URL
	}
	for _, m := range p.Media {
		if slices.Contains(m.VariantIDs, v.ID) {
			of.ImageURL = m.URL
			break
		}
	}
	return of
}

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}
