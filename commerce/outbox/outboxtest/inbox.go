package outboxtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/page"
)

func (h Harness) enter(t *testing.T, ctx context.Context, consumer, id string, want bool) {
	t.Helper()
	if first, err := h.Inbox.Enter(ctx, consumer, id, noon); err != nil || first != want {
		t.Errorf("enter %s %s: %v, %v; want %v", consumer, id, first, err, want)
	}
}

func enterOnce(t *testing.T, h Harness) {
	h.enter(t, t.Context(), "mail", "evt_1", true)
	h.enter(t, t.Context(), "mail", "evt_1", false)
	h.enter(t, t.Context(), "search", "evt_1", true)
	h.enter(t, t.Context(), "mail", "evt_2", true)
}

func enterJoins(t *testing.T, h Harness) {
	err := h.Inbox.Scope().Do(t.Context(), func(ctx context.Context) error {
		h.enter(t, ctx, "mail", "evt_1", true)
		h.enter(t, ctx, "mail", "evt_1", false)
		return errStop
	})
	if !errors.Is(err, errStop) {
		t.Fatal(err)
	}
	h.enter(t, t.Context(), "mail", "evt_1", true)
}

func oneEnters(t *testing.T, h Harness) {
	var mu sync.Mutex
	won := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			mine := false
			err := h.Inbox.Scope().Do(context.Background(), func(ctx context.Context) (err error) {
				mine, err = h.Inbox.Enter(ctx, "mail", "evt_1", noon)
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("enter: %v", err)
			}
			if mine {
				won++
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d were first, want 1", won)
	}
}

func cursorNeverBack(t *testing.T, h Harness) {
	for _, c := range []struct{ to, want int64 }{{0, 0}, {3, 3}, {2, 3}, {4, 4}} {
		err := h.Inbox.Scope().Do(t.Context(), func(ctx context.Context) error {
			if _, err := h.Inbox.Cursor(ctx, "mail", "ord_é"); err != nil {
				return err
			}
			return h.Inbox.Advance(ctx, "mail", "ord_é", c.to)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := h.Inbox.Cursor(t.Context(), "mail", "ord_é"); err != nil || got != c.want {
			t.Errorf("cursor after %d: %d, %v; want %d", c.to, got, err, c.want)
		}
	}
	if got, err := h.Inbox.Cursor(t.Context(), "search", "ord_é"); err != nil || got != 0 {
		t.Errorf("cursor of another consumer: %d, %v; want 0", got, err)
	}
}

func letter(id string) outbox.Letter {
	e := ev(id, "ord_1")
	e.Seq = 7
	return outbox.Letter{Consumer: "mail", Event: e, State: outbox.Trying, Error: "Zoë: ' no", First: noon, Last: noon}
}

func (h Harness) fail(t *testing.T, l outbox.Letter, want int) {
	t.Helper()
	if tries, err := h.Inbox.Fail(t.Context(), l); err != nil || tries != want {
		t.Errorf("fail: %d tries, %v; want %d", tries, err, want)
	}
}

// bury makes a dead letter of e.
func (h Harness) bury(t *testing.T, consumer string, e event.Envelope) {
	t.Helper()
	l := letter(e.ID)
	l.Consumer, l.Event = consumer, e
	if _, err := h.Inbox.Fail(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if err := h.Inbox.Bury(t.Context(), consumer, e.ID); err != nil {
		t.Fatal(err)
	}
}

func failCounts(t *testing.T, h Harness) {
	l := letter("evt_1")
	h.fail(t, l, 1)
	l.First, l.Last, l.Error = noon.Add(time.Hour), noon.Add(time.Hour), "again"
	h.fail(t, l, 2)
	want := l
	want.First, want.Tries = noon, 2
	if got, err := h.Inbox.Letter(t.Context(), "mail", "evt_1"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("letter %+v, %v; want %+v", got, err, want)
	}
	if err := h.Inbox.Bury(t.Context(), "mail", "evt_1"); err != nil {
		t.Fatal(err)
	}
	h.fail(t, l, 3)
	if got, err := h.Inbox.Letter(t.Context(), "mail", "evt_1"); err != nil || got.State != outbox.Trying {
		t.Errorf("a dead letter that fails again is %q, %v; want trying", got.State, err)
	}
	for range 2 {
		if err := h.Inbox.Clear(t.Context(), "mail", "evt_1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Inbox.Letter(t.Context(), "mail", "evt_1"); !errors.Is(err, outbox.ErrNoLetter) {
		t.Errorf("after Clear: %v, want ErrNoLetter", err)
	}
}

func lettersList(t *testing.T, h Harness) {
	if got, err := h.Inbox.Dead(t.Context()); err != nil || len(got) > 0 {
		t.Errorf("dead %v, %v; want none", got, err)
	}
	var want []string
	for i := range 5 {
		h.bury(t, "mail", ev(fmt.Sprint("evt_", i), "k"))
		want = append(want, fmt.Sprint("evt_", i))
	}
	h.bury(t, "search", ev("evt_0", "k"))
	h.fail(t, letter("evt_trying"), 1)
	list := func(q outbox.Letters) (got []string) {
		t.Helper()
		for l, err := range page.All(t.Context(), func(ctx context.Context, cursor string) (page.Page[outbox.Letter], error) {
			q.Cursor = cursor
			return h.Inbox.Letters(ctx, q)
		}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, l.Event.ID)
		}
		return got
	}
	if got := list(outbox.Letters{Consumer: "mail", Query: page.Query{Limit: 2}}); !reflect.DeepEqual(got, want) {
		t.Errorf("letters %v, want %v", got, want)
	}
	if got, err := h.Inbox.Dead(t.Context()); err != nil || !reflect.DeepEqual(got, []outbox.DeadCount{{Consumer: "mail", Count: 5}, {Consumer: "search", Count: 1}}) {
		t.Errorf("dead %v, %v; want 5 of mail and 1 of search", got, err)
	}
	if got := list(outbox.Letters{}); len(got) != 6 {
		t.Errorf("letters of all %v, want 6", got)
	}
	if _, err := h.Inbox.Letters(t.Context(), outbox.Letters{Query: page.Query{Cursor: "?"}}); !errors.Is(err, page.ErrCursor) {
		t.Errorf("bad cursor: %v, want ErrCursor", err)
	}
}

func redriveOnce(t *testing.T, h Harness) {
	e := ev("evt_1", "ord_1")
	e.Seq = 7
	h.bury(t, "mail", e)
	if err := h.Inbox.Redrive(t.Context(), "mail", "evt_1"); err != nil {
		t.Fatal(err)
	}
	if err := h.Inbox.Redrive(t.Context(), "mail", "evt_1"); !errors.Is(err, outbox.ErrNoLetter) {
		t.Errorf("redrive twice: %v, want ErrNoLetter", err)
	}
	rows := h.pending(t)
	if len(rows) != 1 || !reflect.DeepEqual(rows[0].Event, e) {
		t.Errorf("pending %+v, want the event as it was", rows)
	}
	l, err := h.Inbox.Letter(t.Context(), "mail", "evt_1")
	if err != nil || l.State != outbox.Redone || l.Tries != 0 {
		t.Errorf("letter %+v, %v; want it redone, without tries", l, err)
	}
	h.fail(t, letter("evt_1"), 1)
	if l, err := h.Inbox.Letter(t.Context(), "mail", "evt_1"); err != nil || l.State != outbox.Redone {
		t.Errorf("letter that fails again is %q, %v; want it redone still", l.State, err)
	}
	if err := h.Inbox.Redrive(t.Context(), "mail", "evt_9"); !errors.Is(err, outbox.ErrNoLetter) {
		t.Errorf("redrive of nothing: %v, want ErrNoLetter", err)
	}
}

func dropForgets(t *testing.T, h Harness) {
	h.bury(t, "mail", ev("evt_1", "k"))
	if err := outbox.Drop(t.Context(), h.Inbox, "mail", "evt_1"); err != nil {
		t.Fatal(err)
	}
	h.enter(t, t.Context(), "mail", "evt_1", false)
	if err := outbox.Drop(t.Context(), h.Inbox, "mail", "evt_1"); !errors.Is(err, outbox.ErrNoLetter) {
		t.Errorf("drop twice: %v, want ErrNoLetter", err)
	}
}

func pruneInbox(t *testing.T, h Harness) {
	h.enter(t, t.Context(), "mail", "evt_1", true)
	if n, err := h.Inbox.PruneInbox(t.Context(), noon); err != nil || n != 0 {
		t.Errorf("prune at the limit: %d, %v; want 0", n, err)
	}
	if n, err := h.Inbox.PruneInbox(t.Context(), noon.Add(time.Second)); err != nil || n != 1 {
		t.Errorf("prune: %d, %v; want 1", n, err)
	}
	h.enter(t, t.Context(), "mail", "evt_1", true)
}

func pruneLetters(t *testing.T, h Harness) {
	h.fail(t, letter("evt_trying"), 1)
	h.bury(t, "mail", ev("evt_dead", "k"))
	h.bury(t, "mail", ev("evt_redone", "k"))
	if err := h.Inbox.Redrive(t.Context(), "mail", "evt_redone"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		before time.Time
		want   int64
	}{{noon, 0}, {noon.Add(time.Second), 2}, {noon.Add(time.Second), 0}} {
		if n, err := h.Inbox.PruneLetters(t.Context(), c.before); err != nil || n != c.want {
			t.Errorf("prune letters before %v: %d, %v; want %d", c.before, n, err, c.want)
		}
	}
	if _, err := h.Inbox.Letter(t.Context(), "mail", "evt_dead"); err != nil {
		t.Errorf("the dead letter: %v, want it kept", err)
	}
}
