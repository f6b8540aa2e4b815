package outboxtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// of: what waits and what was published, of some things only, each once.
func of(t *testing.T, h Harness) {
	h.record(t, ev("a1", "ord_é"), ev("b1", "ord_2"), ev("a2", "ord_é"), ev("c1", "ord_3"))
	part := outbox.Part("ord_é")
	fence, ok, err := h.Store.Lease(t.Context(), part, "relay", noon, noon.Add(time.Minute))
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	rows, err := h.Store.Pending(t.Context(), part, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Store.Archive(t.Context(), part, fence, []int64{rows[0].Position}, noon.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	want := func(limit int, keys []string, want ...string) {
		t.Helper()
		got := []string{}
		sent, err := h.Store.Of(t.Context(), keys, limit)
		for _, s := range sent {
			state := "waits"
			if s.Published != nil {
				state = s.Published.Format(time.TimeOnly)
			}
			got = append(got, fmt.Sprintf("%s %d %s", s.Event.ID, s.Event.Seq, state))
		}
		if err != nil || !slices.Equal(got, append([]string{}, want...)) {
			t.Errorf("events of %v: %v, %v; want %v", keys, got, err, want)
		}
	}
	want(9, []string{"ord_é", "ord_2"}, "b1 1 waits", "a1 1 12:00:01", "a2 2 waits")
	want(2, []string{"ord_é", "ord_2"}, "b1 1 waits", "a1 1 12:00:01")
	want(9, []string{"ORD_é", "' OR 1=1 --"})
	want(9, nil)
	if n, err := h.Store.Republish(t.Context(), outbox.Again{Key: "ord_é"}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	want(9, []string{"ord_é"}, "a1 1 waits", "a2 2 waits")
}

// deliveries: who has taken an event, and who has failed on it.
func deliveries(t *testing.T, h Harness) {
	h.enter(t, t.Context(), "search", "evt_1", true)
	h.enter(t, t.Context(), "mail é", "evt_1", true)
	h.enter(t, t.Context(), "mail é", "evt_2", true)
	l := letter("evt_1")
	l.Consumer, l.Error = "index", "no '; --"
	for range 2 {
		if _, err := h.Inbox.Fail(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	want := func(ids []string, want ...string) {
		t.Helper()
		got := []string{}
		all, err := h.Inbox.Deliveries(t.Context(), ids)
		for _, d := range all {
			got = append(got, fmt.Sprintf("%s %s %s %d %s", d.EventID, d.Consumer, d.State, d.Tries, d.Error))
			if d.At.IsZero() {
				t.Errorf("%+v: when?", d)
			}
		}
		if err != nil || !slices.Equal(got, append([]string{}, want...)) {
			t.Errorf("deliveries of %v: %q, %v; want %q", ids, got, err, want)
		}
	}
	want([]string{"evt_1"}, "evt_1 index trying 2 no '; --", "evt_1 mail é taken 0 ", "evt_1 search taken 0 ")
	want([]string{"evt_2", "evt_1", "none"}, "evt_1 index trying 2 no '; --", "evt_1 mail é taken 0 ", "evt_1 search taken 0 ", "evt_2 mail é taken 0 ")
	want([]string{"EVT_1"})
	want(nil)
}
