package embed_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

// How many statements an operation may send, BEGIN and COMMIT included, where
// each is a round trip: on MySQL and MariaDB. SQLite reads back what these
// servers count, and is only told.
const (
	budgetList     = 3
	budgetProduct  = 5
	budgetAdd      = 10
	budgetKey      = 2 // more, for an idempotency key
	budgetOffline  = 32
	budgetProvider = 46
	budgetItem     = 2 // more, for each item beyond three
	budgetCode     = 3 // more, for one code: it is looked up, counted, and its use is written
	budgetOrder    = 1
	budgetOrders   = 1
)

// countedShop is a shop whose statements are counted.
type countedShop struct {
	shoptest.Factory
	*tally
	shop *embed.Shop
	wire op.Caller // honors idempotency keys
}

func eachCounted(t *testing.T, test func(t *testing.T, s *countedShop)) {
	t.Helper()
	for _, server := range []string{buntest.SQLite, buntest.MySQL, buntest.MariaDB} {
		t.Run(server, func(t *testing.T) {
			db, count := openCounted(t, server)
			clock := shoptest.NewClock(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))
			shop, err := embed.On(t.Context(), db, &embed.Options{Passive: true, Now: clock.Now, Secret: bytes.Repeat([]byte("s"), 32),
				Providers: []payment.Provider{offlinepay.New(), fakepay.New(nil)}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { shop.Close() })
			if err := shop.Seed(t.Context(), "USD", "US"); err != nil {
				t.Fatal(err)
			}
			wire := &loopback.Wire{}
			shop.Register(wire)
			s := &countedShop{shoptest.Factory{TB: t, Shop: shop.Shop}, count, shop, wire}
			s.Order("cash_on_delivery", shoptest.Line{Variant: s.Variant("Warm", 1000, 10), Quantity: 1}) // settings, order numbers
			test(t, s)
		})
	}
}

// within fails the test when fn sends more statements than budget, and names
// them. It returns how many there were.
func (s *countedShop) within(t *testing.T, what string, budget int, fn func() error) int {
	t.Helper()
	var err error
	sent := s.of(func() { err = fn() })
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	t.Logf("%s: %d statements of %d", what, len(sent), budget)
	if len(sent) <= budget || s.shop.DB.Dialect() == bunstore.SQLite {
		return len(sent)
	}
	t.Errorf("%s sends %d statements, budget %d", what, len(sent), budget)
	for i, q := range sent {
		t.Logf("%3d %s", i+1, clip(q))
	}
	return len(sent)
}

func clip(q string) string {
	q = strings.Join(strings.Fields(q), " ")
	return q[:min(len(q), 110)]
}

func TestBudgetOfCatalog(t *testing.T) {
	eachCounted(t, func(t *testing.T, s *countedShop) {
		for i := range 100 {
			s.Variant(shoptest.Name(i), 1000, 5)
		}
		if err := s.shop.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		list := func(n int) func() error {
			return func() error {
				out, err := s.Shop.Storefront.Products(t.Context(), storefront.ProductsInput{Filters: catalog.Filters{Query: page.Query{Limit: n}}})
				if err == nil && len(out.Items) != n {
					err = fmt.Errorf("%d products, want %d", len(out.Items), n)
				}
				return err
			}
		}
		ten := s.within(t, "list of 10", budgetList, list(10))
		if hundred := s.within(t, "list of 100", budgetList, list(100)); hundred != ten {
			t.Errorf("a list of 100 sends %d statements, one of 10 %d", hundred, ten)
		}
		variant := s.Variant("Mug", 1000, 5)
		of, err := s.Shop.Catalog.Variants(t.Context(), catalog.VariantsInput{IDs: []string{variant}})
		if err != nil {
			t.Fatal(err)
		}
		s.within(t, "product", budgetProduct, func() error {
			_, err := s.Shop.Storefront.Product(t.Context(), storefront.ProductInput{ID: of.Items[0].Slug})
			return err
		})
	})
}

func TestBudgetOfCart(t *testing.T) {
	eachCounted(t, func(t *testing.T, s *countedShop) {
		lines := s.lines(3)
		c := s.Cart(lines[:2]...)
		add := storefront.AddItemsInput{ID: c.ID, Items: []storefront.AddItem{{VariantID: lines[2].Variant, Quantity: 1}}}
		ctx := shoptest.Guest(t.Context(), c)
		s.within(t, "add to cart", budgetAdd, func() error {
			_, err := s.Shop.Storefront.AddItems(ctx, add)
			return err
		})
		s.within(t, "add to cart with a key", budgetAdd+budgetKey, func() error {
			_, err := op.Call(ident.WithKey(ctx, "add-1"), s.wire, storefront.OpAddItems, add)
			return err
		})
	})
}

// lines makes n things and returns one of each.
func (s *countedShop) lines(n int) (out []shoptest.Line) {
	for i := range n {
		out = append(out, shoptest.Line{Variant: s.Variant(shoptest.Name(i), 1000, 100), Quantity: 1})
	}
	return out
}

func TestBudgetOfComplete(t *testing.T) {
	eachCounted(t, func(t *testing.T, s *countedShop) {
		lines := s.lines(8)
		for _, c := range []struct {
			method string
			budget int
		}{{"cash_on_delivery", budgetOffline}, {"fake_card", budgetProvider}} {
			complete := func(n, budget int) int {
				cart := s.Cart(lines[:n]...)
				return s.within(t, fmt.Sprintf("complete %d items by %s", n, c.method), budget, func() error {
					_, err := s.Complete(cart, c.method)
					return err
				})
			}
			three := complete(3, c.budget)
			complete(8, three+5*budgetItem)
			coded := s.coded(lines[:3]...)
			s.within(t, "complete 3 items with a code by "+c.method, three+budgetCode, func() error {
				p, err := s.Complete(coded, c.method)
				if err == nil && p.Totals.Discount.Minor != 300 {
					err = fmt.Errorf("%v off, want 3.00", p.Totals.Discount)
				}
				return err
			})
			keyed := s.Cart(lines[:3]...)
			s.within(t, "complete with a key by "+c.method, c.budget+budgetKey, func() error {
				ctx := ident.WithKey(shoptest.Guest(t.Context(), keyed), "complete-"+c.method)
				_, err := op.Call(ctx, s.wire, checkout.OpComplete, checkout.CompleteInput{ID: keyed.ID, ExpectedTotal: keyed.Totals.Total, Payment: checkout.Means{Method: c.method}})
				return err
			})
		}
	})
}

// coded is a cart with a code for 10 % off.
func (s *countedShop) coded(lines ...shoptest.Line) storefront.Cart {
	s.Helper()
	code := ident.NewID("CODE")
	_, err := s.Shop.Pricing.CreatePromotion(s.Context(), pricing.PromotionFields{Title: "Ten", Code: &code, Kind: pricing.KindPercent, Percent: 100_000, Scope: pricing.ScopeOrder,
		UsageLimit: new(int64(1))})
	if err != nil {
		s.Fatal(err)
	}
	c := s.Cart(lines...)
	seen, err := s.Shop.Storefront.AddDiscountCode(shoptest.Guest(s.Context(), c), storefront.AddDiscountCodeInput{ID: c.ID, Code: code})
	if err != nil {
		s.Fatal(err)
	}
	seen.Token = c.Token
	return seen
}

func TestBudgetOfOrders(t *testing.T) {
	eachCounted(t, func(t *testing.T, s *countedShop) {
		thing := shoptest.Line{Variant: s.Variant("Mug", 1000, 1000), Quantity: 1}
		var last order.Order
		for range 100 {
			last = s.Order("cash_on_delivery", thing)
		}
		ctx := shoptest.Staff(context.WithoutCancel(t.Context()), "orders:read")
		s.within(t, "order", budgetOrder, func() error {
			_, err := s.Shop.Orders.Order(ctx, order.IDInput{ID: last.ID})
			return err
		})
		list := func(n int) int {
			return s.within(t, fmt.Sprintf("list of %d orders", n), budgetOrders, func() error {
				out, err := s.Shop.Orders.Orders(ctx, order.OrdersInput{Query: page.Query{Limit: n}})
				if err == nil && len(out.Items) != n {
					err = fmt.Errorf("%d orders, want %d", len(out.Items), n)
				}
				return err
			})
		}
		if ten, hundred := list(10), list(100); ten != hundred {
			t.Errorf("a list of 100 orders sends %d statements, one of 10 %d", hundred, ten)
		}
	})
}
