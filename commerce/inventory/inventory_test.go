package inventory

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
)

func lv(variant, location string, onHand, reserved, backorder int64) Level {
	return Level{VariantID: variant, LocationID: location, OnHand: onHand, Reserved: reserved, Backorder: backorder, Tracked: true, Version: 1}
}

func open(l Level) Level { l.Tracked = false; return l }

func TestSpread(t *testing.T) {
	tk := func(variant, location string, n int64) take { return take{LevelKey{variant, location}, n} }
	for _, c := range []struct {
		name   string
		need   map[string]int64
		levels []Level
		takes  []take
		short  []Short
	}{
		{"nothing", nil, nil, nil, nil},
		{"no level", map[string]int64{"v": 3}, nil, nil, nil},
		{"untracked", map[string]int64{"v": 3}, []Level{open(lv("v", "a", 1, 0, 0))}, nil, nil},
		{"untracked somewhere", map[string]int64{"v": 3}, []Level{lv("v", "a", 1, 0, 0), open(lv("v", "b", 1, 0, 0))}, nil, nil},
		{"enough", map[string]int64{"v": 3}, []Level{lv("v", "a", 5, 2, 0)}, []take{tk("v", "a", 3)}, nil},
		{"short", map[string]int64{"v": 4}, []Level{lv("v", "a", 5, 2, 0)}, []take{tk("v", "a", 3)}, []Short{{"v", 4, 3}}},
		{"two locations, first ships first, order of locks", map[string]int64{"v": 4}, []Level{lv("v", "z", 3, 0, 0), lv("v", "a", 9, 0, 0)}, []take{tk("v", "a", 1), tk("v", "z", 3)}, nil},
		{"shelves before promises", map[string]int64{"v": 6}, []Level{lv("v", "b", 2, 0, 9), lv("v", "a", 3, 0, 9)}, []take{tk("v", "a", 3), tk("v", "b", 3)}, nil},
		{"promise where it is allowed", map[string]int64{"v": 6}, []Level{lv("v", "a", 2, 0, 0), lv("v", "b", 3, 0, 1)}, []take{tk("v", "a", 2), tk("v", "b", 4)}, nil},
		{"promised already", map[string]int64{"v": 2}, []Level{lv("v", "a", 2, 5, 4)}, []take{tk("v", "a", 1)}, []Short{{"v", 2, 1}}},
		{"every short one", map[string]int64{"v": 2, "u": 1, "w": 1}, []Level{lv("u", "a", 0, 0, 0), lv("v", "a", 1, 0, 0), lv("w", "a", 1, 0, 0)},
			[]take{tk("v", "a", 1), tk("w", "a", 1)}, []Short{{"u", 1, 0}, {"v", 2, 1}}},
	} {
		takes, short := spread(c.need, c.levels)
		if !reflect.DeepEqual(takes, c.takes) || !reflect.DeepEqual(short, c.short) {
			t.Errorf("%s: %v, short %v; want %v, short %v", c.name, takes, short, c.takes, c.short)
		}
	}
}

func TestSummarize(t *testing.T) {
	for _, c := range []struct {
		name   string
		levels []Level
		want   Availability
	}{
		{"no level", nil, Availability{Status: InStock, Limit: Unlimited}},
		{"untracked", []Level{open(lv("v", "a", 3, 0, 0))}, Availability{Status: InStock, Quantity: 3, Limit: Unlimited}},
		{"in stock", []Level{lv("v", "a", 7, 1, 0)}, Availability{Status: InStock, Tracked: true, Quantity: 6, Limit: 6}},
		{"low", []Level{lv("v", "a", 3, 1, 0), lv("v", "b", 3, 0, 0)}, Availability{Status: Low, Tracked: true, Quantity: 5, Limit: 5}},
		{"out", []Level{lv("v", "a", 3, 3, 0)}, Availability{Status: Out, Tracked: true}},
		{"back-order", []Level{lv("v", "a", 3, 4, 3)}, Availability{Status: Backorder, Tracked: true, Backorder: true, Limit: 2}},
		{"back-orders all taken", []Level{lv("v", "a", 0, 3, 3)}, Availability{Status: Out, Tracked: true, Backorder: true}},
		{"unlimited", []Level{lv("v", "a", 9, 0, Unlimited), lv("v", "b", 0, 0, Unlimited)}, Availability{Status: InStock, Tracked: true, Backorder: true, Quantity: 9, Limit: Unlimited}},
	} {
		c.want.VariantID = "v"
		if got := summarize("v", c.levels); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestNews(t *testing.T) {
	at := func(available int64) Level { return lv("v", "a", available, 0, 0) }
	for _, c := range []struct {
		name     string
		was, now Level
		want     string
	}{
		{"between", at(9), at(6), "changed"},
		{"to low", at(6), at(5), "changed low"},
		{"lower", at(5), at(1), "changed"},
		{"to out", at(1), at(0), "changed out"},
		{"from plenty to out", at(9), at(0), "changed out"},
		{"back to low", at(0), at(1), "changed back"},
		{"back to plenty", at(0), at(9), "changed back"},
		{"low to plenty", at(5), at(6), "changed"},
		{"promise counts", lv("v", "a", 0, 0, 0), lv("v", "a", 0, 0, 3), "changed back"},
		{"new", Level{}, at(9), "changed"},
		{"new and empty", Level{}, at(0), "changed out"},
		{"untracked does not run out", open(at(1)), open(at(0)), "changed"},
		{"tracking off", at(0), open(at(0)), "changed back"},
	} {
		var got []string
		for _, e := range (edit{c.was, c.now}).news(func(string) string { return "evt_1" }, time.Unix(0, 0)) {
			word := strings.TrimPrefix(e.Name, "inventory.")
			got = append(got, strings.NewReplacer("stock_", "", "back_in_stock", "back").Replace(word))
			if p, err := StockChanged.Decode(e); e.Key != "v" || err == nil && (p.Variant != "v" || p.Location != "a" || p.OnHand != c.now.OnHand) {
				t.Errorf("%s: envelope %+v", c.name, e)
			}
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAllowed(t *testing.T) {
	for _, c := range []struct {
		now Level
		ok  bool
	}{
		{lv("v", "a", 8, 8, 0), true},
		{lv("v", "a", 7, 8, 0), false},
		{lv("v", "a", 7, 8, 1), true},
		{lv("v", "a", -1, 0, 9), false},
		{open(lv("v", "a", 0, 8, 0)), true},
	} {
		err := edit{lv("v", "a", 10, 8, 0), c.now}.allowed()
		if (err == nil) != c.ok {
			t.Errorf("%+v: %v, want allowed = %v", c.now, err, c.ok)
		}
		if e, is := errors.AsType[*fault.Error](err); is && string(e.Meta) != `{"on_hand":10,"reserved":8}` {
			t.Errorf("meta = %s", e.Meta)
		}
	}
}

func TestPick(t *testing.T) {
	row := func(variant, location string, n, shipped int64, state Hold) Reservation {
		return Reservation{OrderID: "o", VariantID: variant, LocationID: location, Quantity: n, Shipped: shipped, State: state}
	}
	levels := []Level{lv("v", "a", 9, 2, 0), lv("v", "b", 1, 3, 2), open(lv("w", "a", 0, 4, 0))}
	for _, c := range []struct {
		name string
		rows []Reservation
		need map[string]int64
		want string // quantity, shipped, state and change of the shelf of each part
		err  string
	}{
		{"none kept", nil, map[string]int64{"v": 1}, "", ""},
		{"part", []Reservation{row("v", "a", 2, 0, Allocated)}, map[string]int64{"v": 1}, "1 1 allocated -1;", ""},
		{"rest", []Reservation{row("v", "a", 1, 1, Allocated)}, map[string]int64{"v": 1}, "0 2 shipped -1;", ""},
		{"two locations", []Reservation{row("v", "a", 2, 0, Allocated), row("v", "b", 1, 0, Allocated)}, map[string]int64{"v": 3}, "0 2 shipped -2;0 1 shipped -1;", ""},
		{"not yet received", []Reservation{row("v", "b", 3, 0, Allocated)}, map[string]int64{"v": 2}, "", `{"variant_id":"v","requested":2,"available":1}`},
		{"too many", []Reservation{row("v", "a", 2, 0, Allocated)}, map[string]int64{"v": 3}, "", `{"variant_id":"v","requested":3,"available":2}`},
		{"held", []Reservation{row("v", "a", 2, 0, Held)}, map[string]int64{"v": 1}, "", `{"variant_id":"v","requested":1,"available":0}`},
		{"released", []Reservation{row("v", "a", 2, 0, Released)}, map[string]int64{"v": 1}, "", `{"variant_id":"v","requested":1,"available":0}`},
		{"another variant", []Reservation{row("u", "a", 2, 0, Allocated)}, map[string]int64{"v": 1}, "", ""},
		{"not tracked any more", []Reservation{row("w", "a", 4, 0, Allocated)}, map[string]int64{"w": 4}, "0 4 shipped 0;", ""},
	} {
		parts, err := pick(c.rows, levels, c.need)
		got, meta := describe(parts), ""
		if e, is := errors.AsType[*fault.Error](err); is {
			meta = string(e.Meta)
		}
		if got != c.want || meta != c.err {
			t.Errorf("%s: %q, %q; want %q, %q", c.name, got, meta, c.want, c.err)
		}
	}
}

func TestUnpick(t *testing.T) {
	row := func(variant, location string, n, shipped int64, state Hold) Reservation {
		return Reservation{OrderID: "o", VariantID: variant, LocationID: location, Quantity: n, Shipped: shipped, State: state}
	}
	for _, c := range []struct {
		name  string
		rows  []Reservation
		moved map[LevelKey]int64
		need  map[string]int64
		want  string
	}{
		{"nothing kept", nil, nil, map[string]int64{"v": 1}, ""},
		{"all", []Reservation{row("v", "a", 0, 2, Shipped)}, map[LevelKey]int64{{"v", "a"}: 2}, map[string]int64{"v": 2}, "2 0 allocated 2;"},
		{"one of two shipments", []Reservation{row("v", "a", 1, 3, Allocated)}, map[LevelKey]int64{{"v", "a"}: 1}, map[string]int64{"v": 1}, "2 2 allocated 1;"},
		{"where it was", []Reservation{row("v", "a", 0, 2, Shipped), row("v", "b", 0, 2, Shipped)}, map[LevelKey]int64{{"v", "b"}: 2}, map[string]int64{"v": 2}, "2 0 allocated 2;"},
		{"released meanwhile", []Reservation{row("v", "a", 1, 2, Released)}, map[LevelKey]int64{{"v", "a"}: 2}, map[string]int64{"v": 2}, "1 0 released 2;"},
		{"was not tracked", []Reservation{row("v", "a", 0, 2, Shipped)}, nil, map[string]int64{"v": 2}, "2 0 allocated 0;"},
	} {
		if got := describe(unpick(c.rows, c.moved, c.need)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func describe(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(strings.Join([]string{fmt.Sprint(p.now.Quantity), fmt.Sprint(p.now.Shipped), string(p.now.State), fmt.Sprint(p.onHand)}, " ") + ";")
	}
	return b.String()
}

// Register is given a nil Service: only types are looked at.
func TestInputsAreWellTagged(t *testing.T) {
	n := 0
	Register(op.RegistrarFunc(func(h op.Handler) {
		n++
		if err := check.Type(h.In); err != nil {
			t.Errorf("%s: %v", h.Name, err)
		}
		if h.Access == "" || h.Doc == "" {
			t.Errorf("%s: access %q, doc %q", h.Name, h.Access, h.Doc)
		}
	}), (*Engine)(nil))
	if want := reflect.TypeFor[Service]().NumMethod(); n != want {
		t.Errorf("%d operations, want %d", n, want)
	}
}
