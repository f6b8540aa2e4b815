package bunstore

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/inventory"
)

type reservationRow struct {
	bun.BaseModel `bun:"reservation"`
	OrderID       string `bun:"order_id,pk"`
	VariantID     string `bun:"variant_id,pk"`
	LocationID    string `bun:"location_id,pk"`
	Quantity      int64  `bun:"quantity"`
	Shipped       int64  `bun:"shipped"`
	State         string `bun:"state"`
	ExpiresAt     int64  `bun:"expires_at"`
}

// AddReservations implements inventory.Store.
func (s Inventory) AddReservations(ctx context.Context, rs []inventory.Reservation) error {
	if len(rs) == 0 {
		return nil
	}
	rows := make([]reservationRow, len(rs))
	for i, r := range rs {
		rows[i] = reservationRow{OrderID: r.OrderID, VariantID: r.VariantID, LocationID: r.LocationID, Quantity: r.Quantity,
			Shipped: r.Shipped, State: string(r.State), ExpiresAt: micros(r.ExpiresAt)}
	}
	if err := s.insert(ctx, "reservation", &rows); err != nil {
		return fmt.Errorf("add reservations of %s: %w", rs[0].OrderID, err)
	}
	return nil
}

// Reservations implements inventory.Store.
func (s Inventory) Reservations(ctx context.Context, orderID string) ([]inventory.Reservation, error) {
	var rows []reservationRow
	err := s.scan(ctx, &rows, `SELECT order_id, variant_id, location_id, quantity, shipped, state, expires_at FROM {reservation}
		WHERE order_id = ? ORDER BY variant_id, location_id`+s.locked(ctx), orderID)
	if err != nil {
		return nil, fmt.Errorf("read reservations of %s: %w", orderID, err)
	}
	out := make([]inventory.Reservation, len(rows))
	for i, r := range rows {
		out[i] = inventory.Reservation{OrderID: r.OrderID, VariantID: r.VariantID, LocationID: r.LocationID, Quantity: r.Quantity,
			Shipped: r.Shipped, State: inventory.Hold(r.State), ExpiresAt: fromMicros(r.ExpiresAt)}
	}
	return out, nil
}

// Advance implements inventory.Store.
func (s Inventory) Advance(ctx context.Context, orderID string, to inventory.Hold, from ...inventory.Hold) (int64, error) {
	n, err := s.exec(ctx, `UPDATE {reservation} SET state = ? WHERE order_id = ? AND state IN (?)`, string(to), orderID, bun.List(from))
	if err != nil {
		return 0, fmt.Errorf("move reservations of %s to %s: %w", orderID, to, err)
	}
	return n, nil
}

// SaveReservation implements inventory.Store.
func (s Inventory) SaveReservation(ctx context.Context, was, now inventory.Reservation) (bool, error) {
	n, err := s.exec(ctx, `UPDATE {reservation} SET quantity = ?, shipped = ?, state = ?
		WHERE order_id = ? AND variant_id = ? AND location_id = ? AND quantity = ? AND shipped = ? AND state = ?`,
		now.Quantity, now.Shipped, string(now.State), was.OrderID, was.VariantID, was.LocationID, was.Quantity, was.Shipped, string(was.State))
	if err != nil {
		return false, fmt.Errorf("save reservation of %s: %w", was.OrderID, err)
	}
	return n == 1, nil
}

type movementRow struct {
	bun.BaseModel `bun:"stock_movement"`
	ID            string `bun:"id,pk"`
	VariantID     string `bun:"variant_id"`
	LocationID    string `bun:"location_id"`
	Delta         int64  `bun:"delta"`
	OnHand        int64  `bun:"on_hand"`
	Reason        string `bun:"reason"`
	CauseID       string `bun:"cause_id"`
	Actor         string `bun:"actor"`
	At            int64  `bun:"at"`
}

const movementColumns = `id, variant_id, location_id, delta, on_hand, reason, cause_id, actor, at`

// AddMovements implements inventory.Store.
func (s Inventory) AddMovements(ctx context.Context, ms []inventory.Movement) error {
	if len(ms) == 0 {
		return nil
	}
	rows := make([]movementRow, len(ms))
	for i, m := range ms {
		rows[i] = movementRow{ID: m.ID, VariantID: m.VariantID, LocationID: m.LocationID, Delta: m.Delta, OnHand: m.OnHand,
			Reason: m.Reason, CauseID: m.CauseID, Actor: m.Actor, At: micros(m.At)}
	}
	switch err := s.insert(ctx, "stock_movement", &rows); {
	case isDuplicate(err):
		return inventory.ErrCounted.Because(err)
	case err != nil:
		return fmt.Errorf("add movements: %w", err)
	default:
		return nil
	}
}

// MovementsOf implements inventory.Store.
func (s Inventory) MovementsOf(ctx context.Context, reason, causeID string, variantIDs []string) ([]inventory.Movement, error) {
	if len(variantIDs) == 0 {
		return nil, nil
	}
	return s.scanMovements(ctx, `SELECT `+movementColumns+` FROM {stock_movement}
		WHERE reason = ? AND cause_id = ? AND variant_id IN (?) ORDER BY variant_id, location_id`, reason, causeID, bun.List(variantIDs))
}

// Movements implements inventory.Store.
func (s Inventory) Movements(ctx context.Context, f inventory.MovementFilter) ([]inventory.Movement, error) {
	where := conditions{}
	if f.VariantID != "" {
		where.add(`variant_id = ?`, f.VariantID)
	}
	if f.CauseID != "" {
		where.add(`cause_id = ?`, f.CauseID)
	}
	if f.Before.ID != "" {
		at := micros(f.Before.At)
		where.add(`(at < ? OR at = ? AND id < ?)`, at, at, f.Before.ID)
	}
	return s.scanMovements(ctx, `SELECT `+movementColumns+` FROM {stock_movement}`+where.text+` ORDER BY at DESC, id DESC LIMIT ?`,
		append(where.args, f.Limit)...)
}

func (s Inventory) scanMovements(ctx context.Context, query string, args ...any) ([]inventory.Movement, error) {
	var rows []movementRow
	if err := s.scan(ctx, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("read movements: %w", err)
	}
	out := make([]inventory.Movement, len(rows))
	for i, r := range rows {
		out[i] = inventory.Movement{ID: r.ID, VariantID: r.VariantID, LocationID: r.LocationID, Delta: r.Delta, OnHand: r.OnHand,
			Reason: r.Reason, CauseID: r.CauseID, Actor: r.Actor, At: fromMicros(r.At)}
	}
	return out, nil
}
