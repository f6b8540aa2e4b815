package cart

import (
	"context"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/txn"
)

// AddItems puts goods in an open cart, each at its price of now, as many as
// fit, and says of each what became of it. If none fits it writes nothing and
// returns ErrNothingAdded. It returns ErrStale also for prices that a service
// gave in another currency than the cart has by now.
func (e *Engine) AddItems(ctx context.Context, in AddItemsInput) (AddItemsOutput, error) {
	if err := OpAddItems.Admit(ctx, in); err != nil {
		return AddItemsOutput{}, err
	}
	given, err := offerOf(ctx, in.Items)
	if err != nil {
		return AddItemsOutput{}, err
	}
	return insist(ctx, func() (AddItemsOutput, error) {
		o, err := e.pricedFor(ctx, given, in.ID)
		if err != nil {
			return AddItemsOutput{}, err
		}
		return txn.Get(ctx, e.Scope(), func(ctx context.Context) (out AddItemsOutput, err error) {
			out.Cart, err = e.change(ctx, in.ID, in.Version, func(c *Cart) (err error) {
				out.Results, err = e.addOffer(c, o)
				return err
			})
			return out, err
		})
	})
}

// addOffer puts o in c.
func (e *Engine) addOffer(c *Cart, o offer) ([]Result, error) {
	if err := o.fits(*c); err != nil {
		return nil, err
	}
	return c.addAll(o.items, e.itemID)
}

// pricedFor is priced in the market of a cart of the caller.
func (e *Engine) pricedFor(ctx context.Context, o offer, id string) (offer, error) {
	if o.complete() {
		return o, nil
	}
	c, err := e.open(ctx, id)
	if err != nil {
		return offer{}, err
	}
	return e.priced(ctx, o, c.Market)
}

// SetQuantity says how many of an item are wanted and refreshes its price. More
// than before needs a price (ErrNoPrice) and keeps the limit (ErrLimited); less
// is always possible.
func (e *Engine) SetQuantity(ctx context.Context, in SetQuantityInput) (Cart, error) {
	if err := OpSetQuantity.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	price, err := givenPrice(ctx, in.Price, "/price")
	if err != nil {
		return Cart{}, err
	}
	given := offer{items: []AddItem{{Quantity: in.Quantity, Price: price}}, given: []bool{price != nil}}
	return insist(ctx, func() (Cart, error) {
		o, err := e.pricedItem(ctx, given, in)
		if err != nil {
			return Cart{}, err
		}
		return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Cart, error) {
			return e.change(ctx, in.ID, in.Version, func(c *Cart) error {
				i := c.index(in.ItemID)
				if i < 0 {
					return ErrItemNotFound
				}
				if err := o.fits(*c); err != nil {
					return err
				}
				return c.setQuantity(i, in.Quantity, o.items[0].Price, in.Limit)
			})
		})
	})
}

// pricedItem is priced for an item that is in the cart already. When it is not
// it asks nothing: the unit of work will tell.
func (e *Engine) pricedItem(ctx context.Context, o offer, in SetQuantityInput) (offer, error) {
	if o.complete() {
		return o, nil
	}
	c, err := e.open(ctx, in.ID)
	if err != nil {
		return offer{}, err
	}
	i := c.index(in.ItemID)
	if i < 0 {
		return o, nil
	}
	o.items = slices.Clone(o.items)
	o.items[0].VariantID = c.Items[i].VariantID
	return e.priced(ctx, o, c.Market)
}

// RemoveItem takes an item out.
func (e *Engine) RemoveItem(ctx context.Context, in RemoveItemInput) (Cart, error) {
	if err := OpRemoveItem.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	return e.update(ctx, in.ID, in.Version, func(c *Cart) error {
		i := c.index(in.ItemID)
		if i < 0 {
			return ErrItemNotFound
		}
		c.Items = slices.Delete(c.Items, i, i+1)
		return nil
	})
}
