// Package order keeps what was bought: a copy of everything that was agreed,
// and how far paying and shipping have come. Later changes of catalog, prices
// or taxes do not reach it.
package order

import (
	"encoding/json"
	"time"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/state"
)

// Status is where an order is in its life.
type Status string

// The states of an order.
const (
	StatusDraft     Status = "draft"
	StatusPending   Status = "pending" // placed; stock is held until ExpiresAt
	StatusConfirmed Status = "confirmed"
	StatusCompleted Status = "completed" // all delivered or canceled, nothing due
	StatusCanceling Status = "canceling" // the payment is being made impossible first
	StatusCanceled  Status = "canceled"
)

// Transitions are the moves of an order. A canceling one goes back when its
// payment turns out to have succeeded.
var Transitions = state.Table[Status]{
	StatusDraft:     {StatusPending},
	StatusPending:   {StatusConfirmed, StatusCanceling, StatusCanceled},
	StatusConfirmed: {StatusCompleted, StatusCanceling},
	StatusCanceling: {StatusCanceled, StatusConfirmed, StatusPending},
}

// PaymentStatus is derived from the payments, the first word that applies.
type PaymentStatus string

// The words.
const (
	PayDisputed          PaymentStatus = "disputed"
	PayOverpaid          PaymentStatus = "overpaid"
	PayRefunded          PaymentStatus = "refunded"
	PayPartiallyRefunded PaymentStatus = "partially_refunded"
	PayPaid              PaymentStatus = "paid"
	PayPartiallyCaptured PaymentStatus = "partially_captured"
	PayAuthorized        PaymentStatus = "authorized"
	PayVoided            PaymentStatus = "voided"
	PayNone              PaymentStatus = "none"
)

// FulfillmentStatus is derived from the uncanceled units.
type FulfillmentStatus string

// The words.
const (
	Unfulfilled       FulfillmentStatus = "unfulfilled"
	PartlyFulfilled   FulfillmentStatus = "partial"
	Fulfilled         FulfillmentStatus = "fulfilled"
	Delivered         FulfillmentStatus = "delivered"
	PartiallyReturned FulfillmentStatus = "partially_returned"
	Returned          FulfillmentStatus = "returned"
)

// Reasons why an order was canceled.
const (
	ReasonExpired       = "expired"
	ReasonCustomer      = "customer"
	ReasonStaff         = "staff"
	ReasonPaymentFailed = "payment_failed"
	ReasonFraud         = "fraud"
)

// Order is one order.
type Order struct {
	ID                string            `json:"id" maxLength:"64"`
	Number            string            `json:"number"` // for people; unique, with gaps
	Version           int64             `json:"version"`
	CartID            string            `json:"cart_id"`
	CheckoutID        string            `json:"-"`
	Status            Status            `json:"status"`
	PaymentStatus     PaymentStatus     `json:"payment_status"`
	FulfillmentStatus FulfillmentStatus `json:"fulfillment_status"`
	CancelReason      *string           `json:"cancel_reason"`
	PlacedAt          time.Time         `json:"placed_at"`
	ExpiresAt         *time.Time        `json:"expires_at"`
	Market            string            `json:"market"`
	Currency          money.Currency    `json:"currency"`
	Locale            string            `json:"locale"`
	TaxIncluded       bool              `json:"tax_included"`
	CustomerID        *string           `json:"customer_id" maxLength:"64"`
	Email             string            `json:"email" maxLength:"254"`
	Addresses         Addresses         `json:"addresses"`
	Items             []Item            `json:"items" minItems:"1" maxItems:"500"`
	Shipping          *Shipping         `json:"shipping"`
	Discounts         []Discount        `json:"discounts"`
	Fees              []Fee             `json:"fees"`
	Taxes             []bill.Tax        `json:"taxes"`
	Totals            bill.Totals       `json:"totals"`  // as placed or edited
	Balance           Balance           `json:"balance"` // what came of it
	Payment           *Payment          `json:"payment"` // the one that counts now
	Payments          []Payment         `json:"payments"`
	Fulfillments      []Fulfillment     `json:"fulfillments"`
	Returns           []Return          `json:"returns"`
	Refunds           []Refund          `json:"refunds"`
	Documents         []Document        `json:"documents"`
	Note              *string           `json:"note"`
	Metadata          json.RawMessage   `json:"metadata"`
	Epoch             int               `json:"-"` // of the access token
}

// Addresses are where the parcel and the bill go.
type Addresses struct {
	Shipping *address.Address `json:"shipping"`
	Billing  *address.Address `json:"billing"`
}

// Item is one line, as it was sold.
type Item struct {
	ID               string            `json:"id" minLength:"1" maxLength:"64"`
	ProductID        string            `json:"product_id"`
	VariantID        string            `json:"variant_id"`
	SKU              *string           `json:"sku"`
	Title            string            `json:"title"`
	VariantTitle     *string           `json:"variant_title"`
	Options          map[string]string `json:"options"`
	ImageURL         *string           `json:"image_url"`
	RequiresShipping bool              `json:"requires_shipping"`
	Metadata         json.RawMessage   `json:"metadata"`
	Quantity         int64             `json:"quantity" minimum:"1" maximum:"9999"`
	Quantities       Quantities        `json:"quantities"`
	UnitPrice        money.Amount      `json:"unit_price"`
	Subtotal         money.Amount      `json:"subtotal"`
	Discount         money.Amount      `json:"discount"`
	Tax              money.Amount      `json:"tax"`
	Total            money.Amount      `json:"total"`
	TaxLines         []bill.Tax        `json:"tax_lines"`
}

// Quantities say what became of the units of an item. Fulfilled counts those
// that were shipped, Refunded those of refunds that have not failed: pending
// ones too.
type Quantities struct {
	Canceled  int64 `json:"canceled"`
	Fulfilled int64 `json:"fulfilled"`
	Delivered int64 `json:"delivered"`
	Returned  int64 `json:"returned"`
	Refunded  int64 `json:"refunded"`
}

// Shipping is the way to deliver that was chosen.
type Shipping struct {
	OptionID string       `json:"option_id"`
	Name     string       `json:"name"`
	Price    money.Amount `json:"price"`
	Discount money.Amount `json:"discount"`
	Tax      money.Amount `json:"tax"`
	Total    money.Amount `json:"total"`
	TaxLines []bill.Tax   `json:"tax_lines"`
	Estimate *Estimate    `json:"estimate"`
}

// Estimate is how long delivery takes.
type Estimate struct {
	MinDays int `json:"min_days"`
	MaxDays int `json:"max_days"`
}

// Discount is what a promotion took off.
type Discount struct {
	ID          string       `json:"id"`
	PromotionID string       `json:"promotion_id"`
	Code        *string      `json:"code"`
	Title       string       `json:"title"`
	Amount      money.Amount `json:"amount"`
	Allocations []Allocation `json:"allocations"`
}

// Allocation is an item's share of a discount.
type Allocation struct {
	ItemID string       `json:"item_id"`
	Amount money.Amount `json:"amount"`
}

// Fee is what a payment method costs.
type Fee struct {
	Name   string       `json:"name"`
	Amount money.Amount `json:"amount"`
}

// Balance is the money of an order. Due is what is still owed.
type Balance struct {
	Authorized money.Amount `json:"authorized"`
	Captured   money.Amount `json:"captured"`
	Refunded   money.Amount `json:"refunded"`
	Due        money.Amount `json:"due"`
}

// Payment is what the order knows of one of its payments. The payment engine
// has the truth; Version is its, and older news changes nothing.
type Payment struct {
	ID         string          `json:"id"`
	Method     string          `json:"method"`
	Status     string          `json:"status"`
	Amount     money.Amount    `json:"amount"`
	Authorized money.Amount    `json:"authorized"`
	Captured   money.Amount    `json:"captured"`
	Refunded   money.Amount    `json:"refunded"`    // what went back
	Refunding  money.Amount    `json:"refunding"`   // what is on its way back
	Disputed   money.Amount    `json:"disputed"`    // what a bank has taken back, or wants to
	NextAction json.RawMessage `json:"next_action"` // null, or what the shopper must do
	Failure    *Failure        `json:"failure"`
	Display    *Display        `json:"display"`
	// CaptureBefore is when what is authorized lapses.
	CaptureBefore *time.Time `json:"capture_before"`
	Version       int64      `json:"version"`
}

// MarshalJSON implements json.Marshaler: amounts that were not given, or that an
// older release did not write down, are nothing in the currency of Amount.
func (p Payment) MarshalJSON() ([]byte, error) {
	type plain Payment
	return json.Marshal(plain(filled(p, p.Amount.Currency)))
}

// Display is what may be shown of a means of payment.
type Display struct {
	Brand string `json:"brand"` // "visa"
	Last4 string `json:"last4"`
}

// Failure is why a payment did not go through.
type Failure struct {
	Code        string `json:"code"`
	Message     string `json:"message"`
	DeclineCode string `json:"decline_code,omitempty"`
}

// FulfillmentState is where a fulfillment is in its life.
type FulfillmentState string

// The states of a fulfillment.
const (
	FulPending   FulfillmentState = "pending"
	FulShipped   FulfillmentState = "shipped"
	FulDelivered FulfillmentState = "delivered"
	FulCanceled  FulfillmentState = "canceled"
	FulLost      FulfillmentState = "lost"
)

// FulfillmentTransitions are the moves of a fulfillment. A shipped one is
// pending again only when its shipping is undone.
var FulfillmentTransitions = state.Table[FulfillmentState]{
	FulPending: {FulShipped, FulCanceled},
	FulShipped: {FulDelivered, FulLost, FulPending},
}

// Fulfillment is a parcel, planned or sent.
type Fulfillment struct {
	ID          string           `json:"id"`
	Status      FulfillmentState `json:"status"`
	LocationID  *string          `json:"location_id"`
	Items       []Units          `json:"items"`
	Tracking    []Tracking       `json:"tracking"`
	ShippedAt   *time.Time       `json:"shipped_at"`
	DeliveredAt *time.Time       `json:"delivered_at"`
}

// Units are some of an item.
type Units struct {
	ItemID   string `json:"item_id" minLength:"1" maxLength:"64"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"9999"`
}

// Tracking is how to find a parcel.
type Tracking struct {
	Carrier string `json:"carrier" minLength:"1" maxLength:"100"`
	Number  string `json:"number" minLength:"1" maxLength:"100"`
	URL     string `json:"url,omitempty" maxLength:"2048" pattern:"^https?://"`
}

// Return and Document are lists that stay empty until the shop takes goods back
// and writes papers.
type (
	// Return is goods that come back.
	Return struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	// Document is a paper, such as an invoice.
	Document struct {
		Type   string `json:"type"`
		Number string `json:"number"`
		URL    string `json:"url"`
	}
)

// Entry is one line of an order's history.
type Entry struct {
	Version int64     `json:"version"` // of the order after it
	Kind    string    `json:"kind"`    // placed, status, payment, fulfillment, refund, hold, note, customer
	From    string    `json:"from"`
	To      string    `json:"to"`
	Text    string    `json:"text"`
	Actor   string    `json:"actor"`
	CauseID string    `json:"cause_id"` // the request or run that did it
	At      time.Time `json:"at"`
}

// VersionOf is the version of the order, for ETag.
func (o Order) VersionOf() int64 { return o.Version }
