package importer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// draft is a product while its rows come in.
type draft struct {
	head   *header
	opts   ReadOptions
	rec    Record
	first  [colCount]string     // what the first row says of the product
	values [][MaxOptions]string // option values of each variant
	faults []Fault
	left   int // faults beyond maxFaults
	rows   int
	size   int  // bytes of the rows
	deaf   bool // further rows are counted but not looked at
}

func newDraft(h *header, opts ReadOptions, handle string, row csvRow) *draft {
	return &draft{head: h, opts: opts, rec: Record{Handle: handle, Row: row.row, Line: row.line}}
}

// takes reports whether a row with these cells goes on with the product of d.
// One that lacks only its handle does, so that it is told apart from a product.
func (d *draft) takes(handle, title string) bool {
	return handle == d.rec.Handle || handle == "" && title == ""
}

func (d *draft) fault(row csvRow, column, value, format string, args ...any) {
	if len(d.faults) >= maxFaults {
		d.left++
		return
	}
	d.faults = append(d.faults, Fault{
		Handle: shorten(d.rec.Handle), Row: row.row, Line: row.line, Column: column, Value: shorten(value), Message: fmt.Sprintf(format, args...),
	})
}

// wrong is fault for a column that has a field.
func (d *draft) wrong(row csvRow, col int, value, format string, args ...any) {
	d.fault(row, columnNames[col], value, format, args...)
}

// add takes one row of the product.
func (d *draft) add(row csvRow) {
	d.rows++
	if d.deaf {
		return
	}
	if d.size += row.size; d.size > MaxProduct {
		d.fault(row, "", "", "all rows of a product are at most %d bytes long", MaxProduct)
		d.deaf = true
		return
	}
	if !d.sound(row) {
		return
	}
	if d.rows == 1 {
		d.product(row)
	} else {
		d.again(row)
	}
	variant, image := d.variant(row), d.image(row)
	if !variant && !image {
		d.fault(row, "", "", "the row holds neither a variant nor an image")
	}
}

// sound reports whether the cells of row can be told apart. Without a sound
// first row nothing else can be said of the product.
func (d *draft) sound(row csvRow) bool {
	switch {
	case row.bad != "":
		d.fault(row, "", "", "%s", row.bad)
	case len(row.cells) != d.head.width:
		d.fault(row, "", "", "the row has %d cells, the header %d", len(row.cells), d.head.width)
	default:
		d.utf8(row)
		return true
	}
	d.deaf = d.rows == 1
	return false
}

func (d *draft) utf8(row csvRow) {
	for i, cell := range row.cells {
		if !utf8.ValidString(cell) {
			d.fault(row, d.head.name(i), cell, "the text is not UTF-8; save the file as CSV UTF-8")
		}
	}
}

// name returns the header of cell i, "" when it has none.
func (h *header) name(i int) string {
	if col := slices.Index(h.at[:], i); col >= 0 {
		return columnNames[col]
	}
	for name, at := range h.extra {
		if at == i {
			return name
		}
	}
	if n := h.surplus[i]; n > 0 {
		return fmt.Sprintf("Option%d", n)
	}
	return ""
}

// product takes what the first row says of the product as a whole.
func (d *draft) product(row csvRow) {
	for col := range d.first {
		if ofProduct(col) {
			d.first[col] = strings.Clone(d.head.cell(row, col))
		}
	}
	r := &d.rec
	r.Title, r.BodyHTML, r.Vendor, r.Type = d.first[colTitle], d.first[colBody], d.first[colVendor], d.first[colType]
	r.SEOTitle, r.SEODescription = d.first[colSEOTitle], d.first[colSEODescription]
	r.Tags = strings.Split(d.first[colTags], ",")
	r.Published = d.boolean(row, colPublished, true)
	r.GiftCard = d.boolean(row, colGiftCard, false)
	r.Status = Status(strings.ToLower(strings.TrimSpace(d.first[colStatus])))
}

// again looks at a later row for what only the first one may say.
func (d *draft) again(row csvRow) {
	if strings.TrimSpace(d.head.cell(row, colHandle)) == "" {
		d.wrong(row, colHandle, "", "every row needs the handle of its product")
	}
	for col, first := range d.first {
		if !ofProduct(col) {
			continue
		}
		value := d.head.cell(row, col)
		if value != "" && !sameCell(col, value, first) {
			d.wrong(row, col, value, "row %d, the first of the product, says %q", d.rec.Row, shorten(first))
		}
	}
}

// sameCell reports whether a and b say the same in col.
func sameCell(col int, a, b string) bool {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	if col == colPublished || col == colGiftCard || col == colStatus {
		return strings.EqualFold(a, b)
	}
	return a == b
}

// variant takes the variant of row and reports whether there is one. The first
// row always has one.
func (d *draft) variant(row csvRow) bool {
	d.surplus(row)
	says := d.rows == 1
	for col := range columnNames {
		says = says || ofVariant(col) && strings.TrimSpace(d.head.cell(row, col)) != ""
	}
	if !says {
		return false
	}
	if len(d.rec.Variants) == MaxVariants {
		d.wrong(row, colOption1Value, "", "a product has at most %d variants", MaxVariants)
		d.deaf = true
		return true
	}
	var values [MaxOptions]string
	for j := range values {
		values[j] = strings.TrimSpace(d.head.cell(row, colOption1Value+2*j))
	}
	v := d.parseVariant(row)
	v.Metadata = d.metadata(row, func(name string) bool { return d.rows > 1 || variantMetadata(name) })
	if d.rows == 1 {
		d.rec.Metadata = d.metadata(row, func(name string) bool { return !variantMetadata(name) })
	}
	d.rec.Variants, d.values = append(d.rec.Variants, v), append(d.values, values)
	return true
}

// surplus looks for what would be lost: a fourth option, a cell without header.
func (d *draft) surplus(row csvRow) {
	for _, i := range slices.Sorted(maps.Keys(d.head.surplus)) {
		if value := strings.TrimSpace(row.cells[i]); value != "" {
			d.fault(row, d.head.name(i), value, "a product has at most %d options", MaxOptions)
		}
	}
	for _, i := range d.head.unnamed {
		if value := strings.TrimSpace(row.cells[i]); value != "" {
			d.fault(row, "", value, "column %d has no name in the header", i+1)
		}
	}
}

func (d *draft) parseVariant(row csvRow) Variant {
	cell := func(col int) string { return strings.TrimSpace(d.head.cell(row, col)) }
	v := Variant{
		SKU: cell(colSKU), Barcode: cell(colBarcode), Tracker: cell(colTracker), Fulfillment: cell(colFulfillment),
		WeightUnit: cell(colWeightUnit), TaxCode: cell(colTaxCode), Image: cell(colVariantImage),
		RequiresShipping: d.boolean(row, colShipping, true), Taxable: d.boolean(row, colTaxable, true),
		Price: d.amount(row, colPrice), CompareAt: d.amount(row, colCompareAt),
		Row: row.row, Line: row.line,
	}
	v.Policy, _ = parsePolicy(cell(colPolicy)) // the check names a wrong one
	if s := cell(colQuantity); s != "" {
		n, err := parseCount(s)
		if err != nil {
			d.wrong(row, colQuantity, s, "write a whole number in plain digits, like 12 or -3")
		}
		v.Quantity = &n
	}
	if s := cell(colGrams); s != "" {
		n, err := parseGrams(s)
		if err != nil {
			d.wrong(row, colGrams, s, "write grams in plain digits, like 250")
		}
		v.Grams = n
	}
	return v
}

func (d *draft) boolean(row csvRow, col int, otherwise bool) bool {
	s := strings.TrimSpace(d.head.cell(row, col))
	if s == "" {
		return otherwise
	}
	value, ok := parseBool(s)
	if !ok {
		d.wrong(row, col, s, "write true or false")
	}
	return value
}

func (d *draft) amount(row csvRow, col int) *money.Amount {
	s := strings.TrimSpace(d.head.cell(row, col))
	if s == "" {
		return nil
	}
	a, err := money.ParseDecimal(s, d.opts.Currency)
	if err != nil || a.IsNegative() || a.Bound() != nil {
		like := money.New(1250, d.opts.Currency)
		d.wrong(row, col, s, "write a price in %s from 0 to %s in plain digits, like %s",
			like.Currency, money.New(money.MaxMinor, like.Currency).Decimal(), like.Decimal())
		return nil
	}
	return &a
}

// image takes the image of row and reports whether there is one.
func (d *draft) image(row csvRow) bool {
	src := strings.TrimSpace(d.head.cell(row, colImage))
	position := strings.TrimSpace(d.head.cell(row, colPosition))
	alt := d.head.cell(row, colAlt)
	if src == "" {
		if alt != "" {
			d.wrong(row, colAlt, alt, "the row has no image that this text could describe")
		}
		return alt != ""
	}
	if len(d.rec.Images) == MaxImages {
		d.wrong(row, colImage, src, "a product has at most %d images", MaxImages)
		d.deaf = true
		return true
	}
	img := Image{URL: src, Alt: alt, Row: row.row, Line: row.line}
	if position != "" {
		n, err := parseCount(position)
		if err != nil || n < 1 {
			d.wrong(row, colPosition, position, "write a whole number from 1")
		}
		img.Position = int(max(n, 0))
	}
	if n := len(d.rec.Variants); n == 0 || d.rec.Variants[n-1].Row != row.row {
		img.Metadata = d.metadata(row, func(string) bool { return true })
	}
	d.rec.Images = append(d.rec.Images, img)
	return true
}

// metadata returns the cells of row that have no field and that keep wants.
func (d *draft) metadata(row csvRow, keep func(name string) bool) map[string]string {
	var m map[string]string
	for name, i := range d.head.extra {
		if value := literal(row.cells[i]); value != "" && keep(name) {
			if m == nil {
				m = map[string]string{}
			}
			m[name] = value
		}
	}
	return m
}

// finish returns the product, with a *ProductError when it has faults.
func (d *draft) finish() (Record, error) {
	if !d.deaf {
		d.options()
		d.rec.normalize()
		for _, f := range d.rec.check(d.place) {
			d.fault(csvRow{row: f.Row, line: f.Line}, f.Column, f.Value, "%s", f.Message)
		}
	}
	if len(d.faults) == 0 {
		return d.rec, nil
	}
	slices.SortStableFunc(d.faults, func(a, b Fault) int { return a.Row - b.Row })
	if d.left > 0 {
		d.faults = append(d.faults, Fault{Handle: shorten(d.rec.Handle), Row: d.rec.Row, Line: d.rec.Line, Message: fmt.Sprintf("%d more faults are not listed", d.left)})
	}
	return d.rec, &ProductError{Handle: d.rec.Handle, Row: d.rec.Row, Rows: d.rows, Faults: d.faults}
}

// options turns the option cells into the options of the product.
func (d *draft) options() {
	var names [MaxOptions]string
	for j := range names {
		names[j] = strings.TrimSpace(d.first[colOption1Name+2*j])
	}
	if len(d.values) == 1 && names == [MaxOptions]string{} && d.values[0] == [MaxOptions]string{defaultValue} {
		return
	}
	for j, name := range names {
		if name != "" {
			d.rec.Options = append(d.rec.Options, name)
		}
		for i := range d.rec.Variants {
			v, value := &d.rec.Variants[i], d.values[i][j]
			if name != "" {
				v.Options = append(v.Options, value)
			} else if value != "" {
				d.wrong(csvRow{row: v.Row, line: v.Line}, colOption1Value+2*j, value, "the first row of the product names no option %d", j+1)
			}
		}
	}
}

// place implements place for the rows of d.
func (d *draft) place(col, i int) (row, line int, name string) {
	row, line = d.rec.Row, d.rec.Line
	if col < colCount {
		name = columnNames[col]
	}
	switch {
	case col == colMetadata || col == colHandle || ofProduct(col):
	case ofImage(col) && i < len(d.rec.Images):
		row, line = d.rec.Images[i].Row, d.rec.Images[i].Line
	case ofVariant(col) && i < len(d.rec.Variants):
		row, line = d.rec.Variants[i].Row, d.rec.Variants[i].Line
	}
	return row, line, name
}
