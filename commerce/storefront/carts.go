package storefront

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/basket"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// ShippingOptions are the ways to deliver a cart.
type ShippingOptions struct {
	Items []ShippingOption `json:"items"`
}

// ShippingOption is one way to deliver.
type ShippingOption struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Price    money.Amount `json:"price"`
	Estimate Estimate     `json:"estimate"`
	Selected bool         `json:"selected"`
}

// PaymentMethods are the ways to pay.
type PaymentMethods struct {
	Items []PaymentMethod `json:"items"`
}

// PaymentMethod is one way to pay.
type PaymentMethod struct {
	ID   string       `json:"id"`
	Kind payment.Kind `json:"kind"`
	Name string       `json:"name"`
}

// show builds the view of a cart from scratch.
func (e *Engine) show(ctx context.Context, c cart.Cart, err error) (Cart, error) {
	if err != nil {
		return Cart{}, err
	}
	b, err := e.ports().Of(ctx, c, true)
	if err != nil {
		return Cart{}, err
	}
	return view(b), nil
}

// own returns the cart that the caller of ctx may change. Staff may read those
// of others, and no more.
func (e *Engine) own(ctx context.Context, id string) (cart.Cart, error) {
	if ident.From(ctx).Kind == ident.Staff {
		return cart.Cart{}, cart.ErrNotFound
	}
	return e.Carts.Cart(ctx, cart.IDInput{ID: id})
}

// Cart returns a cart.
func (e *Engine) Cart(ctx context.Context, in cart.IDInput) (Cart, error) {
	if err := OpCart.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.Cart(ctx, in)
	return e.show(ctx, c, err)
}

// MyCart returns the open cart of the signed-in customer.
func (e *Engine) MyCart(ctx context.Context, in cart.MineInput) (Cart, error) {
	if err := OpMyCart.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.Mine(ctx, in)
	return e.show(ctx, c, err)
}

// CreateCart makes a cart.
func (e *Engine) CreateCart(ctx context.Context, in CreateCartInput) (Cart, error) {
	if err := OpCreateCart.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	m, err := e.market(ctx, in.Market)
	if err != nil {
		return Cart{}, err
	}
	if in.Currency != "" && in.Currency != m.Currency {
		return Cart{}, fault.ErrInvalid.Saying(fmt.Sprintf("the market %s is in %s", m.ID, m.Currency)).At("/currency")
	}
	b := basket.Basket{Cart: cart.Cart{Market: m.ID, Currency: m.Currency, Country: in.Country}}
	items, err := e.prepare(ctx, &b, in.Items)
	if err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.Create(inside(ctx), cart.CreateInput{Market: m.ID, Currency: m.Currency, Locale: locale(m), Country: in.Country, Email: in.Email, Items: items})
	if err != nil {
		return Cart{}, err
	}
	out, err := e.finish(ctx, b, c)
	if out.CustomerID == nil {
		out.Token = e.token(c)
	}
	return out, err
}

// locale is the language of a market, the first one that it names.
func locale(m pricing.Market) string {
	if len(m.Locales) == 0 {
		return "en"
	}
	return m.Locales[0]
}

func (e *Engine) token(c cart.Cart) string { return ident.Token(e.opts.Secret, c.ID, c.Epoch) }

// Secretless implements what package idem asks of answers with secrets.
func (c Cart) Secretless() any {
	c.Token = ""
	return c
}

// WithToken returns c with the token that its creation was answered with. It
// is for answers that are given again: tokens are never stored.
func (e *Engine) WithToken(c Cart) Cart {
	if c.CustomerID == nil {
		c.Token = ident.Token(e.opts.Secret, c.ID, 0)
	}
	return c
}

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

// UpdateCart changes e-mail, market, note or metadata.
func (e *Engine) UpdateCart(ctx context.Context, in UpdateCartInput) (Cart, error) {
	if err := OpUpdateCart.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	up := cart.UpdateInput{ID: in.ID, Version: in.Version, Email: in.Email, Note: in.Note, Metadata: in.Metadata}
	if in.Market.Set {
		m, err := e.market(ctx, in.Market.Value)
		if err != nil {
			return Cart{}, err
		}
		if up.Prices, err = e.pricesIn(ctx, m, in.ID); err != nil { // asks as the shopper: is it their cart?
			return Cart{}, err
		}
		up.Market, up.Currency = op.Some(m.ID), op.Some(m.Currency)
		ctx = inside(ctx)
	}
	c, err := e.Carts.Update(ctx, up)
	return e.show(ctx, c, err)
}

// pricesIn returns what the items of a cart cost in another market.
func (e *Engine) pricesIn(ctx context.Context, m pricing.Market, id string) (map[string]money.Amount, error) {
	c, err := e.own(ctx, id)
	if err != nil {
		return nil, err
	}
	c.Market, c.Currency = m.ID, m.Currency
	b, err := e.ports().Of(ctx, c, false)
	if err != nil {
		return nil, err
	}
	prices := map[string]money.Amount{}
	for _, q := range b.Quote.Items {
		if q.Price != nil {
			prices[q.ID] = *q.Price
		}
	}
	return prices, nil
}

// DeleteCart gives a cart up.
func (e *Engine) DeleteCart(ctx context.Context, in cart.IDInput) (op.Nothing, error) {
	if err := OpDeleteCart.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return e.Carts.Delete(ctx, in)
}

// SetAddress writes the shipping or the billing address.
func (e *Engine) SetAddress(ctx context.Context, in SetAddressInput) (Cart, error) {
	if err := OpSetAddress.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.SetAddress(ctx, cart.SetAddressInput{ID: in.ID, Kind: in.Kind, Version: in.Version, Address: in.Address})
	return e.show(ctx, c, err)
}

// ShippingOptions returns the ways to deliver a cart.
func (e *Engine) ShippingOptions(ctx context.Context, in cart.IDInput) (ShippingOptions, error) {
	out := ShippingOptions{Items: []ShippingOption{}}
	if err := OpShippingOptions.Admit(ctx, in); err != nil {
		return out, err
	}
	c, err := e.Carts.Cart(ctx, in)
	if err != nil {
		return out, err
	}
	b, err := e.ports().Of(ctx, c, false)
	if err != nil {
		return out, err
	}
	for _, o := range b.Quote.Options {
		out.Items = append(out.Items, ShippingOption{ID: o.ID, Name: o.Name, Price: o.Price, Estimate: Estimate{o.MinDays, o.MaxDays}, Selected: o.ID == c.ShippingOption})
	}
	return out, nil
}

// SetShippingOption chooses how to deliver.
func (e *Engine) SetShippingOption(ctx context.Context, in SetShippingOptionInput) (Cart, error) {
	if err := OpSetShippingOption.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.own(ctx, in.ID)
	if err != nil {
		return Cart{}, err
	}
	c.ShippingOption = in.OptionID
	b, err := e.ports().Of(ctx, c, true)
	if err != nil {
		return Cart{}, err
	}
	if b.Quote.Shipping == nil {
		ids := []string{}
		for _, o := range b.Quote.Options {
			ids = append(ids, o.ID)
		}
		return Cart{}, ErrOptionUnavailable.With(map[string][]string{"options": ids}).At("/option_id")
	}
	c, err = e.Carts.SetShippingOption(ctx, cart.SetShippingOptionInput{ID: in.ID, Version: in.Version, OptionID: in.OptionID})
	if err != nil {
		return Cart{}, err
	}
	return e.finish(ctx, b, c)
}

// PaymentMethods returns the ways to pay for a cart.
func (e *Engine) PaymentMethods(ctx context.Context, in cart.IDInput) (PaymentMethods, error) {
	out := PaymentMethods{Items: []PaymentMethod{}}
	if err := OpPaymentMethods.Admit(ctx, in); err != nil {
		return out, err
	}
	if _, err := e.Carts.Cart(ctx, in); err != nil {
		return out, err
	}
	methods, err := e.Payments.Methods(ctx, op.Nothing{})
	if err != nil {
		return out, err
	}
	for _, m := range methods.Items {
		out.Items = append(out.Items, PaymentMethod{ID: m.ID, Kind: m.Kind, Name: m.Name})
	}
	return out, nil
}

// ClaimCart gives a guest's cart to the signed-in customer.
func (e *Engine) ClaimCart(ctx context.Context, in cart.ClaimInput) (Cart, error) {
	if err := OpClaimCart.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.Claim(ctx, in)
	return e.show(ctx, c, err)
}
