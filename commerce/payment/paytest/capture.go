package paytest

import (
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func captureTwice(t *testing.T, s Subject) {
	need(t, s.TwoStep != "", "nothing is authorized")
	p, _ := s.started(t, s.owed("pay_1", s.TwoStep))
	first := done(t, "capture")(s.Provider.Capture(t.Context(), p, p.Amount, "key"))
	want(t, "capture", first, payment.StatusCaptured)
	for _, key := range []string{"key", "other key"} {
		again := done(t, "capture again")(s.Provider.Capture(t.Context(), p, p.Amount, key))
		if again.Captured != p.Amount || again.Object != first.Object {
			t.Errorf("%s: %v by %s, first %v by %s", key, again.Captured, again.Object, first.Captured, first.Object)
		}
	}
}

func captureInPart(t *testing.T, s Subject) {
	need(t, s.TwoStep != "", "nothing is authorized")
	p, _ := s.started(t, s.owed("pay_1", s.TwoStep))
	part := money.New(1000, "EUR")
	got := done(t, "capture")(s.Provider.Capture(t.Context(), p, part, "key"))
	want(t, "capture", got, payment.StatusCaptured, payment.StatusAuthorized)
	if got.Captured != part || got.Authorized != p.Amount {
		t.Errorf("captured %v of %v, want %v of %v", got.Captured, got.Authorized, part, p.Amount)
	}
}

func captureTooMuch(t *testing.T, s Subject) {
	need(t, s.TwoStep != "", "nothing is authorized")
	p, _ := s.started(t, s.owed("pay_1", s.TwoStep))
	got := done(t, "capture")(s.Provider.Capture(t.Context(), p, money.New(p.Amount.Minor+1, "EUR"), "key"))
	if got.Captured.Minor != 0 || got.Failure == nil {
		t.Errorf("captured %v with failure %v, want nothing and a failure", got.Captured, got.Failure)
	}
}

// captureAnswerLost captures, and hears nothing of it.
func captureAnswerLost(t *testing.T, s Subject) {
	need(t, s.TwoStep != "" && s.LoseAnswer != nil, "no answer can get lost")
	p, _ := s.started(t, s.owed("pay_1", s.TwoStep))
	s.LoseAnswer(t, "capture")
	if _, err := s.Provider.Capture(t.Context(), p, p.Amount, "key"); err == nil {
		t.Error("the answer was lost, and there is no error")
	}
	want(t, "fetch", done(t, "fetch")(s.Provider.Fetch(t.Context(), p)), payment.StatusCaptured)
	got := done(t, "capture again")(s.Provider.Capture(t.Context(), p, p.Amount, "key"))
	if got.Captured != p.Amount || got.Failure != nil {
		t.Errorf("captured %v with failure %v, want %v", got.Captured, got.Failure, p.Amount)
	}
}

// captureSeveral takes a payment in parts, each of them once.
func captureSeveral(t *testing.T, s Subject) {
	need(t, s.Multi != "", "nothing is kept for more captures")
	p, _ := s.started(t, s.owed("pay_1", s.Multi))
	take := func(minor int64, key string, want int64, status payment.Status) payment.Snapshot {
		t.Helper()
		got := done(t, "capture")(s.Provider.Capture(t.Context(), p, money.New(minor, "EUR"), key))
		if got.Captured.Minor != want || got.Status != status {
			t.Errorf("capture of %d with key %s: %s with %v captured, want %s with %d", minor, key, got.Status, got.Captured, status, want)
		}
		p = merge(p, got)
		return got
	}
	first := take(1000, "a", 1000, payment.StatusAuthorized)
	if again := take(1000, "a", 1000, payment.StatusAuthorized); again.Object != first.Object {
		t.Errorf("one capture is the movements %s and %s", first.Object, again.Object)
	}
	if much := take(1500, "b", 1000, payment.StatusAuthorized); much.Failure == nil {
		t.Error("more was asked for than is left, and there is no failure")
	}
	second := take(500, "c", 1500, payment.StatusAuthorized)
	if second.Object == first.Object {
		t.Errorf("two captures are one movement, %s", first.Object)
	}
	take(1000, "a", 1500, payment.StatusAuthorized)
	take(999, "d", 2499, payment.StatusCaptured)
	take(500, "c", 2499, payment.StatusCaptured)
	if got := done(t, "fetch")(s.Provider.Fetch(t.Context(), p)); got.Captured != p.Amount {
		t.Errorf("fetch says %v", got.Captured)
	}
}

// cancelOfTheRest lets go what is left after a capture.
func cancelOfTheRest(t *testing.T, s Subject) {
	need(t, s.Multi != "", "nothing is kept for more captures")
	p, _ := s.started(t, s.owed("pay_1", s.Multi))
	p = merge(p, done(t, "capture")(s.Provider.Capture(t.Context(), p, money.New(1000, "EUR"), "a")))
	for range 2 {
		got := done(t, "cancel")(s.Provider.Cancel(t.Context(), p))
		if want(t, "cancel", got, payment.StatusCaptured); got.Captured.Minor != 1000 {
			t.Errorf("captured %v, want 10.00", got.Captured)
		}
	}
	if got := done(t, "capture")(s.Provider.Capture(t.Context(), p, money.New(500, "EUR"), "b")); got.Captured.Minor != 1000 {
		t.Errorf("captured %v after the rest was let go", got.Captured)
	}
}

// captureAbroad finds money that was taken in the provider's dashboard.
func captureAbroad(t *testing.T, s Subject) {
	need(t, s.TwoStep != "" && s.CaptureAbroad != nil, "nobody else can capture")
	p, _ := s.started(t, s.owed("pay_1", s.TwoStep))
	s.CaptureAbroad(t, p.ID, p.Amount)
	got := done(t, "fetch")(s.Provider.Fetch(t.Context(), p))
	if want(t, "fetch", got, payment.StatusCaptured); got.Captured != p.Amount || got.Object == "" {
		t.Errorf("captured %v by %q, want %v", got.Captured, got.Object, p.Amount)
	}
	got = done(t, "cancel")(s.Provider.Cancel(t.Context(), p))
	want(t, "cancel after it was captured elsewhere", got, payment.StatusCaptured)
}

// authorizationLapses waits until nothing can be captured any more.
func authorizationLapses(t *testing.T, s Subject) {
	need(t, s.TwoStep != "" && s.Advance != nil && s.Now != nil, "the test cannot wait")
	p, started := s.started(t, s.owed("pay_1", s.TwoStep))
	left := started.CaptureBefore.Sub(s.Now())
	if left <= 0 {
		t.Fatalf("the authorization lapses at %v", started.CaptureBefore)
	}
	s.Advance(t, left+time.Minute)
	want(t, "fetch after it lapsed", done(t, "fetch")(s.Provider.Fetch(t.Context(), p)), payment.StatusCanceled)
	if got := done(t, "capture")(s.Provider.Capture(t.Context(), p, p.Amount, "key")); got.Captured.Minor != 0 {
		t.Errorf("captured %v after it lapsed", got.Captured)
	}
}
