package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Reserve keeps stock for an order, all of it or nothing, once for each order:
// held, or allocated at once for one that is confirmed already. It returns ErrInsufficient with every variant that is short, and
// once.ErrUndone after Release.
func (e *Engine) Reserve(ctx context.Context, in ReserveInput) (op.Nothing, error) {
	if err := OpReserve.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (op.Nothing, error) {
		return op.Nothing{}, once.Do(ctx, e.store, OpReserve.Name, in.OrderID, func() error { return e.reserve(ctx, in) })
	})
}

func (e *Engine) reserve(ctx context.Context, in ReserveInput) error {
	need := sum(in.Items)
	levels, err := e.store.Stock(ctx, keys(need))
	if err != nil {
		return err
	}
	takes, short := spread(need, levels)
	if len(short) > 0 {
		return insufficient(short)
	}
	made, err := e.shift(ctx, e.shifts(takes))
	if err == nil && made < len(takes) {
		takes, err = e.again(ctx, need, levels, takes[:made], takes[made].VariantID)
	}
	if err != nil || len(takes) == 0 {
		return err
	}
	return e.hold(ctx, in, takes)
}

// again goes on when somebody came between reading and reserving: from the
// variant that did not fit it locks the levels, which is the order of all
// locks, and plans with what is true now. kept is reserved already.
func (e *Engine) again(ctx context.Context, need map[string]int64, before []Level, kept []take, variant string) ([]take, error) {
	left, got := map[string]int64{}, map[string]int64{}
	for v, n := range need {
		if v >= variant {
			left[v] = n
		}
	}
	for _, t := range kept {
		if t.VariantID >= variant {
			left[t.VariantID] -= t.Quantity
			got[t.VariantID] += t.Quantity
		}
	}
	levels, err := e.store.Lock(ctx, keys(left))
	if err != nil {
		return nil, err
	}
	more, short := spread(left, likeBefore(levels, before))
	for i := range short {
		short[i].Requested += got[short[i].VariantID]
		short[i].Available += got[short[i].VariantID]
	}
	if len(short) > 0 {
		return nil, insufficient(short)
	}
	if err := e.shiftAll(ctx, e.shifts(more)); err != nil {
		return nil, err
	}
	return merge(slices.Concat(kept, more)), nil
}

// likeBefore sorts levels in the order in which they were read before, those
// that were not last.
func likeBefore(levels, before []Level) []Level {
	rank := map[LevelKey]int{}
	for i, l := range before {
		rank[l.key()] = i - len(before)
	}
	return slices.SortedStableFunc(slices.Values(levels), func(a, b Level) int { return cmp.Compare(rank[a.key()], rank[b.key()]) })
}

func (e *Engine) shifts(takes []take) []Shift {
	at := e.now()
	out := make([]Shift, len(takes))
	for i, t := range takes {
		out[i] = Shift{VariantID: t.VariantID, LocationID: t.LocationID, Reserved: t.Quantity, At: at}
	}
	return out
}

func (e *Engine) hold(ctx context.Context, in ReserveInput, takes []take) error {
	state := Held
	if in.Allocated {
		state = Allocated
	}
	rows := make([]Reservation, len(takes))
	for i, t := range takes {
		rows[i] = Reservation{OrderID: in.OrderID, VariantID: t.VariantID, LocationID: t.LocationID,
			Quantity: t.Quantity, State: state, ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Microsecond)}
	}
	if err := e.store.AddReservations(ctx, rows); err != nil {
		return fmt.Errorf("reserve for %s: %w", in.OrderID, err)
	}
	_, err := e.announce(ctx, e.shifts(takes))
	return err
}

// Allocate turns what is held for an order into allocated, once; the levels do
// not change. It returns ErrReleased after Release.
func (e *Engine) Allocate(ctx context.Context, in OrderInput) (op.Nothing, error) {
	if err := OpAllocate.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (op.Nothing, error) {
		switch was, err := e.store.Mark(ctx, OpAllocate.Name, in.OrderID, once.Done); {
		case err != nil || was == once.Done:
			return op.Nothing{}, err
		case was == once.Undone:
			return op.Nothing{}, ErrReleased
		}
		_, err := e.store.Advance(ctx, in.OrderID, Allocated, Held)
		return op.Nothing{}, err
	})
}

// Release gives back what is still kept for an order, held or allocated. Units
// that were shipped stay so. For an order that it does not know it does nothing
// but keep a late Reserve and a late Allocate out.
func (e *Engine) Release(ctx context.Context, in OrderInput) (op.Nothing, error) {
	if err := OpRelease.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (op.Nothing, error) {
		if _, err := e.store.Mark(ctx, OpAllocate.Name, in.OrderID, once.Undone); err != nil {
			return op.Nothing{}, err
		}
		return op.Nothing{}, once.Undo(ctx, e.store, OpReserve.Name, in.OrderID, func() error { return e.release(ctx, in.OrderID) })
	})
}

func (e *Engine) release(ctx context.Context, order string) error {
	rows, err := e.store.Reservations(ctx, order)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r Reservation) bool { return r.State != Held && r.State != Allocated })
	if len(rows) == 0 {
		return nil
	}
	moved, err := e.store.Advance(ctx, order, Released, Held, Allocated)
	if err != nil {
		return err
	}
	if moved != int64(len(rows)) {
		return fmt.Errorf("release of %s: %d reservations moved, want %d", order, moved, len(rows))
	}
	shifts := make([]Shift, len(rows))
	for i, r := range rows {
		shifts[i] = Shift{VariantID: r.VariantID, LocationID: r.LocationID, Reserved: -r.Quantity, At: e.now()}
	}
	if err := e.shiftAll(ctx, shifts); err != nil {
		return err
	}
	_, err = e.announce(ctx, shifts)
	return err
}
