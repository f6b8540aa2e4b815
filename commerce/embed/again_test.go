package embed_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

// A guest who has not heard that there is a cart asks again with the same key,
// and gets the same cart with a token that opens it.
func TestCreateCartAgain(t *testing.T) {
	w := on(t, buntest.SQLite)
	wire := &loopback.Wire{}
	w.shop.Register(wire)
	ctx := ident.WithKey(ident.With(t.Context(), ident.Actor{Kind: ident.Guest}), "a-key-that-nobody-guesses")
	in := storefront.CreateCartInput{Items: []storefront.AddItem{{VariantID: w.Variant("Mug", 1000, 10), Quantity: 1}}}
	first, err := op.Call(ctx, wire, storefront.OpCreateCart, in)
	if err != nil {
		t.Fatal(err)
	}
	again, err := op.Call(ctx, wire, storefront.OpCreateCart, in)
	if err != nil || again.ID != first.ID || again.Token != first.Token {
		t.Fatalf("%s %q, %v; want %s %q again", again.ID, again.Token, err, first.ID, first.Token)
	}
	_, err = op.Call(shoptest.Guest(t.Context(), again), wire, storefront.OpSetAddress, storefront.SetAddressInput{ID: again.ID, Kind: "billing", Address: shoptest.Address()})
	if err != nil {
		t.Errorf("the token that was given again: %v", err)
	}
}
