package simulate

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
)

var everyLevel = inventory.LevelFilter{Limit: all}

// read returns the order of a row.
func (w *world) read(r order.Row) (o order.Order) {
	w.unread("order "+r.ID, json.Unmarshal(r.Doc, &o))
	return o
}

// agreeable is a bank that does what return URLs ask for.
func agreeable(now func() time.Time, _ func(string) fakepay.Outcome) Bank {
	return fakepay.New(&fakepay.Options{Now: now})
}

// endOf tells tales and returns what they have come to.
func endOf(t *testing.T, seed uint64, topology Topology, tales []tale, rates map[Fault]float64, inOrder bool) string {
	t.Helper()
	end := ""
	o := Options{Topology: topology, Rates: rates, Bank: agreeable, plot: told(tales, inOrder, func(w *world) { end = digest(w, tales) })}
	w, err := schedule(t.Context(), o, seed)
	switch {
	case err != nil:
		t.Fatal(err)
	case w.violation != nil:
		o.story = true
		if w, err = schedule(t.Context(), o, seed); err != nil || w.violation == nil {
			t.Fatal("the schedule of a seed differs from run to run")
		}
		t.Fatal(w.violation)
	}
	return end
}

// TestMetamorphic holds that what must make no difference makes none: a story
// comes to the same end when deliveries come twice or in another order, when the
// lines of carts are permuted, when a refund is made in parts, when processes die
// and others go on, and when the engines are apart.
func TestMetamorphic(t *testing.T) {
	none := map[Fault]float64{}
	killing := map[Fault]float64{KillOne: 0.002, KillAll: 0.0003, UnitAgain: 0.01, StatementFails: 0.0007, CommitLost: 0.004, CommitUnknown: 0.004}
	same := func(tales []tale) []tale { return tales }
	for _, c := range []struct {
		name     string
		topology Topology
		rates    map[Fault]float64
		inOrder  bool
		change   func([]tale) []tale
	}{
		{"deliveries doubled", One, map[Fault]float64{EventAgain: 0.5, NoticeAgain: 0.7}, true, same},
		{"deliveries shuffled", One, none, false, same},
		{"lines permuted", One, none, true, permuted},
		{"a refund in parts", One, none, true, inParts},
		{"killed and started again", One, killing, false, same},
		{"two databases", Two, none, false, same},
		{"engines apart", Saga, none, false, same},
		{"engines apart, killed and started again", Saga, killing, false, same},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(max(4, count(12))) {
				tales := talesOf(seed)
				want := endOf(t, seed, One, tales, none, true)
				if got := endOf(t, seed, c.topology, c.change(talesOf(seed)), c.rates, c.inOrder); got != want {
					t.Errorf("seed %d comes to\n%s\nand otherwise to\n%s", seed, got, want)
				}
			}
		})
	}
}

// permuted puts the lines of carts the other way round.
func permuted(tales []tale) []tale {
	for _, t := range tales {
		slices.Reverse(t.lines)
	}
	return tales
}

// inParts gives back in three parts what went back at once.
func inParts(tales []tale) []tale {
	for i, t := range tales {
		if len(t.refund) > 0 {
			whole := t.refund[0]
			tales[i].refund = []int64{whole / 3, whole / 3, whole - 2*(whole/3)}
		}
	}
	return tales
}
