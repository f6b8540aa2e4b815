package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"
)

type work[S any] func(ctx context.Context, id string, s *S) error

// then says where a run goes on after a group that has left state s.
type then[S any] func(s *S) (next int, p Phase)

// commit does the work of a group in its scope and moves the journal on: in the
// same unit of work when the journal shares that scope, otherwise before and
// after, so that a crash between the two makes the work run again.
func (r *run[S]) commit(ctx context.Context, now Phase, to then[S], do work[S]) error {
	g := r.groups[r.at]
	if r.joins(g) {
		return r.together(ctx, to, do)
	}
	if !r.noted(now) {
		if err := r.save(ctx, r.at, now, nil); err != nil {
			return unnoted{err}
		}
	}
	var s *S
	try := func(ctx context.Context) (err error) { // a Scope may run it more than once
		if s, err = r.copy(); err != nil {
			return err
		}
		return do(ctx, r.entry.ID, s)
	}
	var err error
	if g.scope == nil {
		err = try(ctx)
	} else {
		err = g.scope.Do(ctx, try)
	}
	if err == nil {
		// What happened out there must be noted, also for a client that left.
		next, phase := to(s)
		if err := r.save(context.WithoutCancel(ctx), next, phase, s); err != nil {
			return unnoted{err}
		}
		return nil
	}
	if s == nil || g.scope != nil && errors.Is(err, ErrWait) {
		return err
	}
	return also(err, r.hold(s))
}

// unnoted is why the journal could not be told where a run is. It says nothing
// about the step: the run is left as it is for whoever goes on with it.
type unnoted struct{ error }

// Unwrap returns what the journal said.
func (u unnoted) Unwrap() error { return u.error }

// noted reports whether the journal knows already that the group at hand may
// have been done, or is being undone.
func (r *run[S]) noted(now Phase) bool {
	g := r.groups[r.at]
	return r.entry.Version > 0 && r.entry.Phase == now &&
		(now == Undoing || g.after || r.place(r.entry.Last) >= r.place(g.last()))
}

// together does the work of a group and saves in one unit of work.
func (r *run[S]) together(ctx context.Context, to then[S], do work[S]) error {
	var s *S
	var saved Entry
	var next int
	err := r.groups[r.at].scope.Do(ctx, func(ctx context.Context) (err error) {
		saved = Entry{}
		if s, err = r.copy(); err != nil {
			return err
		}
		if err = do(ctx, r.entry.ID, s); err != nil {
			return err
		}
		var phase Phase
		next, phase = to(s)
		saved, err = r.write(ctx, next, phase, s)
		return err
	})
	if errors.Is(err, ErrTooLate) && s != nil {
		return also(err, r.hold(s))
	}
	if err != nil && !r.committed(ctx, saved) {
		return err
	}
	r.accept(saved, next, s)
	return nil
}

// committed finds out whether a unit that ended in an error, after all of its
// work, was in fact committed: the answer to a COMMIT can be lost.
func (r *run[S]) committed(ctx context.Context, saved Entry) bool {
	if saved.Version == 0 || r.inside {
		return false
	}
	e, err := r.journal.Load(context.WithoutCancel(ctx), r.name, r.entry.ID)
	return err == nil && e.Version == saved.Version && e.Phase == saved.Phase && e.Next == saved.Next && sameJSON(e.State, saved.State)
}

// sameJSON compares documents; databases may format theirs in another way.
func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	c, errC := json.Marshal(x)
	d, errD := json.Marshal(y)
	return errC == nil && errD == nil && bytes.Equal(c, d)
}

// write saves where the run is, without the run taking note. A nil s is the
// state as it was.
func (r *run[S]) write(ctx context.Context, at int, p Phase, s *S) (e Entry, err error) {
	e = r.entry
	e.Phase, e.Next = p, ""
	switch {
	case p == Done || p == Undone:
	case p == Undoing:
		e.Next = r.groups[at].last()
	default:
		e.Next = r.groups[at].steps[0].Name
		if last := r.groups[at].last(); r.place(e.Last) < r.place(last) {
			e.Last = last
		}
	}
	if s != nil {
		if e.State, err = json.Marshal(s); err != nil {
			return Entry{}, err
		}
	}
	e.Touched = r.opts.Now().UTC().Truncate(time.Microsecond)
	if err := r.journal.Save(ctx, &e); err != nil {
		return Entry{}, err
	}
	return e, nil
}

func (r *run[S]) save(ctx context.Context, at int, p Phase, s *S) error {
	e, err := r.write(ctx, at, p, s)
	if err != nil {
		return err
	}
	r.accept(e, at, s)
	return nil
}

func (r *run[S]) accept(e Entry, at int, s *S) {
	r.entry, r.at = e, at
	if s != nil {
		*r.state = *s
	}
}

// hold makes s, which is not saved yet, the state from which the run goes on.
func (r *run[S]) hold(s *S) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	r.entry.State = data
	*r.state = *s
	return nil
}
