// Package inventorytest says what an inventory.Store must do.
package inventorytest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/once"
)

// hostile is text that a careless store breaks or obeys.
const hostile = `é☕'; DROP TABLE x; --\`

var noon = time.Date(2026, 5, 4, 12, 0, 0, 123456000, time.UTC)

// Run runs the suite against the stores that open returns, each of them empty.
// The names of the cases are the guards that they prove.
func Run(t *testing.T, open func(t *testing.T) inventory.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, inventory.Store)
	}{
		{"RoundTrip", roundTrip},
		{"Nothing", nothing},
		{"ShippingOrder", shippingOrder},
		{"ShiftKeepsOnHand", shiftKeeps("OnHand")},
		{"ShiftKeepsReserved", shiftKeeps("Reserved")},
		{"ShiftKeepsPromise", shiftKeeps("Promise")},
		{"ShiftCountsVersion", shiftCountsVersion},
		{"ShiftUntracked", shiftUntracked},
		{"ShiftsThatFitWin", shiftsThatFitWin},
		{"StaleLoses", staleLoses},
		{"NewOnce", newOnce},
		{"OneWriterWins", oneWriterWins},
		{"SaveKeepsReserved", saveKeepsReserved},
		{"SaveKeepsPromise", saveKeepsPromise},
		{"ReservationOnce", reservationOnce},
		{"AdvanceFrom", advanceFrom},
		{"StaleReservationLoses", staleReservationLoses},
		{"CauseOnce", causeOnce},
		{"MovementsOf", movementsOf},
		{"LevelPages", levelPages},
		{"MovementPages", movementPages},
		{"UnitRollsBack", unitRollsBack},
		{"RecordJoins", recordJoins},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func level(variant, location string, onHand int64) inventory.Level {
	return inventory.Level{VariantID: variant, LocationID: location, OnHand: onHand, Tracked: true, UpdatedAt: noon}
}

// stock saves new levels and reserves of each what its Reserved says.
func stock(t *testing.T, s inventory.Store, levels ...inventory.Level) {
	t.Helper()
	must(t, s.SaveLevels(t.Context(), levels))
	for _, l := range levels {
		if l.Reserved == 0 {
			continue
		}
		ok, err := s.Shift(t.Context(), inventory.Shift{VariantID: l.VariantID, LocationID: l.LocationID, Reserved: l.Reserved, At: noon})
		if err != nil || !ok {
			t.Fatalf("reserve %d of %s: %v, %v", l.Reserved, l.VariantID, ok, err)
		}
	}
}

// one returns the level of a variant with a single one.
func one(t *testing.T, s inventory.Store, variant string) inventory.Level {
	t.Helper()
	levels, err := s.Stock(t.Context(), []string{variant})
	if err != nil || len(levels) != 1 {
		t.Fatalf("stock of %s = %v, %v; want one level", variant, levels, err)
	}
	return levels[0]
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %+v, want %+v", what, got, want)
	}
}

func roundTrip(t *testing.T, s inventory.Store) {
	ctx := t.Context()
	place := inventory.Location{ID: hostile, Name: hostile + "🏬", Priority: -3}
	must(t, s.SaveLocation(ctx, inventory.Location{ID: hostile, Name: "first"}))
	must(t, s.SaveLocation(ctx, place))
	places, err := s.Locations(ctx)
	must(t, err)
	same(t, "locations", places, []inventory.Location{place})

	l := level(hostile, hostile, 7)
	l.Backorder = inventory.Unlimited
	must(t, s.SaveLevels(ctx, []inventory.Level{l}))
	l.Version = 1
	same(t, "level", one(t, s, hostile), l)
	l.OnHand, l.Tracked, l.Backorder, l.UpdatedAt = 8, false, 2, noon.Add(time.Second)
	must(t, s.SaveLevels(ctx, []inventory.Level{l}))
	l.Version = 2
	same(t, "level", one(t, s, hostile), l)

	rs := []inventory.Reservation{
		{OrderID: hostile, VariantID: hostile, LocationID: "a", Quantity: 2, State: inventory.Held, ExpiresAt: noon},
		{OrderID: hostile, VariantID: hostile, LocationID: "b", Quantity: 1, Shipped: 3, State: inventory.Allocated},
	}
	must(t, s.AddReservations(ctx, rs))
	got, err := s.Reservations(ctx, hostile)
	must(t, err)
	same(t, "reservations", got, rs)

	m := inventory.Movement{ID: "mov_1", VariantID: hostile, LocationID: hostile, Delta: -2, OnHand: 5, Reason: "adjusted", CauseID: hostile, Actor: hostile, At: noon}
	must(t, s.AddMovements(ctx, []inventory.Movement{m}))
	ms, err := s.Movements(ctx, inventory.MovementFilter{Limit: 2})
	must(t, err)
	same(t, "movements", ms, []inventory.Movement{m})
}

// nothing asks for what is not there, and for nothing.
func nothing(t *testing.T, s inventory.Store) {
	ctx := t.Context()
	for _, ids := range [][]string{nil, {"none"}} {
		levels, err := s.Stock(ctx, ids)
		locked, err2 := s.Lock(ctx, ids)
		ms, err3 := s.MovementsOf(ctx, "adjusted", "c", ids)
		if err := errors.Join(err, err2, err3); err != nil || len(levels)+len(locked)+len(ms) != 0 {
			t.Errorf("of %q: %v %v %v, %v; want nothing", ids, levels, locked, ms, err)
		}
	}
	rs, err := s.Reservations(ctx, "none")
	if err != nil || len(rs) != 0 {
		t.Errorf("reservations = %v, %v; want none", rs, err)
	}
	ok, err := s.Shift(ctx, inventory.Shift{VariantID: "none", LocationID: "main", OnHand: 1, At: noon})
	if err != nil || ok {
		t.Errorf("shift of no level = %v, %v; want false", ok, err)
	}
	n, err := s.Advance(ctx, "none", inventory.Released, inventory.Held)
	if err != nil || n != 0 {
		t.Errorf("advance of no order = %d, %v; want 0", n, err)
	}
	must(t, errors.Join(s.SaveLevels(ctx, nil), s.AddReservations(ctx, nil), s.AddMovements(ctx, nil)))
}

func shippingOrder(t *testing.T, s inventory.Store) {
	ctx := t.Context()
	for id, priority := range map[string]int{"a": 2, "b": 1, "d": -1} {
		must(t, s.SaveLocation(ctx, inventory.Location{ID: id, Name: id, Priority: priority}))
	}
	stock(t, s, level("w", "a", 1), level("v", "a", 1), level("v", "b", 1), level("v", "c", 1), level("v", "d", 1), level("x", "a", 1))
	names := func(read func(context.Context, []string) ([]inventory.Level, error)) (out []string) {
		levels, err := read(ctx, []string{"w", "v"})
		must(t, err)
		for _, l := range levels {
			out = append(out, l.VariantID+l.LocationID)
		}
		return out
	}
	same(t, "stock", names(s.Stock), []string{"vd", "vc", "vb", "va", "wa"})
	same(t, "lock", names(s.Lock), []string{"va", "vb", "vc", "vd", "wa"})
}

// shiftKeeps tries shifts that would break one bound, and the last that would
// not.
func shiftKeeps(bound string) func(*testing.T, inventory.Store) {
	type by struct{ onHand, reserved int64 }
	cases := map[string]struct{ breaks, keeps by }{
		"OnHand":   {by{onHand: -6, reserved: -3}, by{onHand: -5, reserved: -3}},
		"Reserved": {by{reserved: -4}, by{reserved: -3}},
		"Promise":  {by{reserved: 5}, by{reserved: 4}}, // 5 on hand, 3 reserved, 2 may be promised beyond
	}
	return func(t *testing.T, s inventory.Store) {
		l := level("v", "main", 5)
		l.Reserved, l.Backorder = 3, 2
		stock(t, s, l)
		before := one(t, s, "v")
		shift := func(b by) bool {
			ok, err := s.Shift(t.Context(), inventory.Shift{VariantID: "v", LocationID: "main", OnHand: b.onHand, Reserved: b.reserved, At: noon})
			must(t, err)
			return ok
		}
		c := cases[bound]
		if shift(c.breaks) {
			t.Errorf("shift by %+v was made: %+v", c.breaks, one(t, s, "v"))
		}
		same(t, "level", one(t, s, "v"), before)
		if !shift(c.keeps) {
			t.Errorf("shift by %+v was refused", c.keeps)
		}
		after := one(t, s, "v")
		if after.OnHand != 5+c.keeps.onHand || after.Reserved != 3+c.keeps.reserved {
			t.Errorf("level = %+v after %+v", after, c.keeps)
		}
		if bound == "Promise" && shift(by{onHand: -1}) {
			t.Error("promised units were taken from the shelf")
		}
	}
}

func shiftCountsVersion(t *testing.T, s inventory.Store) {
	stock(t, s, level("v", "main", 5))
	later := noon.Add(time.Hour)
	ok, err := s.Shift(t.Context(), inventory.Shift{VariantID: "v", LocationID: "main", Reserved: 1, At: later})
	if l := one(t, s, "v"); err != nil || !ok || l.Version != 2 || !l.UpdatedAt.Equal(later) {
		t.Errorf("level = %+v, %v, %v; want version 2 at %v", l, ok, err, later)
	}
}

// shiftUntracked: only tracked levels bound what is reserved.
func shiftUntracked(t *testing.T, s inventory.Store) {
	l := level("v", "main", 1)
	l.Tracked = false
	stock(t, s, l)
	ok, err := s.Shift(t.Context(), inventory.Shift{VariantID: "v", LocationID: "main", Reserved: 3, At: noon})
	if err != nil || !ok {
		t.Errorf("shift = %v, %v", ok, err)
	}
}

func shiftsThatFitWin(t *testing.T, s inventory.Store) {
	stock(t, s, level("v", "main", 3))
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			ok, err := s.Shift(t.Context(), inventory.Shift{VariantID: "v", LocationID: "main", Reserved: 1, At: noon})
			if err != nil {
				t.Error(err)
			}
			if ok {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if l := one(t, s, "v"); won.Load() != 3 || l.Reserved != 3 {
		t.Errorf("%d of 8 reserved one of 3, reserved = %d; want 3", won.Load(), l.Reserved)
	}
}

func staleLoses(t *testing.T, s inventory.Store) {
	stock(t, s, level("v", "main", 5))
	old := one(t, s, "v")
	if ok, err := s.Shift(t.Context(), inventory.Shift{VariantID: "v", LocationID: "main", Reserved: 1, At: noon}); err != nil || !ok {
		t.Fatal(ok, err)
	}
	old.OnHand = 9
	if err := s.SaveLevels(t.Context(), []inventory.Level{old}); !errors.Is(err, inventory.ErrLevelChanged) {
		t.Errorf("err = %v, want ErrLevelChanged", err)
	}
	if l := one(t, s, "v"); l.OnHand != 5 {
		t.Errorf("on hand = %d, want 5", l.OnHand)
	}
}

func newOnce(t *testing.T, s inventory.Store) {
	stock(t, s, level("v", "main", 5))
	err := s.SaveLevels(t.Context(), []inventory.Level{level("u", "main", 1), level("v", "main", 9)})
	if !errors.Is(err, inventory.ErrLevelChanged) {
		t.Errorf("err = %v, want ErrLevelChanged", err)
	}
	levels, err := s.Stock(t.Context(), []string{"u", "v"})
	if err != nil || len(levels) != 1 || levels[0].OnHand != 5 {
		t.Errorf("stock = %+v, %v; want only v with 5", levels, err)
	}
}

func oneWriterWins(t *testing.T, s inventory.Store) {
	stock(t, s, level("v", "main", 5))
	was := one(t, s, "v")
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		mine := was
		mine.OnHand = int64(i)
		wg.Go(func() {
			switch err := s.SaveLevels(t.Context(), []inventory.Level{mine}); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, inventory.ErrLevelChanged):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d writers won, want 1", won.Load())
	}
}

func saveKeepsReserved(t *testing.T, s inventory.Store) {
	l := level("v", "main", 5)
	l.Reserved = 2
	stock(t, s, l)
	l = one(t, s, "v")
	l.Reserved, l.OnHand = 0, 6
	must(t, s.SaveLevels(t.Context(), []inventory.Level{l}))
	if l = one(t, s, "v"); l.Reserved != 2 || l.OnHand != 6 {
		t.Errorf("level = %+v, want 2 of 6 reserved", l)
	}
}

func saveKeepsPromise(t *testing.T, s inventory.Store) {
	l := level("v", "main", 5)
	l.Reserved = 4
	stock(t, s, l)
	l = one(t, s, "v")
	l.OnHand = 3
	if err := s.SaveLevels(t.Context(), []inventory.Level{l}); !errors.Is(err, inventory.ErrBelowReserved) {
		t.Errorf("err = %v, want ErrBelowReserved", err)
	}
	if l = one(t, s, "v"); l.OnHand != 5 {
		t.Errorf("on hand = %d, want 5", l.OnHand)
	}
}

func levelPages(t *testing.T, s inventory.Store) {
	stock(t, s, level("a!", "x", 1), level("a", "y", 1), level("a", "x", 1), level("B", "x", 1), level("é", "x", 1))
	walk := func(f inventory.LevelFilter) (got []string) {
		for f.Limit = 2; ; {
			levels, err := s.Levels(t.Context(), f)
			must(t, err)
			for _, l := range levels {
				got = append(got, l.VariantID+"/"+l.LocationID)
				f.After = inventory.LevelKey{VariantID: l.VariantID, LocationID: l.LocationID}
			}
			if len(levels) < 2 {
				return got
			}
		}
	}
	same(t, "all", walk(inventory.LevelFilter{}), []string{"B/x", "a/x", "a/y", "a!/x", "é/x"})
	same(t, "of a and é", walk(inventory.LevelFilter{VariantIDs: []string{"é", "a"}}), []string{"a/x", "a/y", "é/x"})
	same(t, "at y", walk(inventory.LevelFilter{LocationID: "y"}), []string{"a/y"})
}

var errBoom = errors.New("boom")

func unitRollsBack(t *testing.T, s inventory.Store) {
	stock(t, s, level("v", "main", 5))
	before := one(t, s, "v")
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Shift(ctx, inventory.Shift{VariantID: "v", LocationID: "main", OnHand: 1, Reserved: 1, At: noon})
		_, err2 := s.Mark(ctx, "op", "k", once.Done)
		return errors.Join(err, err2, s.SaveLevels(ctx, []inventory.Level{level("w", "main", 1)}),
			s.AddReservations(ctx, []inventory.Reservation{held("o", "v", 1)}),
			s.AddMovements(ctx, []inventory.Movement{movement("m1", "v", "c", noon)}),
			s.SaveLocation(ctx, inventory.Location{ID: "x", Name: "x"}), errBoom)
	})
	if err == nil || err.Error() != errBoom.Error() {
		t.Fatalf("err = %v, want only boom", err)
	}
	same(t, "level", one(t, s, "v"), before)
	ctx := t.Context()
	levels, err1 := s.Levels(ctx, inventory.LevelFilter{Limit: 9})
	rs, err2 := s.Reservations(ctx, "o")
	ms, err3 := s.Movements(ctx, inventory.MovementFilter{Limit: 9})
	places, err4 := s.Locations(ctx)
	was, err5 := s.Mark(ctx, "op", "k", once.Done)
	must(t, errors.Join(err1, err2, err3, err4, err5))
	if len(levels) != 1 || len(rs)+len(ms)+len(places) != 0 || was != once.Never {
		t.Errorf("left behind: %v %v %v %v, mark %v", levels, rs, ms, places, was)
	}
}

func recordJoins(t *testing.T, s inventory.Store) {
	ev := inventory.StockChanged.New("evt_1", "v", noon, inventory.StockV1{Variant: "v"})
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Record(ctx, ev), errBoom)
	})
	if !errors.Is(err, errBoom) {
		t.Fatal(err)
	}
	// Ids of events are unique: this one is free only if the first is gone.
	must(t, s.Record(t.Context(), ev))
}
