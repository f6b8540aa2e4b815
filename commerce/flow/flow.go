// Package flow runs one business process across several engines.
//
// A process is a list of steps. Neighbors that write in the same txn.Scope
// run as one unit of work. When a step fails, its unit and those before it are
// undone in reverse order; a unit that was rolled back has nothing to undo.
// So one list is a single transaction where the engines share a database and a
// saga where they do not; Plan tells which.
//
// What people get wrong: steps see the state as JSON keeps it, decoded anew for
// each try, and every step and its undoing may run again: use package once.
package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

var (
	// ErrWait is returned by a step that has to wait for the world, such as a
	// shopper confirming a card. Running the same id again continues at that
	// step. What the step has noted in the state is kept if it has no Scope.
	ErrWait = errors.New("flow: waiting")

	// ErrParked is an ErrWait: the run stands in somebody's unit of work, before
	// a step that cannot take part in it. Resume it after their commit, or leave
	// it to Sweep.
	ErrParked = fmt.Errorf("%w for the commit of the unit of work around it", ErrWait)
)

var (
	// ErrStuck marks a run that has passed its pivot and will be retried.
	ErrStuck = fault.New(fault.Unavailable, "flow.stuck", "this will be retried")
	// ErrTaken says that the same id runs elsewhere and has moved on.
	ErrTaken = fault.New(fault.Conflict, "flow.taken", "this runs elsewhere")
	// ErrAbandoned is why Recover undoes.
	ErrAbandoned = fault.New(fault.Unavailable, "flow.abandoned", "this was abandoned and undone")
	// ErrOtherInput refuses an id that comes back with another input.
	ErrOtherInput = fault.New(fault.Conflict, "flow.other_input", "this was started with another input")
	// ErrTooLate is what the Undo of a pivot returns when the pivot has happened
	// and cannot be undone, such as a captured payment: the run goes forward from
	// the next step, with what Undo has noted in the state. It is also what Cancel
	// returns for such a run.
	ErrTooLate = fault.New(fault.Conflict, "flow.too_late", "this can no longer be undone")
	// ErrUnknown says that no run has this id.
	ErrUnknown = fault.New(fault.NotFound, "flow.unknown", "no run has this id")
)

// Step is one thing to do. Both functions run again after a crash, and Undo
// runs even when Do has not happened or is still under way: use package once.
type Step[S any] struct {
	Name  string    // unique in its flow, and frozen once released
	Scope txn.Scope // nil when Do leaves the process
	Do    func(ctx context.Context, id string, s *S) error
	Undo  func(ctx context.Context, id string, s *S) error // nil: nothing to undo
	Pivot bool                                             // once done, only forward
	// When says whether this run needs the step; nil is always. Its answer must
	// not change once the step has been reached. Undo runs in any case.
	When func(s *S) bool
}

// Phase is where a run is.
type Phase string

// The phases. Done and Undone are final.
const (
	Running Phase = ""
	Waiting Phase = "waiting" // for the world
	Parked  Phase = "parked"  // for the commit of the unit of work that it was run in
	Undoing Phase = "undoing"
	Done    Phase = "done"
	Undone  Phase = "undone"
)

// Entry is what is known of one run.
type Entry struct {
	Flow, ID string
	Version  int64 // counts saves; 0 is new
	Phase    Phase
	Next     string // the step to do or undo; steps are regrouped between releases
	Last     string // the furthest step that may have been done
	Input    string // hash of what the run was started with
	State    json.RawMessage
	Err      *fault.Error // why it was undone
	Touched  time.Time    // of the last save, UTC, microseconds
}

// Journal keeps entries, each for as long as its id may come again.
type Journal interface {
	// Load returns the entry of a run, or a new one.
	Load(ctx context.Context, flow, id string) (Entry, error)
	// Save writes e and adds one to its Version. If the stored Version is not
	// e.Version it writes nothing and returns ErrTaken. Version 0 is new.
	// It joins the unit of work of ctx.
	Save(ctx context.Context, e *Entry) error
	// Stale walks the runs of a flow that nobody has touched since: active for
	// those that run, are undone or are parked, waiting for those that wait for
	// the world; longest untouched first. The caller may run and save entries
	// while it walks. An error ends the walk.
	Stale(ctx context.Context, flow string, active, waiting time.Time) iter.Seq2[Entry, error]
	// Prune removes the runs of all flows that have ended and that nobody has
	// touched since before, and returns how many. Who starts a run of the same
	// id afterwards goes through its steps again, each of which knows that it
	// was done.
	Prune(ctx context.Context, before time.Time) (int64, error)
}

// Options change how a Flow works. The zero value is good.
type Options[S any] struct {
	Now func() time.Time // time.Now
	Log *slog.Logger     // slog.Default()
	// Idle is how long a run may go untouched before Sweep takes it for dead:
	// longer than any request, 1 minute.
	Idle time.Duration
	// Wait is the same for a run that waits for the world, 24 hours.
	Wait time.Duration
	// Keep is asked before Recover abandons a run that has not passed its
	// pivot. True leaves it, as an order that can still be paid.
	Keep func(ctx context.Context, id string, s *S) (bool, error)
	// Alarm is told of each run that Sweep could not end, after it was logged.
	Alarm func(ctx context.Context, id string, err error)
}

type group[S any] struct {
	scope txn.Scope
	steps []Step[S]
	after bool // lies after the pivot
}

func (g group[S]) last() string { return g.steps[len(g.steps)-1].Name }

// Flow is a process ready to run.
type Flow[S any] struct {
	name    string
	journal Journal
	opts    Options[S]
	groups  []group[S]
	names   []string // of the steps, in order
}

// New groups steps into units of work. Names must be unique and at most one
// step the pivot; without one, every run can be undone until it is done. opts
// may be nil.
func New[S any](name string, j Journal, opts *Options[S], steps ...Step[S]) *Flow[S] {
	f := &Flow[S]{name: name, journal: j}
	if opts != nil {
		f.opts = *opts
	}
	f.opts.fill()
	after := false
	for _, st := range steps {
		if slices.Contains(f.names, st.Name) || after && st.Pivot {
			panic(fmt.Sprintf("flow %s: step %s is there twice, or a second pivot", name, st.Name))
		}
		f.names = append(f.names, st.Name)
		last := len(f.groups) - 1
		if last >= 0 && st.Scope != nil && st.Scope == f.groups[last].scope && f.groups[last].after == after {
			f.groups[last].steps = append(f.groups[last].steps, st)
		} else {
			f.groups = append(f.groups, group[S]{scope: st.Scope, steps: []Step[S]{st}, after: after})
		}
		after = after || st.Pivot
	}
	return f
}

func (o *Options[S]) fill() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Idle == 0 {
		o.Idle = time.Minute
	}
	if o.Wait == 0 {
		o.Wait = 24 * time.Hour
	}
}

// Plan shows what commits together: "(reserve place open convert) authorize! (confirm ship)".
func (f *Flow[S]) Plan() string {
	var parts []string
	for _, g := range f.groups {
		var names []string
		for _, st := range g.steps {
			n := st.Name
			if st.Pivot {
				n += "!"
			}
			names = append(names, n)
		}
		p := strings.Join(names, " ")
		if g.scope != nil {
			p = "(" + p + ")"
		}
		parts = append(parts, p)
	}
	return strings.Join(parts, " ")
}

// place returns the position of step among all steps, or -1.
func (f *Flow[S]) place(step string) int { return slices.Index(f.names, step) }

// find returns the index of the group that has step, or -1.
func (f *Flow[S]) find(step string) int {
	return slices.IndexFunc(f.groups, func(g group[S]) bool {
		return slices.ContainsFunc(g.steps, func(st Step[S]) bool { return st.Name == step })
	})
}

// joins reports whether the journal is written in g's own unit of work.
func (f *Flow[S]) joins(g group[S]) bool { return g.scope != nil && g.scope == txn.Of(f.journal) }
