package fakepay

import (
	"encoding/json"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Intent is what the bank knows of one payment.
type Intent struct {
	ID         string           `json:"id"`
	PaymentID  string           `json:"payment_id"`
	OrderID    string           `json:"order_id"`
	Method     string           `json:"method"`
	Status     payment.Status   `json:"status"`
	Amount     money.Amount     `json:"amount"`
	Authorized money.Amount     `json:"authorized"`
	Captured   money.Amount     `json:"captured"`
	Failure    *payment.Failure `json:"failure,omitempty"`
	Object     string           `json:"object"`
	Keys       []string         `json:"keys"`     // of the captures
	Attempts   int              `json:"attempts"` // to get the money
}

// Chargeable reports whether money was, is or can still be taken by in.
func (in Intent) Chargeable() bool {
	return in.Status != payment.StatusCanceled && in.Status != payment.StatusFailed
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
func (in *Intent) start(of payment.Payment, o Outcome) error {
	switch {
	case in.Amount != of.Amount:
		return fmt.Errorf("fakepay: %s was started with %v and is now %v", in.PaymentID, in.Amount, of.Amount)
	case in.over() || in.Status == payment.StatusProcessing:
		return nil
	}
	in.Attempts++
	in.decide(o)
	return nil
}

// decide is what the bank says in the end.
func (in *Intent) decide(o Outcome) {
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
		if in.Method != Manual {
			in.take(in.Amount, "")
		}
	}
}

func (in *Intent) take(amount money.Amount, key string) {
	in.Captured, in.Status = amount, payment.StatusCaptured
	in.Keys, in.Object = append(in.Keys, key), ident.DeriveID("fch", in.PaymentID+" "+key)
}

// capture takes authorized money, or says why it does not.
func (in *Intent) capture(amount money.Amount, key string) *payment.Failure {
	switch {
	case in.Status == payment.StatusCaptured:
		return nil // by this key or another: the answer tells how much
	case in.Status != payment.StatusAuthorized:
		return &payment.Failure{Code: "not_authorized", Message: "There is nothing to take."}
	case amount.Minor <= 0 || amount.Minor > in.Authorized.Minor:
		return &payment.Failure{Code: "amount_too_large", Message: "More than was authorized."}
	}
	in.take(amount, key)
	return nil
}

// cancel shuts the door, also for an intent that is not there yet.
func (in *Intent) cancel() {
	if in.Status != payment.StatusCaptured && in.Status != payment.StatusFailed {
		in.Status, in.Failure = payment.StatusCanceled, nil
		if in.Authorized.Minor > 0 {
			in.Object = ident.DeriveID("fca", in.PaymentID)
		}
	}
}

func (in Intent) snapshot() payment.Snapshot {
	s := payment.Snapshot{Status: in.Status, ProviderID: in.ID, Authorized: in.Authorized, Captured: in.Captured, Failure: in.Failure, Object: in.Object}
	if in.Status == payment.StatusCreating {
		s.ProviderID = "" // it never arrived
	}
	if in.Status == payment.StatusOpen {
		s.NextAction, _ = json.Marshal(map[string]string{"type": "fake_confirm", "client_secret": "secret_" + in.ID})
	}
	return s
}
