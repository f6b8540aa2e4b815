package catalog

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Sanitizer makes HTML safe to show: what it returns has no scripts, no event
// handlers and no addresses that run something. Sanitizing what it has returned
// changes nothing.
type Sanitizer interface {
	Sanitize(html string) string
}

// Options change how an Engine works. The zero value is good.
type Options struct {
	Log *slog.Logger               // slog.Default()
	Now func() time.Time           // time.Now
	ID  func(prefix string) string // ident.NewID
}

// Engine holds the rules of the catalog. It is safe for concurrent use.
type Engine struct {
	store Store
	html  Sanitizer
	opts  Options
}

var _ Service = (*Engine)(nil)

// New returns an Engine that keeps the catalog in store and descriptions as
// html makes them. opts may be nil.
func New(store Store, html Sanitizer, opts *Options) *Engine {
	e := &Engine{store: store, html: html}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Log = cmp.Or(e.opts.Log, slog.Default())
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	if e.opts.ID == nil {
		e.opts.ID = ident.NewID
	}
	return e
}

// Scope returns the database of the engine.
func (e *Engine) Scope() txn.Scope { return e.store.Scope() }

// now returns the time as stores keep it.
func (e *Engine) now() time.Time { return e.opts.Now().UTC().Truncate(time.Microsecond) }

// Generation returns a number that grows with each change of the catalog.
func (e *Engine) Generation(ctx context.Context, in op.Nothing) (GenerationOutput, error) {
	if err := OpGeneration.Admit(ctx, in); err != nil {
		return GenerationOutput{}, err
	}
	n, err := e.store.Generation(ctx)
	return GenerationOutput{N: n}, err
}

// write carries out edits with one event for each, in the unit of work of ctx.
func (e *Engine) write(ctx context.Context, edits []Edit, now time.Time) error {
	if len(edits) == 0 {
		return nil
	}
	if err := e.store.Edit(ctx, edits); err != nil {
		return err
	}
	evs := make([]event.Envelope, len(edits))
	for i, ed := range edits {
		evs[i] = e.announce(ed, now)
	}
	if err := e.store.Record(ctx, evs...); err != nil {
		return err
	}
	return e.store.Bump(ctx)
}

// announce returns the one event that says what ed is.
func (e *Engine) announce(ed Edit, now time.Time) event.Envelope {
	typ, p := ProductUpdated, ed.New
	switch {
	case ed.Old == nil:
		typ = ProductCreated
	case ed.New == nil:
		typ, p = ProductArchived, ed.Old
	case ed.New.Status == StatusArchived && ed.Old.Status != StatusArchived:
		typ = ProductArchived
	}
	ids := make([]string, len(p.Variants))
	for i, v := range p.Variants {
		ids[i] = v.ID
	}
	return typ.New(e.opts.ID("evt"), p.ID, now, ProductChangedV1{
		Product: p.ID, Slug: p.Slug, Version: p.Version, VariantIDs: ids, Deleted: ed.New == nil})
}
