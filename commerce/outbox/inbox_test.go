package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// desk is a consumer with effects: marks in its database.
type desk struct {
	db    *memstore.DB
	in    memstore.Inbox
	calls int
	took  []string
	fail  func(e event.Envelope) error
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	old := slog.Default()
	slog.SetDefault(quiet)
	t.Cleanup(func() { slog.SetDefault(old) })
	db := memstore.New()
	return &desk{db: db, in: memstore.Inbox{DB: db}}
}

func (d *desk) handle(ctx context.Context, e event.Envelope) error {
	d.calls++
	if txn.Outside(ctx) == nil {
		return errors.New("not in a unit of work")
	}
	// An effect that rolls back with the unit.
	if err := d.db.Record(ctx, event.Envelope{ID: "did_" + e.ID, Key: "did"}); err != nil {
		return err
	}
	if d.fail != nil {
		if err := d.fail(e); err != nil {
			return err
		}
	}
	d.took = append(d.took, e.ID)
	return nil
}

func (d *desk) effects(t *testing.T) int64 {
	t.Helper()
	lag, err := memstore.Outbox{DB: d.db}.Lag(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return lag.Pending
}

func fact(id string, seq int64) event.Envelope {
	return event.Envelope{ID: id, Name: "order.placed", Key: "ord_1", Seq: seq, At: time.Now(), Data: []byte(`{}`)}
}

func TestOnceIsOnce(t *testing.T) {
	d := newDesk(t)
	h := outbox.Once(d.in, "mail", d.handle)
	for range 3 {
		if err := h(t.Context(), fact("evt_1", 1)); err != nil {
			t.Fatal(err)
		}
	}
	if d.calls != 1 || d.effects(t) != 1 {
		t.Errorf("%d calls, %d effects; want 1", d.calls, d.effects(t))
	}
}

func TestBackOffAndDeath(t *testing.T) {
	d := newDesk(t)
	d.fail = func(event.Envelope) error { return errors.New("no") }
	h := outbox.Once(d.in, "mail", d.handle)
	var waits []int
	for range 8 {
		err := h(t.Context(), fact("evt_1", 1))
		if err == nil {
			waits = append(waits, -1)
			continue
		}
		f, ok := errors.AsType[*fault.Error](err)
		if !ok {
			t.Fatalf("%v says not when to come again", err)
		}
		waits = append(waits, f.RetryAfter)
	}
	if want := []int{1, 5, 30, 120, 600, 600, 600, -1}; !slices.Equal(waits, want) {
		t.Errorf("waits %v, want %v (-1 is taken)", waits, want)
	}
	if l, err := d.in.Letter(t.Context(), "mail", "evt_1"); err != nil || l.State != outbox.Dead || l.Tries != 8 || l.Error != "no" || d.effects(t) != 0 {
		t.Errorf("letter %+v, %v, %d effects; want it dead and nothing done", l, err, d.effects(t))
	}
	d.fail = nil
	if err := d.in.Redrive(t.Context(), "mail", "evt_1"); err != nil {
		t.Fatal(err)
	}
	if err := h(t.Context(), fact("evt_1", 1)); err != nil || len(d.took) != 1 {
		t.Errorf("redriven: %v, taken %v", err, d.took)
	}
	if _, err := d.in.Letter(t.Context(), "mail", "evt_1"); !errors.Is(err, outbox.ErrNoLetter) {
		t.Errorf("letter of an event that was taken: %v, want none", err)
	}
}

func TestPermanentAndPanic(t *testing.T) {
	for _, c := range []struct {
		name string
		fail func(event.Envelope) error
		dead bool
	}{
		{"permanent", func(event.Envelope) error { return outbox.Permanent(errors.New("never")) }, true},
		{"payload", func(event.Envelope) error { return fmt.Errorf("event: %w", event.ErrPayload) }, true},
		{"panic", func(event.Envelope) error { panic("oops") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			d.fail = c.fail
			err := outbox.Once(d.in, "mail", d.handle)(t.Context(), fact("evt_1", 1))
			l, letterErr := d.in.Letter(t.Context(), "mail", "evt_1")
			if (err == nil) != c.dead || letterErr != nil || (l.State == outbox.Dead) != c.dead || d.effects(t) != 0 {
				t.Errorf("%v, letter %q, %v; want dead = %v and no effect", err, l.State, letterErr, c.dead)
			}
		})
	}
}

func TestStopIsNoFailure(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.fail = func(event.Envelope) error { cancel(); return ctx.Err() }
	if err := outbox.Once(d.in, "mail", d.handle)(ctx, fact("evt_1", 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want it to come again", err)
	}
	if _, err := d.in.Letter(t.Context(), "mail", "evt_1"); !errors.Is(err, outbox.ErrNoLetter) {
		t.Errorf("a process that stops counts as a failure: %v", err)
	}
}

func TestInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		h := outbox.InOrder(d.in, "view", d.handle)
		give := func(e event.Envelope, ok bool, want ...string) {
			t.Helper()
			err := h(t.Context(), e)
			if f, _ := errors.AsType[*fault.Error](err); (err == nil) != ok || err != nil && f.RetryAfter != 1 {
				t.Errorf("%s: %v; want taken = %v", e.ID, err, ok)
			}
			if !slices.Equal(d.took, want) {
				t.Errorf("after %s: %v, want %v", e.ID, d.took, want)
			}
		}
		two, three, five := fact("e2", 2), fact("e3", 3), fact("e5", 5)
		give(two, false)
		give(fact("e1", 1), true, "e1")
		give(three, false, "e1")
		give(two, true, "e1", "e2")
		give(three, true, "e1", "e2", "e3")
		give(five, false, "e1", "e2", "e3")
		if _, err := d.in.Letter(t.Context(), "view", "e5"); !errors.Is(err, outbox.ErrNoLetter) {
			t.Errorf("waiting counts as a failure: %v", err)
		}
		time.Sleep(time.Minute)
		give(five, true, "e1", "e2", "e3", "e5")            // 4 is given up
		give(fact("e4", 4), true, "e1", "e2", "e3", "e5")   // and dropped when it comes
		give(fact("late", 2), true, "e1", "e2", "e3", "e5") // like any older one
	})
}

func TestInOrderGoesPastTheDead(t *testing.T) {
	d := newDesk(t)
	d.fail = func(e event.Envelope) error {
		if e.ID == "e1" {
			return outbox.Permanent(errors.New("never"))
		}
		return nil
	}
	h := outbox.InOrder(d.in, "view", d.handle)
	give := func(e event.Envelope, want ...string) {
		t.Helper()
		if err := h(t.Context(), e); err != nil || !slices.Equal(d.took, want) {
			t.Errorf("%s: %v, taken %v; want %v", e.ID, err, d.took, want)
		}
	}
	give(fact("e1", 1))
	give(fact("e2", 2), "e2")
	d.fail = nil
	give(fact("e1", 1), "e2") // comes by itself: stays put aside
	if err := d.in.Redrive(t.Context(), "view", "e1"); err != nil {
		t.Fatal(err)
	}
	give(fact("e1", 1), "e2", "e1")
	give(fact("e1", 1), "e2", "e1")
}

// TestWholeWay records, relays over a bus in memory and takes, with a consumer
// that fails at first and a relay that publishes twice.
func TestWholeWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		shop := memstore.New()
		bus := membus.New(quiet)
		fails := 3
		d.fail = func(event.Envelope) error {
			if fails--; fails >= 0 {
				return errors.New("not yet")
			}
			return nil
		}
		stop, err := bus.Subscribe(t.Context(), "mail", []string{"*"}, outbox.InOrder(d.in, "mail", d.handle))
		if err != nil {
			t.Fatal(err)
		}
		store := memstore.Outbox{DB: shop}
		relay := outbox.New(store, bus, &outbox.Options{Log: quiet, Every: time.Hour})
		shop.OnRecord(relay.Wake)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = relay.Run(ctx) }()
		synctest.Wait()
		record(t, shop, "ord_1", "e1", "e2", "e3")
		time.Sleep(time.Minute)
		synctest.Wait()
		if want := []string{"e1", "e2", "e3"}; !slices.Equal(d.took, want) {
			t.Errorf("taken %v, want %v", d.took, want)
		}
		if n, err := store.Republish(t.Context(), outbox.Again{}); n != 3 || err != nil {
			t.Errorf("republish: %d, %v", n, err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if d.effects(t) != 3 {
			t.Errorf("%d effects, want 3", d.effects(t))
		}
		cancel()
		stop()
		synctest.Wait()
	})
}
