package cart_test

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// fixed sells everything at one price.
type fixed money.Amount

func (f fixed) Prices(_ context.Context, in cart.PricesInput) ([]cart.Price, error) {
	out := make([]cart.Price, len(in.Items))
	for i := range out {
		out[i].Amount = new(money.Amount(f))
	}
	return out, nil
}

// The cart alone: a store, a way to ask for prices, and a guest.
func Example() {
	carts := cart.New(memstore.Carts{DB: memstore.New()}, fixed(money.New(1499, "EUR")), nil)

	ctx := ident.With(context.Background(), ident.Actor{Kind: ident.Guest})
	c, err := carts.Create(ctx, cart.CreateInput{Market: "eu", Currency: "EUR"})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx = ident.With(ctx, ident.Actor{Kind: ident.Guest, CartToken: carts.Token(c)})
	out, err := carts.AddItems(ctx, cart.AddItemsInput{ID: c.ID, Items: []cart.AddItem{{VariantID: "mug", Quantity: 2}, {VariantID: "mug", Quantity: 1}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, it := range out.Cart.Items {
		fmt.Println(it.Quantity, it.VariantID, it.Price.Minor, it.Price.Currency)
	}

	_, err = carts.Cart(ident.With(ctx, ident.Actor{Kind: ident.Guest}), cart.IDInput{ID: c.ID})
	fmt.Println(err)
	// Output:
	// 3 mug 1499 EUR
	// no such cart
}
