package importer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// UnmarshalJSON reads a variant, strictly. What is left out has the value that
// an empty cell has in a Shopify file: shipping required, taxable.
func (v *Variant) UnmarshalJSON(data []byte) error {
	type plain Variant
	p := plain{RequiresShipping: true, Taxable: true}
	if err := strict(data, &p); err != nil {
		return err
	}
	*v = Variant(p)
	return nil
}

// strict decodes data, which is one JSON value, and refuses members that
// target has no field for.
func strict(data []byte, target any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(target); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("one line holds one product and nothing else")
	}
	return nil
}

// ReadJSONLines reads a file with one Record in JSON on each line. Unknown
// members are faults; blank lines are left out. Only handle, title and one
// variant are needed. Prices are {"amount":2499,"currency":"EUR"}; when
// opts.Currency is set they are in that currency.
func ReadJSONLines(r io.Reader, opts ReadOptions) (*Reader, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	skipBOM(buffered)
	reader := &Reader{format: FormatJSONLines, has: func(string) bool { return true }, seen: newSeenHandles()}
	reader.walk = (&jsonWalk{r: buffered, opts: opts, reader: reader}).walk
	return reader, nil
}

type jsonWalk struct {
	r      *bufio.Reader
	line   int
	buf    []byte
	opts   ReadOptions
	reader *Reader
}

func (w *jsonWalk) walk(yield func(Record, error) bool) {
	for {
		line, err := w.next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(Record{}, err)
			return
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		w.reader.rows++
		rec, faults := w.record(line)
		if len(faults) > 0 {
			err = &ProductError{Handle: rec.Handle, Row: w.line, Rows: 1, Faults: faults}
		}
		if !yield(rec, err) {
			return
		}
	}
}

// next returns the next line, which is valid until the one after it.
func (w *jsonWalk) next() ([]byte, error) {
	w.buf = w.buf[:0]
	w.line++
	for {
		part, err := w.r.ReadSlice('\n')
		if len(w.buf)+len(part) > MaxLine {
			message := fmt.Sprintf("a line is at most %d bytes long", MaxLine)
			return nil, &FileError{Fault{Row: w.line, Line: w.line, Message: message}, ErrTooLong}
		}
		w.buf = append(w.buf, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF && len(w.buf) > 0:
			return w.buf, nil
		default:
			return w.buf, err
		}
	}
}

func (w *jsonWalk) record(line []byte) (Record, []Fault) {
	if !utf8.Valid(line) {
		return Record{}, []Fault{w.fault("", "", "", "the text is not UTF-8")}
	}
	rec := Record{Published: true}
	if err := strict(line, &rec); err != nil {
		return rec, []Fault{w.syntax(rec.Handle, line, err)}
	}
	rec.Row, rec.Line = w.line, w.line
	for i := range rec.Variants {
		rec.Variants[i].Row, rec.Variants[i].Line = w.line, w.line
	}
	for i := range rec.Images {
		rec.Images[i].Row, rec.Images[i].Line = w.line, w.line
	}
	rec.normalize()
	faults := rec.check(func(col, i int) (int, int, string) {
		_, _, name := jsonPlace(col, i)
		return w.line, w.line, name
	})
	faults = append(faults, w.currencies(&rec)...)
	if rec.Handle != "" {
		if before := w.reader.seen.before(rec.Handle, w.line); before > 0 {
			faults = append(faults, w.fault(rec.Handle, "handle", rec.Handle, fmt.Sprintf("line %d has this handle too", before)))
		}
	}
	return rec, faults[:min(len(faults), maxFaults)]
}

// currencies returns the faults of prices in another currency than asked for.
func (w *jsonWalk) currencies(rec *Record) []Fault {
	var faults []Fault
	for i, v := range rec.Variants {
		if v.Price == nil || w.opts.Currency == "" || v.Price.Currency == w.opts.Currency {
			continue
		}
		_, _, name := jsonPlace(colPrice, i)
		faults = append(faults, w.fault(rec.Handle, name, v.Price.String(), fmt.Sprintf("prices are in %s here", w.opts.Currency)))
	}
	return faults
}

func (w *jsonWalk) fault(handle, column, value, message string) Fault {
	return Fault{Handle: shorten(handle), Row: w.line, Line: w.line, Column: column, Value: shorten(value), Message: message}
}

// syntax returns the fault that the JSON of a line has.
func (w *jsonWalk) syntax(handle string, line []byte, err error) Fault {
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		return w.fault(handle, name, "", "a product has no such member")
	}
	if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return w.fault(handle, te.Field, te.Value, "write "+jsonKind(te))
	}
	if se, ok := errors.AsType[*json.SyntaxError](err); ok {
		return w.fault(handle, "", string(line[:min(se.Offset, 60)]), fmt.Sprintf("the line is not JSON: %s at byte %d", se, se.Offset))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return w.fault(handle, "", "", "the line is not JSON: it ends too early")
	}
	return w.fault(handle, "", "", "the line is not a product: "+err.Error())
}

// jsonKind names the kind of JSON value that a field takes.
func jsonKind(e *json.UnmarshalTypeError) string {
	switch kind := e.Type.Kind().String(); kind {
	case "bool":
		return "true or false"
	case "string":
		return "text"
	case "slice":
		return "a list"
	case "map", "struct":
		return "a JSON object"
	default:
		return "a whole number"
	}
}

var jsonNames = map[int]string{
	colHandle: "handle", colTitle: "title", colBody: "body_html", colVendor: "vendor", colType: "type", colTags: "tags", colPublished: "published",
	colSEOTitle: "seo_title", colSEODescription: "seo_description", colStatus: "status", colMetadata: "metadata",
	colBarcode: "variants[%d].barcode", colTaxCode: "variants[%d].tax_code", colVariantImage: "variants[%d].image",
	colSKU: "variants[%d].sku", colGrams: "variants[%d].grams", colQuantity: "variants[%d].quantity", colPolicy: "variants[%d].policy",
	colPrice: "variants[%d].price", colCompareAt: "variants[%d].compare_at", colWeightUnit: "variants[%d].weight_unit",
	colOption1Value: "variants[%d].options[0]", colOption2Value: "variants[%d].options[1]", colOption3Value: "variants[%d].options[2]",
	colOption1Name: "options[%d]", colOption2Name: "options[%d]", colOption3Name: "options[%d]",
	colImage: "images[%d].url", colPosition: "images[%d].position", colAlt: "images[%d].alt",
}

// jsonPlace implements place for a Record that comes from no file.
func jsonPlace(col, i int) (row, line int, name string) {
	name = jsonNames[col]
	if strings.Contains(name, "%d") {
		name = fmt.Sprintf(name, i)
	}
	return 0, 0, name
}

// WriteJSONLines writes each product as one line of JSON, in normal form: to
// read it and write it again gives the same bytes. It stops at the first error:
// that of records, or a *ProductError for a product that could not be read
// again.
func WriteJSONLines(w io.Writer, records iter.Seq2[Record, error]) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	for rec, err := range records {
		if err != nil {
			return err
		}
		rec = rec.copied()
		rec.normalize()
		if faults := rec.check(jsonPlace); len(faults) > 0 {
			return fmt.Errorf("write product %q: %w", rec.Handle, &ProductError{Handle: rec.Handle, Faults: faults})
		}
		buf.Reset()
		if err := enc.Encode(rec); err != nil {
			return fmt.Errorf("write product %q: %w", rec.Handle, err)
		}
		if buf.Len() > MaxLine {
			return fmt.Errorf("write product %q: %w", rec.Handle, ErrTooLong)
		}
		if _, err := w.Write(buf.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
