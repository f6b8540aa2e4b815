// Package shoptest gives tests a whole shop: on a scratch database, with a clock
// that stands still, and with factories for what a test needs to be there.
package shoptest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// Clock is a clock that moves only when it is told to. It is safe for
// concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows t.
func NewClock(t time.Time) *Clock { return &Clock{now: t.UTC()} }

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Shop is a shop for one test, with factories.
type Shop struct {
	*embed.Shop
	Factory
	Clock *Clock
}

// Open returns an empty shop in USD on a scratch database, which lives as long
// as the test. It does no work of its own: call Drain or RunJob. opts may be nil.
func Open(t testing.TB, opts *embed.Options) *Shop {
	t.Helper()
	clock := NewClock(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))
	o := embed.Options{Passive: true, Now: clock.Now}
	if opts != nil {
		o = *opts
		o.Passive = true
		if o.Now == nil {
			o.Now = clock.Now
		}
	}
	s, err := embed.Open(context.Background(), t.TempDir(), &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Shop{Shop: s, Factory: Factory{TB: t, Shop: s.Shop}, Clock: clock}
}

// Factory makes things in a shop and fails its test when that does not work.
type Factory struct {
	testing.TB
	Shop *commerce.Shop
}

// Address is somewhere in Berlin.
func Address() address.Address {
	return address.Address{Name: "Ada Buyer", Line1: "Hauptstr. 1", City: "Berlin", PostalCode: "10115", Country: "DE"}
}

func must[T any](f Factory, what string) func(T, error) T {
	return func(v T, err error) T {
		f.Helper()
		if err != nil {
			f.Fatalf("%s: %v", what, err)
		}
		return v
	}
}

// Variant makes an active product with one tracked variant, of which stock are
// on hand, at price in minor units of USD, and returns the variant's id.
func (f Factory) Variant(title string, price, stock int64) string {
	f.Helper()
	ctx := context.Background()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := must[catalog.Product](f, "create product")(f.Shop.Catalog.CreateProduct(ctx, catalog.CreateProductInput{ProductFields: catalog.ProductFields{
		Slug: slug(title), Title: title, Status: catalog.StatusActive, PublishedAt: &now,
		Variants: []catalog.VariantFields{{RequiresShipping: true, Taxable: true, WeightG: 100}}}}))
	id := p.Variants[0].ID
	f.Price(id, price)
	f.Stock(id, stock)
	return id
}

func slug(title string) string {
	return strings.ToLower(strings.ReplaceAll(title, " ", "-")) + "-" + strings.ToLower(ident.NewID("x")[14:])
}

// Price sets the price of a variant in minor units of USD.
func (f Factory) Price(variant string, minor int64) {
	f.Helper()
	out := must[pricing.PutPricesOutput](f, "put price")(f.Shop.Pricing.PutPrices(context.Background(), pricing.PutPricesInput{Sets: []pricing.PriceSet{{
		VariantID: variant, Currency: "USD", Prices: []pricing.PriceFields{{Amount: minor}}}}}))
	if e := out.Results[0].Error; e != nil {
		f.Fatalf("put price: %v", e)
	}
}

// Stock says how many of a variant lie on the shelf.
func (f Factory) Stock(variant string, onHand int64) {
	f.Helper()
	must[inventory.Level](f, "set stock")(f.Shop.Inventory.SetLevel(context.Background(), inventory.SetLevelInput{VariantID: variant, OnHand: onHand}))
}

// Available returns how many of a variant can be promised.
func (f Factory) Available(variant string) int64 {
	f.Helper()
	out := must[inventory.AvailabilityOutput](f, "availability")(f.Shop.Inventory.Availability(context.Background(), inventory.AvailabilityInput{VariantIDs: []string{variant}}))
	return out.Items[0].Quantity
}

// Line is a quantity of a variant.
type Line struct {
	Variant  string
	Quantity int64
}

// Guest returns a context in which the guest who holds the cart's token asks.
func Guest(ctx context.Context, c storefront.Cart) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Guest, CartToken: c.Token})
}

// Staff returns a context in which a member of the staff with scopes asks.
func Staff(ctx context.Context, scopes ...string) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Staff, ID: "key_test", Scopes: scopes})
}

// Cart makes a guest's cart that lacks nothing for its completion. Token is set.
func (f Factory) Cart(lines ...Line) storefront.Cart {
	f.Helper()
	ctx := ident.With(context.Background(), ident.Actor{Kind: ident.Guest})
	var items []storefront.AddItem
	for _, l := range lines {
		items = append(items, storefront.AddItem{VariantID: l.Variant, Quantity: l.Quantity})
	}
	c := must[storefront.Cart](f, "create cart")(f.Shop.Storefront.CreateCart(ctx, storefront.CreateCartInput{Email: "ada@example.com", Items: items}))
	ctx = Guest(ctx, c)
	token := c.Token
	for _, kind := range []string{"shipping", "billing"} {
		c = must[storefront.Cart](f, "set address")(f.Shop.Storefront.SetAddress(ctx, storefront.SetAddressInput{ID: c.ID, Kind: kind, Address: Address()}))
	}
	ways := must[storefront.ShippingOptions](f, "shipping options")(f.Shop.Storefront.ShippingOptions(ctx, cart.IDInput{ID: c.ID}))
	if len(ways.Items) > 0 {
		c = must[storefront.Cart](f, "set shipping")(f.Shop.Storefront.SetShippingOption(ctx, storefront.SetShippingOptionInput{ID: c.ID, OptionID: ways.Items[0].ID}))
	}
	if len(c.Requirements) > 0 {
		f.Fatalf("the cart lacks %+v", c.Requirements)
	}
	c.Token = token
	return c
}

// Complete completes a cart of Cart as its guest.
func (f Factory) Complete(c storefront.Cart, method string) (checkout.Placed, error) {
	return f.Shop.Checkout.Complete(Guest(context.Background(), c), checkout.CompleteInput{ID: c.ID, ExpectedTotal: c.Totals.Total, Payment: checkout.Means{Method: method}})
}

// Order places an order with a payment method.
func (f Factory) Order(method string, lines ...Line) order.Order {
	f.Helper()
	p, err := f.Complete(f.Cart(lines...), method)
	if err != nil {
		f.Fatalf("complete: %v", err)
	}
	return p.Order
}

// USD returns an amount in minor units.
func USD(minor int64) money.Amount { return money.New(minor, "USD") }

// Name returns a title that no other product has.
func Name(n int) string { return fmt.Sprintf("Thing %d", n) }
