// Package op describes the operations of an engine as values, so that one
// declaration serves a direct call, NATS, HTTP and the CLI.
package op

import (
	"context"
	"reflect"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// Kind says whether an operation only reads.
type Kind int

// The kinds.
const (
	Command Kind = iota
	Query
)

// Access says who may call an operation: Anyone, Owner, Inside, or the scope
// that staff need ("orders:write").
type Access string

// Accesses that are not a scope.
const (
	Anyone Access = "anyone" // no name needed
	Owner  Access = "owner"  // whose object it is, or who holds its token; the engine looks
	Inside Access = "inside" // only services of the shop and the embedding program
)

// Scope returns the scope that staff need, or "" when none is asked for.
func (a Access) Scope() string {
	if strings.Contains(string(a), ":") {
		return string(a)
	}
	return ""
}

// Op is the name and the types of one operation. Name is "engine.verb_noun".
type Op[In, Out any] struct {
	Name   string
	Kind   Kind
	Doc    string // one sentence, for API documents
	Access Access // required
	Fails  []*fault.Error
}

// Admit is the first line of every engine method: it returns an error unless
// the caller of ctx may call o and in keeps the constraints of its tags. It is
// the engine's, so that no transport and no Go caller can pass it by.
func (o Op[In, Out]) Admit(ctx context.Context, in In) error {
	if err := o.Access.allow(ident.From(ctx)); err != nil {
		return err
	}
	return check.Struct(in)
}

func (a Access) allow(who ident.Actor) error {
	switch {
	case a == Anyone || a == Owner || who.Trusted():
		return nil
	case a == "":
		panic("op: an operation without Access")
	case a.Scope() != "" && who.May(a.Scope()):
		return nil
	case who.Kind == ident.Guest:
		return fault.ErrUnauthenticated
	default:
		return fault.ErrDenied.With(map[string]string{"scope": string(a)})
	}
}

// Handler is an Op bound to the function that performs it, without its types.
type Handler struct {
	Name    string
	Kind    Kind
	Doc     string
	Access  Access
	Fails   []*fault.Error
	In, Out reflect.Type
	New     func() any // returns a new *In
	NewOut  func() any // returns a new *Out
	// Call takes an *In and returns an Out.
	Call func(ctx context.Context, in any) (any, error)
}

// A Registrar serves handlers. A Caller reaches them: in is an input or a
// pointer to one, out a pointer to where the output goes.
type (
	Registrar interface{ Register(Handler) }
	Caller    interface {
		Call(ctx context.Context, name string, in, out any) error
	}
)

// Handle registers fn as the way to perform o.
func Handle[In, Out any](r Registrar, o Op[In, Out], fn func(context.Context, In) (Out, error)) {
	r.Register(Handler{
		Name: o.Name, Kind: o.Kind, Doc: o.Doc, Access: o.Access, Fails: o.Fails,
		In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out](),
		New:    func() any { return new(In) },
		NewOut: func() any { return new(Out) },
		Call: func(ctx context.Context, in any) (any, error) {
			return fn(ctx, *in.(*In))
		},
	})
}

// Call performs o through c.
func Call[In, Out any](ctx context.Context, c Caller, o Op[In, Out], in In) (out Out, err error) {
	err = c.Call(ctx, o.Name, in, &out)
	return out, err
}

// RegistrarFunc is a function that is a Registrar.
type RegistrarFunc func(Handler)

// Register implements Registrar.
func (f RegistrarFunc) Register(h Handler) { f(h) }

// Nothing is the input or output of an operation that has none.
type Nothing struct{}
