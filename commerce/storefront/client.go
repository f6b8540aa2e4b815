package storefront

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// Client is a Service somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// Store implements Service.
func (c Client) Store(ctx context.Context, in op.Nothing) (Store, error) {
	return op.Call(ctx, c, OpStore, in)
}

// Products implements Service.
func (c Client) Products(ctx context.Context, in ProductsInput) (catalog.SearchOutput, error) {
	return op.Call(ctx, c, OpProducts, in)
}

// Product implements Service.
func (c Client) Product(ctx context.Context, in ProductInput) (Product, error) {
	return op.Call(ctx, c, OpProduct, in)
}

// Variant implements Service.
func (c Client) Variant(ctx context.Context, in VariantInput) (VariantPage, error) {
	return op.Call(ctx, c, OpVariant, in)
}

// Variants implements Service.
func (c Client) Variants(ctx context.Context, in VariantsInput) (VariantPages, error) {
	return op.Call(ctx, c, OpVariants, in)
}

// Categories implements Service.
func (c Client) Categories(ctx context.Context, in op.Nothing) (CategoryTree, error) {
	return op.Call(ctx, c, OpCategories, in)
}

// Category implements Service.
func (c Client) Category(ctx context.Context, in catalog.CategoryInput) (catalog.Category, error) {
	return op.Call(ctx, c, OpCategory, in)
}

// CreateCart implements Service.
func (c Client) CreateCart(ctx context.Context, in CreateCartInput) (Cart, error) {
	return op.Call(ctx, c, OpCreateCart, in)
}

// Cart implements Service.
func (c Client) Cart(ctx context.Context, in cart.IDInput) (Cart, error) {
	return op.Call(ctx, c, OpCart, in)
}

// MyCart implements Service.
func (c Client) MyCart(ctx context.Context, in cart.MineInput) (Cart, error) {
	return op.Call(ctx, c, OpMyCart, in)
}

// UpdateCart implements Service.
func (c Client) UpdateCart(ctx context.Context, in UpdateCartInput) (Cart, error) {
	return op.Call(ctx, c, OpUpdateCart, in)
}

// DeleteCart implements Service.
func (c Client) DeleteCart(ctx context.Context, in cart.IDInput) (op.Nothing, error) {
	return op.Call(ctx, c, OpDeleteCart, in)
}

// AddItems implements Service.
func (c Client) AddItems(ctx context.Context, in AddItemsInput) (Cart, error) {
	return op.Call(ctx, c, OpAddItems, in)
}

// SetQuantity implements Service.
func (c Client) SetQuantity(ctx context.Context, in SetQuantityInput) (Cart, error) {
	return op.Call(ctx, c, OpSetQuantity, in)
}

// RemoveItem implements Service.
func (c Client) RemoveItem(ctx context.Context, in cart.RemoveItemInput) (Cart, error) {
	return op.Call(ctx, c, OpRemoveItem, in)
}

// SetAddress implements Service.
func (c Client) SetAddress(ctx context.Context, in SetAddressInput) (Cart, error) {
	return op.Call(ctx, c, OpSetAddress, in)
}

// ShippingOptions implements Service.
func (c Client) ShippingOptions(ctx context.Context, in cart.IDInput) (ShippingOptions, error) {
	return op.Call(ctx, c, OpShippingOptions, in)
}

// SetShippingOption implements Service.
func (c Client) SetShippingOption(ctx context.Context, in SetShippingOptionInput) (Cart, error) {
	return op.Call(ctx, c, OpSetShippingOption, in)
}

// PaymentMethods implements Service.
func (c Client) PaymentMethods(ctx context.Context, in cart.IDInput) (PaymentMethods, error) {
	return op.Call(ctx, c, OpPaymentMethods, in)
}

// ClaimCart implements Service.
func (c Client) ClaimCart(ctx context.Context, in cart.ClaimInput) (Cart, error) {
	return op.Call(ctx, c, OpClaimCart, in)
}

// AddGiftCard implements Service.
func (c Client) AddGiftCard(ctx context.Context, in AddGiftCardInput) (Cart, error) {
	return op.Call(ctx, c, OpAddGiftCard, in)
}

// RemoveGiftCard implements Service.
func (c Client) RemoveGiftCard(ctx context.Context, in cart.RemoveGiftCardInput) (Cart, error) {
	return op.Call(ctx, c, OpRemoveGiftCard, in)
}

// AddDiscountCode implements Service.
func (c Client) AddDiscountCode(ctx context.Context, in AddDiscountCodeInput) (Cart, error) {
	return op.Call(ctx, c, OpAddDiscountCode, in)
}

// RemoveDiscountCode implements Service.
func (c Client) RemoveDiscountCode(ctx context.Context, in cart.DiscountCodeInput) (Cart, error) {
	return op.Call(ctx, c, OpRemoveDiscountCode, in)
}
