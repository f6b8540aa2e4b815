package fleettest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
)

// TestTogether has carts and orders in one process on one database: shoppers
// buy, a cart is closed in the unit of work in which its order is placed, and
// NATS lets the process do all that it has to.
func TestTogether(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	f := fleettest.Start(t, fleettest.Options{Together: []string{"cart", "order"}})
	once := published(t, f)
	var asked atomic.Int64 // for a cart over NATS, as an order service does that is alone
	ear := f.Login(fleettest.Ear)
	_, err := ear.Subscribe("mercer.v1.cart.*", func(*nats.Msg) { asked.Add(1) })
	if err = errors.Join(err, ear.Flush()); err != nil {
		t.Fatal(err)
	}
	healthy(t, f, bought(t, f, 10), once)
	if n := asked.Load(); n > 0 {
		t.Errorf("carts were asked for over NATS %d times by their neighbors", n)
	}
	orders := fleettest.Staff(t, f.URL, f.Key("*")).Shop.Outbox
	if status, err := orders.Status(t.Context(), op.Nothing{}); err != nil || len(status.Stores) != 5 {
		t.Errorf("outboxes %+v, %v; want one of each process", status, err)
	}
}

// TestOneDatabase has every service on one database. All of them publish what is
// recorded there: each event is published once, by whoever has its part.
func TestOneDatabase(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	f := fleettest.Start(t, fleettest.Options{OneDB: true})
	once := published(t, f)
	healthy(t, f, bought(t, f, 20), once)
}

// bought lets shoppers buy until n have an order.
func bought(t *testing.T, f *fleettest.Fleet, n int) *fleettest.Sales {
	t.Helper()
	staff := fleettest.Staff(t, f.URL, f.Key("*"))
	sales := fleettest.Shoppers(t, f.URL, staff.Variant("Mug", 1499, 100_000), staff.Variant("Pot", 2999, 100_000))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); sales.Run(ctx, time.Second/20) }()
	sales.Wait(n)
	stop()
	<-done
	sales.Find(t.Context())
	return sales
}

// healthy wants the sales in the databases, a mail for each, every event
// published once, and nobody who was refused something by NATS.
func healthy(t *testing.T, f *fleettest.Fleet, sales *fleettest.Sales, once *counts) {
	t.Helper()
	f.MailedOnce(sales)
	fleettest.Audit(t, f.DSN)
	once.mu.Lock()
	defer once.mu.Unlock()
	if len(once.seen) < len(sales.Placed()) {
		t.Errorf("%d events of %d orders", len(once.seen), len(sales.Placed()))
	}
	for id, n := range once.seen {
		if n != 1 {
			t.Errorf("%s was published %d times", id, n)
		}
	}
	for _, name := range f.Names() {
		if said := f.Said(name); strings.Contains(said, "ermissions") {
			t.Errorf("%s says: %s", name, f.Log(name))
		}
	}
}

// counts are how often events were published.
type counts struct {
	mu   sync.Mutex
	seen map[string]int // by id and name
}

// published listens to what goes to the stream of events, before the stream
// takes what comes twice for one.
func published(t *testing.T, f *fleettest.Fleet) *counts {
	t.Helper()
	c, nc := &counts{seen: map[string]int{}}, f.Login(fleettest.Ear)
	_, err := nc.Subscribe("mercer.events.>", func(m *nats.Msg) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seen[m.Header.Get("ce-id")+" "+m.Header.Get("ce-type")]++
	})
	if err = errors.Join(err, nc.Flush()); err != nil {
		t.Fatal(err)
	}
	return c
}
