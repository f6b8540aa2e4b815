package flow

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Recover ends a run that nobody continues: to its end when it has passed the
// pivot or was parked, and back to its beginning otherwise, unless Options.Keep
// says that it may still be continued.
func (f *Flow[S]) Recover(ctx context.Context, id string) error {
	ctx = alone(ctx)
	s := new(S)
	r, err := f.load(ctx, id, s)
	if err != nil {
		return err
	}
	e := &r.entry
	switch {
	case e.Version == 0 || e.Phase == Done || e.Phase == Undone:
		return nil
	case e.Phase == Undoing:
		_, err := r.undo(ctx)
		return err
	case e.Phase == Parked || f.groups[r.at].after:
		return r.forward(ctx)
	}
	if f.opts.Keep != nil {
		if keep, err := f.opts.Keep(ctx, id, s); keep || err != nil {
			return err
		}
	}
	_, err = r.turn(ctx, ErrAbandoned)
	return err
}

// Sweep recovers the runs that nobody has touched for Options.Idle, or that
// have waited for Options.Wait. It logs those that it could not end, tells
// Options.Alarm, and goes on; its error is about finding them. Any number of
// processes may sweep at once.
func (f *Flow[S]) Sweep(ctx context.Context, now time.Time) error {
	for e, err := range f.journal.Stale(ctx, f.name, now.Add(-f.opts.Idle), now.Add(-f.opts.Wait)) {
		if err != nil {
			return fmt.Errorf("flow %s: sweep: %w", f.name, err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := f.Recover(ctx, e.ID)
		if err == nil || errors.Is(err, ErrTaken) || errors.Is(err, ErrWait) || e.Phase == Parked && f.ended(ctx, e.ID) {
			continue
		}
		f.opts.Log.ErrorContext(ctx, "flow: a run is stuck", "flow", f.name, "id", e.ID, "step", e.Next, "since", e.Touched, "err", err)
		if f.opts.Alarm != nil {
			f.opts.Alarm(ctx, e.ID, err)
		}
	}
	return nil
}

// ended reports whether a run is over: one that was parked may have been
// refused, and its error is not an alarm.
func (f *Flow[S]) ended(ctx context.Context, id string) bool {
	e, err := f.journal.Load(ctx, f.name, id)
	return err == nil && (e.Phase == Done || e.Phase == Undone)
}
