package outbox_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

// What one database has announced is followed to those that took it from others.
func TestEvents(t *testing.T) {
	mute(t)
	one, two := newOffice(), newOffice()
	wire := &loopback.Wire{}
	services := map[string]outbox.Service{}
	for name, o := range map[string]office{"cart": one, "order": two, "payment": two} {
		outbox.Register(outbox.Under(name, wire), o)
		services[name] = outbox.Client{Caller: outbox.CallUnder(name, wire)}
	}
	record(t, one.db, "ord_1", "a1", "a2")
	record(t, two.db, "pay_1", "b1")
	record(t, two.db, "ord_2", "c1")
	if err := outbox.New(memstore.Outbox{DB: one.db}, &line{}, nil).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	two.bury(t, "mail", "a2", "c1")
	if _, err := (memstore.Inbox{DB: two.db}).Enter(t.Context(), "search", "a1", time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in        outbox.EventsInput
		of        outbox.Service
		sent, got []string
	}{
		{outbox.EventsInput{Keys: []string{"ord_1", "pay_1"}}, outbox.All(services), []string{"a1 true", "a2 true", "b1 false"}, []string{"a1 search taken", "a2 mail dead"}},
		{outbox.EventsInput{EventIDs: []string{"c1"}}, outbox.All(services), nil, []string{"c1 mail dead"}},
		{outbox.EventsInput{Keys: []string{"ord_2"}, EventIDs: []string{"a2"}}, two, []string{"c1 false"}, []string{"a2 mail dead", "c1 mail dead"}},
		{outbox.EventsInput{}, outbox.All(services), nil, nil},
	} {
		out, err := c.of.Events(staff(t, "outbox:read"), c.in)
		var sent, got []string
		for _, s := range out.Items {
			sent = append(sent, fmt.Sprint(s.Event.ID, " ", s.Published != nil))
		}
		for _, d := range out.Deliveries {
			got = append(got, d.EventID+" "+d.Consumer+" "+string(d.State))
		}
		if err != nil || !slices.Equal(sent, c.sent) || !slices.Equal(got, c.got) || out.Items == nil || out.Deliveries == nil {
			t.Errorf("%+v: events %v, deliveries %v, %v; want %v, %v", c.in, sent, got, err, c.sent, c.got)
		}
	}
	for _, s := range []outbox.Service{one, outbox.All(services)} {
		if _, err := s.Events(staff(t, "orders:read"), outbox.EventsInput{}); !errors.Is(err, fault.ErrDenied) {
			t.Errorf("who may not read the outbox: %v", err)
		}
	}
}
