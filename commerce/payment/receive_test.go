package payment_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// send posts a notice of the bank about a payment.
func (s *shop) send(eventID, paymentID string) {
	s.t.Helper()
	header, body := s.bank.Notice(eventID, paymentID)
	s.receive(header, body)
}

func (s *shop) receive(header map[string][]string, body []byte) {
	s.t.Helper()
	if _, err := s.Receive(s.t.Context(), payment.ReceiveInput{Provider: "fake", Headers: header, Body: body}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) apply() {
	s.t.Helper()
	if err := s.Apply(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// waiting returns the notices that are not over.
func (s *shop) waiting() []payment.Received {
	s.t.Helper()
	all, err := s.store().DueNotices(s.t.Context(), s.now.Add(30*24*time.Hour), 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

func (s *shop) wantWaiting(n int) {
	s.t.Helper()
	if got := s.waiting(); len(got) != n {
		s.t.Errorf("%d notices wait: %+v; want %d", len(got), got, n)
	}
}

func (s *shop) pay(id string, o fakepay.Outcome) {
	s.t.Helper()
	if done, err := s.bank.Confirm(id, o); !done || err != nil {
		s.t.Fatalf("confirm %s: %v, %v", id, done, err)
	}
}

func TestReceiveStoresOnly(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.AskShopper)
	s.ask("p")
	s.pay("p", fakepay.Approve)
	s.bank.Fail("p", fakepay.Down) // whoever asks it now is told nothing
	for range 3 {
		s.send("evt_1", "p")
	}
	s.wantWaiting(1)
	s.wantStatus("p", payment.StatusOpen)
	s.apply() // meets the fault
	s.wantStatus("p", payment.StatusOpen)
	s.now = s.now.Add(time.Minute)
	s.apply()
	s.wantStatus("p", payment.StatusCaptured)
	s.wantWaiting(0)
	s.wantEvents("payment.captured p 2499")
	s.wantLedger("p", "captured 24.99")
}

func TestReceiveRefuses(t *testing.T) {
	s := open(t)
	header, body := s.bank.Notice("evt_1", "p")
	long := []byte(`{"id":"` + strings.Repeat("x", 256) + `"}`)
	for name, c := range map[string]struct {
		in   payment.ReceiveInput
		want error
	}{
		"no such provider": {payment.ReceiveInput{Provider: "stripe", Headers: header, Body: body}, payment.ErrProviderUnknown},
		"sends nothing":    {payment.ReceiveInput{Provider: "offline", Headers: header, Body: body}, payment.ErrProviderUnknown},
		"tampered":         {payment.ReceiveInput{Provider: "fake", Headers: header, Body: append(body, ' ')}, payment.ErrSignature},
		"unsigned":         {payment.ReceiveInput{Provider: "fake", Body: body}, payment.ErrSignature},
		"empty":            {payment.ReceiveInput{Provider: "fake", Headers: s.bank.Sign(nil)}, fault.ErrMalformed},
		"no event":         {payment.ReceiveInput{Provider: "fake", Headers: s.bank.Sign([]byte("{}")), Body: []byte("{}")}, fault.ErrMalformed},
		"endless event":    {payment.ReceiveInput{Provider: "fake", Headers: s.bank.Sign(long), Body: long}, fault.ErrMalformed},
		"too long":         {payment.ReceiveInput{Provider: "fake", Headers: header, Body: make([]byte, 256<<10)}, fault.ErrInvalid},
	} {
		if _, err := s.Receive(t.Context(), c.in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	s.wantWaiting(0)
}

// Nothing that a notice says is believed: it is the bank that is asked.
func TestApplyBelievesTheBankOnly(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.AskShopper)
	s.ask("p")
	body := []byte(`{"id":"evt_1","type":"intent_updated","payment_id":"p","status":"captured","captured":{"amount":"24.99","currency":"EUR"}}`)
	s.receive(s.bank.Sign(body), body)
	s.apply()
	s.wantStatus("p", payment.StatusOpen)
	s.wantWaiting(0)
}

func TestIgnored(t *testing.T) {
	s := open(t)
	s.owe("transfer", "bank_transfer")
	for i, body := range []string{
		`{"id":"evt_%d","type":"weather.changed","payment_id":"p"}`,
		`{"id":"evt_%d","type":"intent_updated"}`,
		`{"id":"evt_%d","type":"intent_updated","payment_id":"nobody"}`,
		`{"id":"evt_%d","type":"intent_updated","payment_id":"transfer"}`, // of another provider
	} {
		data := fmt.Appendf(nil, body, i)
		s.receive(s.bank.Sign(data), data)
	}
	s.apply()
	s.wantWaiting(0)
	s.wantStatus("transfer", payment.StatusOpen)
	s.wantEvents()
}

// An id that only the provider knows may come before it is written down.
func TestStrangeProviderID(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.AskShopper)
	id := func(n int, provider string) {
		data := fmt.Appendf(nil, `{"id":"evt_%d","type":"intent_updated","provider_id":%q}`, n, provider)
		s.receive(s.bank.Sign(data), data)
	}
	if _, err := s.bank.Start(t.Context(), s.stored("p")); err != nil { // its answer is on the way
		t.Fatal(err)
	}
	in, _, err := s.bank.Intent("p")
	if err != nil {
		t.Fatal(err)
	}
	id(1, in.ID)
	id(2, "fpi_of_another_shop")
	s.apply()
	s.wantWaiting(2)
	s.ask("p")
	s.pay("p", fakepay.Approve)
	s.now = s.now.Add(time.Minute)
	s.apply()
	s.wantStatus("p", payment.StatusCaptured)
	s.wantWaiting(1)
	s.now = s.now.Add(time.Hour)
	s.apply()
	s.wantWaiting(0)
}

// Twice, out of order and all at once: it is captured once.
func TestNoticesInAnyOrder(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.Process)
	s.ask("p")
	s.send("evt_2", "p")
	s.pay("p", fakepay.Approve)
	s.send("evt_3", "p")
	s.send("evt_1", "p") // what was true first comes last
	s.send("evt_3", "p")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.Apply(t.Context()); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() { _, _ = s.Authorize(t.Context(), payment.IDInput{ID: "p"}) })
	}
	wg.Wait()
	s.apply()
	s.wantWaiting(0)
	s.wantStatus("p", payment.StatusCaptured)
	s.wantEvents("payment.captured p 2499")
	s.wantLedger("p", "captured 24.99")
}

// A process that stores a notice and dies leaves it to the next.
func TestAppliedAfterRestart(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.AskShopper)
	s.ask("p")
	s.pay("p", fakepay.Approve)
	s.send("evt_1", "p")
	arrived, release := s.bank.Stop("p")
	defer release()
	dying, die := context.WithCancel(t.Context())
	died := make(chan error, 1)
	go func() { died <- s.Apply(dying) }()
	<-arrived
	die()
	wantErr(t, <-died, context.Canceled)
	release()
	if got := s.waiting(); len(got) != 1 || got[0].Attempts != 0 {
		t.Errorf("an attempt that was cut off has left %+v", got)
	}
	s.wantStatus("p", payment.StatusOpen)
	next := payment.New(s.store(), []payment.Provider{s.bank}, &payment.Options{Now: func() time.Time { return s.now }})
	if err := next.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantStatus("p", payment.StatusCaptured)
	s.wantWaiting(0)
}

func TestNoticesAreGivenUp(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.AskShopper)
	s.ask("p")
	for range 40 {
		s.bank.Fail("p", fakepay.Down)
	}
	s.send("evt_1", "p")
	var pauses []time.Duration
	for range 40 {
		s.apply()
		left := s.waiting()
		if len(left) == 0 {
			break
		}
		if left[0].Error == "" || left[0].Attempts != len(pauses)+1 {
			t.Errorf("%+v", left[0])
		}
		pauses = append(pauses, left[0].DueAt.Sub(s.now))
		s.now = left[0].DueAt
	}
	if n := len(pauses); n < 10 || pauses[0] != time.Minute || pauses[1] != 2*time.Minute || pauses[n-1] != 6*time.Hour {
		t.Errorf("pauses %v", pauses)
	}
	if late := s.now.Sub(morning); late > 72*time.Hour || late < 60*time.Hour {
		t.Errorf("given up after %v, want three days", late)
	}
	s.wantWaiting(0)
	if n, err := s.store().PruneNotices(t.Context(), s.now.Add(1000*time.Hour)); n != 0 || err != nil {
		t.Errorf("%d that were given up are forgotten, %v", n, err)
	}
	if !strings.Contains(s.log.String(), "level=ERROR") {
		t.Error("nobody is told")
	}
}

// Money that comes for a payment that was called off is given back before the
// notice is over.
func TestNoticeOfACanceledPayment(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Manual)
	if _, err := s.Void(t.Context(), payment.IDInput{ID: "p"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.bank.Start(t.Context(), s.stored("p")); err != nil { // a late one
		t.Fatal(err)
	}
	s.send("evt_1", "p")
	s.bank.Fail("p", fakepay.None, fakepay.Down)
	s.apply()
	s.wantWaiting(1)
	s.now = s.now.Add(time.Minute)
	s.apply()
	s.wantWaiting(0)
	s.wantStatus("p", payment.StatusCanceled)
	if n := s.intents("p"); n != 0 {
		t.Errorf("%d intents can take money, want 0", n)
	}
}

func TestApplyOutside(t *testing.T) {
	s := open(t)
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error { return s.Apply(ctx) })
	wantErr(t, err, txn.ErrInside)
}
