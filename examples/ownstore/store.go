package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// state is all that a Store keeps, as it lies in the file. A state that was
// committed is never changed: readers may hold it for as long as they like.
type state struct {
	Carts  map[string]json.RawMessage `json:"carts"` // encoded, so that nobody shares memory with it
	Open   map[string]string          `json:"open"`  // ids of carts by their OpenKey
	Marks  map[string]once.State      `json:"marks"`
	Seqs   map[string]int64           `json:"seqs"` // last number of an event, by the event's key
	Events []event.Envelope           `json:"events"`
}

// clone returns a state that can be changed apart from s.
func (s *state) clone() *state {
	return &state{Carts: maps.Clone(s.Carts), Open: maps.Clone(s.Open), Marks: maps.Clone(s.Marks), Seqs: maps.Clone(s.Seqs), Events: slices.Clip(s.Events)}
}

// Store keeps carts in one JSON file. It is a cart.Store for a stall with a few
// hundred carts and one process: each unit of work writes the whole file.
type Store struct {
	path string
	now  atomic.Pointer[state] // what is committed
	mu   sync.Mutex            // held by the unit of work
}

// These lines say at compile time what the type promises to be.
var (
	_ cart.Store = (*Store)(nil)
	_ txn.Scope  = (*Store)(nil)
)

// Open opens the store in a file, and makes the file with the first commit if
// it is not there.
func Open(path string) (*Store, error) {
	st := &state{Carts: map[string]json.RawMessage{}, Open: map[string]string{}, Marks: map[string]once.State{}, Seqs: map[string]int64{}}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, st)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s := &Store{path: path}
	s.now.Store(st)
	return s, nil
}

// unit is a unit of work in progress: a copy that becomes the state when it
// commits, and is thrown away otherwise.
type unit struct {
	*state
	doomed atomic.Bool // a unit inside it has failed
	over   atomic.Bool
}

// unitKey finds the unit of a Store in a context. It names the Store, so that
// the unit of another one is not taken for ours.
type unitKey struct{ store *Store }

// Scope implements cart.Store. Stores that return the same Scope commit
// together; this one stands alone and is its own.
func (s *Store) Scope() txn.Scope { return s }

// Do implements txn.Scope. Units run one after the other, so a cart that was
// read in one cannot change before it is written.
func (s *Store) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	if u, ok := ctx.Value(unitKey{s}).(*unit); ok {
		return u.join(ctx, fn)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := &unit{state: s.now.Load().clone()}
	defer u.over.Store(true) // also after a panic: the copy is simply dropped
	// Inside tells drivers that call the world that they must not do so now.
	if err := fn(context.WithValue(txn.Inside(ctx), unitKey{s}, u)); err != nil {
		return err
	}
	if u.doomed.Load() {
		return txn.ErrDoomed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.commit(u.state)
}

// join runs fn in the unit that is open already. If it fails, that unit must
// not commit, even when somebody swallows the error.
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

// commit makes st the state: first on disk, then for readers. A rename is there
// or it is not, so the file is whole whenever the machine stops.
func (s *Store) commit(st *state) error {
	data, err := json.Marshal(st)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), s.path); err != nil {
		return err
	}
	s.now.Store(st)
	return nil
}

// view returns what a reader sees: its unit's own writes, or what is committed.
func (s *Store) view(ctx context.Context) (*state, error) {
	u, ok := ctx.Value(unitKey{s}).(*unit)
	switch {
	case !ok:
		return s.now.Load(), ctx.Err()
	case u.over.Load():
		return nil, txn.ErrDone
	default:
		return u.state, nil
	}
}

// change runs fn on the state of the unit of ctx, or of a unit of its own.
func (s *Store) change(ctx context.Context, fn func(st *state) error) error {
	return s.Do(ctx, func(ctx context.Context) error {
		st, err := s.view(ctx)
		if err != nil {
			return err
		}
		return fn(st)
	})
}

// Cart implements cart.Store.
func (s *Store) Cart(ctx context.Context, id string) (c cart.Cart, err error) {
	st, err := s.view(ctx)
	if err != nil {
		return c, err
	}
	data, ok := st.Carts[id]
	if !ok {
		return c, cart.ErrNotFound
	}
	return c, json.Unmarshal(data, &c)
}

// OpenOf implements cart.Store.
func (s *Store) OpenOf(ctx context.Context, customerID, market string, currency money.Currency) (cart.Cart, error) {
	found, err := s.find(ctx, func(c cart.Cart) bool {
		return c.Status == cart.StatusOpen && customerID != "" && c.CustomerID == customerID &&
			(market == "" || c.Market == market) && (currency == "" || c.Currency == currency)
	})
	if err != nil {
		return cart.Cart{}, err
	}
	if len(found) == 0 {
		return cart.Cart{}, cart.ErrNotFound
	}
	return slices.MaxFunc(found, func(a, b cart.Cart) int {
		return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(a.ID, b.ID))
	}), nil
}

// Save implements cart.Store. Two rules are the store's to keep, because only
// it sees all carts: nobody overwrites what they have not read (Version), and a
// customer has one open cart in a market (OpenKey).
func (s *Store) Save(ctx context.Context, c *cart.Cart) error {
	// A refusal is no failure of the unit, which may go on: so it is carried
	// around Do, which dooms the unit that an error comes from.
	var refused error
	next := *c
	err := s.change(ctx, func(st *state) (err error) {
		refused, err = st.save(&next)
		return err
	})
	if err != nil {
		return err // the caller's cart has the version that is stored
	}
	c.Version = next.Version
	return refused
}

// save writes c and raises its version, or tells why it is refused.
func (s *state) save(c *cart.Cart) (refused, err error) {
	var old cart.Cart // Version 0 when there is none yet
	if data, ok := s.Carts[c.ID]; ok {
		if err := json.Unmarshal(data, &old); err != nil {
			return nil, err
		}
	}
	if old.Version != c.Version {
		return cart.ErrStale, nil
	}
	key := c.OpenKey()
	if holder, taken := s.Open[key]; key != "" && taken && holder != c.ID {
		return cart.ErrTaken, nil
	}
	c.Version++
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	delete(s.Open, old.OpenKey())
	if key != "" {
		s.Open[key] = c.ID
	}
	s.Carts[c.ID] = data
	return nil, nil
}

// Idle implements cart.Store.
func (s *Store) Idle(ctx context.Context, t time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		found, err := s.find(ctx, func(c cart.Cart) bool { return c.Status == cart.StatusOpen && !c.ExpiresAt.After(t) })
		if err != nil {
			yield("", err)
			return
		}
		slices.SortFunc(found, func(a, b cart.Cart) int {
			return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.ID, b.ID))
		})
		for _, c := range found {
			if !yield(c.ID, nil) {
				return
			}
		}
	}
}

// find returns the carts that keep accepts, in no order.
func (s *Store) find(ctx context.Context, keep func(cart.Cart) bool) (found []cart.Cart, err error) {
	st, err := s.view(ctx)
	if err != nil {
		return nil, err
	}
	for _, data := range st.Carts {
		var c cart.Cart
		if err := json.Unmarshal(data, &c); err != nil {
			return nil, err
		}
		if keep(c) {
			found = append(found, c)
		}
	}
	return found, nil
}

// Mark implements once.Keys: a mark commits and is forgotten with its unit.
func (s *Store) Mark(ctx context.Context, op, key string, to once.State) (was once.State, err error) {
	err = s.change(ctx, func(st *state) error {
		name := op + "\n" + key
		was = st.Marks[name]
		st.Marks[name] = max(was, to)
		return nil
	})
	return was, err
}

// Record implements event.Recorder: the events of a key are numbered from 1.
func (s *Store) Record(ctx context.Context, evs ...event.Envelope) error {
	return s.change(ctx, func(st *state) error {
		for _, e := range evs {
			st.Seqs[e.Key]++
			e.Seq = st.Seqs[e.Key]
			st.Events = append(st.Events, e)
		}
		return nil
	})
}

// Events returns everything that was announced, oldest first. It is no part of
// cart.Store: who announces further does so from here (package outbox does, for
// stores that are an outbox.Store too).
func (s *Store) Events() []event.Envelope { return slices.Clone(s.now.Load().Events) }
