// Package oncetest says what a once.Keys must do. The name of a case is the
// name of what a store lacks when the case fails.
package oncetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Keys is what is tested: marks, and the scope that they commit in.
type Keys interface {
	once.Keys
	Scope() txn.Scope
}

// Guards are the names of all cases.
var Guards = []string{"TwiceIsOnce", "UndoneFirstWins", "KeysAreApart", "RollbackForgets", "DoAndUndoTakeTurns"}

var cases = map[string]func(*testing.T, Keys){
	"TwiceIsOnce":        twiceIsOnce,
	"UndoneFirstWins":    undoneFirstWins,
	"KeysAreApart":       keysAreApart,
	"RollbackForgets":    rollbackForgets,
	"DoAndUndoTakeTurns": takeTurns,
}

// Run runs the suite against what open returns, each of them empty.
func Run(t *testing.T, open func(t *testing.T) Keys) {
	for _, name := range Guards {
		t.Run(name, func(t *testing.T) { cases[name](t, open(t)) })
	}
}

// do sends a command. It returns whether its work was done and committed.
func do(ctx context.Context, k Keys, key string) (did bool, err error) {
	err = k.Scope().Do(ctx, func(ctx context.Context) error {
		did = false // a unit may run again
		return once.Do(ctx, k, "x.do", key, func() error { did = true; return nil })
	})
	return did && err == nil, err
}

// undo sends the undoing. It returns whether something was undone.
func undo(ctx context.Context, k Keys, key string) (did bool, err error) {
	err = k.Scope().Do(ctx, func(ctx context.Context) error {
		did = false
		return once.Undo(ctx, k, "x.do", key, func() error { did = true; return nil })
	})
	return did && err == nil, err
}

func twiceIsOnce(t *testing.T, k Keys) {
	for i := range 3 {
		if did, err := do(t.Context(), k, "a"); err != nil || did != (i == 0) {
			t.Errorf("do number %d: did = %v, %v", i+1, did, err)
		}
	}
	for i := range 3 {
		if did, err := undo(t.Context(), k, "a"); err != nil || did != (i == 0) {
			t.Errorf("undo number %d: did = %v, %v", i+1, did, err)
		}
	}
	if did, err := do(t.Context(), k, "a"); !errors.Is(err, once.ErrUndone) || did {
		t.Errorf("do after its undo: did = %v, %v; want ErrUndone", did, err)
	}
}

func undoneFirstWins(t *testing.T, k Keys) {
	if did, err := undo(t.Context(), k, "a"); err != nil || did {
		t.Errorf("undo of nothing: did = %v, %v", did, err)
	}
	for range 2 {
		if did, err := do(t.Context(), k, "a"); !errors.Is(err, once.ErrUndone) || did {
			t.Errorf("late do: did = %v, %v; want ErrUndone", did, err)
		}
	}
	if did, err := undo(t.Context(), k, "a"); err != nil || did {
		t.Errorf("undo after a late do: did = %v, %v", did, err)
	}
}

func keysAreApart(t *testing.T, k Keys) {
	if _, err := undo(t.Context(), k, "a"); err != nil {
		t.Error(err)
	}
	if did, err := do(t.Context(), k, "b"); err != nil || !did {
		t.Errorf("do of another key: did = %v, %v", did, err)
	}
	if was, err := k.Mark(t.Context(), "x.other", "b", once.Done); was != once.Never || err != nil {
		t.Errorf("another op: was %v, %v; want Never", was, err)
	}
	if was, err := k.Mark(t.Context(), "x.other", "b", once.Done); was != once.Done || err != nil {
		t.Errorf("another op again: was %v, %v; want Done", was, err)
	}
}

func rollbackForgets(t *testing.T, k Keys) {
	boom := errors.New("boom")
	for i := range 2 {
		called := false
		err := k.Scope().Do(t.Context(), func(ctx context.Context) error {
			return once.Do(ctx, k, "x.do", "a", func() error { called = true; return boom })
		})
		if !errors.Is(err, boom) || !called {
			t.Errorf("failing do number %d: called = %v, %v; a failed do is not done", i+1, called, err)
		}
	}
	if did, err := do(t.Context(), k, "a"); err != nil || !did {
		t.Errorf("do after failed ones: did = %v, %v", did, err)
	}
	err := k.Scope().Do(t.Context(), func(ctx context.Context) error {
		return once.Undo(ctx, k, "x.do", "a", func() error { return boom })
	})
	if !errors.Is(err, boom) {
		t.Errorf("failing undo: %v", err)
	}
	if did, err := undo(t.Context(), k, "a"); err != nil || !did {
		t.Errorf("undo after a failed one: did = %v, %v", did, err)
	}
}

// takeTurns lets two sendings of a do and two of its undo race, many times.
// Whatever wins, nothing of the do may remain.
func takeTurns(t *testing.T, k Keys) {
	for i := range 50 {
		var n atomic.Int64
		var wg sync.WaitGroup
		key := fmt.Sprint("race", i)
		for range 2 {
			wg.Go(func() {
				did, err := do(t.Context(), k, key)
				if err != nil && !errors.Is(err, once.ErrUndone) {
					t.Error(err)
				}
				if did {
					n.Add(1)
				}
			})
			wg.Go(func() {
				did, err := undo(t.Context(), k, key)
				if err != nil {
					t.Error(err)
				}
				if did {
					n.Add(-1)
				}
			})
		}
		wg.Wait()
		if n.Load() != 0 {
			t.Fatalf("%s: done and not undone %d times, want 0", key, n.Load())
		}
	}
}
