// Package once lets a command and its undoing be sent any number of times, in
// any order, and still count once.
//
// Both mark the same key. A command that finds its key undone is refused: it
// was late. An undoing that finds its key never used has nothing to undo, and
// its mark keeps the command out when that arrives after all.
package once

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// ErrUndone says that the command was called off before it arrived.
var ErrUndone = fault.New(fault.Refused, "once.undone", "this was called off")

// State is what a key has been through.
type State int

// The states of a key. They only grow.
const (
	Never State = iota
	Done
	Undone
)

// Keys remembers the states of keys. Stores have it.
type Keys interface {
	// Mark moves the key of op to to, unless it is there or further, and
	// returns where it was. It joins the unit of work of ctx, and of two
	// units that mark one key, the second waits for the first.
	Mark(ctx context.Context, op, key string, to State) (was State, err error)
}

// Do calls fn unless it was done. It returns ErrUndone if it was undone.
func Do(ctx context.Context, k Keys, op, key string, fn func() error) error {
	switch was, err := k.Mark(ctx, op, key, Done); {
	case err != nil:
		return err
	case was == Never:
		return fn()
	case was == Undone:
		return ErrUndone
	default:
		return nil
	}
}

// Undo calls fn if it was done and not yet undone.
func Undo(ctx context.Context, k Keys, op, key string, fn func() error) error {
	was, err := k.Mark(ctx, op, key, Undone)
	if err != nil || was != Done {
		return err
	}
	return fn()
}
