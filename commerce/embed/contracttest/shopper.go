package contracttest

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// bag makes a guest's cart with a thing in it that lacks nothing, and returns
// it with a context in which its guest asks.
func (w *world) bag() (context.Context, storefront.Cart) {
	w.Helper()
	c := w.make.Cart(line(w.goods(1000), 1))
	return w.with(c), c
}

// thrown makes a guest's cart that was given up.
func (w *world) thrown() (context.Context, storefront.Cart) {
	w.Helper()
	ctx, c := w.bag()
	w.ok(w.Storefront.DeleteCart(ctx, cart.IDInput{ID: c.ID}))
	return ctx, c
}

// shops is a change that a guest makes, of which all are refused alike.
func (w *world) shops(do func(ctx context.Context, id, item string, version int64) error) {
	w.Helper()
	ctx, c := w.bag()
	item := c.Items[0].ID
	w.fails(cart.ErrNotFound)(nil, do(ctx, nobody, item, 0))
	w.fails(cart.ErrNotFound)(nil, do(w.stranger(), c.ID, item, 0))
	w.fails(cart.ErrStale)(nil, do(ctx, c.ID, item, c.Version+7))
	w.ok(nil, do(ctx, c.ID, item, c.Version))
	ctx, c = w.thrown()
	w.fails(cart.ErrClosed)(nil, do(ctx, c.ID, c.Items[0].ID, 0))
}

// adding is a thing that a shopper puts in a cart.
func adding(variant string, n int64) []storefront.AddItem {
	return []storefront.AddItem{{VariantID: variant, Quantity: n}}
}

var shopperCases = []trial{
	{"storefront.create_cart", func(w *world) {
		who := w.stranger()
		if c := got(w.Storefront.CreateCart(who, storefront.CreateCartInput{Items: adding(w.goods(1000), 2)}))(w); c.Token == "" || c.Totals.Subtotal != usd(2000) {
			w.Errorf("cart with token %q costs %v, want one and 20.00", c.Token, c.Totals.Subtotal)
		}
		w.fails(pricing.ErrMarketNotFound)(w.Storefront.CreateCart(who, storefront.CreateCartInput{Market: nobody}))
		w.fails(cart.ErrNothingAdded)(w.Storefront.CreateCart(who, storefront.CreateCartInput{Items: adding(w.make.Variant("Contract", 1000, 0), 1)}))
		w.fails(storefront.ErrVariantUnknown)(w.Storefront.CreateCart(who, storefront.CreateCartInput{Items: adding(nobody, 1)}))
	}},
	{"storefront.cart", func(w *world) {
		ctx, c := w.bag()
		w.ok(w.Storefront.Cart(ctx, cart.IDInput{ID: c.ID}))
		w.fails(cart.ErrNotFound)(w.Storefront.Cart(w.stranger(), cart.IDInput{ID: c.ID}))
	}},
	{"storefront.my_cart", func(w *world) {
		who := w.someone()
		w.fails(cart.ErrNotFound)(w.Storefront.MyCart(who, cart.MineInput{}))
		c := got(w.Storefront.CreateCart(who, storefront.CreateCartInput{}))(w)
		if mine := got(w.Storefront.MyCart(who, cart.MineInput{}))(w); mine.ID != c.ID {
			w.Errorf("mine is %s, want %s", mine.ID, c.ID)
		}
	}},
	{"storefront.update_cart", func(w *world) {
		w.shops(func(ctx context.Context, id, _ string, version int64) error {
			_, err := w.Storefront.UpdateCart(ctx, storefront.UpdateCartInput{ID: id, Version: version, Note: op.Some("Contract")})
			return err
		})
		ctx, c := w.bag()
		w.fails(pricing.ErrMarketNotFound)(w.Storefront.UpdateCart(ctx, storefront.UpdateCartInput{ID: c.ID, Market: op.Some(nobody)}))
		w.twoMarkets()
		who := w.someone()
		here := got(w.Storefront.CreateCart(who, storefront.CreateCartInput{}))(w)
		w.eventually("the storefront knows the second market", func() bool {
			_, err := w.Storefront.CreateCart(who, storefront.CreateCartInput{Market: euros})
			return err == nil
		})
		w.fails(cart.ErrTaken)(w.Storefront.UpdateCart(who, storefront.UpdateCartInput{ID: here.ID, Market: op.Some(euros)}))
	}},
	{"storefront.delete_cart", func(w *world) {
		ctx, c := w.thrown()
		w.ok(w.Storefront.DeleteCart(ctx, cart.IDInput{ID: c.ID})) // again
		w.fails(cart.ErrNotFound)(w.Storefront.DeleteCart(ctx, cart.IDInput{ID: nobody}))
		sold := w.make.Cart(line(w.goods(1000), 1))
		w.ok(w.make.Complete(sold, "cash_on_delivery"))
		w.fails(cart.ErrClosed)(w.Storefront.DeleteCart(w.with(sold), cart.IDInput{ID: sold.ID}))
	}},
	{"storefront.add_items", func(w *world) {
		v := w.goods(500)
		w.shops(func(ctx context.Context, id, _ string, version int64) error {
			_, err := w.Storefront.AddItems(ctx, storefront.AddItemsInput{ID: id, Version: version, Items: adding(v, 1)})
			return err
		})
		ctx, c := w.bag()
		w.fails(cart.ErrNothingAdded)(w.Storefront.AddItems(ctx, storefront.AddItemsInput{ID: c.ID, Items: adding(w.make.Variant("Contract", 1000, 0), 1)}))
		w.fails(storefront.ErrVariantUnknown)(w.Storefront.AddItems(ctx, storefront.AddItemsInput{ID: c.ID, Items: adding(nobody, 1)}))
	}},
	{"storefront.set_quantity", func(w *world) {
		w.shops(func(ctx context.Context, id, item string, version int64) error {
			_, err := w.Storefront.SetQuantity(ctx, storefront.SetQuantityInput{ID: id, ItemID: item, Version: version, Quantity: 3})
			return err
		})
		v := w.make.Variant("Contract", 1000, 5)
		c := w.make.Cart(line(v, 1))
		in := storefront.SetQuantityInput{ID: c.ID, ItemID: nobody, Quantity: 6}
		w.fails(cart.ErrItemNotFound)(w.Storefront.SetQuantity(w.with(c), in))
		in.ItemID = c.Items[0].ID
		w.fails(cart.ErrLimited)(w.Storefront.SetQuantity(w.with(c), in))
		in.Quantity = 2
		w.ok(w.Pricing.PutPrices(w.Context(), pricing.PutPricesInput{Sets: []pricing.PriceSet{{VariantID: v, Currency: "USD"}}}))
		w.fails(cart.ErrNoPrice)(w.Storefront.SetQuantity(w.with(c), in))
	}},
	{"storefront.remove_item", func(w *world) {
		w.shops(func(ctx context.Context, id, item string, version int64) error {
			_, err := w.Storefront.RemoveItem(ctx, cart.RemoveItemInput{ID: id, ItemID: item, Version: version})
			return err
		})
		ctx, c := w.bag()
		w.fails(cart.ErrItemNotFound)(w.Storefront.RemoveItem(ctx, cart.RemoveItemInput{ID: c.ID, ItemID: nobody}))
	}},
	{"storefront.set_address", func(w *world) {
		w.shops(func(ctx context.Context, id, _ string, version int64) error {
			_, err := w.Storefront.SetAddress(ctx, storefront.SetAddressInput{ID: id, Kind: "shipping", Version: version, Address: shoptest.Address()})
			return err
		})
	}},
	{"storefront.shipping_options and storefront.set_shipping_option", func(w *world) {
		ctx, c := w.bag()
		ways := got(w.Storefront.ShippingOptions(ctx, cart.IDInput{ID: c.ID}))(w)
		if len(ways.Items) == 0 {
			w.Fatal("there is no way to deliver")
		}
		w.fails(cart.ErrNotFound)(w.Storefront.ShippingOptions(w.stranger(), cart.IDInput{ID: c.ID}))
		w.shops(func(ctx context.Context, id, _ string, version int64) error {
			_, err := w.Storefront.SetShippingOption(ctx, storefront.SetShippingOptionInput{ID: id, Version: version, OptionID: ways.Items[0].ID})
			return err
		})
		w.fails(storefront.ErrOptionUnavailable)(w.Storefront.SetShippingOption(ctx, storefront.SetShippingOptionInput{ID: c.ID, OptionID: nobody}))
	}},
	{"storefront.payment_methods", func(w *world) {
		ctx, c := w.bag()
		w.ok(w.Storefront.PaymentMethods(ctx, cart.IDInput{ID: c.ID}))
		w.fails(cart.ErrNotFound)(w.Storefront.PaymentMethods(w.stranger(), cart.IDInput{ID: c.ID}))
	}},
	{"storefront.claim_cart", func(w *world) {
		_, c := w.bag()
		in := cart.ClaimInput{ID: c.ID, Strategy: cart.Merge}
		w.fails(cart.ErrNotFound)(w.Storefront.ClaimCart(w.someone(), in))
		w.ok(w.Storefront.ClaimCart(w.claiming(c), in))
		_, gone := w.thrown()
		w.fails(cart.ErrClosed)(w.Storefront.ClaimCart(w.claiming(gone), cart.ClaimInput{ID: gone.ID, Strategy: cart.Merge}))
	}},
}
