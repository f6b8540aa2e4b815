package checkout_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

// shop is one shop in some topology: Shop is how the test reaches it.
type shop struct {
	shoptest.Factory
	flows commerce.Flows
	bank  *fakepay.Provider
	clock *shoptest.Clock
	dbs   []*bunstore.DB
	wire  *loopback.Wire // where calls can get lost; nil elsewhere
}

type topology struct {
	name string
	plan string
	ship string
	open func(t *testing.T) *shop
}

// The one test body below runs over these.
var topologies = []topology{
	{"one database", "(close redeem reserve open place) authorize! (confirm allocate)", "(order stock)", func(t *testing.T) *shop {
		return build(t, 1, nil)
	}},
	{"two databases", "(close) (redeem) (reserve) (open) (place) authorize! (confirm) (allocate)", "(order) (stock)", func(t *testing.T) *shop {
		return build(t, 2, nil)
	}},
	{"JSON loopback", "close redeem reserve open place authorize! confirm allocate", "order stock", func(t *testing.T) *shop {
		w := &loopback.Wire{}
		s := build(t, 4, func(r *commerce.Shop) op.Caller { commerce.RegisterEngines(w, r); return w })
		s.wire = w
		return s
	}},
	{"NATS", "close redeem reserve open place authorize! confirm allocate", "order stock", func(t *testing.T) *shop {
		return build(t, 4, func(r *commerce.Shop) op.Caller { return overNATS(t, r) })
	}},
}

var secret = bytes.Repeat([]byte("s"), 32)

// build makes a shop on n databases. far, when not nil, puts the engines behind
// a caller.
func build(t *testing.T, n int, far func(*commerce.Shop) op.Caller) *shop {
	t.Helper()
	s := &shop{bank: fakepay.New(nil), clock: shoptest.NewClock(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))}
	names := make([]string, n)
	for i := range n {
		names[i] = buntest.Name(t, buntest.SQLite)
		s.dbs = append(s.dbs, openDB(t, names[i]))
	}
	if n == 2 {
		// Each engine has a handle of its own, and so a scope of its own, or
		// orders and stock would meet in one database after the payment.
		s.dbs = append(s.dbs, openDB(t, names[0]), openDB(t, names[1]), openDB(t, names[0]))
	}
	o := commerce.Options{Now: s.clock.Now, Secret: secret, Sanitizer: safehtml.New(), Providers: []payment.Provider{offlinepay.New(), s.bank}}
	all := commerce.Engines(spread(s.dbs), o)
	j := s.dbs[0].Journal()
	if far != nil {
		all = commerce.Remote(far(all))
		j = buntest.Open(t, buntest.SQLite).Journal()
	}
	s.flows = commerce.AddFlows(all, j, o)
	s.Factory = shoptest.Factory{TB: t, Shop: all}
	if _, err := all.Pricing.Seed(t.Context(), pricing.SeedInput{Currency: "USD", Country: "US"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// spread gives neighbors in the flow different databases, if there are
// several.
func spread(dbs []*bunstore.DB) commerce.Stores {
	at := func(i int) *bunstore.DB { return dbs[i%len(dbs)] }
	s := embed.Stores(at(0))
	s.Pricing, s.Inventory, s.Payments, s.Orders = bunstore.Pricing{DB: at(1)}, bunstore.Inventory{DB: at(2)}, bunstore.Payments{DB: at(3)}, bunstore.Orders{DB: at(4)}
	return s
}

func openDB(t *testing.T, name string) *bunstore.DB {
	t.Helper()
	db, err := bunstore.Open(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func overNATS(t *testing.T, s *commerce.Shop) op.Caller {
	t.Helper()
	svc, client := micros(t)
	commerce.RegisterEngines(svc, s)
	if err := svc.Err(); err != nil {
		t.Fatal(err)
	}
	return client
}

// each runs one test body over every topology.
func each(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Helper()
	for _, top := range topologies {
		t.Run(top.name, func(t *testing.T) { test(t, top.open(t)) })
	}
}

func TestPlan(t *testing.T) {
	for _, top := range topologies {
		t.Run(top.name, func(t *testing.T) {
			s := top.open(t)
			if got := s.flows.Checkout.Plan(); got != top.plan {
				t.Errorf("plan\n got %s\nwant %s", got, top.plan)
			}
			if got := s.flows.Fulfil.Plan(); got != top.ship {
				t.Errorf("plan of ship\n got %s\nwant %s", got, top.ship)
			}
		})
	}
}
