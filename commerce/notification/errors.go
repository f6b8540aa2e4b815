package notification

import "github.com/mercer-commerce/mercer/commerce/fault"

// Errors that callers act on.
var (
	ErrNotFound = fault.New(fault.NotFound, "notification.not_found", "no such delivery")
	ErrStale    = fault.New(fault.Conflict, "notification.stale", "the delivery has changed")
	ErrUnderWay = fault.New(fault.Conflict, "notification.under_way", "the mail is on its way already")
	// ErrRejected is what a Mailer returns for a mail that no second try would
	// bring out: a bad address, a header with a line break.
	ErrRejected = fault.New(fault.Invalid, "notification.rejected", "the mail cannot be delivered")
	// ErrExpired says that the code of a mail had ended before it was sent.
	ErrExpired = fault.New(fault.Refused, "notification.expired", "the code of this mail has expired")
)
