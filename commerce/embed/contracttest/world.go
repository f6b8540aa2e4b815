package contracttest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// world is what one case works with: a shop that it shares with the others, in
// which it makes things of its own.
type world struct {
	*testing.T
	*commerce.Shop
	make shoptest.Factory
	call op.Caller
	bare account.Service // where nobody can sign in
	top  *Topology
}

func newWorld(t *testing.T, rec *recorder, top *Topology) *world {
	s := commerce.Remote(rec)
	bare := through{rec, top.Bare}
	return &world{T: t, Shop: s, make: shoptest.Factory{TB: t, Shop: s}, call: rec, bare: account.Client{Caller: bare}, top: top}
}

// inside returns a context in which a service of the shop asks.
func (w *world) inside() context.Context { return ident.As(w.Context(), "contract") }

// as returns a context in which a asks.
func (w *world) as(a ident.Actor) context.Context { return ident.With(w.Context(), a) }

// someone returns a context in which a customer asks whom nobody else is.
func (w *world) someone() context.Context {
	return w.as(ident.Actor{Kind: ident.Customer, ID: ident.NewID("cus")})
}

// with returns a context in which the guest asks who holds the token of c.
func (w *world) with(c storefront.Cart) context.Context { return shoptest.Guest(w.Context(), c) }

// name returns a name that nothing else has: a slug, a code, a key.
func (w *world) name() string { return strings.ToLower(ident.NewID("c")) }

// ok fails the case unless a call has succeeded.
func (w *world) ok(_ any, err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("err = %v, want none", err)
	}
}

// got returns what a call has answered, when it has succeeded.
func got[T any](v T, err error) func(*world) T {
	return func(w *world) T {
		w.Helper()
		w.ok(v, err)
		return v
	}
}

// fails returns what fails the case unless a call was refused with want.
func (w *world) fails(want *fault.Error) func(any, error) {
	return func(_ any, err error) {
		w.Helper()
		if !errors.Is(err, want) {
			w.Errorf("err = %v, want %s", err, want.Code)
		}
	}
}

// eventually tries until it succeeds, while time passes for the shop.
func (w *world) eventually(what string, try func() bool) {
	w.Helper()
	const patience, longest = 20 * time.Second, 100 * time.Millisecond
	until := time.After(patience)
	for wait := time.Millisecond; !try(); wait = min(2*wait, longest) {
		select {
		case <-until:
			w.Fatalf("never: %s", what)
		case <-time.After(wait):
		}
		w.top.Pass(time.Second)
	}
}

// together does n things at once and returns how each went.
func together(n int, do func(i int) error) []error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			errs[i] = do(i)
		})
	}
	close(begin)
	wg.Wait()
	return errs
}

// anyIs reports whether one of errs is want.
func anyIs(errs []error, want error) bool {
	for _, err := range errs {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}

// usd is an amount in minor units.
func usd(minor int64) money.Amount { return shoptest.USD(minor) }

// nobody is an id that nothing has.
const nobody = "none_0000"

func line(variant string, n int64) shoptest.Line { return shoptest.Line{Variant: variant, Quantity: n} }

// fields is a new product with one variant.
func (w *world) fields() catalog.ProductFields {
	return catalog.ProductFields{Slug: w.name(), Title: "Contract", Status: catalog.StatusActive, Published: new(true),
		Variants: []catalog.VariantFields{{SKU: w.name(), RequiresShipping: true, Taxable: true}}}
}

// product makes one.
func (w *world) product() catalog.Product {
	w.Helper()
	return got(w.Catalog.CreateProduct(w.Context(), catalog.CreateProductInput{ProductFields: w.fields()}))(w)
}

// category makes one below parent.
func (w *world) category(parent string) catalog.Category {
	w.Helper()
	return got(w.Catalog.CreateCategory(w.Context(), catalog.CreateCategoryInput{ParentID: parent, Slug: w.name(), Name: "Contract"}))(w)
}

// goods makes a variant with enough of it, at a price in cents.
func (w *world) goods(price int64) string {
	w.Helper()
	return w.make.Variant("Contract", price, 1000)
}

// byID names an order.
func byID(o order.Order) order.IDInput { return order.IDInput{ID: o.ID} }
