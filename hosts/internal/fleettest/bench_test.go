package fleettest_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
)

// BenchmarkShopper compares the single server with the gateway and its services,
// both over HTTP and on MySQL: how long a product page, adding to a cart and
// completing take, for one shopper at a time and for eight.
func BenchmarkShopper(b *testing.B) {
	buntest.Need(b, buntest.MySQL)
	for _, place := range []struct {
		name  string
		start func(testing.TB, fleettest.Options) *fleettest.Fleet
	}{{"server", fleettest.StartServer}, {"platform", fleettest.Start}} {
		b.Run(place.name, func(b *testing.B) {
			f := place.start(b, fleettest.Options{})
			staff := fleettest.Staff(b, f.URL, f.Key("*"))
			var variants []string
			for i := range 20 {
				variants = append(variants, staff.Variant(shoptest.Name(i), 1499, 1_000_000))
			}
			guest := fleettest.Staff(b, f.URL, "")
			v, err := guest.Shop.Storefront.Variant(b.Context(), storefront.VariantInput{ID: variants[0]})
			if err != nil {
				b.Fatal(err)
			}
			for _, clients := range []int{1, 8} {
				b.Run(map[int]string{1: "clients=1", 8: "clients=8"}[clients], func(b *testing.B) {
					sales := fleettest.Shoppers(b, f.URL, variants...)
					var pages, adds series
					var wg sync.WaitGroup
					for c := range clients {
						wg.Go(func() {
							for i := c; i < b.N; i += clients {
								pages.time(b, func() error {
									_, err := guest.Shop.Storefront.Product(b.Context(), storefront.ProductInput{ID: v.ProductID})
									return err
								})
								ctx := ident.With(b.Context(), ident.Actor{Kind: ident.Guest})
								cart, err := guest.Shop.Storefront.CreateCart(ctx, storefront.CreateCartInput{Items: []storefront.AddItem{{VariantID: variants[i%20], Quantity: 1}}})
								if err != nil {
									b.Error(err)
									return
								}
								adds.time(b, func() error {
									_, err := guest.Shop.Storefront.AddItems(shoptest.Guest(ctx, cart), storefront.AddItemsInput{ID: cart.ID,
										Items: []storefront.AddItem{{VariantID: variants[(i+1)%20], Quantity: 1}}})
									return err
								})
								if err := sales.Buy(b.Context(), i); err != nil {
									b.Error(err)
									return
								}
							}
						})
					}
					wg.Wait()
					b.ReportMetric(0, "ns/op")
					for name, q := range map[string]func(float64) time.Duration{"page": pages.quantile, "add": adds.quantile,
						"complete": func(p float64) time.Duration { return sales.Quantile("complete", p) }} {
						b.ReportMetric(float64(q(0.5).Microseconds())/1000, name+"-p50-ms")
						b.ReportMetric(float64(q(0.99).Microseconds())/1000, name+"-p99-ms")
					}
				})
			}
		})
	}
}

// series is how long something took, again and again.
type series struct {
	mu   sync.Mutex
	took []time.Duration
}

func (s *series) time(b *testing.B, fn func() error) {
	start := time.Now()
	if err := fn(); err != nil {
		b.Error(err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, time.Since(start))
}

func (s *series) quantile(q float64) time.Duration {
	slices.Sort(s.took)
	if len(s.took) == 0 {
		return 0
	}
	return s.took[min(len(s.took)-1, int(q*float64(len(s.took))))]
}
