// Package idemtest says what an idem.Store must do.
package idemtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/idem"
)

// Run runs the suite against the stores that open returns, each of them empty.
// The cases have the names of the guards that they watch over.
func Run(t *testing.T, open func(t *testing.T) idem.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, idem.Store)
	}{
		{"RoundTrip", roundTrip},
		{"KeysApart", keysApart},
		{"OneClaims", oneClaims},
		{"LiveLeaseHolds", liveLeaseHolds},
		{"OneTakes", oneTakes},
		{"DoneIsNotTaken", doneIsNotTaken},
		{"FenceHolds", fenceHolds},
		{"SaveJoinsUnit", saveJoinsUnit},
		{"FreeForgets", freeForgets},
		{"FreeKeepsApplied", freeKeepsApplied},
		{"FreeIsFenced", freeIsFenced},
		{"SweepForgetsTheDead", sweepForgetsTheDead},
		{"SweepKeepsTheLiving", sweepKeepsTheLiving},
		{"Prune", prune},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

var noon = time.Date(2030, 1, 2, 12, 0, 0, 123456000, time.UTC)

func record(key string) idem.Record {
	return idem.Record{Scope: strings.Repeat("a", 64), Key: key, Fingerprint: strings.Repeat("b", 64), State: idem.Running, Fence: 1, Until: noon.Add(time.Minute), At: noon}
}

func claim(t *testing.T, s idem.Store, r idem.Record) idem.Record {
	t.Helper()
	old, won, err := s.Claim(t.Context(), r)
	if err != nil || !won {
		t.Fatalf("claim %s: %+v, %v, %v; want to win", r.Key, old, won, err)
	}
	return r
}

// there returns what the store has under the key of r.
func there(t *testing.T, s idem.Store, r idem.Record) idem.Record {
	t.Helper()
	old, won, err := s.Claim(t.Context(), r)
	if err != nil || won {
		t.Fatalf("claim %s again: %v, %v; want to find it", r.Key, won, err)
	}
	return old
}

func roundTrip(t *testing.T, s idem.Store) {
	r := claim(t, s, record(`!"#$%&'()*+,-./:;<=>?@[\]^_{|}~`+strings.Repeat("k", 200)))
	r.State, r.MemoType, r.Memo = idem.Applied, "cart.Cart", json.RawMessage(`{"big":9007199254740993}`)
	if err := s.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := there(t, s, r); !reflect.DeepEqual(got, r) {
		t.Errorf("applied %+v, want %+v", got, r)
	}
	r.State, r.Answer, r.Memo, r.MemoType = idem.Done, json.RawMessage(`{"out":"Zoë \\ ? '"}`), nil, ""
	if err := s.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := there(t, s, r); !reflect.DeepEqual(got, r) {
		t.Errorf("done %+v, want %+v", got, r)
	}
}

func keysApart(t *testing.T, s idem.Store) {
	a := claim(t, s, record("key"))
	for _, b := range []idem.Record{record("Key"), record("key2"), {Scope: strings.Repeat("c", 64), Key: "key", Fence: 1, State: idem.Running, At: noon}} {
		claim(t, s, b)
	}
	if err := s.Free(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	there(t, s, record("Key"))
}

// count runs fn in n goroutines and returns how many say yes.
func count(t *testing.T, n int, fn func(i int) (bool, error)) int64 {
	t.Helper()
	var yes atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			ok, err := fn(i)
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
			if ok {
				yes.Add(1)
			}
		})
	}
	wg.Wait()
	return yes.Load()
}

func oneClaims(t *testing.T, s idem.Store) {
	won := count(t, 16, func(i int) (bool, error) {
		r := record("k")
		r.Fingerprint = fmt.Sprint(i)
		_, won, err := s.Claim(t.Context(), r)
		return won, err
	})
	if won != 1 {
		t.Errorf("%d claims won, want 1", won)
	}
}

func liveLeaseHolds(t *testing.T, s idem.Store) {
	r := claim(t, s, record("k"))
	for _, now := range []time.Time{noon, r.Until} {
		if ok, err := s.Take(t.Context(), r, now, now.Add(time.Minute)); ok || err != nil {
			t.Errorf("take over at %v of a lease until %v: %v, %v", now, r.Until, ok, err)
		}
	}
	if ok, err := s.Take(t.Context(), r, r.Until.Add(time.Microsecond), noon.Add(time.Hour)); !ok || err != nil {
		t.Errorf("take over after the lease: %v, %v", ok, err)
	}
	if got := there(t, s, r); got.Fence != 2 || !got.Until.Equal(noon.Add(time.Hour)) {
		t.Errorf("fence %d until %v, want 2 and the new lease", got.Fence, got.Until)
	}
	if ok, err := s.Take(t.Context(), record("other"), noon.Add(time.Hour), noon.Add(2*time.Hour)); ok || err != nil {
		t.Errorf("take over of a key that is gone: %v, %v", ok, err)
	}
}

func oneTakes(t *testing.T, s idem.Store) {
	r := claim(t, s, record("k"))
	// Each new lease has ended too, so that only the fence tells them apart.
	won := count(t, 16, func(int) (bool, error) {
		return s.Take(t.Context(), r, noon.Add(time.Hour), noon.Add(time.Minute))
	})
	if won != 1 {
		t.Errorf("%d took over, want 1", won)
	}
}

func doneIsNotTaken(t *testing.T, s idem.Store) {
	r := claim(t, s, record("k"))
	r.State = idem.Done
	if err := s.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Take(t.Context(), r, noon.Add(time.Hour), noon.Add(2*time.Hour)); ok || err != nil {
		t.Errorf("take over of what is done: %v, %v", ok, err)
	}
}

func fenceHolds(t *testing.T, s idem.Store) {
	r := claim(t, s, record("k"))
	if ok, err := s.Take(t.Context(), r, noon.Add(time.Hour), noon.Add(2*time.Hour)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	late := r
	late.State, late.Answer = idem.Done, json.RawMessage(`"late"`)
	if err := s.Save(t.Context(), late); !errors.Is(err, idem.ErrInFlight) {
		t.Errorf("save under an old fence: %v, want ErrInFlight", err)
	}
	r.Fence, r.State = 2, idem.Done
	r.Answer = json.RawMessage(`"mine"`)
	if err := s.Save(t.Context(), r); err != nil {
		t.Errorf("save under the new fence: %v", err)
	}
	if got := there(t, s, r); string(got.Answer) != `"mine"` {
		t.Errorf("answer %s, want mine", got.Answer)
	}
	if err := s.Save(t.Context(), record("gone")); !errors.Is(err, idem.ErrInFlight) {
		t.Errorf("save of a key that is gone: %v, want ErrInFlight", err)
	}
}

func saveJoinsUnit(t *testing.T, s idem.Store) {
	r := claim(t, s, record("k"))
	stop := errors.New("stop")
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		done := r
		done.State = idem.Done
		if err := s.Save(ctx, done); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if got := there(t, s, r); got.State != idem.Running {
		t.Errorf("state %q after the rollback, want running", got.State)
	}
}

func freeForgets(t *testing.T, s idem.Store) {
	r := claim(t, s, record("k"))
	for range 2 {
		if err := s.Free(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	claim(t, s, r)
}

func freeKeepsApplied(t *testing.T, s idem.Store) {
	r := claim(t, s, record("k"))
	r.State, r.MemoType, r.Memo = idem.Applied, "int", json.RawMessage(`7`)
	if err := errors.Join(s.Save(t.Context(), r), s.Free(t.Context(), r)); err != nil {
		t.Fatal(err)
	}
	got := there(t, s, r)
	if got.State != idem.Applied || string(got.Memo) != "7" {
		t.Errorf("%+v, want the result of the unit kept", got)
	}
	if ok, err := s.Take(t.Context(), got, noon, noon.Add(time.Minute)); !ok || err != nil {
		t.Errorf("take over of a freed key within its old lease: %v, %v", ok, err)
	}
	d := claim(t, s, record("done"))
	d.State = idem.Done
	if err := errors.Join(s.Save(t.Context(), d), s.Free(t.Context(), d)); err != nil {
		t.Fatal(err)
	}
	if got := there(t, s, d); got.State != idem.Done {
		t.Errorf("%+v after Free, want it done", got)
	}
}

func freeIsFenced(t *testing.T, s idem.Store) {
	r := claim(t, s, record("k"))
	if ok, err := s.Take(t.Context(), r, noon.Add(time.Hour), noon.Add(2*time.Hour)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := s.Free(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := there(t, s, r); got.Fence != 2 {
		t.Errorf("%+v, want the claim of the one who took over", got)
	}
}

func sweepForgetsTheDead(t *testing.T, s idem.Store) {
	r := claim(t, s, record("k"))
	if n, err := s.Sweep(t.Context(), r.Until.Add(time.Second)); n != 1 || err != nil {
		t.Fatalf("swept %d, %v; want 1", n, err)
	}
	if err := s.Save(t.Context(), r); !errors.Is(err, idem.ErrInFlight) {
		t.Errorf("who came back from the dead saved: %v", err)
	}
	claim(t, s, record("k"))
}

func sweepKeepsTheLiving(t *testing.T, s idem.Store) {
	living, applied, done := claim(t, s, record("living")), claim(t, s, record("applied")), claim(t, s, record("done"))
	applied.State, done.State, done.Answer = idem.Applied, idem.Done, []byte(`{}`)
	if err := errors.Join(s.Save(t.Context(), applied), s.Save(t.Context(), done)); err != nil {
		t.Fatal(err)
	}
	n, err := s.Sweep(t.Context(), living.Until)
	late, lateErr := s.Sweep(t.Context(), living.Until.Add(time.Second))
	if err := errors.Join(err, lateErr); n != 0 || late != 1 || err != nil {
		t.Errorf("swept %d and %d, %v; want 0 and then 1", n, late, err)
	}
	there(t, s, applied)
	there(t, s, done)
}

func prune(t *testing.T, s idem.Store) {
	for i := range 5 {
		r := record(fmt.Sprint(i))
		r.At = noon.Add(time.Duration(i) * time.Hour)
		claim(t, s, r)
	}
	if n, err := s.Prune(t.Context(), noon.Add(2*time.Hour)); n != 2 || err != nil {
		t.Errorf("pruned %d, %v; want 2", n, err)
	}
	claim(t, s, record("1"))
	there(t, s, record("2"))
}
