package storefront

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/basket"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// prepare resolves SKUs and asks for stock and prices of what is to be added,
// together with what is in the cart already, so that the answer needs nothing
// more.
func (e *Engine) prepare(ctx context.Context, b *basket.Basket, add []AddItem) ([]cart.AddItem, error) {
	want, err := e.resolve(ctx, add)
	if err != nil || len(want) == 0 && len(b.Cart.Items) == 0 {
		return nil, err
	}
	var ids []string
	for _, it := range b.Cart.Items {
		ids = append(ids, it.VariantID)
	}
	for _, it := range want {
		ids = append(ids, it.VariantID)
	}
	if *b, err = e.ports().Look(ctx, b.Cart, ids, true); err != nil {
		return nil, err
	}
	for i, it := range want {
		if _, ok := b.Variants[it.VariantID]; !ok {
			return nil, ErrVariantUnknown.With(map[string]string{"variant_id": it.VariantID}).At(fmt.Sprintf("/items/%d/variant_id", i))
		}
	}
	return want, e.priceWanted(ctx, b, want)
}

// resolve turns SKUs into variant ids.
func (e *Engine) resolve(ctx context.Context, add []AddItem) ([]cart.AddItem, error) {
	var skus []string
	for _, it := range add {
		if it.SKU != "" {
			skus = append(skus, it.SKU)
		}
	}
	bySKU := map[string]string{}
	if len(skus) > 0 {
		found, err := e.Catalog.Variants(ctx, catalog.VariantsInput{SKUs: skus})
		if err != nil {
			return nil, err
		}
		for _, v := range found.Items {
			bySKU[v.SKU] = v.ID
		}
	}
	want := make([]cart.AddItem, len(add))
	for i, it := range add {
		want[i] = cart.AddItem{VariantID: it.VariantID, Quantity: it.Quantity, Metadata: it.Metadata}
		if it.SKU == "" {
			continue
		}
		id, ok := bySKU[it.SKU]
		if !ok {
			return nil, ErrVariantUnknown.With(map[string]string{"sku": it.SKU}).At(fmt.Sprintf("/items/%d/sku", i))
		}
		want[i].VariantID = id
	}
	return want, nil
}

// priceWanted gives each wanted item its price and limit, by a quote of the wanted
// items alone: what they cost does not depend on the rest.
func (e *Engine) priceWanted(ctx context.Context, b *basket.Basket, want []cart.AddItem) error {
	if len(want) == 0 {
		return nil
	}
	trial := b.Cart
	trial.Items, trial.GiftCards, trial.DiscountCodes = nil, nil, nil
	for i, it := range want {
		trial.Items = append(trial.Items, cart.Item{ID: fmt.Sprint(i), VariantID: it.VariantID, Quantity: it.Quantity})
	}
	quoted, err := e.ports().Requote(ctx, *b, trial)
	if err != nil {
		return err
	}
	prices := map[string]*money.Amount{}
	for _, it := range quoted.Quote.Items {
		prices[it.ID] = it.Price
	}
	for i := range want {
		want[i].Price = prices[fmt.Sprint(i)]
		if a, ok := b.Stock[want[i].VariantID]; ok {
			want[i].Limit = new(a.Limit)
		}
	}
	return nil
}

// finish quotes the cart as it is now and shows it with what b has looked up.
func (e *Engine) finish(ctx context.Context, b basket.Basket, c cart.Cart) (Cart, error) {
	for _, it := range c.Items {
		if _, ok := b.Variants[it.VariantID]; !ok {
			return e.show(ctx, c, nil) // somebody else has added something meanwhile
		}
	}
	b, err := e.ports().Requote(ctx, b, c)
	if err != nil {
		return Cart{}, err
	}
	return view(b), nil
}

// AddItems puts goods in a cart.
func (e *Engine) AddItems(ctx context.Context, in AddItemsInput) (Cart, error) {
	if err := OpAddItems.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.own(ctx, in.ID)
	if err != nil {
		return Cart{}, err
	}
	b := basket.Basket{Cart: c}
	items, err := e.prepare(ctx, &b, in.Items)
	if err != nil {
		return Cart{}, err
	}
	added, err := e.Carts.AddItems(inside(ctx), cart.AddItemsInput{ID: in.ID, Version: in.Version, Items: items})
	if err != nil {
		return Cart{}, err
	}
	out, err := e.finish(ctx, b, added.Cart)
	out.Results = added.Results
	return out, err
}

// SetQuantity says how many of an item are wanted.
func (e *Engine) SetQuantity(ctx context.Context, in SetQuantityInput) (Cart, error) {
	if err := OpSetQuantity.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.own(ctx, in.ID)
	if err != nil {
		return Cart{}, err
	}
	set := cart.SetQuantityInput{ID: in.ID, ItemID: in.ItemID, Version: in.Version, Quantity: in.Quantity}
	b := basket.Basket{Cart: c}
	for _, it := range c.Items {
		if it.ID != in.ItemID {
			continue
		}
		want, err := e.prepare(ctx, &b, []AddItem{{VariantID: it.VariantID, Quantity: in.Quantity}})
		if err != nil {
			return Cart{}, err
		}
		set.Price, set.Limit = want[0].Price, want[0].Limit
	}
	c, err = e.Carts.SetQuantity(inside(ctx), set)
	if err != nil {
		return Cart{}, err
	}
	return e.finish(ctx, b, c)
}

// RemoveItem takes an item out.
func (e *Engine) RemoveItem(ctx context.Context, in cart.RemoveItemInput) (Cart, error) {
	if err := OpRemoveItem.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.RemoveItem(ctx, in)
	return e.show(ctx, c, err)
}
