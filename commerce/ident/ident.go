// Package ident says who asks, with what rights, and for which request. All of
// it travels in the context, and over wires in headers.
//
// A context without an Actor is the embedding program itself and may do
// everything. Transports therefore set an Actor on every request, a Guest when
// the caller has not said who they are.
package ident

import (
	"context"
	"slices"
	"strings"
)

// Kind is what sort of caller an Actor is.
type Kind string

// The kinds.
const (
	System   Kind = "system"   // the embedding program, the CLI on a local shop
	Service  Kind = "service"  // a flow or an engine of the shop, for somebody
	Staff    Kind = "staff"    // a person or a program of the shop, by secret key or sign-in
	Customer Kind = "customer" // a signed-in shopper
	Guest    Kind = "guest"    // anybody
)

// Actor is somebody who calls an operation.
type Actor struct {
	Kind   Kind     `json:"kind"`
	ID     string   `json:"id,omitempty"`     // of the customer, the key, the staff member, the service
	Scopes []string `json:"scopes,omitempty"` // of staff: "orders:write"; "*" is all
	Email  string   `json:"email,omitempty"`  // of a customer, when verified

	// Session is what a person has signed in with.
	Session string `json:"session,omitempty"`

	// What a guest holds in place of a name.
	CartToken  string `json:"cart_token,omitempty"`
	OrderToken string `json:"order_token,omitempty"`

	// For is whom a service works for.
	For *Actor `json:"for,omitempty"`
}

// May reports whether a has the scope. System and services have all; customers
// and guests have none.
func (a Actor) May(scope string) bool {
	switch a.Kind {
	case System, Service:
		return true
	case Staff:
		area, _, _ := strings.Cut(scope, ":")
		return slices.ContainsFunc(a.Scopes, func(s string) bool { return s == scope || s == "*" || s == area+":*" })
	default:
		return false
	}
}

// Trusted reports whether a is a part of the shop itself.
func (a Actor) Trusted() bool { return a.Kind == System || a.Kind == Service }

// Origin returns whom a works for, or a itself.
func (a Actor) Origin() Actor {
	for a.For != nil {
		a = *a.For
	}
	return a
}

// String names a for audit rows and logs: "staff:key_…", "guest".
func (a Actor) String() string {
	if a.ID == "" {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + a.ID
}

type ctxKey int

const (
	actorKey ctxKey = iota
	idemKey
	requestKey
	traceKey
	clientKey
)

// With returns a context in which a asks.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey, a) }

// From returns who asks, System when nobody is named.
func From(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey).(Actor); ok {
		return a
	}
	return Actor{Kind: System}
}

// As returns a context in which the named service asks, for who asked before.
// Flows use it after they have decided that their caller may start them. The
// idempotency key stays behind: it belongs to the caller's own request.
func As(ctx context.Context, service string) context.Context {
	from := From(ctx).Origin()
	return WithKey(With(ctx, Actor{Kind: Service, ID: service, For: &from}), "")
}

// WithKey returns a context with the caller's idempotency key.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idemKey, key)
}

// Key returns the caller's idempotency key, "" when there is none.
func Key(ctx context.Context) string {
	key, _ := ctx.Value(idemKey).(string)
	return key
}

// WithRequest returns a context with the id of the request, for logs, answers
// and events.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey, id)
}

// Request returns the id of the request, "" outside of one.
func Request(ctx context.Context) string {
	id, _ := ctx.Value(requestKey).(string)
	return id
}

// WithTrace returns a context with the W3C traceparent of the work under way.
// It goes with calls to other processes and into recorded events.
func WithTrace(ctx context.Context, traceparent string) context.Context {
	return context.WithValue(ctx, traceKey, traceparent)
}

// Trace returns the W3C traceparent of the work under way, "" when it is not
// traced.
func Trace(ctx context.Context) string {
	trace, _ := ctx.Value(traceKey).(string)
	return trace
}

// WithClient returns a context with the address of the client that sent the
// request, as the transport that met it knows it.
func WithClient(ctx context.Context, addr string) context.Context {
	return context.WithValue(ctx, clientKey, addr)
}

// Client returns the address of the client that sent the request, "" when there
// is none. Addresses of one network may be one; it is for counting, not for
// reaching anybody.
func Client(ctx context.Context) string {
	addr, _ := ctx.Value(clientKey).(string)
	return addr
}

// An Authenticator finds out who sent a secret. It returns
// fault.ErrUnauthenticated for one that it does not know.
type Authenticator interface {
	Authenticate(ctx context.Context, bearer string) (Actor, error)
}
