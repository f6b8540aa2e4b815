package importer

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Export writes every product of the shop, by handle, and returns how many it
// has written. What is imported of it into an empty shop and exported there
// again gives the same bytes. Quantities are those on hand at all locations;
// prices are base prices of one unit. It holds the handles of all products and
// some of the products in memory.
//
// A product that the format cannot hold is left out; at the end the error names
// the first of them. Other errors end the export: those of the engines, of ctx
// and of w, and ErrFormat. The caller needs catalog:read and stock:read.
func (e *Engine) Export(ctx context.Context, w io.Writer, opts ExportOptions) (int, error) {
	if err := may(ctx, catalog.OpProducts.Access, inventory.OpLevels.Access); err != nil {
		return 0, err
	}
	ctx = ident.As(ctx, "importer")
	x := &exporter{ports: e.ports, currency: opts.Currency}
	var err error
	if x.currency == "" {
		if x.currency, err = usual(ctx, e.ports.Prices); err != nil {
			return 0, err
		}
	}
	handles, columns, err := x.survey(ctx)
	if err != nil {
		return 0, err
	}
	switch records := x.records(ctx, handles); cmp.Or(opts.Format, FormatShopify) {
	case FormatShopify:
		err = WriteShopify(w, columns, records)
	case FormatJSONLines:
		err = WriteJSONLines(w, records)
	default:
		err = ErrFormat.Saying(fmt.Sprintf("%q is no format to write: %s and %s are", opts.Format, FormatShopify, FormatJSONLines))
	}
	if err == nil && x.leftOut > 0 {
		err = fmt.Errorf("%d products cannot be written to such a file: %w", x.leftOut, x.first)
	}
	return x.written, err
}

// exporter is one export under way.
type exporter struct {
	ports    Ports
	currency money.Currency
	written  int
	leftOut  int
	first    error // of those left out
}

// survey returns the handles of all products, sorted, and the columns that
// their metadata keeps: the header stands before the first product.
func (x *exporter) survey(ctx context.Context) (handles, columns []string, err error) {
	seen := map[string]bool{}
	note := func(m map[string]string) {
		for name := range others(m) {
			seen[name] = true
		}
	}
	for p, err := range allProducts(ctx, x.ports.Catalog) {
		if err != nil {
			return nil, nil, err
		}
		handles = append(handles, p.Slug)
		note(kept[string](p.Metadata, keyColumns))
		for _, v := range p.Variants {
			note(kept[string](v.Metadata, keyColumns))
		}
		for _, m := range kept[map[string]string](p.Metadata, keyImages) {
			note(m)
		}
	}
	slices.Sort(handles)
	return handles, slices.Sorted(maps.Keys(seen)), nil
}

// records yields the products with these handles.
func (x *exporter) records(ctx context.Context, handles []string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for some := range slices.Chunk(handles, maxPage) {
			recs, err := x.read(ctx, some)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, rec := range recs {
				if x.fits(rec) && !yield(rec, nil) {
					return
				}
			}
		}
	}
}

// fits reports whether files can hold rec, and counts it either way.
func (x *exporter) fits(rec Record) bool {
	rec = rec.copied()
	rec.normalize()
	if faults := rec.check(jsonPlace); len(faults) > 0 {
		x.leftOut++
		x.first = cmp.Or(x.first, error(&ProductError{Handle: rec.Handle, Faults: faults}))
		return false
	}
	x.written++
	return true
}

// read returns the products with these handles, in that order, without those
// that have gone meanwhile.
func (x *exporter) read(ctx context.Context, handles []string) ([]Record, error) {
	found, err := x.ports.Catalog.Products(ctx, catalog.ProductsInput{Query: page.Query{Limit: maxPage}, Slugs: handles})
	if err != nil {
		return nil, err
	}
	ps := found.Items
	slices.SortFunc(ps, func(a, b catalog.Product) int { return cmp.Compare(a.Slug, b.Slug) })
	var ids []string
	for _, p := range ps {
		for _, v := range p.Variants {
			ids = append(ids, v.ID)
		}
	}
	have, err := readGoods(ctx, x.ports, ids, true)
	if err != nil {
		return nil, err
	}
	recs := make([]Record, len(ps))
	for i, p := range ps {
		recs[i] = x.record(p, have)
	}
	return recs, nil
}

// record returns p as files know it.
func (x *exporter) record(p catalog.Product, have goodsIn) Record {
	columns := kept[string](p.Metadata, keyColumns)
	r := Record{
		Handle: p.Slug, Title: p.Title, BodyHTML: p.DescriptionHTML, Vendor: p.Vendor, Type: p.Type, Tags: p.Tags,
		Published: p.PublishedAt != nil, Status: Status(p.Status), SEOTitle: p.SEO.Title, SEODescription: p.SEO.Description,
		GiftCard: columns[columnNames[colGiftCard]] == "true", Metadata: others(columns),
	}
	for _, o := range p.Options {
		r.Options = append(r.Options, o.Name)
	}
	for i, v := range p.Variants {
		r.Variants = append(r.Variants, x.variant(v, shownBy(p, v.Values), have))
		if i == 0 {
			r.shareRow()
		}
	}
	images := kept[map[string]string](p.Metadata, keyImages)
	for i, m := range p.Media {
		r.Images = append(r.Images, Image{URL: m.URL, Position: i + 1, Alt: m.Alt, Metadata: others(images[m.URL])})
	}
	return r
}

// shareRow gives the product what its first variant says in columns that, on
// the first row of a product, belong to the product.
func (r *Record) shareRow() {
	v := &r.Variants[0]
	for name, value := range v.Metadata {
		if variantMetadata(name) {
			continue
		}
		if r.Metadata == nil {
			r.Metadata = map[string]string{}
		}
		if _, taken := r.Metadata[name]; !taken {
			r.Metadata[name] = value
		}
		delete(v.Metadata, name)
	}
}

func (x *exporter) variant(v catalog.Variant, urls []string, have goodsIn) Variant {
	columns := kept[string](v.Metadata, keyColumns)
	out := Variant{
		Options: v.Values, SKU: v.SKU, Barcode: v.Barcode, Fulfillment: columns[columnNames[colFulfillment]], Grams: v.WeightG,
		WeightUnit: columns[columnNames[colWeightUnit]], RequiresShipping: v.RequiresShipping, Taxable: v.Taxable,
		Image: nth(urls, 0), Policy: PolicyDeny, Metadata: others(columns),
	}
	if v.TaxCategory != pricing.Standard {
		out.TaxCode = v.TaxCategory
	}
	for _, p := range have.prices[v.ID] {
		if p.Market == "" && p.MinQuantity == 1 && p.Amount.Currency == x.currency {
			out.Price, out.CompareAt = &p.Amount, p.CompareAt
		}
	}
	for _, l := range have.levels[v.ID] {
		out.Quantity = new(l.OnHand + deref(out.Quantity))
		if l.Backorder > 0 {
			out.Policy = PolicyContinue
		}
		if l.Tracked {
			out.Tracker = cmp.Or(columns[columnNames[colTracker]], trackerHere)
		}
	}
	return out
}

func deref(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}
