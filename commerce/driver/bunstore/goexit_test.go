package bunstore_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/once"
)

// TestUnitEndsWithItsGoroutine holds that a unit whose goroutine ends in the
// middle, as that of a test which fails there, is rolled back, and that its
// connection serves others.
func TestUnitEndsWithItsGoroutine(t *testing.T) {
	db := buntest.Open(t, buntest.SQLite)
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = db.Do(t.Context(), func(ctx context.Context) error {
			if _, err := db.Mark(ctx, "op", "key", once.Done); err != nil {
				t.Error(err)
			}
			runtime.Goexit()
			return nil
		})
	}()
	select {
	case <-over:
	case <-time.After(10 * time.Second):
		t.Fatal("the unit does not end")
	}
	if was, err := db.Mark(t.Context(), "op", "key", once.Done); err != nil || was != once.Never {
		t.Errorf("the key was %v, %v; want never", was, err)
	}
}
