package importer

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// What is written at once. An operation of a remote engine must fit into one
// message, so products with long texts make smaller parts.
const (
	maxProducts = 100 // of a part, and of one call
	maxGoods    = 500 // variants that end a part; prices or levels of one call
	maxWeight   = 400 << 10
	maxPage     = 100 // items of a page
)

// run is one import under way.
type run struct {
	ports  Ports
	opts   ImportOptions
	count  *countingReader
	reader *Reader
	asked  map[string]bool // what says has answered
	skus   seenHandles     // of the file
	report Report
	last   int // last row of the last product that was read
	part   []*item
	goods  int // variants of part
	weight int // bytes of part, about
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (r *run) all(ctx context.Context, file io.Reader) error {
	if err := r.open(ctx, file); err != nil {
		return r.fatal(err)
	}
	for rec, err := range r.reader.Records() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pe, faulty := errors.AsType[*ProductError](err)
		switch {
		case err == nil:
			if r.last = rec.lastRow(); r.last > r.opts.After {
				err = r.add(ctx, rec)
			}
		case faulty:
			if r.last, err = pe.Row+pe.Rows-1, nil; r.last > r.opts.After {
				err = r.faulty(ctx, pe)
			}
		default: // the file ends here; what came before is sound
			err = errors.Join(r.flush(ctx), r.fatal(err))
		}
		if err != nil {
			return err
		}
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	r.report.Through = r.last
	return r.missing(ctx)
}

// open finds out what file is and reads its header.
func (r *run) open(ctx context.Context, file io.Reader) error {
	r.count = &countingReader{r: file}
	buffered := bufio.NewReaderSize(r.count, DetectSize)
	head, err := buffered.Peek(DetectSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	format, err := Detect(head)
	if err != nil {
		return err
	}
	currency := r.opts.Currency
	if format == FormatShopify && currency == "" {
		if currency, err = usual(ctx, r.ports.Prices); err != nil {
			return err
		}
	}
	if r.reader, err = Read(buffered, ReadOptions{Currency: currency}); err != nil {
		return err
	}
	r.report.Currency, r.report.UnknownColumns = currency, r.reader.Unknown()
	r.progress() // whoever wants to go on later knows the import before it writes
	return nil
}

// says is Reader.Has, which is asked much.
func (r *run) says(column string) bool {
	answer, known := r.asked[column]
	if !known {
		answer = r.reader.Has(column)
		r.asked[column] = answer
	}
	return answer
}

// usual returns the currency of the default market.
func usual(ctx context.Context, prices pricing.Service) (money.Currency, error) {
	markets, err := prices.Markets(ctx, op.Nothing{})
	if err != nil {
		return "", err
	}
	if len(markets.Items) == 0 {
		return "", ErrCurrency
	}
	return markets.Items[0].Currency, nil
}

// fatal lists the fault that ends a file and returns err.
func (r *run) fatal(err error) error {
	if fe, ok := errors.AsType[*FileError](err); ok {
		r.report.AddFaults(fe.Fault)
	}
	return err
}

// faulty takes a product that could not be read.
func (r *run) faulty(ctx context.Context, pe *ProductError) error {
	if r.opts.OnFault == OnFaultStop {
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	r.report.Products++
	r.report.Failed++
	r.report.AddFaults(pe.Faults...)
	if r.opts.OnFault == OnFaultStop {
		return r.stop()
	}
	return nil
}

func (r *run) stop() error {
	r.report.Stopped = true
	return ErrStopped
}

func (r *run) add(ctx context.Context, rec Record) error {
	r.part = append(r.part, r.item(rec))
	r.goods += len(rec.Variants)
	r.weight += rec.weight()
	if len(r.part) < maxProducts && r.goods < maxGoods && r.weight < maxWeight {
		return nil
	}
	return r.flush(ctx)
}

// weight returns about how many bytes r takes in a message.
func (r *Record) weight() int {
	n := 500 + len(r.BodyHTML) + 300*len(r.Variants) + columnBytes(r.Metadata)
	for _, v := range r.Variants {
		n += columnBytes(v.Metadata)
	}
	for _, img := range r.Images {
		n += 100 + len(img.URL) + len(img.Alt) + columnBytes(img.Metadata)
	}
	return n
}

func columnBytes(m map[string]string) (n int) {
	for name, value := range m {
		n += len(name) + len(value)
	}
	return n
}

// flush deals with the products that have been gathered.
func (r *run) flush(ctx context.Context) error {
	part := r.part
	r.part, r.goods, r.weight = nil, 0, 0
	if len(part) == 0 {
		return nil
	}
	part, err := r.put(ctx, part)
	if err != nil {
		return err
	}
	for _, it := range part {
		r.tell(it)
		if it.failed() && r.opts.OnFault == OnFaultStop {
			err = r.stop()
		}
		if !r.report.Stopped {
			r.report.Through = it.rec.lastRow()
		}
	}
	r.progress()
	return err
}

// lastRow returns the last row of r in its file.
func (r *Record) lastRow() int {
	row := r.Row
	for _, v := range r.Variants {
		row = max(row, v.Row)
	}
	for _, img := range r.Images {
		row = max(row, img.Row)
	}
	return row
}

func (r *run) progress() {
	if r.opts.Progress != nil && r.reader != nil {
		r.opts.Progress(Progress{Bytes: r.count.n, Total: r.opts.Size, Rows: r.reader.Rows(), Products: r.report.Products, Through: r.report.Through})
	}
}

// finish completes the report.
func (r *run) finish() {
	if r.reader != nil {
		r.report.Rows = r.reader.Rows()
	}
	byRow := func(a, b Fault) int { return cmp.Compare(a.Row, b.Row) }
	slices.SortStableFunc(r.report.Faults, byRow)
	slices.SortStableFunc(r.report.Warnings, byRow)
	r.progress()
}

// missing lists the products of the shop that the file does not name.
func (r *run) missing(ctx context.Context) error {
	for p, err := range allProducts(ctx, r.ports.Catalog) {
		if err != nil {
			return err
		}
		if !r.reader.seen.has(p.Slug) {
			r.report.AddMissing(p.Slug)
		}
	}
	return nil
}

// allProducts walks all products of the shop.
func allProducts(ctx context.Context, c catalog.Service) iter.Seq2[catalog.Product, error] {
	return page.All(ctx, func(ctx context.Context, cursor string) (page.Page[catalog.Product], error) {
		return c.Products(ctx, catalog.ProductsInput{Query: page.Query{Limit: maxPage, Cursor: cursor}})
	})
}
