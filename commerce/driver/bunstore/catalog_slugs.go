package bunstore

import (
	"context"
	"fmt"
)

// The kinds of what has slugs: the names of their tables.
const (
	slugProduct  = "product"
	slugCategory = "category"
)

// byIDOrSlug returns the document with this id, then the one with this slug, or
// else the one that had this slug before.
func (c Catalog) byIDOrSlug(ctx context.Context, kind, s string) (docs []string, err error) {
	t := "{" + kind + "}"
	id := asciiOnly(s)
	err = c.scan(ctx, &docs, `SELECT t.doc FROM `+t+` t JOIN (SELECT id FROM `+t+` WHERE id = ? UNION SELECT id FROM `+t+` WHERE slug = ?) k ON k.id = t.id
		ORDER BY CASE WHEN t.id = ? THEN 0 ELSE 1 END`+c.locked(ctx), id, s, id)
	if err != nil || len(docs) > 0 {
		return docs, err
	}
	err = c.scan(ctx, &docs, `SELECT t.doc FROM {old_slug} o JOIN `+t+` t ON t.id = o.owner WHERE o.kind = ? AND o.slug = ?`+c.locked(ctx), kind, s)
	return docs, err
}

// outgrow notes that owner had slug before. It writes over what an earlier
// owner has left behind; as long as somebody has the slug, nobody looks.
func (c Catalog) outgrow(ctx context.Context, kind, slug, owner string) error {
	q := `INSERT INTO {old_slug} (kind, slug, owner) VALUES (?, ?, ?)` + c.upsert("old_slug", "kind, slug", "owner = new(owner)")
	if _, err := c.exec(ctx, q, kind, slug, owner); err != nil {
		return fmt.Errorf("keep old slug %s: %w", slug, err)
	}
	return nil
}

// forget frees the slugs that owner had, and slug, which it has: nobody is to
// be found by it again.
func (c Catalog) forget(ctx context.Context, kind, slug, owner string) error {
	for _, q := range []struct{ where, arg string }{{`owner = ?`, owner}, {`slug = ?`, slug}} {
		if _, err := c.exec(ctx, `DELETE FROM {old_slug} WHERE kind = ? AND `+q.where, kind, q.arg); err != nil {
			return fmt.Errorf("forget slugs of %s: %w", owner, err)
		}
	}
	return nil
}
