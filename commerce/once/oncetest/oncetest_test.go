package oncetest_test

import (
	"context"
	"maps"
	"runtime"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/once/oncetest"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

type mark struct{ op, key string }

// toy keeps marks. A unit collects its own and writes them when it commits.
// without names the guard that it lacks.
type toy struct {
	without string
	unit    sync.Mutex // held by a unit
	mu      sync.Mutex
	marks   map[mark]once.State
}

type unitKey struct{}

func (s *toy) Scope() txn.Scope { return s }

func (s *toy) Do(ctx context.Context, fn func(context.Context) error) error {
	if s.without != "DoAndUndoTakeTurns" {
		s.unit.Lock()
		defer s.unit.Unlock()
	}
	own := map[mark]once.State{}
	err := fn(context.WithValue(txn.Inside(ctx), unitKey{}, own))
	if err == nil || s.without == "RollbackForgets" {
		s.mu.Lock()
		maps.Copy(s.marks, own)
		s.mu.Unlock()
	}
	return err
}

func (s *toy) Mark(ctx context.Context, op, key string, to once.State) (was once.State, err error) {
	own, ok := ctx.Value(unitKey{}).(map[mark]once.State)
	if !ok {
		err := s.Do(ctx, func(ctx context.Context) error { was, err = s.Mark(ctx, op, key, to); return err })
		return was, err
	}
	m := mark{op, key}
	if s.without == "KeysAreApart" {
		m.op = ""
	}
	s.mu.Lock()
	was = max(own[m], s.marks[m])
	s.mu.Unlock()
	for range 10 {
		runtime.Gosched()
	}
	if s.without == "TwiceIsOnce" && was == to {
		was--
	}
	if s.without == "UndoneFirstWins" && was == once.Never && to == once.Undone {
		return was, nil
	}
	own[m] = max(was, to)
	return was, nil
}

func TestSuite(t *testing.T) {
	guardtest.Run(t, oncetest.Guards, func(t *testing.T, without string) {
		oncetest.Run(t, func(*testing.T) oncetest.Keys {
			return &toy{without: without, marks: map[mark]once.State{}}
		})
	})
}
