package inventory

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Store is what an Engine needs from a database. inventorytest.Run says whether
// a type that has these methods is one. Every method joins the unit of work of
// its context.
type Store interface {
	event.Recorder
	once.Keys

	// Scope is the database, the same value for all stores that share it.
	Scope() txn.Scope

	// Stock returns the levels of the variants in one read that waits for
	// nobody: by variant, and those of one variant in the order in which their
	// locations ship (priority, then id; a location that was never saved has
	// priority 0). A variant without levels is left out. No ids, no levels.
	Stock(ctx context.Context, variantIDs []string) ([]Level, error)

	// Lock returns the levels of the variants by variant and location, and
	// keeps everybody else from changing them until the unit of work ends.
	Lock(ctx context.Context, variantIDs []string) ([]Level, error)

	// Shift makes s and adds one to the Version of the level, if the level
	// exists and keeps its bounds: 0 ≤ OnHand, 0 ≤ Reserved and, when it is
	// tracked, Reserved ≤ OnHand + Backorder. Else it returns false and changes
	// nothing. Of any number of concurrent calls those that fit win.
	Shift(ctx context.Context, s Shift) (bool, error)

	// SaveLevels writes OnHand, Tracked, Backorder and UpdatedAt of levels and
	// adds one to each Version; Reserved is not written. Version 0 is a new
	// level. If another Version is stored, or a new level is there already, it
	// returns ErrLevelChanged; if a level would break its bounds,
	// ErrBelowReserved. After an error the unit of work must not commit.
	SaveLevels(ctx context.Context, levels []Level) error

	// AddReservations writes new reservations, if any. One that is there already
	// is an error.
	AddReservations(ctx context.Context, rs []Reservation) error

	// Reservations returns those of an order by variant and location. In a unit
	// of work they are locked until it ends.
	Reservations(ctx context.Context, orderID string) ([]Reservation, error)

	// Advance moves the reservations of an order that are in one of the states
	// from to the state to, and returns how many it moved.
	Advance(ctx context.Context, orderID string, to Hold, from ...Hold) (int64, error)

	// SaveReservation writes Quantity, Shipped and State of now, if the stored
	// ones are those of was. Else it returns false and changes nothing.
	SaveReservation(ctx context.Context, was, now Reservation) (bool, error)

	// AddMovements writes movements, if any. If one of them has the reason, cause,
	// variant and location of a stored one it returns ErrCounted; after that the
	// unit of work must not commit.
	AddMovements(ctx context.Context, ms []Movement) error

	// MovementsOf returns what a cause has moved of the variants for a reason,
	// by variant and location.
	MovementsOf(ctx context.Context, reason, causeID string, variantIDs []string) ([]Movement, error)

	// Levels returns at most f.Limit levels, by variant and location.
	Levels(ctx context.Context, f LevelFilter) ([]Level, error)

	// Movements returns at most f.Limit movements, newest first, those of one
	// moment by id, last first.
	Movements(ctx context.Context, f MovementFilter) ([]Movement, error)

	// Locations returns the saved locations by priority and id.
	Locations(ctx context.Context) ([]Location, error)

	// SaveLocation writes l, whether it was there or not.
	SaveLocation(ctx context.Context, l Location) error
}

// Shift is a change of the numbers of one level. Either may be negative.
type Shift struct {
	VariantID, LocationID string
	OnHand, Reserved      int64
	At                    time.Time
}

// LevelFilter says which levels to list. Empty fields filter nothing.
type LevelFilter struct {
	VariantIDs []string
	LocationID string
	After      LevelKey // only those behind it
	Limit      int
}

// LevelKey names a level.
type LevelKey struct {
	VariantID  string `json:"v"`
	LocationID string `json:"l"`
}

// MovementFilter says which movements to list. Empty fields filter nothing.
type MovementFilter struct {
	VariantID string
	CauseID   string
	Before    MovementKey // only older ones
	Limit     int
}

// MovementKey is the place of a movement in the list.
type MovementKey struct {
	At time.Time `json:"at"`
	ID string    `json:"id"`
}
