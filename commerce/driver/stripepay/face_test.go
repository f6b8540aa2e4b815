package stripepay_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay/stripeface"
	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// bank is a Stripe that remembers, and a driver that asks it.
func bank(t *testing.T) (*stripepay.Provider, *stripeface.Bank) {
	t.Helper()
	return bankWith(t, stripeface.Options{})
}

func bankWith(t *testing.T, of stripeface.Options) (*stripepay.Provider, *stripeface.Bank) {
	t.Helper()
	of.Now = func() time.Time { return now }
	b := stripeface.New(&of)
	srv := httptest.NewUnstartedServer(b)
	srv.Config.SetKeepAlivesEnabled(false) // a cut connection is not tried again by the transport
	srv.Start()
	t.Cleanup(srv.Close)
	o := options()
	o.Key, o.WebhookSecrets, o.URL, o.Log = stripeface.Key, []string{stripeface.WebhookSecret}, srv.URL, slog.New(slog.NewTextHandler(t.Output(), nil))
	p, err := stripepay.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p, b
}

const route = "POST /v1/payment_intents"

// TestOneIntent is U01, U02, U04 and U05: whatever becomes of the first calls, there is one intent in the
// end, and its shopper pays once.
func TestOneIntent(t *testing.T) {
	for _, fault := range []stripeface.Fault{stripeface.Down, stripeface.LoseAnswer, stripeface.Broken, stripeface.Unavailable, stripeface.TooMany, stripeface.LockTimeout} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			p, b := bank(t)
			of := owed()
			b.Fail(route, fault)
			s, err := p.Start(t.Context(), of)
			if (err != nil) != (fault == stripeface.Broken) { // the others are over with the second try
				t.Fatalf("%+v, %v", s, err)
			}
			for err != nil && of.SendCount < 3 {
				of.SendCount++
				s, err = p.Start(t.Context(), of)
			}
			if err != nil || s.Status != payment.StatusOpen || len(b.Intents()) != 1 {
				t.Fatalf("%+v, %v, %d intents", s, err, len(b.Intents()))
			}
			if !b.Pay(of.ID, "pm_card_visa") {
				t.Fatal("the shopper cannot pay")
			}
			if s, err = p.Start(t.Context(), of); err != nil || s.Status != payment.StatusCaptured || s.Captured != of.Amount {
				t.Errorf("after paying: %+v, %v", s, err)
			}
		})
	}
}

// TestDeclineThenPay is a shopper with two cards.
func TestDeclineThenPay(t *testing.T) {
	p, b := bank(t)
	of := owed()
	if _, err := p.Start(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	b.Pay(of.ID, "pm_card_chargeDeclinedInsufficientFunds")
	s, err := p.Fetch(t.Context(), of)
	if err != nil || s.Status != payment.StatusOpen || s.Failure == nil || s.Failure.Code != "card_declined" || s.Failure.DeclineCode != "insufficient_funds" || s.NextAction == nil {
		t.Fatalf("%+v, %v, %+v", s, err, s.Failure)
	}
	b.Pay(of.ID, "pm_card_visa")
	if s, err = p.Fetch(t.Context(), of); err != nil || s.Status != payment.StatusCaptured || s.Failure != nil || s.Display == nil || s.Display.Last4 != "4242" {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestCancelAndPayRace cancels while the shopper pays, often: the answer to the
// cancel is what became of it.
func TestCancelAndPayRace(t *testing.T) {
	arrives := make(chan struct{}, 1)
	p, b := bankWith(t, stripeface.Options{Fault: func(route string) stripeface.Fault {
		if route == "POST /v1/payment_intents/{id}/cancel" {
			select {
			case arrives <- struct{}{}:
			default:
			}
		}
		return stripeface.None
	}})
	won := map[payment.Status]int{}
	for i := range 40 {
		of := owed()
		of.ID = fmt.Sprint("pay_", i)
		s, err := p.Start(t.Context(), of)
		if err != nil {
			t.Fatal(err)
		}
		of.ProviderID = s.ProviderID
		var both sync.WaitGroup
		both.Go(func() {
			<-arrives
			b.Pay(of.ID, "pm_card_visa")
		})
		both.Go(func() {
			if s, err = p.Cancel(t.Context(), of); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		select {
		case <-arrives: // it was asked twice
		default:
		}
		after, err := p.Fetch(t.Context(), of)
		if err != nil || after.Status != s.Status || after.Captured != s.Captured || s.Status != payment.StatusCanceled && s.Status != payment.StatusCaptured {
			t.Fatalf("%s: cancel said %s %v, it is %s %v, %v", of.ID, s.Status, s.Captured, after.Status, after.Captured, err)
		}
		won[s.Status]++
	}
	t.Log(won)
}

// TestLostStartIsCanceled: a start that nobody heard of is found, and canceled,
// and a late one of it makes no other intent.
func TestLostStartIsCanceled(t *testing.T) {
	p, b := bank(t)
	of := owed()
	b.Fail(route, stripeface.LoseAnswer, stripeface.LoseAnswer, stripeface.LoseAnswer)
	if s, err := p.Start(t.Context(), of); err == nil {
		t.Fatalf("%+v, want no answer", s)
	}
	if s, err := p.Cancel(t.Context(), of); err != nil || s.Status != payment.StatusCanceled {
		t.Fatalf("%+v, %v", s, err)
	}
	s, err := p.Start(t.Context(), of)
	if all := b.Intents(); err != nil || s.Status != payment.StatusCanceled || len(all) != 1 || all[0].Status != "canceled" {
		t.Errorf("a late start: %+v, %v, %+v", s, err, all)
	}
}

// TestRefundOnce is U07: a refund whose answers are lost is one refund.
func TestRefundOnce(t *testing.T) {
	p, b := bank(t)
	of := owed()
	if _, err := p.Start(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	b.Pay(of.ID, "pm_card_visa")
	for fault, times := range map[stripeface.Fault]int{stripeface.LoseAnswer: 3, stripeface.Broken: 1} { // as often as it is asked
		r := asked()
		r.ID = "ref_" + string(fault)
		b.Fail("POST /v1/refunds", slices.Repeat([]stripeface.Fault{fault}, times)...)
		if s, err := p.Refund(t.Context(), of, r); err == nil {
			t.Fatalf("%s: %+v, want no answer", fault, s)
		}
		r.SendCount = 2
		s, err := p.Refund(t.Context(), of, r)
		if err != nil || s.Status != payment.RefundSucceeded || s.RefundID != r.ID {
			t.Errorf("%s: %+v, %v", fault, s, err)
		}
	}
	got, err := p.Fetch(t.Context(), of)
	if err != nil || len(got.Refunds) != 2 || b.Intents()[0].Back != 2000 {
		t.Errorf("%+v, %v, %d given back", got.Refunds, err, b.Intents()[0].Back)
	}
}

// TestKeyOfAnotherTime: the shop has begun to authorize payments first, and asks
// for one again that it had asked for before.
func TestKeyOfAnotherTime(t *testing.T) {
	p, b := bank(t)
	of := owed()
	first, err := p.Start(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(b)
	t.Cleanup(srv.Close)
	o := options()
	o.Key, o.WebhookSecrets, o.URL, o.Manual = stripeface.Key, []string{stripeface.WebhookSecret}, srv.URL, true
	later, err := stripepay.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := later.Start(t.Context(), of); err != nil || s.ProviderID != first.ProviderID || len(b.Intents()) != 1 {
		t.Errorf("%+v, %v, %d intents; want %s", s, err, len(b.Intents()), first.ProviderID)
	}
}
