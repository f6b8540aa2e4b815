package storefront

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
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
