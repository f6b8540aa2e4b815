package ordertest

import (
	"context"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/order"
)

func attempt(t *testing.T, s order.Store, key string, at time.Duration, want bool, wait time.Duration) {
	t.Helper()
	ok, after, err := s.Attempt(t.Context(), key, day.Add(at), time.Minute, 3)
	if err != nil || ok != want || after != wait {
		t.Errorf("%s after %v: %v, wait %v, %v; want %v, %v", key, at, ok, after, err, want, wait)
	}
}

func attemptLimit(t *testing.T, s order.Store) {
	for i := range 3 {
		attempt(t, s, "a", time.Duration(i)*time.Second, true, 0)
	}
	attempt(t, s, "a", time.Minute-time.Microsecond, false, time.Microsecond)
	attempt(t, s, "A", 0, true, 0)
	for range 3 {
		attempt(t, s, "a", time.Minute, true, 0)
	}
	attempt(t, s, "a", 90*time.Second, false, 30*time.Second)
}

func attemptExact(t *testing.T, s order.Store) {
	const limit = 5
	won := race(t, func(int) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			ok, _, err := s.Attempt(ctx, "a", day, time.Minute, limit)
			if err == nil && !ok {
				return order.ErrTooManyAttempts
			}
			return err
		})
	}, order.ErrTooManyAttempts)
	if won != limit {
		t.Errorf("%d were let in, want %d", won, limit)
	}
}

func forgetAttempts(t *testing.T, s order.Store) {
	for range 3 {
		attempt(t, s, "a", 0, true, 0)
	}
	forget := func(before time.Duration) {
		t.Helper()
		if err := s.ForgetAttempts(t.Context(), day.Add(before)); err != nil {
			t.Fatal(err)
		}
	}
	forget(time.Minute) // when it closes
	attempt(t, s, "a", 30*time.Second, false, 30*time.Second)
	forget(time.Minute + time.Microsecond)
	attempt(t, s, "a", 30*time.Second, true, 0)
}
