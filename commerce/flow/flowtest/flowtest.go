// Package flowtest says what a flow.Journal must do.
package flowtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Harness is an empty journal and the Scope that it writes in.
type Harness struct {
	Journal flow.Journal
	Scope   txn.Scope
}

// Run runs the suite against the journals that open returns, each of them
// empty. The cases have the names of the guards that they watch over.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Harness)
	}{
		{"LoadNew", loadNew},
		{"RoundTrip", roundTrip},
		{"StaleLoses", staleLoses},
		{"OneStarts", oneStarts},
		{"OneSaves", oneSaves},
		{"JoinsUnit", joinsUnit},
		{"FlowsApart", flowsApart},
		{"StaleLimits", staleLimits},
		{"StaleOrder", staleOrder},
		{"StaleEnds", staleEnds},
		{"StaleWhileSaving", staleWhileSaving},
		{"PruneEnded", pruneEnded},
		{"PruneMany", pruneMany},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

var noon = time.Date(2030, 1, 2, 12, 0, 0, 123456000, time.UTC)

func entry(id string) flow.Entry {
	return flow.Entry{Flow: "checkout", ID: id, Next: "place", Last: "place", Input: strings.Repeat("a", 64), State: json.RawMessage(`{"n":1}`), Touched: noon}
}

func save(t *testing.T, j flow.Journal, e *flow.Entry) {
	t.Helper()
	if err := j.Save(t.Context(), e); err != nil {
		t.Fatalf("save %s version %d: %v", e.ID, e.Version, err)
	}
}

func load(t *testing.T, j flow.Journal, name, id string) flow.Entry {
	t.Helper()
	e, err := j.Load(t.Context(), name, id)
	if err != nil {
		t.Fatalf("load %s %s: %v", name, id, err)
	}
	return e
}

func loadNew(t *testing.T, h Harness) {
	if got, want := load(t, h.Journal, "checkout", "x"), (flow.Entry{Flow: "checkout", ID: "x"}); !reflect.DeepEqual(got, want) {
		t.Errorf("new run %+v, want %+v", got, want)
	}
}

func roundTrip(t *testing.T, h Harness) {
	e := entry("cart_é.1")
	e.State = json.RawMessage(`{"big":9007199254740993,"text":"Zoë \\ \" 'x' \u0001 ?","list":[1,2]}`)
	save(t, h.Journal, &e)
	if e.Version != 1 {
		t.Errorf("version %d after the first save, want 1", e.Version)
	}
	e.Phase, e.Next, e.Last = flow.Undoing, "reserve", "authorize"
	e.Err = fault.New(fault.Refused, "payment.declined", "kein Geld: ß").With(map[string]string{"reason": "funds"}).After(time.Minute)
	e.Touched = noon.Add(time.Microsecond)
	save(t, h.Journal, &e)
	got := load(t, h.Journal, "checkout", "cart_é.1")
	if a, b := canonical(t, got.State), canonical(t, e.State); a != b {
		t.Errorf("state %s, want %s", a, b)
	}
	if got.Err == nil || canonical(t, got.Err.Meta) != `{"reason":"funds"}` || got.Err.RetryAfter != 60 || got.Err.Text != e.Err.Text || !errors.Is(got.Err, e.Err) {
		t.Errorf("reason %+v, want %+v", got.Err, e.Err)
	}
	got.State, got.Err, e.State, e.Err = nil, nil, nil, nil
	if !reflect.DeepEqual(got, e) {
		t.Errorf("loaded %+v, want %+v", got, e)
	}
}

// canonical formats a document in one way, numbers exact.
func canonical(t *testing.T, doc json.RawMessage) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(doc)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("document %q: %v", doc, err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func staleLoses(t *testing.T, h Harness) {
	e := entry("x")
	save(t, h.Journal, &e)
	old := e
	e.Next = "confirm"
	save(t, h.Journal, &e)
	old.Next = "place"
	if err := h.Journal.Save(t.Context(), &old); !errors.Is(err, flow.ErrTaken) {
		t.Errorf("save of an old version: %v, want ErrTaken", err)
	}
	ahead := e
	ahead.Version += 5
	if err := h.Journal.Save(t.Context(), &ahead); !errors.Is(err, flow.ErrTaken) {
		t.Errorf("save of a version that is not there: %v, want ErrTaken", err)
	}
	if got := load(t, h.Journal, "checkout", "x"); got.Next != "confirm" || got.Version != 2 || old.Version != 1 {
		t.Errorf("next %q, version %d (loser thinks %d); want confirm, 2 (1)", got.Next, got.Version, old.Version)
	}
}

func oneStarts(t *testing.T, h Harness) {
	race(t, h, func(int) flow.Entry { return entry("x") })
}

func oneSaves(t *testing.T, h Harness) {
	e := entry("x")
	save(t, h.Journal, &e)
	race(t, h, func(i int) flow.Entry { c := e; c.Next = fmt.Sprint("step", i); return c })
}

// race saves entries of one version at once, each in a unit of its own.
func race(t *testing.T, h Harness, mine func(i int) flow.Entry) {
	t.Helper()
	const n = 8
	won := make([]bool, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			e := mine(i)
			err := h.Scope.Do(t.Context(), func(ctx context.Context) error {
				c := e
				return h.Journal.Save(ctx, &c)
			})
			if won[i] = err == nil; err != nil && !errors.Is(err, flow.ErrTaken) {
				t.Errorf("save: %v, want nil or ErrTaken", err)
			}
		})
	}
	wg.Wait()
	wins := 0
	for _, w := range won {
		if w {
			wins++
		}
	}
	if wins != 1 {
		t.Errorf("%d of %d won, want 1", wins, n)
	}
}

func joinsUnit(t *testing.T, h Harness) {
	if txn.Of(h.Journal) != h.Scope {
		t.Errorf("the journal names another Scope than the one it writes in")
	}
	stop := errors.New("stop")
	first := entry("x")
	save(t, h.Journal, &first)
	err := h.Scope.Do(t.Context(), func(ctx context.Context) error {
		a, b := first, entry("y")
		a.Next = "confirm"
		if err := errors.Join(h.Journal.Save(ctx, &a), h.Journal.Save(ctx, &b)); err != nil {
			return err
		}
		if e, err := h.Journal.Load(ctx, "checkout", "y"); err != nil || e.Version != 1 {
			t.Errorf("in the unit: version %d, %v; want 1", e.Version, err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("unit: %v", err)
	}
	if e := load(t, h.Journal, "checkout", "x"); e.Version != 1 || e.Next != "place" {
		t.Errorf("x after the rollback: version %d, next %q; want 1, place", e.Version, e.Next)
	}
	if e := load(t, h.Journal, "checkout", "y"); e.Version != 0 {
		t.Errorf("y after the rollback: version %d, want 0", e.Version)
	}
}

func flowsApart(t *testing.T, h Harness) {
	a, b := entry("x"), entry("x")
	b.Flow, b.Next = "fulfil", "ship"
	save(t, h.Journal, &a)
	save(t, h.Journal, &b)
	if e := load(t, h.Journal, "checkout", "x"); e.Next != "place" {
		t.Errorf("next %q, want place", e.Next)
	}
	if got := stale(t, h.Journal, "fulfil", noon.Add(time.Hour), noon); !slices.Equal(got, []string{"x"}) {
		t.Errorf("stale %v, want only the run of the flow", got)
	}
}

// pruneEnded removes what is over, of every flow, and nothing that may go on.
func pruneEnded(t *testing.T, h Harness) {
	var all []flow.Entry
	for _, name := range []string{"checkout", "fulfil"} {
		for _, p := range []flow.Phase{flow.Running, flow.Waiting, flow.Parked, flow.Undoing, flow.Done, flow.Undone} {
			for _, age := range []time.Duration{0, time.Hour} {
				e := entry(fmt.Sprintf("%s-%v", p, age))
				e.Flow, e.Phase, e.Touched = name, p, noon.Add(-age)
				save(t, h.Journal, &e)
				all = append(all, e)
			}
		}
	}
	for _, want := range []int64{4, 0} {
		if n, err := h.Journal.Prune(t.Context(), noon); err != nil || n != want {
			t.Errorf("pruned %d, %v; want %d", n, err, want)
		}
	}
	for _, e := range all {
		over := (e.Phase == flow.Done || e.Phase == flow.Undone) && e.Touched.Before(noon)
		if got := load(t, h.Journal, e.Flow, e.ID); (got.Version == 0) != over {
			t.Errorf("%s %s of %v: there = %v, want %v", e.Flow, e.ID, e.Touched, got.Version != 0, !over)
		}
	}
}

// pruneMany removes more than one statement does.
func pruneMany(t *testing.T, h Harness) {
	const runs = 701
	err := h.Scope.Do(t.Context(), func(ctx context.Context) error {
		for i := range runs {
			e := entry(fmt.Sprint(i))
			e.Phase = flow.Done
			if err := h.Journal.Save(ctx, &e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := h.Journal.Prune(t.Context(), noon.Add(time.Hour)); err != nil || n != runs {
		t.Errorf("pruned %d, %v; want %d", n, err, runs)
	}
}

// stale returns the ids that Stale walks.
func stale(t *testing.T, j flow.Journal, name string, active, waiting time.Time) (ids []string) {
	t.Helper()
	for e, err := range j.Stale(t.Context(), name, active, waiting) {
		if err != nil {
			t.Fatalf("stale: %v", err)
		}
		ids = append(ids, e.ID)
	}
	return ids
}

func staleLimits(t *testing.T, h Harness) {
	for _, p := range []flow.Phase{flow.Running, flow.Waiting, flow.Parked, flow.Undoing, flow.Done, flow.Undone} {
		e := entry("a-" + string(p))
		e.Phase = p
		save(t, h.Journal, &e)
	}
	for _, c := range []struct {
		active, waiting time.Duration
		want            []string
	}{
		{0, 0, nil}, // touched at the limit is not before it
		{time.Microsecond, 0, []string{"a-", "a-parked", "a-undoing"}},
		{0, time.Microsecond, []string{"a-waiting"}},
		{time.Hour, time.Hour, []string{"a-", "a-parked", "a-undoing", "a-waiting"}},
	} {
		if got := stale(t, h.Journal, "checkout", noon.Add(c.active), noon.Add(c.waiting)); !slices.Equal(got, c.want) {
			t.Errorf("limits +%v and +%v: %q, want %q", c.active, c.waiting, got, c.want)
		}
	}
}

func staleOrder(t *testing.T, h Harness) {
	for i, id := range []string{"c", "a", "b"} {
		e := entry(id)
		e.Touched = noon.Add(-time.Duration(i) * time.Minute)
		if id == "a" {
			e.Phase = flow.Waiting
		}
		save(t, h.Journal, &e)
	}
	if got, want := stale(t, h.Journal, "checkout", noon.Add(time.Hour), noon.Add(time.Hour)), []string{"b", "a", "c"}; !slices.Equal(got, want) {
		t.Errorf("stale %v, want %v: longest untouched first", got, want)
	}
}

func staleEnds(t *testing.T, h Harness) {
	for _, id := range []string{"a", "b"} {
		e := entry(id)
		save(t, h.Journal, &e)
	}
	n := 0
	for _, err := range h.Journal.Stale(t.Context(), "checkout", noon.Add(time.Hour), noon) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		break
	}
	if n != 1 {
		t.Errorf("walked %d, want to stop at 1", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range h.Journal.Stale(ctx, "checkout", noon.Add(time.Hour), noon) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("walk with a canceled context ends with %v, want its error", last)
	}
}

// staleWhileSaving walks more runs than fit in one query and saves each.
func staleWhileSaving(t *testing.T, h Harness) {
	const n = 250
	err := h.Scope.Do(t.Context(), func(ctx context.Context) error {
		for i := range n {
			e := entry(fmt.Sprintf("%03d", i))
			e.Touched = noon.Add(time.Duration(i%7) * time.Microsecond)
			if err := h.Journal.Save(ctx, &e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for e, err := range h.Journal.Stale(t.Context(), "checkout", noon.Add(time.Hour), noon) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[e.ID] {
			t.Fatalf("%s is walked twice", e.ID)
		}
		seen[e.ID] = true
		if e.Phase = flow.Done; len(seen)%2 == 0 {
			e.Phase = flow.Undoing
			e.Touched = noon.Add(2 * time.Hour)
		}
		save(t, h.Journal, &e)
	}
	if len(seen) != n {
		t.Errorf("walked %d of %d", len(seen), n)
	}
}
