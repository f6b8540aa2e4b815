package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

type catalogCategoryRow struct {
	ID       string `bun:"id"`
	ParentID string `bun:"parent_id"`
	Slug     string `bun:"slug"`
	Position int    `bun:"position"`
	Doc      string `bun:"doc"`
}

// Categories implements catalog.Store.
func (c Catalog) Categories(ctx context.Context, ids []string) ([]catalog.Category, error) {
	var docs []string
	var err error
	switch {
	case ids == nil:
		err = c.scan(ctx, &docs, `SELECT doc FROM {category} ORDER BY id`+c.locked(ctx))
	case len(ids) > 0:
		err = c.scan(ctx, &docs, `SELECT doc FROM {category} WHERE id IN (?) ORDER BY id`, bun.List(asciiKeys(ids)))
	}
	if err != nil {
		return nil, fmt.Errorf("read categories: %w", err)
	}
	return decoded[catalog.Category](docs)
}

// Category implements catalog.Store.
func (c Catalog) Category(ctx context.Context, idOrSlug string) (catalog.Category, error) {
	docs, err := c.byIDOrSlug(ctx, slugCategory, idOrSlug)
	if err != nil {
		return catalog.Category{}, fmt.Errorf("read category: %w", err)
	}
	if len(docs) == 0 {
		return catalog.Category{}, catalog.ErrCategoryNotFound
	}
	cs, err := decoded[catalog.Category](docs[:1])
	if err != nil {
		return catalog.Category{}, err
	}
	return cs[0], nil
}

// PutCategories implements catalog.Store. It deletes and inserts: an upsert
// would write over another category that has the slug.
func (c Catalog) PutCategories(ctx context.Context, cs []catalog.Category) error {
	if len(cs) == 0 {
		return nil
	}
	rows, ids := make([]catalogCategoryRow, len(cs)), make([]string, len(cs))
	for i, cat := range cs {
		doc, err := json.Marshal(cat)
		if err != nil {
			return fmt.Errorf("category %s: %w", cat.ID, err)
		}
		rows[i] = catalogCategoryRow{ID: cat.ID, ParentID: cat.ParentID, Slug: cat.Slug, Position: cat.Position, Doc: string(doc)}
		ids[i] = cat.ID
	}
	return c.Do(ctx, func(ctx context.Context) error {
		for part := range slices.Chunk(ids, rowsAtOnce) {
			if err := c.outgrowCategories(ctx, cs, part); err != nil {
				return err
			}
			if _, err := c.exec(ctx, `DELETE FROM {category} WHERE id IN (?)`, bun.List(part)); err != nil {
				return fmt.Errorf("replace categories: %w", err)
			}
		}
		switch err := insertAll(ctx, c.DB, "category", rows, func(r catalogCategoryRow) int { return len(r.Doc) }); {
		case isDuplicate(err):
			return catalog.ErrSlugTaken.Because(err)
		case err != nil:
			return fmt.Errorf("insert categories: %w", err)
		}
		return nil
	})
}

// outgrowCategories notes the slugs that the stored categories with these ids
// have, where those in cs have others.
func (c Catalog) outgrowCategories(ctx context.Context, cs []catalog.Category, ids []string) error {
	var stored []catalogCategoryRow
	if err := c.scan(ctx, &stored, `SELECT id, slug FROM {category} WHERE id IN (?)`, bun.List(asciiKeys(ids))); err != nil {
		return fmt.Errorf("read slugs of categories: %w", err)
	}
	becomes := map[string]string{}
	for _, cat := range cs {
		becomes[cat.ID] = cat.Slug
	}
	for _, was := range stored {
		if was.Slug == becomes[was.ID] {
			continue
		}
		if err := c.outgrow(ctx, slugCategory, was.Slug, was.ID); err != nil {
			return err
		}
	}
	return nil
}

// DeleteCategory implements catalog.Store.
func (c Catalog) DeleteCategory(ctx context.Context, id string) error {
	return c.Do(ctx, func(ctx context.Context) error {
		var slug string
		switch err := c.scan(ctx, &slug, `SELECT slug FROM {category} WHERE id = ?`, asciiOnly(id)); {
		case noRows(err):
			return nil
		case err != nil:
			return fmt.Errorf("read category %s: %w", id, err)
		}
		if _, err := c.exec(ctx, `DELETE FROM {category} WHERE id = ?`, id); err != nil {
			return fmt.Errorf("delete category %s: %w", id, err)
		}
		return c.forget(ctx, slugCategory, slug, id)
	})
}

// Lock implements catalog.Store.
func (c Catalog) Lock(ctx context.Context, name string) error { return c.count(ctx, "lock:"+name) }

// Bump implements catalog.Store.
func (c Catalog) Bump(ctx context.Context) error { return c.count(ctx, "catalog") }

// count adds one to a counter, whose row stays locked until the unit of work of
// ctx is over.
func (c Catalog) count(ctx context.Context, name string) error {
	if _, err := c.exec(ctx, `INSERT INTO {generation} (name, n) VALUES (?, 1)`+c.upsert("generation", "name", "n = old(n) + 1"), name); err != nil {
		return fmt.Errorf("count %s: %w", name, err)
	}
	return nil
}

// Generation implements catalog.Store.
func (c Catalog) Generation(ctx context.Context) (n int64, err error) {
	err = c.scan(ctx, &n, `SELECT n FROM {generation} WHERE name = 'catalog'`)
	if noRows(err) {
		return 0, nil
	}
	return n, err
}
