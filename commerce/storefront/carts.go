package storefront

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/basket"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// show builds the view of a cart from scratch.
func (e *Engine) show(ctx context.Context, c cart.Cart, err error) (Cart, error) {
	if err != nil {
		return Cart{}, err
	}
	b, err := e.ports().Of(ctx, c, true)
	if err != nil {
		return Cart{}, err
	}
	return view(b), nil
}

// own returns the cart that the caller of ctx may change. Staff may read those
// of others, and no more.
func (e *Engine) own(ctx context.Context, id string) (cart.Cart, error) {
	if ident.From(ctx).Kind == ident.Staff {
		return cart.Cart{}, cart.ErrNotFound
	}
	return e.Carts.Cart(ctx, cart.IDInput{ID: id})
}

// Cart returns a cart.
func (e *Engine) Cart(ctx context.Context, in cart.IDInput) (Cart, error) {
	if err := OpCart.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.Cart(ctx, in)
	return e.show(ctx, c, err)
}

// MyCart returns the open cart of the signed-in customer.
func (e *Engine) MyCart(ctx context.Context, in cart.MineInput) (Cart, error) {
	if err := OpMyCart.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.Mine(ctx, in)
	return e.show(ctx, c, err)
}

// CreateCart makes a cart.
func (e *Engine) CreateCart(ctx context.Context, in CreateCartInput) (Cart, error) {
	if err := OpCreateCart.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	m, err := e.market(ctx, in.Market)
	if err != nil {
		return Cart{}, err
	}
	if in.Currency != "" && in.Currency != m.Currency {
		return Cart{}, fault.ErrInvalid.Saying(fmt.Sprintf("the market %s is in %s", m.ID, m.Currency)).At("/currency")
	}
	b := basket.Basket{Cart: cart.Cart{Market: m.ID, Currency: m.Currency, Country: in.Country}}
	items, err := e.prepare(ctx, &b, in.Items)
	if err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.Create(inside(ctx), cart.CreateInput{Market: m.ID, Currency: m.Currency, Locale: locale(m), Country: in.Country, Email: in.Email, Items: items})
	if err != nil {
		return Cart{}, err
	}
	out, err := e.finish(ctx, b, c)
	if out.CustomerID == nil {
		out.Token = e.token(c)
	}
	return out, err
}

// locale is the language of a market, the first one that it names.
func locale(m pricing.Market) string {
	if len(m.Locales) == 0 {
		return "en"
	}
	return m.Locales[0]
}

func (e *Engine) token(c cart.Cart) string { return ident.Token(e.opts.Secret, c.ID, c.Epoch) }

// Secretless implements what package idem asks of answers with secrets.
func (c Cart) Secretless() any {
	c.Token = ""
	return c
}

// WithToken returns c with the token that its creation was answered with. It
// is for answers that are given again: tokens are never stored.
func (e *Engine) WithToken(c Cart) Cart {
	if c.CustomerID == nil {
		c.Token = ident.Token(e.opts.Secret, c.ID, 0)
	}
	return c
}

// UpdateCart changes e-mail, market, note or metadata.
func (e *Engine) UpdateCart(ctx context.Context, in UpdateCartInput) (Cart, error) {
	if err := OpUpdateCart.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	up := cart.UpdateInput{ID: in.ID, Version: in.Version, Email: in.Email, Note: in.Note, Metadata: in.Metadata}
	if in.Market.Set {
		m, err := e.market(ctx, in.Market.Value)
		if err != nil {
			return Cart{}, err
		}
		if up.Prices, err = e.pricesIn(ctx, m, in.ID); err != nil { // asks as the shopper: is it their cart?
			return Cart{}, err
		}
		up.Market, up.Currency = op.Some(m.ID), op.Some(m.Currency)
		ctx = inside(ctx)
	}
	c, err := e.Carts.Update(ctx, up)
	return e.show(ctx, c, err)
}

// pricesIn returns what the items of a cart cost in another market.
func (e *Engine) pricesIn(ctx context.Context, m pricing.Market, id string) (map[string]money.Amount, error) {
	c, err := e.own(ctx, id)
	if err != nil {
		return nil, err
	}
	c.Market, c.Currency = m.ID, m.Currency
	b, err := e.ports().Of(ctx, c, false)
	if err != nil {
		return nil, err
	}
	prices := map[string]money.Amount{}
	for _, q := range b.Quote.Items {
		if q.Price != nil {
			prices[q.ID] = *q.Price
		}
	}
	return prices, nil
}

// DeleteCart gives a cart up.
func (e *Engine) DeleteCart(ctx context.Context, in cart.IDInput) (op.Nothing, error) {
	if err := OpDeleteCart.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return e.Carts.Delete(ctx, in)
}

// SetAddress writes the shipping or the billing address.
func (e *Engine) SetAddress(ctx context.Context, in SetAddressInput) (Cart, error) {
	if err := OpSetAddress.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.SetAddress(ctx, cart.SetAddressInput{ID: in.ID, Kind: in.Kind, Version: in.Version, Address: in.Address})
	return e.show(ctx, c, err)
}

// ClaimCart gives a guest's cart to the signed-in customer.
func (e *Engine) ClaimCart(ctx context.Context, in cart.ClaimInput) (Cart, error) {
	if err := OpClaimCart.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.Claim(ctx, in)
	return e.show(ctx, c, err)
}
