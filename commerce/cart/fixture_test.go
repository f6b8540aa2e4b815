package cart_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// shop is an engine over memory, with what it has announced and been asked.
type shop struct {
	*cart.Engine
	t     *testing.T
	store *recorder
	list  *priceList
	now   time.Time
}

func open(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, store: &recorder{Store: memstore.Carts{DB: memstore.New()}}, now: time.Date(2026, 11, 22, 8, 0, 0, 123456789, time.UTC)}
	s.list = &priceList{prices: map[string]money.Amount{
		"eu/mug": money.New(1499, "EUR"), "eu/top": money.New(5000, "EUR"), "us/mug": money.New(1799, "USD"), "jp/mug": money.New(2100, "JPY"),
		"eu/odd": money.New(1, "USD")}}
	s.Engine = cart.New(s.store, s.list, &cart.Options{Now: func() time.Time { return s.now }, Secret: []byte("secret")})
	return s
}

// recorder is a store that shows what was recorded, without what a failed unit
// took back: tests look at events of commands that succeed.
type recorder struct {
	cart.Store
	mu     sync.Mutex
	events []event.Envelope
	saves  int
	before func(ctx context.Context) // called in the unit of the next Save, before it

	onOpenOf func() // called after the next OpenOf
	onIdle   func() // called when Idle has found something
}

func (r *recorder) Record(ctx context.Context, evs ...event.Envelope) error {
	r.mu.Lock()
	r.events = append(r.events, evs...)
	r.mu.Unlock()
	return r.Store.Record(ctx, evs...)
}

func (r *recorder) Save(ctx context.Context, c *cart.Cart) error {
	r.mu.Lock()
	r.saves++
	before := r.before
	r.before = nil
	r.mu.Unlock()
	if before != nil {
		before(ctx)
	}
	return r.Store.Save(ctx, c)
}

func (r *recorder) OpenOf(ctx context.Context, customerID, market string, currency money.Currency) (cart.Cart, error) {
	c, err := r.Store.OpenOf(ctx, customerID, market, currency)
	r.mu.Lock()
	call := r.onOpenOf
	r.onOpenOf = nil
	r.mu.Unlock()
	if call != nil {
		call()
	}
	return c, err
}

func (r *recorder) Idle(ctx context.Context, t time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for id, err := range r.Store.Idle(ctx, t) {
			if call := r.onIdle; call != nil {
				r.onIdle = nil
				call()
			}
			if !yield(id, err) {
				return
			}
		}
	}
}

func (s *shop) wantEvents(names ...string) {
	s.t.Helper()
	got := []string{}
	for _, e := range s.store.events {
		got = append(got, e.Name+" "+e.Key)
	}
	if !slices.Equal(got, append([]string{}, names...)) {
		s.t.Errorf("events = %q, want %q", got, names)
	}
}

// priceList is a Prices by "market/variant".
type priceList struct {
	mu     sync.Mutex
	prices map[string]money.Amount
	asked  []cart.PricesInput
	err    error
	after  func() // called once, before it answers
}

func (p *priceList) Prices(ctx context.Context, in cart.PricesInput) ([]cart.Price, error) {
	if err := txn.Outside(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, in)
	if after := p.after; after != nil {
		p.after = nil
		after()
	}
	out := make([]cart.Price, len(in.Items))
	for i, w := range in.Items {
		if a, ok := p.prices[in.Market+"/"+w.VariantID]; ok {
			out[i].Amount = &a
		}
	}
	return out, p.err
}

func guest(ctx context.Context, token string) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Guest, CartToken: token})
}

func customer(ctx context.Context, id, token string) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Customer, ID: id, CartToken: token})
}

func staff(ctx context.Context, scopes ...string) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Staff, ID: "key_1", Scopes: scopes})
}

func add(variant string, n int64) cart.AddItem { return cart.AddItem{VariantID: variant, Quantity: n} }

// create makes a cart in the market eu for who asks.
func (s *shop) create(ctx context.Context, items ...cart.AddItem) cart.Cart {
	s.t.Helper()
	c, err := s.Create(ctx, cart.CreateInput{Market: "eu", Currency: "EUR", Items: items})
	if err != nil {
		s.t.Fatalf("create: %v", err)
	}
	return c
}

// stored returns the cart as it is in the store.
func (s *shop) stored(id string) cart.Cart {
	s.t.Helper()
	c, err := s.store.Cart(context.Background(), id)
	if err != nil {
		s.t.Fatalf("cart %s: %v", id, err)
	}
	return c
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("err = %v, want %v", got, want)
	}
}

// wantMeta checks the code and the meta of err.
func wantMeta(t *testing.T, err error, want *fault.Error, meta string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != want.Code || f.Kind != want.Kind || string(f.Meta) != meta {
		t.Errorf("err = %v with meta %s, want %s with %s", err, fault.Public(err).Meta, want.Code, meta)
	}
}

// contents says what is in a cart: "mug×2@1499 top×1@5000".
func contents(c cart.Cart) string {
	var out []string
	for _, it := range c.Items {
		out = append(out, it.VariantID+"×"+itoa(it.Quantity)+"@"+itoa(it.Price.Minor))
	}
	return strings.Join(out, " ")
}
