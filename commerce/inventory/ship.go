package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

func (in ShipInput) key() string { return in.OrderID + "/" + in.CauseID }

// Ship takes allocated units from the shelf, once for each order and cause. It
// returns ErrNotAllocated, and changes nothing, when more is asked for than is
// allocated and lies there, ErrCounted when another order has shipped with that
// cause, and once.ErrUndone after Unship. Of a variant that was not tracked
// when the order was placed nothing is kept, and nothing moves.
func (e *Engine) Ship(ctx context.Context, in ShipInput) (op.Nothing, error) {
	if err := OpShip.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (op.Nothing, error) {
		return op.Nothing{}, once.Do(ctx, e.store, OpShip.Name, in.key(), func() error { return e.ship(ctx, in) })
	})
}

func (e *Engine) ship(ctx context.Context, in ShipInput) error {
	need := sum(in.Items)
	rows, err := e.store.Reservations(ctx, in.OrderID)
	if err != nil {
		return err
	}
	levels, err := e.store.Lock(ctx, keys(need))
	if err != nil {
		return err
	}
	parts, err := pick(rows, levels, need)
	if err != nil {
		return err
	}
	return e.move(ctx, parts, reasonShipped, in.CauseID)
}

// Unship undoes Ship with the same order and cause: the units lie on the shelf
// and are allocated again. It does nothing else when there was no such Ship, and
// keeps a late one out.
func (e *Engine) Unship(ctx context.Context, in ShipInput) (op.Nothing, error) {
	if err := OpUnship.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (op.Nothing, error) {
		return op.Nothing{}, once.Undo(ctx, e.store, OpShip.Name, in.key(), func() error { return e.unship(ctx, in) })
	})
}

func (e *Engine) unship(ctx context.Context, in ShipInput) error {
	need := sum(in.Items)
	rows, err := e.store.Reservations(ctx, in.OrderID)
	if err != nil {
		return err
	}
	shipped, err := e.store.MovementsOf(ctx, reasonShipped, in.CauseID, keys(need))
	if err != nil {
		return err
	}
	moved := map[LevelKey]int64{}
	for _, m := range shipped {
		moved[LevelKey{m.VariantID, m.LocationID}] = -m.Delta
	}
	return e.move(ctx, unpick(rows, moved, need), reasonUnshipped, in.CauseID)
}

// move writes parts of a shipment, or of its undoing: reservations, levels,
// movements and events. parts are in the order of locks.
func (e *Engine) move(ctx context.Context, parts []part, reason, cause string) error {
	if len(parts) == 0 {
		return nil
	}
	at := e.now()
	shifts := make([]Shift, len(parts))
	for i, p := range parts {
		ok, err := e.store.SaveReservation(ctx, p.was, p.now)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("reservation of %s for %s has changed under its lock", p.was.VariantID, p.was.OrderID)
		}
		shifts[i] = Shift{VariantID: p.was.VariantID, LocationID: p.was.LocationID, OnHand: p.onHand, Reserved: p.reserved, At: at}
	}
	if err := e.shiftAll(ctx, shifts); err != nil {
		return err
	}
	levels, err := e.announce(ctx, shifts)
	if err != nil {
		return err
	}
	var ms []Movement
	for _, s := range shifts {
		if s.OnHand != 0 {
			ms = append(ms, e.movement(ctx, levels[LevelKey{s.VariantID, s.LocationID}], s.OnHand, reason, cause, at))
		}
	}
	return e.store.AddMovements(ctx, ms)
}

// movement returns the movement after which l is what it is.
func (e *Engine) movement(ctx context.Context, l Level, delta int64, reason, cause string, at time.Time) Movement {
	return Movement{ID: e.opts.ID("mov"), VariantID: l.VariantID, LocationID: l.LocationID, Delta: delta, OnHand: l.OnHand,
		Reason: reason, CauseID: cause, Actor: ident.From(ctx).Origin().String(), At: at}
}
