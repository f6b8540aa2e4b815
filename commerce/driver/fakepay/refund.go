package fakepay

import (
	"slices"
	"strconv"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Returned is money that the bank sends back, or was asked to.
type Returned struct {
	ID          string               `json:"id"`
	Key         string               `json:"key"` // the id of the refund that asked for it, "" for one of the bank's own dashboard
	Amount      money.Amount         `json:"amount"`
	Status      payment.RefundStatus `json:"status"`
	Failure     *payment.Failure     `json:"failure,omitempty"`
	At          time.Time            `json:"at"`                    // when it was asked for
	SucceededAt time.Time            `json:"succeeded_at,omitzero"` // when the money went
	FailedAt    time.Time            `json:"failed_at,omitzero"`    // when it was refused, or came back
}

// Chargeback is money that the shopper's bank has taken back.
type Chargeback struct {
	payment.Dispute
	ClosedAt time.Time `json:"closed_at,omitzero"` // when it was won or lost
}

func (r Returned) snapshot() payment.RefundSnapshot {
	return payment.RefundSnapshot{RefundID: r.Key, ProviderID: r.ID, Status: r.Status, Amount: r.Amount, Failure: r.Failure, At: r.At}
}

// left is what can be given back.
func (in Intent) left() int64 {
	left := in.Captured.Minor
	for _, r := range in.Refunds {
		if r.Status != payment.RefundFailed {
			left -= r.Amount.Minor
		}
	}
	return left
}

// refund sends money back, once for each key, and says how that stands. A
// refusal is kept as well: one key has one answer.
func (in *Intent) refund(key string, amount money.Amount, o Outcome, now time.Time) Returned {
	if i := slices.IndexFunc(in.Refunds, func(r Returned) bool { return r.Key == key && key != "" }); i >= 0 {
		return in.Refunds[i]
	}
	r := Returned{ID: ident.DeriveID("fre", in.PaymentID+" "+key), Key: key, Amount: amount, Status: payment.RefundSucceeded, At: now}
	if key == "" {
		r.ID = ident.DeriveID("fre", in.PaymentID+" abroad "+strconv.Itoa(len(in.Refunds)))
	}
	switch {
	case amount.Currency != in.Amount.Currency || amount.Minor <= 0 || amount.Minor > in.left():
		r.fail("amount_too_large", "More than can be given back.", now)
	case o == Decline || o == HardDecline:
		r.fail("refund_declined", "The bank does not send this money back.", now)
	case o == Process:
		r.Status = payment.RefundPending
	default:
		r.SucceededAt = now
	}
	in.Refunds = append(in.Refunds, r)
	return r
}

func (r *Returned) fail(code, message string, now time.Time) {
	r.Status, r.Failure, r.FailedAt = payment.RefundFailed, &payment.Failure{Code: code, Message: message}, now
}

// settle ends a refund that is on its way, or sends one back that had succeeded.
func (in *Intent) settle(i int, to payment.RefundStatus, now time.Time) bool {
	r := &in.Refunds[i]
	if !payment.RefundTransitions.Allows(r.Status, to) {
		return false
	}
	if to == payment.RefundSucceeded {
		r.Status, r.SucceededAt = to, now
		return true
	}
	r.fail("expired_or_canceled_card", "The card does not take the money back.", now)
	return true
}

// dispute takes money back for the shopper, or returns "".
func (in *Intent) dispute(amount money.Amount, reason string, now time.Time) string {
	left := in.Captured.Minor
	for _, d := range in.Disputes {
		if d.Status != payment.DisputeWon {
			left -= d.Amount.Minor
		}
	}
	if amount.Currency != in.Amount.Currency || amount.Minor <= 0 || amount.Minor > left {
		return ""
	}
	id := ident.DeriveID("fdi", in.PaymentID+" "+strconv.Itoa(len(in.Disputes)))
	in.Disputes = append(in.Disputes, Chargeback{Dispute: payment.Dispute{ProviderID: id, Status: payment.DisputeOpen, Amount: amount, Reason: reason, At: now}})
	return id
}

// closeDispute ends an open dispute.
func (in *Intent) closeDispute(i int, to payment.DisputeStatus, now time.Time) bool {
	d := &in.Disputes[i]
	if d.Status != payment.DisputeOpen || to != payment.DisputeWon && to != payment.DisputeLost {
		return false
	}
	d.Status, d.ClosedAt = to, now
	return true
}
