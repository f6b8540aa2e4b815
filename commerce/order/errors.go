package order

import "github.com/mercer-commerce/mercer/commerce/fault"

// Errors that callers act on.
var (
	ErrNotFound            = fault.New(fault.NotFound, "order.not_found", "no such order")
	ErrStale               = fault.New(fault.Stale, "order.version_mismatch", "the order has changed")                     // Meta: version
	ErrIllegal             = fault.New(fault.Refused, "order.illegal_transition", "an order in this state cannot do that") // Meta: from, to
	ErrNotConfirmed        = fault.New(fault.Refused, "order.not_confirmed", "the order is not confirmed yet")
	ErrInFulfillment       = fault.New(fault.Refused, "order.in_fulfillment", "a parcel of this order is planned or has left")
	ErrNoUnits             = fault.New(fault.Refused, "order.no_units", "that many units are not left to ship") // Meta: item_id, requested, left
	ErrFulfillmentNotFound = fault.New(fault.NotFound, "order.fulfillment_not_found", "no such fulfillment")
	ErrIllegalFulfillment  = fault.New(fault.Refused, "order.illegal_fulfillment_transition", "a fulfillment in this state cannot do that") // Meta: from, to
	ErrFulfillmentTaken    = fault.New(fault.Conflict, "order.fulfillment_taken", "a fulfillment of another order has this id")
	ErrRefundNotFound      = fault.New(fault.NotFound, "order.refund_not_found", "the order has no such refund")
	ErrRefundTaken         = fault.New(fault.Conflict, "order.refund_taken", "a refund of another order has this id")
	ErrIllegalRefund       = fault.New(fault.Refused, "order.illegal_refund_transition", "a refund in this state cannot do that") // Meta: from, to
	ErrNotRefundable       = fault.New(fault.Invalid, "order.not_refundable", "that much was never captured for this order")      // Meta: refundable, requested
	ErrAlreadyRefunded     = fault.New(fault.Refused, "order.already_refunded", "that much is not left of what was captured")     // Meta: refundable, requested
	ErrPaymentNotFound     = fault.New(fault.NotFound, "order.payment_not_found", "the order has no such payment")
	ErrTooManyAttempts     = fault.New(fault.Throttled, "order.too_many_attempts", "too many attempts, wait a little")
	ErrCodeInvalid         = fault.New(fault.Refused, "order.code_invalid", "this code was used, has expired or never was")
	ErrChallengeNotFound   = fault.New(fault.NotFound, "order.challenge_not_found", "there is nothing to tell any more")
	ErrBadSums             = fault.New(fault.Invalid, "order.bad_sums", "the sums of the order do not agree")
)
