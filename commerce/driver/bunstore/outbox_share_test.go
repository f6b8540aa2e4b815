package bunstore_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// Processes with parts of a shop on one database publish their own events, and
// those of others that their consumers have letters of, under leases of their
// own.
func TestSharedOutbox(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(t *testing.T) *bunstore.DB) {
		db, ctx, now := open(t), t.Context(), time.Now().UTC()
		part := outbox.Part("k")
		orders := bunstore.Outbox{DB: db, Own: []string{"order", "checkout"}, Consumers: []string{"attach"}}
		mails := bunstore.Outbox{DB: db, Own: []string{"notification"}, Consumers: []string{"notification"}}
		var events []event.Envelope
		for _, name := range []string{"order.placed", "checkout.done", "notification.sent", "orderly.done"} {
			events = append(events, event.Envelope{ID: "evt_" + name, Name: name, Version: 1, Key: "k", At: now, Data: []byte(`{}`)})
		}
		if err := db.Do(ctx, func(ctx context.Context) error { return db.Record(ctx, events...) }); err != nil {
			t.Fatal(err)
		}
		pending := func(o bunstore.Outbox, want ...string) {
			t.Helper()
			rows, err := o.Pending(ctx, part, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range rows {
				got = append(got, r.Event.Name)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v: pending %v, want %v", o.Own, got, want)
			}
		}
		pending(orders, "order.placed", "checkout.done")
		pending(mails, "notification.sent")
		if _, err := (bunstore.Inbox{DB: db}).Fail(ctx, outbox.Letter{Consumer: "notification", Event: events[0], State: outbox.Trying, Error: "no", First: now, Last: now}); err != nil {
			t.Fatal(err)
		}
		pending(mails, "order.placed", "notification.sent")
		pending(bunstore.Outbox{DB: db}, "order.placed", "checkout.done", "notification.sent", "orderly.done")

		other := orders
		other.Own = []string{"checkout", "order"} // the same in another order
		for _, c := range []struct {
			store bunstore.Outbox
			owner string
			want  bool
		}{{orders, "a", true}, {mails, "b", true}, {other, "c", false}, {bunstore.Outbox{DB: db}, "d", true}} {
			if _, ok, err := c.store.Lease(ctx, part, c.owner, now, now.Add(time.Minute)); err != nil || ok != c.want {
				t.Errorf("lease of %s: %t, %v; want %t", c.owner, ok, err, c.want)
			}
		}
		leases, err := orders.Leases(ctx)
		if err != nil || len(leases) != 3 {
			t.Errorf("leases %v, %v; want 3", leases, err)
		}
		for _, l := range leases {
			if l.Part != part {
				t.Errorf("lease of part %d, want %d", l.Part, part)
			}
		}
		rows, err := orders.Pending(ctx, part, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := orders.Archive(ctx, part, 1, []int64{rows[0].Position}, now); err != nil {
			t.Error(err)
		}
		pending(orders, "checkout.done")
	})
}
