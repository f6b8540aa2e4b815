// Package memstore keeps the state of every engine in memory: for tests, for
// examples, and as the second implementation that keeps the Store interfaces
// honest. Units of work run one after the other.
package memstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// DB is an empty or filled shop in memory and a txn.Scope. The stores of the
// engines are one-word types on it: memstore.Carts{DB: db}.
type DB struct {
	mu     sync.Mutex // held by the unit of work, or by one read outside of one
	tables map[string]map[string]*row
	hooks  []func() // of OnRecord
}

var (
	_ txn.Scope      = (*DB)(nil)
	_ event.Recorder = (*DB)(nil)
	_ once.Keys      = (*DB)(nil)
)

// New returns an empty DB.
func New() *DB { return &DB{tables: map[string]map[string]*row{}} }

// unit is a unit of work in progress. It travels in a context under unitKey,
// which names its DB, so that a store of another DB does not see it.
type unit struct {
	undo   []func()
	events []event.Envelope
	doomed atomic.Bool
	over   atomic.Bool
}

type unitKey struct{ db *DB }

// Scope implements the Scope method of every store.
func (d *DB) Scope() txn.Scope { return d }

// Do implements txn.Scope.
func (d *DB) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	if u, ok := ctx.Value(unitKey{d}).(*unit); ok {
		return u.join(ctx, fn)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	u := &unit{}
	committed := false
	defer func() {
		u.over.Store(true)
		if !committed {
			for _, undo := range slices.Backward(u.undo) {
				undo()
			}
		}
	}()
	inner := context.WithValue(txn.Inside(ctx), unitKey{d}, u)
	if err := fn(inner); err != nil {
		return err
	}
	if u.doomed.Load() {
		return txn.ErrDoomed
	}
	if err := d.writeEvents(inner, u); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	committed = true
	if len(u.events) > 0 {
		d.recorded()
	}
	return nil
}

// OnRecord calls fn after each commit that wrote events, such as a relay's Wake.
// fn must not wait or use d.
func (d *DB) OnRecord(fn func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hooks = append(d.hooks, fn)
}

func (d *DB) recorded() {
	for _, fn := range d.hooks {
		fn()
	}
}

func (u *unit) join(ctx context.Context, fn func(ctx context.Context) error) error {
	if u.over.Load() {
		return txn.ErrDone
	}
	err := fn(ctx)
	if err != nil {
		u.doomed.Store(true)
	}
	return err
}

// enter gives access to the tables: at once in a unit of work of ctx, under the
// lock outside of one. leave must be called.
func (d *DB) enter(ctx context.Context) (u *unit, leave func(), err error) {
	if u, ok := ctx.Value(unitKey{d}).(*unit); ok {
		if u.over.Load() {
			return nil, nil, txn.ErrDone
		}
		return u, func() {}, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	d.mu.Lock()
	return nil, d.mu.Unlock, nil
}

// errNoRow is what a table answers for a key that it does not have.
var errNoRow = errors.New("memstore: no such row")

// row is a row of a table. It never changes.
type row struct {
	data []byte
	seen any // the same decoded, for whoever reads it first and after that
}

// table is a named map in a DB. Rows are kept encoded, so that nobody shares
// memory with them.
type table[V any] struct {
	db   *DB
	name string
}

// get returns the row of key, or errNoRow.
func (t table[V]) get(ctx context.Context, key string) (v V, err error) {
	_, leave, err := t.db.enter(ctx)
	if err != nil {
		return v, err
	}
	defer leave()
	r, ok := t.db.tables[t.name][key]
	if !ok {
		return v, errNoRow
	}
	v, err = t.look(key, r)
	return clone(v), err
}

// look returns what r has, for those who change nothing in it.
func (t table[V]) look(key string, r *row) (v V, err error) {
	if r.seen == nil {
		if err := json.Unmarshal(r.data, &v); err != nil {
			return v, fmt.Errorf("memstore: %s %s: %w", t.name, key, err)
		}
		r.seen = v
	}
	return r.seen.(V), nil
}

// put writes the row of key, whether it was there or not.
func (t table[V]) put(ctx context.Context, key string, v V) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("memstore: %s %s: %w", t.name, key, err)
	}
	return t.write(ctx, key, data)
}

// delete removes the row of key, if there is one.
func (t table[V]) delete(ctx context.Context, key string) error { return t.write(ctx, key, nil) }

func (t table[V]) write(ctx context.Context, key string, data []byte) error {
	u, leave, err := t.db.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	rows := t.db.tables[t.name]
	if rows == nil {
		rows = map[string]*row{}
		t.db.tables[t.name] = rows
	}
	if u != nil {
		old, had := rows[key]
		u.undo = append(u.undo, func() {
			if had {
				rows[key] = old
			} else {
				delete(rows, key)
			}
		})
	}
	if data == nil {
		delete(rows, key)
	} else {
		rows[key] = &row{data: data}
	}
	return nil
}

// all returns the rows that keep accepts, in the order of their keys. A nil
// keep accepts all. It must not change what it looks at.
func (t table[V]) all(ctx context.Context, keep func(key string, v V) bool) ([]V, error) {
	_, leave, err := t.db.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	rows := t.db.tables[t.name]
	out := []V{}
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		v, err := t.look(key, rows[key])
		if err != nil {
			return nil, err
		}
		if keep == nil || keep(key, v) {
			out = append(out, clone(v))
		}
	}
	return out, nil
}

// Record implements event.Recorder.
func (d *DB) Record(ctx context.Context, evs ...event.Envelope) error {
	u, ok := ctx.Value(unitKey{d}).(*unit)
	if !ok {
		return d.Do(ctx, func(ctx context.Context) error { return d.Record(ctx, evs...) })
	}
	if u.over.Load() {
		return txn.ErrDone
	}
	for _, e := range evs {
		e.Trace = cmp.Or(e.Trace, ident.Trace(ctx))
		u.events = append(u.events, e)
	}
	return nil
}

func (d *DB) eventSeqs() table[int64]     { return table[int64]{d, "event_seq"} }
func (d *DB) outbox() table[outboxRow]    { return table[outboxRow]{d, "outbox"} }
func (d *DB) onceKeys() table[once.State] { return table[once.State]{d, "once"} }
func (d *DB) counters() table[int64]      { return table[int64]{d, "counter"} }
func compound(parts ...string) string     { return fmt.Sprintf("%q", parts) }
func outboxKey(position int64) string     { return fmt.Sprintf("%019d", position) }

// outboxRow is an event that waits to be published.
type outboxRow struct {
	Position int64          `json:"position"` // order of commit
	Event    event.Envelope `json:"event"`
}

func (d *DB) writeEvents(ctx context.Context, u *unit) error {
	for _, e := range u.events {
		seq, err := d.next(ctx, d.eventSeqs(), e.Key)
		if err != nil {
			return err
		}
		position, err := d.next(ctx, d.counters(), "outbox")
		if err != nil {
			return err
		}
		e.Seq = seq
		if err := d.outbox().put(ctx, outboxKey(position), outboxRow{position, e}); err != nil {
			return err
		}
	}
	return nil
}

// next adds one to the counter of key and returns it.
func (d *DB) next(ctx context.Context, t table[int64], key string) (int64, error) {
	n, err := t.get(ctx, key)
	if err != nil && !errors.Is(err, errNoRow) {
		return 0, err
	}
	return n + 1, t.put(ctx, key, n+1)
}

// Mark implements once.Keys.
func (d *DB) Mark(ctx context.Context, op, key string, to once.State) (was once.State, err error) {
	err = d.Do(ctx, func(ctx context.Context) error {
		k := compound(op, key)
		was, err = d.onceKeys().get(ctx, k)
		if err != nil && !errors.Is(err, errNoRow) {
			return err
		}
		if was >= to {
			return nil
		}
		return d.onceKeys().put(ctx, k, to)
	})
	return was, err
}
