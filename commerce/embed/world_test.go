package embed_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

const (
	cash     = offlinepay.CashOnDelivery
	transfer = offlinepay.BankTransfer
	card     = fakepay.Card
)

// world is a shop and the ways to it: Factory.Shop and far are reached through
// JSON, with idempotency keys honored, as by a host; shop is called directly.
type world struct {
	shoptest.Factory
	shop  *embed.Shop
	far   *commerce.Shop
	bank  *fakepay.Provider
	clock *shoptest.Clock
}

// on opens an empty shop on an empty database of server.
func on(t *testing.T, server string) *world {
	t.Helper()
	return around(t, buntest.Open(t, server))
}

func around(t *testing.T, db *bunstore.DB) *world {
	t.Helper()
	return with(t, db, fakepay.New(nil), nil, "USD")
}

// with is around, of a shop in currency c that is paid through provider, the bank
// itself when that is nil.
func with(t *testing.T, db *bunstore.DB, bank *fakepay.Provider, provider payment.Provider, c money.Currency) *world {
	t.Helper()
	if provider == nil {
		provider = bank
	}
	w := &world{bank: bank, clock: shoptest.NewClock(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))}
	var err error
	w.shop, err = embed.On(t.Context(), db, &embed.Options{Passive: true, Now: w.clock.Now, Secret: bytes.Repeat([]byte("s"), 32),
		Providers: []payment.Provider{offlinepay.New(), provider}, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.shop.Close() })
	if err := w.shop.Seed(t.Context(), c, "US"); err != nil {
		t.Fatal(err)
	}
	wire := &loopback.Wire{}
	w.shop.Register(wire)
	w.far = commerce.Remote(wire)
	w.Factory = shoptest.Factory{TB: t, Shop: w.far}
	return w
}

// each runs a race on SQLite and on MySQL, and then looks whether everything
// adds up.
func each(t *testing.T, race func(t *testing.T, w *world)) {
	t.Helper()
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		t.Run(server, func(t *testing.T) {
			w := on(t, server)
			race(t, w)
			w.audit(t)
		})
	}
}

func (w *world) audit(t *testing.T) {
	t.Helper()
	shoptest.Audit(t, w.shop.Shop)
	shoptest.AuditStore(t, w.shop.DB)
}

// scaled returns full when MERCER_TEST_FULL is set: the size of a race in the
// requirements. What is usual is as much as a test run can wait for.
func scaled(usual, full int) int {
	if os.Getenv("MERCER_TEST_FULL") != "" {
		return full
	}
	return usual
}

// together runs fn n times at once, and returns when all have returned.
func together(n int, fn func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	wg.Wait()
}

// lost fails the test unless err is an answer that a client can use: one of
// those allowed, and in no case a fault of the server.
func lost(t *testing.T, err error, allowed ...error) {
	t.Helper()
	if status := fault.KindOf(err).Status(); status >= 500 {
		t.Errorf("status %d: %v", status, err)
		return
	}
	for _, a := range allowed {
		if errors.Is(err, a) {
			return
		}
	}
	t.Errorf("err = %v, want one of %v", err, allowed)
}

// complete completes a cart as its guest under a key, none when it is "".
func (w *world) complete(c storefront.Cart, method, key string) (checkout.Placed, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // of the real clock: no test hangs
	defer cancel()
	ctx = ident.WithKey(shoptest.Guest(ctx, c), key)
	return w.far.Checkout.Complete(ctx, checkout.CompleteInput{ID: c.ID, ExpectedTotal: c.Totals.Total, Payment: checkout.Means{Method: method}})
}

func (w *world) order(id string) order.Order {
	w.Helper()
	o, err := w.shop.Orders.Order(context.Background(), order.IDInput{ID: id})
	if err != nil {
		w.Fatal(err)
	}
	return o
}

// orders returns how many orders the shop has.
func (w *world) orders() int64 {
	w.Helper()
	page, err := w.shop.Orders.Orders(context.Background(), order.OrdersInput{Count: "exact"})
	if err != nil || page.Total == nil {
		w.Fatal(page.Total, err)
	}
	return *page.Total
}

func (w *world) level(variant string) inventory.Level {
	w.Helper()
	page, err := w.shop.Inventory.Levels(context.Background(), inventory.LevelsInput{VariantIDs: []string{variant}})
	if err != nil || len(page.Items) != 1 {
		w.Fatalf("levels of %s: %d, %v", variant, len(page.Items), err)
	}
	return page.Items[0]
}

// stored returns a cart as it is kept.
func (w *world) stored(id string) cart.Cart {
	w.Helper()
	c, err := w.shop.Carts.Cart(context.Background(), cart.IDInput{ID: id})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// carts makes n carts that lack nothing.
func (w *world) carts(n int, lines ...shoptest.Line) []storefront.Cart {
	w.Helper()
	out := make([]storefront.Cart, n)
	for i := range out {
		out[i] = w.Cart(lines...)
	}
	return out
}

func one(variant string) shoptest.Line { return shoptest.Line{Variant: variant, Quantity: 1} }
