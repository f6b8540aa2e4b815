package cart

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// scopeRead is what staff need to read somebody's cart.
const scopeRead = "carts:read"

// Cart returns a cart of the caller; staff with carts:read see all.
func (e *Engine) Cart(ctx context.Context, in IDInput) (Cart, error) {
	if err := OpCart.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	if ident.From(ctx).May(scopeRead) {
		return e.store.Cart(ctx, in.ID)
	}
	return e.open(ctx, in.ID)
}

// Mine returns the open cart of the customer who asks, also through a service
// of the shop. Without a market it is the one changed last.
func (e *Engine) Mine(ctx context.Context, in MineInput) (Cart, error) {
	if err := OpMine.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	who, err := customer(ctx)
	if err != nil {
		return Cart{}, err
	}
	return e.store.OpenOf(ctx, who.ID, in.Market, "")
}

// Update changes an open cart. A new market comes with its currency and prices
// all items anew; ErrTaken says that the customer has an open cart there.
func (e *Engine) Update(ctx context.Context, in UpdateInput) (Cart, error) {
	if err := OpUpdate.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	in, err := in.read(ctx)
	if err != nil {
		return Cart{}, err
	}
	return insist(ctx, func() (Cart, error) {
		prices, asked, err := e.pricesIn(ctx, in)
		if err != nil {
			return Cart{}, err
		}
		return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Cart, error) {
			return e.change(ctx, in.ID, in.Version, func(c *Cart) error {
				return in.apply(c, prices, asked)
			})
		})
	})
}

// read checks what the tags cannot say and returns in with canonical metadata,
// and without prices that the caller may not give.
func (in UpdateInput) read(ctx context.Context) (_ UpdateInput, err error) {
	switch {
	case in.Market.Set && in.Market.Value == "":
		return in, invalid("/market", "a cart has a market")
	case in.Currency.Set && !in.Market.Set:
		return in, invalid("/currency", "a currency changes only with the market")
	case in.Market.Set && !in.Currency.Value.Valid():
		return in, invalid("/currency", "a market comes with its currency")
	}
	if in.Metadata.Set {
		data, err := canonical(in.Metadata.Value, "/metadata")
		if err != nil {
			return in, err
		}
		in.Metadata = op.Some(data)
	}
	if !ident.From(ctx).Trusted() {
		in.Prices = nil
	}
	for id, a := range in.Prices {
		if !usable(&a, in.Currency.Value) {
			return in, invalid("/prices/"+id, "this cannot be a price in the market")
		}
	}
	return in, nil
}

// pricesIn returns the prices of the items in the new market: the given ones,
// or else what Prices says, with an entry for every item.
func (e *Engine) pricesIn(ctx context.Context, in UpdateInput) (prices map[string]money.Amount, asked bool, err error) {
	if !in.Market.Set || in.Prices != nil {
		return in.Prices, false, nil
	}
	c, err := e.open(ctx, in.ID)
	if err != nil || !in.moves(c) {
		return nil, true, err
	}
	wants := make([]Want, len(c.Items))
	for i, it := range c.Items {
		wants[i] = Want{it.VariantID, it.Quantity}
	}
	answers, err := e.ask(ctx, in.Market.Value, wants)
	if err != nil {
		return nil, true, err
	}
	prices = map[string]money.Amount{}
	for i, it := range c.Items {
		prices[it.ID] = money.Zero(in.Currency.Value)
		if a := answers[i].Amount; a != nil {
			prices[it.ID] = *a
		}
	}
	return prices, true, nil
}

// moves reports whether in gives c another market or currency.
func (in UpdateInput) moves(c Cart) bool {
	return in.Market.Set && (in.Market.Value != c.Market || in.Currency.Value != c.Currency)
}

func (in UpdateInput) apply(c *Cart, prices map[string]money.Amount, asked bool) error {
	if in.moves(*c) {
		for _, it := range c.Items {
			if _, ok := prices[it.ID]; asked && !ok {
				return lost{ErrStale.With(Current{c.Version})}
			}
		}
		c.reprice(in.Market.Value, in.Currency.Value, prices)
	}
	c.Email = in.Email.Or(c.Email)
	c.Note = in.Note.Or(c.Note)
	c.Metadata = in.Metadata.Or(c.Metadata)
	return nil
}

// SetAddress writes the shipping or the billing address.
func (e *Engine) SetAddress(ctx context.Context, in SetAddressInput) (Cart, error) {
	if err := OpSetAddress.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	return e.update(ctx, in.ID, in.Version, func(c *Cart) error {
		if in.Kind == "billing" {
			c.Billing = &in.Address
		} else {
			c.Shipping = &in.Address
		}
		return nil
	})
}

// SetShippingOption chooses how to deliver.
func (e *Engine) SetShippingOption(ctx context.Context, in SetShippingOptionInput) (Cart, error) {
	if err := OpSetShippingOption.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	return e.update(ctx, in.ID, in.Version, func(c *Cart) error {
		c.ShippingOption = in.OptionID
		return nil
	})
}
