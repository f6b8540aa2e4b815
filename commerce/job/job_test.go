package job_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/job"
)

var quiet = &job.Options{Log: slog.New(slog.DiscardHandler)}

func status(t *testing.T, s job.Store, name string) job.Status {
	t.Helper()
	all, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range all {
		if st.Name == name {
			return st
		}
	}
	t.Fatalf("job %s is not in %+v", name, all)
	return job.Status{}
}

// TestOnceInAFleet runs three processes for an hour.
func TestOnceInAFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.Jobs{DB: memstore.New()}
		ctx, cancel := context.WithCancel(t.Context())
		var runs, together, most atomic.Int64
		var fleet sync.WaitGroup
		for range 3 {
			r := job.New(store, quiet)
			r.Add("sweep", time.Minute, func(ctx context.Context) error {
				runs.Add(1)
				most.Store(max(most.Load(), together.Add(1)))
				time.Sleep(5 * time.Second)
				together.Add(-1)
				return nil
			})
			fleet.Go(func() { _ = r.Run(ctx) })
		}
		time.Sleep(time.Hour)
		if n := runs.Load(); n < 50 || n > 56 || most.Load() != 1 {
			t.Errorf("%d runs in an hour, %d at once; want about 55 and 1", n, most.Load())
		}
		cancel()
		fleet.Wait()
	})
}

func TestErrorsAndPanicsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.Jobs{DB: memstore.New()}
		ctx, cancel := context.WithCancel(t.Context())
		r := job.New(store, quiet)
		var works atomic.Bool
		r.Add("fails", time.Minute, func(context.Context) error {
			if !works.Load() {
				return errors.New("disk full")
			}
			return nil
		})
		r.Add("panics", time.Minute, func(context.Context) error { panic("oops") })
		go func() { _ = r.Run(ctx) }()
		time.Sleep(10 * time.Second)
		if got := status(t, store, "fails").Error; got != "disk full" {
			t.Errorf("error %q, want the job's", got)
		}
		works.Store(true)
		time.Sleep(2 * time.Minute)
		if got := status(t, store, "fails"); got.Error != "" || got.Runs < 2 {
			t.Errorf("%+v, want later runs without the error", got)
		}
		if got := status(t, store, "panics"); !strings.HasPrefix(got.Error, "panic: oops") || got.Runs < 2 {
			t.Errorf("%+v, want the panic kept and the job run again", got)
		}
		cancel()
		synctest.Wait()
	})
}

// TestLongJobKeepsItsLease runs longer than a lease.
func TestLongJobKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.Jobs{DB: memstore.New()}
		r, other := job.New(store, quiet), job.New(store, quiet)
		r.Add("long", time.Minute, func(context.Context) error { time.Sleep(10 * time.Minute); return nil })
		other.Add("long", time.Minute, func(context.Context) error { t.Error("ran twice at once"); return nil })
		go func() {
			if err := r.RunNow(t.Context(), "long"); err != nil {
				t.Error(err)
			}
		}()
		time.Sleep(9 * time.Minute)
		if err := other.RunNow(t.Context(), "long"); !errors.Is(err, job.ErrRunning) {
			t.Errorf("second run: %v, want ErrRunning", err)
		}
		time.Sleep(2 * time.Minute)
	})
}

// TestLostLeaseEndsTheJob takes the job away from a process.
func TestLostLeaseEndsTheJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.Jobs{DB: memstore.New()}
		r := job.New(store, quiet)
		r.Add("long", time.Minute, func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
		go func() {
			time.Sleep(time.Second)
			later := time.Now().Add(time.Hour)
			if _, ok, err := store.Claim(t.Context(), "long", "other", later, later.Add(time.Hour), false); !ok || err != nil {
				t.Error(ok, err)
			}
		}()
		if err := r.RunNow(t.Context(), "long"); !errors.Is(err, job.ErrLost) {
			t.Errorf("%v, want ErrLost", err)
		}
	})
}

func TestRunNow(t *testing.T) {
	store := memstore.Jobs{DB: memstore.New()}
	r := job.New(store, quiet)
	n := 0
	r.Add("sweep", time.Hour, func(context.Context) error { n++; return nil })
	for range 2 {
		if err := r.RunNow(t.Context(), "sweep"); err != nil {
			t.Fatal(err)
		}
	}
	if n != 2 || status(t, store, "sweep").Runs != 2 {
		t.Errorf("ran %d times, want 2", n)
	}
	if err := r.RunNow(t.Context(), "other"); !errors.Is(err, job.ErrUnknown) {
		t.Errorf("unknown job: %v, want ErrUnknown", err)
	}
}

// TestStop ends while a job is under way: it is told, waited for, and due at
// once for those who are left.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.Jobs{DB: memstore.New()}
		ctx, cancel := context.WithCancel(t.Context())
		r := job.New(store, quiet)
		ended := false
		r.Add("sweep", time.Hour, func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended = true
			return ctx.Err()
		})
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		time.Sleep(10 * time.Second)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || !ended {
			t.Errorf("run ends with %v, the job ended: %v; want it waited for", err, ended)
		}
		if st := status(t, store, "sweep"); st.Next.After(time.Now()) || st.Owner != "" {
			t.Errorf("%+v, want it due at once and free", st)
		}
	})
}
