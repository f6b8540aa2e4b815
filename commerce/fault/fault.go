// Package fault is the error model shared by every engine and every transport.
//
// An error that a caller may want to act on is a *Error: a Kind that a
// transport maps to a status, and a Code that a program compares. Both survive
// the wire, so errors.Is(err, cart.ErrNotFound) answers the same in one process
// and across NATS or HTTP. Any other error is internal: it is logged where it
// happened and leaves the process only as "internal error".
package fault

import (
	"encoding/json"
	"errors"
	"time"
)

// Kind sorts errors by what the caller can do about them. Each has one HTTP
// status, see Kind.Status.
type Kind string

// The kinds.
const (
	Malformed       Kind = "malformed"       // the request cannot be read: 400
	Unauthenticated Kind = "unauthenticated" // say who you are: 401
	Denied          Kind = "denied"          // get permission: 403
	NotFound        Kind = "not_found"       // it is not there, or not yours: 404
	Conflict        Kind = "conflict"        // read again, then retry: 409
	Refused         Kind = "refused"         // the rules of the shop say no: 409
	Stale           Kind = "stale"           // the version you named has passed: 412
	TooLarge        Kind = "too_large"       // send less: 413
	WrongType       Kind = "wrong_type"      // send another content type: 415
	Invalid         Kind = "invalid"         // fix a value: 422
	Throttled       Kind = "throttled"       // slow down: 429
	Internal        Kind = "internal"        // tell the operator: 500
	Unavailable     Kind = "unavailable"     // retry later: 503
)

var statuses = map[Kind]int{
	Malformed: 400, Unauthenticated: 401, Denied: 403, NotFound: 404, Conflict: 409, Refused: 409, Stale: 412,
	TooLarge: 413, WrongType: 415, Invalid: 422, Throttled: 429, Internal: 500, Unavailable: 503,
}

// Status returns the HTTP status of k, 500 for an unknown kind.
func (k Kind) Status() int {
	if s, ok := statuses[k]; ok {
		return s
	}
	return statuses[Internal]
}

// Error is an error with a place in the API. The zero values of In, Param,
// Meta, Errors and RetryAfter say nothing.
type Error struct {
	Kind   Kind            `json:"kind"`
	Code   string          `json:"code"` // stable, "cart.not_found"
	Text   string          `json:"text"` // for people; may change
	In     string          `json:"in,omitempty"`
	Param  string          `json:"param,omitempty"`  // JSON Pointer in a body, a name elsewhere
	Meta   json.RawMessage `json:"meta,omitempty"`   // typed per Code
	Errors []Item          `json:"errors,omitempty"` // every fault of the request at once
	// RetryAfter says when trying again makes sense, in whole seconds.
	RetryAfter int `json:"retry_after,omitempty"`

	cause error
}

// Item is one of several faults of one request.
type Item struct {
	Code    string          `json:"code"`
	In      string          `json:"in,omitempty"` // body, query, path or header
	Param   string          `json:"param,omitempty"`
	Message string          `json:"message"`
	Meta    json.RawMessage `json:"meta,omitempty"`
}

// New returns a sentinel for a package-level variable.
func New(k Kind, code, text string) *Error {
	return &Error{Kind: k, Code: code, Text: text}
}

func (e *Error) Error() string {
	s := e.Text
	if e.Param != "" {
		s = e.Param + ": " + s
	}
	for _, it := range e.Errors {
		s += "; " + it.Param + ": " + it.Message
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target has the same Code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// With returns a copy of e that carries meta, which must encode to JSON.
func (e *Error) With(meta any) *Error {
	c := *e
	c.Meta, _ = json.Marshal(meta)
	return &c
}

// Saying returns a copy of e with another text for people.
func (e *Error) Saying(text string) *Error {
	c := *e
	c.Text = text
	return &c
}

// At returns a copy of e that names the field it is about, as a JSON Pointer
// ("/items/0/quantity").
func (e *Error) At(pointer string) *Error {
	c := *e
	c.In, c.Param = "body", pointer
	return &c
}

// Listing returns a copy of e with items, all the faults of one request.
func (e *Error) Listing(items ...Item) *Error {
	c := *e
	c.Errors = items
	return &c
}

// After returns a copy of e that asks to wait for d, rounded up to seconds.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = int((d + time.Second - 1) / time.Second)
	return &c
}

// Because returns a copy of e that wraps cause. The cause stays in the process.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Item returns e as one of several faults.
func (e *Error) Item() Item {
	return Item{Code: e.Code, In: e.In, Param: e.Param, Message: e.Text, Meta: e.Meta}
}

// KindOf returns the Kind of err, Internal when it has none, "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Wait returns how long err asks to wait, 0 when it does not say.
func Wait(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return time.Duration(e.RetryAfter) * time.Second
	}
	return 0
}

// Public returns what a transport may show of err: the *Error in it without its
// cause, or a bare internal error.
func Public(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		c := *e
		c.cause = nil
		return &c
	}
	return ErrInternal
}

// Faults of no engine in particular.
var (
	ErrInternal        = New(Internal, "internal", "internal error")
	ErrInvalid         = New(Invalid, "request.invalid", "the request is not valid")
	ErrMalformed       = New(Malformed, "request.malformed", "the request cannot be read")
	ErrDenied          = New(Denied, "auth.denied", "you are not allowed to do this")
	ErrUnauthenticated = New(Unauthenticated, "auth.required", "say who you are")
	ErrUnavailable     = New(Unavailable, "unavailable", "not available now, try again")
)
