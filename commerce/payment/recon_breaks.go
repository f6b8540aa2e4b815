package payment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// reconciler is the Actor of breaks that have gone by themselves. One that comes
// back is open again; what people have resolved stays so until it changes.
const reconciler = "reconciler"

// newBreak returns a break about p, seen now. Its id follows from what it is
// about.
func (e *Engine) newBreak(kind, object string, p Payment, ours, theirs string) Break {
	now := e.now()
	return Break{ID: ident.DeriveID("brk", kind+" "+object), Kind: kind, Object: object, Provider: p.Provider, PaymentID: p.ID, OrderID: p.OrderID,
		Ours: cut(ours), Theirs: cut(theirs), State: BreakOpen, FirstSeen: now, LastSeen: now}
}

// see writes down that b is there, and reports whether it is new or open again.
func (e *Engine) see(ctx context.Context, b Break) (news bool, err error) {
	err = e.Scope().Do(ctx, func(ctx context.Context) error {
		news, err = e.store.SeeBreak(ctx, b)
		if err != nil || news {
			return err
		}
		was, err := e.store.Break(ctx, b.ID)
		if err != nil || was.State == BreakOpen || was.Actor != reconciler {
			return err
		}
		news, was.State, was.Note, was.Actor = true, BreakOpen, "", ""
		return e.store.SaveBreak(ctx, &was)
	})
	if news && err == nil {
		e.opts.Log.ErrorContext(ctx, "payment: the books do not agree", "break", b.ID, "kind", b.Kind, "object", b.Object, "provider", b.Provider,
			"payment", b.PaymentID, "order", b.OrderID, "ours", b.Ours, "theirs", b.Theirs)
	}
	return news, err
}

// found is see in a run.
func (r *run) found(ctx context.Context, b Break) error {
	news, err := r.see(ctx, b)
	if news {
		r.out.Found++
	}
	return err
}

// gone resolves a break that is not there any more.
func (r *run) gone(ctx context.Context, b Break) error {
	b.State, b.Note, b.Actor = BreakResolved, "gone when it was looked at again", reconciler
	err := r.store.SaveBreak(ctx, &b)
	if errors.Is(err, ErrStale) {
		return nil // somebody else has looked at it
	}
	if err == nil {
		r.out.Resolved++
	}
	return err
}

// openBreaks returns the breaks that nobody has resolved, of some kinds.
func (r *run) openBreaks(ctx context.Context, kinds ...string) (all []Break, err error) {
	const at = 500
	for f := (BreakFilter{State: BreakOpen, Limit: at}); ; {
		some, err := r.store.Breaks(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, b := range some {
			if slices.Contains(kinds, b.Kind) {
				all = append(all, b)
			}
		}
		if len(some) < at {
			return all, nil
		}
		f.After = some[at-1].ID
	}
}

// seeMismatch writes down that a provider tells what cannot be of p, and
// announces it when that is news.
func (e *Engine) seeMismatch(ctx context.Context, p Payment, s Snapshot, why error) error {
	ours := strings.TrimSpace(fmt.Sprintf("%v of %v captured %s", p.Captured, p.Amount, p.ProviderID))
	theirs := fmt.Sprintf("%s %s: %v", s.Status, cmp.Or(s.ProviderID, p.ID), why)
	b := e.newBreak(BreakMismatch, p.ID, p, ours, theirs)
	return e.Scope().Do(ctx, func(ctx context.Context) error {
		if _, err := e.store.Payment(ctx, p.ID); err != nil { // its events have an order
			return err
		}
		news, err := e.see(ctx, b)
		if err != nil || !news {
			return err
		}
		return e.store.Record(ctx, EventMismatch.New(e.opts.ID("evt"), p.ID, b.LastSeen, MismatchV1{Payment: p.ID, Order: p.OrderID, Break: b.ID}))
	})
}

// Breaks returns a page of breaks, by id.
func (e *Engine) Breaks(ctx context.Context, in BreaksInput) (page.Page[Break], error) {
	if err := OpBreaks.Admit(ctx, in); err != nil {
		return page.Page[Break]{}, err
	}
	f := BreakFilter{State: in.State, OrderID: in.OrderID, Limit: in.Size() + 1}
	if _, err := page.Decode(in.Cursor, &f.After); err != nil {
		return page.Page[Break]{}, err
	}
	found, err := e.store.Breaks(ctx, f)
	return page.Of(found, in.Size(), func(b Break) any { return b.ID }), err
}

// Break returns one break, or ErrBreakNotFound.
func (e *Engine) Break(ctx context.Context, in IDInput) (Break, error) {
	if err := OpBreak.Admit(ctx, in); err != nil {
		return Break{}, err
	}
	return e.store.Break(ctx, in.ID)
}

// ResolveBreak says that somebody has looked at a break, and what came of it. A
// later look that finds something else opens it again. It returns
// ErrBreakNotFound.
func (e *Engine) ResolveBreak(ctx context.Context, in ResolveBreakInput) (Break, error) {
	if err := OpResolveBreak.Admit(ctx, in); err != nil {
		return Break{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Break, error) {
		b, err := e.store.Break(ctx, in.ID)
		if err != nil {
			return Break{}, err
		}
		b.State, b.Note, b.Actor = BreakResolved, in.Note, ident.From(ctx).Origin().String()
		return b, e.store.SaveBreak(ctx, &b)
	})
}
