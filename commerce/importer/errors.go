package importer

import (
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// Errors that callers act on. All of them end a reading; a product with faults
// is a *ProductError and does not.
var (
	// ErrFormat says that a file is none of the formats that can be read.
	ErrFormat = fault.New(fault.WrongType, "importer.unsupported_format", "the file is neither a Shopify product CSV nor JSON Lines")
	// ErrHeader says that the first row does not name usable columns.
	ErrHeader = fault.New(fault.Invalid, "importer.bad_header", "the first row does not name the columns of a Shopify product file")
	// ErrTooLong says that one row or line is longer than the limit.
	ErrTooLong = fault.New(fault.TooLarge, "importer.row_too_long", "a row of the file is too long")
	// ErrQuote says that the file ends inside a quoted cell.
	ErrQuote = fault.New(fault.Invalid, "importer.open_quote", "the file ends inside a quoted cell")
	// ErrStopped says that an import has stopped at a faulty product, which its
	// report names.
	ErrStopped = fault.New(fault.Invalid, "importer.stopped", "the import has stopped at a faulty product")
	// ErrCurrency says that a file without currencies was read without one, or
	// that products in several currencies were written to such a file.
	ErrCurrency = fault.New(fault.Invalid, "importer.currency", "a Shopify file holds prices in one currency, which has to be named")
)

// Fault says what is wrong in a file, and where.
type Fault struct {
	Handle  string `json:"handle"`  // the product, "" when it has none
	Row     int    `json:"row"`     // as a spreadsheet counts: the header is row 1; in JSON Lines the line
	Line    int    `json:"line"`    // where the row begins in the text, from 1
	Column  string `json:"column"`  // a header, or a JSON path as variants[1].price; "" means the whole row
	Value   string `json:"value"`   // what was found, shortened
	Message string `json:"message"` // what would be right
}

// String returns the fault as one line for people.
func (f Fault) String() string {
	s := fmt.Sprintf("row %d", f.Row)
	if f.Line != f.Row {
		s += fmt.Sprintf(" (line %d)", f.Line)
	}
	if f.Column != "" {
		s += ", " + f.Column
	}
	if f.Value != "" {
		s += fmt.Sprintf(" %q", f.Value)
	}
	return s + ": " + f.Message
}

// ProductError says that one product of a file has faults. Reading goes on
// after it; the caller decides whether to stop or to skip the product.
type ProductError struct {
	Handle string
	Row    int // first row of the product
	Rows   int // rows it takes in the file
	Faults []Fault
}

// Error names the product, its first fault and the number of the others.
func (e *ProductError) Error() string {
	s := fmt.Sprintf("product %q", e.Handle)
	if len(e.Faults) > 0 {
		s += ": " + e.Faults[0].String()
	}
	if more := len(e.Faults) - 1; more > 0 {
		s += fmt.Sprintf(" (and %d more)", more)
	}
	return s
}

// FileError says where a file cannot be read any further. It wraps one of the
// errors of this package.
type FileError struct {
	Fault Fault
	Cause error
}

// Error returns the fault as one line.
func (e *FileError) Error() string { return e.Fault.String() }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Cause }
