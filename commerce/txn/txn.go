// Package txn names the one thing engines need to know about databases: where
// several writes can commit together.
//
// What people get wrong: a unit of work lives in the context that fn is given,
// not in the one around it. Inside Do, use fn's ctx.
package txn

import (
	"context"
	"errors"
)

var (
	// ErrDone is returned by a store that is used with the context of a unit
	// of work that has already committed or rolled back.
	ErrDone = errors.New("txn: unit of work is over")

	// ErrDoomed is returned by Do when a unit inside the unit has failed and fn
	// returned nil all the same: nothing was written.
	ErrDoomed = errors.New("txn: a unit of work inside this one has failed")

	// ErrInside is returned by code that leaves the process, such as a Client
	// or a payment provider, when it is called in a unit of work: locks must
	// not wait for the world, and the world does not roll back.
	ErrInside = errors.New("txn: call to the world inside a unit of work")
)

// A Scope is a place where writes can commit together, usually one database.
//
// Do runs fn as one unit of work. Every store of the same Scope that is called
// with fn's context takes part in it. When fn returns an error nothing that it
// wrote remains. An inner Do of the same Scope joins the outer unit; if the
// inner one fails, the outer one cannot commit (ErrDoomed). A deadlock or a
// lost connection makes Do run fn again on a fresh unit, so fn may run more
// than once and must not change anything outside the unit before it returns.
//
// Implementations are pointers, so that == tells whether two stores share one.
type Scope interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Of returns the Scope that x writes in, or nil if x is remote or keeps none.
func Of(x any) Scope {
	if s, ok := x.(interface{ Scope() Scope }); ok {
		return s.Scope()
	}
	return nil
}

type inside struct{}

// Inside returns the context that a Scope gives to fn.
func Inside(ctx context.Context) context.Context {
	return context.WithValue(ctx, inside{}, true)
}

// Outside returns ErrInside if ctx belongs to a unit of work of any Scope.
// Everything that leaves the process calls it first.
func Outside(ctx context.Context) error {
	if ctx.Value(inside{}) != nil {
		return ErrInside
	}
	return nil
}

// Get is Do for a fn that returns a value. A command's outermost Get is what an
// idempotency key protects: see Memo.
func Get[T any](ctx context.Context, s Scope, fn func(ctx context.Context) (T, error)) (v T, err error) {
	memo, ctx := takeMemo(ctx)
	if memo != nil && memo.Replay(s, &v) {
		return v, nil
	}
	err = s.Do(ctx, func(ctx context.Context) (err error) {
		if v, err = fn(ctx); err != nil || memo == nil {
			return err
		}
		return memo.Keep(ctx, s, v)
	})
	if err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}
