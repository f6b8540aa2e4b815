package simulate

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// inventoryStore is a inventory.Store whose calls are steps of a schedule.
type inventoryStore struct {
	inventory.Store
	*database
}

var _ inventory.Store = inventoryStore{}

// Scope implements inventory.Store.
func (s inventoryStore) Scope() txn.Scope { return s.scope }

// Record implements event.Recorder.
func (s inventoryStore) Record(ctx context.Context, evs ...event.Envelope) error {
	return s.record(ctx, "inventory.record", evs, func() error { return s.Store.Record(ctx, evs...) })
}

// Mark implements once.Keys.
func (s inventoryStore) Mark(ctx context.Context, op, key string, to once.State) (once.State, error) {
	return ask(ctx, s.database, "inventory.mark", writes, func() (once.State, error) { return s.Store.Mark(ctx, op, key, to) })
}

// Stock implements inventory.Store.
func (s inventoryStore) Stock(ctx context.Context, variantIDs []string) ([]inventory.Level, error) {
	return ask(ctx, s.database, "inventory.stock", reads, func() ([]inventory.Level, error) { return s.Store.Stock(ctx, variantIDs) })
}

// Lock implements inventory.Store.
func (s inventoryStore) Lock(ctx context.Context, variantIDs []string) ([]inventory.Level, error) {
	return ask(ctx, s.database, "inventory.lock", reads, func() ([]inventory.Level, error) { return s.Store.Lock(ctx, variantIDs) })
}

// Shift implements inventory.Store.
func (s inventoryStore) Shift(ctx context.Context, by inventory.Shift) (bool, error) {
	return ask(ctx, s.database, "inventory.shift", writes, func() (bool, error) { return s.Store.Shift(ctx, by) })
}

// SaveLevels implements inventory.Store.
func (s inventoryStore) SaveLevels(ctx context.Context, levels []inventory.Level) error {
	return tell(ctx, s.database, "inventory.save_levels", writes, func() error { return s.Store.SaveLevels(ctx, levels) })
}

// AddReservations implements inventory.Store.
func (s inventoryStore) AddReservations(ctx context.Context, rs []inventory.Reservation) error {
	return tell(ctx, s.database, "inventory.add_reservations", writes, func() error { return s.Store.AddReservations(ctx, rs) })
}

// Reservations implements inventory.Store.
func (s inventoryStore) Reservations(ctx context.Context, orderID string) ([]inventory.Reservation, error) {
	return ask(ctx, s.database, "inventory.reservations", reads, func() ([]inventory.Reservation, error) { return s.Store.Reservations(ctx, orderID) })
}

// Advance implements inventory.Store.
func (s inventoryStore) Advance(ctx context.Context, orderID string, to inventory.Hold, from ...inventory.Hold) (int64, error) {
	return ask(ctx, s.database, "inventory.advance", writes, func() (int64, error) { return s.Store.Advance(ctx, orderID, to, from...) })
}

// SaveReservation implements inventory.Store.
func (s inventoryStore) SaveReservation(ctx context.Context, was, now inventory.Reservation) (bool, error) {
	return ask(ctx, s.database, "inventory.save_reservation", writes, func() (bool, error) { return s.Store.SaveReservation(ctx, was, now) })
}

// AddMovements implements inventory.Store.
func (s inventoryStore) AddMovements(ctx context.Context, ms []inventory.Movement) error {
	return tell(ctx, s.database, "inventory.add_movements", writes, func() error { return s.Store.AddMovements(ctx, ms) })
}

// MovementsOf implements inventory.Store.
func (s inventoryStore) MovementsOf(ctx context.Context, reason, causeID string, variantIDs []string) ([]inventory.Movement, error) {
	return ask(ctx, s.database, "inventory.movements_of", reads, func() ([]inventory.Movement, error) { return s.Store.MovementsOf(ctx, reason, causeID, variantIDs) })
}

// Levels implements inventory.Store.
func (s inventoryStore) Levels(ctx context.Context, f inventory.LevelFilter) ([]inventory.Level, error) {
	return ask(ctx, s.database, "inventory.levels", reads, func() ([]inventory.Level, error) { return s.Store.Levels(ctx, f) })
}

// Movements implements inventory.Store.
func (s inventoryStore) Movements(ctx context.Context, f inventory.MovementFilter) ([]inventory.Movement, error) {
	return ask(ctx, s.database, "inventory.movements", reads, func() ([]inventory.Movement, error) { return s.Store.Movements(ctx, f) })
}

// Locations implements inventory.Store.
func (s inventoryStore) Locations(ctx context.Context) ([]inventory.Location, error) {
	return ask(ctx, s.database, "inventory.locations", reads, func() ([]inventory.Location, error) { return s.Store.Locations(ctx) })
}

// SaveLocation implements inventory.Store.
func (s inventoryStore) SaveLocation(ctx context.Context, l inventory.Location) error {
	return tell(ctx, s.database, "inventory.save_location", writes, func() error { return s.Store.SaveLocation(ctx, l) })
}
