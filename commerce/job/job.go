// Package job runs named periodic work, each piece once in a fleet of processes:
// sweepers, reconcilers, pruning. Every process adds the same jobs; a lease in
// the store decides who runs one.
//
// What people get wrong: a lease is a promise about time. A process that stands
// still for longer than its lease may find that another has begun the same job,
// so jobs must be repeatable.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

var (
	// ErrUnknown says that no job has this name.
	ErrUnknown = fault.New(fault.NotFound, "job.unknown", "no job has this name")
	// ErrRunning says that a job runs already, here or elsewhere.
	ErrRunning = fault.New(fault.Conflict, "job.running", "this job is running")
	// ErrLost says that a job has gone to another process.
	ErrLost = fault.New(fault.Conflict, "job.lost", "another process runs this job")
)

// Status is what is known of one job. The times are UTC; the zero time is never.
type Status struct {
	Name    string    `json:"name"`
	Owner   string    `json:"owner,omitempty"` // who runs it, until Until
	Until   time.Time `json:"until,omitzero"`
	Fence   int64     `json:"-"`             // counts the claims: who has the highest owns the job
	Next    time.Time `json:"next,omitzero"` // not before
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"` // of the last run that ended
	Error   string    `json:"error,omitempty"`
	Runs    int64     `json:"runs"` // that ended
}

// Store keeps the states of jobs.
type Store interface {
	// Claim gives a job to owner until a time and starts it, if nobody has it at
	// now and its Next has come, or force. It returns the new state, or the
	// state that stands in the way.
	Claim(ctx context.Context, name, owner string, now, until time.Time, force bool) (s Status, ok bool, err error)
	// Renew moves the lease of s to until. It returns ErrLost if the Fence of s
	// is not what is stored.
	Renew(ctx context.Context, s Status, until time.Time) error
	// Finish writes Ended, Error and Next of s, counts the run and ends the lease.
	// It returns ErrLost if the Fence of s is not what is stored.
	Finish(ctx context.Context, s Status) error
	// List returns all jobs by name.
	List(ctx context.Context) ([]Status, error)
}

// Options change how a Runner works. The zero value is good.
type Options struct {
	Now   func() time.Time // time.Now
	Log   *slog.Logger     // slog.Default()
	Lease time.Duration    // after which a dead process loses its jobs, 1 minute
}

type work struct {
	name  string
	every time.Duration
	fn    func(ctx context.Context) error
}

// Runner runs jobs.
type Runner struct {
	store Store
	opts  Options
	owner string
	jobs  []work
}

// New returns a Runner without jobs. opts may be nil.
func New(s Store, opts *Options) *Runner {
	r := &Runner{store: s, owner: ident.NewID("run")}
	if opts != nil {
		r.opts = *opts
	}
	if r.opts.Now == nil {
		r.opts.Now = time.Now
	}
	if r.opts.Log == nil {
		r.opts.Log = slog.Default()
	}
	if r.opts.Lease == 0 {
		r.opts.Lease = time.Minute
	}
	return r
}

// Add adds a job that is run every so often, counted from the end of one run to
// the beginning of the next. Names are unique; jobs are added before Run. fn
// must return soon after its context ends.
func (r *Runner) Add(name string, every time.Duration, fn func(ctx context.Context) error) {
	if every <= 0 || slices.ContainsFunc(r.jobs, func(w work) bool { return w.name == name }) {
		panic(fmt.Sprintf("job %s: is there twice, or runs every %v", name, every))
	}
	r.jobs = append(r.jobs, work{name, every, fn})
}

// Run runs the jobs when they are due, each in a goroutine of its own, until
// ctx ends and those under way have returned. It returns why ctx ended. Errors
// and panics of jobs are logged and kept as their Status.
func (r *Runner) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, w := range r.jobs {
		wg.Go(func() { r.loop(ctx, w) })
	}
	wg.Wait()
	<-ctx.Done()
	return context.Cause(ctx)
}

func (r *Runner) loop(ctx context.Context, w work) {
	// A fleet that starts at once does not ask at once.
	wait := jitter(min(w.every, 2*time.Second))
	for pause(ctx, wait) == nil {
		next, err := r.turn(ctx, w, false)
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrRunning) {
			r.opts.Log.ErrorContext(ctx, "job: failed", "job", w.name, "err", err)
		}
		if wait = next.Sub(r.opts.Now()); wait <= 0 {
			wait = min(w.every, time.Second) // somebody runs it, or the store is away
		}
		wait += jitter(min(w.every/10, time.Minute))
	}
}

func jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return rand.N(most)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// RunNow runs a job that was added, due or not, and returns its error. It
// returns ErrUnknown for another name and ErrRunning if somebody runs it.
func (r *Runner) RunNow(ctx context.Context, name string) error {
	i := slices.IndexFunc(r.jobs, func(w work) bool { return w.name == name })
	if i < 0 {
		return ErrUnknown
	}
	_, err := r.turn(ctx, r.jobs[i], true)
	return err
}

// List returns the states of the jobs that were ever run, by name.
func (r *Runner) List(ctx context.Context) ([]Status, error) { return r.store.List(ctx) }

func (r *Runner) now() time.Time { return r.opts.Now().UTC().Truncate(time.Microsecond) }

// turn runs w if it is due and free, and returns when it is due next.
func (r *Runner) turn(ctx context.Context, w work, force bool) (next time.Time, err error) {
	now := r.now()
	s, ok, err := r.store.Claim(ctx, w.name, r.owner, now, now.Add(r.opts.Lease), force)
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("job %s: %w", w.name, err)
	case !ok && s.Until.After(now):
		return time.Time{}, ErrRunning
	case !ok:
		return s.Next, nil
	}
	err = r.leased(ctx, w, s)
	s.Ended = r.now()
	s.Next, s.Error = s.Ended.Add(w.every), ""
	if err != nil {
		s.Error = err.Error()
	}
	if ctx.Err() != nil {
		s.Next = s.Ended // cut off: whoever is there goes on
	}
	if finishErr := r.store.Finish(context.WithoutCancel(ctx), s); finishErr != nil {
		return time.Time{}, errors.Join(err, fmt.Errorf("job %s: %w", w.name, finishErr))
	}
	return s.Next, err
}

// leased runs w and keeps its lease meanwhile. When the lease is lost, the
// context of w ends.
func (r *Runner) leased(ctx context.Context, w work, s Status) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for pause(ctx, r.opts.Lease/3) == nil {
			if err := r.store.Renew(ctx, s, r.now().Add(r.opts.Lease)); errors.Is(err, ErrLost) {
				cancel(err)
			} else if err != nil && ctx.Err() == nil {
				r.opts.Log.WarnContext(ctx, "job: a lease is not renewed", "job", w.name, "err", err)
			}
		}
	})
	err := call(ctx, w)
	cancel(nil)
	wg.Wait()
	return err
}

// call runs w and makes an error of a panic.
func call(ctx context.Context, w work) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.fn(ctx)
}
