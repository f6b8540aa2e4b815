package payment

import (
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// Events. A payload type is frozen once released: add fields, or add a V2.
var (
	EventAuthorized = event.Define[MovedV1]("payment.authorized", 1)
	EventCaptured   = event.Define[MovedV1]("payment.captured", 1)
	EventFailed     = event.Define[FailedV1]("payment.failed", 1)
	EventCanceled   = event.Define[MovedV1]("payment.canceled", 1)
)

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
