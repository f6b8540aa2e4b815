package memstore_test

import (
	"context"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// TestEventsKeepTheTrace shows that an event has the trace of what recorded it,
// unless it says another, and that the caller's own envelope stays as it is.
func TestEventsKeepTheTrace(t *testing.T) {
	const here, other = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	db := memstore.New()
	traced := ident.WithTrace(t.Context(), here)
	mine := []event.Envelope{{ID: "a", Key: "k", Data: []byte("{}")}, {ID: "b", Key: "k", Trace: other, Data: []byte("{}")}}
	err := db.Do(traced, func(ctx context.Context) error { return db.Record(ctx, mine...) })
	if err == nil {
		err = db.Record(t.Context(), event.Envelope{ID: "c", Key: "k", Data: []byte("{}")})
	}
	if err == nil {
		err = db.Record(traced, event.Envelope{ID: "d", Key: "k", Data: []byte("{}")})
	}
	if err != nil {
		t.Fatal(err)
	}
	rows, err := memstore.Outbox{DB: db}.Pending(t.Context(), outbox.Part("k"), 0, 10)
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d events, %v; want 4", len(rows), err)
	}
	for i, want := range []string{here, other, "", here} {
		if got := rows[i].Event.Trace; got != want {
			t.Errorf("event %s has trace %q, want %q", rows[i].Event.ID, got, want)
		}
	}
	if mine[0].Trace != "" {
		t.Errorf("the caller's envelope has become %+v", mine[0])
	}
}
