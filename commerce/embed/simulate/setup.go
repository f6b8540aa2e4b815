package simulate

import (
	"context"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// goods is something to buy.
type goods struct {
	product, variant string
	price            int64
}

// basket is a cart and whose it is.
type basket struct {
	id     string
	who    ident.Actor
	method string
}

// setUp makes a shop, and the carts that people are about to complete.
func (w *world) setUp() error {
	p := w.process()
	defer w.free(p)
	w.cur.proc = p
	defer func() { w.cur.proc = nil }()
	ctx := context.Background()
	if _, err := p.shop.Pricing.Seed(ctx, pricing.SeedInput{Currency: "USD", Country: "DE"}); err != nil {
		return err
	}
	if w.plot != nil {
		if err := w.plot.setUp(ctx, w, p); err != nil {
			return err
		}
		return w.subscribe()
	}
	if err := w.furnish(ctx, p); err != nil {
		return err
	}
	return w.subscribe()
}

// furnish makes what the seed has in the shop.
func (w *world) furnish(ctx context.Context, p *process) error {
	for i := range 1 + w.rng.IntN(2) {
		if err := w.product(ctx, p, i); err != nil {
			return err
		}
	}
	if err := w.firstCards(ctx, p); err != nil {
		return err
	}
	if err := w.promote(ctx, p); err != nil {
		return err
	}
	for i := range 2 + w.rng.IntN(4) {
		b, err := w.cart(ctx, p, i)
		if err != nil {
			return err
		}
		w.carts = append(w.carts, b)
	}
	return nil
}

// product makes something to buy, of which one to three lie on the shelf.
func (w *world) product(ctx context.Context, p *process, i int) error {
	price := int64(1999 + 1000*i)
	if i == 0 && w.chance(22) {
		price = 0 // nothing has to be paid for it
	}
	return w.sell(ctx, p, price, int64(1+w.rng.IntN(3)))
}

// sell makes something to buy at a price, of which so much lies on the shelf.
func (w *world) sell(ctx context.Context, p *process, price, onHand int64) error {
	published, i := w.now.Add(-time.Hour), len(w.goods)
	made, err := p.shop.Catalog.CreateProduct(ctx, catalog.CreateProductInput{ProductFields: catalog.ProductFields{
		Slug: fmt.Sprintf("thing-%d", i), Title: fmt.Sprintf("Thing %d", i), Status: catalog.StatusActive, PublishedAt: &published,
		Variants: []catalog.VariantFields{{RequiresShipping: true, Taxable: true, WeightG: 100}}}})
	if err != nil {
		return err
	}
	g := goods{made.ID, made.Variants[0].ID, price}
	out, err := p.shop.Pricing.PutPrices(ctx, pricing.PutPricesInput{Sets: []pricing.PriceSet{{
		VariantID: g.variant, Currency: "USD", Prices: []pricing.PriceFields{{Amount: g.price}}}}})
	if err != nil {
		return err
	}
	if refused := out.Results[0].Error; refused != nil {
		return refused
	}
	w.goods = append(w.goods, g)
	_, err = p.shop.Inventory.SetLevel(ctx, inventory.SetLevelInput{VariantID: g.variant, OnHand: onHand})
	return err
}

// cart makes a cart that lacks nothing, of a guest or a customer.
func (w *world) cart(ctx context.Context, p *process, i int) (*basket, error) {
	b := &basket{who: ident.Actor{Kind: ident.Guest}, method: w.method()}
	if w.rng.IntN(3) == 0 {
		b.who = ident.Actor{Kind: ident.Customer, ID: fmt.Sprintf("cus_%d", i)}
	}
	if err := w.fill(ctx, p, b, w.cartOf(i)); err != nil {
		return nil, err
	}
	ctx = ident.With(ctx, b.who)
	if err := w.coupon(ctx, p, b.id); err != nil {
		return nil, err
	}
	return b, w.accept(ctx, p, b.id)
}

// fill makes the cart of b, so that it lacks nothing.
func (w *world) fill(ctx context.Context, p *process, b *basket, in cart.CreateInput) error {
	c, err := p.shop.Carts.Create(ident.With(ctx, b.who), in)
	if err != nil {
		return err
	}
	b.id = c.ID
	if b.who.Kind == ident.Guest {
		b.who.CartToken = ident.Token(secret, c.ID, c.Epoch)
	}
	ctx = ident.With(ctx, b.who)
	to := address.Address{Name: "Ada Buyer", Line1: "Hauptstr. 1", City: "Berlin", PostalCode: "10115", Country: "DE"}
	for _, kind := range []string{"shipping", "billing"} {
		if _, err := p.shop.Carts.SetAddress(ctx, cart.SetAddressInput{ID: c.ID, Kind: kind, Address: to}); err != nil {
			return err
		}
	}
	_, err = p.shop.Carts.SetShippingOption(ctx, cart.SetShippingOptionInput{ID: c.ID, OptionID: "so_standard"})
	return err
}

// cartOf returns what the ith shopper puts in a cart.
func (w *world) cartOf(i int) cart.CreateInput {
	in := cart.CreateInput{Market: pricing.DefaultMarket, Currency: "USD", Country: "DE", Email: fmt.Sprintf("buyer%d@example.com", i)}
	for _, g := range w.goods {
		if len(in.Items) == 0 || w.chance(33) {
			in.Items = append(in.Items, cart.AddItem{VariantID: g.variant, Quantity: int64(1 + w.rng.IntN(4)/3)})
		}
	}
	return in
}

// method is how somebody pays.
func (w *world) method() string {
	switch n := w.rng.IntN(100); {
	case n < 66:
		return fakepay.Card
	case n < 80:
		return fakepay.Manual
	case n < 88:
		return fakepay.Multi
	case n < 93:
		return offlinepay.BankTransfer
	default:
		return offlinepay.CashOnDelivery
	}
}
