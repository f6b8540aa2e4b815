package argonhash

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// Who comes when enough wait is told at once: their requests would hold what
// others need until they give up.
func TestQueueEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(&Options{Memory: 64, Time: 1, Parallel: 1, Queue: 3})
		h.seats <- struct{}{} // taken
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, _, err := h.Verify(t.Context(), "x", ""); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		_, err := h.Hash(t.Context(), "x")
		if e, ok := errors.AsType[*fault.Error](err); !ok || !errors.Is(err, fault.ErrUnavailable) || e.RetryAfter < 1 {
			t.Errorf("err = %v, want unavailable with a hint", err)
		}
		<-h.seats
		wg.Wait()
		if _, err := h.Hash(t.Context(), "x"); err != nil {
			t.Errorf("when all have gone: %v", err)
		}
	})
}
