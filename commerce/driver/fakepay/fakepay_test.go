package fakepay_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/payment/paytest"
)

func TestProvider(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) *fakepay.Provider{
		"memory": func(*testing.T) *fakepay.Provider { return fakepay.New(nil) },
		"file":   func(t *testing.T) *fakepay.Provider { return openFile(t, filepath.Join(t.TempDir(), "bank ?#.db")) },
	} {
		t.Run(name, func(t *testing.T) {
			paytest.Run(t, func(t *testing.T) paytest.Subject {
				p := open(t)
				return paytest.Subject{Provider: p, AtOnce: fakepay.Card, TwoStep: fakepay.Manual,
					Decline: func(_ *testing.T, id string) { p.Set(id, fakepay.Decline) },
					Approve: func(_ *testing.T, id string) { p.Set(id, fakepay.Approve) },
					Intents: func(t *testing.T, id string) int { return count(t, p, id) }}
			})
		})
	}
}

func openFile(t *testing.T, path string) *fakepay.Provider {
	t.Helper()
	p, shut, err := fakepay.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shut(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func count(t *testing.T, p *fakepay.Provider, id string) (n int) {
	t.Helper()
	all, err := p.Intents()
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range all {
		if in.PaymentID == id {
			n++
		}
	}
	return n
}

func owed(id string) payment.Payment {
	return payment.Payment{ID: id, OrderID: "ord_1", Method: fakepay.Card, Amount: money.New(2499, "EUR")}
}

func status(t *testing.T, p *fakepay.Provider, id string, want payment.Status) {
	t.Helper()
	in, ok, err := p.Intent(id)
	if err != nil || want == "" && ok || want != "" && in.Status != want {
		t.Errorf("%s is %q (%v, %v), want %q", id, in.Status, ok, err, want)
	}
}

func TestFaults(t *testing.T) {
	p := fakepay.New(nil)
	p.Fail("pay_1", fakepay.Down, fakepay.LoseAnswer)
	start := func(id string, wantErr bool) {
		t.Helper()
		if _, err := p.Start(t.Context(), owed(id)); (err != nil) != wantErr {
			t.Errorf("start %s: %v", id, err)
		}
	}
	start("pay_1", true)
	status(t, p, "pay_1", "")
	start("pay_1", true)
	status(t, p, "pay_1", payment.StatusCaptured)
	start("pay_1", false)

	p.Fail(fakepay.Any, fakepay.Late)
	start("pay_2", true)
	status(t, p, "pay_2", "")
	if _, err := p.Cancel(t.Context(), owed("pay_2")); err != nil {
		t.Error(err)
	}
	if n := p.Flush(); n != 1 {
		t.Errorf("%d calls were late, want 1", n)
	}
	status(t, p, "pay_2", payment.StatusCanceled)
	if n, err := p.Chargeable("ord_1"); n != 1 || err != nil {
		t.Errorf("%d chargeable intents, %v; want 1", n, err)
	}
	if got, err := p.Taken("ord_1", "EUR"); got.Minor != 2499 || err != nil {
		t.Errorf("taken %v, %v; want 24.99", got, err)
	}
}

func TestOptions(t *testing.T) {
	p := fakepay.New(&fakepay.Options{
		Decide: func(p payment.Payment) fakepay.Outcome {
			if p.Amount.Minor == 666 {
				return fakepay.HardDecline
			}
			return fakepay.Process
		},
		Fault: func(call string, _ payment.Payment) fakepay.Fault {
			if call == "fetch" {
				return fakepay.Down
			}
			return fakepay.None
		},
	})
	bad := owed("pay_1")
	bad.Amount.Minor = 666
	if s, err := p.Start(t.Context(), bad); err != nil || s.Status != payment.StatusFailed {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := p.Start(t.Context(), owed("pay_2")); err != nil || s.Status != payment.StatusProcessing {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := p.Fetch(t.Context(), owed("pay_2")); err == nil {
		t.Error("fetch got through")
	}
	if ok, err := p.Confirm("pay_2", fakepay.Approve); !ok || err != nil {
		t.Errorf("confirm: %v, %v", ok, err)
	}
	status(t, p, "pay_2", payment.StatusCaptured)
	for _, id := range []string{"pay_2", "none"} {
		if ok, err := p.Confirm(id, fakepay.Approve); ok || err != nil {
			t.Errorf("confirm %s: %v, %v", id, ok, err)
		}
	}
}

func TestStop(t *testing.T) {
	p := fakepay.New(nil)
	arrived, open := p.Stop("pay_1")
	answer := make(chan error)
	go func() {
		_, err := p.Start(t.Context(), owed("pay_1"))
		answer <- err
	}()
	<-arrived
	status(t, p, "pay_1", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Start(ctx, owed("pay_1")); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who went away: %v", err)
	}
	open()
	open()
	if err := <-answer; err != nil {
		t.Error(err)
	}
	status(t, p, "pay_1", payment.StatusCaptured)
}

func TestFileOutlivesProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bank.db")
	one, two := openFile(t, path), openFile(t, path) // two processes
	if _, err := one.Start(t.Context(), owed("pay_1")); err != nil {
		t.Fatal(err)
	}
	s, err := two.Cancel(t.Context(), owed("pay_1"))
	if err != nil || s.Status != payment.StatusCaptured {
		t.Errorf("%+v, %v; want captured", s, err)
	}
	if n := count(t, two, "pay_1"); n != 1 {
		t.Errorf("%d intents, want 1", n)
	}
}

func TestAnotherAmountIsRefused(t *testing.T) {
	p := fakepay.New(nil)
	if _, err := p.Start(t.Context(), owed("pay_1")); err != nil {
		t.Fatal(err)
	}
	more := owed("pay_1")
	more.Amount.Minor++
	if _, err := p.Start(t.Context(), more); err == nil {
		t.Error("one key, two amounts: no error")
	}
}

// Processes that find no file make it together.
func TestOpenTogether(t *testing.T) {
	for range 20 {
		path := filepath.Join(t.TempDir(), "bank.db")
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				_, stop, err := fakepay.Open(path, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

// The return URL says what the bank does, to every process.
func TestAsking(t *testing.T) {
	p := fakepay.New(nil)
	of := func(id, ask string) payment.Payment {
		return payment.Payment{ID: id, OrderID: "o", Method: fakepay.Manual, Amount: money.New(1000, "EUR"), ReturnURL: "https://shop.example/back?" + fakepay.Asking + "=" + ask}
	}
	for ask, want := range map[string]payment.Status{"": payment.StatusAuthorized, "decline": payment.StatusOpen, "hard_decline": payment.StatusFailed,
		"process,cancel:down": payment.StatusProcessing, "cancel:down": payment.StatusAuthorized, "nonsense": payment.StatusAuthorized} {
		if s, err := p.Start(t.Context(), of("p-"+ask, ask)); err != nil || s.Status != want {
			t.Errorf("%q: %s, %v; want %s", ask, s.Status, err, want)
		}
	}
	if _, err := p.Cancel(t.Context(), of("p-cancel:down", "cancel:down")); err == nil {
		t.Error("the bank answers, and was asked to be down")
	}
	if _, err := p.Start(t.Context(), of("p-down", "start:down")); err == nil {
		t.Error("the bank answers, and was asked to be down")
	}
}
