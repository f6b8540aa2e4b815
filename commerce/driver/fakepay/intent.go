package fakepay

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Intent is what the bank knows of one payment.
type Intent struct {
	ID            string           `json:"id"`
	PaymentID     string           `json:"payment_id"`
	OrderID       string           `json:"order_id"`
	Method        string           `json:"method"`
	ReturnURL     string           `json:"return_url,omitempty"`
	Status        payment.Status   `json:"status"`
	Amount        money.Amount     `json:"amount"`
	Authorized    money.Amount     `json:"authorized"`
	Captured      money.Amount     `json:"captured"`
	CaptureBefore time.Time        `json:"capture_before,omitzero"` // when the authorization lapses
	Failure       *payment.Failure `json:"failure,omitempty"`
	Object        string           `json:"object"`   // id of the latest movement of the payment
	Attempts      int              `json:"attempts"` // to get the money
	Captures      []Taken          `json:"captures"`
	Refunds       []Returned       `json:"refunds"`
	Disputes      []Chargeback     `json:"disputes"`
	News          int              `json:"news"` // how many events there are of it
}

// Taken is money that the bank has taken.
type Taken struct {
	ID     string       `json:"id"`
	Key    string       `json:"key"` // of the capture that asked for it
	Amount money.Amount `json:"amount"`
	Fee    money.Amount `json:"fee"` // what the bank keeps
	At     time.Time    `json:"at"`
}

// feeObject is the id of the fee of a capture.
func (t Taken) feeObject() string { return ident.DeriveID("ffe", t.ID) }

// fee is what the bank keeps of a capture: 2.9 % and 0.25, at most all of it.
func fee(amount money.Amount) money.Amount {
	return money.New(min(amount.Minor, amount.Minor*29/1000+25), amount.Currency)
}

// newIntent is an intent that has not been heard of.
func newIntent(of payment.Payment) Intent {
	none := money.Zero(of.Amount.Currency)
	return Intent{ID: ident.DeriveID("fpi", of.ID), PaymentID: of.ID, OrderID: of.OrderID, Method: of.Method, ReturnURL: of.ReturnURL,
		Status: payment.StatusCreating, Amount: of.Amount, Authorized: none, Captured: none}
}

// Chargeable reports whether money was, is or can still be taken by in.
func (in Intent) Chargeable() bool {
	return in.Status != payment.StatusCanceled && in.Status != payment.StatusFailed
}

// clone returns in without anything that is shared.
func (in Intent) clone() Intent {
	in.Captures, in.Refunds, in.Disputes = slices.Clone(in.Captures), slices.Clone(in.Refunds), slices.Clone(in.Disputes)
	return in
}

func (in Intent) over() bool {
	switch in.Status {
	case payment.StatusAuthorized, payment.StatusCaptured, payment.StatusFailed, payment.StatusCanceled:
		return true
	default:
		return false
	}
}

// start makes one attempt to get the money.
func (in *Intent) start(of payment.Payment, o Outcome, now time.Time) error {
	switch {
	case in.Amount != of.Amount:
		return fmt.Errorf("fakepay: %s was started with %v and is now %v", in.PaymentID, in.Amount, of.Amount)
	case in.over() || in.Status == payment.StatusProcessing:
		return nil
	}
	in.Attempts++
	in.decide(o, now)
	return nil
}

// decide is what the bank says in the end.
func (in *Intent) decide(o Outcome, now time.Time) {
	in.Failure = nil
	switch o {
	case Decline:
		in.Status = payment.StatusOpen
		in.Failure = &payment.Failure{Code: "card_declined", Message: "The card was declined.", DeclineCode: "insufficient_funds"}
	case HardDecline:
		in.Status = payment.StatusFailed
		in.Failure = &payment.Failure{Code: "card_declined", Message: "The card was declined for good.", DeclineCode: "stolen_card"}
	case Process:
		in.Status = payment.StatusProcessing
	case AskShopper:
		in.Status = payment.StatusOpen
	default:
		in.Authorized = in.Amount
		in.Status, in.Object = payment.StatusAuthorized, ident.DeriveID("fau", in.PaymentID)
		if in.Method != Manual && in.Method != Multi {
			in.take(in.Amount, "", now)
			if o == Contest {
				in.dispute(in.Amount, "fraudulent", now)
			}
			return
		}
		in.CaptureBefore = now.Add(Lapse)
	}
}

// take takes money, and lets the rest go unless the method keeps it.
func (in *Intent) take(amount money.Amount, key string, now time.Time) {
	c := Taken{ID: ident.DeriveID("fch", in.PaymentID+" "+key), Key: key, Amount: amount, Fee: fee(amount), At: now}
	in.Captures, in.Object = append(in.Captures, c), c.ID
	in.Captured.Minor += amount.Minor
	if in.Method != Multi || in.Captured == in.Authorized {
		in.Status = payment.StatusCaptured
	}
}

// capture takes authorized money once for each key, or says why it does not.
func (in *Intent) capture(amount money.Amount, key string, o Outcome, now time.Time) *payment.Failure {
	switch {
	case slices.ContainsFunc(in.Captures, func(c Taken) bool { return c.Key == key }):
		return nil
	case in.Status == payment.StatusCaptured:
		return &payment.Failure{Code: "already_captured", Message: "The money has been taken."}
	case in.Status != payment.StatusAuthorized:
		return &payment.Failure{Code: "not_authorized", Message: "There is nothing to take."}
	case amount.Currency != in.Amount.Currency || amount.Minor <= 0 || amount.Minor > in.Authorized.Minor-in.Captured.Minor:
		return &payment.Failure{Code: "amount_too_large", Message: "More than was authorized."}
	case o == Decline || o == HardDecline:
		return &payment.Failure{Code: "capture_declined", Message: "The bank does not let this money be taken."}
	}
	in.take(amount, key, now)
	return nil
}

// captureAbroad is a capture in the bank's own dashboard.
func (in *Intent) captureAbroad(amount money.Amount, now time.Time) bool {
	return in.capture(amount, "abroad "+strconv.Itoa(len(in.Captures)), Approve, now) == nil
}

// cancel shuts the door, also for an intent that is not there yet, or lets go
// what is left of it.
func (in *Intent) cancel() {
	switch {
	case in.Status == payment.StatusCaptured || in.Status == payment.StatusFailed:
	case in.Captured.Minor > 0:
		in.Status = payment.StatusCaptured
	default:
		in.Status, in.Failure = payment.StatusCanceled, nil
		if in.Authorized.Minor > 0 {
			in.Object = ident.DeriveID("fca", in.PaymentID)
		}
	}
}

// lapse lets an authorization go whose time is over.
func (in *Intent) lapse(now time.Time) {
	if in.Status == payment.StatusAuthorized && !in.CaptureBefore.IsZero() && !now.Before(in.CaptureBefore) {
		in.cancel()
	}
}

// snapshot is in as a call answers it.
func (in Intent) snapshot() payment.Snapshot {
	s := payment.Snapshot{Status: in.Status, ProviderID: in.ID, Authorized: in.Authorized, Captured: in.Captured, Failure: in.Failure, Object: in.Object,
		Fee: money.Zero(in.Amount.Currency)}
	switch in.Status {
	case payment.StatusCreating:
		s.ProviderID = "" // it never arrived
	case payment.StatusOpen:
		s.NextAction, _ = json.Marshal(map[string]string{"type": "fake_confirm", "client_secret": "secret_" + in.ID})
	case payment.StatusAuthorized:
		s.CaptureBefore = in.CaptureBefore
	default:
	}
	if in.Authorized.Minor > 0 {
		s.Display = &payment.Display{Brand: "visa", Last4: "4242"}
	}
	if n := len(in.Captures); n > 0 {
		s.Fee, s.FeeObject = in.Captures[n-1].Fee, in.Captures[n-1].feeObject()
	}
	return s
}

// whole is in as Fetch answers it: with all refunds and disputes.
func (in Intent) whole() payment.Snapshot {
	s := in.snapshot()
	s.Refunds, s.Disputes = make([]payment.RefundSnapshot, len(in.Refunds)), make([]payment.Dispute, len(in.Disputes))
	for i, r := range in.Refunds {
		s.Refunds[i] = r.snapshot()
	}
	for i, d := range in.Disputes {
		s.Disputes[i] = d.Dispute
	}
	return s
}
