package inventory_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/once"
)

func TestReserve(t *testing.T) {
	f := setup(t)
	f.put("v", 10, 0, true)
	f.put("w", 3, 0, true)
	f.put("free", 1, 0, false)
	for range 2 { // the second time changes nothing
		f.must(f.reserve("o", "w", 1, "v", 2, "free", 50, "unknown", 7, "v", 3))
		f.stock("v", "main:5/10")
		f.stock("w", "main:1/3")
		f.stock("free", "main:0/1")
		f.kept("o", "v@main 5+0 held, w@main 1+0 held")
	}
	f.announced("stock_changed v@main 5", "stock_low v@main 5", "stock_changed w@main 2")
	f.fails(f.reserve("p", "v", 6, "w", 2), inventory.ErrInsufficient, `{"variant_id":"v","requested":6,"available":5}`)
	f.must(f.reserve("p", "v", 5)) // a refused Reserve leaves no mark
	f.announced("stock_changed v@main 0", "stock_out v@main 0")
	f.must(f.reserve("empty"))
	f.kept("empty", "")
}

func TestReserveSumsLinesOfOneVariant(t *testing.T) {
	f := setup(t)
	f.put("v", 1, 0, true)
	f.fails(f.reserve("o", "v", 1, "v", 1), inventory.ErrInsufficient, `{"variant_id":"v","requested":2,"available":1}`)
	f.stock("v", "main:0/1")
}

func TestReserveListsEveryShortVariant(t *testing.T) {
	f := setup(t)
	f.put("v", 1, 0, true)
	f.put("w", 0, 1, true)
	f.put("x", 5, 0, true)
	err := f.reserve("o", "x", 5, "w", 2, "v", 4)
	f.fails(err, inventory.ErrInsufficient, `{"variant_id":"v","requested":4,"available":1}`)
	var got []string
	for _, it := range fault.Public(err).Errors {
		got = append(got, it.Code+string(it.Meta))
	}
	want := []string{`inventory.insufficient_stock{"variant_id":"v","requested":4,"available":1}`, `inventory.insufficient_stock{"variant_id":"w","requested":2,"available":1}`}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("errors = %q, want %q", got, want)
	}
	f.announced()
	f.kept("o", "")
	f.stock("x", "main:0/5")
}

func (f *fixture) locations(ids ...string) {
	f.t.Helper()
	for i, id := range ids {
		_, err := f.PutLocation(f.t.Context(), inventory.Location{ID: id, Name: id, Priority: i})
		f.must(err)
	}
}

func TestReserveOverLocations(t *testing.T) {
	f := setup(t)
	f.locations("west", "east", "north")
	for _, l := range []string{"east", "north", "west"} {
		f.receive("v", l, 2)
	}
	f.must(f.reserve("o", "v", 3))
	f.stock("v", "east:1/2 north:0/2 west:2/2")
	f.kept("o", "v@east 1+0 held, v@west 2+0 held")
	f.announced("stock_changed v@west 0", "stock_out v@west 0", "stock_changed v@east 1")
}

// A rival takes units after the plan was made from what was read.
func TestReserveLooksAgain(t *testing.T) {
	for _, c := range []struct {
		name  string
		rival map[string]int64 // units taken per location
		want  string
		short string
	}{
		{"elsewhere there is more", map[string]int64{"west": 1}, "v@east 2+0 held, v@west 1+0 held, w@main 1+0 held", ""},
		{"the first part is kept", map[string]int64{"west": 1, "east": 1}, "v@east 1+0 held, v@north 1+0 held, v@west 1+0 held, w@main 1+0 held", ""},
		{"not enough anywhere", map[string]int64{"west": 2, "east": 2}, "", `{"variant_id":"v","requested":3,"available":2}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := setup(t)
			f.locations("west", "east", "north")
			f.receive("u", "main", 4)
			f.receive("w", "main", 1)
			for _, l := range []string{"east", "north", "west"} {
				f.receive("v", l, 2)
			}
			f.spy.rival = func(ctx context.Context) {
				for l, n := range c.rival {
					ok, err := f.spy.Shift(ctx, inventory.Shift{VariantID: "v", LocationID: l, Reserved: n})
					if err != nil || !ok {
						t.Error(ok, err)
					}
				}
			}
			err := f.reserve("o", "v", 3, "w", 1)
			if c.short != "" {
				f.fails(err, inventory.ErrInsufficient, c.short)
			} else {
				f.must(err)
			}
			f.kept("o", c.want)
		})
	}
}

func TestLooksAgainListsEveryShortVariant(t *testing.T) {
	f := setup(t)
	f.locations("east")
	f.receive("v", "east", 1)
	f.receive("v", "main", 1)
	f.receive("w", "main", 2)
	f.spy.rival = func(ctx context.Context) {
		for _, s := range []inventory.Shift{{VariantID: "v", LocationID: "main", Reserved: 1}, {VariantID: "w", LocationID: "main", Reserved: 1}} {
			if ok, err := f.spy.Shift(ctx, s); err != nil || !ok {
				t.Error(ok, err)
			}
		}
	}
	err := f.reserve("o", "w", 2, "v", 2)
	f.fails(err, inventory.ErrInsufficient, `{"variant_id":"v","requested":2,"available":1}`)
	if n := len(fault.Public(err).Errors); n != 2 {
		t.Errorf("%d variants listed, want 2", n)
	}
	f.stock("v", "east:0/1 main:0/1")
}

func TestAllocate(t *testing.T) {
	f := setup(t)
	f.put("v", 10, 0, true)
	f.must(f.reserve("o", "v", 2))
	f.announced("stock_changed v@main 8")
	for range 2 {
		f.must(f.allocate("o"))
		f.kept("o", "v@main 2+0 allocated")
	}
	f.stock("v", "main:2/10")
	f.announced()
	f.must(f.allocate("all untracked"))
	f.must(f.release("o"))
	f.fails(f.allocate("o"), inventory.ErrReleased, "")
	f.must(f.release("late"))
	f.fails(f.allocate("late"), inventory.ErrReleased, "")
}

func TestRelease(t *testing.T) {
	f := setup(t)
	f.put("v", 5, 0, true)
	f.put("w", 5, 0, true)
	f.must(f.reserve("o", "v", 5, "w", 1))
	f.spy.events = nil
	for range 2 {
		f.must(f.release("o"))
		f.stock("v", "main:0/5")
		f.kept("o", "v@main 5+0 released, w@main 1+0 released")
	}
	f.announced("stock_changed v@main 5", "back_in_stock v@main 5", "stock_changed w@main 5")
	f.fails(f.reserve("o", "v", 1), once.ErrUndone, "")

	f.must(f.release("late"))
	f.fails(f.reserve("late", "v", 1), once.ErrUndone, "")
	f.stock("v", "main:0/5")
}
