package outbox_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

var quiet = slog.New(slog.DiscardHandler)

// line is a bus that only publishes; refuse says which events it does not take.
type line struct {
	mu     sync.Mutex
	sent   []string
	refuse func(event.Envelope) bool
	why    error // "bus is down"
}

func (l *line) Publish(_ context.Context, evs ...event.Envelope) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range evs {
		if l.refuse != nil && l.refuse(e) {
			return cmp.Or(l.why, errors.New("bus is down"))
		}
		l.sent = append(l.sent, e.ID)
	}
	return nil
}

func (l *line) Subscribe(context.Context, string, []string, event.Handler) (func(), error) {
	return nil, errors.ErrUnsupported
}

func (l *line) took(t *testing.T, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	got := slices.Sorted(slices.Values(l.sent))
	if !slices.Equal(got, append([]string(nil), want...)) {
		t.Errorf("published %v, want %v", got, want)
	}
	l.sent = nil
}

func record(t *testing.T, db *memstore.DB, key string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		e := event.Envelope{ID: id, Name: "order.placed", Key: key, At: time.Now(), Data: []byte(`{}`)}
		if err := db.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDrain(t *testing.T) {
	db, bus := memstore.New(), &line{}
	r := outbox.New(memstore.Outbox{DB: db}, bus, &outbox.Options{Log: quiet})
	record(t, db, "a", "a1", "a2", "a3")
	record(t, db, "b", "b1")
	bus.refuse = func(e event.Envelope) bool { return e.ID == "a2" }
	if err := r.Drain(t.Context()); err == nil {
		t.Error("an event that is not taken is not told")
	}
	bus.took(t, "a1", "b1") // a3 may not overtake a2
	bus.refuse = nil
	if err := r.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	bus.took(t, "a2", "a3")
	if err := r.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	bus.took(t)
	if err := r.Drain(txn.Inside(t.Context())); !errors.Is(err, txn.ErrInside) {
		t.Errorf("drain in a unit of work: %v, want ErrInside", err)
	}
}

// TestStoppedAggregateStopsNoOther has more events of a stopped aggregate than
// are read at once, before one of another in the same part.
func TestStoppedAggregateStopsNoOther(t *testing.T) {
	db, bus := memstore.New(), &line{}
	other := ""
	for i := 0; other == "" || outbox.Part(other) != outbox.Part("bad"); i++ {
		other = fmt.Sprint("good", i)
	}
	err := db.Do(t.Context(), func(ctx context.Context) error {
		for i := range 450 {
			if err := db.Record(ctx, event.Envelope{ID: fmt.Sprint("bad", i), Key: "bad"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	record(t, db, other, "good")
	bus.refuse = func(e event.Envelope) bool { return e.ID == "bad0" } // and none may overtake it
	if err := outbox.New(memstore.Outbox{DB: db}, bus, nil).Drain(t.Context()); err == nil {
		t.Error("want an error")
	}
	bus.took(t, "good")
}

func TestTwoRelaysShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, bus := memstore.New(), &line{}
		store := memstore.Outbox{DB: db}
		ctx, cancel := context.WithCancel(t.Context())
		first := outbox.New(store, bus, &outbox.Options{Log: quiet})
		done := make(chan error)
		record(t, db, "a", "a1")
		go func() { done <- first.Run(ctx) }()
		synctest.Wait()
		bus.took(t, "a1")
		record(t, db, "a", "a2") // nobody woke the first
		second := outbox.New(store, bus, &outbox.Options{Log: quiet})
		if err := second.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		bus.took(t) // the part is leased to the first
		time.Sleep(time.Second)
		synctest.Wait()
		bus.took(t, "a2") // by its poll
		first.Wake()
		record(t, db, "a", "a3")
		first.Wake()
		synctest.Wait()
		bus.took(t, "a3")
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("run ends with %v", err)
		}
		record(t, db, "a", "a4")
		if err := second.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		bus.took(t, "a4") // the first gave its lease back
	})
}

// TestDeadRelay leaves a lease behind.
func TestDeadRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, bus := memstore.New(), &line{}
		store := memstore.Outbox{DB: db}
		now := time.Now().UTC()
		if _, ok, err := store.Lease(t.Context(), outbox.Part("a"), "dead", now, now.Add(30*time.Second)); !ok || err != nil {
			t.Fatal(ok, err)
		}
		record(t, db, "a", "a1")
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = outbox.New(store, bus, &outbox.Options{Log: quiet}).Run(ctx) }()
		time.Sleep(29 * time.Second)
		bus.took(t)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		bus.took(t, "a1")
		cancel()
		synctest.Wait()
	})
}

// TestLostLease publishes while another relay takes the part: what was
// published twice stays in the outbox for the new owner.
func TestLostLease(t *testing.T) {
	db, bus := memstore.New(), &line{}
	store := memstore.Outbox{DB: db}
	record(t, db, "a", "a1")
	bus.refuse = func(event.Envelope) bool {
		now := time.Now().UTC().Add(time.Hour)
		if _, ok, err := store.Lease(context.Background(), outbox.Part("a"), "other", now, now.Add(time.Minute)); !ok || err != nil {
			t.Error(ok, err)
		}
		return false
	}
	if err := outbox.New(store, bus, nil).Drain(t.Context()); !errors.Is(err, outbox.ErrLost) {
		t.Errorf("drain: %v, want ErrLost", err)
	}
	if lag, err := store.Lag(t.Context()); err != nil || lag.Pending != 1 {
		t.Errorf("lag %+v, %v; want the event still there", lag, err)
	}
}

// TestB10 has a bus that is down, and many events that wait for it.
func TestB10(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := memstore.New()
		var well atomic.Bool
		var tried atomic.Int64
		bus := &line{}
		bus.refuse = func(event.Envelope) bool { tried.Add(1); return !well.Load() }
		bus.why = fmt.Errorf("far away: %w", event.ErrDown)
		for i, n := 0, 0; n < 450; i++ { // all in one part, and more than are read at once
			if k := fmt.Sprint("k", i); outbox.Part(k) == 3 {
				record(t, db, k, "evt_"+k)
				n++
			}
		}
		r := outbox.New(memstore.Outbox{DB: db}, bus, &outbox.Options{Log: quiet})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait()
		bus.took(t)
		if n := tried.Load(); n == 0 || n > 64 {
			t.Errorf("%d events were tried, want a few", n)
		}
		before := tried.Load()
		r.Wake()
		synctest.Wait()
		if tried.Load() > before {
			t.Error("tries as often as it is woken")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if tried.Load() == before {
			t.Error("does not try again")
		}
		well.Store(true)
		time.Sleep(time.Second)
		synctest.Wait()
		if bus.mu.Lock(); len(bus.sent) != 450 {
			t.Errorf("%d events are published, want all", len(bus.sent))
		}
		bus.mu.Unlock()
		cancel()
		<-done
	})
}
