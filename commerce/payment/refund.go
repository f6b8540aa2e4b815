package payment

import (
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/state"
)

// RefundStatus is where a refund is in its life.
type RefundStatus string

// The states of a refund.
const (
	RefundPending   RefundStatus = "pending" // written down; maybe the provider has been asked
	RefundSucceeded RefundStatus = "succeeded"
	RefundFailed    RefundStatus = "failed"
)

// RefundTransitions are the moves of a refund. A bank can send money back that
// had been on its way: then a refund fails that had succeeded.
var RefundTransitions = state.Table[RefundStatus]{
	RefundPending:   {RefundSucceeded, RefundFailed},
	RefundSucceeded: {RefundFailed},
}

// Refund is money of one payment that goes back. While it is not failed its
// amount counts against what is captured: the row is written, and the money is
// spoken for, before a provider is asked. Its ID is the key of everything that
// is asked for it.
type Refund struct {
	ID        string       `json:"id"`
	PaymentID string       `json:"payment_id"`
	OrderID   string       `json:"order_id"`
	Provider  string       `json:"provider"` // name of the driver
	Status    RefundStatus `json:"status"`
	Amount    money.Amount `json:"amount"`
	// Goodwill is the part of Amount that is a favor and for no goods.
	Goodwill   money.Amount `json:"goodwill"`
	Reason     string       `json:"reason"`
	ProviderID string       `json:"provider_id,omitempty"`
	Failure    *Failure     `json:"failure,omitempty"`
	// Abroad: it was made at the provider, not by this shop.
	Abroad    bool      `json:"abroad,omitempty"`
	Actor     string    `json:"actor"`
	SentAt    time.Time `json:"sent_at,omitzero"` // when the provider was first asked
	SendCount int       `json:"send_count"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// RefundSnapshot is how a refund stands at its provider.
type RefundSnapshot struct {
	RefundID   string // ours, "" for one that was made at the provider
	ProviderID string // never changes for one refund
	Status     RefundStatus
	Amount     money.Amount
	Failure    *Failure  // of a failed one
	At         time.Time // when it was made
}

// DisputeStatus is where a dispute stands.
type DisputeStatus string

// The states of a dispute.
const (
	DisputeOpen DisputeStatus = "open" // the bank has taken the money, or is about to
	DisputeWon  DisputeStatus = "won"  // it is ours again
	DisputeLost DisputeStatus = "lost"
)

// Dispute is money that a bank takes back because its customer does not agree
// (a chargeback).
type Dispute struct {
	ProviderID string        `json:"provider_id"`
	Status     DisputeStatus `json:"status"`
	Amount     money.Amount  `json:"amount"`
	Reason     string        `json:"reason,omitempty"` // in the words of the provider
	At         time.Time     `json:"at"`               // when it began
}
