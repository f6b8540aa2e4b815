// Package txntest says what a txn.Scope and the stores in it must do. The name
// of a case is the name of what a store lacks when the case fails.
package txntest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Harness is one fresh, empty database with something to write in it.
type Harness struct {
	Scope txn.Scope
	// Put writes key in the unit of work of ctx, or in one of its own.
	Put func(ctx context.Context, key string) error
	// Has reports whether key is there.
	Has func(ctx context.Context, key string) (bool, error)
}

// Guards are the names of all cases.
var Guards = []string{
	"Commit", "Rollback", "RollbackOnPanic", "NestedJoins", "NestedDooms", "OtherScopeStaysOut",
	"LateUseFails", "KeepsContext", "Canceled", "SaysInside", "ConcurrentUnitsAllCommit",
}

var cases = map[string]func(*testing.T, func(*testing.T) Harness){
	"Commit":                   commit,
	"Rollback":                 rollback,
	"RollbackOnPanic":          rollbackOnPanic,
	"NestedJoins":              nestedJoins,
	"NestedDooms":              nestedDooms,
	"OtherScopeStaysOut":       otherScopeStaysOut,
	"LateUseFails":             lateUseFails,
	"KeepsContext":             keepsContext,
	"Canceled":                 canceled,
	"SaysInside":               saysInside,
	"ConcurrentUnitsAllCommit": concurrentUnitsAllCommit,
}

var errBoom = errors.New("boom")

type key struct{}

// Run runs the suite. open is called several times per case, and what it
// returns must share nothing with what it returned before.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, name := range Guards {
		t.Run(name, func(t *testing.T) { cases[name](t, open) })
	}
}

func (h Harness) want(t *testing.T, key string, want bool) {
	t.Helper()
	got, err := h.Has(t.Context(), key)
	if err != nil || got != want {
		t.Errorf("Has(%q) = %v, %v; want %v", key, got, err, want)
	}
}

// put returns a function for Do that writes key and then returns err.
func (h Harness) put(key string, err error) func(context.Context) error {
	return func(ctx context.Context) error { return errors.Join(h.Put(ctx, key), err) }
}

func commit(t *testing.T, open func(*testing.T) Harness) {
	h := open(t)
	err := h.Scope.Do(t.Context(), func(ctx context.Context) error {
		if err := errors.Join(h.Put(ctx, "a"), h.Put(ctx, "b")); err != nil {
			return err
		}
		if got, err := h.Has(ctx, "a"); err != nil || !got {
			t.Errorf("inside the unit: Has = %v, %v; want its own write", got, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.want(t, "a", true)
	h.want(t, "b", true)
	h.want(t, "c", false)
}

func rollback(t *testing.T, open func(*testing.T) Harness) {
	h := open(t)
	if err := h.Scope.Do(t.Context(), h.put("a", errBoom)); !errors.Is(err, errBoom) {
		t.Errorf("err = %v, want the one of fn", err)
	}
	h.want(t, "a", false)
}

func rollbackOnPanic(t *testing.T, open func(*testing.T) Harness) {
	h := open(t)
	func() {
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("recovered %v, want the panic of fn", got)
			}
		}()
		_ = h.Scope.Do(t.Context(), func(ctx context.Context) error { _ = h.Put(ctx, "a"); panic("boom") })
	}()
	h.want(t, "a", false)
	if err := h.Scope.Do(t.Context(), h.put("b", nil)); err != nil {
		t.Errorf("the unit after a panic: %v", err)
	}
	h.want(t, "b", true)
}

func nestedJoins(t *testing.T, open func(*testing.T) Harness) {
	h := open(t)
	nest := func(result error) error {
		return h.Scope.Do(t.Context(), func(ctx context.Context) error {
			if err := h.Scope.Do(ctx, h.put("inner", nil)); err != nil {
				t.Errorf("inner: %v", err)
			}
			return result
		})
	}
	if err := nest(errBoom); !errors.Is(err, errBoom) {
		t.Errorf("err = %v, want the one of fn", err)
	}
	h.want(t, "inner", false) // the outer unit takes the inner one with it
	if err := nest(nil); err != nil {
		t.Error(err)
	}
	h.want(t, "inner", true)
}

func nestedDooms(t *testing.T, open func(*testing.T) Harness) {
	for depth := 1; depth <= 3; depth++ {
		h := open(t)
		fail := h.put("inner", errBoom)
		for range depth {
			inner := fail
			fail = func(ctx context.Context) error {
				_ = h.Scope.Do(ctx, inner) // somebody swallows the error
				return nil
			}
		}
		err := h.Scope.Do(t.Context(), func(ctx context.Context) error {
			return errors.Join(h.Put(ctx, "outer"), fail(ctx))
		})
		if !errors.Is(err, txn.ErrDoomed) {
			t.Errorf("failure %d deep: err = %v, want ErrDoomed", depth, err)
		}
		h.want(t, "outer", false)
		h.want(t, "inner", false)
		if err := h.Scope.Do(t.Context(), h.put("next", nil)); err != nil {
			t.Errorf("the unit after a doomed one: %v", err)
		}
		h.want(t, "next", true)
	}
}

func otherScopeStaysOut(t *testing.T, open func(*testing.T) Harness) {
	a, b := open(t), open(t)
	_ = a.Scope.Do(t.Context(), func(ctx context.Context) error {
		if err := errors.Join(b.Put(ctx, "alone"), b.Scope.Do(ctx, b.put("unit", nil))); err != nil {
			t.Error(err)
		}
		return errBoom
	})
	b.want(t, "alone", true) // a's rollback is none of b's business
	b.want(t, "unit", true)
	a.want(t, "alone", false)
}

func lateUseFails(t *testing.T, open func(*testing.T) Harness) {
	for end, result := range map[string]error{"commit": nil, "rollback": errBoom} {
		h := open(t)
		var late context.Context
		_ = h.Scope.Do(t.Context(), func(ctx context.Context) error { late = ctx; return result })
		if err := h.Put(late, "a"); !errors.Is(err, txn.ErrDone) {
			t.Errorf("Put after %s: %v, want ErrDone", end, err)
		}
		if err := h.Scope.Do(late, h.put("b", nil)); !errors.Is(err, txn.ErrDone) {
			t.Errorf("Do after %s: %v, want ErrDone", end, err)
		}
		h.want(t, "a", false)
		h.want(t, "b", false)
	}
}

func keepsContext(t *testing.T, open func(*testing.T) Harness) {
	h := open(t)
	ran := false
	err := h.Scope.Do(context.WithValue(t.Context(), key{}, 1), func(ctx context.Context) error {
		if ctx.Value(key{}) != 1 {
			t.Errorf("value = %v, want 1", ctx.Value(key{}))
		}
		return h.Scope.Do(context.WithValue(ctx, key{}, 2), func(ctx context.Context) error {
			ran = true
			if ctx.Value(key{}) != 2 {
				t.Errorf("inner value = %v, want 2", ctx.Value(key{}))
			}
			return nil
		})
	})
	if err != nil || !ran {
		t.Errorf("ran = %v, err = %v", ran, err)
	}
}

func canceled(t *testing.T, open func(*testing.T) Harness) {
	h := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := h.Scope.Do(ctx, func(ctx context.Context) error {
		err := h.Put(ctx, "a")
		cancel()
		return err
	})
	if err == nil {
		t.Error("committed with a canceled context")
	}
	h.want(t, "a", false)
	if err := h.Scope.Do(ctx, h.put("b", nil)); err == nil {
		t.Error("began with a canceled context")
	}
	h.want(t, "b", false)
}

func saysInside(t *testing.T, open func(*testing.T) Harness) {
	h := open(t)
	if err := txn.Outside(t.Context()); err != nil {
		t.Error(err)
	}
	err := h.Scope.Do(t.Context(), func(ctx context.Context) error { return txn.Outside(ctx) })
	if !errors.Is(err, txn.ErrInside) {
		t.Errorf("inside: %v, want ErrInside", err)
	}
}

func concurrentUnitsAllCommit(t *testing.T, open func(*testing.T) Harness) {
	const workers, units = 8, 20
	h := open(t)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for u := range units {
				if err := h.Scope.Do(t.Context(), h.put(fmt.Sprintf("%d-%d", w, u), nil)); err != nil {
					t.Errorf("worker %d, unit %d: %v", w, u, err)
				}
			}
		})
	}
	wg.Wait()
	for w := range workers {
		for u := range units {
			h.want(t, fmt.Sprintf("%d-%d", w, u), true)
		}
	}
}
