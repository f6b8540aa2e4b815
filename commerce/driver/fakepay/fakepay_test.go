package fakepay_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/payment/paytest"
)

func TestProvider(t *testing.T) {
	for name, open := range map[string]func(t *testing.T, o *fakepay.Options) *fakepay.Provider{
		"memory": func(_ *testing.T, o *fakepay.Options) *fakepay.Provider { return fakepay.New(o) },
		"file": func(t *testing.T, o *fakepay.Options) *fakepay.Provider {
			return openFile(t, filepath.Join(t.TempDir(), "bank ?#.db"), o)
		},
	} {
		t.Run(name, func(t *testing.T) { paytest.Run(t, func(t *testing.T) paytest.Subject { return subject(t, open) }) })
	}
}

// subject is a bank with a clock that stands, and a shop that takes its notices.
func subject(t *testing.T, open func(*testing.T, *fakepay.Options) *fakepay.Provider) paytest.Subject {
	var now atomic.Int64
	now.Store(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC).UnixNano())
	clock := func() time.Time { return time.Unix(0, now.Load()).UTC() }
	var sent []payment.Notice
	var p *fakepay.Provider
	p = open(t, &fakepay.Options{Now: clock, Deliver: func(header map[string][]string, body []byte) error {
		n, err := p.Receive(t.Context(), header, body)
		sent = append(sent, n)
		return err
	}})
	disputes := map[string]string{}
	return paytest.Subject{Provider: p, AtOnce: fakepay.Card, TwoStep: fakepay.Manual, Multi: fakepay.Multi, Now: clock,
		Advance:    func(_ *testing.T, d time.Duration) { now.Add(int64(d)) },
		Decline:    func(_ *testing.T, id string) { p.Set(id, fakepay.Decline) },
		Approve:    func(_ *testing.T, id string) { p.Set(id, fakepay.Approve) },
		LoseAnswer: func(_ *testing.T, call string) { p.FailOn(call, fakepay.Any, fakepay.LoseAnswer) },
		Intents:    func(t *testing.T, id string) int { return count(t, p, id) },
		CaptureAbroad: func(t *testing.T, id string, amount money.Amount) {
			if ok, err := p.CaptureAbroad(id, amount); !ok || err != nil {
				t.Errorf("capture: %v, %v", ok, err)
			}
		},
		RefundAbroad: func(t *testing.T, id string, amount money.Amount) {
			if back, err := p.RefundAbroad(id, amount); back == "" || err != nil {
				t.Errorf("refund: %q, %v", back, err)
			}
		},
		Dispute: func(t *testing.T, id string, amount money.Amount) {
			var err error
			if disputes[id], err = p.Dispute(id, amount, "fraudulent"); disputes[id] == "" || err != nil {
				t.Errorf("dispute: %v", err)
			}
		},
		CloseDispute: func(t *testing.T, id string, to payment.DisputeStatus) {
			if ok, err := p.CloseDispute(disputes[id], to); !ok || err != nil {
				t.Errorf("close the dispute: %v, %v", ok, err)
			}
		},
		Sent: func(t *testing.T) []payment.Notice {
			if _, err := p.Send(); err != nil {
				t.Error(err)
			}
			return sent
		}}
}

func openFile(t *testing.T, path string, opts *fakepay.Options) *fakepay.Provider {
	t.Helper()
	p, shut, err := fakepay.Open(path, opts)
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
	one, two := openFile(t, path, nil), openFile(t, path, nil) // two processes
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
