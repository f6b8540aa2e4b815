package embed_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

func guest(token string) context.Context {
	return ident.With(context.Background(), ident.Actor{Kind: ident.Guest, CartToken: token})
}

// customer is signed in; token is that of a guest's cart, if they have one.
func customer(id, token string) context.Context {
	return ident.With(context.Background(), ident.Actor{Kind: ident.Customer, ID: id, CartToken: token})
}

func (w *world) newCart(ctx context.Context, lines ...shoptest.Line) storefront.Cart {
	w.Helper()
	var items []storefront.AddItem
	for _, l := range lines {
		items = append(items, storefront.AddItem{VariantID: l.Variant, Quantity: l.Quantity})
	}
	c, err := w.far.Storefront.CreateCart(ctx, storefront.CreateCartInput{Items: items})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func adding(c storefront.Cart, variant string) storefront.AddItemsInput {
	return storefront.AddItemsInput{ID: c.ID, Items: []storefront.AddItem{{VariantID: variant, Quantity: 1}}}
}

// Sixteen clicks on one button are sixteen of one item, in one line.
func TestClicksAddUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 100)
		c := w.newCart(guest(""))
		together(16, func(int) {
			if _, err := w.far.Storefront.AddItems(guest(c.Token), adding(c, mug)); err != nil {
				t.Errorf("add: %v", err)
			}
		})
		if s := w.stored(c.ID); len(s.Items) != 1 || s.Items[0].Quantity != 16 {
			t.Errorf("items = %+v, want 16 in one line", s.Items)
		}
		together(8, func(int) { // and with one key, one more
			if _, err := w.far.Storefront.AddItems(ident.WithKey(guest(c.Token), "more"), adding(c, mug)); err != nil {
				lost(t, err, idem.ErrInFlight)
			}
		})
		if s := w.stored(c.ID); len(s.Items) != 1 || s.Items[0].Quantity != 17 {
			t.Errorf("items = %+v, want 17 in one line", s.Items)
		}
	})
}

// An answer that is lost on its way is asked for again with the same key.
func TestLostAnswerOfAdd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 100)
		c := w.newCart(guest(""))
		wire := &loopback.Wire{}
		w.shop.Register(wire)
		far := storefront.Client{Caller: wire}
		wire.Inject = func(context.Context, string) loopback.Trouble { return loopback.LostAnswer }
		ctx := ident.WithKey(guest(c.Token), "add")
		if _, err := far.AddItems(ctx, adding(c, mug)); err == nil {
			t.Fatal("the answer was not lost")
		}
		wire.Inject = nil
		for range 2 {
			got, err := far.AddItems(ctx, adding(c, mug))
			if err != nil || len(got.Items) != 1 || got.Items[0].Quantity != 1 || len(got.Results) != 1 {
				t.Errorf("again: %+v, %v", got.Items, err)
			}
		}
	})
}

// Two who name the same version: one writes.
func TestTwoWriters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 100)
		c := w.newCart(guest(""))
		for round := range 5 {
			version := w.stored(c.ID).Version
			var won atomic.Int64
			together(4, func(int) {
				in := adding(c, mug)
				in.Version = version
				if _, err := w.far.Storefront.AddItems(guest(c.Token), in); err != nil {
					lost(t, err, cart.ErrStale)
					return
				}
				won.Add(1)
			})
			if won.Load() != 1 {
				t.Errorf("round %d: %d of 4 wrote version %d", round, won.Load(), version)
			}
		}
	})
}

// Signing in merges the guest's cart, once, however often it is asked for.
func TestClaimOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 100)
		for round := range scaled(3, 20) {
			who := fmt.Sprint("cus_", round)
			theirs := w.newCart(customer(who, ""), one(mug))
			c := w.newCart(guest(""), shoptest.Line{Variant: mug, Quantity: 2})
			ctx := customer(who, c.Token)
			claim := func() error {
				got, err := w.far.Storefront.ClaimCart(ctx, cart.ClaimInput{ID: c.ID, Strategy: cart.Merge})
				if err == nil && (got.ID != theirs.ID || len(got.Items) != 1 || got.Items[0].Quantity != 3) {
					t.Errorf("claimed cart %s with %+v", got.ID, got.Items)
				}
				return err
			}
			together(8, func(int) {
				if err := claim(); err != nil {
					t.Errorf("claim: %v", err)
				}
			})
			for range 3 {
				if err := claim(); err != nil {
					t.Errorf("claim again: %v", err)
				}
			}
			if s := w.stored(c.ID); s.Status != cart.StatusMerged || s.IntoID != theirs.ID {
				t.Errorf("the guest's cart is %s, into %q", s.Status, s.IntoID)
			}
			_, err := w.far.Storefront.Cart(guest(c.Token), cart.IDInput{ID: c.ID})
			lost(t, err, cart.ErrNotFound)
		}
	})
}

// A customer who signs in on many devices at once has one open cart.
func TestOneOpenCart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 100)
		carts := make([]storefront.Cart, 8)
		for i := range carts {
			carts[i] = w.newCart(guest(""), one(mug))
		}
		together(len(carts), func(i int) {
			_, err := w.far.Storefront.ClaimCart(customer("cus_1", carts[i].Token), cart.ClaimInput{ID: carts[i].ID, Strategy: cart.Merge})
			if err != nil {
				t.Errorf("claim: %v", err)
			}
		})
		mine, err := w.far.Storefront.MyCart(customer("cus_1", ""), cart.MineInput{})
		if err != nil || len(mine.Items) != 1 || mine.Items[0].Quantity != 8 {
			t.Errorf("items = %+v, %v; want 8 in one line", mine.Items, err)
		}
	})
}

// Somebody else's cart is not there, for whatever one tries.
func TestForeignCart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 100)
		carts := []storefront.Cart{w.newCart(customer("cus_1", ""), one(mug)), w.newCart(guest(""), one(mug))}
		other := w.newCart(guest(""), one(mug))
		for _, c := range carts {
			before := w.stored(c.ID)
			for _, ctx := range []context.Context{guest(""), guest(other.Token), guest("wrong"), customer("cus_2", ""), customer("cus_2", other.Token)} {
				for what, err := range w.everything(ctx, c) {
					if err == nil {
						t.Errorf("%s of a foreign cart works", what)
						continue
					}
					lost(t, err, cart.ErrNotFound)
				}
			}
			if after := w.stored(c.ID); after.Version != before.Version {
				t.Errorf("a foreign cart was written: version %d, was %d", after.Version, before.Version)
			}
		}
	})
}

// everything tries all that can be done with a cart by its id.
func (w *world) everything(ctx context.Context, c storefront.Cart) map[string]error {
	s, id, item := w.far.Storefront, cart.IDInput{ID: c.ID}, c.Items[0]
	out := map[string]error{}
	try := func(what string, fn func() error) { out[what] = fn() }
	try("cart", func() error { _, err := s.Cart(ctx, id); return err })
	try("add", func() error { _, err := s.AddItems(ctx, adding(c, item.VariantID)); return err })
	try("set quantity", func() error {
		_, err := s.SetQuantity(ctx, storefront.SetQuantityInput{ID: c.ID, ItemID: item.ID, Quantity: 5})
		return err
	})
	try("remove", func() error { _, err := s.RemoveItem(ctx, cart.RemoveItemInput{ID: c.ID, ItemID: item.ID}); return err })
	try("address", func() error {
		_, err := s.SetAddress(ctx, storefront.SetAddressInput{ID: c.ID, Kind: "billing", Address: shoptest.Address()})
		return err
	})
	try("shipping options", func() error { _, err := s.ShippingOptions(ctx, id); return err })
	try("payment methods", func() error { _, err := s.PaymentMethods(ctx, id); return err })
	try("set shipping option", func() error {
		_, err := s.SetShippingOption(ctx, storefront.SetShippingOptionInput{ID: c.ID, OptionID: "standard"})
		return err
	})
	try("delete", func() error { _, err := s.DeleteCart(ctx, id); return err })
	if ident.From(ctx).Kind == ident.Customer {
		try("claim", func() error {
			_, err := s.ClaimCart(ctx, cart.ClaimInput{ID: c.ID, Strategy: cart.Replace})
			return err
		})
	}
	try("complete", func() error {
		c.Token = ident.From(ctx).CartToken
		_, err := w.complete(c, cash, "")
		return err
	})
	return out
}
