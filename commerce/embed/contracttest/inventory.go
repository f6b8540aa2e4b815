package contracttest

import (
	"slices"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// keeping asks for units of a variant for an order.
func keeping(order, variant string, n int64) inventory.ReserveInput {
	return inventory.ReserveInput{OrderID: order, Items: []inventory.Quantity{{VariantID: variant, Quantity: n}}}
}

func sending(order, cause, variant string, n int64) inventory.ShipInput {
	return inventory.ShipInput{OrderID: order, CauseID: cause, Items: []inventory.Quantity{{VariantID: variant, Quantity: n}}}
}

// shelf makes a variant of which n lie there, and an order that has them all
// allocated.
func (w *world) shelf(n int64) (variant, order string) {
	w.Helper()
	variant, order = "var_"+w.name(), "ord_"+w.name()
	w.make.Stock(variant, n)
	in := keeping(order, variant, n)
	in.Allocated = true
	w.ok(w.Inventory.Reserve(w.inside(), in))
	return variant, order
}

var inventoryCases = []trial{
	{"inventory.availability", func(w *world) {
		v, _ := w.shelf(3)
		out := got(w.Inventory.Availability(w.inside(), inventory.AvailabilityInput{VariantIDs: []string{v}}))(w)
		if len(out.Items) != 1 || out.Items[0].Quantity != 0 {
			w.Errorf("availability %+v, want none of three", out.Items)
		}
	}},
	{"inventory.reserve", func(w *world) {
		v, o := w.shelf(3)
		w.fails(inventory.ErrInsufficient)(w.Inventory.Reserve(w.inside(), keeping("ord_"+w.name(), v, 1)))
		w.ok(w.Inventory.Reserve(w.inside(), keeping(o, v, 3))) // again
		late := "ord_" + w.name()
		w.ok(w.Inventory.Release(w.inside(), inventory.OrderInput{OrderID: late}))
		w.fails(once.ErrUndone)(w.Inventory.Reserve(w.inside(), keeping(late, v, 1)))
	}},
	{"inventory.allocate", func(w *world) {
		v, o := "var_"+w.name(), inventory.OrderInput{OrderID: "ord_" + w.name()}
		w.make.Stock(v, 1)
		w.ok(w.Inventory.Reserve(w.inside(), keeping(o.OrderID, v, 1)))
		w.ok(w.Inventory.Allocate(w.inside(), o))
		kept := got(w.Inventory.Reservations(w.Context(), o))(w)
		if len(kept.Items) != 1 || kept.Items[0].State != inventory.Allocated {
			w.Errorf("reservations %+v, want one allocated", kept.Items)
		}
		gone := inventory.OrderInput{OrderID: "ord_" + w.name()}
		w.ok(w.Inventory.Release(w.inside(), gone))
		w.fails(inventory.ErrReleased)(w.Inventory.Allocate(w.inside(), gone))
	}},
	{"inventory.release", func(w *world) {
		v, o := w.shelf(2)
		w.ok(w.Inventory.Release(w.inside(), inventory.OrderInput{OrderID: o}))
		if n := w.make.Available(v); n != 2 {
			w.Errorf("%d available, want 2", n)
		}
	}},
	{"inventory.ship", func(w *world) {
		v, o := w.shelf(2)
		cause := w.name()
		w.fails(inventory.ErrNotAllocated)(w.Inventory.Ship(w.inside(), sending(o, w.name(), v, 3)))
		w.ok(w.Inventory.Ship(w.inside(), sending(o, cause, v, 1)))
		other := "ord_" + w.name()
		w.make.Stock(v, 5)
		in := keeping(other, v, 1)
		in.Allocated = true
		w.ok(w.Inventory.Reserve(w.inside(), in))
		w.fails(inventory.ErrCounted)(w.Inventory.Ship(w.inside(), sending(other, cause, v, 1)))
		late := w.name()
		w.ok(w.Inventory.Unship(w.inside(), sending(o, late, v, 1)))
		w.fails(once.ErrUndone)(w.Inventory.Ship(w.inside(), sending(o, late, v, 1)))
	}},
	{"inventory.unship", func(w *world) {
		v, o := w.shelf(2)
		in := sending(o, w.name(), v, 2)
		w.ok(w.Inventory.Ship(w.inside(), in))
		w.ok(w.Inventory.Unship(w.inside(), in))
		if l := w.level(v); l.OnHand != 2 || l.Reserved != 2 {
			w.Errorf("level %+v, want two there and kept", l)
		}
	}},
	{"inventory.adjust", func(w *world) {
		v, _ := w.shelf(2)
		w.fails(inventory.ErrBelowReserved)(w.Inventory.Adjust(w.Context(), inventory.AdjustInput{VariantID: v, Delta: -1, Reason: "damaged"}))
		w.fails(inventory.ErrLocationNotFound)(w.Inventory.Adjust(w.Context(), inventory.AdjustInput{VariantID: v, LocationID: nobody, Delta: 1, Reason: "found"}))
		in := inventory.AdjustInput{VariantID: v, Delta: 3, Reason: "found", CauseID: w.name()}
		for range 2 { // one cause counts once
			if l := got(w.Inventory.Adjust(w.Context(), in))(w); l.OnHand != 5 {
				w.Errorf("%d on hand, want 5", l.OnHand)
			}
		}
	}},
	{"inventory.set_level", func(w *world) {
		v, _ := w.shelf(2)
		for want, in := range map[*fault.Error]inventory.SetLevelInput{
			inventory.ErrBelowReserved:    {VariantID: v, OnHand: 1},
			inventory.ErrLevelChanged:     {VariantID: v, OnHand: 9, ExpectedOnHand: new(int64(7))},
			inventory.ErrLocationNotFound: {VariantID: v, LocationID: nobody, OnHand: 9},
		} {
			w.fails(want)(w.Inventory.SetLevel(w.Context(), in))
		}
		if l := got(w.Inventory.SetLevel(w.Context(), inventory.SetLevelInput{VariantID: v, OnHand: 9, ExpectedOnHand: new(int64(2))}))(w); l.OnHand != 9 {
			w.Errorf("%d on hand, want 9", l.OnHand)
		}
	}},
	{"inventory.put_levels", func(w *world) {
		v := "var_" + w.name()
		in := inventory.PutLevelsInput{CauseID: w.name(), Levels: []inventory.LevelFields{{VariantID: v, OnHand: new(int64(4)), Tracked: true},
			{VariantID: v, LocationID: nobody, Tracked: true}}}
		out := got(w.Inventory.PutLevels(w.Context(), in))(w)
		if len(out.Results) != 2 || out.Results[0].Outcome != "created" || out.Results[1].Error == nil {
			w.Errorf("results %+v, want one made and one refused", out.Results)
		}
	}},
	{"inventory.levels", func(w *world) {
		v, _ := w.shelf(2)
		if l := w.level(v); l.OnHand != 2 || l.Reserved != 2 {
			w.Errorf("level %+v, want two there and kept", l)
		}
	}},
	{"inventory.movements", func(w *world) {
		v, _ := w.shelf(2)
		out := got(w.Inventory.Movements(w.Context(), inventory.MovementsInput{VariantID: v}))(w)
		if len(out.Items) != 1 || out.Items[0].Delta != 2 {
			w.Errorf("movements %+v, want one of two", out.Items)
		}
	}},
	{"inventory.reservations", func(w *world) {
		_, o := w.shelf(2)
		out := got(w.Inventory.Reservations(w.Context(), inventory.OrderInput{OrderID: o}))(w)
		if len(out.Items) != 1 || out.Items[0].Quantity != 2 {
			w.Errorf("reservations %+v, want one of two", out.Items)
		}
	}},
	{"inventory.put_location and inventory.locations", func(w *world) {
		const id = "contract" // there is no way to take it away again
		w.ok(w.Inventory.PutLocation(w.Context(), inventory.Location{ID: id, Name: "Contract", Priority: 1000}))
		all := got(w.Inventory.Locations(w.Context(), op.Nothing{}))(w)
		if !slices.ContainsFunc(all.Items, func(l inventory.Location) bool { return l.ID == id }) {
			w.Errorf("locations %+v lack %s", all.Items, id)
		}
	}},
}

// level returns what lies on the shelf of a variant.
func (w *world) level(variant string) inventory.Level {
	w.Helper()
	out := got(w.Inventory.Levels(w.Context(), inventory.LevelsInput{VariantIDs: []string{variant}}))(w)
	if len(out.Items) != 1 {
		w.Fatalf("%d levels of %s, want 1", len(out.Items), variant)
	}
	return out.Items[0]
}
