package paymenttest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// torn returns a break that was never seen.
func torn(id string) payment.Break {
	return payment.Break{ID: id, Kind: payment.BreakMissing, Object: "obj_" + id, Provider: "fake", PaymentID: "pay_1", OrderID: "ord_1",
		Ours: "nothing", Theirs: "EUR 24.99", State: payment.BreakOpen, FirstSeen: day, LastSeen: day}
}

// see reports whether b was news.
func see(t *testing.T, s payment.Store, b payment.Break) bool {
	t.Helper()
	news, err := s.SeeBreak(t.Context(), b)
	if err != nil {
		t.Fatalf("see %s: %v", b.ID, err)
	}
	return news
}

func loadBreak(t *testing.T, s payment.Store, id string) payment.Break {
	t.Helper()
	b, err := s.Break(t.Context(), id)
	if err != nil {
		t.Fatalf("break %s: %v", id, err)
	}
	return b
}

// resolve writes down that somebody has resolved the break.
func resolve(t *testing.T, s payment.Store, id string) payment.Break {
	t.Helper()
	b := loadBreak(t, s, id)
	b.State, b.Note, b.Actor = payment.BreakResolved, "seen "+hostile, "staff:"+hostile
	if err := s.SaveBreak(t.Context(), &b); err != nil {
		t.Fatalf("save %s: %v", id, err)
	}
	return b
}

func breakIDs(all []payment.Break) (ids []string) {
	for _, b := range all {
		ids = append(ids, b.ID)
	}
	return ids
}

func breakRoundTrip(t *testing.T, s payment.Store) {
	want := torn("brk_1")
	want.Object, want.Provider, want.Ours, want.Theirs = "é☕ '\\", "日本 "+`'\?`, hostile, "theirs "+hostile
	want.LastSeen, want.Note, want.Actor = day.Add(time.Microsecond), hostile, "system"
	sent := want
	sent.Version, sent.State = 7, payment.BreakResolved
	if !see(t, s, sent) {
		t.Error("the first time is no news")
	}
	want.Version = 1
	if got := loadBreak(t, s, "brk_1"); !reflect.DeepEqual(got, want) {
		t.Errorf("added\n%+v, want\n%+v", got, want)
	}
	want = resolve(t, s, "brk_1")
	if got := loadBreak(t, s, "brk_1"); !reflect.DeepEqual(got, want) || got.Version != 2 || got.State != payment.BreakResolved {
		t.Errorf("resolved\n%+v, want\n%+v", got, want)
	}
	for _, id := range []string{"none", "BRK_1", "brk_1 ", "' OR 1=1 --"} {
		_, err := s.Break(t.Context(), id)
		wantErr(t, err, payment.ErrBreakNotFound)
	}
}

func breakOnce(t *testing.T, s payment.Store) {
	want := torn("brk_1")
	see(t, s, want)
	again := torn("brk_2")
	again.Object, again.FirstSeen, again.LastSeen = want.Object, day.Add(time.Hour), day.Add(time.Hour)
	again.Provider, again.PaymentID, again.OrderID, again.Note, again.Actor = "other", "other", "other", "other", "other"
	want.Version, want.LastSeen = 2, again.LastSeen
	for _, theirs := range []string{want.Theirs, "EUR 25.00", "EUR 25.00"} {
		again.Theirs, want.Theirs = theirs, theirs
		if see(t, s, again) {
			t.Errorf("one that is open is news with %s", theirs)
		}
		if got := loadBreak(t, s, "brk_1"); !reflect.DeepEqual(got, want) {
			t.Errorf("seen again\n%+v, want\n%+v", got, want)
		}
		want.Version++
	}
	_, err := s.Break(t.Context(), "brk_2")
	wantErr(t, err, payment.ErrBreakNotFound)
	kind, upper := torn("brk_3"), torn("brk_4")
	kind.Kind, kind.Object, upper.Object = payment.BreakAmount, want.Object, "OBJ_brk_1"
	if !see(t, s, kind) || !see(t, s, upper) {
		t.Error("of another kind, or about another object, is no news")
	}
}

func breakWins(t *testing.T, s payment.Store) {
	var added atomic.Int64
	race(t, nil, func(i int) error {
		mine := false
		b := torn(fmt.Sprint("brk_", i))
		b.Object = "one"
		err := s.Scope().Do(t.Context(), func(ctx context.Context) (err error) {
			mine, err = s.SeeBreak(ctx, b)
			return err
		})
		if mine && err == nil {
			added.Add(1)
		}
		return err
	})
	got, err := s.Breaks(t.Context(), payment.BreakFilter{Limit: 9})
	if err != nil || added.Load() != 1 || len(got) != 1 || got[0].Version != 8 {
		t.Errorf("%d were told that it is news: %+v, %v; want one break of version 8", added.Load(), got, err)
	}
}

func breakAgain(t *testing.T, s payment.Store) {
	b := torn("brk_1")
	see(t, s, b)
	want := resolve(t, s, "brk_1")
	b.LastSeen = day.Add(time.Hour)
	if see(t, s, b) {
		t.Error("one that was resolved as it is, is news")
	}
	want.LastSeen, want.Version = b.LastSeen, 3
	if got := loadBreak(t, s, "brk_1"); !reflect.DeepEqual(got, want) {
		t.Errorf("resolved as it is\n%+v, want\n%+v", got, want)
	}
	for _, change := range []*string{&b.Ours, &b.Theirs} {
		*change = "EUR 1.00"
		if !see(t, s, b) {
			t.Error("one that changed after it was resolved is no news")
		}
		want.Ours, want.Theirs, want.State, want.Version = b.Ours, b.Theirs, payment.BreakOpen, want.Version+1
		if got := loadBreak(t, s, "brk_1"); !reflect.DeepEqual(got, want) {
			t.Errorf("open again\n%+v, want\n%+v", got, want)
		}
		want = resolve(t, s, "brk_1")
	}
}

func breakStale(t *testing.T, s payment.Store) {
	see(t, s, torn("brk_1"))
	b := loadBreak(t, s, "brk_1")
	won := race(t, payment.ErrStale, func(i int) error {
		mine := b
		mine.State, mine.Note, mine.Ours = payment.BreakResolved, fmt.Sprint("by ", i), "not written"
		err := s.SaveBreak(t.Context(), &mine)
		if (err == nil) != (mine.Version == 2) {
			t.Errorf("version %d after %v", mine.Version, err)
		}
		return err
	})
	if got := loadBreak(t, s, "brk_1"); won != 1 || got.Version != 2 || got.Ours != b.Ours {
		t.Errorf("%d have resolved it, %+v; want 1", won, got)
	}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		stale, none := b, torn("none")
		none.Version = 1
		wantErr(t, s.SaveBreak(ctx, &stale), payment.ErrStale)
		wantErr(t, s.SaveBreak(ctx, &none), payment.ErrStale)
		_, err := s.SeeBreak(ctx, torn("brk_2"))
		return err
	})
	if err != nil {
		t.Errorf("the unit of a refused save: %v", err)
	}
	loadBreak(t, s, "brk_2")
}

func breaks(t *testing.T, s payment.Store) {
	for i := range 5 {
		b := torn(fmt.Sprint("brk_", 4-i))
		b.OrderID = []string{"ord_1", "ord_2", "ORD_1", "", "ord_1"}[4-i]
		see(t, s, b)
	}
	resolve(t, s, "brk_0")
	resolve(t, s, "brk_3")
	for _, c := range []struct {
		f    payment.BreakFilter
		want []string
	}{
		{payment.BreakFilter{Limit: 9}, []string{"brk_0", "brk_1", "brk_2", "brk_3", "brk_4"}},
		{payment.BreakFilter{Limit: 2, After: "brk_1"}, []string{"brk_2", "brk_3"}},
		{payment.BreakFilter{Limit: 9, State: payment.BreakOpen}, []string{"brk_1", "brk_2", "brk_4"}},
		{payment.BreakFilter{Limit: 9, State: payment.BreakResolved}, []string{"brk_0", "brk_3"}},
		{payment.BreakFilter{Limit: 9, OrderID: "ord_1"}, []string{"brk_0", "brk_4"}},
		{payment.BreakFilter{Limit: 9, OrderID: "ord_1", State: payment.BreakOpen, After: "brk_0"}, []string{"brk_4"}},
		{payment.BreakFilter{Limit: 9, OrderID: "' OR 1=1 --"}, nil},
	} {
		got, err := s.Breaks(t.Context(), c.f)
		if err != nil || !slices.Equal(breakIDs(got), c.want) {
			t.Errorf("%+v: %v, %v; want %v", c.f, breakIDs(got), err, c.want)
		}
	}
}

func breaksQueue(t *testing.T, s payment.Store) {
	see(t, s, torn("brk_1"))
	won := raceOf(t, 16, nil, func(int) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			b, err := s.Break(ctx, "brk_1")
			if err != nil {
				return err
			}
			b.Note += "."
			return s.SaveBreak(ctx, &b)
		})
	})
	if got := loadBreak(t, s, "brk_1"); won != 16 || len(got.Note) != 16 || got.Version != 17 {
		t.Errorf("%d of 16 won: %q, version %d; want 16, 17", won, got.Note, got.Version)
	}
}

func booksRollback(t *testing.T, s payment.Store) {
	see(t, s, torn("brk_1"))
	resolve(t, s, "brk_1")
	was := loadBreak(t, s, "brk_1")
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		changed := torn("brk_1")
		changed.Ours = "changed"
		for _, b := range []payment.Break{changed, torn("brk_2")} {
			if news, err := s.SeeBreak(ctx, b); !news || err != nil {
				t.Errorf("see %s: %v, %v", b.ID, news, err)
			}
		}
		b, err := s.Break(ctx, "brk_1")
		if err != nil || b.Ours != "changed" || b.State != payment.BreakOpen {
			t.Errorf("a unit sees %+v, %v of its own write", b, err)
		}
		b.Note = "in vain"
		return errors.Join(err, s.SaveBreak(ctx, &b), s.SetWatermark(ctx, "fake", day), errBoom)
	})
	wantErr(t, err, errBoom)
	got, err := s.Breaks(t.Context(), payment.BreakFilter{Limit: 9})
	if err != nil || !reflect.DeepEqual(got, []payment.Break{was}) {
		t.Errorf("after the rollback: %+v, %v; want %+v", got, err, was)
	}
	if at, err := s.Watermark(t.Context(), "fake"); err != nil || !at.IsZero() {
		t.Errorf("after the rollback: %v, %v", at, err)
	}
}

func watermark(t *testing.T, s payment.Store) {
	for _, step := range []struct {
		name string
		at   time.Time
	}{{"fake", day}, {"other " + hostile, day.Add(time.Hour)}, {"fake", day.Add(-time.Microsecond)}, {"FAKE", day}, {"fake", time.Time{}}} {
		if err := s.SetWatermark(t.Context(), step.name, step.at); err != nil {
			t.Fatal(err)
		}
		if at, err := s.Watermark(t.Context(), step.name); err != nil || at != step.at {
			t.Errorf("%s is at %v, %v; want %v", step.name, at, err, step.at)
		}
	}
	for name, want := range map[string]time.Time{"none": {}, "fake": {}, "FAKE": day, "other " + hostile: day.Add(time.Hour)} {
		if at, err := s.Watermark(t.Context(), name); err != nil || at != want {
			t.Errorf("%s is at %v, %v; want %v", name, at, err, want)
		}
	}
}
