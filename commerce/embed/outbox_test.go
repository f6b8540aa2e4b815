package embed_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

// wideBus is a bus between services; it tells what is sent, and what consumers
// are given in this one.
type wideBus struct {
	sent, given chan string
	letters     outbox.Inbox
}

func (b *wideBus) Keep(in outbox.Inbox) { b.letters = in }

func (b *wideBus) Publish(_ context.Context, evs ...event.Envelope) error {
	for _, e := range evs {
		b.sent <- e.ID
	}
	return nil
}

func (b *wideBus) Subscribe(context.Context, string, []string, event.Handler) (func(), error) {
	return func() {}, nil
}

func (b *wideBus) watch(event.Handler, string) event.Handler {
	return func(_ context.Context, e event.Envelope) error {
		b.given <- e.ID
		return nil
	}
}

// TestRedriveInAPart redrives an event of another service, which goes to its
// consumer, and one of its own, which goes over the bus.
func TestRedriveInAPart(t *testing.T) {
	db, bus := buntest.Open(t, buntest.SQLite), &wideBus{sent: make(chan string, 10), given: make(chan string, 10)}
	shop, err := embed.On(t.Context(), db, &embed.Options{Secret: bytes.Repeat([]byte("s"), 32), Engines: []string{"order"}, Elsewhere: &loopback.Wire{},
		Bus: bus, Watch: bus.watch})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shop.Close() })
	if bus.letters == nil {
		t.Fatal("what the bus cannot read has no place")
	}
	redrive := func(id, name string) {
		t.Helper()
		e := event.Envelope{ID: id, Name: name, Key: id, Seq: 1, At: time.Now(), Data: []byte(`{}`)}
		_, err := bus.letters.Fail(t.Context(), outbox.Letter{Consumer: "checkout", Event: e, State: outbox.Trying, First: e.At, Last: e.At})
		if err := errors.Join(err, bus.letters.Bury(t.Context(), "checkout", id)); err != nil {
			t.Fatal(err)
		}
		if _, err := shop.Outbox.Redrive(t.Context(), outbox.LetterInput{Consumer: "checkout", EventID: id}); err != nil {
			t.Fatal(err)
		}
	}
	redrive("evt_foreign", shop.Flows.Checkout.Events()[0])
	redrive("evt_own", "order.placed")
	for want, got := range map[string]chan string{"evt_foreign": bus.given, "evt_own": bus.sent} {
		select {
		case id := <-got:
			if id != want {
				t.Errorf("%s went the way of %s", id, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s does not come", want)
		}
	}
}

func TestInboxIsPruned(t *testing.T) {
	now := time.Now().UTC()
	db := buntest.Open(t, buntest.SQLite)
	shop, err := embed.On(t.Context(), db, &embed.Options{Secret: bytes.Repeat([]byte("s"), 32), Passive: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shop.Close() })
	in := bunstore.Inbox{DB: db}
	enter := func(want bool) {
		t.Helper()
		if first, err := in.Enter(t.Context(), "mail", "evt_1", now); first != want || err != nil {
			t.Errorf("entered for the first time: %v, %v; want %v", first, err, want)
		}
	}
	enter(true)
	l := outbox.Letter{Consumer: "mail", Event: event.Envelope{ID: "evt_2", Data: []byte(`{}`)}, State: outbox.Trying, First: now, Last: now}
	if _, err := in.Fail(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	for _, days := range []int{29, 2} {
		now = now.AddDate(0, 0, days)
		if err := shop.RunJob(t.Context(), "inbox.prune"); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Letter(t.Context(), "mail", "evt_2"); errors.Is(err, outbox.ErrNoLetter) != (days == 2) {
			t.Errorf("the letter %d days later: %v", days, err)
		}
		enter(days == 2)
	}
	s, err := shop.Outbox.Status(t.Context(), op.Nothing{})
	if err != nil || len(s.Stores) != 1 || slices.ContainsFunc(s.Stores, func(s outbox.StoreStatus) bool { return s.Store == "" }) {
		t.Errorf("status %+v, %v", s, err)
	}
}
