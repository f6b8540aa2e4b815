package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/op"
)

func TestAdjust(t *testing.T) {
	f := setup(t)
	in := inventory.AdjustInput{VariantID: "v", Delta: 10, Reason: "received", CauseID: "delivery 1"}
	for range 2 {
		l, err := f.Adjust(t.Context(), in)
		f.must(err)
		want := inventory.Level{VariantID: "v", LocationID: "main", OnHand: 10, Tracked: true, Version: 1, UpdatedAt: noon}
		if l != want {
			t.Errorf("level = %+v, want %+v", l, want)
		}
	}
	f.announced("stock_changed v@main 10")
	f.must(f.reserve("o", "v", 8))
	f.spy.events = nil
	in.Delta, in.CauseID, in.Reason = -3, "count", "adjusted"
	_, err := f.Adjust(t.Context(), in)
	f.fails(err, inventory.ErrBelowReserved, `{"on_hand":10,"reserved":8}`)
	in.Delta = -2
	_, err = f.Adjust(t.Context(), in) // a refused one does not count
	f.must(err)
	f.announced("stock_changed v@main 0", "stock_out v@main 0")
	f.moved("v", "received v@main +10=10", "adjusted v@main -2=8")
	_, err = f.Adjust(t.Context(), inventory.AdjustInput{VariantID: "v", LocationID: "moon", Delta: 1, Reason: "received"})
	f.fails(err, inventory.ErrLocationNotFound, "")
	_, err = f.Adjust(t.Context(), inventory.AdjustInput{VariantID: "w", Delta: -1, Reason: "adjusted"})
	f.fails(err, inventory.ErrBelowReserved, `{"on_hand":0,"reserved":0}`)
}

func TestAdjustCountsOncePerRequestKey(t *testing.T) {
	f := setup(t)
	anna, ben := ident.Actor{Kind: ident.Staff, ID: "anna", Scopes: []string{"*"}}, ident.Actor{Kind: ident.Staff, ID: "ben", Scopes: []string{"*"}}
	for _, c := range []struct {
		who  ident.Actor
		key  string
		want int64
	}{{anna, "k", 5}, {anna, "k", 5}, {ben, "k", 10}, {anna, "l", 15}, {anna, "", 20}, {anna, "", 25}} {
		ctx := ident.WithKey(ident.With(t.Context(), c.who), c.key)
		l, err := f.Adjust(ctx, inventory.AdjustInput{VariantID: "v", Delta: 5, Reason: "received"})
		if err != nil || l.OnHand != c.want {
			t.Errorf("%s with key %q: %d, %v; want %d", c.who, c.key, l.OnHand, err, c.want)
		}
	}
	p, err := f.Movements(t.Context(), inventory.MovementsInput{})
	f.must(err)
	if got := p.Items[0].Actor; got != "staff:anna" {
		t.Errorf("actor = %q", got)
	}
}

func TestSetLevel(t *testing.T) {
	f := setup(t)
	f.put("v", 10, 0, false)
	set := func(onHand int64, expected *int64, cause string) (inventory.Level, error) {
		return f.Engine.SetLevel(t.Context(), inventory.SetLevelInput{VariantID: "v", OnHand: onHand, ExpectedOnHand: expected, CauseID: cause})
	}
	l, err := set(10, nil, "")
	if err != nil || !l.Tracked || l.Version != 2 {
		t.Errorf("level = %+v, %v; want tracking on", l, err)
	}
	f.must(f.reserve("o", "v", 8))
	f.spy.events = nil
	_, err = set(5, nil, "")
	f.fails(err, inventory.ErrBelowReserved, `{"on_hand":10,"reserved":8}`)
	_, err = set(12, new(int64(9)), "")
	f.fails(err, inventory.ErrLevelChanged, `{"on_hand":10}`)
	f.announced()
	for range 2 {
		l, err = set(12, new(int64(10)), "count 1")
		if err != nil || l.OnHand != 12 {
			t.Errorf("level = %+v, %v", l, err)
		}
	}
	f.announced("stock_changed v@main 4")
	l, err = set(12, nil, "count 2")
	if err != nil || l.Version != 4 {
		t.Errorf("level = %+v, %v; want no change", l, err)
	}
	f.moved("v", "imported v@main +10=10", "counted v@main +2=12")
	_, err = f.Engine.SetLevel(t.Context(), inventory.SetLevelInput{VariantID: "v", LocationID: "moon"})
	f.fails(err, inventory.ErrLocationNotFound, "")
}

func TestPutLevels(t *testing.T) {
	f := setup(t)
	f.locations("east")
	f.put("v", 10, 0, true)
	f.put("same", 3, 1, true)
	f.must(f.reserve("o", "v", 8))
	f.spy.events = nil
	in := inventory.PutLevelsInput{CauseID: "imp_1", Levels: []inventory.LevelFields{
		{VariantID: "new", OnHand: new(int64(9)), Tracked: true, LocationID: "east"},
		{VariantID: "v", OnHand: new(int64(7)), Tracked: true},
		{VariantID: "same", OnHand: new(int64(3)), Tracked: true, Backorder: 1},
		{VariantID: "policy", Backorder: 4, Tracked: true},
		{VariantID: "moon", LocationID: "moon"},
		{VariantID: "new", LocationID: "east"},
		{VariantID: "same", LocationID: "east", Tracked: true},
	}}
	outcomes := func(want ...string) {
		t.Helper()
		out, err := f.PutLevels(t.Context(), in)
		f.must(err)
		for i, r := range out.Results {
			got := r.Outcome
			if r.Error != nil {
				got += " " + r.Error.Code
			}
			if r.Before != nil {
				got += fmt.Sprintf(" %d", r.Before.OnHand)
			}
			if got != want[i] {
				t.Errorf("result %d: %q, want %q", i, got, want[i])
			}
		}
	}
	first := []string{"created", "failed inventory.below_reserved 10", "unchanged 3", "created", "failed inventory.location_not_found",
		"failed request.invalid", "created"}
	in.DryRun = true
	outcomes(first...)
	f.stock("new", "")
	f.announced()
	in.DryRun = false
	outcomes(first...)
	f.stock("new", "east:0/9")
	f.stock("v", "main:8/10")
	f.announced("stock_changed new@east 9", "stock_changed policy@main 4", "stock_low policy@main 4",
		"stock_changed same@east 0", "stock_out same@east 0")
	outcomes("unchanged 9", first[1], "unchanged 3", "unchanged 0", first[4], first[5], "unchanged 0")
	f.announced()

	// The units that the import brought were sold since: they do not come back.
	f.must(f.reserve("p", "new", 4))
	f.must(f.allocate("p"))
	f.must(f.ship("p", "f", "new", 4))
	outcomes("unchanged 5", first[1], "unchanged 3", "unchanged 0", first[4], first[5], "unchanged 0")
	f.moved("new", "imported new@east +9=9", "shipped new@east -4=5")
	in.CauseID, in.Reason = "imp_2", "counted"
	outcomes("updated 5", first[1], "unchanged 3", "unchanged 0", first[4], first[5], "unchanged 0")
	f.stock("new", "east:0/9")
}

// contested is a store in which somebody else makes a level first, once.
type contested struct {
	*spy
	rival func(ctx context.Context)
}

func (c *contested) SaveLevels(ctx context.Context, levels []inventory.Level) error {
	if rival := c.rival; rival != nil {
		c.rival = nil
		rival(ctx)
	}
	return c.spy.SaveLevels(ctx, levels)
}

func TestChangesLookAgain(t *testing.T) {
	f := setup(t)
	store := &contested{spy: f.spy}
	e := inventory.New(store, nil)
	// The unit in which the rival wrote is rolled back, and the rival with it:
	// what counts is that the second try is made and goes through.
	rival := func(variant string) func(context.Context) {
		return func(ctx context.Context) {
			f.must(f.spy.SaveLevels(ctx, []inventory.Level{{VariantID: variant, LocationID: "main", OnHand: 1, Tracked: true}}))
		}
	}
	store.rival = rival("v")
	if l, err := e.Adjust(t.Context(), inventory.AdjustInput{VariantID: "v", Delta: 2, Reason: "received"}); err != nil || l.OnHand != 2 {
		t.Errorf("level = %+v, %v", l, err)
	}
	f = setup(t)
	store = &contested{spy: f.spy, rival: rival("v")}
	out, err := inventory.New(store, nil).PutLevels(t.Context(), inventory.PutLevelsInput{CauseID: "i", Levels: []inventory.LevelFields{
		{VariantID: "w", OnHand: new(int64(3))}, {VariantID: "v", OnHand: new(int64(2))}}})
	if err != nil || out.Results[0].Outcome != "created" || out.Results[1].Outcome != "created" {
		t.Errorf("results = %+v, %v", out, err)
	}
	f.stock("v", "main:0/2")
	store.rival = rival("u") // inside somebody's unit the conflict is theirs
	err = f.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := inventory.New(store, nil).Adjust(ctx, inventory.AdjustInput{VariantID: "u", Delta: 2, Reason: "received"})
		return err
	})
	if !errors.Is(err, inventory.ErrLevelChanged) {
		t.Errorf("conflict inside a unit: %v, want ErrLevelChanged", err)
	}
}

func TestAvailability(t *testing.T) {
	f := setup(t)
	f.put("v", 10, 0, true)
	f.put("w", 0, 2, true)
	out, err := f.Engine.Availability(t.Context(), inventory.AvailabilityInput{VariantIDs: []string{"w", "none", "v", "w"}})
	f.must(err)
	w := inventory.Availability{VariantID: "w", Status: inventory.Backorder, Tracked: true, Backorder: true, Limit: 2}
	want := []inventory.Availability{w, {VariantID: "none", Status: inventory.InStock, Limit: inventory.Unlimited},
		{VariantID: "v", Status: inventory.InStock, Tracked: true, Quantity: 10, Limit: 10}, w}
	if !reflect.DeepEqual(out.Items, want) {
		t.Errorf("items = %+v, want %+v", out.Items, want)
	}
	out, err = f.Engine.Availability(t.Context(), inventory.AvailabilityInput{})
	if err != nil || out.Items == nil || len(out.Items) != 0 {
		t.Errorf("of nothing: %+v, %v", out, err)
	}
}

func TestLists(t *testing.T) {
	f := setup(t)
	for i := range 5 {
		f.receive(fmt.Sprint("v", i), "main", 1)
	}
	var levels, movements []string
	for in := (inventory.LevelsInput{}); ; {
		in.Limit = 2
		p, err := f.Levels(t.Context(), in)
		f.must(err)
		for _, l := range p.Items {
			levels = append(levels, l.VariantID)
		}
		if p.NextCursor == nil {
			break
		}
		in.Cursor = *p.NextCursor
	}
	for in := (inventory.MovementsInput{}); ; {
		in.Limit = 2
		p, err := f.Movements(t.Context(), in)
		f.must(err)
		for _, m := range p.Items {
			movements = append(movements, m.VariantID)
		}
		if p.NextCursor == nil {
			break
		}
		in.Cursor = *p.NextCursor
	}
	if got := strings.Join(levels, " ") + "; " + strings.Join(movements, " "); got != "v0 v1 v2 v3 v4; v4 v3 v2 v1 v0" {
		t.Errorf("lists: %s", got)
	}
	in := inventory.LevelsInput{}
	in.Cursor = "bad"
	if _, err := f.Levels(t.Context(), in); fault.KindOf(err) != fault.Malformed {
		t.Errorf("bad cursor: %v", err)
	}
}

func TestLocations(t *testing.T) {
	f := setup(t)
	list := func(want string) {
		t.Helper()
		out, err := f.Engine.Locations(t.Context(), op.Nothing{})
		f.must(err)
		var got []string
		for _, l := range out.Items {
			got = append(got, fmt.Sprint(l.ID, l.Priority))
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("locations = %q, want %q", g, want)
		}
	}
	list("main0")
	f.locations("west", "east")
	list("main0 west0 east1")
	_, err := f.PutLocation(t.Context(), inventory.Location{ID: "main", Name: "Cellar", Priority: 2})
	f.must(err)
	list("west0 east1 main2")
}
