package payment_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

func TestAuthorize(t *testing.T) {
	for _, c := range []struct {
		method  string
		outcome fakepay.Outcome
		status  payment.Status
		failure string
		event   string
		line    string
	}{
		{fakepay.Card, fakepay.Approve, payment.StatusCaptured, "", "payment.captured p 2499", "captured 24.99"},
		{fakepay.Manual, fakepay.Approve, payment.StatusAuthorized, "", "payment.authorized p 2499", "authorized 24.99"},
		{fakepay.Card, fakepay.Decline, payment.StatusOpen, "card_declined", "payment.failed p card_declined", ""},
		{fakepay.Card, fakepay.HardDecline, payment.StatusFailed, "card_declined", "payment.failed p card_declined", ""},
		{fakepay.Card, fakepay.Process, payment.StatusProcessing, "", "", ""},
		{fakepay.Card, fakepay.AskShopper, payment.StatusOpen, "", "", ""},
	} {
		t.Run(c.method+" "+string(c.outcome), func(t *testing.T) {
			s := open(t)
			s.owe("p", c.method)
			s.bank.Set("p", c.outcome)
			p := s.ask("p")
			failure := ""
			if p.Failure != nil {
				failure = p.Failure.Code
			}
			if p.Status != c.status || failure != c.failure || p.ProviderID == "" || p.SendCount != 1 || p.SentAt != s.now {
				t.Errorf("%+v, failure %s", p, failure)
			}
			s.wantStatus("p", c.status)
			var events, lines []string
			if c.event != "" {
				events = append(events, c.event)
			}
			if c.line != "" {
				lines = append(lines, c.line)
			}
			version := s.stored("p").Version
			again := s.ask("p")
			if again.Status != c.status {
				t.Errorf("asked again: %s", again.Status)
			}
			if settled := again.Settled() || again.Over(); settled && s.stored("p").Version != version {
				t.Errorf("a payment that is settled was written again")
			}
			s.wantEvents(events...)
			s.wantLedger("p", lines...)
		})
	}
}

func TestDeclinedThenPaid(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.Decline)
	s.ask("p")
	s.bank.Set("p", fakepay.Approve)
	if p := s.ask("p"); p.Status != payment.StatusCaptured || p.Failure != nil || p.SendCount != 2 {
		t.Errorf("%+v", p)
	}
	s.wantEvents("payment.failed p card_declined", "payment.captured p 2499")
	if n := s.intents("p"); n != 1 {
		t.Errorf("%d intents, want 1", n)
	}
}

// The bank decides while nobody asks; a payment that is being processed is
// fetched, not asked for once more.
func TestProcessingThenPaid(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.Process)
	s.ask("p")
	if ok, err := s.bank.Confirm("p", fakepay.Approve); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s.bank.after = func(call string, _ *payment.Snapshot) {
		if call != "fetch" {
			t.Errorf("the bank was asked to %s", call)
		}
	}
	if p := s.ask("p"); p.Status != payment.StatusCaptured {
		t.Errorf("%+v", p)
	}
}

func TestSecretIsNotStored(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.AskShopper)
	for range 2 {
		if p := s.ask("p"); !strings.Contains(string(p.NextAction), "client_secret") {
			t.Errorf("the shopper gets %s", p.NextAction)
		}
		if p := s.stored("p"); string(p.NextAction) != `{"client_secret":null,"type":"fake_confirm"}` {
			t.Errorf("stored is %s", p.NextAction)
		}
	}
}

func TestLostAnswers(t *testing.T) {
	for _, f := range []fakepay.Fault{fakepay.Down, fakepay.LoseAnswer, fakepay.Late} {
		t.Run(string(f), func(t *testing.T) {
			s := open(t)
			s.owe("p", fakepay.Card)
			s.bank.Fail("p", f, f)
			for range 2 {
				_, err := s.Authorize(t.Context(), payment.IDInput{ID: "p"})
				wantErr(t, err, payment.ErrUnanswered)
				s.wantStatus("p", payment.StatusUnknown)
			}
			s.wantEvents()
			if p := s.ask("p"); p.Status != payment.StatusCaptured || p.SendCount != 3 {
				t.Errorf("%+v", p)
			}
			s.bank.Flush()
			if s.intents("p") != 1 || s.taken("p") != 2499 {
				t.Errorf("%d intents, %d taken", s.intents("p"), s.taken("p"))
			}
			s.wantEvents("payment.captured p 2499")
			s.wantLedger("p", "captured 24.99")
		})
	}
}

// A shopper who closes the page does not keep the answer from being written.
func TestCallerGoesAway(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	ctx, cancel := context.WithCancel(t.Context())
	s.bank.after = func(string, *payment.Snapshot) { cancel() }
	if p, err := s.Authorize(ctx, payment.IDInput{ID: "p"}); err != nil || p.Status != payment.StatusCaptured {
		t.Errorf("%+v, %v", p, err)
	}
	s.wantStatus("p", payment.StatusCaptured)
}

func TestNobodyToAsk(t *testing.T) {
	for _, method := range []string{"cash_on_delivery", "bank_transfer", "invoice"} {
		s := open(t)
		before := s.owe("p", method)
		if p := s.ask("p"); p.Status != payment.StatusOpen || p.Version != before.Version || p.SendCount != 0 {
			t.Errorf("%s: %+v", method, p)
		}
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	s := open(t)
	_, err := s.Authorize(t.Context(), payment.IDInput{ID: "none"})
	wantErr(t, err, payment.ErrNotFound)
	s.owe("p", fakepay.Card)
	err = s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Authorize(ctx, payment.IDInput{ID: "p"})
		return err
	})
	wantErr(t, err, txn.ErrInside)
	s.wantStatus("p", payment.StatusCreating)
	if s.intents("p") != 0 {
		t.Error("the bank was asked in a unit of work")
	}
}

func TestMismatchIsNotPaid(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	s.bank.after = func(_ string, snap *payment.Snapshot) { snap.Authorized, snap.Captured = eur(900), eur(900) }
	for range 2 {
		_, err := s.Authorize(t.Context(), payment.IDInput{ID: "p"})
		wantErr(t, err, payment.ErrUnanswered)
		s.wantStatus("p", payment.StatusUnknown)
	}
	if !strings.Contains(s.log.String(), "payment: mismatch") {
		t.Errorf("nobody was told: %s", s.log.String())
	}
	s.wantEvents("payment.mismatch p ")
	s.wantLedger("p")
	s.bank.after = nil
	if p := s.ask("p"); p.Status != payment.StatusCaptured {
		t.Errorf("after somebody has looked: %+v", p)
	}
}

// Two payments cannot be paid by one intent, or by one movement of money.
func TestOneIntentTwoPayments(t *testing.T) {
	for name, change := range map[string]func(*payment.Snapshot){
		"intent":   func(snap *payment.Snapshot) { snap.ProviderID = "pi_1" },
		"movement": func(snap *payment.Snapshot) { snap.Object = "ch_1" },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.owe("a", fakepay.Card)
			s.owe("b", fakepay.Card)
			s.bank.after = func(_ string, snap *payment.Snapshot) { change(snap) }
			s.ask("a")
			_, err := s.Authorize(t.Context(), payment.IDInput{ID: "b"})
			wantErr(t, err, payment.ErrUnanswered)
			s.wantStatus("b", payment.StatusUnknown)
			s.wantLedger("b")
			s.wantEvents("payment.captured a 2499", "payment.mismatch b ")
		})
	}
}

func TestSixteenAtOnce(t *testing.T) {
	for _, method := range []string{fakepay.Card, fakepay.Manual} {
		s := open(t)
		s.owe("p", method)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if p, err := s.Authorize(t.Context(), payment.IDInput{ID: "p"}); err != nil || !p.Settled() {
					t.Errorf("%+v, %v", p, err)
				}
			})
		}
		wg.Wait()
		if method == fakepay.Card {
			s.wantLedger("p", "captured 24.99")
		} else {
			s.wantLedger("p", "authorized 24.99")
		}
		if n := s.intents("p"); n != 1 {
			t.Errorf("%s: %d intents, want 1", method, n)
		}
	}
}

// Somebody calls it off while the provider is asked: the money goes back.
func TestVoidedMeanwhile(t *testing.T) {
	for _, c := range []struct {
		method string
		want   error
		status payment.Status
	}{
		{fakepay.Manual, payment.ErrCanceled, payment.StatusCanceled},
		{fakepay.Card, nil, payment.StatusCaptured}, // too late to call it off
	} {
		s := open(t)
		s.owe("p", c.method)
		s.bank.after = func(call string, _ *payment.Snapshot) {
			if call != "start" {
				return
			}
			if p, err := s.Void(t.Context(), payment.IDInput{ID: "p"}); err != nil || p.Status != c.status {
				t.Errorf("void: %+v, %v", p, err)
			}
		}
		p, err := s.Authorize(t.Context(), payment.IDInput{ID: "p"})
		if !errors.Is(err, c.want) || p.Status != c.status {
			t.Errorf("%s: %+v, %v; want %v", c.method, p, err, c.want)
		}
		if in, _, _ := s.bank.Intent("p"); in.Status != c.status {
			t.Errorf("%s: the bank says %s", c.method, in.Status)
		}
	}
}

// A bank that takes money for a payment that it has called off: it is written
// down and goes back, once.
func TestMoneyOfCanceledPayment(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	cancels := 0
	s.bank.after = func(call string, snap *payment.Snapshot) {
		switch call {
		case "start":
			if _, err := s.Void(t.Context(), payment.IDInput{ID: "p"}); err != nil {
				t.Error(err)
			}
		case "cancel":
			if cancels++; cancels == 1 {
				*snap = payment.Snapshot{Status: payment.StatusCanceled}
			}
		}
	}
	_, err := s.Authorize(t.Context(), payment.IDInput{ID: "p"})
	wantErr(t, err, payment.ErrCanceled)
	if p := s.stored("p"); p.Status != payment.StatusCanceled || p.Captured != eur(2499) || p.Refunded != eur(2499) {
		t.Errorf("%+v", p)
	}
	all, err := s.Refunds(t.Context(), payment.OrdersInput{OrderIDs: []string{"ord_p"}})
	if err != nil || len(all.Items) != 1 || s.backAtBank("p") != 2499 {
		t.Fatalf("refunds %+v, %v", all.Items, err)
	}
	s.wantLedger("p", "captured 24.99", "refunded 24.99 "+all.Items[0].ID)
	s.send("evt_late", "p")
	s.apply()
	if s.backAtBank("p") != 2499 || s.stored("p").Refunding != eur(0) {
		t.Errorf("it went back twice: %+v", s.stored("p"))
	}
}

func TestProviderThatLeft(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	other := payment.New(s.store(), nil, nil)
	for _, call := range []func(context.Context, payment.IDInput) (payment.Payment, error){other.Authorize} {
		_, err := call(t.Context(), payment.IDInput{ID: "p"})
		wantErr(t, err, payment.ErrUnanswered)
	}
	if p, err := other.Void(t.Context(), payment.IDInput{ID: "p"}); err != nil || p.Status != payment.StatusCanceled {
		t.Errorf("a payment that nobody was asked for: %+v, %v", p, err)
	}
}
