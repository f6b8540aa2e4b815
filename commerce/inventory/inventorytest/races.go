package inventorytest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/once"
)

// Race lets rivals loose on an engine over the stores that open returns, each
// of them empty, and audits the stock after each race.
func Race(t *testing.T, open func(t *testing.T) inventory.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *shop)
	}{
		{"LastUnit", lastUnit},
		{"UntilSoldOut", untilSoldOut},
		{"Baskets", baskets},
		{"TwoLocations", twoLocations},
		{"ReserveAndRelease", reserveAndRelease},
		{"ShipAndRelease", shipAndRelease},
		{"AdjustOneCause", adjustOneCause},
		{"FirstLevel", firstLevel},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := open(t)
			s := &shop{store: store, engine: inventory.New(store, nil)}
			c.test(t, s)
			s.audit(t)
		})
	}
}

// Baskets is one of the races, for drivers that watch how they run it.
func Baskets(t *testing.T, store inventory.Store) {
	s := &shop{store: store, engine: inventory.New(store, nil)}
	baskets(t, s)
	s.audit(t)
}

// shop is an engine and the orders that were tried on it.
type shop struct {
	store  inventory.Store
	engine *inventory.Engine
	mu     sync.Mutex
	orders []string
}

// order returns the id of a new order.
func (s *shop) order() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprint("ord_", len(s.orders))
	s.orders = append(s.orders, id)
	return id
}

func (s *shop) receive(t *testing.T, variant, location string, n int64) {
	t.Helper()
	_, err := s.engine.Adjust(t.Context(), inventory.AdjustInput{VariantID: variant, LocationID: location, Delta: n, Reason: "received"})
	must(t, err)
}

// reserve reports whether the stock was there. Any other failure fails t.
func (s *shop) reserve(ctx context.Context, t *testing.T, order string, items ...inventory.Quantity) bool {
	_, err := s.engine.Reserve(ctx, inventory.ReserveInput{OrderID: order, Items: items})
	if err != nil && !errors.Is(err, inventory.ErrInsufficient) {
		t.Errorf("reserve for %s: %v", order, err)
	}
	return err == nil
}

// race runs n rivals at once.
func race(n int, rival func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; rival(i) })
	}
	close(start)
	wg.Wait()
}

// audit holds every level against its movements and the reservations on it:
// 0 ≤ reserved ≤ on hand + backorder, on hand = Σ movements, reserved = Σ held
// and allocated.
func (s *shop) audit(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	levels, err := s.store.Levels(ctx, inventory.LevelFilter{Limit: 1 << 20})
	must(t, err)
	ms, err := s.store.Movements(ctx, inventory.MovementFilter{Limit: 1 << 20})
	must(t, err)
	moved, kept := map[inventory.LevelKey]int64{}, map[inventory.LevelKey]int64{}
	for _, m := range ms {
		moved[inventory.LevelKey{VariantID: m.VariantID, LocationID: m.LocationID}] += m.Delta
	}
	for _, order := range s.orders {
		rs, err := s.store.Reservations(ctx, order)
		must(t, err)
		for _, r := range rs {
			if r.State == inventory.Held || r.State == inventory.Allocated {
				kept[inventory.LevelKey{VariantID: r.VariantID, LocationID: r.LocationID}] += r.Quantity
			}
		}
	}
	for _, l := range levels {
		key := inventory.LevelKey{VariantID: l.VariantID, LocationID: l.LocationID}
		if l.OnHand != moved[key] {
			t.Errorf("%v: on hand %d, movements say %d", key, l.OnHand, moved[key])
		}
		if l.Reserved != kept[key] {
			t.Errorf("%v: reserved %d, reservations say %d", key, l.Reserved, kept[key])
		}
		if l.Reserved < 0 || l.OnHand < 0 || l.Tracked && l.Reserved > l.OnHand+l.Backorder {
			t.Errorf("out of bounds: %+v", l)
		}
	}
}

// S14: the engine alone keeps 64 callers from selling one unit twice.
func lastUnit(t *testing.T, s *shop) {
	s.receive(t, "v", "main", 1)
	var won atomic.Int64
	race(64, func(int) {
		if s.reserve(t.Context(), t, s.order(), inventory.Quantity{VariantID: "v", Quantity: 1}) {
			won.Add(1)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d of 64 got the last unit", won.Load())
	}
}

// S02: as many are sold as there are.
func untilSoldOut(t *testing.T, s *shop) {
	const units = 500
	s.receive(t, "v", "main", units)
	var sold atomic.Int64
	race(32, func(int) {
		for s.reserve(t.Context(), t, s.order(), inventory.Quantity{VariantID: "v", Quantity: 1}) {
			sold.Add(1)
		}
	})
	if l := one(t, s.store, "v"); sold.Load() != units || l.Reserved != units {
		t.Errorf("sold %d, reserved %d; want %d", sold.Load(), l.Reserved, units)
	}
}

// S04: baskets that overlap in any order neither deadlock nor lose units.
func baskets(t *testing.T, s *shop) {
	const skus, stock = 8, 40
	for i := range skus {
		s.receive(t, fmt.Sprint("v", i), "main", stock)
	}
	var sold atomic.Int64
	race(16, func(int) {
		for range 12 {
			var items []inventory.Quantity
			for _, v := range rand.Perm(skus)[:3] {
				items = append(items, inventory.Quantity{VariantID: fmt.Sprint("v", v), Quantity: 1})
			}
			if s.reserve(t.Context(), t, s.order(), items...) {
				sold.Add(3)
			}
		}
	})
	var reserved int64
	for i := range skus {
		reserved += one(t, s.store, fmt.Sprint("v", i)).Reserved
	}
	if reserved != sold.Load() || reserved == 0 {
		t.Errorf("reserved %d, sold %d", reserved, sold.Load())
	}
}

// S11: of two buyers of two, where two locations have one each, one gets both.
func twoLocations(t *testing.T, s *shop) {
	must(t, s.store.SaveLocation(t.Context(), inventory.Location{ID: "east", Name: "East", Priority: 1}))
	must(t, s.store.SaveLocation(t.Context(), inventory.Location{ID: "west", Name: "West", Priority: -1}))
	for round := range 10 {
		variant := fmt.Sprint("v", round)
		s.receive(t, variant, "east", 1)
		s.receive(t, variant, "west", 1)
		var won atomic.Int64
		race(2, func(int) {
			if s.reserve(t.Context(), t, s.order(), inventory.Quantity{VariantID: variant, Quantity: 2}) {
				won.Add(1)
			}
		})
		levels, err := s.store.Stock(t.Context(), []string{variant})
		must(t, err)
		if won.Load() != 1 || levels[0].Reserved != 1 || levels[1].Reserved != 1 {
			t.Errorf("%d of 2 won, levels %+v", won.Load(), levels)
		}
	}
}

// reserveAndRelease: whoever comes first, nothing stays kept.
func reserveAndRelease(t *testing.T, s *shop) {
	s.receive(t, "v", "main", 10)
	for range 10 {
		order := s.order()
		race(4, func(i int) {
			var err error
			if i%2 == 0 {
				_, err = s.engine.Reserve(t.Context(), inventory.ReserveInput{OrderID: order, Items: []inventory.Quantity{{VariantID: "v", Quantity: 3}}})
			} else {
				_, err = s.engine.Release(t.Context(), inventory.OrderInput{OrderID: order})
			}
			if err != nil && !errors.Is(err, once.ErrUndone) {
				t.Error(err)
			}
		})
		if l := one(t, s.store, "v"); l.Reserved != 0 {
			t.Fatalf("reserved = %d after release, want 0", l.Reserved)
		}
	}
}

// shipAndRelease: units go to the customer or back to the shelf, not both.
func shipAndRelease(t *testing.T, s *shop) {
	s.receive(t, "v", "main", 30)
	for range 10 {
		order, in := s.order(), inventory.Quantity{VariantID: "v", Quantity: 3}
		if !s.reserve(t.Context(), t, order, in) {
			t.Fatal("not reserved")
		}
		_, err := s.engine.Allocate(t.Context(), inventory.OrderInput{OrderID: order})
		must(t, err)
		before := one(t, s.store, "v")
		var shipped atomic.Int64
		race(4, func(i int) {
			if i == 0 {
				_, err := s.engine.Release(t.Context(), inventory.OrderInput{OrderID: order})
				if err != nil {
					t.Error(err)
				}
				return
			}
			_, err := s.engine.Ship(t.Context(), inventory.ShipInput{OrderID: order, CauseID: fmt.Sprint(order, "f", i), Items: []inventory.Quantity{{VariantID: "v", Quantity: 1}}})
			switch {
			case err == nil:
				shipped.Add(1)
			case !errors.Is(err, inventory.ErrNotAllocated):
				t.Error(err)
			}
		})
		after := one(t, s.store, "v")
		if after.OnHand != before.OnHand-shipped.Load() || after.Reserved != 0 {
			t.Fatalf("%d shipped: %+v, then %+v", shipped.Load(), before, after)
		}
	}
}

// adjustOneCause: the same request, sent many times at once, counts once.
func adjustOneCause(t *testing.T, s *shop) {
	s.receive(t, "v", "main", 1)
	race(16, func(int) {
		_, err := s.engine.Adjust(t.Context(), inventory.AdjustInput{VariantID: "v", Delta: 5, Reason: "received", CauseID: "delivery"})
		if err != nil {
			t.Error(err)
		}
	})
	if l := one(t, s.store, "v"); l.OnHand != 6 {
		t.Errorf("on hand = %d, want 6", l.OnHand)
	}
}

// firstLevel: many find at once that a level is not there yet.
func firstLevel(t *testing.T, s *shop) {
	race(16, func(i int) {
		_, err := s.engine.Adjust(t.Context(), inventory.AdjustInput{VariantID: "v", Delta: 1, Reason: "received", CauseID: fmt.Sprint(i)})
		if err != nil {
			t.Error(err)
		}
	})
	if l := one(t, s.store, "v"); l.OnHand != 16 || !l.Tracked {
		t.Errorf("level = %+v, want 16 tracked", l)
	}
}
