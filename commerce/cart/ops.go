package cart

import (
	"context"
	"encoding/json"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// Prices tells what variants cost. It answers with one price for each item, in
// their order; a nil Amount says that it is not sold there.
type Prices interface {
	Prices(ctx context.Context, in PricesInput) ([]Price, error)
}

// PricesInput asks for prices in a market.
type PricesInput struct {
	Market string
	Items  []Want
}

// Want is a quantity of a variant.
type Want struct {
	VariantID string
	Quantity  int64
}

// Price is the unit price of a Want.
type Price struct {
	Amount *money.Amount
}

// Service is the cart as seen by others: an Engine here, a Client elsewhere.
type Service interface {
	Create(ctx context.Context, in CreateInput) (Cart, error)
	Cart(ctx context.Context, in IDInput) (Cart, error)
	Mine(ctx context.Context, in MineInput) (Cart, error)
	Update(ctx context.Context, in UpdateInput) (Cart, error)
	Delete(ctx context.Context, in IDInput) (op.Nothing, error)
	AddItems(ctx context.Context, in AddItemsInput) (AddItemsOutput, error)
	SetQuantity(ctx context.Context, in SetQuantityInput) (Cart, error)
	RemoveItem(ctx context.Context, in RemoveItemInput) (Cart, error)
	SetAddress(ctx context.Context, in SetAddressInput) (Cart, error)
	SetShippingOption(ctx context.Context, in SetShippingOptionInput) (Cart, error)
	Claim(ctx context.Context, in ClaimInput) (Cart, error)
	AddGiftCard(ctx context.Context, in AddGiftCardInput) (Cart, error)
	RemoveGiftCard(ctx context.Context, in RemoveGiftCardInput) (Cart, error)
	AddDiscountCode(ctx context.Context, in DiscountCodeInput) (Cart, error)
	RemoveDiscountCode(ctx context.Context, in DiscountCodeInput) (Cart, error)

	Close(ctx context.Context, in CloseInput) (Cart, error)
	Reopen(ctx context.Context, in CloseInput) (Cart, error)
}

// The operations, as transports know them.
var (
	OpCreate = op.Op[CreateInput, Cart]{Name: "cart.create", Access: op.Anyone,
		Doc: "Makes a cart, with items or without.", Fails: []*fault.Error{ErrExists, ErrNothingAdded}}
	OpCart = op.Op[IDInput, Cart]{Name: "cart.cart", Kind: op.Query, Access: op.Owner, Doc: "One cart.", Fails: []*fault.Error{ErrNotFound}}
	OpMine = op.Op[MineInput, Cart]{Name: "cart.mine", Kind: op.Query, Access: op.Owner,
		Doc: "The open cart of the signed-in customer in a market.", Fails: []*fault.Error{ErrNotFound}}
	OpUpdate = op.Op[UpdateInput, Cart]{Name: "cart.update", Access: op.Owner,
		Doc: "Changes a cart: fields that are absent stay.", Fails: []*fault.Error{ErrNotFound, ErrClosed, ErrStale, ErrTaken}}
	OpDelete = op.Op[IDInput, op.Nothing]{Name: "cart.delete", Access: op.Owner, Doc: "Gives a cart up. A repeat does nothing.",
		Fails: []*fault.Error{ErrNotFound, ErrClosed}}
	OpAddItems = op.Op[AddItemsInput, AddItemsOutput]{Name: "cart.add_items", Access: op.Owner,
		Doc: "Puts goods in an open cart at today's price.", Fails: []*fault.Error{ErrNotFound, ErrClosed, ErrStale, ErrNothingAdded}}
	OpSetQuantity = op.Op[SetQuantityInput, Cart]{Name: "cart.set_quantity", Access: op.Owner,
		Doc:   "Says how many of an item are wanted.",
		Fails: []*fault.Error{ErrNotFound, ErrClosed, ErrStale, ErrItemNotFound, ErrNoPrice, ErrLimited}}
	OpRemoveItem = op.Op[RemoveItemInput, Cart]{Name: "cart.remove_item", Access: op.Owner,
		Doc: "Takes an item out.", Fails: []*fault.Error{ErrNotFound, ErrClosed, ErrStale, ErrItemNotFound}}
	OpSetAddress = op.Op[SetAddressInput, Cart]{Name: "cart.set_address", Access: op.Owner,
		Doc: "Writes the shipping or the billing address.", Fails: []*fault.Error{ErrNotFound, ErrClosed, ErrStale}}
	OpSetShippingOption = op.Op[SetShippingOptionInput, Cart]{Name: "cart.set_shipping_option", Access: op.Owner,
		Doc: "Chooses how to deliver.", Fails: []*fault.Error{ErrNotFound, ErrClosed, ErrStale}}
	OpClaim = op.Op[ClaimInput, Cart]{Name: "cart.claim", Access: op.Owner,
		Doc: "Gives a guest's cart to the signed-in customer. A repeat gives the same.", Fails: []*fault.Error{ErrNotFound, ErrClosed}}
	OpAddGiftCard = op.Op[AddGiftCardInput, Cart]{Name: "cart.add_gift_card", Access: op.Inside,
		Doc: "Lets a gift card pay, after those that the cart has. Again is fine.", Fails: []*fault.Error{ErrNotFound, ErrClosed, ErrStale, ErrGiftCardsFull}}
	OpRemoveGiftCard = op.Op[RemoveGiftCardInput, Cart]{Name: "cart.remove_gift_card", Access: op.Owner,
		Doc: "Takes a gift card out.", Fails: []*fault.Error{ErrNotFound, ErrClosed, ErrStale, ErrGiftCardNotFound}}
	OpAddDiscountCode = op.Op[DiscountCodeInput, Cart]{Name: "cart.add_discount_code", Access: op.Inside,
		Doc: "Puts the code of a promotion in an open cart. Again is fine.", Fails: []*fault.Error{ErrNotFound, ErrClosed, ErrStale, ErrDiscountCodesFull}}
	OpRemoveDiscountCode = op.Op[DiscountCodeInput, Cart]{Name: "cart.remove_discount_code", Access: op.Owner,
		Doc: "Takes the code of a promotion out.", Fails: []*fault.Error{ErrNotFound, ErrClosed, ErrStale, ErrDiscountCodeNotFound}}

	OpClose = op.Op[CloseInput, Cart]{Name: "cart.close", Access: op.Inside,
		Doc:   "Closes a cart for the order that is being placed, once for each key.",
		Fails: []*fault.Error{ErrNotFound, ErrClosed, ErrStale, once.ErrUndone}}
	OpReopen = op.Op[CloseInput, Cart]{Name: "cart.reopen", Access: op.Inside,
		Doc: "Undoes Close with the same key and keeps a late one out.", Fails: []*fault.Error{ErrNotFound}}
)

// IDInput names a cart.
type IDInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
}

// MineInput asks for the customer's open cart.
type MineInput struct {
	Market string `json:"market,omitempty" query:"market" maxLength:"64"`
}

// CreateInput is a new cart. A signed-in customer's is theirs; one open cart
// for each customer, market and currency: a second Create answers with the
// first and adds the items.
type CreateInput struct {
	ID       string         `json:"id,omitempty" pattern:"^[!-~]+$" maxLength:"64" doc:"Given by the shop itself, or made."`
	Market   string         `json:"market" minLength:"1" maxLength:"64"`
	Currency money.Currency `json:"currency" pattern:"^[A-Z]{3}$"`
	Locale   string         `json:"locale,omitempty" maxLength:"35"`
	Country  string         `json:"country,omitempty" pattern:"^[A-Z]{2}$"`
	Email    string         `json:"email,omitempty" format:"email" maxLength:"254"`
	Items    []AddItem      `json:"items,omitempty" maxItems:"100"`
}

// UpdateInput changes a cart.
type UpdateInput struct {
	ID       string                    `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version  int64                     `json:"version,omitempty" header:"If-Match" doc:"Refuse when the cart has another version."`
	Email    op.Maybe[string]          `json:"email,omitzero" format:"email" maxLength:"254"`
	Market   op.Maybe[string]          `json:"market,omitzero" maxLength:"64"`
	Currency op.Maybe[money.Currency]  `json:"currency,omitzero" pattern:"^[A-Z]{3}$" doc:"Of the market."`
	Note     op.Maybe[string]          `json:"note,omitzero" maxLength:"2000"`
	Metadata op.Maybe[json.RawMessage] `json:"metadata,omitzero" maxLength:"16384"`
	// Prices are the prices in the new market by item id, if a service of the
	// shop has asked already; otherwise the engine asks. An item that has none
	// there costs zero until it gets one.
	Prices map[string]money.Amount `json:"prices,omitempty"`
}

// AddItem is a quantity of a variant to put in a cart. Price is what it costs
// now, if a service of the shop has asked already; otherwise the engine asks.
type AddItem struct {
	VariantID string          `json:"variant_id" minLength:"1" maxLength:"64"`
	Quantity  int64           `json:"quantity" minimum:"1" maximum:"9999"`
	Metadata  json.RawMessage `json:"metadata,omitempty" maxLength:"16384"`
	Price     *money.Amount   `json:"price,omitempty"`
	// Limit is the most that the cart may hold of the variant; absent is no limit.
	Limit *int64 `json:"limit,omitempty" minimum:"0"`
}

// AddItemsInput puts goods in a cart.
type AddItemsInput struct {
	ID      string    `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version int64     `json:"version,omitempty" header:"If-Match"`
	Items   []AddItem `json:"items" minItems:"1" maxItems:"100"`
}

// AddItemsOutput is the cart and what became of each item, in order.
type AddItemsOutput struct {
	Cart    Cart     `json:"cart"`
	Results []Result `json:"results"`
}

// Result says what became of one item that was to be added.
type Result struct {
	Index     int    `json:"index"`
	Status    string `json:"status" enum:"added,adjusted,rejected"`
	ItemID    string `json:"item_id,omitempty"`
	Code      string `json:"code,omitempty"`      // of an adjusted or rejected one
	Available *int64 `json:"available,omitempty"` // the most that the cart may hold of the variant
}

// SetQuantityInput says how many of an item are wanted.
type SetQuantityInput struct {
	ID       string        `json:"id" path:"id" minLength:"1" maxLength:"64"`
	ItemID   string        `json:"item_id" path:"item_id" minLength:"1" maxLength:"64"`
	Version  int64         `json:"version,omitempty" header:"If-Match"`
	Quantity int64         `json:"quantity" minimum:"1" maximum:"9999"`
	Price    *money.Amount `json:"price,omitempty" doc:"As in AddItem."`
	Limit    *int64        `json:"limit,omitempty" minimum:"0"`
}

// RemoveItemInput takes an item out.
type RemoveItemInput struct {
	ID      string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	ItemID  string `json:"item_id" path:"item_id" minLength:"1" maxLength:"64"`
	Version int64  `json:"version,omitempty" header:"If-Match"`
}

// SetAddressInput writes an address.
type SetAddressInput struct {
	ID      string          `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Kind    string          `json:"kind" path:"kind" enum:"shipping,billing"`
	Version int64           `json:"version,omitempty" header:"If-Match"`
	Address address.Address `json:"address"`
}

// SetShippingOptionInput chooses how to deliver; the caller has made sure that
// the option is there for this cart.
type SetShippingOptionInput struct {
	ID       string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version  int64  `json:"version,omitempty" header:"If-Match"`
	OptionID string `json:"option_id" minLength:"1" maxLength:"64"`
}

// Strategy says what happens when a guest with a cart signs in to an account
// that has one.
type Strategy string

// The strategies.
const (
	Merge       Strategy = "merge"        // equal items are summed
	KeepAccount Strategy = "keep_account" // the guest's cart is closed
	Replace     Strategy = "replace"      // the account's cart is closed
)

// ClaimInput gives a guest's cart to the signed-in customer, who shows its
// token.
type ClaimInput struct {
	ID       string   `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Strategy Strategy `json:"strategy" enum:"merge,keep_account,replace"`
}

// AddGiftCardInput lets a gift card pay. Whoever calls has seen its code.
type AddGiftCardInput struct {
	ID         string `json:"id" minLength:"1" maxLength:"64"`
	Version    int64  `json:"version,omitempty"`
	GiftCardID string `json:"gift_card_id" minLength:"1" maxLength:"64"`
	Last4      string `json:"last4" minLength:"1" maxLength:"16"`
}

// RemoveGiftCardInput takes a gift card out: of several with the same last
// characters the one that was added last.
type RemoveGiftCardInput struct {
	ID      string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Last4   string `json:"last4" path:"last4" minLength:"1" maxLength:"16"`
	Version int64  `json:"version,omitempty" header:"If-Match"`
}

// DiscountCodeInput names the code of a promotion. Whoever puts it in a cart has
// made sure that it counts there, and gives it in the form in which it is compared.
type DiscountCodeInput struct {
	ID      string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Code    string `json:"code" path:"code" minLength:"1" maxLength:"100"`
	Version int64  `json:"version,omitempty" header:"If-Match"`
}

// CloseInput closes a cart for the flow that Key names. Version, when not 0, is
// the one that was quoted.
type CloseInput struct {
	ID      string `json:"id" minLength:"1" maxLength:"64"`
	Key     string `json:"key" minLength:"1" maxLength:"100"`
	Version int64  `json:"version,omitempty"`
	OrderID string `json:"order_id,omitempty" maxLength:"64"`
}
