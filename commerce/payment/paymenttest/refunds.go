package paymenttest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// back returns a refund that was never saved.
func back(id string) payment.Refund {
	return payment.Refund{ID: id, PaymentID: "pay_1", OrderID: "ord_1", Provider: "fake", Status: payment.RefundPending,
		Amount: money.New(2499, "EUR"), Goodwill: money.Zero("EUR"), Reason: "return", Actor: "system", CreatedAt: day, UpdatedAt: day}
}

func saveRefund(t *testing.T, s payment.Store, r payment.Refund) payment.Refund {
	t.Helper()
	if err := s.SaveRefund(t.Context(), &r); err != nil {
		t.Fatalf("save %s: %v", r.ID, err)
	}
	return r
}

func loadRefund(t *testing.T, s payment.Store, id string) payment.Refund {
	t.Helper()
	r, err := s.Refund(t.Context(), id)
	if err != nil {
		t.Fatalf("refund %s: %v", id, err)
	}
	return r
}

func refundIDs(all []payment.Refund) (ids []string) {
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return ids
}

func refundRoundTrip(t *testing.T, s payment.Store) {
	want := back("re_1")
	want.Amount, want.Goodwill = money.New(99_999_999_999, "JPY"), money.New(1, "JPY")
	want.Reason, want.Actor, want.Provider, want.ProviderID = hostile, "staff:"+hostile, "日本 "+`'\?`, "re_é☕ '\\"
	want.Failure, want.Abroad = &payment.Failure{Code: "c", Message: hostile, DeclineCode: "d"}, true
	want.SentAt, want.SendCount = day.Add(time.Second), 3
	want = saveRefund(t, s, want)
	if got := loadRefund(t, s, want.ID); !reflect.DeepEqual(got, want) || got.Version != 1 {
		t.Errorf("inserted\n%+v, want\n%+v", got, want)
	}
	want.Status, want.Failure, want.SentAt, want.UpdatedAt = payment.RefundSucceeded, nil, time.Time{}, day.Add(time.Hour)
	want = saveRefund(t, s, want)
	if got := loadRefund(t, s, want.ID); !reflect.DeepEqual(got, want) || got.Version != 2 {
		t.Errorf("updated\n%+v, want\n%+v", got, want)
	}
}

func refundNotFound(t *testing.T, s payment.Store) {
	saveRefund(t, s, back("re_1"))
	for _, id := range []string{"none", "RE_1", "re_1 ", "' OR 1=1 --", "é☕"} {
		_, err := s.Refund(t.Context(), id)
		wantErr(t, err, payment.ErrRefundNotFound)
	}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Refund(ctx, "none")
		return err
	})
	wantErr(t, err, payment.ErrRefundNotFound)
	r := back("none")
	r.Version = 1
	wantErr(t, s.SaveRefund(t.Context(), &r), payment.ErrStale)
}

func refundStale(t *testing.T, s payment.Store) {
	for _, providerID := range []string{"", "re_p"} {
		r := back("re_" + providerID)
		r.ProviderID = providerID
		r = saveRefund(t, s, r)
		again := r
		again.Version, again.Status = 0, payment.RefundFailed
		wantErr(t, s.SaveRefund(t.Context(), &again), payment.ErrStale)
		if got := loadRefund(t, s, r.ID); !reflect.DeepEqual(got, r) || again.Version != 0 {
			t.Errorf("a refused insert left %+v, version %d", got, again.Version)
		}
	}
	r := loadRefund(t, s, "re_")
	won := race(t, payment.ErrStale, func(i int) error {
		mine := r
		mine.SendCount = i + 1
		err := s.SaveRefund(t.Context(), &mine)
		if (err == nil) != (mine.Version == 2) {
			t.Errorf("version %d after %v", mine.Version, err)
		}
		return err
	})
	if got := loadRefund(t, s, "re_"); won != 1 || got.Version != 2 || got.SendCount == 0 {
		t.Errorf("%d writers won, %+v; want 1", won, got)
	}
}

func refundIDOnce(t *testing.T, s payment.Store) {
	one := back("re_1")
	one.ProviderID = "pr_1"
	one = saveRefund(t, s, one)
	two := back("re_2")
	two.ProviderID = "pr_1"
	wantErr(t, s.SaveRefund(t.Context(), &two), payment.ErrTaken)
	_, err := s.Refund(t.Context(), "re_2")
	wantErr(t, err, payment.ErrRefundNotFound)
	two.ProviderID = ""
	two = saveRefund(t, s, two)
	two.ProviderID = "pr_1"
	wantErr(t, s.SaveRefund(t.Context(), &two), payment.ErrTaken)
	if got := loadRefund(t, s, "re_2"); got.ProviderID != "" || got.Version != 1 || two.Version != 1 {
		t.Errorf("a refused save left %+v", got)
	}
	saveRefund(t, s, one) // its own id does not stand in its way
	other, upper := back("re_3"), back("re_4")
	other.Provider, other.ProviderID, upper.ProviderID = "other", "pr_1", "PR_1"
	for _, r := range []payment.Refund{other, upper, back("re_5"), back("re_6")} {
		saveRefund(t, s, r)
	}
}

func refundIDWins(t *testing.T, s payment.Store) {
	won := race(t, payment.ErrTaken, func(i int) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			r := back(fmt.Sprint("re_", i))
			r.ProviderID = "pr_1"
			return s.SaveRefund(ctx, &r)
		})
	})
	if won != 1 {
		t.Errorf("%d refunds have one id at the provider, want 1", won)
	}
}

func refundKeepsUnit(t *testing.T, s payment.Store) {
	one := back("re_1")
	one.ProviderID = "pr_1"
	one = saveRefund(t, s, one)
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		stale, taken := one, back("re_2")
		stale.Version, taken.ProviderID = 7, "pr_1"
		wantErr(t, s.SaveRefund(ctx, &stale), payment.ErrStale)
		wantErr(t, s.SaveRefund(ctx, &taken), payment.ErrTaken)
		taken.ProviderID = "pr_2"
		return s.SaveRefund(ctx, &taken)
	})
	if err != nil {
		t.Fatalf("the unit of a refused save: %v", err)
	}
	if got := loadRefund(t, s, "re_2"); got.ProviderID != "pr_2" {
		t.Errorf("provider id = %s, want pr_2", got.ProviderID)
	}
}

func refundsOf(t *testing.T, s payment.Store) {
	for i, at := range []int{2, 1, 1, 0, 3} {
		r := back(fmt.Sprint("re_", i))
		r.OrderID, r.CreatedAt = []string{"ord_1", "ord_1", "ord_2", "ord_3", "ORD_1"}[i], day.Add(time.Duration(at)*time.Microsecond)
		saveRefund(t, s, r)
	}
	for _, c := range []struct{ orders, want []string }{
		{[]string{"ord_1"}, []string{"re_1", "re_0"}},
		{[]string{"ord_2", "none", "ord_1"}, []string{"re_1", "re_2", "re_0"}},
		{[]string{"none", "' OR 1=1 --"}, nil},
		{nil, nil},
	} {
		got, err := s.RefundsOf(t.Context(), c.orders)
		if err != nil || !slices.Equal(refundIDs(got), c.want) {
			t.Errorf("refunds of %v = %v, %v; want %v", c.orders, refundIDs(got), err, c.want)
		}
	}
}

func refundsPending(t *testing.T, s payment.Store) {
	for i, status := range []payment.RefundStatus{payment.RefundPending, payment.RefundPending, payment.RefundSucceeded, payment.RefundFailed, payment.RefundPending} {
		r := back(fmt.Sprint("re_", i))
		r.Status, r.UpdatedAt = status, day.Add(time.Duration([]int{2, 1, 0, 0, 1}[i])*time.Microsecond)
		saveRefund(t, s, r)
	}
	for _, c := range []struct {
		before time.Duration
		limit  int
		want   []string
	}{{1, 9, nil}, {2, 9, []string{"re_1", "re_4"}}, {3, 9, []string{"re_1", "re_4", "re_0"}}, {3, 2, []string{"re_1", "re_4"}}} {
		got, err := s.PendingRefunds(t.Context(), day.Add(c.before*time.Microsecond), c.limit)
		if err != nil || !slices.Equal(refundIDs(got), c.want) {
			t.Errorf("pending before %d µs = %v, %v; want %v", c.before, refundIDs(got), err, c.want)
		}
	}
}

func refundsQueue(t *testing.T, s payment.Store) {
	saveRefund(t, s, back("re_1"))
	won := raceOf(t, 16, nil, func(int) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			r, err := s.Refund(ctx, "re_1")
			if err != nil {
				return err
			}
			r.SendCount++
			return s.SaveRefund(ctx, &r)
		})
	})
	if got := loadRefund(t, s, "re_1"); won != 16 || got.SendCount != 16 || got.Version != 17 {
		t.Errorf("%d of 16 won: count %d, version %d; want 16, 17", won, got.SendCount, got.Version)
	}
}

func refundRollback(t *testing.T, s payment.Store) {
	saveRefund(t, s, back("re_1"))
	save(t, s, fresh("pay_1", "ord_1"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		p, err := s.Payment(ctx, "pay_1")
		one, oneErr := s.Refund(ctx, "re_1")
		if err := errors.Join(err, oneErr); err != nil {
			return err
		}
		p.Refunding, one.Status, one.ProviderID = one.Amount, payment.RefundSucceeded, "pr_1"
		two := back("re_2")
		if err := errors.Join(s.Save(ctx, &p), s.SaveRefund(ctx, &one), s.SaveRefund(ctx, &two)); err != nil {
			return err
		}
		if got, err := s.Refund(ctx, "re_1"); err != nil || !reflect.DeepEqual(got, one) {
			t.Errorf("a unit sees %+v, %v of its own write", got, err)
		}
		return errBoom
	})
	wantErr(t, err, errBoom)
	if got := loadRefund(t, s, "re_1"); got.Status != payment.RefundPending || got.Version != 1 {
		t.Errorf("after the rollback: %+v", got)
	}
	if got := load(t, s, "pay_1"); !got.Refunding.IsZero() || got.Version != 1 {
		t.Errorf("after the rollback: %+v", got)
	}
	two := back("re_2")
	two.ProviderID = "pr_1"
	saveRefund(t, s, two)
}
