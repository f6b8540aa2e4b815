package paymenttest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

func authorized(t *testing.T, s payment.Store) {
	all := map[string]payment.Payment{}
	for i, status := range []payment.Status{payment.StatusAuthorized, payment.StatusAuthorized, payment.StatusCaptured, payment.StatusAuthorized, payment.StatusUnknown} {
		p := fresh(fmt.Sprint("pay_", 9-i), "ord_1")
		p.Status, p.UpdatedAt = status, day.Add(time.Duration([]int{1, 0, 0, 1, 0}[i])*time.Microsecond)
		all[p.ID] = save(t, s, p)
	}
	for _, c := range []struct {
		after string
		limit int
		want  []string
	}{{"", 9, []string{"pay_8", "pay_6", "pay_9"}}, {"", 2, []string{"pay_8", "pay_6"}}, {"pay_8", 1, []string{"pay_6"}}, {"pay_6", 9, []string{"pay_9"}}, {"pay_9", 9, nil}} {
		got, err := s.Authorized(t.Context(), all[c.after], c.limit)
		if err != nil || !slices.Equal(paymentIDs(got), c.want) {
			t.Errorf("%d authorized after %q: %v, %v; want %v", c.limit, c.after, paymentIDs(got), err, c.want)
		}
	}
	if got, err := s.Authorized(t.Context(), payment.Payment{}, 1); err != nil || !reflect.DeepEqual(got, []payment.Payment{all["pay_8"]}) {
		t.Errorf("payment %+v, %v; want %+v", got, err, all["pay_8"])
	}
}

func noticesAbout(t *testing.T, s payment.Store) {
	for i, about := range []payment.Received{
		{Notice: payment.Notice{PaymentID: "pay_1"}, Provider: "fake"},
		{Notice: payment.Notice{PaymentID: "pay_2"}, Provider: "fake"},
		{Notice: payment.Notice{ProviderID: "pi_1"}, Provider: "fake"},
		{Notice: payment.Notice{ProviderID: "pi_1"}, Provider: "other"},
		{Notice: payment.Notice{PaymentID: "PAY_1", ProviderID: "PI_1"}, Provider: "fake"},
		{Notice: payment.Notice{PaymentID: "pay_1", ProviderID: "pi_1"}, Provider: "fake"},
		{Provider: "fake"},
	} {
		about.ID, about.State, about.DueAt = fmt.Sprint("evt_", 9-i), payment.NoticeOpen, day
		about.ReceivedAt = day.Add(time.Duration([]int{0, 1, 1, 0, 0, 1, 0}[i]) * time.Microsecond)
		keep(t, s, about)
	}
	one, two, other := fresh("pay_1", "ord_1"), fresh("pay_2", "ord_1"), fresh("pay_3", "ord_1")
	one.ProviderID, other.Provider, other.ProviderID = "pi_1", "other", "pi_1"
	for _, c := range []struct {
		payments []payment.Payment
		limit    int
		want     []string
	}{
		{[]payment.Payment{one}, 9, []string{"evt_4", "evt_7", "evt_9"}},
		{[]payment.Payment{two}, 9, []string{"evt_8"}},
		{[]payment.Payment{two, other, one}, 9, []string{"evt_4", "evt_7", "evt_8", "evt_9", "evt_6"}},
		{[]payment.Payment{two, one}, 2, []string{"evt_4", "evt_7"}},
		{[]payment.Payment{fresh("none", "ord_1")}, 9, nil},
		{nil, 9, nil},
	} {
		got, err := s.NoticesAbout(t.Context(), c.payments, c.limit)
		if err != nil || !slices.Equal(noticeIDs(got), c.want) {
			t.Errorf("%d notices about %v: %v, %v; want %v", c.limit, paymentIDs(c.payments), noticeIDs(got), err, c.want)
		}
	}
}

func backlog(t *testing.T, s payment.Store) {
	waits := func(want payment.Backlog) {
		t.Helper()
		if got, err := s.Backlog(t.Context()); err != nil || got != want {
			t.Errorf("backlog %+v, %v; want %+v", got, err, want)
		}
	}
	waits(payment.Backlog{})
	for i, state := range []payment.NoticeState{payment.NoticeDone, payment.NoticeFailed, payment.NoticeOpen, payment.NoticeOpen} {
		r := news(fmt.Sprint("evt_", i))
		r.State, r.ReceivedAt, r.DueAt = state, day.Add(time.Duration(i)*time.Microsecond), day.Add(time.Duration(9-i)*time.Hour)
		if state != payment.NoticeOpen {
			r.DueAt = time.Time{}
		}
		keep(t, s, r)
	}
	for i, status := range []payment.Status{payment.StatusUnknown, payment.StatusProcessing, payment.StatusUnknown} {
		p := fresh(fmt.Sprint("pay_", i), "ord_1")
		p.Status = status
		save(t, s, p)
	}
	for i := range 3 {
		see(t, s, torn(fmt.Sprint("brk_", i)))
	}
	waits(payment.Backlog{OldestNotice: day.Add(2 * time.Microsecond), Unknown: 2, Breaks: 3})
	resolve(t, s, "brk_1")
	waits(payment.Backlog{OldestNotice: day.Add(2 * time.Microsecond), Unknown: 2, Breaks: 2})
}

func try(t *testing.T, s payment.Store, key string, at time.Duration, want bool, wait time.Duration) {
	t.Helper()
	ok, after, err := s.Attempt(t.Context(), key, day.Add(at), time.Minute, 3)
	if err != nil || ok != want || after != wait {
		t.Errorf("%s after %v: %v, wait %v, %v; want %v, %v", key, at, ok, after, err, want, wait)
	}
}

func attemptLimit(t *testing.T, s payment.Store) {
	for i := range 3 {
		try(t, s, "a", time.Duration(i)*time.Second, true, 0)
	}
	try(t, s, "a", time.Minute-time.Microsecond, false, time.Microsecond)
	try(t, s, "A", 0, true, 0)
	for range 3 {
		try(t, s, "a", time.Minute, true, 0)
	}
	try(t, s, "a", 90*time.Second, false, 30*time.Second)
}

var errLate = errors.New("too many tries")

func attemptExact(t *testing.T, s payment.Store) {
	won := race(t, errLate, func(int) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			ok, _, err := s.Attempt(ctx, "a", day, time.Minute, 5)
			if err == nil && !ok {
				return errLate
			}
			return err
		})
	})
	if won != 5 {
		t.Errorf("%d were let in, want 5", won)
	}
}

func attemptsForgotten(t *testing.T, s payment.Store) {
	for range 3 {
		try(t, s, "a", 0, true, 0)
	}
	for _, c := range []struct {
		before time.Duration
		ok     bool
		wait   time.Duration
	}{{time.Minute, false, 30 * time.Second}, {time.Minute + time.Microsecond, true, 0}} {
		if err := s.ForgetAttempts(t.Context(), day.Add(c.before)); err != nil {
			t.Fatal(err)
		}
		try(t, s, "a", 30*time.Second, c.ok, c.wait)
	}
}
