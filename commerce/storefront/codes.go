package storefront

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/basket"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// The operations of the discount codes of a cart.
var (
	OpAddDiscountCode = op.Op[AddDiscountCodeInput, Cart]{Name: "storefront.add_discount_code", Access: op.Owner,
		Doc:   "Puts a code in a cart that counts there; otherwise the problem says why it does not. Again is fine.",
		Fails: failing(cart.ErrDiscountCodesFull, pricing.ErrCodeRejected, pricing.ErrTooManyAttempts)}
	OpRemoveDiscountCode = op.Op[cart.DiscountCodeInput, Cart]{Name: "storefront.remove_discount_code", Access: op.Owner,
		Doc: "Takes a code out of a cart.", Fails: failing(cart.ErrDiscountCodeNotFound)}
)

// AddDiscountCodeInput shows the code of a promotion. Its case and spaces do not
// count.
type AddDiscountCodeInput struct {
	ID      string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version int64  `json:"version,omitempty" header:"If-Match"`
	Code    string `json:"code" minLength:"1" maxLength:"100"`
}

// AddDiscountCode puts a code in a cart.
func (e *Engine) AddDiscountCode(ctx context.Context, in AddDiscountCodeInput) (Cart, error) {
	if err := OpAddDiscountCode.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.own(ctx, in.ID)
	if err != nil {
		return Cart{}, err
	}
	b := basket.Basket{Cart: c}
	if _, err := e.prepare(ctx, &b, nil); err != nil {
		return Cart{}, err
	}
	tried, err := e.Prices.TryCode(inside(ctx), pricing.TryCodeInput{Code: in.Code, Basket: e.ports().Input(b), For: c.ID})
	if err != nil {
		return Cart{}, err
	}
	c, err = e.Carts.AddDiscountCode(inside(ctx), cart.DiscountCodeInput{ID: in.ID, Version: in.Version, Code: tried.Code})
	if err != nil {
		return Cart{}, err
	}
	return e.finish(ctx, b, c)
}

// RemoveDiscountCode takes a code out of a cart.
func (e *Engine) RemoveDiscountCode(ctx context.Context, in cart.DiscountCodeInput) (Cart, error) {
	if err := OpRemoveDiscountCode.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	if code, ok := pricing.FoldCode(in.Code); ok {
		in.Code = code
	}
	c, err := e.Carts.RemoveDiscountCode(ctx, in)
	return e.show(ctx, c, err)
}
