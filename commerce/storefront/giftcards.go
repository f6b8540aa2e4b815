package storefront

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// The operations of the gift cards of a cart.
var (
	OpAddGiftCard = op.Op[AddGiftCardInput, Cart]{Name: "storefront.add_gift_card", Access: op.Owner,
		Doc:   "Lets the gift card with a code pay, after those that the cart has. Again is fine.",
		Fails: failing(cart.ErrGiftCardsFull, payment.ErrGiftCardNotFound, payment.ErrGiftCardUnusable, payment.ErrTooManyAttempts)}
	OpRemoveGiftCard = op.Op[cart.RemoveGiftCardInput, Cart]{Name: "storefront.remove_gift_card", Access: op.Owner,
		Doc: "Takes a gift card out, by the last characters of its code.", Fails: failing(cart.ErrGiftCardNotFound)}
)

// AddGiftCardInput shows the code of a gift card. Its case, spaces and dashes do
// not count.
type AddGiftCardInput struct {
	ID      string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version int64  `json:"version,omitempty" header:"If-Match"`
	Code    string `json:"code" minLength:"1" maxLength:"100"`
}

// AddGiftCard lets a gift card pay for a cart.
func (e *Engine) AddGiftCard(ctx context.Context, in AddGiftCardInput) (Cart, error) {
	if err := OpAddGiftCard.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.own(ctx, in.ID)
	if err != nil {
		return Cart{}, err
	}
	found, err := e.Payments.GiftCardByCode(inside(ctx), payment.GiftCardByCodeInput{Code: in.Code, Currency: c.Currency, For: c.ID})
	if err != nil {
		return Cart{}, err
	}
	if found.Reason != "" {
		return Cart{}, payment.ErrGiftCardUnusable.At("/code").With(payment.Unusable{Reason: found.Reason, Last4: found.Last4})
	}
	c, err = e.Carts.AddGiftCard(inside(ctx), cart.AddGiftCardInput{ID: in.ID, Version: in.Version, GiftCardID: found.ID, Last4: found.Last4})
	return e.show(ctx, c, err)
}

// RemoveGiftCard takes a gift card out.
func (e *Engine) RemoveGiftCard(ctx context.Context, in cart.RemoveGiftCardInput) (Cart, error) {
	if err := OpRemoveGiftCard.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	c, err := e.Carts.RemoveGiftCard(ctx, in)
	return e.show(ctx, c, err)
}
