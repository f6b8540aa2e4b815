// Package payment keeps what is owed for orders and asks providers to move the
// money. Money cannot be rolled back: the engine writes down what it is about
// to ask before it asks, moves only on evidence, and treats a lost answer as
// unknown, never as failed.
package payment

import (
	"encoding/json"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/state"
)

// Status is where a payment is in its life.
type Status string

// The states of a payment.
const (
	StatusCreating   Status = "creating"   // written down; maybe the provider has been asked
	StatusOpen       Status = "open"       // the provider waits for the shopper, or the shop for a transfer
	StatusProcessing Status = "processing" // the provider has not decided
	StatusAuthorized Status = "authorized"
	StatusCaptured   Status = "captured"
	StatusFailed     Status = "failed"
	StatusCanceled   Status = "canceled"
	StatusUnknown    Status = "unknown" // an answer was lost; asked again until there is evidence
)

// Transitions are the moves of a payment. Only a payment of nothing goes from
// captured to canceled: no money has to go back for it.
var Transitions = state.Table[Status]{
	StatusCreating:   {StatusOpen, StatusProcessing, StatusAuthorized, StatusCaptured, StatusFailed, StatusCanceled, StatusUnknown},
	StatusUnknown:    {StatusOpen, StatusProcessing, StatusAuthorized, StatusCaptured, StatusFailed, StatusCanceled},
	StatusOpen:       {StatusProcessing, StatusAuthorized, StatusCaptured, StatusFailed, StatusCanceled, StatusUnknown},
	StatusProcessing: {StatusOpen, StatusAuthorized, StatusCaptured, StatusFailed, StatusCanceled, StatusUnknown},
	StatusAuthorized: {StatusCaptured, StatusCanceled, StatusUnknown},
	StatusCaptured:   {StatusCanceled},
}

// Kind says what a shopper has to do for a method.
type Kind string

// The kinds.
const (
	KindOffline       Kind = "offline"        // nothing now
	KindClientConfirm Kind = "client_confirm" // confirm in the page
	KindRedirect      Kind = "redirect"       // go to another page and come back
)

// Method is a way to pay.
type Method struct {
	ID   string `json:"id"` // "bank_transfer"
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
	// Hold is how long stock is kept for a pending order.
	Hold time.Duration `json:"-"`
	// Confirms: the order needs no money before it may ship, and is confirmed
	// while it is placed, without any outside call.
	Confirms bool `json:"-"`
	// Manual: staff say when the money has come; there is nobody to ask.
	Manual bool `json:"-"`
	// Minimum amounts that can be paid, by currency; absent is 0.
	Minimum map[money.Currency]int64 `json:"-"`
	// Admits, if there is one, returns a fault for an amount that cannot be paid
	// by the method. It is asked before an order exists.
	Admits func(money.Amount) error `json:"-"`
	// Details are what a shopper needs to pay by a Manual method, such as the
	// account ("iban"); they are shown with the reference.
	Details map[string]string `json:"-"`
}

// Payment is one attempt to be paid for an order.
type Payment struct {
	ID         string          `json:"id"`
	OrderID    string          `json:"order_id"`
	Method     string          `json:"method"`
	Provider   string          `json:"provider"` // name of the driver
	Status     Status          `json:"status"`
	Amount     money.Amount    `json:"amount"`
	Authorized money.Amount    `json:"authorized"`
	Captured   money.Amount    `json:"captured"`
	Refunded   money.Amount    `json:"refunded"`  // what went back
	Refunding  money.Amount    `json:"refunding"` // what is on its way back
	Disputed   money.Amount    `json:"disputed"`  // of open and lost disputes
	Disputes   []Dispute       `json:"disputes,omitempty"`
	ProviderID string          `json:"provider_id,omitempty"`
	NextAction json.RawMessage `json:"next_action,omitempty"` // what the shopper must do
	Failure    *Failure        `json:"failure,omitempty"`
	Display    *Display        `json:"display,omitempty"`
	GiftCardID string          `json:"gift_card_id,omitempty"` // of a payment by gift card
	ReturnURL  string          `json:"return_url,omitempty"`
	Takings    []Taking        `json:"takings,omitempty"` // captures that the provider was asked for
	// CaptureBefore is when the authorization lapses.
	CaptureBefore time.Time `json:"capture_before,omitzero"`
	ExpiresAt     time.Time `json:"expires_at,omitzero"` // of the order's hold
	SentAt        time.Time `json:"sent_at,omitzero"`    // when the provider was first asked
	SendCount     int       `json:"send_count"`
	Version       int64     `json:"version"`
	CreatedAt     time.Time `json:"created_at"`
	UpdatedAt     time.Time `json:"updated_at"`
}

// Taking is a capture that a provider was asked for. What is asked for under a
// key never changes.
type Taking struct {
	Key    string       `json:"key"`
	Amount money.Amount `json:"amount"`
	Done   bool         `json:"done"` // it was answered for
}

// UnmarshalJSON implements json.Unmarshaler: amounts that an older release did
// not write down are nothing.
func (p *Payment) UnmarshalJSON(data []byte) error {
	type plain Payment
	if err := json.Unmarshal(data, (*plain)(p)); err != nil {
		return err
	}
	for _, a := range []*money.Amount{&p.Refunding, &p.Disputed} {
		if *a == (money.Amount{}) {
			*a = money.Zero(p.Amount.Currency)
		}
	}
	return nil
}

// Failure is why a payment did not go through.
type Failure struct {
	Code        string `json:"code"`
	Message     string `json:"message"`
	DeclineCode string `json:"decline_code,omitempty"`
}

// Secretless returns p without the secret with which its shopper confirms it at
// the provider, as it is stored. Authorize gets the secret again.
func (p Payment) Secretless() any {
	p.NextAction = WithoutSecret(p.NextAction)
	return p
}

// clientSecret is the member of an action that is a secret.
const clientSecret = "client_secret"

// WithoutSecret returns a next action as it may be stored: with null for its
// client_secret, if it has one.
func WithoutSecret(action json.RawMessage) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(action, &members) != nil || members[clientSecret] == nil {
		return action
	}
	members[clientSecret] = json.RawMessage("null")
	action, _ = json.Marshal(members) // it was JSON a moment ago
	return action
}

// LacksSecret reports whether WithoutSecret has taken a secret out of action.
func LacksSecret(action json.RawMessage) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(action, &members) == nil && string(members[clientSecret]) == "null"
}

// Settled reports whether the payment lets its order be confirmed.
func (p Payment) Settled() bool { return p.Status == StatusAuthorized || p.Status == StatusCaptured }

// Over reports whether the payment can never succeed any more.
func (p Payment) Over() bool { return p.Status == StatusFailed || p.Status == StatusCanceled }

// Open reports whether it is not decided yet whether the payment succeeds.
func (p Payment) Open() bool { return !p.Settled() && !p.Over() }

// Kinds of a Ledger line.
const (
	LineAuthorized   = "authorized"
	LineCaptured     = "captured"
	LineCanceled     = "canceled" // authorized money that is let go
	LineRefunded     = "refunded"
	LineGoodwill     = "goodwill"      // the part of a refund that is a favor
	LineRefundFailed = "refund_failed" // money of a refund that had succeeded is back
	LineDisputed     = "disputed"
	LineDisputeWon   = "dispute_won"
	LineFee          = "fee" // in the currency that the provider settles in
)

// Ledger is one movement of money. Lines are only ever added; (kind, object) is
// unique, so news that comes twice counts once.
type Ledger struct {
	ID        string `json:"id"`
	PaymentID string `json:"payment_id"`
	OrderID   string `json:"order_id"`
	Kind      string `json:"kind"` // one of the Line constants
	// Object is the provider's id of the movement, or ours of the recording. What
	// comes after a # tells several movements of one object apart.
	Object    string       `json:"object"`
	Amount    money.Amount `json:"amount"`
	Reference string       `json:"reference,omitempty"`
	Actor     string       `json:"actor"`
	At        time.Time    `json:"at"` // when the money moved, as far as is known
}
