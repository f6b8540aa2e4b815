package contracttest

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// at is one unit of a variant at a price.
func at(variant string, price int64) cart.AddItem {
	return cart.AddItem{VariantID: variant, Quantity: 1, Price: new(usd(price))}
}

// carts makes a cart of the shop itself with some items, each of another
// variant, at 10.00.
func (w *world) cart(items int) cart.Cart {
	w.Helper()
	in := cart.CreateInput{Market: pricing.DefaultMarket, Currency: "USD"}
	for range items {
		in.Items = append(in.Items, at("var_"+w.name(), 1000))
	}
	return got(w.Carts.Create(w.inside(), in))(w)
}

// closed makes a cart that an order has closed.
func (w *world) closed() cart.Cart {
	w.Helper()
	c := w.cart(1)
	return got(w.Carts.Close(w.inside(), cart.CloseInput{ID: c.ID, Key: w.name(), OrderID: "ord_" + w.name()}))(w)
}

// edit is a change of a cart, of which all are refused alike.
func (w *world) edit(do func(id, item string, version int64) error) {
	w.Helper()
	c, gone := w.cart(1), w.closed()
	item := c.Items[0].ID
	w.fails(cart.ErrNotFound)(nil, do(nobody, item, 0))
	w.fails(cart.ErrClosed)(nil, do(gone.ID, gone.Items[0].ID, 0))
	w.fails(cart.ErrStale)(nil, do(c.ID, item, c.Version+7))
	w.ok(nil, do(c.ID, item, c.Version))
}

// stranger returns a context in which somebody asks who holds nothing.
func (w *world) stranger() context.Context { return w.as(ident.Actor{Kind: ident.Guest}) }

var cartCases = []trial{
	{"cart.create", func(w *world) {
		id := "cart_" + w.name()
		in := cart.CreateInput{ID: id, Market: pricing.DefaultMarket, Currency: "USD"}
		w.ok(w.Carts.Create(w.inside(), in))
		w.ok(w.Carts.Create(w.inside(), in)) // again
		in.Currency = "EUR"
		w.fails(cart.ErrExists)(w.Carts.Create(w.inside(), in))
		w.fails(cart.ErrNothingAdded)(w.Carts.Create(w.inside(), cart.CreateInput{Market: pricing.DefaultMarket, Currency: "USD",
			Items: []cart.AddItem{{VariantID: "var_" + w.name(), Quantity: 1}}}))
	}},
	{"cart.cart", func(w *world) {
		c := w.cart(2)
		if same := got(w.Carts.Cart(w.inside(), cart.IDInput{ID: c.ID}))(w); len(same.Items) != 2 {
			w.Errorf("%d items, want 2", len(same.Items))
		}
		w.fails(cart.ErrNotFound)(w.Carts.Cart(w.inside(), cart.IDInput{ID: nobody}))
		w.fails(cart.ErrNotFound)(w.Carts.Cart(w.stranger(), cart.IDInput{ID: c.ID}))
	}},
	{"cart.mine", func(w *world) {
		who := w.someone()
		w.fails(cart.ErrNotFound)(w.Carts.Mine(who, cart.MineInput{}))
		c := got(w.Carts.Create(who, cart.CreateInput{Market: pricing.DefaultMarket, Currency: "USD"}))(w)
		if mine := got(w.Carts.Mine(who, cart.MineInput{}))(w); mine.ID != c.ID {
			w.Errorf("mine is %s, want %s", mine.ID, c.ID)
		}
	}},
	{"cart.update", func(w *world) {
		w.edit(func(id, _ string, version int64) error {
			_, err := w.Carts.Update(w.inside(), cart.UpdateInput{ID: id, Version: version, Note: op.Some("Contract")})
			return err
		})
		w.twoMarkets()
		who := w.someone()
		here := got(w.Carts.Create(who, cart.CreateInput{Market: pricing.DefaultMarket, Currency: "USD"}))(w)
		w.ok(w.Carts.Create(who, cart.CreateInput{Market: euros, Currency: "EUR"}))
		w.fails(cart.ErrTaken)(w.Carts.Update(who, cart.UpdateInput{ID: here.ID, Market: op.Some(euros), Currency: op.Some(money.Currency("EUR"))}))
	}},
	{"cart.delete", func(w *world) {
		c, gone := w.cart(1), w.closed()
		w.fails(cart.ErrNotFound)(w.Carts.Delete(w.inside(), cart.IDInput{ID: nobody}))
		w.fails(cart.ErrClosed)(w.Carts.Delete(w.inside(), cart.IDInput{ID: gone.ID}))
		for range 2 { // a repeat does nothing
			w.ok(w.Carts.Delete(w.inside(), cart.IDInput{ID: c.ID}))
		}
	}},
	{"cart.add_items", func(w *world) {
		w.edit(func(id, _ string, version int64) error {
			_, err := w.Carts.AddItems(w.inside(), cart.AddItemsInput{ID: id, Version: version, Items: []cart.AddItem{at("var_"+w.name(), 100)}})
			return err
		})
		limited := at("var_"+w.name(), 100)
		limited.Limit = new(int64(0))
		w.fails(cart.ErrNothingAdded)(w.Carts.AddItems(w.inside(), cart.AddItemsInput{ID: w.cart(0).ID, Items: []cart.AddItem{limited}}))
	}},
	{"cart.set_quantity", func(w *world) {
		set := func(id, item string, version int64) cart.SetQuantityInput {
			return cart.SetQuantityInput{ID: id, ItemID: item, Version: version, Quantity: 3, Price: new(usd(1000))}
		}
		w.edit(func(id, item string, version int64) error {
			_, err := w.Carts.SetQuantity(w.inside(), set(id, item, version))
			return err
		})
		c := w.cart(1)
		w.fails(cart.ErrItemNotFound)(w.Carts.SetQuantity(w.inside(), set(c.ID, nobody, 0)))
		in := set(c.ID, c.Items[0].ID, 0)
		in.Limit = new(int64(2))
		w.fails(cart.ErrLimited)(w.Carts.SetQuantity(w.inside(), in))
		in.Limit, in.Price = nil, nil
		w.fails(cart.ErrNoPrice)(w.Carts.SetQuantity(w.inside(), in))
	}},
	{"cart.remove_item", func(w *world) {
		w.edit(func(id, item string, version int64) error {
			_, err := w.Carts.RemoveItem(w.inside(), cart.RemoveItemInput{ID: id, ItemID: item, Version: version})
			return err
		})
		w.fails(cart.ErrItemNotFound)(w.Carts.RemoveItem(w.inside(), cart.RemoveItemInput{ID: w.cart(1).ID, ItemID: nobody}))
	}},
	{"cart.set_address", func(w *world) {
		w.edit(func(id, _ string, version int64) error {
			_, err := w.Carts.SetAddress(w.inside(), cart.SetAddressInput{ID: id, Kind: "billing", Version: version, Address: shoptest.Address()})
			return err
		})
	}},
	{"cart.set_shipping_option", func(w *world) {
		w.edit(func(id, _ string, version int64) error {
			_, err := w.Carts.SetShippingOption(w.inside(), cart.SetShippingOptionInput{ID: id, Version: version, OptionID: "so_contract"})
			return err
		})
	}},
	{"cart.claim", func(w *world) {
		c := w.make.Cart(line(w.goods(1000), 1))
		who := w.claiming(c)
		w.fails(cart.ErrNotFound)(w.Carts.Claim(who, cart.ClaimInput{ID: nobody, Strategy: cart.Merge}))
		w.fails(cart.ErrNotFound)(w.Carts.Claim(w.someone(), cart.ClaimInput{ID: c.ID, Strategy: cart.Merge}))
		for range 2 { // a repeat gives the same
			if mine := got(w.Carts.Claim(who, cart.ClaimInput{ID: c.ID, Strategy: cart.Merge}))(w); mine.ID != c.ID {
				w.Errorf("claimed %s, want %s", mine.ID, c.ID)
			}
		}
		gone := w.make.Cart(line(w.goods(1000), 1))
		w.ok(w.Carts.Delete(w.with(gone), cart.IDInput{ID: gone.ID}))
		w.fails(cart.ErrClosed)(w.Carts.Claim(w.claiming(gone), cart.ClaimInput{ID: gone.ID, Strategy: cart.Merge}))
	}},
	{"cart.close and cart.reopen", func(w *world) {
		w.edit(func(id, _ string, version int64) error {
			_, err := w.Carts.Close(w.inside(), cart.CloseInput{ID: id, Key: w.name(), Version: version, OrderID: "ord_" + w.name()})
			return err
		})
		c := w.cart(1)
		in := cart.CloseInput{ID: c.ID, Key: w.name(), OrderID: "ord_" + w.name()}
		w.ok(w.Carts.Close(w.inside(), in))
		if open := got(w.Carts.Reopen(w.inside(), in))(w); open.Status != cart.StatusOpen {
			w.Errorf("the cart is %s, want open", open.Status)
		}
		w.fails(once.ErrUndone)(w.Carts.Close(w.inside(), in))
		w.fails(cart.ErrNotFound)(w.Carts.Reopen(w.inside(), cart.CloseInput{ID: nobody, Key: w.name()}))
	}},
}

// claiming returns a context in which a new customer asks who holds the token of
// a guest's cart.
func (w *world) claiming(c storefront.Cart) context.Context {
	return w.as(ident.Actor{Kind: ident.Customer, ID: ident.NewID("cus"), CartToken: c.Token})
}
