package paytest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

var refundGuards = []string{"CaptureTwiceIsOnce", "CaptureInPart", "CaptureTooMuch", "CaptureAnswerLost", "CaptureSeveral", "CancelOfTheRest", "CaptureAbroad",
	"AuthorizationLapses", "RefundTwiceIsOnce", "RefundsRace", "RefundsShareTheMoney", "RefundTooMuch", "RefundOfNothing", "RefundAfterPart",
	"RefundAnswerLost", "RefundLongAfter"}

var refundCases = map[string]func(*testing.T, Subject){
	"CaptureTwiceIsOnce":   captureTwice,
	"CaptureInPart":        captureInPart,
	"CaptureTooMuch":       captureTooMuch,
	"CaptureAnswerLost":    captureAnswerLost,
	"CaptureSeveral":       captureSeveral,
	"CancelOfTheRest":      cancelOfTheRest,
	"CaptureAbroad":        captureAbroad,
	"AuthorizationLapses":  authorizationLapses,
	"RefundTwiceIsOnce":    refundTwice,
	"RefundsRace":          refundsRace,
	"RefundsShareTheMoney": refundsShare,
	"RefundTooMuch":        refundTooMuch,
	"RefundOfNothing":      refundOfNothing,
	"RefundAfterPart":      refundAfterPart,
	"RefundAnswerLost":     refundAnswerLost,
	"RefundLongAfter":      refundLongAfter,
}

// refundOf is a refund of p that nobody has heard of and that is asked for now.
func refundOf(p payment.Payment, id string, minor int64) payment.Refund {
	return payment.Refund{ID: id, PaymentID: p.ID, OrderID: p.OrderID, Provider: p.Provider, Status: payment.RefundPending, Amount: money.New(minor, "EUR"),
		Goodwill: money.Zero("EUR"), Reason: "damaged", SentAt: p.SentAt, SendCount: 1, Version: 1, CreatedAt: p.SentAt, UpdatedAt: p.SentAt}
}

// paid returns a payment whose money is taken.
func (s Subject) paid(t *testing.T) payment.Payment {
	t.Helper()
	need(t, s.AtOnce != "" || s.TwoStep != "", "no money is taken")
	p, got := s.started(t, s.owed("pay_1", s.method()))
	if got.Status == payment.StatusAuthorized {
		got = done(t, "capture")(s.Provider.Capture(t.Context(), p, p.Amount, "key"))
	}
	want(t, "paid", got, payment.StatusCaptured)
	return merge(p, got)
}

// refund asks for a refund, which must have an answer.
func (s Subject) refund(t *testing.T, p payment.Payment, r payment.Refund) payment.RefundSnapshot {
	t.Helper()
	got, err := s.Provider.Refund(t.Context(), p, r)
	if err != nil {
		t.Fatalf("refund %s: %v", r.ID, err)
	}
	if got.Status == payment.RefundFailed && (got.Failure == nil || got.Failure.Code == "" || got.Failure.Message == "") {
		t.Errorf("refund %s has failed and does not say why", r.ID)
	}
	if got.Status != payment.RefundFailed && (got.ProviderID == "" || got.Amount != r.Amount || got.RefundID != r.ID) {
		t.Errorf("refund %s of %v: %+v", r.ID, r.Amount, got)
	}
	return got
}

// returned fails the test unless the refunds of p that have not failed are so
// many and so much.
func (s Subject) returned(t *testing.T, p payment.Payment, n int, minor int64) {
	t.Helper()
	if s.Offline {
		return
	}
	var all []payment.RefundSnapshot
	sum := int64(0)
	for _, r := range done(t, "fetch")(s.Provider.Fetch(t.Context(), p)).Refunds {
		if r.Status != payment.RefundFailed {
			all = append(all, r)
			sum += r.Amount.Minor
		}
	}
	if len(all) != n || sum != minor {
		t.Errorf("%d refunds of together %d: %+v; want %d of %d", len(all), sum, all, n, minor)
	}
}

func refundTwice(t *testing.T, s Subject) {
	p := s.owed("pay_1", s.method())
	if !s.Offline {
		p = s.paid(t)
	}
	first := s.refund(t, p, refundOf(p, "ref_1", 1000))
	if again := s.refund(t, p, refundOf(p, "ref_1", 1000)); again.ProviderID != first.ProviderID || again.Status != first.Status {
		t.Errorf("again %+v, first %+v", again, first)
	}
	if other := s.refund(t, p, refundOf(p, "ref_2", 1000)); other.ProviderID == first.ProviderID {
		t.Errorf("two refunds with the id %s", first.ProviderID)
	}
	s.returned(t, p, 2, 2000)
}

func refundsRace(t *testing.T, s Subject) {
	p := s.paid(t)
	var mu sync.Mutex
	ids := map[string]int{}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			got, err := s.Provider.Refund(t.Context(), p, refundOf(p, "ref_1", 1000))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[got.ProviderID]++
		})
	}
	wg.Wait()
	if len(ids) != 1 {
		t.Errorf("one refund, asked for 16 times: %v", ids)
	}
	s.returned(t, p, 1, 1000)
}

// refundsShare asks for more at once than there is, in many parts.
func refundsShare(t *testing.T, s Subject) {
	p := s.paid(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := s.Provider.Refund(t.Context(), p, refundOf(p, fmt.Sprint("ref_", i), 1000)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s.returned(t, p, 2, 2000) // of 24.99
}

func refundTooMuch(t *testing.T, s Subject) {
	p := s.paid(t)
	refused := func(id string, minor int64) {
		t.Helper()
		if got := s.refund(t, p, refundOf(p, id, minor)); got.Status != payment.RefundFailed {
			t.Errorf("a refund of %d is %s", minor, got.Status)
		}
	}
	refused("ref_1", p.Amount.Minor+1)
	s.refund(t, p, refundOf(p, "ref_2", 2000))
	refused("ref_3", 500)
	s.refund(t, p, refundOf(p, "ref_4", 499))
	refused("ref_5", 1)
	s.returned(t, p, 2, p.Amount.Minor)
}

func refundOfNothing(t *testing.T, s Subject) {
	need(t, !s.Offline, "it keeps nothing")
	p := s.owed("pay_1", s.method())
	if got := s.refund(t, p, refundOf(p, "ref_1", 100)); got.Status != payment.RefundFailed {
		t.Errorf("a refund of a payment that never arrived is %s", got.Status)
	}
	need(t, s.TwoStep != "", "nothing is authorized")
	p, _ = s.started(t, s.owed("pay_2", s.TwoStep))
	if got := s.refund(t, p, refundOf(p, "ref_2", 100)); got.Status != payment.RefundFailed {
		t.Errorf("a refund of what is only authorized is %s", got.Status)
	}
	s.returned(t, p, 0, 0)
}

func refundAfterPart(t *testing.T, s Subject) {
	need(t, s.TwoStep != "", "nothing is authorized")
	p, _ := s.started(t, s.owed("pay_1", s.TwoStep))
	p = merge(p, done(t, "capture")(s.Provider.Capture(t.Context(), p, money.New(1000, "EUR"), "key")))
	if got := s.refund(t, p, refundOf(p, "ref_1", 1001)); got.Status != payment.RefundFailed {
		t.Errorf("a refund of 10.01 of 10.00 is %s", got.Status)
	}
	if got := s.refund(t, p, refundOf(p, "ref_2", 1000)); got.Status == payment.RefundFailed {
		t.Errorf("a refund of what was captured has failed: %+v", got.Failure)
	}
	s.returned(t, p, 1, 1000)
}

func refundAnswerLost(t *testing.T, s Subject) {
	need(t, s.LoseAnswer != nil, "no answer can get lost")
	p := s.paid(t)
	s.LoseAnswer(t, "refund")
	if got, err := s.Provider.Refund(t.Context(), p, refundOf(p, "ref_1", 1000)); err == nil {
		t.Errorf("the answer was lost, and it is %+v", got)
	}
	s.returned(t, p, 1, 1000)
	s.refund(t, p, refundOf(p, "ref_1", 1000))
	s.returned(t, p, 1, 1000)
}

// refundLongAfter asks again when a provider has forgotten the keys of requests.
func refundLongAfter(t *testing.T, s Subject) {
	need(t, s.Advance != nil, "the test cannot wait")
	p := s.paid(t)
	first := s.refund(t, p, refundOf(p, "ref_1", 1000))
	const later = 40 * 24 * time.Hour
	s.Advance(t, later)
	if again := s.refund(t, p, refundOf(p, "ref_1", 1000)); again.ProviderID != first.ProviderID {
		t.Errorf("after %v the refund is %s, it was %s", later, again.ProviderID, first.ProviderID)
	}
	s.returned(t, p, 1, 1000)
	if all := done(t, "fetch")(s.Provider.Fetch(t.Context(), p)).Refunds; !slices.ContainsFunc(all, func(r payment.RefundSnapshot) bool { return r.RefundID == "ref_1" }) {
		t.Errorf("none of %+v is ours", all)
	}
}
