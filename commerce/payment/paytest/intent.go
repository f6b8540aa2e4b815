package paytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

var intentGuards = []string{"Methods", "Outside", "StartTwiceIsOnce", "StartsRace", "FetchOfNothing", "FetchAgrees", "CancelFirstWins", "CancelOfNothing",
	"CancelShutsTheDoor", "CancelIsTooLate", "CancelReleases", "DeclineIsRetryable", "StartAndCancelRace"}

var intentCases = map[string]func(*testing.T, Subject){
	"Methods":            methods,
	"Outside":            outside,
	"StartTwiceIsOnce":   startTwice,
	"StartsRace":         startsRace,
	"FetchOfNothing":     fetchOfNothing,
	"FetchAgrees":        fetchAgrees,
	"CancelFirstWins":    cancelFirst,
	"CancelOfNothing":    cancelOfNothing,
	"CancelShutsTheDoor": cancelShuts,
	"CancelIsTooLate":    cancelTooLate,
	"CancelReleases":     cancelReleases,
	"DeclineIsRetryable": declineIsRetryable,
	"StartAndCancelRace": startAndCancelRace,
}

func methods(t *testing.T, s Subject) {
	if s.Provider.Name() == "" {
		t.Error("the driver has no name")
	}
	seen := map[string]bool{}
	for _, m := range s.Provider.Methods() {
		if m.ID == "" || m.Name == "" || m.Kind == "" || seen[m.ID] {
			t.Errorf("method %+v is not complete, or there twice", m)
		}
		if m.Manual != s.Offline && !m.Confirms {
			t.Errorf("method %s: manual = %v", m.ID, m.Manual)
		}
		if m.Hold < 0 {
			t.Errorf("method %s keeps stock for %v", m.ID, m.Hold)
		}
		seen[m.ID] = true
	}
	if len(seen) == 0 {
		t.Error("the driver offers nothing")
	}
}

func outside(t *testing.T, s Subject) {
	need(t, !s.Offline, "it never leaves the process")
	ctx := txn.Inside(t.Context())
	p := s.owed("pay_1", s.method())
	for name, call := range map[string]func() (payment.Snapshot, error){
		"start":   func() (payment.Snapshot, error) { return s.Provider.Start(ctx, p) },
		"fetch":   func() (payment.Snapshot, error) { return s.Provider.Fetch(ctx, p) },
		"capture": func() (payment.Snapshot, error) { return s.Provider.Capture(ctx, p, p.Amount, "key") },
		"cancel":  func() (payment.Snapshot, error) { return s.Provider.Cancel(ctx, p) },
		"refund": func() (payment.Snapshot, error) {
			_, err := s.Provider.Refund(ctx, p, refundOf(p, "ref_1", 1))
			return payment.Snapshot{}, err
		},
	} {
		if _, err := call(); !errors.Is(err, txn.ErrInside) {
			t.Errorf("%s in a unit of work: %v, want ErrInside", name, err)
		}
	}
}

func startTwice(t *testing.T, s Subject) {
	p := s.owed("pay_1", s.method())
	first := done(t, "start")(s.Provider.Start(t.Context(), p))
	again := done(t, "start again")(s.Provider.Start(t.Context(), p)) // the first answer was lost
	if first.ProviderID != again.ProviderID || first.Status != again.Status || first.Captured != again.Captured || first.Object != again.Object {
		t.Errorf("again %+v, first %+v", again, first)
	}
	oneIntent(t, s, p)
	if s.Offline {
		return
	}
	other := done(t, "start of another")(s.Provider.Start(t.Context(), s.owed("pay_2", p.Method)))
	if other.ProviderID == first.ProviderID || other.ProviderID == "" {
		t.Errorf("two payments with the ids %q and %q", first.ProviderID, other.ProviderID)
	}
}

func oneIntent(t *testing.T, s Subject, p payment.Payment) {
	t.Helper()
	if s.Intents == nil {
		return
	}
	if n := s.Intents(t, p.ID); n != 1 {
		t.Errorf("%d intents of %s, want 1", n, p.ID)
	}
}

func startsRace(t *testing.T, s Subject) {
	need(t, !s.Offline, "it keeps nothing")
	p := s.owed("pay_1", s.method())
	var mu sync.Mutex
	ids, objects := map[string]int{}, map[string]int{}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			got, err := s.Provider.Start(t.Context(), p)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[got.ProviderID]++
			objects[got.Object]++
		})
	}
	wg.Wait()
	if len(ids) != 1 || len(objects) != 1 {
		t.Errorf("16 starts of one payment: intents %v, movements %v", ids, objects)
	}
	oneIntent(t, s, p)
}

func fetchOfNothing(t *testing.T, s Subject) {
	p := s.owed("pay_1", s.method())
	for range 2 {
		want(t, "fetch", done(t, "fetch")(s.Provider.Fetch(t.Context(), p)), payment.StatusCreating)
	}
	if s.Intents != nil {
		if n := s.Intents(t, p.ID); n != 0 {
			t.Errorf("asking after a payment made %d intents", n)
		}
	}
}

func fetchAgrees(t *testing.T, s Subject) {
	p := s.owed("pay_1", s.method())
	started := done(t, "start")(s.Provider.Start(t.Context(), p))
	got := done(t, "fetch")(s.Provider.Fetch(t.Context(), merge(p, started)))
	if got.Status != started.Status || got.ProviderID != started.ProviderID || got.Authorized != started.Authorized || got.Captured != started.Captured || got.Object != started.Object {
		t.Errorf("fetched %+v, started %+v", got, started)
	}
}

func cancelFirst(t *testing.T, s Subject) {
	need(t, !s.Offline, "it keeps nothing")
	p := s.owed("pay_1", s.method())
	want(t, "cancel", done(t, "cancel")(s.Provider.Cancel(t.Context(), p)), payment.StatusCanceled)
	late := done(t, "late start")(s.Provider.Start(t.Context(), p))
	want(t, "late start", late, payment.StatusCanceled)
	if late.Captured.Minor != 0 {
		t.Errorf("a late start took %v", late.Captured)
	}
}

func cancelOfNothing(t *testing.T, s Subject) {
	p := s.owed("pay_1", s.method())
	for range 2 {
		want(t, "cancel", done(t, "cancel")(s.Provider.Cancel(t.Context(), p)), payment.StatusCanceled)
	}
}

// cancelShuts cancels a payment that waits for the shopper.
func cancelShuts(t *testing.T, s Subject) {
	need(t, s.Decline != nil && s.Approve != nil, "the test cannot make it wait")
	p := s.owed("pay_1", s.method())
	s.Decline(t, p.ID)
	p = merge(p, done(t, "start")(s.Provider.Start(t.Context(), p)))
	s.Approve(t, p.ID)
	want(t, "cancel", done(t, "cancel")(s.Provider.Cancel(t.Context(), p)), payment.StatusCanceled)
	want(t, "start after cancel", done(t, "start")(s.Provider.Start(t.Context(), p)), payment.StatusCanceled)
	want(t, "fetch after cancel", done(t, "fetch")(s.Provider.Fetch(t.Context(), p)), payment.StatusCanceled)
}

func cancelTooLate(t *testing.T, s Subject) {
	need(t, s.AtOnce != "", "nothing is taken at once")
	p := s.owed("pay_1", s.AtOnce)
	_, started := s.started(t, p)
	want(t, "start", started, payment.StatusCaptured)
	// Its answer was lost: the shop does not know that it is too late.
	for range 2 {
		got := done(t, "cancel")(s.Provider.Cancel(t.Context(), p))
		want(t, "cancel", got, payment.StatusCaptured)
		if got.Captured != p.Amount || got.Object != started.Object {
			t.Errorf("cancel says %v by %s, want %v by %s", got.Captured, got.Object, p.Amount, started.Object)
		}
	}
}

func cancelReleases(t *testing.T, s Subject) {
	need(t, s.TwoStep != "", "nothing is authorized")
	p, started := s.started(t, s.owed("pay_1", s.TwoStep))
	want(t, "start", started, payment.StatusAuthorized)
	if started.Authorized != p.Amount || started.Captured.Minor != 0 {
		t.Errorf("authorized %v, captured %v", started.Authorized, started.Captured)
	}
	want(t, "cancel", done(t, "cancel")(s.Provider.Cancel(t.Context(), p)), payment.StatusCanceled)
	got := done(t, "capture")(s.Provider.Capture(t.Context(), p, p.Amount, "key"))
	if got.Captured.Minor != 0 {
		t.Errorf("a canceled payment yields %v", got.Captured)
	}
}

func declineIsRetryable(t *testing.T, s Subject) {
	need(t, s.Decline != nil && s.Approve != nil, "the test cannot make it decline")
	p := s.owed("pay_1", s.method())
	s.Decline(t, p.ID)
	got := done(t, "start")(s.Provider.Start(t.Context(), p))
	want(t, "declined start", got, payment.StatusOpen)
	if got.Failure == nil || got.Failure.Code == "" || got.Failure.Message == "" || got.Captured.Minor != 0 {
		t.Errorf("declined: %+v, want a failure and no money", got)
	}
	s.Approve(t, p.ID)
	again := done(t, "start")(s.Provider.Start(t.Context(), merge(p, got)))
	want(t, "start again", again, payment.StatusCaptured, payment.StatusAuthorized)
	if again.ProviderID != got.ProviderID || again.Failure != nil {
		t.Errorf("again %+v, first %+v", again, got)
	}
	oneIntent(t, s, p)
}

// startAndCancelRace starts and cancels one payment at a time, often: whatever
// wins, both sides must hear the same.
func startAndCancelRace(t *testing.T, s Subject) {
	need(t, !s.Offline && s.AtOnce != "", "nothing is taken at once")
	for i := range 30 {
		p := s.owed(fmt.Sprint("pay_", i), s.AtOnce)
		var canceled payment.Snapshot
		var wg sync.WaitGroup
		wg.Go(func() { _ = call(t, s.Provider.Start, p) })
		wg.Go(func() { canceled = call(t, s.Provider.Cancel, p) })
		wg.Wait()
		after := done(t, "fetch")(s.Provider.Fetch(t.Context(), p))
		if after.Status != canceled.Status || after.Captured.Minor != canceled.Captured.Minor {
			t.Fatalf("%s: cancel said %s %v, it is %s %v", p.ID, canceled.Status, canceled.Captured, after.Status, after.Captured)
		}
	}
}

func call(t *testing.T, fn func(context.Context, payment.Payment) (payment.Snapshot, error), p payment.Payment) payment.Snapshot {
	s, err := fn(t.Context(), p)
	if err != nil {
		t.Error(err)
	}
	return s
}
