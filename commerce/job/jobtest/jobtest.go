// Package jobtest says what a job.Store must do.
package jobtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/job"
)

// Run runs the suite against the stores that open returns, each of them empty.
// The cases have the names of the guards that they watch over.
func Run(t *testing.T, open func(t *testing.T) job.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, job.Store)
	}{
		{"RoundTrip", roundTrip},
		{"NotBeforeNext", notBeforeNext},
		{"LeaseExcludes", leaseExcludes},
		{"OneClaims", oneClaims},
		{"OneTakesOver", oneTakesOver},
		{"RenewFenced", renewFenced},
		{"FinishFenced", finishFenced},
		{"List", list},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

var noon = time.Date(2030, 1, 2, 12, 0, 0, 123456000, time.UTC)

func claim(t *testing.T, s job.Store, owner string, now time.Time, force, want bool) job.Status {
	t.Helper()
	got, ok, err := s.Claim(t.Context(), "sweep", owner, now, now.Add(time.Minute), force)
	if err != nil || ok != want {
		t.Fatalf("claim by %s at %v: %v, %v; want %v", owner, now, ok, err, want)
	}
	return got
}

func finish(t *testing.T, s job.Store, st job.Status) {
	t.Helper()
	if err := s.Finish(t.Context(), st); err != nil {
		t.Fatalf("finish: %v", err)
	}
}

func only(t *testing.T, s job.Store) job.Status {
	t.Helper()
	all, err := s.List(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("list: %+v, %v; want one", all, err)
	}
	return all[0]
}

func roundTrip(t *testing.T, s job.Store) {
	st := claim(t, s, "a", noon, false, true)
	want := job.Status{Name: "sweep", Owner: "a", Until: noon.Add(time.Minute), Fence: st.Fence, Started: noon}
	if got := only(t, s); !reflect.DeepEqual(st, want) || !reflect.DeepEqual(got, want) {
		t.Errorf("claimed %+v, stored %+v, want %+v", st, got, want)
	}
	st.Ended, st.Next, st.Error = noon.Add(time.Second), noon.Add(time.Hour), "Zoë: ' no"
	finish(t, s, st)
	want.Owner, want.Until, want.Ended, want.Next, want.Error, want.Runs = "", time.Time{}, st.Ended, st.Next, st.Error, 1
	if got := only(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("finished %+v, want %+v", got, want)
	}
	st = claim(t, s, "b", noon.Add(time.Hour), false, true)
	st.Ended, st.Error = noon.Add(2*time.Hour), ""
	finish(t, s, st)
	if got := only(t, s); got.Runs != 2 || got.Error != "" || !got.Started.Equal(noon.Add(time.Hour)) {
		t.Errorf("finished again %+v, want 2 runs and no error", got)
	}
}

func notBeforeNext(t *testing.T, s job.Store) {
	st := claim(t, s, "a", noon, false, true)
	st.Next = noon.Add(time.Hour)
	finish(t, s, st)
	if got := claim(t, s, "b", noon.Add(time.Hour-time.Microsecond), false, false); !got.Next.Equal(st.Next) {
		t.Errorf("told to come at %v, want %v", got.Next, st.Next)
	}
	st = claim(t, s, "b", noon.Add(time.Minute), true, true)
	st.Next = noon.Add(time.Hour)
	finish(t, s, st)
	claim(t, s, "b", noon.Add(time.Hour), false, true)
}

func leaseExcludes(t *testing.T, s job.Store) {
	claim(t, s, "a", noon, false, true)
	for _, force := range []bool{false, true} {
		if got := claim(t, s, "b", noon.Add(time.Second), force, false); got.Owner != "a" || !got.Until.Equal(noon.Add(time.Minute)) {
			t.Errorf("in the way is %+v, want the lease of a", got)
		}
	}
	claim(t, s, "b", noon.Add(time.Minute), false, true)
}

// race lets owners claim at once and returns how many did.
func race(t *testing.T, s job.Store, now time.Time) (won int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, ok, err := s.Claim(context.Background(), "sweep", fmt.Sprint("owner", i), now, now.Add(time.Minute), false)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("claim: %v", err)
			}
			if ok {
				won++
			}
		})
	}
	wg.Wait()
	return won
}

func oneClaims(t *testing.T, s job.Store) {
	if won := race(t, s, noon); won != 1 {
		t.Errorf("%d got the job, want 1", won)
	}
}

func oneTakesOver(t *testing.T, s job.Store) {
	claim(t, s, "dead", noon, false, true)
	if won := race(t, s, noon.Add(time.Hour)); won != 1 {
		t.Errorf("%d took the job over, want 1", won)
	}
}

func renewFenced(t *testing.T, s job.Store) {
	old := claim(t, s, "a", noon, false, true)
	if err := s.Renew(t.Context(), old, noon.Add(2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	claim(t, s, "b", noon.Add(time.Minute), false, false)
	claim(t, s, "b", noon.Add(2*time.Minute), false, true)
	if err := s.Renew(t.Context(), old, noon.Add(time.Hour)); !errors.Is(err, job.ErrLost) {
		t.Errorf("renew of a lost lease: %v, want ErrLost", err)
	}
}

func finishFenced(t *testing.T, s job.Store) {
	old := claim(t, s, "a", noon, false, true)
	claim(t, s, "b", noon.Add(time.Hour), false, true)
	if err := s.Finish(t.Context(), old); !errors.Is(err, job.ErrLost) {
		t.Errorf("finish of a lost job: %v, want ErrLost", err)
	}
	if got := only(t, s); got.Owner != "b" || got.Runs != 0 {
		t.Errorf("%+v, want it to be b's still", got)
	}
}

func list(t *testing.T, s job.Store) {
	if all, err := s.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("empty: %v, %v", all, err)
	}
	for _, name := range []string{"b", "a", "c"} {
		if _, ok, err := s.Claim(t.Context(), name, "me", noon, noon, false); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	all, err := s.List(t.Context())
	if err != nil || len(all) != 3 || all[0].Name != "a" || all[2].Name != "c" {
		t.Errorf("list %+v, %v; want a, b, c", all, err)
	}
}
