package bench

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// shop is an empty shop on a database of its own.
type shop struct {
	shoptest.Factory
	*embed.Shop
	server, name string // of the database, for floor
}

func open(b *testing.B, server string) *shop {
	b.Helper()
	s := &shop{server: server, name: buntest.Name(b, server)}
	db, err := bunstore.Open(b.Context(), s.name, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	s.Shop, err = embed.On(b.Context(), db, &embed.Options{Passive: true, Secret: bytes.Repeat([]byte("s"), 32), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if err := s.Seed(b.Context(), "USD", "US"); err != nil {
		b.Fatal(err)
	}
	s.Factory = shoptest.Factory{TB: b, Shop: s.Shop.Shop}
	return s
}

// each runs a benchmark on SQLite and on MySQL.
func each(b *testing.B, bench func(b *testing.B, server string)) {
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		b.Run(server, func(b *testing.B) {
			buntest.Need(b, server)
			bench(b, server)
		})
	}
}

// by lets clients share n pieces of work.
func by(clients, n int, work func(i int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range clients {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				work(int(i))
			}
		})
	}
	wg.Wait()
}

// carts makes n carts with one of each of so many things, out of kinds.
func (s *shop) carts(b *testing.B, n, things, kinds int) []storefront.Cart {
	b.Helper()
	variants := make([]string, kinds)
	for i := range variants {
		variants[i] = s.Variant(shoptest.Name(i), 1000, int64(n*things))
	}
	out := make([]storefront.Cart, n)
	for i := range out {
		var lines []shoptest.Line
		for k := range things {
			lines = append(lines, shoptest.Line{Variant: variants[(things*i+k)%kinds], Quantity: 1})
		}
		out[i] = s.Cart(lines...)
	}
	return out
}

// sell completes carts by so many clients and returns the orders per second.
func (s *shop) sell(b *testing.B, clients int, carts []storefront.Cart) float64 {
	b.Helper()
	if _, err := s.Complete(s.Cart(shoptest.Line{Variant: s.Variant("Warm", 1000, 1), Quantity: 1}), "cash_on_delivery"); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	by(clients, len(carts), func(i int) {
		if _, err := s.Complete(carts[i], "cash_on_delivery"); err != nil {
			b.Errorf("complete: %v", err)
		}
	})
	b.StopTimer()
	return float64(len(carts)) / b.Elapsed().Seconds()
}

// products fills the shop with n products that lists show.
func (s *shop) products(b *testing.B, n int) {
	b.Helper()
	for i := range n {
		s.Variant(shoptest.Name(i), 1000, 5)
	}
	if err := s.Drain(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// list returns a page of 24 products.
func (s *shop) list(ctx context.Context) (catalog.SearchOutput, error) {
	return s.Storefront.Products(ctx, storefront.ProductsInput{Filters: catalog.Filters{Query: page.Query{Limit: 24}}})
}
