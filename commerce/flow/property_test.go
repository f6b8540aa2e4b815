package flow_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// world is two databases, of which the first has the journal, and processes
// that die at any moment and get in each other's way.
type world struct {
	rng      *rand.Rand
	db       [2]database // what is committed
	journal  map[string]flow.Entry
	scopes   [2]txn.Scope
	fuse     int // calls until the process dies; <0 never
	rival    func()
	captured bool // the provider took the money: the pivot cannot be undone
}

// database is an engine's: the keys of package once and, per step, what the
// steps have done there (0 or 1).
type database struct {
	marks map[string]once.State
	done  map[string]int
}

func (d database) clone() database { return database{maps.Clone(d.marks), maps.Clone(d.done)} }

// Mark implements once.Keys.
func (d database) Mark(_ context.Context, op, key string, to once.State) (once.State, error) {
	was := d.marks[op+key]
	d.marks[op+key] = max(was, to)
	return was, nil
}

var (
	errPower   = errors.New("power failure")
	errLost    = errors.New("answer lost")
	errRefused = fault.New(fault.Refused, "test.refused", "refused")
)

func newWorld(seed uint64) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 7)), journal: map[string]flow.Entry{}, fuse: -1, rival: func() {}}
	for i := range w.db {
		w.db[i] = database{map[string]once.State{}, map[string]int{}}
		w.scopes[i] = &scope{w, i}
	}
	return w
}

func (w *world) oneIn(n int) bool { return w.rng.IntN(n) == 0 }

func (w *world) tick() {
	if w.fuse == 0 {
		panic(errPower)
	}
	w.fuse--
}

// scope i of the world rolls back when fn fails or the process dies.
type scope struct {
	w *world
	i int
}

func (s *scope) Do(ctx context.Context, fn func(context.Context) error) error {
	before, journal, ok := s.w.db[s.i].clone(), maps.Clone(s.w.journal), false
	defer func() {
		if !ok {
			s.w.db[s.i] = before
			if s.i == 0 {
				s.w.journal = journal
			}
		}
	}()
	if s.w.oneIn(20) { // a deadlock: the unit is run again
		_ = fn(txn.Inside(ctx))
		s.w.db[s.i] = before.clone()
		if s.i == 0 {
			s.w.journal = maps.Clone(journal)
		}
	}
	if err := fn(txn.Inside(ctx)); err != nil {
		return err
	}
	s.w.tick() // just before the commit
	ok = true
	if s.w.oneIn(20) {
		return errLost // committed, but who knows
	}
	return nil
}

// Scope says where the journal is.
func (w *world) Scope() txn.Scope { return w.scopes[0] }

func (w *world) Load(_ context.Context, name, id string) (flow.Entry, error) {
	w.tick()
	if e, ok := w.journal[id]; ok {
		return e, nil
	}
	return flow.Entry{Flow: name, ID: id}, nil
}

func (w *world) Save(_ context.Context, e *flow.Entry) error {
	w.tick()
	if w.journal[e.ID].Version != e.Version {
		return flow.ErrTaken
	}
	e.Version++
	w.journal[e.ID] = *e
	return nil
}

// Prune forgets nothing: what is checked here lives shorter.
func (w *world) Prune(context.Context, time.Time) (int64, error) { return 0, nil }

func (w *world) Stale(_ context.Context, _ string, active, waiting time.Time) iter.Seq2[flow.Entry, error] {
	return func(yield func(flow.Entry, error) bool) {
		for _, e := range w.journal {
			limit := map[flow.Phase]time.Time{flow.Running: active, flow.Parked: active, flow.Undoing: active, flow.Waiting: waiting}
			if at, ok := limit[e.Phase]; ok && e.Touched.Before(at) && !yield(e, nil) {
				return
			}
		}
	}
}

// state notes what the steps have done, so that a state which is shared
// between tries, or lost, shows.
type state struct {
	N    int
	Seen map[string]int
}

func (s *state) Input() any { return s.N }

func (s *state) see(step string) {
	if s.Seen == nil {
		s.Seen = map[string]int{}
	}
	s.Seen[step]++
}

// process is what all flows of a world agree on; which steps are remote differs
// from one to the next, as when a shop is split into services while it runs.
type process struct {
	n, pivot, refuse, wait int
	tooLate                bool
	db                     []int
}

func (w *world) process() process {
	n := 2 + w.rng.IntN(5)
	p := process{n: n, pivot: w.rng.IntN(n), refuse: w.rng.IntN(2 * n), wait: w.rng.IntN(2 * n), tooLate: w.oneIn(3)}
	for range n {
		p.db = append(p.db, w.rng.IntN(2))
	}
	return p
}

func (w *world) flow(p process) *flow.Flow[state] {
	var steps []flow.Step[state]
	for i := range p.n {
		steps = append(steps, w.step(p, i))
	}
	opts := &flow.Options[state]{Log: slog.New(slog.DiscardHandler), Keep: func(context.Context, string, *state) (bool, error) {
		w.tick()
		return w.oneIn(4), nil
	}}
	return flow.New("f", w, opts, steps...)
}

func (w *world) step(p process, i int) flow.Step[state] {
	name, db := fmt.Sprint("s", i), p.db[i]
	var sc txn.Scope
	if w.rng.IntN(3) > 0 {
		sc = w.scopes[db]
	}
	meet := func() { // other processes run while a request is under way
		w.tick()
		if sc == nil && w.oneIn(4) {
			w.rival()
		}
	}
	late := func() bool { return i == p.pivot && w.captured }
	st := flow.Step[state]{Name: name, Scope: sc, Pivot: i == p.pivot}
	st.Do = func(ctx context.Context, _ string, s *state) error {
		meet()
		if i == p.refuse && i <= p.pivot && !late() {
			return errRefused
		}
		if i == p.wait && w.oneIn(2) && !late() {
			return flow.ErrWait
		}
		err := once.Do(ctx, w.db[db], "do", name, func() error { w.db[db].done[name]++; return nil })
		if err != nil {
			return err
		}
		s.see(name)
		// What a provider has taken stays taken, so it is never in a unit that
		// rolls back.
		w.captured = w.captured || i == p.pivot && sc == nil && p.tooLate
		meet()
		if i <= p.pivot && w.oneIn(20) {
			return errLost
		}
		return nil
	}
	if i <= p.pivot {
		st.Undo = func(ctx context.Context, _ string, s *state) error {
			meet()
			if late() {
				s.see(name)
				return flow.ErrTooLate
			}
			if err := once.Undo(ctx, w.db[db], "do", name, func() error { w.db[db].done[name]--; return nil }); err != nil {
				return err
			}
			meet()
			return nil
		}
	}
	return st
}

// live is the life of one process, which does one thing with the run.
func (w *world) live(t *testing.T, f *flow.Flow[state]) (died bool) {
	defer func() {
		if r := recover(); r != nil && r != errPower {
			panic(r)
		} else if r != nil {
			died = true
		}
	}()
	switch ctx := t.Context(); w.rng.IntN(8) {
	case 0, 1:
		_ = f.Recover(ctx, "x")
	case 2:
		_ = f.Cancel(ctx, "x", errRefused)
	case 3:
		_ = f.Resume(ctx, "x", &state{})
	case 4: // in a unit of work of their own, which may roll back
		_ = w.scopes[0].Do(ctx, func(ctx context.Context) error {
			rival := w.rival
			defer func() { w.rival = rival }()
			w.rival = func() {} // nobody gets past the locks of this unit
			if err := f.Run(ctx, "x", &state{}); err != nil && !errors.Is(err, flow.ErrWait) {
				return err
			}
			if w.oneIn(3) {
				return errRefused
			}
			return nil
		})
	default:
		_ = f.Run(ctx, "x", &state{})
	}
	return false
}

// seeds is how many worlds the property test looks at.
func seeds() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("MERCER_TEST_SEEDS"), 10, 64); err == nil {
		return n
	}
	if testing.Short() {
		return 2000
	}
	return 20000
}

// TestAllOrNothing kills processes at random points and lets others run,
// recover and cancel the same id. Every run must end with all steps done or
// none. MERCER_TEST_SEED looks at one world only.
func TestAllOrNothing(t *testing.T) {
	if one, err := strconv.ParseUint(os.Getenv("MERCER_TEST_SEED"), 10, 64); err == nil {
		allOrNothing(t, one)
		return
	}
	ends := map[flow.Phase]int{}
	for seed := range seeds() {
		ends[allOrNothing(t, seed)]++
		if t.Failed() {
			return
		}
	}
	t.Logf("ends: %v", ends)
	if ends[flow.Done] == 0 || ends[flow.Undone] == 0 {
		t.Error("want runs of both ends")
	}
}

func allOrNothing(t *testing.T, seed uint64) flow.Phase {
	w := newWorld(seed)
	p := w.process()
	split := w.oneIn(2)
	f := w.flow(p)
	depth := 0
	live := func() bool {
		g := f
		if split {
			g = w.flow(p)
		}
		w.fuse = w.rng.IntN(25)
		if depth++; depth > 3 || w.oneIn(4) {
			w.fuse = -1
		}
		defer func() { depth-- }()
		return w.live(t, g)
	}
	w.rival = func() {
		if depth < 3 {
			mine := w.fuse
			live()
			w.fuse = mine
		}
	}
	for least := 1 + w.rng.IntN(3); live() || least > 0; least-- {
	}
	w.rival, w.fuse = func() {}, -1
	for range 80 { // the sweeper comes round
		if err := f.Sweep(t.Context(), time.Now().Add(48*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	e := w.journal["x"]
	done := 0
	for _, db := range w.db {
		for step, n := range db.done {
			if done += n; n < 0 || n > 1 {
				t.Errorf("seed %d, plan %s: step %s was done %d times", seed, f.Plan(), step, n)
			}
		}
	}
	want := map[flow.Phase]int{flow.Done: p.n}[e.Phase]
	if done != want || e.Version != 0 && e.Phase != flow.Done && e.Phase != flow.Undone {
		t.Errorf("seed %d, plan %s: phase %q, %d of %d steps done", seed, f.Plan(), e.Phase, done, p.n)
	}
	var s state
	err := f.Run(t.Context(), "x", &s)
	if e.Phase == flow.Undone && err == nil || e.Phase == flow.Done && (err != nil || len(s.Seen) != p.n) {
		t.Errorf("seed %d: run again after %q: %v, %v", seed, e.Phase, s, err)
	}
	for step, n := range s.Seen {
		if n != 1 && !split && step != fmt.Sprint("s", p.pivot) {
			t.Errorf("seed %d, plan %s: the state of a try that was thrown away is seen: %v", seed, f.Plan(), s)
		}
	}
	return e.Phase
}
