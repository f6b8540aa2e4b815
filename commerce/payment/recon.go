package payment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

const (
	// overlap is how far back a look begins before the last one ended: a provider
	// may list what happens a moment late, and clocks differ.
	overlap = time.Hour
	// firstLook is how far back the first look goes.
	firstLook = 24 * time.Hour
	// atIt is how long Apply leaves a notice alone that somebody does at once.
	atIt = fetchWithin + firstPause
)

// books returns the providers that tell what has moved, each once.
func (e *Engine) books() (all []Books) {
	for _, w := range e.methods {
		b, ok := w.provider.(Books)
		if ok && !slices.ContainsFunc(all, func(other Books) bool { return other.Name() == b.Name() }) {
			all = append(all, b)
		}
	}
	return all
}

// CatchUp keeps what providers would have told since it last asked them, as if
// their notices had come: those that have come count once. It is periodic work;
// Apply does what the notices are about. A provider that does not answer is
// asked from the same time on at the next run, and does not keep the others from
// being asked.
func (e *Engine) CatchUp(ctx context.Context) error {
	return e.reconcile(ctx, &Reconciliation{}, (*run).catchUp)
}

// Compare compares the ledger with the books of providers, in both directions,
// and payments with their lines, from a day before it last ended. Money that is
// missing here makes it fetch the payment; what still does not agree is a Break.
// It also makes breaks of what has waited for evidence for a day, and resolves
// those that are gone. It is work for the night.
func (e *Engine) Compare(ctx context.Context) error {
	return e.reconcile(ctx, &Reconciliation{}, (*run).compare)
}

// Reconcile does what CatchUp, Apply and Compare do, now. What a provider does
// not answer is in its part of the result.
func (e *Engine) Reconcile(ctx context.Context, in ReconcileInput) (Reconciliation, error) {
	if err := OpReconcile.Admit(ctx, in); err != nil {
		return Reconciliation{}, err
	}
	var out Reconciliation
	var parts []func(*run, context.Context) error
	if in.Only != OnlyCompare {
		parts = append(parts, (*run).catchUp, func(r *run, ctx context.Context) error { return r.Apply(ctx) })
	}
	if in.Only != OnlyCatchUp {
		parts = append(parts, (*run).compare)
	}
	if err := e.reconcile(ctx, &out, parts...); err != nil && !errors.Is(err, ErrUnanswered) {
		return Reconciliation{}, err
	}
	waits, err := e.store.Backlog(ctx)
	out.Open = waits.Breaks
	return out, err
}

// Backlog counts what waits for people or for a provider. It is no operation: who
// has the engine watches it.
func (e *Engine) Backlog(ctx context.Context) (Backlog, error) { return e.store.Backlog(ctx) }

// run is one reconciliation.
type run struct {
	*Engine
	out *Reconciliation
}

// reconcile does the parts of a run one after the other, and joins their errors.
func (e *Engine) reconcile(ctx context.Context, out *Reconciliation, parts ...func(*run, context.Context) error) error {
	if err := txn.Outside(ctx); err != nil {
		return err
	}
	ctx = ident.As(ctx, "payment")
	out.Providers = []ProviderBooks{}
	for _, b := range e.books() {
		out.Providers = append(out.Providers, ProviderBooks{Provider: b.Name()})
	}
	r := &run{e, out}
	var errs []error
	for _, part := range parts {
		err := part(r, ctx)
		if err != nil && !errors.Is(err, ErrUnanswered) {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// each does something with every provider that has books. What one does not
// answer is noted, and the next one is asked.
func (r *run) each(ctx context.Context, do func(b Books, of *ProviderBooks) error) error {
	var errs []error
	for i, b := range r.books() {
		of := &r.out.Providers[i]
		err := do(b, of)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrUnanswered):
			of.Error = fault.Public(err).Text
			errs = append(errs, fmt.Errorf("%s: %w", b.Name(), err))
		case err != nil:
			return err
		}
	}
	return errors.Join(errs...)
}

func (r *run) catchUp(ctx context.Context) error {
	return r.each(ctx, func(b Books, of *ProviderBooks) error {
		mark := "notices." + b.Name()
		since, err := r.store.Watermark(ctx, mark)
		if err != nil {
			return err
		}
		now := r.now()
		if since.IsZero() {
			since = now.Add(-firstLook)
		}
		for n, err := range b.Notices(ctx, since.Add(-overlap)) {
			if err != nil {
				return ErrUnanswered.Because(err)
			}
			added, err := r.keep(ctx, b.Name(), n)
			if err != nil {
				return err
			}
			if added {
				of.Notices++
			}
		}
		return r.store.SetWatermark(ctx, mark, now)
	})
}

// keep keeps a notice and reports whether it is new. One that cannot be kept is
// logged: no later one must wait for it.
func (e *Engine) keep(ctx context.Context, provider string, n Notice) (bool, error) {
	r, err := received(n, provider, e.now())
	if err != nil {
		e.opts.Log.ErrorContext(ctx, "payment: a notice cannot be kept", "provider", provider, "type", cut(n.Type), "err", err)
		return false, nil
	}
	return e.store.Keep(ctx, r)
}

// lookAgain fetches p and writes down how it stands, as if a notice had come. It
// leaves that notice behind, as one that is done or is tried again.
func (e *Engine) lookAgain(ctx context.Context, p Payment) error {
	r, err := received(Notice{ID: e.opts.ID("rec"), Type: "reconciliation", PaymentID: p.ID, ProviderID: p.ProviderID}, p.Provider, e.now())
	if err != nil {
		return err
	}
	r.DueAt = r.DueAt.Add(atIt)
	if _, err := e.store.Keep(ctx, r); err != nil {
		return err
	}
	return e.attempt(ctx, r)
}

// cut shortens what others have written to what a list can show.
func cut(text string) string {
	const most = 500 // bytes
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}
