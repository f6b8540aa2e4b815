// Command ownstore keeps carts in a Store that was written by hand: one JSON
// file. The engine's rules come from the library; where carts lie is up to you.
//
//	go run ./examples/ownstore
//
// store.go has all of it: six methods for carts, one for marks, one for events,
// and a unit of work. What makes it a cart.Store is not that it compiles but
// that it passes the library's own suites: see store_test.go, which is three
// calls.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// onePrice sells everything for the same.
type onePrice money.Amount

// Prices implements cart.Prices.
func (p onePrice) Prices(_ context.Context, in cart.PricesInput) ([]cart.Price, error) {
	out := make([]cart.Price, len(in.Items))
	for i := range out {
		out[i].Amount = new(money.Amount(p))
	}
	return out, nil
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "ownstore")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "carts.json")

	store, err := Open(path)
	if err != nil {
		return err
	}
	// A customer who is signed in: their cart is theirs by name, without a token.
	ada := ident.With(ctx, ident.Actor{Kind: ident.Customer, ID: "ada"})
	carts := cart.New(store, onePrice(money.New(500, "EUR")), nil)
	c, err := carts.Create(ada, cart.CreateInput{Market: "eu", Currency: "EUR", Items: []cart.AddItem{{VariantID: "tea", Quantity: 2}}})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "made a cart with %d × %s\n", c.Items[0].Quantity, c.Items[0].VariantID)

	// The program ends and starts again: the cart is where it was, and a second
	// one is not made, for a customer has one open cart in a market.
	if store, err = Open(path); err != nil {
		return err
	}
	carts = cart.New(store, onePrice(money.New(500, "EUR")), nil)
	again, err := carts.Create(ada, cart.CreateInput{Market: "eu", Currency: "EUR", Items: []cart.AddItem{{VariantID: "tea", Quantity: 1}}})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the same cart: %v, now with %d × %s\n", again.ID == c.ID, again.Items[0].Quantity, again.Items[0].VariantID)

	// She gives it up. The change and the event that announces it lie in the same
	// unit of work, so nobody hears of what did not happen.
	if _, err := carts.Delete(ada, cart.IDInput{ID: c.ID}); err != nil {
		return err
	}
	for _, e := range store.Events() {
		fmt.Fprintf(out, "event %d of the cart: %s\n", e.Seq, e.Name)
	}
	return nil
}
