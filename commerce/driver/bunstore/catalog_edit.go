package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// Edit implements catalog.Store. What changes of the variants is deleted before
// anything is inserted, so that SKUs may change places.
func (c Catalog) Edit(ctx context.Context, edits []catalog.Edit) error {
	edits = slices.SortedFunc(slices.Values(edits), func(a, b catalog.Edit) int { return cmp.Compare(editID(a), editID(b)) })
	return c.Do(ctx, func(ctx context.Context) error {
		var fresh []catalogProductRow
		for _, ed := range edits {
			row, err := c.editOld(ctx, ed)
			if err != nil {
				return err
			}
			if ed.Old == nil {
				fresh = append(fresh, row)
			}
		}
		switch err := insertAll(ctx, c.DB, "product", fresh, func(r catalogProductRow) int { return len(r.Doc) }); {
		case isDuplicate(err):
			return catalog.ErrSlugTaken.Because(err)
		case err != nil:
			return fmt.Errorf("insert products: %w", err)
		}
		return c.editVariants(ctx, edits)
	})
}

func editID(ed catalog.Edit) string {
	if ed.New != nil {
		return ed.New.ID
	}
	return ed.Old.ID
}

// editOld updates or deletes the row of ed.Old, if there is one, and returns the
// row of ed.New.
func (c Catalog) editOld(ctx context.Context, ed catalog.Edit) (row catalogProductRow, err error) {
	if ed.New != nil {
		if row, err = catalogProduct(ed.New); err != nil || ed.Old == nil {
			return row, err
		}
	}
	var n int64
	if ed.New == nil {
		n, err = c.exec(ctx, `DELETE FROM {product} WHERE id = ? AND version = ?`, ed.Old.ID, ed.Old.Version)
	} else {
		n, err = c.exec(ctx, `UPDATE {product} SET slug = ?, status = ?, published = ?, version = ?, updated = ?, doc = ? WHERE id = ? AND version = ?`,
			row.Slug, row.Status, row.Published, row.Version, row.Updated, row.Doc, row.ID, ed.Old.Version)
	}
	switch {
	case isDuplicate(err):
		return row, catalog.ErrSlugTaken.Because(err)
	case err != nil:
		return row, fmt.Errorf("write product %s: %w", ed.Old.ID, err)
	case n == 0:
		return row, catalog.ErrProductStale
	case ed.New == nil:
		return row, c.forget(ctx, slugProduct, ed.Old.Slug, ed.Old.ID)
	case ed.Old.Slug != row.Slug:
		return row, c.outgrow(ctx, slugProduct, ed.Old.Slug, row.ID)
	default:
		return row, nil
	}
}

func (c Catalog) editVariants(ctx context.Context, edits []catalog.Edit) error {
	var gone []string
	var fresh []catalogVariantRow
	for _, ed := range edits {
		was, is := catalogVariants(ed.Old), catalogVariants(ed.New)
		for _, id := range slices.Sorted(maps.Keys(was)) {
			if !was[id].same(is[id]) {
				gone = append(gone, id)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(is)) {
			if !is[id].same(was[id]) {
				fresh = append(fresh, is[id])
			}
		}
	}
	for ids := range slices.Chunk(gone, rowsAtOnce) {
		if _, err := c.exec(ctx, `DELETE FROM {variant} WHERE id IN (?)`, bun.List(ids)); err != nil {
			return fmt.Errorf("delete variants: %w", err)
		}
	}
	switch err := insertAll(ctx, c.DB, "variant", fresh, nil); {
	case isDuplicate(err) && strings.Contains(err.Error(), "combo"):
		return fmt.Errorf("two variants of one product have the same values: %w", err)
	case isDuplicate(err):
		return catalog.ErrSKUTaken.Because(err)
	case err != nil:
		return fmt.Errorf("insert variants: %w", err)
	}
	return nil
}

const (
	rowsAtOnce  = 1000
	bytesAtOnce = 4 << 20
)

// insertAll writes rows in as few statements as servers take well. size returns
// the bytes of a row; nil for small ones.
func insertAll[R any](ctx context.Context, d *DB, table string, rows []R, size func(R) int) error {
	for len(rows) > 0 {
		n, bytes := 0, 0
		for n < len(rows) && n < rowsAtOnce && (n == 0 || bytes < bytesAtOnce) {
			if size != nil {
				bytes += size(rows[n])
			}
			n++
		}
		chunk := rows[:n]
		if err := d.insert(ctx, table, &chunk); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
