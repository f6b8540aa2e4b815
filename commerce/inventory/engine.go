package inventory

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Options change how an Engine works. The zero value is good.
type Options struct {
	Log *slog.Logger               // slog.Default()
	Now func() time.Time           // time.Now
	ID  func(prefix string) string // ident.NewID
}

// Engine holds the rules of stock. It is safe for concurrent use.
type Engine struct {
	store Store
	opts  Options
}

var _ Service = (*Engine)(nil)

// New returns an Engine that keeps stock in store. opts may be nil.
func New(store Store, opts *Options) *Engine {
	e := &Engine{store: store}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Log = cmp.Or(e.opts.Log, slog.Default())
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	if e.opts.ID == nil {
		e.opts.ID = ident.NewID
	}
	return e
}

// Scope returns where the engine's writes commit together.
func (e *Engine) Scope() txn.Scope { return e.store.Scope() }

func (e *Engine) now() time.Time { return e.opts.Now().UTC().Truncate(time.Microsecond) }

// shift makes the shifts in order, up to the first that does not fit, and
// returns how many it made. The rows stay locked until the unit of work ends.
func (e *Engine) shift(ctx context.Context, shifts []Shift) (int, error) {
	for i, s := range shifts {
		if ok, err := e.store.Shift(ctx, s); err != nil || !ok {
			return i, err
		}
	}
	return len(shifts), nil
}

// shiftAll is shift for shifts that must fit, because their numbers are locked.
func (e *Engine) shiftAll(ctx context.Context, shifts []Shift) error {
	n, err := e.shift(ctx, shifts)
	if err == nil && n < len(shifts) {
		s := shifts[n]
		return fmt.Errorf("stock of %s at %s does not fit its reservations: %+d on hand, %+d reserved", s.VariantID, s.LocationID, s.OnHand, s.Reserved)
	}
	return err
}

// announce records what the shifts, all made, have changed, and returns the
// levels by key. It reads the rows under the locks that the shifts have taken,
// so the numbers are true whoever came between planning and shifting.
func (e *Engine) announce(ctx context.Context, shifts []Shift) (map[LevelKey]Level, error) {
	made := map[LevelKey]Shift{}
	var variants []string
	for _, s := range shifts {
		made[LevelKey{s.VariantID, s.LocationID}] = s
		variants = append(variants, s.VariantID)
	}
	levels, err := e.store.Stock(ctx, slices.Compact(variants))
	if err != nil {
		return nil, err
	}
	now := map[LevelKey]Level{}
	var edits []edit
	for _, l := range levels {
		s, ok := made[l.key()]
		if !ok {
			continue
		}
		now[l.key()] = l
		was := l
		was.OnHand -= s.OnHand
		was.Reserved -= s.Reserved
		edits = append(edits, edit{was, l})
	}
	return now, e.record(ctx, edits)
}

func (e *Engine) record(ctx context.Context, edits []edit) error {
	var evs []event.Envelope
	at := e.now()
	for _, c := range edits {
		evs = append(evs, c.news(e.opts.ID, at)...)
	}
	return e.store.Record(ctx, evs...)
}
