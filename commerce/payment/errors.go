package payment

import "github.com/mercer-commerce/mercer/commerce/fault"

// Errors that callers act on.
var (
	ErrNotFound      = fault.New(fault.NotFound, "payment.not_found", "no such payment")
	ErrMethodUnknown = fault.New(fault.Invalid, "payment.method_unknown", "there is no such way to pay")                // Meta: methods
	ErrBelowMinimum  = fault.New(fault.Invalid, "payment.below_minimum", "the amount is too small for this way to pay") // Meta: minimum
	ErrCanceled      = fault.New(fault.Refused, "payment.canceled", "the payment was called off")
	ErrIllegal       = fault.New(fault.Refused, "payment.illegal_transition", "a payment in this state cannot do that") // Meta: from, to
	ErrTooMuch       = fault.New(fault.Refused, "payment.too_much", "more than was authorized")                         // Meta: authorized, captured
	ErrUnanswered    = fault.New(fault.Unavailable, "payment.unanswered", "the payment provider has not answered yet")
	ErrStale         = fault.New(fault.Conflict, "payment.stale", "the payment has changed")
	ErrTaken         = fault.New(fault.Conflict, "payment.provider_id_taken", "another payment has this id at the provider")

	ErrProviderUnknown  = fault.New(fault.NotFound, "payment.provider_unknown", "no payment provider of this name sends notices here")
	ErrRefundNotFound   = fault.New(fault.NotFound, "payment.refund_not_found", "no such refund")
	ErrNotRefundable    = fault.New(fault.Refused, "payment.not_refundable", "there is not that much to give back")                           // Meta: captured, refunded, refundable
	ErrDisputed         = fault.New(fault.Refused, "payment.disputed", "a dispute about this payment is open; force the refund to pay twice") // Meta: disputed
	ErrIllegalRefund    = fault.New(fault.Refused, "payment.illegal_refund_transition", "a refund in this state cannot do that")              // Meta: from, to
	ErrBreakNotFound    = fault.New(fault.NotFound, "payment.break_not_found", "no such break")
	ErrNoticeNotFound   = fault.New(fault.NotFound, "payment.notice_not_found", "no such notice")
	ErrGiftCardNotFound = fault.New(fault.NotFound, "payment.gift_card_not_found", "no such gift card")
	ErrGiftCardUnusable = fault.New(fault.Refused, "payment.gift_card_unusable", "this gift card cannot be used") // Meta: Unusable
	ErrGiftCardTaken    = fault.New(fault.Conflict, "payment.gift_card_code_taken", "another gift card has this code")
	ErrTooManyAttempts  = fault.New(fault.Throttled, "payment.too_many_attempts", "too many attempts, wait a little")
	ErrNotPayable       = fault.New(fault.Invalid, "payment.amount_not_payable", "this amount cannot be paid in this way")

	ErrSignature = fault.New(fault.Malformed, "payment.bad_signature", "the notice is not signed by the provider, or it is old")
)

// illegal is ErrIllegal with what was tried.
func illegal(from, to Status) *fault.Error {
	return ErrIllegal.With(map[string]Status{"from": from, "to": to})
}

// illegalRefund is ErrIllegalRefund with what was tried.
func illegalRefund(from, to RefundStatus) *fault.Error {
	return ErrIllegalRefund.With(map[string]RefundStatus{"from": from, "to": to})
}

// wrongCurrency is the fault of an amount that is not in the currency of p.
func wrongCurrency(p Payment) *fault.Error {
	return fault.ErrInvalid.Saying("the payment is in " + string(p.Amount.Currency)).At("/amount/currency")
}
