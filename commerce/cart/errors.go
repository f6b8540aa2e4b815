package cart

import "github.com/mercer-commerce/mercer/commerce/fault"

// Errors that callers act on.
var (
	ErrNotFound     = fault.New(fault.NotFound, "cart.not_found", "no such cart")
	ErrClosed       = fault.New(fault.Refused, "cart.closed", "the cart is closed")           // Meta: Closed
	ErrStale        = fault.New(fault.Stale, "cart.version_mismatch", "the cart has changed") // Meta: Current
	ErrItemNotFound = fault.New(fault.NotFound, "cart.item_not_found", "no such item in the cart")
	ErrNothingAdded = fault.New(fault.Refused, "cart.nothing_added", "nothing could be added") // one of Errors for each item; Invalid when one of them is
	ErrFull         = fault.New(fault.Invalid, "cart.full", "a cart holds at most 500 items")
	ErrTaken        = fault.New(fault.Refused, "cart.market_taken", "the customer has another open cart in this market")
	ErrExists       = fault.New(fault.Conflict, "cart.exists", "another cart has this id")

	ErrGiftCardNotFound = fault.New(fault.NotFound, "cart.gift_card_not_found", "no such gift card in the cart")
	ErrGiftCardsFull    = fault.New(fault.Refused, "cart.gift_cards_full", "a cart takes at most 10 gift cards")

	ErrDiscountCodeNotFound = fault.New(fault.NotFound, "cart.discount_code_not_found", "no such discount code in the cart")
	ErrDiscountCodesFull    = fault.New(fault.Refused, "cart.discount_codes_full", "a cart takes at most 5 discount codes")

	// Codes of single items.
	ErrNoPrice = fault.New(fault.Refused, "cart.item_unavailable", "this is not sold here")
	ErrLimited = fault.New(fault.Refused, "inventory.insufficient_stock", "there is not enough stock") // Meta: Available
	ErrTooMany = fault.New(fault.Invalid, "cart.too_many", "at most 9999 of one item")
)

// Closed is the meta of ErrClosed.
type Closed struct {
	Status  Status `json:"status"`
	OrderID string `json:"order_id,omitempty"`
}

// Current is the meta of ErrStale: the version that the cart has.
type Current struct {
	Version int64 `json:"version"`
}

// Available is the meta of ErrLimited: the most that the cart may hold of the
// variant, over all its items.
type Available struct {
	Available int64 `json:"available"`
}
