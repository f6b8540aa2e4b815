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

// news returns a notice that was never kept, due at once.
func news(id string) payment.Received {
	return payment.Received{Notice: payment.Notice{ID: id, Type: "intent_updated", PaymentID: "pay_1"}, Provider: "fake",
		State: payment.NoticeOpen, ReceivedAt: day, DueAt: day}
}

func keep(t *testing.T, s payment.Store, r payment.Received) {
	t.Helper()
	if added, err := s.Keep(t.Context(), r); !added || err != nil {
		t.Fatalf("keep %s: added = %v, %v", r.ID, added, err)
	}
}

// due returns the notices that are due at the end of the day.
func due(t *testing.T, s payment.Store) []payment.Received {
	t.Helper()
	got, err := s.DueNotices(t.Context(), day.Add(24*time.Hour), 100)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func noticeIDs(all []payment.Received) (ids []string) {
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return ids
}

func ofProvider(t *testing.T, s payment.Store) {
	want := fresh("pay_1", "ord_1")
	want.ProviderID = "pi_1"
	want = save(t, s, want)
	save(t, s, fresh("pay_2", "ord_1"))
	if got, err := s.OfProvider(t.Context(), "fake", "pi_1"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want\n%+v", got, err, want)
	}
	for _, id := range [][2]string{{"fake", "pi_2"}, {"fake", "PI_1"}, {"fake", "pi_1 "}, {"other", "pi_1"}, {"fake", ""}, {"fake", hostile}} {
		_, err := s.OfProvider(t.Context(), id[0], id[1])
		wantErr(t, err, payment.ErrNotFound)
	}
}

func noticeRoundTrip(t *testing.T, s payment.Store) {
	want := payment.Received{Notice: payment.Notice{ID: "evt é☕ '\\", Type: hostile, PaymentID: "pay '\"", ProviderID: "pi_日本"}, Provider: "fake ☕",
		State: payment.NoticeOpen, ReceivedAt: day, DueAt: day.Add(time.Microsecond)}
	keep(t, s, want)
	if got := due(t, s); !reflect.DeepEqual(got, []payment.Received{want}) {
		t.Fatalf("kept\n%+v, want\n%+v", got, want)
	}
	want.DueAt, want.Error = day.Add(time.Minute), hostile
	if err := s.SaveNotice(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	want.Attempts = 1
	if got := due(t, s); !reflect.DeepEqual(got, []payment.Received{want}) {
		t.Errorf("put off\n%+v, want\n%+v", got, want)
	}
}

func noticeOnce(t *testing.T, s payment.Store) {
	var added atomic.Int64
	race(t, nil, func(i int) error {
		r := news("evt_1")
		r.PaymentID = fmt.Sprint("pay_", i)
		mine, err := s.Keep(t.Context(), r)
		if mine {
			added.Add(1)
		}
		return err
	})
	if got := due(t, s); added.Load() != 1 || len(got) != 1 {
		t.Errorf("%d were told that theirs is new, %d are kept; want 1, 1", added.Load(), len(got))
	}
	over := due(t, s)[0]
	over.State, over.DueAt = payment.NoticeDone, time.Time{}
	if err := s.SaveNotice(t.Context(), over); err != nil {
		t.Fatal(err)
	}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		if added, err := s.Keep(ctx, news("evt_1")); added || err != nil {
			t.Errorf("one that is over: added = %v, %v", added, err)
		}
		_, err := s.Keep(ctx, news("EVT_1"))
		other := news("evt_1")
		other.Provider = "other"
		_, otherErr := s.Keep(ctx, other)
		return errors.Join(err, otherErr)
	})
	if got := noticeIDs(due(t, s)); err != nil || !slices.Equal(got, []string{"EVT_1", "evt_1"}) {
		t.Errorf("due are %v, %v; want EVT_1 and that of the other provider", got, err)
	}
}

func noticesDue(t *testing.T, s payment.Store) {
	for i, at := range [][2]int{{3, 0}, {1, 1}, {1, 0}, {1, 0}, {2, 0}, {0, 0}, {0, 0}, {0, 0}} {
		r := news(fmt.Sprint("evt_", 9-i))
		r.DueAt, r.ReceivedAt = day.Add(time.Duration(at[0])*time.Microsecond), day.Add(time.Duration(at[1])*time.Microsecond)
		if i > 4 {
			r.State, r.DueAt = []payment.NoticeState{payment.NoticeDone, payment.NoticeIgnored, payment.NoticeFailed}[i-5], time.Time{}
		}
		keep(t, s, r)
	}
	for _, c := range []struct {
		after time.Duration
		limit int
		want  []string
	}{{0, 9, nil}, {1, 9, []string{"evt_6", "evt_7", "evt_8"}}, {2, 9, []string{"evt_6", "evt_7", "evt_8", "evt_5"}},
		{9, 9, []string{"evt_6", "evt_7", "evt_8", "evt_5", "evt_9"}}, {9, 2, []string{"evt_6", "evt_7"}}} {
		got, err := s.DueNotices(t.Context(), day.Add(c.after*time.Microsecond), c.limit)
		if err != nil || !slices.Equal(noticeIDs(got), c.want) {
			t.Errorf("due after %d µs are %v, %v; want %v", c.after, noticeIDs(got), err, c.want)
		}
	}
}

func noticeStale(t *testing.T, s payment.Store) {
	keep(t, s, news("evt_1"))
	won := race(t, payment.ErrStale, func(int) error { return s.SaveNotice(t.Context(), news("evt_1")) })
	if won != 1 {
		t.Errorf("%d have put it off, want 1", won)
	}
	over := news("evt_1")
	over.Attempts, over.State, over.DueAt = 1, payment.NoticeDone, time.Time{}
	if err := s.SaveNotice(t.Context(), over); err != nil {
		t.Fatal(err)
	}
	over.Attempts = 2
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		wantErr(t, s.SaveNotice(ctx, over), payment.ErrStale)
		wantErr(t, s.SaveNotice(ctx, news("none")), payment.ErrStale)
		_, err := s.Keep(ctx, news("evt_2"))
		return err
	})
	if got := noticeIDs(due(t, s)); err != nil || !slices.Equal(got, []string{"evt_2"}) {
		t.Errorf("the unit of a refused save: due are %v, %v", got, err)
	}
}

func noticeJoins(t *testing.T, s payment.Store) {
	keep(t, s, news("evt_1"))
	save(t, s, fresh("pay_1", "ord_1"))
	for _, fail := range []error{errBoom, nil} {
		err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
			p, err := s.Payment(ctx, "pay_1")
			if err != nil {
				return err
			}
			p.Status = payment.StatusCaptured
			over := news("evt_1")
			over.State, over.DueAt = payment.NoticeDone, time.Time{}
			return errors.Join(s.Save(ctx, &p), s.SaveNotice(ctx, over), fail)
		})
		wantErr(t, err, fail)
		left, status := len(due(t, s)), load(t, s, "pay_1").Status
		if done := status == payment.StatusCaptured; done != (fail == nil) || done != (left == 0) {
			t.Errorf("after a unit that failed with %v the payment is %s, and %d notices are due", fail, status, left)
		}
	}
}

func noticesPruned(t *testing.T, s payment.Store) {
	states := []payment.NoticeState{payment.NoticeOpen, payment.NoticeDone, payment.NoticeIgnored, payment.NoticeFailed}
	for i, state := range states {
		for age := range 2 {
			r := news(fmt.Sprintf("evt_%d_%d", i, age))
			r.State, r.ReceivedAt = state, day.Add(time.Duration(-age)*time.Microsecond)
			if state != payment.NoticeOpen {
				r.DueAt = time.Time{}
			}
			keep(t, s, r)
		}
	}
	if n, err := s.PruneNotices(t.Context(), day); n != 2 || err != nil {
		t.Errorf("%d were forgotten, %v; want 2", n, err)
	}
	var gone []string
	for i, state := range states {
		for age := range 2 {
			if added, err := s.Keep(t.Context(), news(fmt.Sprintf("evt_%d_%d", i, age))); err != nil {
				t.Error(err)
			} else if added {
				gone = append(gone, fmt.Sprintf("%s %d", state, age))
			}
		}
	}
	if !slices.Equal(gone, []string{"done 1", "ignored 1"}) {
		t.Errorf("forgotten were %v, want the old ones that were done or ignored", gone)
	}
}

// notice returns a notice that was kept.
func notice(t *testing.T, s payment.Store, id string) payment.Received {
	t.Helper()
	r, err := s.Notice(t.Context(), "fake", id)
	if err != nil {
		t.Fatalf("notice %s: %v", id, err)
	}
	return r
}

func noticeFound(t *testing.T, s payment.Store) {
	want := payment.Received{Notice: payment.Notice{ID: "evt é☕ '\\", Type: hostile, PaymentID: "pay '\"", ProviderID: "pi_日本"}, Provider: "fake",
		State: payment.NoticeFailed, Attempts: 3, ReceivedAt: day, Error: hostile}
	keep(t, s, want)
	keep(t, s, news("evt_1"))
	if got := notice(t, s, want.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("notice\n%+v, want\n%+v", got, want)
	}
	for _, id := range [][2]string{{"fake", "none"}, {"fake", "EVT_1"}, {"fake", "evt_1 "}, {"fake ", "evt_1"}, {"other", "evt_1"}, {"fake", ""}} {
		_, err := s.Notice(t.Context(), id[0], id[1])
		wantErr(t, err, payment.ErrNoticeNotFound)
	}
}

func noticesSeen(t *testing.T, s payment.Store) {
	for i, at := range []int{0, 2, 1, 1, 3} {
		r := news(fmt.Sprint("evt_", 9-i))
		r.ReceivedAt = day.Add(time.Duration(at) * time.Microsecond)
		if i%2 == 0 {
			r.State, r.DueAt = payment.NoticeFailed, time.Time{}
		}
		keep(t, s, r)
	}
	other := news("evt_1")
	other.Provider, other.ReceivedAt = "other", day.Add(time.Microsecond)
	keep(t, s, other)
	for _, c := range []struct {
		state  payment.NoticeState
		before time.Duration
		limit  int
		want   []string
	}{
		{"", 9, 9, []string{"evt_5", "evt_8", "evt_6", "evt_7", "evt_1", "evt_9"}},
		{"", 3, 3, []string{"evt_8", "evt_6", "evt_7"}},
		{payment.NoticeFailed, 9, 9, []string{"evt_5", "evt_7", "evt_9"}},
		{payment.NoticeFailed, 3, 1, []string{"evt_7"}},
		{payment.NoticeOpen, 2, 9, []string{"evt_6", "evt_1"}},
		{payment.NoticeDone, 9, 9, nil},
		{"", 0, 9, nil},
	} {
		got, err := s.Notices(t.Context(), c.state, day.Add(c.before*time.Microsecond), c.limit)
		if err != nil || !slices.Equal(noticeIDs(got), c.want) {
			t.Errorf("%d notices in %q before %d µs: %v, %v; want %v", c.limit, c.state, c.before, noticeIDs(got), err, c.want)
		}
	}
}

func noticeReopened(t *testing.T, s payment.Store) {
	for i, state := range []payment.NoticeState{payment.NoticeOpen, payment.NoticeDone, payment.NoticeIgnored, payment.NoticeFailed} {
		r := news(fmt.Sprint("evt_", i))
		r.State, r.Attempts, r.Error = state, i, hostile
		if state != payment.NoticeOpen {
			r.DueAt = time.Time{}
		}
		keep(t, s, r)
		at := day.Add(time.Duration(i) * time.Microsecond)
		if err := s.ReopenNotice(t.Context(), "fake", r.ID, at); err != nil {
			t.Fatal(err)
		}
		want := r
		want.State, want.DueAt, want.Attempts = payment.NoticeOpen, at, i+1
		if got := notice(t, s, r.ID); !reflect.DeepEqual(got, want) {
			t.Errorf("%s notice is now\n%+v, want\n%+v", state, got, want)
		}
		wantErr(t, s.SaveNotice(t.Context(), r), payment.ErrStale) // who was at it meanwhile
	}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		wantErr(t, s.ReopenNotice(ctx, "fake", "none", day), payment.ErrNoticeNotFound)
		wantErr(t, s.ReopenNotice(ctx, "other", "evt_1", day), payment.ErrNoticeNotFound)
		return s.ReopenNotice(ctx, "fake", "evt_1", day)
	})
	if got := notice(t, s, "evt_1"); err != nil || got.Attempts != 3 {
		t.Errorf("the unit of a refused reopening: %d attempts, %v; want 3", got.Attempts, err)
	}
}
