package importer

import (
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// item is one product of the file on its way into the shop.
type item struct {
	format Format
	says   func(column string) bool // whether the file has that column
	rec    Record

	old    *catalog.Product // as it was; nil for a new one
	fields catalog.ProductFields
	keeps  bool // the file says nothing of variants, and they stay
	goods  []good

	result   *catalog.PutResult
	changes  []Change // of prices and stock
	faults   []Fault
	warnings []Fault
}

// good is one variant of an item, the i-th of its record.
type good struct {
	id      string // "" is not made yet
	created bool
	changed bool // prices or stock
	failed  bool
	tracker string // that the last file has named
	stocked string // id of the variant whose stock is written already
	old     *catalog.Variant
}

func (it *item) failed() bool { return len(it.faults) > 0 }

// has reports whether the file has a column for col.
func (it *item) has(col int) bool { return it.says(columnNames[col]) }

// item begins an item and finds SKUs that stand in the file twice: the catalog
// would find them too, but not in a dry run that writes no part before another.
func (r *run) item(rec Record) *item {
	it := &item{format: r.reader.Format(), says: r.says, rec: rec, goods: make([]good, len(rec.Variants))}
	for i, v := range rec.Variants {
		if v.SKU == "" {
			continue
		}
		if before := r.skus.before(v.SKU, v.Row); before > 0 {
			it.fault(colSKU, i, v.SKU, "row %d has this SKU too", before)
		}
	}
	return it
}

// over sets what is to become of old, nil for a new product.
func (it *item) over(old *catalog.Product, levels goodsIn) {
	it.old, it.result = old, nil
	r := &it.rec
	f := catalog.ProductFields{Slug: r.Handle, Title: r.Title}
	was := catalog.Product{}
	if old != nil {
		was = *old
		f.ExternalID, f.CategoryIDs, f.Attributes = old.ExternalID, old.CategoryIDs, old.Attributes
	}
	text := func(col int, now, old string) string {
		if it.old == nil || it.has(col) {
			return now
		}
		return old
	}
	f.DescriptionHTML = text(colBody, r.BodyHTML, was.DescriptionHTML)
	f.Vendor, f.Type = text(colVendor, r.Vendor, was.Vendor), text(colType, r.Type, was.Type)
	f.SEO.Title = text(colSEOTitle, r.SEOTitle, was.SEO.Title)
	f.SEO.Description = text(colSEODescription, r.SEODescription, was.SEO.Description)
	f.Tags = was.Tags
	if old == nil || it.has(colTags) {
		f.Tags = r.Tags
	}
	f.Metadata = keep(was.Metadata, keyColumns, merged(kept[string](was.Metadata, keyColumns), r.columnsOf(), it.saysOf(colsKeptOfProduct)))
	if old == nil || it.has(colImage) {
		f.Metadata = keep(f.Metadata, keyImages, r.imageColumns())
	}
	it.fields = f
	it.publish()
	it.variants(levels)
	it.media()
}

// saysOf returns whether the file has a column that metadata keeps, for those
// that may be kept of products, or of variants.
func (it *item) saysOf(cols []int) func(column string) bool {
	return func(column string) bool {
		if col, typed := typedColumns[strings.ToLower(column)]; typed && !slices.Contains(cols, col) {
			return false
		}
		return it.says(column)
	}
}

// publish sets who sees the product. A file without status cannot say that a
// product is archived, and so takes none out of the archive.
func (it *item) publish() {
	f, old := &it.fields, it.old
	if old == nil || it.has(colPublished) {
		f.Published = &it.rec.Published
	} else {
		f.PublishedAt = old.PublishedAt
	}
	f.Status = catalog.Status(it.rec.Status)
	if old != nil && !it.has(colStatus) && (old.Status == catalog.StatusArchived || !it.has(colPublished)) {
		f.Status = old.Status
	}
}

// saysVariants reports whether the file has any column about variants.
func (it *item) saysVariants() bool {
	for col := range columnNames {
		if ofVariant(col) && it.has(col) {
			return true
		}
	}
	return it.says(columnCost)
}

func (it *item) variants(levels goodsIn) {
	old := map[string]*catalog.Variant{}
	if it.old != nil {
		for i := range it.old.Variants {
			old[catalog.Combo(it.old.Variants[i].Values)] = &it.old.Variants[i]
		}
		if len(it.old.Options) > 0 && !it.has(colOption1Value) {
			it.keepVariants()
			return
		}
	}
	it.fields.Options = it.rec.Options
	for i := range it.rec.Variants {
		v := &it.rec.Variants[i]
		g := &it.goods[i]
		if g.old = old[catalog.Combo(v.Options)]; g.old != nil {
			g.tracker = kept[string](g.old.Metadata, keyColumns)[columnNames[colTracker]]
		}
		it.fields.Variants = append(it.fields.Variants, it.variant(v, g.old, levels))
	}
}

// keepVariants leaves the variants of a product as they are, because the file
// has no column to tell them apart by.
func (it *item) keepVariants() {
	if it.saysVariants() {
		it.fault(colOption1Value, 0, "", "the product has the option %q, and the file has no column for its values", it.old.Options[0].Name)
	}
	it.keeps, it.goods = true, nil
	for _, o := range it.old.Options {
		it.fields.Options = append(it.fields.Options, o.Name)
	}
	for _, v := range it.old.Variants {
		it.fields.Variants = append(it.fields.Variants, catalog.VariantFields{SKU: v.SKU, Values: v.Values, Barcode: v.Barcode, WeightG: v.WeightG,
			RequiresShipping: v.RequiresShipping, Taxable: v.Taxable, TaxCategory: v.TaxCategory, Metadata: v.Metadata})
	}
}

// variant returns what is to become of old, nil for a new one.
func (it *item) variant(v *Variant, old *catalog.Variant, levels goodsIn) catalog.VariantFields {
	f := catalog.VariantFields{Values: v.Options, SKU: v.SKU, Barcode: v.Barcode, WeightG: v.Grams,
		RequiresShipping: v.RequiresShipping, Taxable: v.Taxable, TaxCategory: v.TaxCode}
	columns := v.columnsOf()
	if old == nil {
		f.Metadata = keep(nil, keyColumns, columns)
		return f
	}
	if !it.has(colSKU) {
		f.SKU = old.SKU
	}
	if !it.has(colBarcode) {
		f.Barcode = old.Barcode
	}
	if !it.has(colGrams) {
		f.WeightG = old.WeightG
	}
	if !it.has(colShipping) {
		f.RequiresShipping = old.RequiresShipping
	}
	if !it.has(colTaxable) {
		f.Taxable = old.Taxable
	}
	if !it.has(colTaxCode) {
		f.TaxCategory = old.TaxCategory
	}
	was := kept[string](old.Metadata, keyColumns)
	if v.Tracker == trackerHere && was[columnNames[colTracker]] == "" && levels.tracked(old.ID) {
		delete(columns, columnNames[colTracker]) // what an export says of tracking that a file has not turned on
	}
	f.Metadata = keep(old.Metadata, keyColumns, merged(was, columns, it.saysOf(colsKeptOfVariant)))
	return f
}

// media sets the pictures and the variants that show them. Where the file has
// no column for either, it stays.
func (it *item) media() {
	f := &it.fields
	var was []catalog.MediaFields
	if it.old != nil {
		for _, m := range it.old.Media {
			was = append(was, catalog.MediaFields{URL: m.URL, Alt: m.Alt})
		}
	}
	f.Media = was
	if it.old == nil || it.has(colImage) {
		f.Media = it.pictures(was)
	}
	for i, v := range f.Variants {
		for _, url := range it.shown(i, v.Values) {
			f.Media = show(f.Media, was, url, v.Values)
		}
	}
}

// pictures returns the images of the file, the first of those with the same
// address.
func (it *item) pictures(was []catalog.MediaFields) (out []catalog.MediaFields) {
	for _, img := range it.rec.Images {
		m := catalog.MediaFields{URL: img.URL, Alt: img.Alt}
		if k := picture(was, img.URL); k >= 0 && !it.has(colAlt) {
			m.Alt = was[k].Alt
		}
		if picture(out, img.URL) < 0 {
			out = append(out, m)
		}
	}
	return out
}

// picture returns the place of url in ms, -1 when it is not there.
func picture(ms []catalog.MediaFields, url string) int {
	return slices.IndexFunc(ms, func(m catalog.MediaFields) bool { return m.URL == url })
}

// shown returns the addresses of the pictures that the i-th variant is to show.
// A file names one at most: when it is the first of several they all stay.
func (it *item) shown(i int, values []string) []string {
	var was []string
	if it.old != nil {
		was = shownBy(*it.old, values)
	}
	if it.keeps || len(was) > 0 && (!it.has(colVariantImage) || was[0] == it.rec.Variants[i].Image) {
		return was
	}
	if now := it.rec.Variants[i].Image; now != "" {
		return []string{now}
	}
	return nil
}

// shownBy returns the addresses of the pictures that the variant with these
// values shows.
func shownBy(p catalog.Product, values []string) (urls []string) {
	k := slices.IndexFunc(p.Variants, func(v catalog.Variant) bool { return slices.Equal(v.Values, values) })
	if k < 0 {
		return nil
	}
	for _, m := range p.Media {
		if slices.Contains(m.VariantIDs, p.Variants[k].ID) {
			urls = append(urls, m.URL)
		}
	}
	return urls
}

// show makes the variant with these values show url, which is added to ms when
// it is not there, with the text that it had.
func show(ms, was []catalog.MediaFields, url string, values []string) []catalog.MediaFields {
	k := picture(ms, url)
	if k < 0 {
		m := catalog.MediaFields{URL: url}
		if old := picture(was, url); old >= 0 {
			m.Alt = was[old].Alt
		}
		k, ms = len(ms), append(ms, m)
	}
	ms[k].Variants = append(ms[k].Variants, values)
	return ms
}
