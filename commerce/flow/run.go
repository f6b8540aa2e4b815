package flow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Run performs the flow under id, or continues the run of that id, and leaves
// its state in s. An id that has ended stays as it is: Run returns what it
// returned then. An id that began with another s is refused with ErrOtherInput;
// a method Input() any of S says which part of s counts.
//
// In somebody's unit of work the steps that share the Scope of the journal take
// part in it, and the run stops before the first other one with ErrParked. When
// a step fails there, nothing is undone: their rollback does that.
func (f *Flow[S]) Run(ctx context.Context, id string, s *S) error {
	ctx = alone(ctx)
	input, err := inputOf(s)
	if err != nil {
		return fmt.Errorf("flow %s %s: %w", f.name, id, err)
	}
	r, err := f.load(ctx, id, s)
	switch {
	case err != nil:
		return err
	case r.entry.Version == 0:
		r.entry.Input = input
	case r.entry.Input != input:
		return ErrOtherInput
	}
	return r.on(ctx)
}

// Resume continues the run of id as Run does, for a caller that has not what it
// was started with, and leaves its state in s. It returns ErrUnknown for an id
// that was never run.
func (f *Flow[S]) Resume(ctx context.Context, id string, s *S) error {
	ctx = alone(ctx)
	r, err := f.load(ctx, id, s)
	if err != nil {
		return err
	}
	if r.entry.Version == 0 {
		return ErrUnknown
	}
	return r.on(ctx)
}

// Cancel undoes a run that has not passed its pivot, for a reason that Run
// returns from then on. It returns ErrTooLate for one that has, also when that
// turns out only now and the run has gone forward, and ErrUnknown for an id that
// was never run. Undoing that fails is taken up again by Cancel, Run or Sweep.
func (f *Flow[S]) Cancel(ctx context.Context, id string, reason *fault.Error) error {
	ctx = alone(ctx)
	r, err := f.load(ctx, id, new(S))
	if err != nil {
		return err
	}
	e := &r.entry
	switch {
	case e.Version == 0:
		return ErrUnknown
	case e.Phase == Undone:
		return nil
	case e.Phase == Done || e.Phase != Undoing && f.groups[r.at].after:
		return ErrTooLate
	}
	back, err := r.turn(ctx, reason)
	if !back {
		return also(ErrTooLate, err)
	}
	return err
}

// Try returns the id under which a run is to be done that is known as id: id
// itself, or, when that run was undone because something was not available, one
// made of it, which has not come to that. A refusal stands.
func (f *Flow[S]) Try(ctx context.Context, id string) (string, error) {
	for n := 1; ; n++ {
		name := id
		if n > 1 {
			name += "~" + strconv.Itoa(n)
		}
		e, err := f.journal.Load(ctx, f.name, name)
		if err != nil {
			return "", fmt.Errorf("flow %s %s: %w", f.name, name, err)
		}
		passing := e.Err == nil || e.Err.Kind == fault.Unavailable || e.Err.Kind == fault.Internal
		if e.Phase != Undone || !passing {
			return name, nil
		}
	}
}

// alone returns a context without the memo of the command around a run: what
// makes a run happen once is its id, and its units of work are others on each
// try.
func alone(ctx context.Context) context.Context { return txn.WithMemo(ctx, nil) }

// run is one run in this process.
type run[S any] struct {
	*Flow[S]
	entry  Entry // State is the state from which the next group starts
	at     int   // index of the group to do or undo
	state  *S    // the caller's
	inside bool  // in somebody's unit of work
}

func (f *Flow[S]) load(ctx context.Context, id string, s *S) (*run[S], error) {
	e, err := f.journal.Load(ctx, f.name, id)
	if err != nil {
		return nil, fmt.Errorf("flow %s %s: %w", f.name, id, err)
	}
	r := &run[S]{Flow: f, entry: e, state: s, inside: txn.Outside(ctx) != nil}
	if e.Version == 0 {
		if r.entry.State, err = json.Marshal(s); err != nil {
			return nil, fmt.Errorf("flow %s %s: %w", f.name, id, err)
		}
		return r, nil
	}
	fresh, err := r.copy()
	if err != nil {
		return nil, err
	}
	*s = *fresh
	if r.at = f.find(e.Next); r.at < 0 && e.Next != "" {
		return nil, fmt.Errorf("flow %s %s: is at step %q, not in %s", f.name, id, e.Next, f.Plan())
	}
	return r, nil
}

// inputOf returns the hash of what a run is started with.
func inputOf[S any](s *S) (string, error) {
	var v any = s
	if in, ok := v.(interface{ Input() any }); ok {
		v = in.Input()
	}
	data, err := json.Marshal(v)
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), err
}

// copy returns the state from which the next group starts, shared with nobody.
func (r *run[S]) copy() (*S, error) {
	s := new(S)
	if err := json.Unmarshal(r.entry.State, s); err != nil {
		return nil, fmt.Errorf("flow %s %s: state: %w", r.name, r.entry.ID, err)
	}
	return s, nil
}

// on continues a run in the direction that it has.
func (r *run[S]) on(ctx context.Context) error {
	switch r.entry.Phase {
	case Done:
		return nil
	case Undone:
		return r.why()
	case Undoing:
		why := r.why()
		back, err := r.undo(ctx)
		if !back {
			return err
		}
		return also(why, err)
	default:
		return r.forward(ctx)
	}
}

// why returns why the run is undone.
func (r *run[S]) why() error {
	if r.entry.Err == nil {
		return ErrAbandoned
	}
	return r.entry.Err
}

func (r *run[S]) forward(ctx context.Context) error {
	for r.at < len(r.groups) {
		g := r.groups[r.at]
		if r.inside && !r.joins(g) {
			return r.park(ctx, Parked)
		}
		err := r.commit(ctx, Running, r.onward, g.do)
		switch {
		case err == nil:
		case r.inside || errors.Is(err, ErrTaken) || isUnnoted(err):
			return err
		case errors.Is(err, ErrWait):
			return also(err, r.save(context.WithoutCancel(ctx), r.at, Waiting, nil))
		case g.after:
			return errors.Join(ErrStuck, err)
		default:
			back, more := r.turn(ctx, fault.Public(err))
			if !back {
				return more
			}
			return also(err, more)
		}
	}
	return nil
}

func isUnnoted(err error) bool {
	_, ok := errors.AsType[unnoted](err)
	return ok
}

// onward returns where a run goes on after group r.at has left state s: at the
// next group that has a step to do.
func (r *run[S]) onward(s *S) (next int, p Phase) {
	next = r.at + 1
	for next < len(r.groups) && !r.groups[next].needed(s) {
		next++
	}
	return next, r.ahead(next)
}

func (g group[S]) needed(s *S) bool {
	return slices.ContainsFunc(g.steps, func(st Step[S]) bool { return st.When == nil || st.When(s) })
}

// ahead returns the phase of a run that goes forward and is about to do group at.
func (r *run[S]) ahead(at int) Phase {
	switch {
	case at == len(r.groups):
		return Done
	case r.inside && !r.joins(r.groups[at]):
		return Parked
	default:
		return Running
	}
}

// park leaves the run where it is until the unit of work around it has
// committed.
func (r *run[S]) park(ctx context.Context, p Phase) error {
	if r.entry.Version == 0 || r.entry.Phase != p {
		if err := r.save(ctx, r.at, p, nil); err != nil {
			return err
		}
	}
	return ErrParked
}

// turn begins to undo, with the furthest group that may have been done. back is
// false if that was too late and the run went forward instead, as err tells.
func (r *run[S]) turn(ctx context.Context, why *fault.Error) (back bool, err error) {
	if r.entry.Phase != Undoing {
		r.entry.Err, r.at = why, max(r.at, r.find(r.entry.Last))
	}
	return r.undo(ctx)
}

// undo undoes groups, newest first, each as its own unit of work.
func (r *run[S]) undo(ctx context.Context) (back bool, err error) {
	// A client that went away must not stop the undoing.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	for r.at >= 0 {
		g := r.groups[r.at]
		if r.inside && !r.joins(g) {
			return true, r.park(ctx, Undoing)
		}
		err := r.commit(ctx, Undoing, r.backward, g.undo)
		if errors.Is(err, ErrTooLate) {
			// The pivot is the first to be undone, so nothing is undone yet.
			r.entry.Err = nil
			if err := r.save(ctx, r.at+1, r.ahead(r.at+1), nil); err != nil {
				return true, err
			}
			return false, r.forward(ctx)
		}
		if err != nil {
			return true, err
		}
	}
	return true, nil
}

// backward returns where a run that is undone goes on after group r.at.
func (r *run[S]) backward(*S) (next int, p Phase) {
	if r.at == 0 {
		return -1, Undone
	}
	return r.at - 1, Undoing
}

func (g group[S]) do(ctx context.Context, id string, s *S) error {
	for _, st := range g.steps {
		if st.When != nil && !st.When(s) {
			continue
		}
		if err := st.Do(ctx, id, s); err != nil {
			return fmt.Errorf("%s: %w", st.Name, err)
		}
	}
	return nil
}

func (g group[S]) undo(ctx context.Context, id string, s *S) error {
	for _, st := range slices.Backward(g.steps) {
		if st.Undo == nil {
			continue
		}
		err := st.Undo(ctx, id, s)
		switch {
		case err == nil:
		case errors.Is(err, ErrTooLate) && !st.Pivot:
			return fmt.Errorf("undo %s: only a pivot can be too late to undo: %v", st.Name, err) //nolint:errorlint // or it would be taken for the pivot's
		default:
			return fmt.Errorf("undo %s: %w", st.Name, err)
		}
	}
	return nil
}

// also returns err, or both when there is more to tell.
func also(err, more error) error {
	if more == nil {
		return err
	}
	return errors.Join(err, more)
}
