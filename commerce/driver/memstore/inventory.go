package memstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/inventory"
)

// Inventory keeps stock.
type Inventory struct{ *DB }

var _ inventory.Store = Inventory{}

func (s Inventory) levels() table[inventory.Level] { return table[inventory.Level]{s.DB, "stock"} }
func (s Inventory) places() table[inventory.Location] {
	return table[inventory.Location]{s.DB, "location"}
}
func (s Inventory) reservations() table[inventory.Reservation] {
	return table[inventory.Reservation]{s.DB, "reservation"}
}
func (s Inventory) movements() table[inventory.Movement] {
	return table[inventory.Movement]{s.DB, "stock_movement"}
}

// causes is the unique index of movements.
func (s Inventory) causes() table[string] { return table[string]{s.DB, "stock_cause"} }

func byLevel[V any](variant, location func(V) string) func(a, b V) int {
	return func(a, b V) int {
		return cmp.Or(cmp.Compare(variant(a), variant(b)), cmp.Compare(location(a), location(b)))
	}
}

var levelOrder = byLevel(func(l inventory.Level) string { return l.VariantID }, func(l inventory.Level) string { return l.LocationID })

// Stock implements inventory.Store.
func (s Inventory) Stock(ctx context.Context, variantIDs []string) ([]inventory.Level, error) {
	places, err := s.places().all(ctx, nil)
	if err != nil {
		return nil, err
	}
	priority := map[string]int{}
	for _, l := range places {
		priority[l.ID] = l.Priority
	}
	levels, err := s.Lock(ctx, variantIDs)
	slices.SortStableFunc(levels, func(a, b inventory.Level) int {
		return cmp.Or(cmp.Compare(a.VariantID, b.VariantID), cmp.Compare(priority[a.LocationID], priority[b.LocationID]))
	})
	return levels, err
}

// Lock implements inventory.Store. Units of work run one by one, so that there
// is nothing to lock.
func (s Inventory) Lock(ctx context.Context, variantIDs []string) ([]inventory.Level, error) {
	levels, err := s.levels().all(ctx, func(_ string, l inventory.Level) bool { return slices.Contains(variantIDs, l.VariantID) })
	slices.SortFunc(levels, levelOrder)
	return levels, err
}

// Shift implements inventory.Store.
func (s Inventory) Shift(ctx context.Context, by inventory.Shift) (done bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		key := compound(by.VariantID, by.LocationID)
		l, err := s.levels().get(ctx, key)
		if errors.Is(err, errNoRow) {
			return nil
		}
		if err != nil {
			return err
		}
		l.OnHand += by.OnHand
		l.Reserved += by.Reserved
		l.UpdatedAt = by.At.UTC()
		l.Version++
		if !fits(l) {
			return nil
		}
		done = true
		return s.levels().put(ctx, key, l)
	})
	return done && err == nil, err
}

func fits(l inventory.Level) bool {
	return l.OnHand >= 0 && l.Reserved >= 0 && (!l.Tracked || l.Reserved <= l.OnHand+l.Backorder)
}

// SaveLevels implements inventory.Store.
func (s Inventory) SaveLevels(ctx context.Context, levels []inventory.Level) error {
	return s.Do(ctx, func(ctx context.Context) error {
		for _, l := range levels {
			key := compound(l.VariantID, l.LocationID)
			old, err := s.levels().get(ctx, key)
			if err != nil && !errors.Is(err, errNoRow) {
				return err
			}
			if old.Version != l.Version {
				return inventory.ErrLevelChanged
			}
			l.Reserved = old.Reserved
			l.UpdatedAt = l.UpdatedAt.UTC()
			l.Version++
			if !fits(l) {
				return inventory.ErrBelowReserved
			}
			if err := s.levels().put(ctx, key, l); err != nil {
				return err
			}
		}
		return nil
	})
}

func reservationKey(r inventory.Reservation) string {
	return compound(r.OrderID, r.VariantID, r.LocationID)
}

// AddReservations implements inventory.Store.
func (s Inventory) AddReservations(ctx context.Context, rs []inventory.Reservation) error {
	return s.Do(ctx, func(ctx context.Context) error {
		for _, r := range rs {
			switch _, err := s.reservations().get(ctx, reservationKey(r)); {
			case err == nil:
				return fmt.Errorf("memstore: reservation %s is there already", reservationKey(r))
			case !errors.Is(err, errNoRow):
				return err
			}
			if err := s.reservations().put(ctx, reservationKey(r), r); err != nil {
				return err
			}
		}
		return nil
	})
}

// Reservations implements inventory.Store.
func (s Inventory) Reservations(ctx context.Context, orderID string) ([]inventory.Reservation, error) {
	rs, err := s.reservations().all(ctx, func(_ string, r inventory.Reservation) bool { return r.OrderID == orderID })
	slices.SortFunc(rs, byLevel(func(r inventory.Reservation) string { return r.VariantID }, func(r inventory.Reservation) string { return r.LocationID }))
	return rs, err
}

// Advance implements inventory.Store.
func (s Inventory) Advance(ctx context.Context, orderID string, to inventory.Hold, from ...inventory.Hold) (n int64, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		n = 0
		rs, err := s.Reservations(ctx, orderID)
		if err != nil {
			return err
		}
		for _, r := range rs {
			if !slices.Contains(from, r.State) {
				continue
			}
			r.State = to
			if err := s.reservations().put(ctx, reservationKey(r), r); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// SaveReservation implements inventory.Store.
func (s Inventory) SaveReservation(ctx context.Context, was, now inventory.Reservation) (done bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		r, err := s.reservations().get(ctx, reservationKey(was))
		if errors.Is(err, errNoRow) || err == nil && (r.Quantity != was.Quantity || r.Shipped != was.Shipped || r.State != was.State) {
			return nil
		}
		if err != nil {
			return err
		}
		r.Quantity, r.Shipped, r.State = now.Quantity, now.Shipped, now.State
		done = true
		return s.reservations().put(ctx, reservationKey(r), r)
	})
	return done && err == nil, err
}

// AddMovements implements inventory.Store.
func (s Inventory) AddMovements(ctx context.Context, ms []inventory.Movement) error {
	return s.Do(ctx, func(ctx context.Context) error {
		for _, m := range ms {
			cause := compound(m.Reason, m.CauseID, m.VariantID, m.LocationID)
			switch _, err := s.causes().get(ctx, cause); {
			case err == nil:
				return inventory.ErrCounted
			case !errors.Is(err, errNoRow):
				return err
			}
			if err := s.causes().put(ctx, cause, m.ID); err != nil {
				return err
			}
			if err := s.movements().put(ctx, m.ID, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// MovementsOf implements inventory.Store.
func (s Inventory) MovementsOf(ctx context.Context, reason, causeID string, variantIDs []string) ([]inventory.Movement, error) {
	ms, err := s.movements().all(ctx, func(_ string, m inventory.Movement) bool {
		return m.Reason == reason && m.CauseID == causeID && slices.Contains(variantIDs, m.VariantID)
	})
	slices.SortFunc(ms, byLevel(func(m inventory.Movement) string { return m.VariantID }, func(m inventory.Movement) string { return m.LocationID }))
	return ms, err
}

// Levels implements inventory.Store.
func (s Inventory) Levels(ctx context.Context, f inventory.LevelFilter) ([]inventory.Level, error) {
	after := inventory.Level{VariantID: f.After.VariantID, LocationID: f.After.LocationID}
	levels, err := s.levels().all(ctx, func(_ string, l inventory.Level) bool {
		return (len(f.VariantIDs) == 0 || slices.Contains(f.VariantIDs, l.VariantID)) &&
			(f.LocationID == "" || l.LocationID == f.LocationID) && levelOrder(l, after) > 0
	})
	slices.SortFunc(levels, levelOrder)
	return levels[:min(f.Limit, len(levels))], err
}

// Movements implements inventory.Store.
func (s Inventory) Movements(ctx context.Context, f inventory.MovementFilter) ([]inventory.Movement, error) {
	newest := func(a, b inventory.Movement) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) }
	before := inventory.Movement{ID: f.Before.ID, At: f.Before.At}
	ms, err := s.movements().all(ctx, func(_ string, m inventory.Movement) bool {
		return (f.VariantID == "" || m.VariantID == f.VariantID) && (f.CauseID == "" || m.CauseID == f.CauseID) &&
			(f.Before.ID == "" || newest(m, before) > 0)
	})
	slices.SortFunc(ms, newest)
	return ms[:min(f.Limit, len(ms))], err
}

// Locations implements inventory.Store.
func (s Inventory) Locations(ctx context.Context) ([]inventory.Location, error) {
	ls, err := s.places().all(ctx, nil)
	slices.SortFunc(ls, func(a, b inventory.Location) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
	})
	return ls, err
}

// SaveLocation implements inventory.Store.
func (s Inventory) SaveLocation(ctx context.Context, l inventory.Location) error {
	return s.places().put(ctx, l.ID, l)
}
