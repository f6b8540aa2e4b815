package notification

import (
	"context"
	"time"
)

// Mailer hands mails to the world. mailtest.Run says whether a type is one. It
// is safe for concurrent use and begins with txn.Outside.
type Mailer interface {
	// Send returns nil when the mail server has taken m. It refuses a mail whose
	// Check fails, and what no second try would bring out, with ErrRejected or
	// another fault of kind Invalid. Every other error is tried again later:
	// fault.ErrUnavailable, which may say by RetryAfter when.
	//
	// A mail that was sent before comes with the same MessageID. A Mailer whose
	// service knows keys of idempotency passes it on as one.
	Send(ctx context.Context, m Mail) error
}

// Challenges says what a mail about an account, or with a code for an order,
// needs and events must not carry.
type Challenges interface {
	// Challenge returns what the event with this challenge is to tell, at the
	// time of asking. An error of kind NotFound says that there is nothing to
	// tell, or nothing any more; Invalid and Refused are final too; every other
	// one is tried again.
	Challenge(ctx context.Context, id string) (Challenge, error)
}

// Challenge is whom to write to, and the code to send.
type Challenge struct {
	Email  string `json:"email"`
	Name   string `json:"name"`
	Locale string `json:"locale"` // BCP 47, "" for the shop's
	// Kind, when it is one of Kinds, is what to say in place of what the event's
	// name says: a known address that registers again gets KindAccountExists.
	Kind Kind `json:"kind"`
	// OldEmail is the address until then, of a change of address.
	OldEmail string `json:"old_email"`
	// OrderID and Number are of the order that the code opens.
	OrderID   string    `json:"order_id"`
	Number    string    `json:"number"`
	Code      string    `json:"code"`       // "" when there is none
	ExpiresAt time.Time `json:"expires_at"` // of the code; zero is never
}
