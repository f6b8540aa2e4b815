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

	ErrProviderUnknown = fault.New(fault.NotFound, "payment.provider_unknown", "no payment provider of this name sends notices here")
	ErrSignature       = fault.New(fault.Malformed, "payment.bad_signature", "the notice is not signed by the provider, or it is old")
)

// illegal is ErrIllegal with what was tried.
func illegal(from, to Status) *fault.Error {
	return ErrIllegal.With(map[string]Status{"from": from, "to": to})
}
