// Package cart keeps the goods a shopper means to buy. It can be used alone:
// what things cost is asked through the one-method port Prices, everything else
// about them is the caller's.
package cart

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/state"
)

// Status is where a cart is in its life.
type Status string

// The states of a cart.
const (
	StatusOpen      Status = "open"
	StatusCompleted Status = "completed" // became an order
	StatusMerged    Status = "merged"    // went into another cart
	StatusAbandoned Status = "abandoned"
	StatusExpired   Status = "expired"
)

// Transitions are the moves of a cart. It opens again only when the checkout
// that closed it is undone; it is abandoned then if its customer has another
// open cart by now.
var Transitions = state.Table[Status]{
	StatusOpen:      {StatusCompleted, StatusMerged, StatusAbandoned, StatusExpired},
	StatusCompleted: {StatusOpen, StatusAbandoned},
}

// Bounds of a cart.
const (
	MaxItems    = 500
	MaxQuantity = 9_999
	MaxCards    = 10                  // gift cards
	MaxCodes    = 5                   // of promotions
	Lifetime    = 30 * 24 * time.Hour // after the last change
)

// Cart is a list of items in one market and so in one currency.
type Cart struct {
	ID         string          `json:"id"`
	Status     Status          `json:"status"`
	Version    int64           `json:"version"` // counts saves; guards against lost updates
	Market     string          `json:"market"`
	Currency   money.Currency  `json:"currency"`
	Locale     string          `json:"locale"`
	Country    string          `json:"country,omitempty"` // asked for at creation; an address goes before it
	CustomerID string          `json:"customer_id,omitempty"`
	Email      string          `json:"email,omitempty"`
	Note       string          `json:"note,omitempty"`
	Metadata   json.RawMessage `json:"metadata"` // an object, at most 16 kB
	Items      []Item          `json:"items"`

	Shipping       *address.Address `json:"shipping,omitempty"`
	Billing        *address.Address `json:"billing,omitempty"`
	ShippingOption string           `json:"shipping_option,omitempty"`

	// GiftCards are the cards that pay, in this order. Their codes are kept nowhere.
	GiftCards []GiftCard `json:"gift_cards,omitempty"`

	// DiscountCodes are the codes of promotions, as they are compared, each once.
	DiscountCodes []string `json:"discount_codes,omitempty"`

	Attempt int    `json:"attempt"`            // counts checkouts; reopening adds one; from 1
	Epoch   int    `json:"epoch"`              // of the token; raising it revokes the token
	OrderID string `json:"order_id,omitempty"` // of a completed one
	IntoID  string `json:"into_id,omitempty"`  // of a merged one

	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	ExpiresAt time.Time `json:"expires_at"`
	ClosedAt  time.Time `json:"closed_at,omitzero"`
}

// Item is a quantity of one variant. Equal variant and metadata is one item.
// Price is what the shopper has seen last.
type Item struct {
	ID        string          `json:"id"`
	VariantID string          `json:"variant_id"`
	Quantity  int64           `json:"quantity"`
	Price     money.Amount    `json:"price"`
	Metadata  json.RawMessage `json:"metadata"`
}

// GiftCard names a card of the shop that pays a part.
type GiftCard struct {
	ID    string `json:"id"`
	Last4 string `json:"last4"` // of its code
}

// CheckoutID names the attempt to turn this cart into an order.
func (c Cart) CheckoutID() string { return c.ID + "." + strconv.Itoa(c.Attempt) }

// OpenKey is what at most one stored cart may have: customer, market and
// currency of a customer's open cart. It is "" for all other carts, of which
// there may be any number. It has at most 300 characters.
func (c Cart) OpenKey() string {
	if c.Status != StatusOpen || c.CustomerID == "" {
		return ""
	}
	customer := strings.NewReplacer("%", "%25", "|", "%7C").Replace(c.CustomerID)
	return customer + "|" + c.Market + "|" + string(c.Currency)
}

// clone returns a copy whose lists can be changed apart from those of c.
func (c Cart) clone() Cart {
	c.Items, c.GiftCards, c.DiscountCodes = slices.Clone(c.Items), slices.Clone(c.GiftCards), slices.Clone(c.DiscountCodes)
	return c
}

// index returns where the item with this id is, -1 when there is none.
func (c Cart) index(itemID string) int {
	return slices.IndexFunc(c.Items, func(it Item) bool { return it.ID == itemID })
}

// held returns how many of a variant the cart holds, over all its items.
func (c Cart) held(variantID string) (n int64) {
	for _, it := range c.Items {
		if it.VariantID == variantID {
			n += it.Quantity
		}
	}
	return n
}

// writable returns ErrClosed unless c is open, and ErrStale unless version is 0
// or the version of c.
func (c Cart) writable(version int64) error {
	switch {
	case c.Status != StatusOpen:
		return ErrClosed.With(Closed{c.Status, c.OrderID})
	case version != 0 && version != c.Version:
		return ErrStale.With(Current{c.Version})
	default:
		return nil
	}
}
