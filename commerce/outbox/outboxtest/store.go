// Package outboxtest says what an outbox.Store and an outbox.Inbox must do.
package outboxtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Harness is one empty database: its Scope and Recorder, and the outbox and the
// inbox in it.
type Harness struct {
	Scope    txn.Scope
	Recorder event.Recorder
	Store    outbox.Store
	Inbox    outbox.Inbox
	// OnRecord calls a function after commits that wrote events.
	OnRecord func(fn func())
}

// Run runs both suites against the databases that open returns. The cases have
// the names of the guards that they watch over.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Harness)
	}{
		{"RoundTrip", roundTrip},
		{"RecordJoins", recordJoins},
		{"PendingByPresence", pendingByPresence},
		{"PendingInOrder", pendingInOrder},
		{"SeqPerKey", seqPerKey},
		{"LeaseExcludes", leaseExcludes},
		{"OneLeases", oneLeases},
		{"ArchiveFenced", archiveFenced},
		{"ArchiveKeeps", archiveKeeps},
		{"Republish", republish},
		{"RepublishPending", republishPending},
		{"RepublishEnds", republishEnds},
		{"Leases", leases},
		{"Lag", lag},
		{"Prune", prune},
		{"Wakes", wakes},
		{"EnterOnce", enterOnce},
		{"EnterJoins", enterJoins},
		{"OneEnters", oneEnters},
		{"CursorNeverBack", cursorNeverBack},
		{"FailCounts", failCounts},
		{"LettersList", lettersList},
		{"RedriveOnce", redriveOnce},
		{"DropForgets", dropForgets},
		{"PruneInbox", pruneInbox},
		{"PruneLetters", pruneLetters},
		{"Of", of},
		{"Deliveries", deliveries},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
	t.Run("ID", func(t *testing.T) { id(t, open(t), open(t)) })
}

var noon = time.Date(2030, 1, 2, 12, 0, 0, 123456000, time.UTC)

func ev(id, key string) event.Envelope {
	return event.Envelope{ID: id, Name: "order.placed", Version: 1, Key: key, At: noon, Data: []byte(`{}`)}
}

func (h Harness) record(t *testing.T, evs ...event.Envelope) {
	t.Helper()
	if err := h.Recorder.Record(t.Context(), evs...); err != nil {
		t.Fatalf("record: %v", err)
	}
}

// pending returns the events that wait, of all parts.
func (h Harness) pending(t *testing.T) (rows []outbox.Row) {
	t.Helper()
	parts, err := h.Store.Waiting(t.Context())
	if err != nil {
		t.Fatalf("waiting: %v", err)
	}
	for _, p := range parts {
		some, err := h.Store.Pending(t.Context(), p, 0, 10000)
		if err != nil {
			t.Fatalf("pending: %v", err)
		}
		if len(some) == 0 {
			t.Errorf("part %d is named as waiting and is empty", p)
		}
		rows = append(rows, some...)
	}
	return rows
}

func ids(rows []outbox.Row) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, r.Event.ID)
	}
	return out
}

func (h Harness) wantPending(t *testing.T, want ...string) {
	t.Helper()
	got := ids(h.pending(t))
	slices.Sort(got)
	if !slices.Equal(got, append([]string{}, want...)) {
		t.Errorf("pending %v, want %v", got, want)
	}
}

func roundTrip(t *testing.T, h Harness) {
	e := event.Envelope{ID: "evt_1", Name: "order.placed", Version: 3, Key: "ord_é", At: noon, Trace: "00-4bf9-00f0-01", Data: []byte(`{"title":"Zoë \\ \"x\" ' ?","n":9007199254740993}`)}
	h.record(t, e)
	rows := h.pending(t)
	e.Seq = 1
	if len(rows) != 1 || !reflect.DeepEqual(rows[0].Event, e) {
		t.Errorf("pending %+v, want %+v", rows, e)
	}
}

var errStop = errors.New("stop")

func recordJoins(t *testing.T, h Harness) {
	err := h.Scope.Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(h.Recorder.Record(ctx, ev("evt_1", "a")), errStop)
	})
	if !errors.Is(err, errStop) {
		t.Fatal(err)
	}
	h.wantPending(t)
	h.record(t, ev("evt_2", "a"))
	if rows := h.pending(t); len(rows) != 1 || rows[0].Event.Seq != 1 {
		t.Errorf("pending %+v, want the first event of its key", rows)
	}
}

// pendingByPresence publishes what is there while units are under way: one that
// commits late, below what was reached, must not be missed.
func pendingByPresence(t *testing.T, h Harness) {
	const writers, each = 8, 10
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := h.Recorder.Record(context.Background(), ev(fmt.Sprintf("evt_%d_%d", w, i), fmt.Sprint("k", w))); err != nil {
					t.Errorf("record: %v", err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	got := map[string]bool{}
	for last := false; !last; {
		select {
		case <-done:
			last = true
		default:
		}
		for _, r := range h.pending(t) {
			got[r.Event.ID] = true
			h.archive(t, r)
		}
	}
	if len(got) != writers*each {
		t.Errorf("found %d of %d events", len(got), writers*each)
	}
	// One more below the highest position.
	h.record(t, ev("evt_a", "k0"), ev("evt_b", "k0"))
	rows := h.pending(t)
	h.archive(t, rows[1])
	h.wantPending(t, "evt_a")
}

// archive takes rows out of the outbox.
func (h Harness) archive(t *testing.T, rows ...outbox.Row) {
	t.Helper()
	for _, r := range rows {
		part := outbox.Part(r.Event.Key)
		fence, ok, err := h.Store.Lease(t.Context(), part, "me", noon, noon.Add(time.Minute))
		if err != nil || !ok {
			t.Fatalf("lease: %v, %v", ok, err)
		}
		if err := h.Store.Archive(t.Context(), part, fence, []int64{r.Position}, noon.Add(time.Hour)); err != nil {
			t.Fatalf("archive: %v", err)
		}
	}
}

func pendingInOrder(t *testing.T, h Harness) {
	for i := range 30 {
		h.record(t, ev(fmt.Sprintf("evt_%02d", i), "k"))
	}
	var got []string
	for after := int64(0); ; {
		rows, err := h.Store.Pending(t.Context(), outbox.Part("k"), after, 7)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			break
		}
		if len(rows) > 7 {
			t.Fatalf("%d rows, want at most 7", len(rows))
		}
		got = append(got, ids(rows)...)
		after = rows[len(rows)-1].Position
	}
	if len(got) != 30 || !slices.IsSorted(got) {
		t.Errorf("pages give %v, want all in order", got)
	}
}

func seqPerKey(t *testing.T, h Harness) {
	h.record(t, ev("evt_1", "a"), ev("evt_2", "b"), ev("evt_3", "a"))
	h.record(t, ev("evt_4", "a"))
	got := map[string]int64{}
	for _, r := range h.pending(t) {
		got[r.Event.ID] = r.Event.Seq
	}
	if want := map[string]int64{"evt_1": 1, "evt_2": 1, "evt_3": 2, "evt_4": 3}; !reflect.DeepEqual(got, want) {
		t.Errorf("numbers %v, want %v", got, want)
	}
}

func leaseExcludes(t *testing.T, h Harness) {
	lease := func(owner string, now, until time.Time) (int64, bool) {
		t.Helper()
		fence, ok, err := h.Store.Lease(t.Context(), 3, owner, now, until)
		if err != nil {
			t.Fatal(err)
		}
		return fence, ok
	}
	end := noon.Add(time.Minute)
	first, ok := lease("a", noon, end)
	if !ok {
		t.Fatal("a free part is refused")
	}
	if _, ok := lease("b", noon.Add(time.Second), end); ok {
		t.Error("a part that is leased is given to another")
	}
	if again, ok := lease("a", noon.Add(time.Second), end); !ok || again != first {
		t.Errorf("renewed: fence %d, %v; want %d", again, ok, first)
	}
	second, ok := lease("b", end, end.Add(time.Minute))
	if !ok || second <= first {
		t.Errorf("after its end: fence %d, %v; want more than %d", second, ok, first)
	}
	if _, ok := lease("a", end, end.Add(time.Minute)); ok {
		t.Error("the part is given back to the old owner")
	}
}

func oneLeases(t *testing.T, h Harness) {
	var mu sync.Mutex
	won := 0
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, ok, err := h.Store.Lease(context.Background(), 5, fmt.Sprint("owner", i), noon, noon.Add(time.Minute))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("lease: %v", err)
			}
			if ok {
				won++
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d got the part, want 1", won)
	}
}

func archiveFenced(t *testing.T, h Harness) {
	h.record(t, ev("evt_1", "a"))
	row := h.pending(t)[0]
	part := outbox.Part("a")
	old, _, err := h.Store.Lease(t.Context(), part, "old", noon, noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := h.Store.Lease(t.Context(), part, "new", noon.Add(time.Hour), noon.Add(2*time.Hour)); err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := h.Store.Archive(t.Context(), part, old, []int64{row.Position}, noon); !errors.Is(err, outbox.ErrLost) {
		t.Errorf("archive under an old fence: %v, want ErrLost", err)
	}
	h.wantPending(t, "evt_1")
}

func archiveKeeps(t *testing.T, h Harness) {
	h.record(t, ev("evt_1", "a"), ev("evt_2", "a"))
	rows := h.pending(t)
	h.archive(t, rows[0], rows[0]) // the second time it is not there
	h.wantPending(t, "evt_2")
	n, err := h.Store.Republish(t.Context(), outbox.Again{})
	if err != nil || n != 1 {
		t.Errorf("republish: %d, %v; want the archived one", n, err)
	}
}

func republish(t *testing.T, h Harness) {
	other := ev("evt_3", "b")
	other.Name = "order.shipped"
	h.record(t, ev("evt_1", "a"), ev("evt_2", "a"), other)
	before := h.pending(t)
	h.archive(t, before...) // at noon + 1 hour
	again := func(a outbox.Again, want int64) {
		t.Helper()
		if n, err := h.Store.Republish(t.Context(), a); err != nil || n != want {
			t.Errorf("republish %+v: %d, %v; want %d", a, n, err, want)
		}
	}
	again(outbox.Again{Since: noon.Add(2 * time.Hour)}, 0)
	again(outbox.Again{Key: "c"}, 0)
	h.wantPending(t)
	again(outbox.Again{Since: noon.Add(time.Hour), Name: "order.shipped"}, 1)
	h.wantPending(t, "evt_3")
	again(outbox.Again{Since: noon.Add(time.Hour), Key: "a"}, 2)
	if after := h.pending(t); !reflect.DeepEqual(after, before) {
		t.Errorf("republished %+v, want %+v", after, before)
	}
	h.archive(t, before...)
	h.wantPending(t)
	again(outbox.Again{}, 3)
}

// republishPending asks for an event that waits already, because its dead letter
// was redriven.
func republishPending(t *testing.T, h Harness) {
	h.record(t, ev("evt_1", "a"))
	rows := h.pending(t)
	h.archive(t, rows...)
	h.bury(t, "mail", rows[0].Event)
	if err := h.Inbox.Redrive(t.Context(), "mail", "evt_1"); err != nil {
		t.Fatal(err)
	}
	h.wantPending(t, "evt_1")
	if _, err := h.Store.Republish(t.Context(), outbox.Again{}); err != nil {
		t.Fatal(err)
	}
	h.wantPending(t, "evt_1")
	h.archive(t, h.pending(t)...)
	h.wantPending(t)
}

// republishEnds republishes while a relay takes what comes back.
func republishEnds(t *testing.T, h Harness) {
	const n = 2100
	err := h.Scope.Do(t.Context(), func(ctx context.Context) error {
		for i := range n {
			if err := h.Recorder.Record(ctx, ev(fmt.Sprint("evt_", i), "a")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var order []int64
	take := func() {
		rows := h.pending(t)
		var positions []int64
		for _, r := range rows {
			order = append(order, r.Event.Seq)
			positions = append(positions, r.Position)
		}
		part := outbox.Part("a")
		fence, _, err := h.Store.Lease(t.Context(), part, "me", noon, noon.Add(time.Minute))
		if err := errors.Join(err, h.Store.Archive(t.Context(), part, fence, positions, noon.Add(time.Hour))); err != nil {
			t.Errorf("archive: %v", err)
		}
	}
	take()
	order = nil
	type answer struct {
		n   int64
		err error
	}
	done := make(chan answer, 1)
	go func() {
		n, err := h.Store.Republish(context.WithoutCancel(t.Context()), outbox.Again{Since: noon})
		done <- answer{n, err}
	}()
	for ended := false; !ended; take() {
		select {
		case got := <-done:
			if ended = true; got.n != n || got.err != nil {
				t.Errorf("republish: %d, %v; want %d", got.n, got.err, n)
			}
		default:
		}
	}
	if len(order) != n || !slices.IsSorted(order) {
		t.Errorf("%d events came back, want %d in order", len(order), n)
	}
}

func leases(t *testing.T, h Harness) {
	if got, err := h.Store.Leases(t.Context()); err != nil || len(got) > 0 {
		t.Errorf("leases %v, %v; want none", got, err)
	}
	if _, err := h.Store.ID(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []outbox.Lease{{Part: 3, Owner: "b", Until: noon.Add(time.Minute)}, {Part: 11, Owner: "a", Until: noon.Add(time.Hour)}}
	for _, l := range []outbox.Lease{want[1], want[0]} {
		if _, ok, err := h.Store.Lease(t.Context(), l.Part, l.Owner, noon, l.Until); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if got, err := h.Store.Leases(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("leases %+v, %v; want %+v", got, err, want)
	}
}

// id asks for the names of two databases, of one of them at once.
func id(t *testing.T, one, other Harness) {
	var mu sync.Mutex
	var got []string
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			name, err := one.Store.ID(context.Background())
			mu.Lock()
			defer mu.Unlock()
			if got = append(got, name); err != nil {
				t.Errorf("id: %v", err)
			}
		})
	}
	wg.Wait()
	if got = slices.Compact(got); len(got) != 1 || got[0] == "" {
		t.Errorf("ids %q of one database, want one", got)
	}
	if name, err := other.Store.ID(t.Context()); err != nil || name == got[0] {
		t.Errorf("id of another database %q, %v; want another than %q", name, err, got[0])
	}
}

func lag(t *testing.T, h Harness) {
	got, err := h.Store.Lag(t.Context())
	if err != nil || got != (outbox.Lag{}) {
		t.Errorf("empty: %+v, %v", got, err)
	}
	late := ev("evt_2", "b")
	late.At = noon.Add(-time.Hour)
	h.record(t, ev("evt_1", "a"), late)
	if got, err = h.Store.Lag(t.Context()); err != nil || got.Pending != 2 || !got.Oldest.Equal(late.At) {
		t.Errorf("lag %+v, %v; want 2 since %v", got, err, late.At)
	}
}

func prune(t *testing.T, h Harness) {
	h.record(t, ev("evt_1", "a"), ev("evt_2", "a"))
	h.archive(t, h.pending(t)[0])
	for _, c := range []struct {
		before time.Time
		want   int64
	}{{noon.Add(time.Hour), 0}, {noon.Add(2 * time.Hour), 1}, {noon.Add(2 * time.Hour), 0}} {
		if n, err := h.Store.Prune(t.Context(), c.before); err != nil || n != c.want {
			t.Errorf("prune before %v: %d, %v; want %d", c.before, n, err, c.want)
		}
	}
	h.wantPending(t, "evt_2")
}

func wakes(t *testing.T, h Harness) {
	n := 0
	h.OnRecord(func() { n++ })
	h.record(t, ev("evt_1", "a"))
	_ = h.Scope.Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(h.Recorder.Record(ctx, ev("evt_2", "a")), errStop)
	})
	if err := h.Scope.Do(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if n != 1 {
		t.Errorf("woken %d times, want once for the one commit with an event", n)
	}
}
