package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// Catalog is a catalog.Store.
type Catalog struct{ *DB }

var _ catalog.Store = Catalog{}

func (c Catalog) products() table[catalog.Product] {
	return table[catalog.Product]{c.DB, "catalog_product"}
}
func (c Catalog) slugs() table[string] { return table[string]{c.DB, "catalog_slug"} }
func (c Catalog) variants() table[catalogVariant] {
	return table[catalogVariant]{c.DB, "catalog_variant"}
}
func (c Catalog) skus() table[string] { return table[string]{c.DB, "catalog_sku"} }
func (c Catalog) categories() table[catalog.Category] {
	return table[catalog.Category]{c.DB, "catalog_category"}
}
func (c Catalog) listings() table[catalog.Entry] {
	return table[catalog.Entry]{c.DB, "catalog_listing"}
}

// catalogVariant says which product a variant is of.
type catalogVariant struct {
	ProductID string `json:"product_id"`
	SKU       string `json:"sku"`
}

// some returns the rows of t with these keys, each once, in no order.
func some[V any](ctx context.Context, t table[V], keys []string) ([]V, error) {
	var out []V
	for _, k := range slices.Compact(slices.Sorted(slices.Values(keys))) {
		v, err := t.get(ctx, k)
		switch {
		case errors.Is(err, errNoRow):
		case err != nil:
			return nil, err
		default:
			out = append(out, v)
		}
	}
	return out, nil
}

// Product implements catalog.Store.
func (c Catalog) Product(ctx context.Context, idOrSlug string) (catalog.Product, error) {
	p, err := c.products().get(ctx, idOrSlug)
	for _, slugs := range []table[string]{c.slugs(), c.oldSlugs("product")} {
		if !errors.Is(err, errNoRow) {
			return p, err
		}
		var id string
		if id, err = slugs.get(ctx, idOrSlug); err == nil {
			p, err = c.products().get(ctx, id)
		}
	}
	if errors.Is(err, errNoRow) {
		return p, catalog.ErrProductNotFound
	}
	return p, err
}

// Products implements catalog.Store.
func (c Catalog) Products(ctx context.Context, f catalog.ProductFilter) ([]catalog.Product, error) {
	candidates, err := c.candidates(ctx, f)
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(candidates, func(p catalog.Product) bool {
		return p.ID <= f.After || f.Status != "" && p.Status != f.Status ||
			len(f.IDs) > 0 && !slices.Contains(f.IDs, p.ID) || len(f.Slugs) > 0 && !slices.Contains(f.Slugs, p.Slug)
	})
	slices.SortFunc(out, func(a, b catalog.Product) int { return cmp.Compare(a.ID, b.ID) })
	if f.Limit > 0 {
		out = out[:min(len(out), f.Limit)]
	}
	return out, nil
}

func (c Catalog) candidates(ctx context.Context, f catalog.ProductFilter) ([]catalog.Product, error) {
	switch {
	case len(f.IDs) > 0:
		return some(ctx, c.products(), f.IDs)
	case len(f.Slugs) > 0:
		ids, err := some(ctx, c.slugs(), f.Slugs)
		if err != nil {
			return nil, err
		}
		return some(ctx, c.products(), ids)
	default:
		return c.products().all(ctx, nil)
	}
}

// ProductsOf implements catalog.Store.
func (c Catalog) ProductsOf(ctx context.Context, variantIDs, skus []string) ([]catalog.Product, error) {
	ids, err := some(ctx, c.skus(), skus)
	if err != nil {
		return nil, err
	}
	rows, err := some(ctx, c.variants(), slices.Concat(variantIDs, ids))
	if err != nil {
		return nil, err
	}
	var products []string
	for _, r := range rows {
		products = append(products, r.ProductID)
	}
	return some(ctx, c.products(), products)
}

// SKUs implements catalog.Store.
func (c Catalog) SKUs(ctx context.Context, skus []string) (map[string]string, error) {
	out := map[string]string{}
	for _, sku := range skus {
		id, err := c.skus().get(ctx, sku)
		switch {
		case errors.Is(err, errNoRow):
		case err != nil:
			return nil, err
		default:
			out[sku] = id
		}
	}
	return out, nil
}

// Edit implements catalog.Store.
func (c Catalog) Edit(ctx context.Context, edits []catalog.Edit) error {
	return c.Do(ctx, func(ctx context.Context) error {
		for _, ed := range edits {
			if err := c.clear(ctx, ed); err != nil {
				return err
			}
		}
		for _, ed := range edits {
			if err := errors.Join(c.fill(ctx, ed.New), c.outgrowProduct(ctx, ed)); err != nil {
				return err
			}
		}
		return nil
	})
}

// clear takes out what ed.Old has, if it is what is stored.
func (c Catalog) clear(ctx context.Context, ed catalog.Edit) error {
	if ed.Old == nil {
		return nil
	}
	p, err := c.products().get(ctx, ed.Old.ID)
	switch {
	case errors.Is(err, errNoRow):
		return catalog.ErrProductStale
	case err != nil:
		return err
	case p.Version != ed.Old.Version:
		return catalog.ErrProductStale
	}
	if err := errors.Join(c.slugs().delete(ctx, p.Slug), c.products().delete(ctx, p.ID)); err != nil {
		return err
	}
	for _, v := range p.Variants {
		if err := errors.Join(c.variants().delete(ctx, v.ID), c.skus().delete(ctx, v.SKU)); err != nil {
			return err
		}
	}
	return nil
}

// fill puts in what p has.
func (c Catalog) fill(ctx context.Context, p *catalog.Product) error {
	if p == nil {
		return nil
	}
	if err := claimKey(ctx, c.slugs(), p.Slug, p.ID, catalog.ErrSlugTaken); err != nil {
		return err
	}
	if _, err := c.products().get(ctx, p.ID); !errors.Is(err, errNoRow) {
		return errors.Join(catalog.ErrProductStale, err)
	}
	if err := c.products().put(ctx, p.ID, *p); err != nil {
		return err
	}
	for _, v := range p.Variants {
		if v.SKU != "" {
			if err := claimKey(ctx, c.skus(), v.SKU, v.ID, catalog.ErrSKUTaken); err != nil {
				return err
			}
		}
		if err := c.variants().put(ctx, v.ID, catalogVariant{p.ID, v.SKU}); err != nil {
			return err
		}
	}
	return nil
}

// claimKey writes a row of a unique key, or returns taken.
func claimKey(ctx context.Context, t table[string], key, id string, taken error) error {
	switch _, err := t.get(ctx, key); {
	case err == nil:
		return taken
	case !errors.Is(err, errNoRow):
		return err
	default:
		return t.put(ctx, key, id)
	}
}

// Categories implements catalog.Store.
func (c Catalog) Categories(ctx context.Context, ids []string) ([]catalog.Category, error) {
	if ids == nil {
		return c.categories().all(ctx, nil)
	}
	return some(ctx, c.categories(), ids)
}

// PutListing implements catalog.Store.
func (c Catalog) PutListing(ctx context.Context, productIDs []string, entries []catalog.Entry) error {
	return c.Do(ctx, func(ctx context.Context) error {
		old, err := c.listings().all(ctx, func(_ string, e catalog.Entry) bool { return slices.Contains(productIDs, e.ProductID) })
		if err != nil {
			return err
		}
		for _, e := range old {
			if err := c.listings().delete(ctx, compound(e.Market, e.ProductID)); err != nil {
				return err
			}
		}
		for _, e := range entries {
			if err := c.listings().put(ctx, compound(e.Market, e.ProductID), e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Lock implements catalog.Store: units of work run one after the other anyway.
func (c Catalog) Lock(ctx context.Context, _ string) error {
	_, leave, err := c.enter(ctx)
	if err != nil {
		return err
	}
	leave()
	return nil
}

// Bump implements catalog.Store.
func (c Catalog) Bump(ctx context.Context) error {
	return c.Do(ctx, func(ctx context.Context) error {
		_, err := c.next(ctx, c.counters(), "catalog")
		return err
	})
}

// Generation implements catalog.Store.
func (c Catalog) Generation(ctx context.Context) (int64, error) {
	n, err := c.counters().get(ctx, "catalog")
	if errors.Is(err, errNoRow) {
		return 0, nil
	}
	return n, err
}
