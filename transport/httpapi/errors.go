package httpapi

import (
	"net/http"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Faults of the transport itself.
var (
	// ErrNotFound says that nothing is served at a path, or that an id in it
	// cannot be one.
	ErrNotFound = fault.New(fault.NotFound, "request.not_found", "there is nothing here")
	// ErrMethod says that a path has other methods; the answer's Allow has them.
	ErrMethod = fault.New(fault.Malformed, "request.method_not_allowed", "this path has other methods")
	// ErrUnknownField says that a body has a field that the operation does not.
	ErrUnknownField = fault.New(fault.Malformed, "request.unknown_field", "there is no such field")
	// ErrDuplicateField says that a body has a field twice.
	ErrDuplicateField = fault.New(fault.Malformed, "request.duplicate_field", "the field is there twice")
	// ErrUnknownParam says that a query has a parameter that the operation does not.
	ErrUnknownParam = fault.New(fault.Malformed, "request.unknown_parameter", "there is no such parameter")
	// ErrRepeated says that a parameter or header that has one value came twice.
	ErrRepeated = fault.New(fault.Malformed, "request.repeated", "only one value is expected")
	// ErrBadType says that a value is of another type than the field's.
	ErrBadType = fault.New(fault.Malformed, "request.bad_type", "the value has the wrong type")
	// ErrRequired says that a field is missing.
	ErrRequired = fault.New(fault.Invalid, "request.required", "the field is required")
	// ErrTooLarge says that a body is longer than its limit, mostly MaxBody.
	ErrTooLarge = fault.New(fault.TooLarge, "request.too_large", "the body is too large").With(map[string]int{"limit": MaxBody})
	// ErrHeaderTooLarge says that a header is absurdly long.
	ErrHeaderTooLarge = fault.New(fault.Malformed, "request.header_too_large", "a header is too large")
	// ErrWrongType says that the Content-Type is not one that is read here.
	ErrWrongType = fault.New(fault.WrongType, "request.wrong_type", "send application/json")
	// ErrThrottled says that a caller sends more than the limit.
	ErrThrottled = fault.New(fault.Throttled, "request.throttled", "too many requests")
	// ErrCrossSite says that a page of an origin that is not allowed has sent a
	// request with a cookie, or wants one.
	ErrCrossSite = fault.New(fault.Denied, "request.cross_site", "pages of this origin may not use cookies here")
	// ErrKeyRequired says that a route needs an idempotency key.
	ErrKeyRequired = fault.New(fault.Malformed, "idempotency.key_required", "this request needs an Idempotency-Key")
)

// Faults are those that any route may answer with, beside its operation's own.
var Faults = []*fault.Error{
	fault.ErrMalformed, ErrUnknownField, ErrDuplicateField, ErrUnknownParam, ErrRepeated, ErrBadType, ErrRequired, fault.ErrInvalid, ErrNotFound, ErrMethod,
	page.ErrCursor, money.ErrAmount, money.ErrCurrency, money.ErrOutOfRange, money.ErrRate, // of values that read themselves
	ErrTooLarge, ErrHeaderTooLarge, ErrWrongType, ErrThrottled, ErrCrossSite, ErrKeyRequired, idem.ErrBadKey, idem.ErrReused, idem.ErrInFlight,
	fault.ErrUnauthenticated, fault.ErrDenied, fault.ErrUnavailable, fault.ErrInternal,
}

// StatusOf returns the HTTP status of e: that of its kind but for the two that
// no kind has.
func StatusOf(e *fault.Error) int {
	switch e.Code {
	case ErrMethod.Code:
		return http.StatusMethodNotAllowed
	case ErrHeaderTooLarge.Code:
		return http.StatusRequestHeaderFieldsTooLarge
	default:
		return e.Kind.Status()
	}
}
