package memstore

import (
	"context"
	"errors"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// Category implements catalog.Store.
func (c Catalog) Category(ctx context.Context, idOrSlug string) (catalog.Category, error) {
	cat, err := c.categories().get(ctx, idOrSlug)
	if !errors.Is(err, errNoRow) {
		return cat, err
	}
	all, err := c.categories().all(ctx, func(_ string, cat catalog.Category) bool { return cat.Slug == idOrSlug })
	switch {
	case err != nil:
		return cat, err
	case len(all) > 0:
		return all[0], nil
	}
	id, err := c.oldSlugs("category").get(ctx, idOrSlug)
	if err == nil {
		cat, err = c.categories().get(ctx, id)
	}
	if errors.Is(err, errNoRow) {
		return cat, catalog.ErrCategoryNotFound
	}
	return cat, err
}

// PutCategories implements catalog.Store.
func (c Catalog) PutCategories(ctx context.Context, cs []catalog.Category) error {
	return c.Do(ctx, func(ctx context.Context) error {
		for _, cat := range cs {
			was, err := c.categories().get(ctx, cat.ID)
			if err == nil && was.Slug != cat.Slug {
				err = c.oldSlugs("category").put(ctx, was.Slug, cat.ID)
			}
			if err != nil && !errors.Is(err, errNoRow) {
				return err
			}
			if err := c.categories().put(ctx, cat.ID, cat); err != nil {
				return err
			}
		}
		all, err := c.categories().all(ctx, nil)
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, cat := range all {
			if seen[cat.Slug] {
				return catalog.ErrSlugTaken
			}
			seen[cat.Slug] = true
		}
		return nil
	})
}

// DeleteCategory implements catalog.Store.
func (c Catalog) DeleteCategory(ctx context.Context, id string) error {
	return c.Do(ctx, func(ctx context.Context) error {
		was, err := c.categories().get(ctx, id)
		switch {
		case errors.Is(err, errNoRow):
			return nil
		case err != nil:
			return err
		}
		return errors.Join(c.categories().delete(ctx, id), c.forget(ctx, "category", was.Slug, id))
	})
}

// oldSlugs has who had a slug before, by slug. Who has it now comes first.
func (c Catalog) oldSlugs(kind string) table[string] {
	return table[string]{c.DB, "catalog_old_slug_" + kind}
}

// outgrowProduct keeps the slug that ed takes from a product, or frees those of
// a product that it removes.
func (c Catalog) outgrowProduct(ctx context.Context, ed catalog.Edit) error {
	switch {
	case ed.Old == nil:
		return nil
	case ed.New == nil:
		return c.forget(ctx, "product", ed.Old.Slug, ed.Old.ID)
	case ed.Old.Slug != ed.New.Slug:
		return c.oldSlugs("product").put(ctx, ed.Old.Slug, ed.Old.ID)
	default:
		return nil
	}
}

// forget frees the slugs that owner had, and slug, which it has: nobody is to
// be found by it again.
func (c Catalog) forget(ctx context.Context, kind, slug, owner string) error {
	freed := []string{slug}
	_, err := c.oldSlugs(kind).all(ctx, func(old, id string) bool {
		if id == owner {
			freed = append(freed, old)
		}
		return false
	})
	for _, s := range freed {
		err = errors.Join(err, c.oldSlugs(kind).delete(ctx, s))
	}
	return err
}
