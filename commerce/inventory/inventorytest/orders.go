package inventorytest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/inventory"
)

func held(order, variant string, n int64) inventory.Reservation {
	return inventory.Reservation{OrderID: order, VariantID: variant, LocationID: "main", Quantity: n, State: inventory.Held}
}

func reservationOnce(t *testing.T, s inventory.Store) {
	must(t, s.AddReservations(t.Context(), []inventory.Reservation{held("o", "v", 1)}))
	if err := s.AddReservations(t.Context(), []inventory.Reservation{held("o", "u", 1), held("o", "v", 2)}); err == nil {
		t.Error("a second reservation of one level for one order was added")
	}
	rs, err := s.Reservations(t.Context(), "o")
	must(t, err)
	same(t, "reservations", rs, []inventory.Reservation{held("o", "v", 1)})
}

func advanceFrom(t *testing.T, s inventory.Store) {
	ctx := t.Context()
	shipped := held("o", "u", 0)
	shipped.State = inventory.Shipped
	must(t, s.AddReservations(ctx, []inventory.Reservation{held("o", "w", 1), shipped, held("o", "v", 1), held("other", "v", 1)}))
	for i, c := range []struct {
		to   inventory.Hold
		from []inventory.Hold
		want int64
	}{
		{inventory.Allocated, []inventory.Hold{inventory.Held}, 2},
		{inventory.Allocated, []inventory.Hold{inventory.Held}, 0},
		{inventory.Released, []inventory.Hold{inventory.Held, inventory.Allocated}, 2},
		{inventory.Released, []inventory.Hold{inventory.Held, inventory.Allocated}, 0},
	} {
		n, err := s.Advance(ctx, "o", c.to, c.from...)
		if err != nil || n != c.want {
			t.Errorf("step %d: %d moved to %s, %v; want %d", i, n, c.to, err, c.want)
		}
	}
	var got []inventory.Hold
	for _, order := range []string{"o", "other"} {
		rs, err := s.Reservations(ctx, order)
		must(t, err)
		for _, r := range rs {
			got = append(got, r.State)
		}
	}
	same(t, "states", got, []inventory.Hold{inventory.Shipped, inventory.Released, inventory.Released, inventory.Held})
}

func staleReservationLoses(t *testing.T, s inventory.Store) {
	was := held("o", "v", 3)
	must(t, s.AddReservations(t.Context(), []inventory.Reservation{was}))
	now := was
	now.Quantity, now.Shipped, now.State = 2, 1, inventory.Allocated
	for i, want := range []bool{true, false} {
		if ok, err := s.SaveReservation(t.Context(), was, now); err != nil || ok != want {
			t.Errorf("save %d = %v, %v; want %v", i, ok, err, want)
		}
	}
	rs, err := s.Reservations(t.Context(), "o")
	must(t, err)
	same(t, "reservations", rs, []inventory.Reservation{now})
}

func movement(id, variant, cause string, at time.Time) inventory.Movement {
	return inventory.Movement{ID: id, VariantID: variant, LocationID: "main", Delta: 1, OnHand: 1, Reason: "adjusted", CauseID: cause, Actor: "system", At: at}
}

func causeOnce(t *testing.T, s inventory.Store) {
	first := movement("m1", "v", "c", noon)
	must(t, s.AddMovements(t.Context(), []inventory.Movement{first}))
	again := movement("m2", "v", "c", noon)
	if err := s.AddMovements(t.Context(), []inventory.Movement{movement("m0", "u", "c", noon), again}); !errors.Is(err, inventory.ErrCounted) {
		t.Errorf("err = %v, want ErrCounted", err)
	}
	other := [4]inventory.Movement{again, again, again, again}
	other[0].Reason, other[1].CauseID, other[2].VariantID, other[3].LocationID = "received", "C", "V", "Main"
	for i := range other {
		other[i].ID = fmt.Sprint("n", i)
		if err := s.AddMovements(t.Context(), other[i:i+1]); err != nil {
			t.Errorf("another reason, cause, variant or location (%d): %v", i, err)
		}
	}
	ms, err := s.Movements(t.Context(), inventory.MovementFilter{Limit: 10})
	if err != nil || len(ms) != 5 {
		t.Errorf("%d movements, %v; want 5", len(ms), err)
	}
}

func movementsOf(t *testing.T, s inventory.Store) {
	must(t, s.AddMovements(t.Context(), []inventory.Movement{
		movement("m1", "w", "c", noon), movement("m2", "v", "c", noon), movement("m3", "x", "c", noon), movement("m4", "v", "d", noon)}))
	ms, err := s.MovementsOf(t.Context(), "adjusted", "c", []string{"w", "v"})
	must(t, err)
	same(t, "movements", ms, []inventory.Movement{movement("m2", "v", "c", noon), movement("m1", "w", "c", noon)})
	ms, err = s.MovementsOf(t.Context(), "shipped", "c", []string{"w", "v"})
	if err != nil || len(ms) != 0 {
		t.Errorf("for another reason: %v, %v; want none", ms, err)
	}
}

func movementPages(t *testing.T, s inventory.Store) {
	must(t, s.AddMovements(t.Context(), []inventory.Movement{
		movement("m3", "v", "c1", noon), movement("m1", "v", "c2", noon.Add(time.Microsecond)), movement("m2", "v", "c3", noon),
		movement("m4", "w", "c3", noon), movement("m5", "w", "c4", noon.Add(-time.Hour))}))
	walk := func(f inventory.MovementFilter) (got []string) {
		for f.Limit = 2; ; {
			ms, err := s.Movements(t.Context(), f)
			must(t, err)
			for _, m := range ms {
				got = append(got, m.ID)
				f.Before = inventory.MovementKey{At: m.At, ID: m.ID}
			}
			if len(ms) < 2 {
				return got
			}
		}
	}
	same(t, "all", walk(inventory.MovementFilter{}), []string{"m1", "m4", "m3", "m2", "m5"})
	same(t, "of v", walk(inventory.MovementFilter{VariantID: "v"}), []string{"m1", "m3", "m2"})
	same(t, "of c3", walk(inventory.MovementFilter{CauseID: "c3"}), []string{"m4", "m2"})
}
