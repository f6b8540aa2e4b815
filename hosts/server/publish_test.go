//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// listener knows which events were published, by id, and how often.
type listener struct {
	url  string
	mu   sync.Mutex
	seen map[string]int
}

// listen starts a NATS server and listens to all events there.
func listen(t *testing.T) *listener {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the NATS server is not ready")
	}
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	l := &listener{url: s.ClientURL(), seen: map[string]int{}}
	_, err = nc.Subscribe("mercer.events.>", func(m *nats.Msg) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.seen[m.Header.Get("ce-id")]++
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *listener) heard(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[id] > 0
}

// TestB01 kills a server between the commit of an order and the publishing of
// its events, again and again. The next server publishes them, and each has its
// effect once.
func TestB01(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	const times = 20
	l, w := listen(t), newWorld(t, buntest.MySQL)
	s, _, done := w.open(t)
	f := shoptest.Factory{TB: t, Shop: s.Shop}
	mug := f.Variant("Mug", 1499, 1000)
	var requests []request
	for range times {
		c := f.Cart(shoptest.Line{Variant: mug, Quantity: 1})
		requests = append(requests, request{path: "/v1/carts/" + c.ID + "/complete", token: c.Token, want: 201,
			body: map[string]any{"expected_total": c.Totals.Total, "payment": map[string]string{"method": "cash_on_delivery"}}})
	}
	env := []string{"KILL_TEST_FACT=order.placed", "MERCER_NATS=" + l.url}
	p := w.launch(t, 0, "", env)
	var took []time.Duration
	for _, r := range requests {
		key := ident.NewID("key")
		p.arm(t)
		if status := r.send(t, p.url, key, nil); status != 0 {
			t.Fatalf("the server was not killed: %d", status)
		}
		if where := p.stop(t); where != "after COMMIT of order.placed" {
			t.Fatalf("killed %q", where)
		}
		var id string
		if err := s.DB.Read(t.Context(), &id, `SELECT id FROM {outbox} WHERE name = 'order.placed'`); err != nil || l.heard(id) {
			t.Fatalf("event %q is out before the kill: %v, %v", id, l.heard(id), err)
		}
		p = w.launch(t, 0, "", env)
		start := time.Now()
		for !l.heard(id) && time.Since(start) < 20*time.Second {
			<-time.After(5 * time.Millisecond)
		}
		took = append(took, time.Since(start))
		r.insist(t, p.url, key, nil)
	}
	slices.Sort(took)
	if t.Logf("published after %v to %v", took[0], took[len(took)-1]); took[len(took)-1] > 5*time.Second {
		t.Errorf("published %v after the next server began", took[len(took)-1])
	}
	l.all(t, s, times)
	p.stop(t)
	done()
	w.audit(t, "the commit of order.placed", func(*testing.T, *embed.Shop, *fakepay.Provider, json.RawMessage) {}, nil)
}

// all waits until every event of the shop was published and each of its orders
// has its mail, one.
func (l *listener) all(t *testing.T, s *embed.Shop, orders int) {
	t.Helper()
	var waiting, mails int
	for start := time.Now(); time.Since(start) < 20*time.Second; <-time.After(20 * time.Millisecond) {
		err := s.DB.Read(t.Context(), &waiting, `SELECT COUNT(*) FROM {outbox}`)
		if err = errors.Join(err, s.DB.Read(t.Context(), &mails, `SELECT COUNT(*) FROM {notification} WHERE kind = 'order_placed'`)); err != nil {
			t.Fatal(err)
		}
		if waiting == 0 && mails >= orders {
			break
		}
	}
	if waiting > 0 || mails != orders {
		t.Errorf("%d events wait, %d mails of %d orders", waiting, mails, orders)
	}
	var ids []string
	if err := s.DB.Read(t.Context(), &ids, `SELECT id FROM {outbox_archive}`); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if !l.heard(id) {
			t.Errorf("event %s was never published", id)
		}
	}
}
