// Package topologytest opens one shop in each of the ways in which its parts can
// stand to one another: over one database, over several, behind JSON, behind
// NATS. A test that passes in all of them does not depend on where things are.
package topologytest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/argonhash"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

// World is a shop in some topology. Its flows are here; Shop is how they and a
// test reach the engines.
type World struct {
	shoptest.Factory
	Flows commerce.Flows
	Money *payment.Engine // wherever Shop reaches it
	Bank  *fakepay.Provider
	Clock *shoptest.Clock // that the shop goes by
	DBs   []*bunstore.DB
	Wire  *loopback.Wire // where calls can get lost; nil elsewhere
	// Caller reaches every operation, those of the flows too, in the way of the
	// topology. Bare reaches the accounts of the same shop in the same way, but
	// where nobody can sign in.
	Caller, Bare op.Caller

	events
}

// Topology is a way in which the parts of a shop stand to one another.
type Topology struct {
	Name string
	Plan string // of checkout
	Ship string // of shipping
	Open func(t testing.TB) *World
}

// Topologies are all that fit in a process of tests.
var Topologies = []Topology{
	{"one database", "(close redeem reserve open place) authorize! (settle confirm allocate)", "(order stock)", func(t testing.TB) *World {
		return build(t, 1, direct)
	}},
	{"two databases", "(close) (redeem) (reserve) (open) (place) authorize! (settle) (confirm) allocate", "(order) (stock)", func(t testing.TB) *World {
		return build(t, 2, direct)
	}},
	{"JSON loopback", "close redeem reserve open place authorize! settle confirm allocate", "order stock", func(t testing.TB) *World {
		s := build(t, 4, func() wire { w := &loopback.Wire{}; return wire{w, w} })
		s.Wire = s.Caller.(wire).Caller.(*loopback.Wire)
		return s
	}},
	{"NATS", "close redeem reserve open place authorize! settle confirm allocate", "order stock", func(t testing.TB) *World {
		return build(t, 4, func() wire { svc, client := NATS(t); return wire{svc, client} })
	}},
}

var secret = bytes.Repeat([]byte("s"), 32)

// build makes a shop on n databases, each part of which is served on a wire that
// open makes. Where that is no direct one, the flows reach the engines over it.
func build(t testing.TB, n int, open func() wire) *World {
	t.Helper()
	s := &World{Bank: fakepay.New(nil), Clock: shoptest.NewClock(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))}
	names := make([]string, n)
	for i := range n {
		names[i] = buntest.Name(t, buntest.SQLite)
		s.DBs = append(s.DBs, openDB(t, names[i]))
	}
	files := s.DBs
	if n == 2 {
		// Each engine has a handle of its own, and so a scope of its own, or
		// orders and stock would meet in one database after the payment.
		s.DBs = append(s.DBs, openDB(t, names[0]), openDB(t, names[1]), openDB(t, names[0]))
	}
	o, stores := s.options(t), spread(s.DBs)
	all := commerce.Engines(stores, o)
	mails := all.Mails.(*notification.Engine)
	s.Money = all.Payments.(*payment.Engine)
	front := open()
	commerce.RegisterEngines(front, all)
	all.Outbox = outboxes(files, s.Clock)
	outbox.Register(front, all.Outbox)
	j := s.DBs[0].Journal()
	if _, here := front.Caller.(Handlers); !here {
		all, j = commerce.Remote(front), buntest.Open(t, buntest.SQLite).Journal()
	}
	s.Flows = commerce.AddFlows(all, j, o)
	commerce.RegisterFlows(front, all)
	front.check(t)
	s.Caller, s.Factory = front, shoptest.Factory{TB: t, Shop: all}
	s.Bare = bare(t, stores, o, open())
	if _, err := all.Pricing.Seed(context.Background(), pricing.SeedInput{Currency: "USD", Country: "US"}); err != nil {
		t.Fatal(err)
	}
	s.books = stores.Payments
	s.listen(t, files, mails)
	return s
}

// bare serves the accounts of a shop without what signing in needs.
func bare(t testing.TB, stores commerce.Stores, o commerce.Options, w wire) op.Caller {
	t.Helper()
	o.Hasher, o.Tokens = nil, nil
	account.Register(w, commerce.Engines(commerce.Stores{Accounts: stores.Accounts}, o).Accounts)
	w.check(t)
	return w
}

// options are those of a shop that lacks nothing, with hashes that take no time.
func (s *World) options(t testing.TB) commerce.Options {
	t.Helper()
	keys, err := jwtauth.Secret(secret)
	if err != nil {
		t.Fatal(err)
	}
	return commerce.Options{Now: s.Clock.Now, Secret: secret, Sanitizer: safehtml.New(), Providers: []payment.Provider{offlinepay.New(), s.Bank},
		Hasher: argonhash.New(&argonhash.Options{Memory: 64, Time: 1}), Tokens: jwtauth.New("mercer", keys, &jwtauth.Options{Now: s.Clock.Now}), Mailer: devmail.New(), Accounts: account.Options{VerifyFirst: true}}
}

// spread gives neighbors in the flow different databases, if there are
// several.
func spread(dbs []*bunstore.DB) commerce.Stores {
	at := func(i int) *bunstore.DB { return dbs[i%len(dbs)] }
	s := embed.Stores(at(0))
	s.Pricing, s.Inventory, s.Payments, s.Orders = bunstore.Pricing{DB: at(1)}, bunstore.Inventory{DB: at(2)}, bunstore.Payments{DB: at(3)}, bunstore.Orders{DB: at(4)}
	return s
}

func openDB(t testing.TB, name string) *bunstore.DB {
	t.Helper()
	db, err := bunstore.Open(context.Background(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
