package fleettest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// Sales are shoppers who buy over HTTP, each of them insisting: a request that
// gets no answer, or is told to come again, is sent again with the same key.
type Sales struct {
	t     testing.TB
	shop  *commerce.Shop
	items []string // variants

	mu     sync.Mutex
	placed []Sale
	took   map[string][]time.Duration // answered requests, by what they were
	tries  int                        // requests that were sent again
	broken []string                   // requests that were taken and not answered
}

// Sale is an order that a shopper was told of.
type Sale struct{ Order, Token string }

// Shoppers returns shoppers of the API at url who buy variants.
func Shoppers(t testing.TB, url string, variants ...string) *Sales {
	return &Sales{t: t, shop: commerce.Remote(httpapi.Client{Base: url, HTTP: client()}), items: variants, took: map[string][]time.Duration{}}
}

func client() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 256}}
}

// Staff returns the shop at url as the bearer of a secret key has it, and a
// factory over it.
func Staff(t testing.TB, url, key string) shoptest.Factory {
	return shoptest.Factory{TB: t, Shop: commerce.Remote(httpapi.Client{Base: url, Token: key, HTTP: client()})}
}

// atOnce is how many shoppers there are at a time: where the machine is slow, more
// would only show that.
const atOnce = 32

// Run lets a new shopper come each interval until ctx ends, unless the shop is
// full, and returns when the last one has finished. A shopper who has not got an order within three
// minutes fails the test.
func (s *Sales) Run(ctx context.Context, every time.Duration) {
	s.t.Helper()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var wg sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			wg.Wait()
			return
		case <-tick.C:
			select {
			case room <- struct{}{}:
			default:
				continue
			}
			wg.Go(func() {
				defer func() { <-room }()
				// The shopper stays when the shop is closing, and longer than a dead
				// process keeps a key to itself.
				one, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Minute)
				defer cancel()
				if err := s.Buy(one, n); err != nil {
					s.t.Errorf("shopper %d: %v", n, err)
				}
			})
		}
	}
}

// Buy buys one thing.
func (s *Sales) Buy(ctx context.Context, n int) error {
	ctx = ident.With(ctx, ident.Actor{Kind: ident.Guest})
	var c storefront.Cart
	err := s.insist(ctx, "cart", func(ctx context.Context) (err error) {
		c, err = s.shop.Storefront.CreateCart(ctx, storefront.CreateCartInput{Email: "ada@example.com",
			Items: []storefront.AddItem{{VariantID: s.items[n%len(s.items)], Quantity: 1}}})
		return err
	})
	if err != nil {
		return err
	}
	ctx, id := shoptest.Guest(ctx, c), c.ID
	for _, kind := range []string{"shipping", "billing"} {
		err := s.insist(ctx, "address", func(ctx context.Context) (err error) {
			c, err = s.shop.Storefront.SetAddress(ctx, storefront.SetAddressInput{ID: id, Kind: kind, Address: shoptest.Address()})
			return err
		})
		if err != nil {
			return err
		}
	}
	err = s.insist(ctx, "shipping", func(ctx context.Context) (err error) {
		c, err = s.shop.Storefront.SetShippingOption(ctx, storefront.SetShippingOptionInput{ID: id, OptionID: "so_standard"})
		return err
	})
	if err != nil {
		return err
	}
	var p checkout.Placed
	err = s.insist(ctx, "complete", func(ctx context.Context) (err error) {
		p, err = s.shop.Checkout.Complete(ctx, checkout.CompleteInput{ID: id, ExpectedTotal: c.Totals.Total, Payment: checkout.Means{Method: "cash_on_delivery"}})
		if err == nil && p.Pending() {
			err = fault.ErrUnavailable.Saying("it is not placed yet")
		}
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.placed = append(s.placed, Sale{p.ID, p.AccessToken})
	return nil
}

// insist sends a request with one key until it has an answer.
func (s *Sales) insist(ctx context.Context, what string, ask func(context.Context) error) error {
	ctx = ident.WithKey(ctx, ident.NewID("try"))
	for {
		start := time.Now()
		err := ask(ctx)
		switch f, _ := errors.AsType[*fault.Error](err); {
		case err == nil:
			s.mu.Lock()
			s.took[what] = append(s.took[what], time.Since(start))
			s.mu.Unlock()
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", what, err)
		case f == nil || f.Kind != fault.Unavailable && f.Code != "idempotency.in_flight" && f.Code != "checkout.in_progress":
			return fmt.Errorf("%s: %w", what, err)
		}
		s.mu.Lock()
		s.tries++
		if _, ok := errors.AsType[*url.Error](err); ok && !errors.Is(err, syscall.ECONNREFUSED) {
			s.broken = append(s.broken, err.Error())
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Wait returns when n more shoppers have an order.
func (s *Sales) Wait(n int) {
	s.t.Helper()
	before := len(s.Placed())
	if !within(time.Minute, func() bool { return len(s.Placed()) >= before+n }) {
		s.t.Errorf("%d orders in a minute, want %d", len(s.Placed())-before, n)
	}
}

// Placed returns the orders that shoppers were told of.
func (s *Sales) Placed() []Sale {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.placed)
}

// Tries returns how many requests were sent again.
func (s *Sales) Tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries
}

// Broken returns why requests had no answer at all, though they were taken.
func (s *Sales) Broken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.broken)
}

// Quantile returns how long the share q of the requests of a kind took at most.
func (s *Sales) Quantile(what string, q float64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Sorted(slices.Values(s.took[what]))
	if len(all) == 0 {
		return 0
	}
	return all[min(len(all)-1, int(q*float64(len(all))))]
}

// Find asks for every order that a shopper was told of, as the shopper does, and
// fails the test for each that is not there, or is there twice.
func (s *Sales) Find(ctx context.Context) {
	s.t.Helper()
	seen := map[string]bool{}
	for _, p := range s.Placed() {
		if seen[p.Order] {
			s.t.Errorf("order %s was given to two shoppers", p.Order)
		}
		seen[p.Order] = true
		o, err := s.shop.Checkout.Order(ident.With(ctx, ident.Actor{Kind: ident.Guest, OrderToken: p.Token}), order.IDInput{ID: p.Order})
		if err != nil || cmp.Or(o.ID, "none") != p.Order || o.Status != order.StatusConfirmed {
			s.t.Errorf("order %s, which a shopper was told of: %s %s, %v", p.Order, o.ID, o.Status, err)
		}
	}
}
