// Package paytest says what a payment.Provider must do. The name of a case is
// the name of what a driver lacks when the case fails.
package paytest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Subject is a Provider under test, and what the suite must know of it. What a
// test cannot do is nil or empty, and the cases about that are skipped.
type Subject struct {
	Provider payment.Provider
	// AtOnce is a method that takes the money at once, TwoStep one that
	// authorizes it first, Multi one that does so and keeps what a capture leaves
	// for more captures; "" when there is none.
	AtOnce, TwoStep, Multi string
	// Offline: it never leaves the process and keeps nothing, so the cases
	// about remembering do not hold.
	Offline bool
	// Now is the time that it goes by, time.Now; Advance moves that.
	Now     func() time.Time
	Advance func(t *testing.T, d time.Duration)
	// Decline makes it decline a payment, Approve approve it.
	Decline, Approve func(t *testing.T, paymentID string)
	// Confirm is the shopper who confirms a payment that Start leaves open.
	Confirm func(t *testing.T, paymentID string)
	// LoseAnswer makes the answer to the next call of a kind ("capture",
	// "cancel", "refund") get lost when it is done.
	LoseAnswer func(t *testing.T, call string)
	// Intents returns how many intents it has for a payment.
	Intents func(t *testing.T, paymentID string) int
	// CaptureAbroad, RefundAbroad and Dispute are done at the provider, by others
	// than the shop. CloseDispute ends the dispute of a payment.
	CaptureAbroad, RefundAbroad, Dispute func(t *testing.T, paymentID string, amount money.Amount)
	CloseDispute                         func(t *testing.T, paymentID string, to payment.DisputeStatus)
	// Sent returns all notices that it has sent of its own accord so far, as its
	// Receive has read them.
	Sent func(t *testing.T) []payment.Notice
}

// Guards are the names of all cases.
var Guards = slices.Concat(intentGuards, refundGuards, bookGuards)

// Run runs the suite against what open returns, each of them new.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	cases := map[string]func(*testing.T, Subject){}
	for _, some := range []map[string]func(*testing.T, Subject){intentCases, refundCases, bookCases} {
		maps.Copy(cases, some)
	}
	for _, name := range Guards {
		t.Run(name, func(t *testing.T) { cases[name](t, open(t)) })
	}
}

// owed is a payment of 24.99 that nobody has heard of and that is asked for now.
func (s Subject) owed(id, method string) payment.Payment {
	none, now := money.Zero("EUR"), time.Now()
	if s.Now != nil {
		now = s.Now()
	}
	now = now.UTC().Truncate(time.Microsecond)
	return payment.Payment{ID: id, OrderID: "ord_of_" + id, Method: method, Status: payment.StatusCreating, Amount: money.New(2499, "EUR"),
		Authorized: none, Captured: none, Refunded: none, Refunding: none, Disputed: none, Provider: s.Provider.Name(),
		SentAt: now, SendCount: 1, Version: 1, CreatedAt: now, UpdatedAt: now}
}

// started starts a payment, has its shopper confirm it where that is needed, and
// returns it with how it stands.
func (s Subject) started(t *testing.T, p payment.Payment) (payment.Payment, payment.Snapshot) {
	t.Helper()
	got := done(t, "start")(s.Provider.Start(t.Context(), p))
	p = merge(p, got)
	if s.Confirm == nil || got.Status != payment.StatusOpen {
		return p, got
	}
	s.Confirm(t, p.ID)
	got = done(t, "fetch")(s.Provider.Fetch(t.Context(), p))
	return merge(p, got), got
}

// merge is p as an engine has it after s.
func merge(p payment.Payment, s payment.Snapshot) payment.Payment {
	p.Status, p.ProviderID, p.Authorized, p.Captured = s.Status, s.ProviderID, s.Authorized, s.Captured
	if p.Authorized.IsZero() {
		p.Authorized = p.Captured
	}
	return p
}

// done returns the answer of a call that must have one.
func done(t *testing.T, what string) func(payment.Snapshot, error) payment.Snapshot {
	return func(s payment.Snapshot, err error) payment.Snapshot {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return s
	}
}

func want(t *testing.T, what string, s payment.Snapshot, statuses ...payment.Status) {
	t.Helper()
	if !slices.Contains(statuses, s.Status) {
		t.Errorf("%s: status %s, want %v", what, s.Status, statuses)
	}
}

// need skips a case that does not hold for s.
func need(t *testing.T, ok bool, why string) {
	t.Helper()
	if !ok {
		t.Skip(why)
	}
}

// method is one that has to be asked for.
func (s Subject) method() string {
	if s.AtOnce != "" {
		return s.AtOnce
	}
	if s.TwoStep != "" {
		return s.TwoStep
	}
	return s.Provider.Methods()[0].ID
}
