package importer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// ReadShopify reads a product file in Shopify's format. It reads the header at
// once and returns ErrCurrency without a known currency, and a *FileError that
// wraps ErrHeader, ErrTooLong or ErrQuote when the header cannot be used.
//
// Columns may stand in any order and most may be missing; those that a Record
// has no field for are kept as metadata. The rows of one product stand
// together. Columns without a name and rows without content are left out.
func ReadShopify(r io.Reader, opts ReadOptions) (*Reader, error) {
	if !opts.Currency.Valid() {
		return nil, ErrCurrency
	}
	rows := newRowReader(r)
	row, err := rows.read()
	if errors.Is(err, io.EOF) {
		return nil, &FileError{Fault{Row: 1, Line: 1, Message: "the file is empty"}, ErrHeader}
	}
	if err != nil {
		return nil, err
	}
	head, err := parseHeader(row)
	if err != nil {
		return nil, err
	}
	reader := &Reader{format: FormatShopify, has: head.has, seen: newSeenHandles()}
	for name := range head.extra {
		reader.extra = append(reader.extra, name)
	}
	slices.Sort(reader.extra)
	reader.unknown = head.unknown
	reader.walk = (&shopifyWalk{rows: rows, head: head, opts: opts, reader: reader}).walk
	return reader, nil
}

// header says what the cells of a row are.
type header struct {
	width   int
	at      [colCount]int  // cell of each column, -1 when it is missing
	extra   map[string]int // cells that metadata holds
	surplus map[int]int    // cells of an option above MaxOptions, by cell
	unnamed []int
	unknown []string
}

func headerName(cell string) string {
	return strings.TrimSpace(literal(strings.TrimSpace(cell)))
}

func parseHeader(row csvRow) (*header, error) {
	h := &header{width: len(row.cells), extra: map[string]int{}, surplus: map[int]int{}}
	for i := range h.at {
		h.at[i] = -1
	}
	bad := func(value, format string, args ...any) error {
		return &FileError{Fault{Row: row.row, Line: row.line, Value: shorten(value), Message: fmt.Sprintf(format, args...)}, ErrHeader}
	}
	if row.bad != "" {
		return nil, bad("", "%s", row.bad)
	}
	for i, cell := range row.cells {
		if !utf8.ValidString(cell) {
			return nil, bad(cell, "the header of column %d is not UTF-8; save the file as CSV UTF-8", i+1)
		}
		if other := h.column(i, headerName(cell)); other >= 0 {
			return nil, bad(cell, "columns %d and %d of the header are the same", other+1, i+1)
		}
	}
	for _, col := range []int{colHandle, colTitle} {
		if h.at[col] < 0 {
			return nil, bad("", "the header has no column %q", columnNames[col])
		}
	}
	return h, nil
}

// column notes that cell i holds the column name. It returns the cell that
// holds it already, else -1.
func (h *header) column(i int, name string) (other int) {
	if col, ok := typedColumns[strings.ToLower(name)]; ok {
		other, h.at[col] = h.at[col], i
		return other
	}
	name = metadataName(name)
	if name == "" {
		h.unnamed = append(h.unnamed, i)
		return -1
	}
	if n := surplusOption(name); n > 0 {
		h.surplus[i] = n
		return -1
	}
	if other, ok := h.extra[name]; ok {
		return other
	}
	h.extra[name] = i
	if !shopifyColumn(name) {
		h.unknown = append(h.unknown, name)
	}
	return -1
}

func (h *header) has(lower string) bool {
	if col, ok := typedColumns[lower]; ok {
		return h.at[col] >= 0
	}
	for name := range h.extra {
		if strings.ToLower(name) == lower {
			return true
		}
	}
	return false
}

// cell returns what row says in col, "" when it has no such cell.
func (h *header) cell(row csvRow, col int) string {
	if i := h.at[col]; i >= 0 && i < len(row.cells) {
		return literal(row.cells[i])
	}
	return ""
}

// shopifyWalk gathers rows into products.
type shopifyWalk struct {
	rows   *rowReader
	head   *header
	opts   ReadOptions
	reader *Reader
}

func (w *shopifyWalk) walk(yield func(Record, error) bool) {
	var d *draft
	for {
		row, err := w.rows.read()
		if err != nil {
			w.end(d, err, yield)
			return
		}
		if row.blank() {
			continue
		}
		w.reader.rows++
		handle := strings.TrimSpace(w.head.cell(row, colHandle))
		if d != nil && !d.takes(handle, w.head.cell(row, colTitle)) {
			if !yield(d.finish()) {
				return
			}
			d = nil
		}
		if d == nil {
			d = w.begin(handle, row)
		}
		d.add(row)
	}
}

func (w *shopifyWalk) begin(handle string, row csvRow) *draft {
	d := newDraft(w.head, w.opts, strings.Clone(handle), row)
	if handle == "" {
		return d
	}
	if before := w.reader.seen.before(handle, row.row); before > 0 {
		d.fault(row, columnNames[colHandle], handle, "the rows of a product stand together: the one that begins in row %d has this handle too", before)
		d.deaf = true
	}
	return d
}

// end yields what is left when the rows have ended with err.
func (w *shopifyWalk) end(d *draft, err error, yield func(Record, error) bool) {
	if errors.Is(err, io.EOF) {
		if d != nil {
			yield(d.finish())
		}
		return
	}
	if fe, ok := errors.AsType[*FileError](err); ok && d != nil {
		fe.Fault.Handle = shorten(d.rec.Handle)
		fe.Fault.Message += fmt.Sprintf("; nothing was read from the product %q in row %d on", fe.Fault.Handle, d.rec.Row)
	}
	yield(Record{}, err)
}
