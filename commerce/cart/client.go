package cart

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/op"
)

// Register makes r serve the operations of s.
func Register(r op.Registrar, s Service) {
	op.Handle(r, OpCreate, s.Create)
	op.Handle(r, OpCart, s.Cart)
	op.Handle(r, OpMine, s.Mine)
	op.Handle(r, OpUpdate, s.Update)
	op.Handle(r, OpDelete, s.Delete)
	op.Handle(r, OpAddItems, s.AddItems)
	op.Handle(r, OpSetQuantity, s.SetQuantity)
	op.Handle(r, OpRemoveItem, s.RemoveItem)
	op.Handle(r, OpSetAddress, s.SetAddress)
	op.Handle(r, OpSetShippingOption, s.SetShippingOption)
	op.Handle(r, OpClaim, s.Claim)
	op.Handle(r, OpAddGiftCard, s.AddGiftCard)
	op.Handle(r, OpRemoveGiftCard, s.RemoveGiftCard)
	op.Handle(r, OpAddDiscountCode, s.AddDiscountCode)
	op.Handle(r, OpRemoveDiscountCode, s.RemoveDiscountCode)
	op.Handle(r, OpClose, s.Close)
	op.Handle(r, OpReopen, s.Reopen)
}

// Client is a Service that is somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// Create implements Service.
func (c Client) Create(ctx context.Context, in CreateInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpCreate, in)
}

// Cart implements Service.
func (c Client) Cart(ctx context.Context, in IDInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpCart, in)
}

// Mine implements Service.
func (c Client) Mine(ctx context.Context, in MineInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpMine, in)
}

// Update implements Service.
func (c Client) Update(ctx context.Context, in UpdateInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpUpdate, in)
}

// Delete implements Service.
func (c Client) Delete(ctx context.Context, in IDInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpDelete, in)
}

// AddItems implements Service.
func (c Client) AddItems(ctx context.Context, in AddItemsInput) (AddItemsOutput, error) {
	return op.Call(ctx, c.Caller, OpAddItems, in)
}

// SetQuantity implements Service.
func (c Client) SetQuantity(ctx context.Context, in SetQuantityInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpSetQuantity, in)
}

// RemoveItem implements Service.
func (c Client) RemoveItem(ctx context.Context, in RemoveItemInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpRemoveItem, in)
}

// SetAddress implements Service.
func (c Client) SetAddress(ctx context.Context, in SetAddressInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpSetAddress, in)
}

// SetShippingOption implements Service.
func (c Client) SetShippingOption(ctx context.Context, in SetShippingOptionInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpSetShippingOption, in)
}

// Claim implements Service.
func (c Client) Claim(ctx context.Context, in ClaimInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpClaim, in)
}

// AddGiftCard implements Service.
func (c Client) AddGiftCard(ctx context.Context, in AddGiftCardInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpAddGiftCard, in)
}

// RemoveGiftCard implements Service.
func (c Client) RemoveGiftCard(ctx context.Context, in RemoveGiftCardInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpRemoveGiftCard, in)
}

// AddDiscountCode implements Service.
func (c Client) AddDiscountCode(ctx context.Context, in DiscountCodeInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpAddDiscountCode, in)
}

// RemoveDiscountCode implements Service.
func (c Client) RemoveDiscountCode(ctx context.Context, in DiscountCodeInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpRemoveDiscountCode, in)
}

// Close implements Service.
func (c Client) Close(ctx context.Context, in CloseInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpClose, in)
}

// Reopen implements Service.
func (c Client) Reopen(ctx context.Context, in CloseInput) (Cart, error) {
	return op.Call(ctx, c.Caller, OpReopen, in)
}
