// Package outbox carries events from where they were recorded to where they
// have an effect, each at least once on the way and exactly once at its end.
//
// A Relay moves events from a store to a bus, in order per aggregate. Once and
// InOrder make a handler that takes each event once, in one unit of work with
// its effects, and puts aside those that it fails on again and again.
//
// What people get wrong: pending events are found by their presence in the
// outbox, never by a position that was reached: units of work commit in another
// order than they take their positions.
package outbox

import (
	"context"
	"hash/crc32"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

// ErrLost says that the lease of a part of the outbox has gone to another relay.
var ErrLost = fault.New(fault.Conflict, "outbox.lost", "another relay publishes these events")

// Parts is how many parts an outbox has. Relays share them; all events of one
// aggregate lie in one part.
const Parts = 16

// Part returns the part of the events with a Key.
func Part(key string) int { return int(crc32.ChecksumIEEE([]byte(key)) % Parts) }

// Row is an event that waits to be published.
type Row struct {
	Position int64 // grows per aggregate
	Event    event.Envelope
}

// Lag says how far the publishing is behind.
type Lag struct {
	Pending int64     `json:"pending"`
	Oldest  time.Time `json:"oldest,omitzero"` // At of the oldest pending event
}

// Again says which published events to publish again. The zero values of Key
// and Name mean all.
type Again struct {
	Since time.Time // published at or after
	Key   string
	Name  string
}

// Store is an outbox. Its methods join the unit of work of ctx.
type Store interface {
	// Waiting returns the parts that have pending events, in order. It is asked
	// every second and must be cheap, also with many events.
	Waiting(ctx context.Context) ([]int, error)
	// Lease gives part to owner until a time, if nobody has it, if the lease on it
	// has ended by now, or if owner has it already. Each other owner gets a higher
	// fence. ok is false if somebody else has it.
	Lease(ctx context.Context, part int, owner string, now, until time.Time) (fence int64, ok bool, err error)
	// Pending returns at most limit events of part with a position above after,
	// in order of position.
	Pending(ctx context.Context, part int, after int64, limit int) ([]Row, error)
	// Archive takes published events out of the outbox and keeps them for Again.
	// It returns ErrLost and does nothing if fence is not the highest of part.
	// Positions that are not there, it leaves out.
	Archive(ctx context.Context, part int, fence int64, positions []int64, at time.Time) error
	// Leases returns who has or had each part that was leased, by part.
	Leases(ctx context.Context) ([]Lease, error)
	// ID names the database, the same for all processes on it and another one
	// elsewhere.
	ID(ctx context.Context) (string, error)
	// Of returns at most limit events with one of these Keys that are pending or
	// archived, by Key and Seq.
	Of(ctx context.Context, keys []string, limit int) ([]Sent, error)
	// Lag counts the pending events.
	Lag(ctx context.Context) (Lag, error)
	// Republish puts archived events back into the outbox, each once and in their
	// old order, and returns how many. Units of work are of at most 500 events;
	// what a relay publishes meanwhile does not count again.
	Republish(ctx context.Context, again Again) (int64, error)
	// Prune forgets the archived events that were published before a time and
	// returns how many.
	Prune(ctx context.Context, before time.Time) (int64, error)
}
