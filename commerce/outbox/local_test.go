package outbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/event/bustest"
	"github.com/mercer-commerce/mercer/commerce/outbox"
)

func TestLocalIsABus(t *testing.T) {
	bustest.Run(t, bustest.Features{HoldsBack: true}, func(*testing.T) event.Bus {
		return outbox.Local(membus.New(quiet), func(string) bool { return true })
	})
}

// TestLocal redrives an event of another service, which may not be published.
func TestLocal(t *testing.T) {
	d := newDesk(t)
	line := &line{}
	bus := outbox.Local(subscribing{line}, func(name string) bool { return strings.HasPrefix(name, "mail.") })
	refuse := true
	d.fail = func(event.Envelope) error {
		if refuse {
			return outbox.Permanent(errors.New("no"))
		}
		return nil
	}
	h := outbox.InOrder(d.in, "mail", d.handle)
	stop, err := bus.Subscribe(t.Context(), "mail", []string{"order.placed"}, h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Subscribe(t.Context(), "", []string{"*"}, func(context.Context, event.Envelope) error { return errors.New("not for everybody") }); err != nil {
		t.Fatal(err)
	}
	if err := h(t.Context(), fact("e1", 1)); err != nil { // as it came over the bus
		t.Fatal(err)
	}
	refuse = false
	if err := d.in.Redrive(t.Context(), "mail", "e1"); err != nil {
		t.Fatal(err)
	}
	relay := outbox.New(memstore.Outbox{DB: d.db}, bus, &outbox.Options{Log: quiet})
	if err := relay.Drain(t.Context()); err != nil || len(d.took) != 1 {
		t.Errorf("drain: %v; taken %v, want e1", err, d.took)
	}
	line.took(t)
	own := event.Envelope{ID: "m1", Name: "mail.sent", Key: "k", At: time.Now()}
	other := fact("e2", 3) // its predecessor is missing
	if err := bus.Publish(t.Context(), own, other); err == nil {
		t.Error("an event that its consumer refuses is published")
	}
	line.took(t, "m1")
	stop()
	if err := bus.Publish(t.Context(), other); err != nil {
		t.Errorf("nobody wants it: %v", err)
	}
	line.took(t)
}

// subscribing is a line that takes subscribers and forgets them.
type subscribing struct{ *line }

func (subscribing) Subscribe(context.Context, string, []string, event.Handler) (func(), error) {
	return func() {}, nil
}
