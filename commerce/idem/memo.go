package idem

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"

	"github.com/mercer-commerce/mercer/commerce/txn"
)

// memo is the txn.Memo of one command under one claim.
type memo struct {
	store Store
	out   reflect.Type // of the operation

	mu     sync.Mutex
	record Record
	replay bool // record has a result that is not given out yet
	done   bool // the last unit of work has written the answer
}

// Replay implements txn.Memo. It is called once before each outermost unit.
func (m *memo) Replay(s txn.Scope, v any) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done = false
	if !m.replay || s != m.store.Scope() || typeName(reflect.TypeOf(v).Elem()) != m.record.MemoType {
		return false
	}
	m.replay = false
	return json.Unmarshal(m.record.Memo, v) == nil
}

// Keep implements txn.Memo: it writes the answer if v is one, otherwise v for
// Replay, unless somebody has taken the claim over.
func (m *memo) Keep(ctx context.Context, s txn.Scope, v any) error {
	if s != m.store.Scope() || pending(v) {
		return nil
	}
	data, err := sealed(v)
	if err != nil {
		return fmt.Errorf("idem: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.record
	isAnswer := reflect.TypeOf(v) == m.out
	if isAnswer {
		r.State = Done
		r.Answer, err = json.Marshal(answer{Out: data})
	} else {
		r.State, r.MemoType, r.Memo = Applied, typeName(reflect.TypeOf(v)), data
	}
	if err != nil {
		return fmt.Errorf("idem: %w", err)
	}
	if err := m.store.Save(ctx, r); err != nil {
		return err
	}
	m.done = isAnswer
	return nil
}

// finished reports whether the answer is stored.
func (m *memo) finished() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.done
}

func typeName(t reflect.Type) string {
	if t == nil {
		return ""
	}
	return t.String()
}
