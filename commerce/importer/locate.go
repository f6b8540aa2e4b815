package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

// locate returns where col stands in the file for the i-th variant or image.
func (it *item) locate(col, i int) (row, line int, name string) {
	r := &it.rec
	row, line = r.Row, r.Line
	switch {
	case col == colMetadata && i < len(r.Variants):
		row, line = r.Variants[i].Row, r.Variants[i].Line
	case col == colHandle || col == colMetadata || ofProduct(col):
	case ofImage(col) && i < len(r.Images):
		row, line = r.Images[i].Row, r.Images[i].Line
	case ofVariant(col) && i < len(r.Variants):
		row, line = r.Variants[i].Row, r.Variants[i].Line
	}
	if it.format == FormatJSONLines {
		_, _, name = jsonPlace(col, i)
	} else if col < colCount {
		name = columnNames[col]
	}
	return row, line, name
}

// about returns a fault of it in col of the i-th variant or image.
func (it *item) about(col, i int, value, message string) Fault {
	row, line, name := it.locate(col, i)
	return Fault{Handle: shorten(it.rec.Handle), Row: row, Line: line, Column: name, Value: shorten(value), Message: message}
}

func (it *item) fault(col, i int, value, format string, args ...any) {
	it.faults = append(it.faults, it.about(col, i, value, fmt.Sprintf(format, args...)))
}

func (it *item) warn(col, i int, value, message string) {
	it.warnings = append(it.warnings, it.about(col, i, value, message))
}

// refused lists the faults that the catalog has found in the product, where the
// file says what they are about.
func (it *item) refused(e *fault.Error) {
	items := e.Errors
	if len(items) == 0 {
		items = []fault.Item{e.Item()}
	}
	for _, f := range items {
		col, i := it.place(f.Param)
		message := cmp.Or(f.Message, e.Text)
		if col == colMetadata {
			message = "what the columns that nothing else here holds say together " + message
		}
		it.fault(col, i, it.value(col, i), "%s", message)
	}
}

var fieldColumns = map[string]int{
	"slug": colHandle, "title": colTitle, "description_html": colBody, "status": colStatus, "vendor": colVendor, "type": colType,
	"tags": colTags, "published_at": colPublished, "seo": colSEOTitle, "options": colOption1Name, "media": colImage,
	"sku": colSKU, "values": colOption1Value, "barcode": colBarcode, "weight_g": colGrams, "tax_category": colTaxCode,
}

// place returns the column that the pointer of a catalog.ProductFields names,
// and the variant or image.
func (it *item) place(pointer string) (col, i int) {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	if len(parts) > 2 && parts[0] == "products" {
		parts = parts[2:]
	}
	number := func(k int) int {
		if k >= len(parts) {
			return 0
		}
		n, _ := strconv.Atoi(parts[k])
		return n
	}
	switch parts[0] {
	case "seo":
		if len(parts) > 1 && parts[1] == "description" {
			return colSEODescription, 0
		}
	case "options":
		return colOption1Name + 2*min(number(1), MaxOptions-1), number(1)
	case "media":
		return it.mediaPlace(parts, number(1))
	case "variants":
		if len(parts) < 3 {
			return colOption1Value, number(1)
		}
		if parts[2] == "values" {
			return colOption1Value + 2*min(number(3), MaxOptions-1), number(1)
		}
		if col, ok := fieldColumns[parts[2]]; ok {
			return col, number(1)
		}
		return colMetadata, number(1)
	}
	if col, ok := fieldColumns[parts[0]]; ok {
		return col, 0
	}
	return colMetadata, 0
}

// mediaPlace returns the place of the i-th picture of the fields: an image of
// the file, or the image of a variant only.
func (it *item) mediaPlace(parts []string, i int) (col, k int) {
	if i >= len(it.fields.Media) {
		return colImage, i
	}
	url := it.fields.Media[i].URL
	if k := slices.IndexFunc(it.rec.Images, func(img Image) bool { return img.URL == url }); k >= 0 {
		if len(parts) > 2 && parts[2] == "alt" {
			return colAlt, k
		}
		return colImage, k
	}
	if k := slices.IndexFunc(it.rec.Variants, func(v Variant) bool { return v.Image == url }); k >= 0 {
		return colVariantImage, k
	}
	return colImage, i
}

// value returns what the file says in col of the i-th variant or image.
func (it *item) value(col, i int) string {
	r := &it.rec
	switch col {
	case colHandle:
		return r.Handle
	case colTitle:
		return r.Title
	case colBody:
		return r.BodyHTML
	case colVendor:
		return r.Vendor
	case colType:
		return r.Type
	case colTags:
		return strings.Join(r.Tags, ", ")
	case colSEOTitle:
		return r.SEOTitle
	case colSEODescription:
		return r.SEODescription
	case colOption1Name, colOption2Name, colOption3Name:
		if k := (col - colOption1Name) / 2; k < len(r.Options) {
			return r.Options[k]
		}
	case colImage, colAlt:
		if i < len(r.Images) {
			return map[int]string{colImage: r.Images[i].URL, colAlt: r.Images[i].Alt}[col]
		}
	default:
		if i < len(r.Variants) {
			return r.Variants[i].value(col)
		}
	}
	return ""
}

func (v *Variant) value(col int) string {
	switch col {
	case colSKU:
		return v.SKU
	case colBarcode:
		return v.Barcode
	case colTaxCode:
		return v.TaxCode
	case colVariantImage:
		return v.Image
	case colGrams:
		return strconv.FormatInt(v.Grams, 10)
	case colPrice:
		if v.Price != nil {
			return v.Price.Decimal()
		}
	case colQuantity:
		if v.Quantity != nil {
			return strconv.FormatInt(*v.Quantity, 10)
		}
	case colPolicy:
		return string(v.Policy)
	case colOption1Value, colOption2Value, colOption3Value:
		if k := (col - colOption1Value) / 2; k < len(v.Options) {
			return v.Options[k]
		}
	}
	return ""
}

// transient reports whether e may say only that somebody else was faster, who
// may have made this very product, its SKUs with it.
func transient(e *fault.Error) bool {
	return e != nil && (e.Code == catalog.ErrSlugTaken.Code || e.Code == catalog.ErrSKUTaken.Code || e.Code == catalog.ErrProductStale.Code)
}
