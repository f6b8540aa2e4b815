// Command cartonly takes the cart alone out of the library. A program that has
// its own products and its own prices needs nothing else: this one is built from
// the standard library and this module, and no database comes along.
//
//	go run ./examples/cartonly
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// priceList is what this program has always had: things and what they cost, in
// cents. The cart asks it through the one method of cart.Prices.
type priceList map[string]int64

// Prices implements cart.Prices: an answer for each item, in their order. What
// is not sold gets no amount.
func (l priceList) Prices(_ context.Context, in cart.PricesInput) ([]cart.Price, error) {
	out := make([]cart.Price, len(in.Items))
	for i, want := range in.Items {
		if cents, ok := l[want.VariantID]; ok {
			out[i].Amount = new(money.New(cents, "EUR"))
		}
	}
	return out, nil
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	// Carts need a place to stay. memstore forgets them at the end; any type
	// with the methods of cart.Store does as well, see examples/ownstore.
	prices := priceList{"mug": 1499, "tea": 450}
	carts := cart.New(memstore.Carts{DB: memstore.New()}, prices, nil)

	// Who asks is in the context. A guest holds a token for each cart; for a
	// signed-in customer it would be ident.Actor{Kind: ident.Customer, ID: …}.
	guest := ident.With(ctx, ident.Actor{Kind: ident.Guest})
	c, err := carts.Create(guest, cart.CreateInput{Market: "eu", Currency: "EUR"})
	if err != nil {
		return err
	}
	token := carts.Token(c) // for a cookie
	guest = ident.With(ctx, ident.Actor{Kind: ident.Guest, CartToken: token})

	added, err := carts.AddItems(guest, cart.AddItemsInput{ID: c.ID, Items: []cart.AddItem{
		{VariantID: "mug", Quantity: 2}, {VariantID: "tea", Quantity: 3}, {VariantID: "unicorn", Quantity: 1},
	}})
	if err != nil {
		return err
	}
	for _, r := range added.Results {
		if r.Code != "" {
			fmt.Fprintf(out, "item %d was %s: %s\n", r.Index+1, r.Status, r.Code)
		}
	}

	tea := added.Cart.Items[1]
	c, err = carts.SetQuantity(guest, cart.SetQuantityInput{ID: c.ID, ItemID: tea.ID, Quantity: 4})
	if err != nil {
		return err
	}
	if err := show(out, c); err != nil {
		return err
	}

	// Somebody else has no token, and is not even told that the cart is there.
	stranger := ident.With(ctx, ident.Actor{Kind: ident.Guest})
	_, err = carts.Cart(stranger, cart.IDInput{ID: c.ID})
	if !errors.Is(err, cart.ErrNotFound) {
		return fmt.Errorf("a stranger opens the cart: %w", err)
	}
	f, _ := errors.AsType[*fault.Error](err)
	fmt.Fprintf(out, "a stranger is told: %s (%s)\n", f.Code, err)
	return nil
}

// show prints a cart. Amounts of one currency add up without a float; a sum
// across currencies is an error.
func show(out io.Writer, c cart.Cart) error {
	sum := money.Zero(c.Currency)
	for _, it := range c.Items {
		line, err := it.Price.Mul(it.Quantity)
		if err != nil {
			return err
		}
		if sum, err = sum.Add(line); err != nil {
			return err
		}
		fmt.Fprintf(out, "%d × %s at %v = %v\n", it.Quantity, it.VariantID, it.Price, line)
	}
	fmt.Fprintf(out, "together %v\n", sum)
	return nil
}
