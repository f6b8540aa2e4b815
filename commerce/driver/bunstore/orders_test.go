package bunstore_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/order/ordertest"
	"github.com/mercer-commerce/mercer/commerce/page"
)

func TestOrders(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		store := func(t *testing.T) order.Store { return bunstore.Orders{DB: open(t)} }
		ordertest.Run(t, store)
		t.Run("race", func(t *testing.T) { ordertest.Race(t, store) })
	})
}

// Commands on one order lock its row first, so no unit of work is ever run
// again because of a deadlock.
func TestOrdersDoNotDeadlock(t *testing.T) {
	for _, server := range []string{buntest.MySQL, buntest.MariaDB} {
		t.Run(server, func(t *testing.T) {
			var again strings.Builder
			log := slog.New(slog.NewTextHandler(&again, &slog.HandlerOptions{Level: slog.LevelDebug}))
			ordertest.Race(t, func(t *testing.T) order.Store {
				db, err := bunstore.Open(t.Context(), buntest.Name(t, server), &bunstore.Options{Log: log})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = db.Close() })
				// Numbers that an earlier test deleted would be locked with their neighbors.
				if _, err := (bunstore.Orders{DB: db}).Numbers(t.Context(), 10_000+rand.Int64N(1e12)); err != nil {
					t.Fatal(err)
				}
				return bunstore.Orders{DB: db}
			})
			if again.Len() > 0 {
				t.Errorf("units were run again:\n%s", again.String())
			}
		})
	}
}

// Statements of the operations, without BEGIN, COMMIT and, for each unit with
// events, three for these.
func TestOrderStatements(t *testing.T) {
	for _, server := range []string{buntest.MySQL, buntest.MariaDB} {
		t.Run(server, func(t *testing.T) {
			handle := oneSession(t, buntest.Name(t, server))
			db, err := bunstore.New(t.Context(), handle, bunstore.MySQL, nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx, e := t.Context(), order.New(bunstore.Orders{DB: db}, nil)
			if err := e.Prepare(ctx); err != nil {
				t.Fatal(err)
			}
			var o order.Order
			count := func(what string, most int, fn func() error) {
				t.Helper()
				before := statements(t, handle)
				if err := fn(); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if n := statements(t, handle) - before; n > most {
					t.Errorf("%s: %d statements, want at most %d", what, n, most)
				} else {
					t.Logf("%s: %d statements", what, n)
				}
			}
			const events = 3
			count("place", 3+events, func() (err error) { o, err = e.Place(ctx, ordertest.Sample("cart_1.1")); return err })
			count("confirm", 3+events, func() error { _, err := e.Confirm(ctx, order.IDInput{ID: o.ID}); return err })
			count("order", 1, func() error { _, err := e.Order(ctx, order.IDInput{ID: o.ID}); return err })
			// What is looked up costs the same whether it is there.
			costs := map[int]string{}
			for what, in := range map[string]order.LookupInput{
				"lookup that fits": {Number: o.Number, Email: o.Email}, "lookup of another address": {Number: o.Number, Email: "eve@example.com"},
				"lookup of no order": {Number: "none", Email: o.Email},
			} {
				before := statements(t, handle)
				if _, err := e.Lookup(ctx, in); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				costs[statements(t, handle)-before] = what
			}
			if len(costs) != 1 {
				t.Errorf("statements of lookups: %v, want one number", costs)
			}
			for i := range 12 {
				if _, err := e.Place(ctx, ordertest.Sample(fmt.Sprint("cart_2.", i))); err != nil {
					t.Fatal(err)
				}
			}
			for limit, want := range map[int]int{3: 1, 10: 1, 100: 1} {
				in := order.OrdersInput{Query: page.Query{Limit: limit}}
				count(fmt.Sprint("list of ", limit), want, func() error { _, err := e.Orders(ctx, in); return err })
				in.Count = "exact"
				count(fmt.Sprint("counted list of ", limit), want+1, func() error { _, err := e.Orders(ctx, in); return err })
			}
		})
	}
}
