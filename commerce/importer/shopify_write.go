package importer

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// WriteShopify writes products in Shopify's format: Shopify's own columns in
// Shopify's order, then the extra ones sorted, with "\n" between rows. extra
// names every other column that the metadata of any product holds; known ones
// in it do no harm. What ReadShopify reads of it is what was written, and to
// write that again gives the same bytes.
//
// Text that a spreadsheet would run as a formula gets an apostrophe in front,
// which ReadShopify takes away; numbers stay numbers.
//
// It stops at the first error: that of records, a *ProductError for a product
// that the format cannot hold, ErrCurrency for a second currency.
func WriteShopify(w io.Writer, extra []string, records iter.Seq2[Record, error]) error {
	s, err := newShopifyWriter(extra)
	if err != nil {
		return err
	}
	if err := s.flush(w); err != nil {
		return err
	}
	for rec, err := range records {
		if err != nil {
			return err
		}
		if err := s.product(rec); err != nil {
			return fmt.Errorf("write product %q: %w", rec.Handle, err)
		}
		if err := s.flush(w); err != nil {
			return err
		}
	}
	return nil
}

type shopifyWriter struct {
	buf      bytes.Buffer // rows of one product
	csv      *csv.Writer
	at       [colCount]int
	metadata map[string]int
	cells    []string
	currency money.Currency
}

// newShopifyWriter returns a writer that holds the header row.
func newShopifyWriter(extra []string) (*shopifyWriter, error) {
	s := &shopifyWriter{metadata: map[string]int{}}
	s.csv = csv.NewWriter(&s.buf)
	names, err := exportHeader(extra)
	if err != nil {
		return nil, err
	}
	s.cells = make([]string, len(names))
	for i, name := range names {
		if col, ok := typedColumns[strings.ToLower(name)]; ok {
			s.at[col] = i
		} else {
			s.metadata[name] = i
		}
		s.cells[i] = neutral(name)
	}
	return s, s.row()
}

func exportHeader(extra []string) ([]string, error) {
	var more []string
	for _, name := range extra {
		name = metadataName(name)
		if _, typed := typedColumns[strings.ToLower(name)]; typed && !slices.Contains(standardHeader, name) || name == "" || surplusOption(name) > 0 {
			return nil, fmt.Errorf("write column %q: %w", name, ErrHeader)
		}
		if !slices.Contains(standardHeader, name) {
			more = append(more, name)
		}
	}
	slices.Sort(more)
	return slices.Concat(standardHeader, slices.Compact(more)), nil
}

func (s *shopifyWriter) flush(w io.Writer) error {
	_, err := w.Write(s.buf.Bytes())
	s.buf.Reset()
	return err
}

// row writes the cells and clears them.
func (s *shopifyWriter) row() error {
	before := s.buf.Len()
	if err := s.csv.Write(s.cells); err != nil {
		return err
	}
	s.csv.Flush()
	if s.buf.Len()-before > MaxRow || s.buf.Len() > MaxProduct {
		return ErrTooLong
	}
	clear(s.cells)
	return s.csv.Error()
}

func (s *shopifyWriter) product(rec Record) error {
	rec = rec.copied()
	rec.normalize()
	if faults := rec.check(jsonPlace); len(faults) > 0 {
		return &ProductError{Handle: rec.Handle, Faults: faults}
	}
	// An image with metadata takes a row of its own, or what belongs to it
	// would be read as the variant's.
	plain, own := splitImages(rec.Images)
	shared := max(len(rec.Variants), len(plain))
	for i := range shared + len(own) {
		s.set(colHandle, rec.Handle)
		if i == 0 {
			if err := s.first(&rec); err != nil {
				return err
			}
		}
		if i < len(rec.Variants) {
			if err := s.variant(&rec.Variants[i], rec.Options); err != nil {
				return err
			}
		}
		if i >= shared {
			if err := s.image(own[i-shared]); err != nil {
				return err
			}
		} else if i < len(plain) {
			if err := s.image(plain[i]); err != nil {
				return err
			}
		}
		if err := s.row(); err != nil {
			return err
		}
	}
	return nil
}

func splitImages(all []Image) (plain, own []Image) {
	for _, img := range all {
		if len(img.Metadata) == 0 {
			plain = append(plain, img)
		} else {
			own = append(own, img)
		}
	}
	return plain, own
}

func (s *shopifyWriter) set(col int, text string) { s.cells[s.at[col]] = neutral(text) }

// number sets a cell to what is a number, a word of ours or empty.
func (s *shopifyWriter) number(col int, text string) { s.cells[s.at[col]] = text }

func (s *shopifyWriter) first(r *Record) error {
	s.set(colTitle, r.Title)
	s.set(colBody, r.BodyHTML)
	s.set(colVendor, r.Vendor)
	s.set(colType, r.Type)
	s.set(colTags, strings.Join(r.Tags, ", "))
	s.number(colPublished, strconv.FormatBool(r.Published))
	s.number(colGiftCard, strconv.FormatBool(r.GiftCard))
	s.set(colSEOTitle, r.SEOTitle)
	s.set(colSEODescription, r.SEODescription)
	s.number(colStatus, string(r.Status))
	for i, name := range r.Options {
		s.set(colOption1Name+2*i, name)
	}
	if len(r.Options) == 0 {
		s.set(colOption1Name, defaultOption)
	}
	return s.extra(r.Metadata)
}

func (s *shopifyWriter) variant(v *Variant, options []string) error {
	for i, value := range v.Options {
		s.set(colOption1Value+2*i, value)
	}
	if len(options) == 0 {
		s.set(colOption1Value, defaultValue)
	}
	s.set(colSKU, v.SKU)
	s.number(colGrams, strconv.FormatInt(v.Grams, 10))
	s.set(colTracker, v.Tracker)
	if v.Quantity != nil {
		s.number(colQuantity, strconv.FormatInt(*v.Quantity, 10))
	}
	s.number(colPolicy, string(v.Policy))
	s.set(colFulfillment, v.Fulfillment)
	s.number(colShipping, strconv.FormatBool(v.RequiresShipping))
	s.number(colTaxable, strconv.FormatBool(v.Taxable))
	s.set(colBarcode, v.Barcode)
	s.set(colVariantImage, v.Image)
	s.number(colWeightUnit, v.WeightUnit)
	s.set(colTaxCode, v.TaxCode)
	if err := s.amount(colPrice, v.Price); err != nil {
		return err
	}
	if err := s.amount(colCompareAt, v.CompareAt); err != nil {
		return err
	}
	return s.extra(v.Metadata)
}

func (s *shopifyWriter) amount(col int, a *money.Amount) error {
	if a == nil {
		return nil
	}
	if s.currency == "" {
		s.currency = a.Currency
	}
	if s.currency != a.Currency {
		return ErrCurrency.Saying(fmt.Sprintf("the file is in %s and holds no price in %s", s.currency, a.Currency))
	}
	s.number(col, a.Decimal())
	return nil
}

func (s *shopifyWriter) image(img Image) error {
	s.set(colImage, img.URL)
	s.number(colPosition, strconv.Itoa(img.Position))
	s.set(colAlt, img.Alt)
	return s.extra(img.Metadata)
}

func (s *shopifyWriter) extra(m map[string]string) error {
	if len(m) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		i, ok := s.metadata[name]
		if !ok {
			return fmt.Errorf("metadata column %q is not among the columns of the file", name)
		}
		cell := neutralMetadata(m[name])
		if s.cells[i] != "" && s.cells[i] != cell {
			return fmt.Errorf("metadata column %q has one value for the product and another for its first variant", name)
		}
		s.cells[i] = cell
	}
	return nil
}
