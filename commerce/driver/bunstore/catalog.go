package bunstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// Catalog is a catalog.Store.
type Catalog struct{ *DB }

var _ catalog.Store = Catalog{}

type catalogProductRow struct {
	ID        string `bun:"id"`
	Slug      string `bun:"slug"`
	Status    string `bun:"status"`
	Published int64  `bun:"published"`
	Version   int64  `bun:"version"`
	Created   int64  `bun:"created"`
	Updated   int64  `bun:"updated"`
	Doc       string `bun:"doc"`
}

type catalogVariantRow struct {
	ID        string  `bun:"id"`
	ProductID string  `bun:"product_id"`
	SKU       *string `bun:"sku"`
	Combo     string  `bun:"combo"`
}

// same reports whether the stored row r need not be written to become o.
func (r catalogVariantRow) same(o catalogVariantRow) bool {
	return r.ID == o.ID && r.Combo == o.Combo && (r.SKU == nil) == (o.SKU == nil) && (r.SKU == nil || *r.SKU == *o.SKU)
}

func catalogProduct(p *catalog.Product) (catalogProductRow, error) {
	doc, err := json.Marshal(p)
	if err != nil {
		return catalogProductRow{}, fmt.Errorf("product %s: %w", p.ID, err)
	}
	r := catalogProductRow{ID: p.ID, Slug: p.Slug, Status: string(p.Status), Version: p.Version,
		Created: micros(p.CreatedAt), Updated: micros(p.UpdatedAt), Doc: string(doc)}
	if p.PublishedAt != nil {
		r.Published = micros(*p.PublishedAt)
	}
	return r, nil
}

// catalogVariants returns the rows of the variants of p, by id, none for nil.
func catalogVariants(p *catalog.Product) map[string]catalogVariantRow {
	rows := map[string]catalogVariantRow{}
	if p == nil {
		return rows
	}
	for _, v := range p.Variants {
		sum := sha256.Sum256([]byte(catalog.Combo(v.Values)))
		r := catalogVariantRow{ID: v.ID, ProductID: p.ID, Combo: hex.EncodeToString(sum[:])}
		if v.SKU != "" {
			r.SKU = &v.SKU
		}
		rows[v.ID] = r
	}
	return rows
}

// asciiOnly returns s, or "" if a column of ids cannot hold it: comparing with
// it would keep MySQL from using the index.
func asciiOnly(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return ""
		}
	}
	return s
}

// decoded returns the documents in docs.
func decoded[T any](docs []string) ([]T, error) {
	out := make([]T, len(docs))
	for i, doc := range docs {
		if err := json.Unmarshal([]byte(doc), &out[i]); err != nil {
			return nil, fmt.Errorf("document in the database: %w", err)
		}
	}
	return out, nil
}

// Product implements catalog.Store.
func (c Catalog) Product(ctx context.Context, idOrSlug string) (catalog.Product, error) {
	docs, err := c.byIDOrSlug(ctx, slugProduct, idOrSlug)
	if err != nil {
		return catalog.Product{}, fmt.Errorf("read product: %w", err)
	}
	if len(docs) == 0 {
		return catalog.Product{}, catalog.ErrProductNotFound
	}
	ps, err := decoded[catalog.Product](docs[:1])
	if err != nil {
		return catalog.Product{}, err
	}
	return ps[0], nil
}

// Products implements catalog.Store. Named products are sorted here: a server
// that sorts by the key may read, and lock, the whole table on its way.
func (c Catalog) Products(ctx context.Context, f catalog.ProductFilter) ([]catalog.Product, error) {
	q, args := `SELECT doc FROM {product} WHERE id > ?`, []any{f.After}
	if f.Status != "" {
		q, args = q+` AND status = ?`, append(args, string(f.Status))
	}
	if len(f.IDs) > 0 {
		q, args = q+` AND id IN (?)`, append(args, bun.List(asciiKeys(f.IDs)))
	}
	if len(f.Slugs) > 0 {
		q, args = q+` AND slug IN (?)`, append(args, bun.List(f.Slugs))
	}
	named := len(f.IDs)+len(f.Slugs) > 0
	if !named {
		q += ` ORDER BY id`
		if f.Limit > 0 {
			q, args = q+` LIMIT ?`, append(args, f.Limit)
		}
	}
	var docs []string
	if err := c.scan(ctx, &docs, q+c.locked(ctx), args...); err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	ps, err := decoded[catalog.Product](docs)
	if err != nil || !named {
		return ps, err
	}
	slices.SortFunc(ps, func(a, b catalog.Product) int { return cmp.Compare(a.ID, b.ID) })
	if f.Limit > 0 {
		ps = ps[:min(len(ps), f.Limit)]
	}
	return ps, nil
}

func asciiKeys(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = asciiOnly(id)
	}
	return out
}

// ProductsOf implements catalog.Store.
func (c Catalog) ProductsOf(ctx context.Context, variantIDs, skus []string) ([]catalog.Product, error) {
	var parts []string
	var args []any
	if len(variantIDs) > 0 {
		parts, args = append(parts, `SELECT product_id FROM {variant} WHERE id IN (?)`), append(args, bun.List(asciiKeys(variantIDs)))
	}
	if len(skus) > 0 {
		parts, args = append(parts, `SELECT product_id FROM {variant} WHERE sku IN (?)`), append(args, bun.List(skus))
	}
	switch len(parts) {
	case 0:
		return nil, nil
	case 1:
		parts[0] = strings.Replace(parts[0], "SELECT", "SELECT DISTINCT", 1)
	}
	var docs []string
	err := c.scan(ctx, &docs, `SELECT p.doc FROM {product} p JOIN (`+strings.Join(parts, " UNION ")+`) v ON v.product_id = p.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read products of variants: %w", err)
	}
	return decoded[catalog.Product](docs)
}

// SKUs implements catalog.Store.
func (c Catalog) SKUs(ctx context.Context, skus []string) (map[string]string, error) {
	out := map[string]string{}
	if len(skus) == 0 {
		return out, nil
	}
	var rows []catalogVariantRow
	if err := c.scan(ctx, &rows, `SELECT id, sku FROM {variant} WHERE sku IN (?)`, bun.List(skus)); err != nil {
		return nil, fmt.Errorf("read SKUs: %w", err)
	}
	for _, r := range rows {
		out[*r.SKU] = r.ID
	}
	return out, nil
}
