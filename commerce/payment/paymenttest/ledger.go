package paymenttest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func lines(t *testing.T, s payment.Store, orders ...string) []payment.Ledger {
	t.Helper()
	got, err := s.Ledger(t.Context(), orders)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func ledgerRoundTrip(t *testing.T, s payment.Store) {
	a := payment.Ledger{ID: "led_b", PaymentID: "pay_1", OrderID: "ord_1", Kind: "captured", Object: "ch_é☕ '\\", Amount: money.New(99_999_999_999, "JPY"),
		Reference: hostile, Actor: "staff:" + hostile, At: day}
	b := movement("led_a", "authorized", "ch_2")
	b.At = day.Add(time.Microsecond)
	c := movement("led_c", "canceled", "ch_3")
	other := movement("led_d", "captured", "ch_4")
	other.OrderID = "ord_2"
	for _, l := range []payment.Ledger{b, c, a, other} {
		if added, err := s.Append(t.Context(), l); !added || err != nil {
			t.Fatalf("append %s: %v, %v", l.ID, added, err)
		}
	}
	if got, want := lines(t, s, "ord_1", "none"), []payment.Ledger{a, c, b}; !reflect.DeepEqual(got, want) {
		t.Errorf("ledger\n%+v, want\n%+v", got, want)
	}
	if got := lines(t, s); len(got) != 0 {
		t.Errorf("no order has %d lines", len(got))
	}
	if got := lines(t, s, "ord_1", "ord_2"); len(got) != 4 {
		t.Errorf("two orders have %d lines, want 4", len(got))
	}
}

func ledgerOnce(t *testing.T, s payment.Store) {
	for i, l := range []payment.Ledger{movement("led_1", "captured", "ch_1"), movement("led_2", "captured", "ch_1"), movement("led_3", "authorized", "ch_1"), movement("led_4", "captured", "CH_1")} {
		added, err := s.Append(t.Context(), l)
		if want := i != 1; added != want || err != nil {
			t.Errorf("%s %s by %s: added = %v, %v; want %v", l.Kind, l.Object, l.ID, added, err, want)
		}
	}
	got := lines(t, s, "ord_1")
	if len(got) != 3 || slices.ContainsFunc(got, func(l payment.Ledger) bool { return l.ID == "led_2" }) {
		t.Errorf("ledger %+v, want three lines without led_2", got)
	}
}

func ledgerWins(t *testing.T, s payment.Store) {
	var added atomic.Int64
	race(t, nil, func(i int) error {
		mine := false
		err := s.Scope().Do(t.Context(), func(ctx context.Context) (err error) {
			mine, err = s.Append(ctx, movement(fmt.Sprint("led_", i), "captured", "ch_1"))
			return err
		})
		if mine && err == nil {
			added.Add(1)
		}
		return err
	})
	if got := lines(t, s, "ord_1"); added.Load() != 1 || len(got) != 1 {
		t.Errorf("%d were told that they added it, %d lines; want 1, 1", added.Load(), len(got))
	}
}

func ledgerIDs(all []payment.Ledger) (ids []string) {
	for _, l := range all {
		ids = append(ids, l.ID)
	}
	return ids
}

// moved appends lines at the given microseconds of the day.
func moved(t *testing.T, s payment.Store, at ...int) {
	t.Helper()
	for i, us := range at {
		l := movement(fmt.Sprint("led_", 9-i), "captured", fmt.Sprint("ch_", i))
		l.OrderID, l.At = fmt.Sprint("ord_", i%2), day.Add(time.Duration(us)*time.Microsecond)
		if added, err := s.Append(t.Context(), l); !added || err != nil {
			t.Fatalf("append %s: %v, %v", l.ID, added, err)
		}
	}
}

func ledgerBetween(t *testing.T, s payment.Store) {
	moved(t, s, 3, 1, 1, 2, 0, 4, 2)
	at := func(us int) time.Time { return day.Add(time.Duration(us) * time.Microsecond) }
	for _, c := range []struct {
		from, to time.Time
		after    payment.Ledger
		limit    int
		want     []string
	}{
		{at(0), at(5), payment.Ledger{}, 9, []string{"led_5", "led_7", "led_8", "led_3", "led_6", "led_9", "led_4"}},
		{at(1), at(3), payment.Ledger{}, 9, []string{"led_7", "led_8", "led_3", "led_6"}},
		{at(1), at(3), payment.Ledger{}, 3, []string{"led_7", "led_8", "led_3"}},
		{at(1), at(3), payment.Ledger{ID: "led_7", At: at(1)}, 2, []string{"led_8", "led_3"}},
		{at(1), at(3), payment.Ledger{ID: "led_3", At: at(2)}, 9, []string{"led_6"}},
		{at(1), at(3), payment.Ledger{ID: "led_5", At: at(0)}, 9, []string{"led_7", "led_8", "led_3", "led_6"}},
		{at(1), at(3), payment.Ledger{ID: "led_6", At: at(2)}, 9, nil},
		{at(5), at(9), payment.Ledger{}, 9, nil},
		{time.Time{}, at(1), payment.Ledger{}, 9, []string{"led_5"}},
	} {
		got, err := s.LedgerBetween(t.Context(), c.from, c.to, c.after, c.limit)
		if err != nil || !slices.Equal(ledgerIDs(got), c.want) {
			t.Errorf("%d lines in [%v, %v) after %q: %v, %v; want %v", c.limit, c.from, c.to, c.after.ID, ledgerIDs(got), err, c.want)
		}
	}
	got, err := s.LedgerBetween(t.Context(), at(1), at(2), payment.Ledger{}, 1)
	if want := lines(t, s, "ord_0"); err != nil || !reflect.DeepEqual(got, want[1:2]) {
		t.Errorf("line %+v, %v; want %+v", got, err, want[1])
	}
}

func linesOf(t *testing.T, s payment.Store) {
	for _, l := range []payment.Ledger{movement("led_1", "refunded", "re_b"), movement("led_2", "captured", "re_b"), movement("led_3", "refunded", "re_a"),
		movement("led_4", "refunded", "re_c"), movement("led_5", "refunded", "RE_A")} {
		if added, err := s.Append(t.Context(), l); !added || err != nil {
			t.Fatalf("append %s: %v, %v", l.ID, added, err)
		}
	}
	for _, c := range []struct{ objects, want []string }{
		{[]string{"re_a"}, []string{"led_3"}},
		{[]string{"re_b", "none", "re_a"}, []string{"led_2", "led_3", "led_1"}},
		{[]string{"none", hostile}, nil},
		{nil, nil},
	} {
		got, err := s.LinesOf(t.Context(), c.objects)
		if err != nil || !slices.Equal(ledgerIDs(got), c.want) {
			t.Errorf("lines of %v: %v, %v; want %v", c.objects, ledgerIDs(got), err, c.want)
		}
	}
	got, err := s.LinesOf(t.Context(), []string{"re_c"})
	if want := movement("led_4", "refunded", "re_c"); err != nil || !reflect.DeepEqual(got, []payment.Ledger{want}) {
		t.Errorf("line %+v, %v; want %+v", got, err, want)
	}
}
