package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

// office is a database with its outbox.Engine.
type office struct {
	db *memstore.DB
	*outbox.Engine
}

func newOffice() office {
	db := memstore.New()
	return office{db, outbox.NewEngine(memstore.Outbox{DB: db}, memstore.Inbox{DB: db}, &outbox.EngineOptions{Log: quiet})}
}

// bury puts events aside for a consumer.
func (o office) bury(t *testing.T, consumer string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		h := outbox.Once(memstore.Inbox{DB: o.db}, consumer, func(context.Context, event.Envelope) error { return outbox.Permanent(errors.New("no")) })
		if err := h(t.Context(), fact(id, 1)); err != nil {
			t.Fatal(err)
		}
	}
}

func mute(t *testing.T) {
	t.Helper()
	old := slog.Default()
	slog.SetDefault(quiet)
	t.Cleanup(func() { slog.SetDefault(old) })
}

// staff returns a context in which somebody with a scope asks.
func staff(t *testing.T, scope string) context.Context {
	return ident.With(t.Context(), ident.Actor{Kind: ident.Staff, ID: "stf_1", Scopes: []string{scope}})
}

func TestEngine(t *testing.T) {
	mute(t)
	o := newOffice()
	record(t, o.db, "ord_1", "e1", "e2")
	o.bury(t, "mail", "bad")
	relay := outbox.New(memstore.Outbox{DB: o.db}, &line{refuse: func(e event.Envelope) bool { return e.ID == "e2" }}, &outbox.Options{Log: quiet})
	if err := relay.Drain(t.Context()); err == nil {
		t.Fatal("want e2 to be refused")
	}
	if _, _, err := (memstore.Outbox{DB: o.db}).Lease(t.Context(), 3, "relay", time.Now(), time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	s, err := o.Status(staff(t, "outbox:read"), op.Nothing{})
	if err != nil || len(s.Stores) != 1 {
		t.Fatalf("status %+v, %v", s, err)
	}
	if got := s.Stores[0]; got.Store == "" || got.Pending != 1 || got.Oldest == nil || !slices.Equal(got.Dead, []outbox.DeadCount{{Consumer: "mail", Count: 1}}) ||
		len(got.Leases) != 1 || got.Leases[0].Part != 3 {
		t.Errorf("status %+v; want one event waiting, one dead letter, one lease that is not over", got)
	}
	if p, err := o.Dead(staff(t, "outbox:read"), outbox.Letters{}); err != nil || len(p.Items) != 1 || p.Items[0].Event.ID != "bad" {
		t.Errorf("dead %+v, %v", p, err)
	}
	write := staff(t, "outbox:write")
	if n, err := o.Republish(write, outbox.RepublishInput{Key: "ord_1"}); n.Count != 1 || err != nil {
		t.Errorf("republish: %d, %v; want e1", n.Count, err)
	}
	if n, err := o.Republish(write, outbox.RepublishInput{Since: new(time.Now().Add(time.Hour))}); n.Count != 0 || err != nil {
		t.Errorf("republish from tomorrow on: %d, %v", n.Count, err)
	}
	if _, err := o.Republish(write, outbox.RepublishInput{}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("republish of anything: %v, want ErrInvalid", err)
	}
	letter := outbox.LetterInput{Consumer: "mail", EventID: "bad"}
	if _, err := o.Redrive(write, letter); err != nil {
		t.Error(err)
	}
	for name, do := range map[string]func(context.Context, outbox.LetterInput) (op.Nothing, error){"redrive": o.Redrive, "drop": o.Drop} {
		if _, err := do(write, outbox.LetterInput{Consumer: "mail", EventID: "none"}); !errors.Is(err, outbox.ErrNoLetter) {
			t.Errorf("%s: %v, want ErrNoLetter", name, err)
		}
		if _, err := do(staff(t, "outbox:read"), letter); !errors.Is(err, fault.ErrDenied) {
			t.Errorf("%s by a reader: %v, want ErrDenied", name, err)
		}
	}
	if _, err := o.Drop(write, letter); err != nil {
		t.Error(err)
	}
}

// TestAll has three services on two databases, reached as services are.
func TestAll(t *testing.T) {
	mute(t)
	one, two := newOffice(), newOffice()
	wire := &loopback.Wire{}
	services := map[string]outbox.Service{}
	for name, o := range map[string]office{"cart": one, "order": two, "payment": two} {
		outbox.Register(outbox.Under(name, wire), o)
		services[name] = outbox.Client{Caller: outbox.CallUnder(name, wire)}
	}
	all := outbox.All(services)
	for i := range 5 {
		one.bury(t, "mail", fmt.Sprint("a", i))
		two.bury(t, "mail", fmt.Sprint("b", i))
	}
	read, write := staff(t, "outbox:read"), staff(t, "outbox:write")
	s, err := all.Status(read, op.Nothing{})
	if err != nil || len(s.Stores) != 2 || !slices.Equal(s.Stores[0].Services, []string{"cart"}) || !slices.Equal(s.Stores[1].Services, []string{"order", "payment"}) {
		t.Errorf("status %+v, %v; want two stores", s, err)
	}
	for limit := 1; limit < 7; limit++ {
		var got []string
		for l, err := range page.All(read, func(ctx context.Context, cursor string) (page.Page[outbox.Letter], error) {
			return all.Dead(ctx, outbox.Letters{Query: page.Query{Limit: limit, Cursor: cursor}})
		}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, l.Event.ID)
		}
		if text := strings.Join(got, " "); text != "a0 a1 a2 a3 a4 b0 b1 b2 b3 b4" {
			t.Errorf("letters, %d at a time: %s", limit, text)
		}
	}
	if p, err := all.Dead(read, outbox.Letters{Consumer: "nobody"}); err != nil || p.Items == nil || len(p.Items) != 0 || p.NextCursor != nil {
		t.Errorf("letters of nobody: %+v, %v", p, err)
	}
	if _, err := all.Redrive(write, outbox.LetterInput{Consumer: "mail", EventID: "b3"}); err != nil {
		t.Errorf("redrive in the last one: %v", err)
	}
	if _, err := all.Drop(write, outbox.LetterInput{Consumer: "mail", EventID: "a3"}); err != nil {
		t.Errorf("drop in the first one: %v", err)
	}
	if _, err := all.Redrive(write, outbox.LetterInput{Consumer: "mail", EventID: "a3"}); !errors.Is(err, outbox.ErrNoLetter) {
		t.Errorf("redrive of what was dropped: %v, want ErrNoLetter", err)
	}
	record(t, one.db, "x", "x1")
	record(t, two.db, "y", "y1")
	for _, o := range []office{one, two} {
		if err := outbox.New(memstore.Outbox{DB: o.db}, &line{}, nil).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := all.Republish(write, outbox.RepublishInput{Since: new(time.Now().Add(-time.Hour))}); n.Count != 3 || err != nil {
		t.Errorf("republish: %d, %v; want two and the redriven one", n.Count, err)
	}
	guest := ident.With(t.Context(), ident.Actor{Kind: ident.Guest})
	if _, err := all.Dead(guest, outbox.Letters{}); !errors.Is(err, fault.ErrUnauthenticated) {
		t.Errorf("a guest reads: %v", err)
	}
	services["user"] = outbox.Client{Caller: outbox.CallUnder("user", wire)} // nobody serves it
	s, err = all.Status(read, op.Nothing{})
	if err != nil || len(s.Stores) != 3 || s.Stores[2].Error == "" {
		t.Errorf("status %+v, %v; want to hear of the one that is away", s, err)
	}
}
