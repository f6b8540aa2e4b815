package txntest_test

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/txn"
	"github.com/mercer-commerce/mercer/commerce/txn/txntest"
)

// toy is a set of keys. A unit works on a copy that replaces the set when it
// commits. without names the guard that it lacks.
type toy struct {
	without string
	unit    sync.Mutex // held by an outer unit
	mu      sync.Mutex
	keys    map[string]bool
}

type unit struct {
	keys         map[string]bool
	doomed, over bool
}

type unitKey struct{ of any }

func (s *toy) key() unitKey {
	if s.without == "OtherScopeStaysOut" {
		return unitKey{"everybody"}
	}
	return unitKey{s}
}

func (s *toy) snapshot() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.keys)
}

func (s *toy) commit(u *unit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = u.keys
}

func (s *toy) Do(ctx context.Context, fn func(context.Context) error) (err error) {
	if u, ok := ctx.Value(s.key()).(*unit); ok && s.without != "NestedJoins" {
		return s.join(ctx, u, fn)
	}
	if err := ctx.Err(); err != nil && s.without != "Canceled" {
		return err
	}
	if s.without != "ConcurrentUnitsAllCommit" && s.without != "NestedJoins" {
		s.unit.Lock()
		defer s.unit.Unlock()
	}
	u := &unit{keys: s.snapshot()}
	runtime.Gosched()
	inner := context.WithValue(ctx, s.key(), u)
	switch s.without {
	case "SaysInside":
	case "KeepsContext":
		inner = context.WithValue(txn.Inside(context.Background()), s.key(), u)
	default:
		inner = txn.Inside(inner)
	}
	defer func() { u.over = s.without != "LateUseFails" }()
	if s.without == "RollbackOnPanic" {
		defer s.commit(u)
	}
	err = fn(inner)
	switch {
	case err != nil && s.without != "Rollback":
		return err
	case u.doomed && s.without != "NestedDooms":
		return txn.ErrDoomed
	case ctx.Err() != nil && s.without != "Canceled":
		return ctx.Err()
	case s.without == "Commit":
		return err
	}
	s.commit(u)
	return err
}

func (s *toy) join(ctx context.Context, u *unit, fn func(context.Context) error) error {
	if u.over {
		return txn.ErrDone
	}
	err := fn(ctx)
	u.doomed = u.doomed || err != nil
	return err
}

func (s *toy) put(ctx context.Context, key string) error {
	u, ok := ctx.Value(s.key()).(*unit)
	switch {
	case ok && u.over:
		return txn.ErrDone
	case ok:
		u.keys[key] = true
		return nil
	}
	return s.Do(ctx, func(ctx context.Context) error { return s.put(ctx, key) })
}

func (s *toy) has(ctx context.Context, key string) (bool, error) {
	if u, ok := ctx.Value(s.key()).(*unit); ok {
		return u.keys[key], nil
	}
	return s.snapshot()[key], nil
}

func TestSuite(t *testing.T) {
	guardtest.Run(t, txntest.Guards, func(t *testing.T, without string) {
		txntest.Run(t, func(*testing.T) txntest.Harness {
			s := &toy{without: without, keys: map[string]bool{}}
			return txntest.Harness{Scope: s, Put: s.put, Has: s.has}
		})
	})
}

func TestGet(t *testing.T) {
	s := &toy{keys: map[string]bool{}}
	boom := errors.New("boom")
	got, err := txn.Get(t.Context(), s, func(context.Context) (int, error) { return 7, nil })
	if got != 7 || err != nil {
		t.Errorf("Get = %d, %v; want 7", got, err)
	}
	got, err = txn.Get(t.Context(), s, func(context.Context) (int, error) { return 7, boom })
	if got != 0 || !errors.Is(err, boom) {
		t.Errorf("Get = %d, %v; want 0 and the error of fn", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got, err = txn.Get(ctx, s, func(context.Context) (int, error) { cancel(); return 7, nil })
	if got != 0 || err == nil {
		t.Errorf("Get = %d, %v; a unit that did not commit has no value", got, err)
	}
}

type store struct{ *toy }

func (s store) Scope() txn.Scope { return s.toy }

func TestOf(t *testing.T) {
	s := store{&toy{}}
	if got := txn.Of(s); got != txn.Scope(s.toy) {
		t.Errorf("Of = %v, want the scope of the store", got)
	}
	if got := txn.Of("remote"); got != nil {
		t.Errorf("Of = %v, want nil", got)
	}
}
