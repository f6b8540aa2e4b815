package inventorytest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

func TestSuiteNamesWhatIsMissing(t *testing.T) {
	guards := []string{
		"RoundTrip", "ShippingOrder", "ShiftKeepsOnHand", "ShiftKeepsReserved", "ShiftKeepsPromise", "ShiftUntracked", "ShiftsThatFitWin",
		"StaleLoses", "NewOnce", "OneWriterWins", "SaveKeepsReserved", "SaveKeepsPromise", "ReservationOnce", "AdvanceFrom",
		"StaleReservationLoses", "CauseOnce", "MovementsOf", "UnitRollsBack", "RecordJoins",
	}
	guardtest.Run(t, guards, func(t *testing.T, without string) {
		Run(t, func(*testing.T) inventory.Store {
			return &broken{Store: memstore.Inventory{DB: memstore.New()}, without: without, recorded: map[string]bool{}, ready: make(chan struct{})}
		})
	})
}

// broken is a store without one of its guards.
type broken struct {
	inventory.Store
	without string

	mu       sync.Mutex
	recorded map[string]bool
	readers  int
	ready    chan struct{}
}

func (b *broken) level(ctx context.Context, variant, location string) (l inventory.Level, err error) {
	levels, err := b.Store.Lock(ctx, []string{variant})
	for _, l := range levels {
		if l.LocationID == location {
			return l, err
		}
	}
	return l, err
}

func (b *broken) SaveLocation(ctx context.Context, l inventory.Location) error {
	if b.without == "RoundTrip" {
		l.Name = l.Name[:4]
	}
	return b.Store.SaveLocation(ctx, l)
}

func (b *broken) Stock(ctx context.Context, ids []string) ([]inventory.Level, error) {
	if b.without == "ShippingOrder" {
		return b.Store.Lock(ctx, ids)
	}
	return b.Store.Stock(ctx, ids)
}

func (b *broken) Shift(ctx context.Context, s inventory.Shift) (bool, error) {
	l, err := b.level(ctx, s.VariantID, s.LocationID)
	if err != nil {
		return false, err
	}
	onHand, reserved := l.OnHand+s.OnHand, l.Reserved+s.Reserved
	switch {
	case b.without == "ShiftKeepsOnHand" && onHand < 0,
		b.without == "ShiftKeepsReserved" && reserved < 0,
		b.without == "ShiftKeepsPromise" && l.Tracked && reserved > onHand+l.Backorder:
		return true, nil
	case b.without == "ShiftUntracked" && reserved > onHand+l.Backorder:
		return false, nil
	case b.without == "ShiftsThatFitWin":
		b.meet(8)
		_, err := b.Store.Shift(ctx, s)
		return reserved <= onHand, err
	}
	return b.Store.Shift(ctx, s)
}

// meet returns when n have come, or nobody comes any more.
func (b *broken) meet(n int) {
	b.mu.Lock()
	if b.readers++; b.readers == n {
		close(b.ready)
	}
	b.mu.Unlock()
	select {
	case <-b.ready:
	case <-time.After(200 * time.Millisecond):
	}
}

func (b *broken) SaveLevels(ctx context.Context, levels []inventory.Level) error {
	mine := slices.Clone(levels)
	before := make([]inventory.Level, len(mine))
	for i := range mine {
		old, err := b.level(ctx, mine[i].VariantID, mine[i].LocationID)
		if err != nil {
			return err
		}
		before[i] = old
		known := mine[i].Version > 0
		if known && (b.without == "StaleLoses" || b.without == "OneWriterWins") || !known && b.without == "NewOnce" {
			mine[i].Version = old.Version
		}
	}
	err := b.Store.SaveLevels(ctx, mine)
	if b.without == "SaveKeepsPromise" && errors.Is(err, inventory.ErrBelowReserved) {
		return nil
	}
	for i, l := range mine {
		if err != nil || b.without != "SaveKeepsReserved" || l.Version == 0 {
			continue
		}
		_, err = b.Store.Shift(ctx, inventory.Shift{VariantID: l.VariantID, LocationID: l.LocationID, Reserved: l.Reserved - before[i].Reserved})
	}
	return err
}

func (b *broken) AddReservations(ctx context.Context, rs []inventory.Reservation) error {
	err := b.Store.AddReservations(ctx, rs)
	if b.without == "ReservationOnce" {
		return nil
	}
	return err
}

func (b *broken) Advance(ctx context.Context, order string, to inventory.Hold, from ...inventory.Hold) (int64, error) {
	if b.without == "AdvanceFrom" {
		from = []inventory.Hold{inventory.Held, inventory.Allocated, inventory.Shipped, inventory.Released}
	}
	return b.Store.Advance(ctx, order, to, from...)
}

func (b *broken) SaveReservation(ctx context.Context, was, now inventory.Reservation) (bool, error) {
	ok, err := b.Store.SaveReservation(ctx, was, now)
	return ok || b.without == "StaleReservationLoses", err
}

func (b *broken) AddMovements(ctx context.Context, ms []inventory.Movement) error {
	err := b.Store.AddMovements(ctx, ms)
	if b.without == "CauseOnce" && errors.Is(err, inventory.ErrCounted) {
		return nil
	}
	return err
}

func (b *broken) MovementsOf(ctx context.Context, reason, cause string, ids []string) ([]inventory.Movement, error) {
	if b.without == "MovementsOf" {
		reason = "adjusted"
	}
	return b.Store.MovementsOf(ctx, reason, cause, ids)
}

func (b *broken) Record(ctx context.Context, evs ...event.Envelope) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range evs {
		if b.without == "RecordJoins" && b.recorded[e.ID] {
			return errors.New("the event is there already")
		}
		b.recorded[e.ID] = true
	}
	return b.Store.Record(ctx, evs...)
}

// loose is a scope that is none.
type loose struct{}

func (*loose) Do(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (b *broken) Scope() txn.Scope {
	if b.without == "UnitRollsBack" {
		return new(loose)
	}
	return b.Store.Scope()
}
