package payment

import (
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// Events. A payload type is frozen once released: add fields, or add a V2.
var (
	EventAuthorized = event.Define[MovedV1]("payment.authorized", 1)
	EventCaptured   = event.Define[MovedV1]("payment.captured", 1)
	EventFailed     = event.Define[FailedV1]("payment.failed", 1)
	EventCanceled   = event.Define[MovedV1]("payment.canceled", 1)

	EventRefunded     = event.Define[RefundV1]("payment.refunded", 1)
	EventRefundFailed = event.Define[RefundV1]("payment.refund_failed", 1)
	EventDisputed     = event.Define[DisputeV1]("payment.disputed", 1)
	EventMismatch     = event.Define[MismatchV1]("payment.mismatch", 1)
	EventCaptureDue   = event.Define[CaptureDueV1]("payment.capture_due", 1)
)

// RefundV1 says that a refund has succeeded or failed.
type RefundV1 struct {
	Refund  string       `json:"refund"`
	Payment string       `json:"payment"`
	Order   string       `json:"order"`
	Amount  money.Amount `json:"amount"`
	Code    string       `json:"code,omitempty"` // why it failed
}

// DisputeV1 says that a dispute has begun or has ended.
type DisputeV1 struct {
	Payment string        `json:"payment"`
	Order   string        `json:"order"`
	Dispute string        `json:"dispute"` // the provider's id
	Status  DisputeStatus `json:"status"`
	Amount  money.Amount  `json:"amount"`
}

// MismatchV1 says that a provider tells of a payment what cannot be. Nothing is
// done until somebody has looked.
type MismatchV1 struct {
	Payment string `json:"payment"`
	Order   string `json:"order"`
	Break   string `json:"break"` // id of the payment.Break
}

// CaptureDueV1 says that an authorization lapses within two days.
type CaptureDueV1 struct {
	Payment string       `json:"payment"`
	Order   string       `json:"order"`
	Amount  money.Amount `json:"amount"` // what is not captured
	Before  time.Time    `json:"before"`
}

// MovedV1 says how much of a payment has been authorized or captured so far, or
// what is not going to be paid by it.
type MovedV1 struct {
	Payment string       `json:"payment"`
	Order   string       `json:"order"`
	Method  string       `json:"method"`
	Amount  money.Amount `json:"amount"`
}

// FailedV1 says that a payment did not go through.
type FailedV1 struct {
	Payment string `json:"payment"`
	Order   string `json:"order"`
	Method  string `json:"method"`
	Code    string `json:"code"`
}
