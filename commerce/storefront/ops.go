package storefront

import (
	"context"
	"encoding/json"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Service is the shop as a shopper sees it.
type Service interface {
	Store(ctx context.Context, in op.Nothing) (Store, error)
	Products(ctx context.Context, in ProductsInput) (catalog.SearchOutput, error)
	Product(ctx context.Context, in ProductInput) (Product, error)
	Variant(ctx context.Context, in VariantInput) (VariantPage, error)
	Variants(ctx context.Context, in VariantsInput) (VariantPages, error)
	Categories(ctx context.Context, in op.Nothing) (CategoryTree, error)
	Category(ctx context.Context, in catalog.CategoryInput) (catalog.Category, error)

	CreateCart(ctx context.Context, in CreateCartInput) (Cart, error)
	Cart(ctx context.Context, in cart.IDInput) (Cart, error)
	MyCart(ctx context.Context, in cart.MineInput) (Cart, error)
	UpdateCart(ctx context.Context, in UpdateCartInput) (Cart, error)
	DeleteCart(ctx context.Context, in cart.IDInput) (op.Nothing, error)
	AddItems(ctx context.Context, in AddItemsInput) (Cart, error)
	SetQuantity(ctx context.Context, in SetQuantityInput) (Cart, error)
	RemoveItem(ctx context.Context, in cart.RemoveItemInput) (Cart, error)
	SetAddress(ctx context.Context, in SetAddressInput) (Cart, error)
	ShippingOptions(ctx context.Context, in cart.IDInput) (ShippingOptions, error)
	SetShippingOption(ctx context.Context, in SetShippingOptionInput) (Cart, error)
	PaymentMethods(ctx context.Context, in cart.IDInput) (PaymentMethods, error)
	ClaimCart(ctx context.Context, in cart.ClaimInput) (Cart, error)
	AddGiftCard(ctx context.Context, in AddGiftCardInput) (Cart, error)
	RemoveGiftCard(ctx context.Context, in cart.RemoveGiftCardInput) (Cart, error)
	AddDiscountCode(ctx context.Context, in AddDiscountCodeInput) (Cart, error)
	RemoveDiscountCode(ctx context.Context, in cart.DiscountCodeInput) (Cart, error)
}

var cartFails = []*fault.Error{cart.ErrNotFound, cart.ErrClosed, cart.ErrStale}

func failing(more ...*fault.Error) []*fault.Error {
	return append(append([]*fault.Error{}, cartFails...), more...)
}

// The operations, as transports know them.
var (
	OpStore    = op.Op[op.Nothing, Store]{Name: "storefront.store", Kind: op.Query, Access: op.Anyone, Doc: "The shop and its markets."}
	OpProducts = op.Op[ProductsInput, catalog.SearchOutput]{Name: "storefront.products", Kind: op.Query, Access: op.Anyone,
		Doc: "A page of the products of a market. Items have no variants and no description.", Fails: []*fault.Error{pricing.ErrMarketNotFound}}
	OpProduct = op.Op[ProductInput, Product]{Name: "storefront.product", Kind: op.Query, Access: op.Anyone,
		Doc: "A product with its variants, prices and stock, by id or slug.", Fails: []*fault.Error{catalog.ErrProductNotFound, pricing.ErrMarketNotFound}}
	OpVariant = op.Op[VariantInput, VariantPage]{Name: "storefront.variant", Kind: op.Query, Access: op.Anyone,
		Doc: "One variant.", Fails: []*fault.Error{catalog.ErrVariantNotFound, pricing.ErrMarketNotFound}}
	OpVariants = op.Op[VariantsInput, VariantPages]{Name: "storefront.variants", Kind: op.Query, Access: op.Anyone,
		Doc: "Variants by SKU. Those that do not exist are left out.", Fails: []*fault.Error{pricing.ErrMarketNotFound}}
	OpCategories = op.Op[op.Nothing, CategoryTree]{Name: "storefront.categories", Kind: op.Query, Access: op.Anyone, Doc: "The tree of categories."}
	OpCategory   = op.Op[catalog.CategoryInput, catalog.Category]{Name: "storefront.category", Kind: op.Query, Access: op.Anyone,
		Doc: "One category by id or slug.", Fails: []*fault.Error{catalog.ErrCategoryNotFound}}

	OpCreateCart = op.Op[CreateCartInput, Cart]{Name: "storefront.create_cart", Access: op.Anyone,
		Doc: "Makes a cart. The token in the answer opens it from then on.", Fails: []*fault.Error{pricing.ErrMarketNotFound, cart.ErrNothingAdded, ErrVariantUnknown}}
	OpCart   = op.Op[cart.IDInput, Cart]{Name: "storefront.cart", Kind: op.Query, Access: op.Owner, Doc: "A cart with today's prices.", Fails: []*fault.Error{cart.ErrNotFound}}
	OpMyCart = op.Op[cart.MineInput, Cart]{Name: "storefront.my_cart", Kind: op.Query, Access: op.Owner,
		Doc: "The open cart of the signed-in customer.", Fails: []*fault.Error{cart.ErrNotFound}}
	OpUpdateCart = op.Op[UpdateCartInput, Cart]{Name: "storefront.update_cart", Access: op.Owner,
		Doc: "Changes e-mail, market, note or metadata: fields that are absent stay.", Fails: failing(pricing.ErrMarketNotFound, cart.ErrTaken)}
	OpDeleteCart = op.Op[cart.IDInput, op.Nothing]{Name: "storefront.delete_cart", Access: op.Owner, Doc: "Gives a cart up.", Fails: []*fault.Error{cart.ErrNotFound, cart.ErrClosed}}
	OpAddItems   = op.Op[AddItemsInput, Cart]{Name: "storefront.add_items", Access: op.Owner,
		Doc: "Puts goods in a cart and says what became of each.", Fails: failing(cart.ErrNothingAdded, ErrVariantUnknown)}
	OpSetQuantity = op.Op[SetQuantityInput, Cart]{Name: "storefront.set_quantity", Access: op.Owner,
		Doc: "Says how many of an item are wanted.", Fails: failing(cart.ErrItemNotFound, cart.ErrNoPrice, inventory409)}
	OpRemoveItem = op.Op[cart.RemoveItemInput, Cart]{Name: "storefront.remove_item", Access: op.Owner,
		Doc: "Takes an item out.", Fails: failing(cart.ErrItemNotFound)}
	OpSetAddress      = op.Op[SetAddressInput, Cart]{Name: "storefront.set_address", Access: op.Owner, Doc: "Writes the shipping or the billing address.", Fails: failing()}
	OpShippingOptions = op.Op[cart.IDInput, ShippingOptions]{Name: "storefront.shipping_options", Kind: op.Query, Access: op.Owner,
		Doc: "The ways to deliver a cart.", Fails: []*fault.Error{cart.ErrNotFound}}
	OpSetShippingOption = op.Op[SetShippingOptionInput, Cart]{Name: "storefront.set_shipping_option", Access: op.Owner,
		Doc: "Chooses how to deliver.", Fails: failing(ErrOptionUnavailable)}
	OpPaymentMethods = op.Op[cart.IDInput, PaymentMethods]{Name: "storefront.payment_methods", Kind: op.Query, Access: op.Owner,
		Doc: "The ways to pay for a cart.", Fails: []*fault.Error{cart.ErrNotFound}}
	OpClaimCart = op.Op[cart.ClaimInput, Cart]{Name: "storefront.claim_cart", Access: op.Owner,
		Doc: "Gives a guest's cart to the signed-in customer. A repeat gives the same.", Fails: []*fault.Error{cart.ErrNotFound, cart.ErrClosed}}
)

var inventory409 = cart.ErrLimited

// Errors that callers act on.
var (
	ErrOptionUnavailable = fault.New(fault.Invalid, "cart.shipping_option_unavailable", "this cart cannot be delivered in that way")
	ErrVariantUnknown    = fault.New(fault.Invalid, "catalog.variant_unknown", "there is no such variant")
)

// Locale is what a shopper asks for with each catalog read.
type Locale struct {
	Market  string `json:"market,omitempty" query:"market" maxLength:"64" doc:"The default market when absent."`
	Country string `json:"country,omitempty" query:"country" pattern:"^[A-Z]{2}$"`
	Locale  string `json:"locale,omitempty" query:"locale" maxLength:"35"`
}

// ProductsInput asks for a page of products.
type ProductsInput struct {
	Locale
	catalog.Filters
}

// ProductInput names a product by id or slug.
type ProductInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"255" doc:"Id or slug."`
	Locale
}

// VariantInput names a variant.
type VariantInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Locale
}

// VariantsInput names variants by SKU.
type VariantsInput struct {
	SKU []string `json:"sku" query:"sku" minItems:"1" maxItems:"100"`
	Locale
}

// CreateCartInput is a new cart.
type CreateCartInput struct {
	Market   string         `json:"market,omitempty" maxLength:"64" doc:"The default market when absent."`
	Currency money.Currency `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"Of the market; another one is refused."`
	Country  string         `json:"country,omitempty" pattern:"^[A-Z]{2}$"`
	Email    string         `json:"email,omitempty" format:"email" maxLength:"254"`
	Items    []AddItem      `json:"items,omitempty" maxItems:"100"`
}

// AddItem names a variant by id or by SKU.
type AddItem struct {
	VariantID string          `json:"variant_id,omitempty" maxLength:"64"`
	SKU       string          `json:"sku,omitempty" maxLength:"255"`
	Quantity  int64           `json:"quantity" minimum:"1" maximum:"9999"`
	Metadata  json.RawMessage `json:"metadata,omitempty" maxLength:"16384"`
}

// Check implements check's rule across fields.
func (a AddItem) Check() []fault.Item {
	if (a.VariantID == "") == (a.SKU == "") {
		return []fault.Item{{Code: "request.variant_or_sku", Param: "/variant_id", Message: "name the variant by variant_id or by sku, one of them"}}
	}
	return nil
}

// AddItemsInput puts goods in a cart.
type AddItemsInput struct {
	ID      string    `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version int64     `json:"version,omitempty" header:"If-Match"`
	Items   []AddItem `json:"items" minItems:"1" maxItems:"100"`
}

// SetQuantityInput says how many of an item are wanted.
type SetQuantityInput struct {
	ID       string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	ItemID   string `json:"item_id" path:"item_id" minLength:"1" maxLength:"64"`
	Version  int64  `json:"version,omitempty" header:"If-Match"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"9999"`
}

// UpdateCartInput changes a cart.
type UpdateCartInput struct {
	ID       string                    `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version  int64                     `json:"version,omitempty" header:"If-Match"`
	Email    op.Maybe[string]          `json:"email,omitzero" format:"email" maxLength:"254"`
	Market   op.Maybe[string]          `json:"market,omitzero" minLength:"1" maxLength:"64"`
	Note     op.Maybe[string]          `json:"note,omitzero" maxLength:"2000"`
	Metadata op.Maybe[json.RawMessage] `json:"metadata,omitzero" maxLength:"16384"`
}

// SetAddressInput writes an address.
type SetAddressInput struct {
	ID      string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Kind    string `json:"kind" path:"kind" enum:"shipping,billing"`
	Version int64  `json:"version,omitempty" header:"If-Match"`
	address.Address
}

// SetShippingOptionInput chooses how to deliver.
type SetShippingOptionInput struct {
	ID       string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version  int64  `json:"version,omitempty" header:"If-Match"`
	OptionID string `json:"option_id" minLength:"1" maxLength:"64"`
}

// Register serves s on r.
func Register(r op.Registrar, s Service) {
	op.Handle(r, OpStore, s.Store)
	op.Handle(r, OpProducts, s.Products)
	op.Handle(r, OpProduct, s.Product)
	op.Handle(r, OpVariant, s.Variant)
	op.Handle(r, OpVariants, s.Variants)
	op.Handle(r, OpCategories, s.Categories)
	op.Handle(r, OpCategory, s.Category)
	op.Handle(r, OpCreateCart, s.CreateCart)
	op.Handle(r, OpCart, s.Cart)
	op.Handle(r, OpMyCart, s.MyCart)
	op.Handle(r, OpUpdateCart, s.UpdateCart)
	op.Handle(r, OpDeleteCart, s.DeleteCart)
	op.Handle(r, OpAddItems, s.AddItems)
	op.Handle(r, OpSetQuantity, s.SetQuantity)
	op.Handle(r, OpRemoveItem, s.RemoveItem)
	op.Handle(r, OpSetAddress, s.SetAddress)
	op.Handle(r, OpShippingOptions, s.ShippingOptions)
	op.Handle(r, OpSetShippingOption, s.SetShippingOption)
	op.Handle(r, OpPaymentMethods, s.PaymentMethods)
	op.Handle(r, OpClaimCart, s.ClaimCart)
	op.Handle(r, OpAddGiftCard, s.AddGiftCard)
	op.Handle(r, OpRemoveGiftCard, s.RemoveGiftCard)
	op.Handle(r, OpAddDiscountCode, s.AddDiscountCode)
	op.Handle(r, OpRemoveDiscountCode, s.RemoveDiscountCode)
}
