package importer

import (
	"cmp"
	"context"
	"io"
	"log/slog"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Ports are the engines that an Engine writes to and reads from, here or
// elsewhere.
type Ports struct {
	Catalog catalog.Service
	Prices  pricing.Service
	Stock   inventory.Service
}

// Options change how an Engine works. The zero value is good.
type Options struct {
	Log *slog.Logger               // slog.Default()
	ID  func(prefix string) string // ident.NewID
}

// Engine moves whole files into a shop and out of it. It is safe for concurrent
// use, also for the same file twice at once.
type Engine struct {
	ports Ports
	opts  Options
}

// New returns an Engine over the engines in p. opts may be nil.
func New(p Ports, opts *Options) *Engine {
	e := &Engine{ports: p}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Log = cmp.Or(e.opts.Log, slog.Default())
	if e.opts.ID == nil {
		e.opts.ID = ident.NewID
	}
	return e
}

// OnFault says what an import does at a faulty product.
type OnFault string

// What an import does at a faulty product.
const (
	OnFaultStop OnFault = "stop" // writes nothing from it on
	OnFaultSkip OnFault = "skip" // leaves it out and goes on
)

// StockMode says whose stock an import writes.
type StockMode string

// Whose stock an import writes. What is tracked, and whether it may be
// back-ordered, is written with the quantity or without it, except by StockSkip.
const (
	StockNew  StockMode = "new"  // quantities of variants that have no stock level yet
	StockSet  StockMode = "set"  // quantities of all variants
	StockSkip StockMode = "skip" // nothing
)

// ImportOptions change what an import does. The zero value is good.
type ImportOptions struct {
	// Currency is the one of the prices. When it is empty, that of the default
	// market is taken for files that name none.
	Currency money.Currency `json:"currency,omitempty" pattern:"^[A-Z]{3}$"`
	DryRun   bool           `json:"dry_run,omitempty"` // write nothing, report the same
	OnFault  OnFault        `json:"on_error,omitempty" enum:"stop,skip" doc:"stop when absent"`
	Stock    StockMode      `json:"stock,omitempty" enum:"new,set,skip" doc:"new when absent"`
	TrackAll bool           `json:"track_all,omitempty"` // count stock though the file names no tracker
	ID       string         `json:"id,omitempty" maxLength:"64" doc:"Of this import; with the same one again StockSet counts no quantity twice. New when absent."`
	Size     int64          `json:"size,omitempty" minimum:"0"` // of the file in bytes, for Progress; 0 is not known
	After    int            `json:"after,omitempty" minimum:"0" doc:"Row up to which an earlier run of this import has dealt with all products; they are passed over."`
	Progress func(Progress) `json:"-"` // called now and then, and at the end; may be nil
}

// Progress says how far an import has come.
type Progress struct {
	Bytes    int64 `json:"bytes"` // read so far
	Total    int64 `json:"total"` // of the file, 0 when not known
	Rows     int   `json:"rows"`
	Products int   `json:"products"` // dealt with
	Through  int   `json:"through"`  // row up to which every product was dealt with
}

// ExportOptions change what an export writes. The zero value is good.
type ExportOptions struct {
	Format   Format         // FormatShopify
	Currency money.Currency // of the prices; that of the default market
}

// may returns an error unless the caller of ctx may do what the operations with
// these accesses do.
func may(ctx context.Context, accesses ...op.Access) error {
	for _, a := range accesses {
		if err := (op.Op[op.Nothing, op.Nothing]{Access: a}).Admit(ctx, op.Nothing{}); err != nil {
			return err
		}
	}
	return nil
}

// Import reads a file in the format that Detect finds in it and makes the shop
// what it says. Products are matched by handle, variants by option values. What
// the file has no column for stays as it is; variants of its products that it
// does not name are removed; other products are listed as missing and stay.
//
// It works through the file in parts, so it needs little memory and what is
// written when it ends early stays: to run it again does the rest, and what is
// as the file says already is not written again. The report tells what was done
// also when there is an error: ErrStopped at a faulty product, those of
// Read, a *FileError where the file cannot be read any further, those of the
// engines and of ctx. The caller needs catalog:write, and stock:write
// unless stock is skipped.
func (e *Engine) Import(ctx context.Context, file io.Reader, opts ImportOptions) (Report, error) {
	if err := check.Struct(opts); err != nil {
		return Report{}, err
	}
	accesses := []op.Access{catalog.OpPutProducts.Access, pricing.OpPutPrices.Access}
	if opts.Stock != StockSkip {
		accesses = append(accesses, inventory.OpPutLevels.Access)
	}
	if err := may(ctx, accesses...); err != nil {
		return Report{}, err
	}
	opts.OnFault, opts.Stock = cmp.Or(opts.OnFault, OnFaultStop), cmp.Or(opts.Stock, StockNew)
	opts.ID = cmp.Or(opts.ID, e.opts.ID("imp"))
	ctx = ident.As(ctx, "importer")
	r := &run{ports: e.ports, opts: opts, asked: map[string]bool{}, skus: newSeenHandles()}
	r.report.DryRun = opts.DryRun
	err := r.all(ctx, file)
	r.finish()
	e.opts.Log.InfoContext(ctx, "catalog import", "id", opts.ID, "dry_run", opts.DryRun, "rows", r.report.Rows, "created", r.report.Created,
		"updated", r.report.Updated, "unchanged", r.report.Unchanged, "failed", r.report.Failed, "err", err)
	return r.report, err
}
