package importer

import (
	"bufio"
	"errors"
	"hash/maphash"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// ReadOptions say what a file does not.
type ReadOptions struct {
	// Currency is the one of every price in a Shopify file, which needs it.
	// JSON Lines name their currencies.
	Currency money.Currency
}

// Reader reads the products of one file, once, from its beginning to its end.
// It is not safe for concurrent use.
type Reader struct {
	format  Format
	extra   []string
	unknown []string
	has     func(column string) bool
	rows    int
	seen    seenHandles
	walk    func(yield func(Record, error) bool)
}

// Read reads a file in the format that Detect finds in it. It returns
// ErrFormat, and what ReadShopify and ReadJSONLines return.
func Read(r io.Reader, opts ReadOptions) (*Reader, error) {
	buffered := bufio.NewReaderSize(r, DetectSize)
	head, err := buffered.Peek(DetectSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	format, err := Detect(head)
	if err != nil {
		return nil, err
	}
	if format == FormatJSONLines {
		return ReadJSONLines(buffered, opts)
	}
	return ReadShopify(buffered, opts)
}

// Format returns the format of the file.
func (r *Reader) Format() Format { return r.format }

// Extra returns the columns that metadata holds, sorted: what WriteShopify
// needs to write the same file again. It is empty for JSON Lines, which have no
// header.
func (r *Reader) Extra() []string { return slices.Clone(r.extra) }

// Unknown returns those of Extra that Shopify does not write either, in the
// order of the file. A report names them, for they may be misspelled.
func (r *Reader) Unknown() []string { return slices.Clone(r.unknown) }

// Has reports whether the file says anything about a column, by its name in
// Shopify's export. What a file does not say should not be changed. JSON Lines
// say everything.
func (r *Reader) Has(column string) bool { return r.has(strings.ToLower(column)) }

// Rows returns the rows with something in them that have been read so far,
// without the header.
func (r *Reader) Rows() int { return r.rows }

// Records yields the products of the file in its order, in normal form. With a
// *ProductError it yields as much of the product as it could read, and goes on;
// any other error, a *FileError or one of the underlying reader, is the last.
func (r *Reader) Records() iter.Seq2[Record, error] { return r.walk }

// seenHandles remembers where each handle began, in 12 bytes a product.
type seenHandles struct {
	seed maphash.Seed
	rows map[uint64]int32
}

func newSeenHandles() seenHandles {
	return seenHandles{maphash.MakeSeed(), map[uint64]int32{}}
}

// has reports whether handle stood in the file.
func (s seenHandles) has(handle string) bool {
	_, ok := s.rows[maphash.String(s.seed, handle)]
	return ok
}

// before returns the row in which handle stood earlier, else 0 and remembers row.
func (s seenHandles) before(handle string, row int) int {
	key := maphash.String(s.seed, handle)
	if earlier, ok := s.rows[key]; ok {
		return int(earlier)
	}
	s.rows[key] = int32(min(row, 1<<31-1))
	return 0
}
