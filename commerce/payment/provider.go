package payment

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// Provider moves money. Its methods leave the process unless the method is
// offline, begin with txn.Outside(ctx), and can be called any number of times
// for one payment: the payment's ID is the key of everything that is asked for
// it. A driver proves itself with paytest.
//
// An error means that nobody knows what happened; a refusal is a Snapshot with
// StatusFailed or with a Failure while the payment stays open.
type Provider interface {
	// Name is the name of the driver, which payments are stored with.
	Name() string
	// Methods are the ways to pay that it offers, in the order to show them.
	Methods() []Method
	// Start asks for the money: it makes the payment known at the provider, or
	// finds it there, and says how it stands.
	Start(ctx context.Context, p Payment) (Snapshot, error)
	// Fetch says how the payment stands now. A payment that never arrived is a
	// Snapshot with StatusCreating.
	Fetch(ctx context.Context, p Payment) (Snapshot, error)
	// Capture takes amount of what is authorized, once for each key. A refusal
	// is a Snapshot with a Failure that takes nothing.
	Capture(ctx context.Context, p Payment, amount money.Amount, key string) (Snapshot, error)
	// Cancel makes the payment impossible, also one that never arrived, and
	// answers how it stands afterwards: StatusCanceled; StatusCaptured or
	// StatusAuthorized when it was too late; StatusFailed when it was over;
	// StatusProcessing when it cannot be said yet. A Start that arrives after
	// it finds the payment canceled.
	Cancel(ctx context.Context, p Payment) (Snapshot, error)
	// Refund gives back r.Amount of what was captured of p, once for each r.ID,
	// and says how that stands: again it finds the refund, also long after. One
	// that the provider refuses for good is RefundFailed with a Failure; a
	// refund that may still come about is RefundPending.
	Refund(ctx context.Context, p Payment, r Refund) (RefundSnapshot, error)
}

// Snapshot is how a payment stands at its provider.
type Snapshot struct {
	Status     Status
	ProviderID string // never changes for one payment
	// Authorized is all that was ever authorized, the whole Amount of the
	// payment or nothing; Captured is all that has been taken of it. A payment
	// that is taken without being authorized first may leave Authorized zero.
	Authorized money.Amount
	Captured   money.Amount
	NextAction json.RawMessage
	Failure    *Failure
	Object     string // id of the latest movement of money, for the ledger

	// Refunds and Disputes are all there are of the payment, nil when the answer
	// does not tell. Fetch tells.
	Refunds  []RefundSnapshot
	Disputes []Dispute
	// CaptureBefore is when an authorization lapses; zero when nobody knows.
	CaptureBefore time.Time
	Display       *Display
	// Fee is what the provider kept for the capture, zero when it is not known;
	// FeeObject is the provider's id of it.
	Fee       money.Amount
	FeeObject string
}

// Display is what may be shown of a means of payment.
type Display struct {
	Brand string `json:"brand"` // "visa"
	Last4 string `json:"last4"`
}
