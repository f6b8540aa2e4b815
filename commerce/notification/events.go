package notification

import "github.com/mercer-commerce/mercer/commerce/event"

// Events. A payload type is frozen once released: add fields, or add a V2.
var (
	EventSent   = event.Define[SentV1]("notification.sent", 1)
	EventFailed = event.Define[FailedV1]("notification.failed", 1)
)

// SentV1 says that the mail server has taken a mail.
type SentV1 struct {
	Delivery string `json:"delivery"`
	Kind     Kind   `json:"kind"`
	Event    string `json:"event"` // id of the event that the mail tells of
	About    string `json:"about"` // public id of the order or the account
}

// FailedV1 says that a mail will not come out, and why: the code of a fault.
type FailedV1 struct {
	Delivery string `json:"delivery"`
	Kind     Kind   `json:"kind"`
	Event    string `json:"event"`
	About    string `json:"about"`
	Reason   string `json:"reason"`
	Attempts int    `json:"attempts"`
}
