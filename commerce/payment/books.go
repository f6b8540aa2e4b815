package payment

import (
	"context"
	"iter"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// Books is a Provider that tells what has moved there, so that nothing is missed
// when its notices are.
type Books interface {
	Provider
	// Notices are the events of the provider since a time, as its notices would
	// have told them: with the same IDs. It may return more than asked for. The
	// error, if there is one, is the last.
	Notices(ctx context.Context, since time.Time) iter.Seq2[Notice, error]
	// Movements are the movements of money from a time (inclusive) to another
	// (exclusive), in any order. The error, if there is one, is the last.
	Movements(ctx context.Context, from, to time.Time) iter.Seq2[Movement, error]
}

// Movement is one movement of money in the books of a provider.
type Movement struct {
	Kind       string       // in the words of Ledger.Kind: captured, refunded, refund_failed, disputed, dispute_won
	Object     string       // as in Ledger.Object
	PaymentID  string       // ours, where the provider knows it
	ProviderID string       // of the payment at the provider
	Amount     money.Amount // in the currency of the payment
	Fee        money.Amount // what the provider keeps for itself, in the currency that it settles in; zero for none
	FeeObject  string       // as in Snapshot.FeeObject; "" is Object
	At         time.Time
}

// BreakState is whether somebody has looked at a Break.
type BreakState string

// The states of a break.
const (
	BreakOpen     BreakState = "open"
	BreakResolved BreakState = "resolved"
)

// Kinds of a Break.
const (
	BreakMismatch = "mismatch"        // the provider tells what cannot be of the payment
	BreakMissing  = "missing_here"    // money has moved there and is not in the ledger
	BreakUnknown  = "missing_there"   // money is in the ledger and has not moved there
	BreakAmount   = "amount_differs"  // both have it, with other amounts
	BreakSums     = "sums_differ"     // a payment is not the sum of its ledger
	BreakStranger = "unknown_payment" // money has moved there for no payment of this shop
	BreakStuck    = "stuck"           // asked for long ago, and still no evidence
)

// Break is something that our books and a provider's do not agree on, kept once
// for each Kind and Object until somebody has resolved it. One that disappears by
// itself is resolved by the reconciler.
type Break struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind"`
	Object    string     `json:"object"` // the movement, or the payment
	Provider  string     `json:"provider"`
	PaymentID string     `json:"payment_id"` // "" when none is known
	OrderID   string     `json:"order_id"`
	Ours      string     `json:"ours"`   // what we have, for people
	Theirs    string     `json:"theirs"` // what the provider has, for people
	State     BreakState `json:"state"`
	FirstSeen time.Time  `json:"first_seen"`
	LastSeen  time.Time  `json:"last_seen"`
	Note      string     `json:"note"` // of who resolved it
	Actor     string     `json:"actor"`
	Version   int64      `json:"version"`
}

// BreakFilter names breaks. A zero field does not filter.
type BreakFilter struct {
	State   BreakState
	OrderID string
	After   string // only breaks whose id is greater
	Limit   int    // at least 1
}
