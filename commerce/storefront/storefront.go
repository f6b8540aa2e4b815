// Package storefront answers what a shopper asks: lists, the product page, the
// cart with its sums, the order. It owns no data; each answer is made from one
// batch call to each engine that it needs, however many items there are.
package storefront

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/basket"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Ports are the engines that answers are made from: here, elsewhere, or some of
// each.
type Ports struct {
	Catalog  catalog.Service
	Stock    inventory.Service
	Prices   pricing.Service
	Carts    cart.Service
	Payments payment.Service
}

// Options change how an Engine works. The zero value is good.
type Options struct {
	Log    *slog.Logger     // slog.Default()
	Now    func() time.Time // time.Now
	Name   string           // of the shop, "Mercer"
	Secret []byte           // of cart tokens, the same as the cart engine's
}

// Engine answers shoppers. It is safe for concurrent use.
type Engine struct {
	Ports
	opts    Options
	markets marketCache
}

var _ Service = (*Engine)(nil)

// New returns an Engine over ports. opts may be nil.
func New(ports Ports, opts *Options) *Engine {
	e := &Engine{Ports: ports}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Log = cmp.Or(e.opts.Log, slog.Default())
	e.opts.Name = cmp.Or(e.opts.Name, "Mercer")
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	return e
}

// ports are those that a basket needs.
func (e *Engine) ports() basket.Ports {
	return basket.Ports{Catalog: e.Catalog, Stock: e.Stock, Prices: e.Prices, Payments: e.Payments}
}

// inside returns a context in which the storefront itself asks the engines, for
// questions that shoppers may not ask them directly.
func inside(ctx context.Context) context.Context { return ident.As(ctx, "storefront") }

// marketCache keeps the markets for a second: every answer needs them, and
// they hardly ever change.
type marketCache struct {
	mu    sync.Mutex
	items []pricing.Market
	until time.Time
}

// market returns a market by id, the default one for "".
func (e *Engine) market(ctx context.Context, id string) (pricing.Market, error) {
	all, err := e.allMarkets(ctx)
	if err != nil {
		return pricing.Market{}, err
	}
	for _, m := range all {
		if m.ID == cmp.Or(id, pricing.DefaultMarket) {
			return m, nil
		}
	}
	return pricing.Market{}, pricing.ErrMarketNotFound.With(map[string]string{"market": id})
}

func (e *Engine) allMarkets(ctx context.Context) ([]pricing.Market, error) {
	c := &e.markets
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := e.opts.Now(); now.After(c.until) {
		out, err := e.Prices.Markets(inside(ctx), op.Nothing{})
		if err != nil {
			return nil, err
		}
		c.items, c.until = out.Items, now.Add(time.Second)
	}
	return c.items, nil
}
