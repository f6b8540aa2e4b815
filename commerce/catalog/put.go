package catalog

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Outcomes of putting something.
const (
	OutcomeCreated   = "created"
	OutcomeUpdated   = "updated"
	OutcomeUnchanged = "unchanged"
	OutcomeFailed    = "failed"
)

// PutProducts creates or replaces products by slug, all in one unit of work; if
// that fails, each in its own, so that a product that cannot be written does
// not stop the others. The error is about the whole call, that of one product
// stands in its result.
func (e *Engine) PutProducts(ctx context.Context, in PutProductsInput) (PutProductsOutput, error) {
	if err := OpPutProducts.Admit(ctx, in); err != nil && !aboutItems(err, "/products/") {
		return PutProductsOutput{}, err
	}
	works := e.prepare(in.Products)
	if in.DryRun {
		done, err := e.plan(ctx, works)
		if err != nil {
			return PutProductsOutput{}, err
		}
		return PutProductsOutput{Results: results(done, true)}, nil
	}
	out, err := txn.Get(ctx, e.Scope(), func(ctx context.Context) (PutProductsOutput, error) {
		done, err := e.put(ctx, works)
		return PutProductsOutput{Results: results(done, false)}, err
	})
	switch {
	case txn.Outside(ctx) != nil:
		return out, err
	case err == nil:
		return e.putAgain(ctx, works, out)
	case ctx.Err() != nil || fault.KindOf(err) == fault.Unavailable:
		return out, err
	default:
		return e.putEach(ctx, works)
	}
}

// putAgain looks once more at the products of which a SKU was taken: it may be
// the same product that has it, made by somebody else between the two looks for
// slug and SKU.
func (e *Engine) putAgain(ctx context.Context, works []work, out PutProductsOutput) (PutProductsOutput, error) {
	for i, r := range out.Results {
		if r.Error == nil || !errors.Is(r.Error, ErrSKUTaken) {
			continue
		}
		each, err := e.putEach(ctx, works[i:i+1])
		if err != nil {
			return PutProductsOutput{}, err
		}
		out.Results[i] = each.Results[0]
	}
	return out, nil
}

// aboutItems reports whether err is only about items of the list at prefix.
func aboutItems(err error, prefix string) bool {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || !errors.Is(err, fault.ErrInvalid) || len(f.Errors) == 0 {
		return false
	}
	return !slices.ContainsFunc(f.Errors, func(it fault.Item) bool { return !strings.HasPrefix(it.Param, prefix) })
}

// prepare checks and settles each product by itself.
func (e *Engine) prepare(products []ProductFields) []work {
	works := make([]work, len(products))
	seen := map[string]bool{}
	for i, f := range products {
		w := &works[i]
		w.fields = f
		if w.err = check.Struct(f); w.err != nil {
			continue
		}
		if seen[f.Slug] {
			w.err = ErrSlugTaken.Saying("an earlier product of this call has this slug").At("/slug")
			continue
		}
		seen[f.Slug] = true
		f.DescriptionHTML = e.html.Sanitize(f.DescriptionHTML)
		w.fields, w.err = settle(f)
	}
	return works
}

// plan returns works with what each comes to. It writes nothing.
func (e *Engine) plan(ctx context.Context, works []work) ([]work, error) {
	works = slices.Clone(works) // a unit of work may be run again
	var slugs []string
	for _, w := range works {
		if w.err == nil {
			slugs = append(slugs, w.fields.Slug)
		}
	}
	if len(slugs) == 0 {
		return works, nil
	}
	old, err := e.store.Products(ctx, ProductFilter{Slugs: slugs, Limit: len(slugs)})
	if err != nil {
		return nil, err
	}
	bySlug := map[string]*Product{}
	for i := range old {
		bySlug[old[i].Slug] = &old[i]
	}
	now := e.now()
	for i := range works {
		if works[i].err == nil {
			works[i].compare(bySlug[works[i].fields.Slug], now, e.opts.ID)
		}
	}
	return works, e.judge(ctx, works)
}

// compare sets what w does to old, nil if there is none.
func (w *work) compare(old *Product, now time.Time, newID func(prefix string) string) {
	f := w.fields
	if old != nil && f.Status == "" {
		f.Status = old.Status
	}
	p := build(f, old, now, newID)
	w.edit.Old = old
	if old != nil {
		if w.changes = diff(*old, p); len(w.changes) == 0 {
			return
		}
	}
	w.edit.New = &p
}

// put plans works and writes them, in the unit of work of ctx.
func (e *Engine) put(ctx context.Context, works []work) ([]work, error) {
	works, err := e.plan(ctx, works)
	if err != nil {
		return nil, err
	}
	var edits []Edit
	for _, w := range works {
		if w.err == nil && w.edit.New != nil {
			edits = append(edits, w.edit)
		}
	}
	return works, e.write(ctx, edits, e.now())
}

// putEach puts every work in a unit of its own.
func (e *Engine) putEach(ctx context.Context, works []work) (PutProductsOutput, error) {
	out := PutProductsOutput{Results: make([]PutResult, 0, len(works))}
	for _, w := range works {
		done, err := e.putOne(ctx, w)
		switch {
		case err != nil && (ctx.Err() != nil || fault.KindOf(err) == fault.Unavailable):
			return PutProductsOutput{}, err
		case err != nil:
			if fault.KindOf(err) == fault.Internal {
				e.opts.Log.ErrorContext(ctx, "product is not written", "slug", w.fields.Slug, "err", err)
			}
			done = []work{{fields: w.fields, err: e.explain(ctx, err, w.fields)}}
		}
		out.Results = append(out.Results, results(done, false)...)
	}
	return out, nil
}

// putOne puts w in a unit of its own. The slug says which product is meant, so
// one that somebody else has made or changed since it was looked for is not in
// the way: it is looked for again.
func (e *Engine) putOne(ctx context.Context, w work) (done []work, err error) {
	const tries = 5
	for range tries {
		err = e.Scope().Do(ctx, func(ctx context.Context) (err error) {
			done, err = e.put(ctx, []work{w})
			return err
		})
		if err == nil && (len(done) == 0 || !errors.Is(done[0].err, ErrSKUTaken)) {
			break
		}
		if err != nil && !errors.Is(err, ErrSlugTaken) && !errors.Is(err, ErrProductStale) && !errors.Is(err, ErrSKUTaken) {
			break
		}
	}
	return done, err
}

func results(works []work, dry bool) []PutResult {
	out := make([]PutResult, len(works))
	for i, w := range works {
		out[i] = w.result(dry)
	}
	return out
}

func (w work) result(dry bool) PutResult {
	r := PutResult{Slug: w.fields.Slug, Outcome: OutcomeUnchanged, Changes: []Change{}, Variants: []PutVariant{}}
	if w.err != nil {
		r.Outcome, r.Error = OutcomeFailed, fault.Public(w.err)
		return r
	}
	p, had := w.edit.New, map[string]bool{}
	if w.edit.Old != nil {
		r.ID = w.edit.Old.ID
		for _, v := range w.edit.Old.Variants {
			had[v.ID] = true
		}
	}
	switch {
	case p == nil:
		p = w.edit.Old
	case w.edit.Old == nil:
		r.Outcome, r.ID = OutcomeCreated, p.ID
	default:
		r.Outcome, r.Changes = OutcomeUpdated, w.changes
	}
	for _, v := range p.Variants {
		r.Variants = append(r.Variants, PutVariant{ID: v.ID, Created: !had[v.ID]})
	}
	if dry {
		r.hideNew()
	}
	return r
}

// hideNew takes out the ids of what a dry run has not made.
func (r *PutResult) hideNew() {
	if r.Outcome == OutcomeCreated {
		r.ID = ""
	}
	for i := range r.Variants {
		if r.Variants[i].Created {
			r.Variants[i].ID = ""
		}
	}
}
