package payment_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

func (s *shop) void(id string) payment.Payment {
	s.t.Helper()
	p, err := s.Void(s.t.Context(), payment.IDInput{ID: id})
	if err != nil {
		s.t.Fatalf("void %s: %v", id, err)
	}
	return p
}

func TestVoid(t *testing.T) {
	for _, c := range []struct {
		name   string
		method string
		before func(*shop)
		status payment.Status
		events []string
		lines  []string
		told   bool // the bank knows
	}{
		{"never asked", fakepay.Card, func(*shop) {}, payment.StatusCanceled, []string{"payment.canceled p 2499"}, nil, false},
		{"declined", fakepay.Card, func(s *shop) { s.bank.Set("p", fakepay.Decline); s.ask("p") }, payment.StatusCanceled,
			[]string{"payment.failed p card_declined", "payment.canceled p 2499"}, nil, true},
		{"waits for the shopper", fakepay.Card, func(s *shop) { s.bank.Set("p", fakepay.AskShopper); s.ask("p") }, payment.StatusCanceled,
			[]string{"payment.canceled p 2499"}, nil, true},
		{"lost answer", fakepay.Manual, func(s *shop) {
			s.bank.Fail("p", fakepay.LoseAnswer)
			_, _ = s.Authorize(s.t.Context(), payment.IDInput{ID: "p"})
		}, payment.StatusCanceled, []string{"payment.canceled p 2499"}, nil, true},
		{"never arrived", fakepay.Card, func(s *shop) {
			s.bank.Fail("p", fakepay.Down)
			_, _ = s.Authorize(s.t.Context(), payment.IDInput{ID: "p"})
		}, payment.StatusCanceled, []string{"payment.canceled p 2499"}, nil, true},
		{"authorized", fakepay.Manual, func(s *shop) { s.ask("p") }, payment.StatusCanceled,
			[]string{"payment.authorized p 2499", "payment.canceled p 2499"}, []string{"authorized 24.99", "canceled 24.99"}, true},
		{"failed", fakepay.Card, func(s *shop) { s.bank.Set("p", fakepay.HardDecline); s.ask("p") }, payment.StatusFailed,
			[]string{"payment.failed p card_declined"}, nil, false},
		{"captured", fakepay.Card, func(s *shop) { s.ask("p") }, payment.StatusCaptured, []string{"payment.captured p 2499"}, []string{"captured 24.99"}, false},
		{"captured, and nobody knows", fakepay.Card, func(s *shop) {
			s.bank.Fail("p", fakepay.LoseAnswer)
			_, _ = s.Authorize(s.t.Context(), payment.IDInput{ID: "p"})
		}, payment.StatusCaptured, []string{"payment.captured p 2499"}, []string{"captured 24.99"}, false},
		{"transfer", "bank_transfer", func(*shop) {}, payment.StatusCanceled, []string{"payment.canceled p 2499"}, nil, false},
		{"cash", "cash_on_delivery", func(*shop) {}, payment.StatusCanceled, []string{"payment.canceled p 2499"}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			s.owe("p", c.method)
			c.before(s)
			for range 2 {
				if p := s.void("p"); p.Status != c.status || p.ID != "p" {
					t.Errorf("%+v, want %s", p, c.status)
				}
			}
			s.wantStatus("p", c.status)
			s.wantEvents(c.events...)
			s.wantLedger("p", c.lines...)
			in, _, _ := s.bank.Intent("p")
			if (in.Status == payment.StatusCanceled) != c.told {
				t.Errorf("the bank says %q", in.Status)
			}
			if p := s.ask("p"); p.Status != c.status {
				t.Errorf("authorized afterwards: %s", p.Status)
			}
		})
	}
}

// A payment of nothing can always be called off: no money has to go back.
func TestVoidNothing(t *testing.T) {
	s := open(t)
	if _, err := s.Open(t.Context(), payment.OpenInput{ID: "p", OrderID: "o", Method: fakepay.Card, Amount: eur(0)}); err != nil {
		t.Fatal(err)
	}
	if p := s.void("p"); p.Status != payment.StatusCanceled {
		t.Errorf("%+v", p)
	}
}

func TestVoidUnanswered(t *testing.T) {
	for _, f := range []fakepay.Fault{fakepay.Down, fakepay.LoseAnswer} {
		s := open(t)
		s.owe("p", fakepay.Manual)
		s.ask("p")
		s.bank.Fail("p", f)
		p, err := s.Void(t.Context(), payment.IDInput{ID: "p"})
		wantErr(t, err, payment.ErrUnanswered)
		if p.Status != payment.StatusUnknown {
			t.Errorf("%s: %s, want unknown", f, p.Status)
		}
		if p := s.void("p"); p.Status != payment.StatusCanceled {
			t.Errorf("%s: again: %s", f, p.Status)
		}
		s.wantLedger("p", "authorized 24.99", "canceled 24.99")
	}
}

// A provider that cannot say yet is asked again.
func TestVoidProcessing(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.Process)
	s.ask("p")
	s.bank.after = func(_ string, snap *payment.Snapshot) { snap.Status = payment.StatusProcessing }
	_, err := s.Void(t.Context(), payment.IDInput{ID: "p"})
	wantErr(t, err, payment.ErrUnanswered)
	s.wantStatus("p", payment.StatusProcessing)
	s.bank.after = func(_ string, snap *payment.Snapshot) { snap.Captured = eur(1) }
	_, err = s.Void(t.Context(), payment.IDInput{ID: "p"})
	wantErr(t, err, payment.ErrUnanswered)
	s.wantStatus("p", payment.StatusUnknown)
}

func TestVoidInsideUnit(t *testing.T) {
	s := open(t)
	s.owe("new", fakepay.Card)
	s.owe("asked", fakepay.Manual)
	s.ask("asked")
	inside := func(id string) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			_, err := s.Void(ctx, payment.IDInput{ID: id})
			return err
		})
	}
	if err := inside("new"); err != nil {
		t.Error(err)
	}
	s.wantStatus("new", payment.StatusCanceled)
	wantErr(t, inside("asked"), txn.ErrInside)
	s.wantStatus("asked", payment.StatusAuthorized)
	s.void("asked")
	if err := inside("asked"); err != nil {
		t.Errorf("what is canceled already: %v", err)
	}
}

func TestVoidAfterPartOfTransfer(t *testing.T) {
	s := open(t)
	s.owe("p", "bank_transfer")
	if _, err := s.Capture(t.Context(), payment.CaptureInput{ID: "p", Amount: new(eur(1000))}); err != nil {
		t.Fatal(err)
	}
	if p := s.void("p"); p.Status != payment.StatusCanceled || p.Captured != eur(1000) {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(s.log.String(), "refund it") {
		t.Error("nobody was told of the money")
	}
}

// Authorize and Void at a time, often: either it is settled and Void says so,
// or it is canceled and the bank holds nothing.
func TestAuthorizeAndVoidRace(t *testing.T) {
	for _, method := range []string{fakepay.Card, fakepay.Manual} {
		s := open(t)
		for i := range 100 {
			id := fmt.Sprint("p", i)
			s.owe(id, method)
			raceVoid(t, s.Engine, s.bank.Provider, id)
		}
	}
}

// raceVoid lets one payment be authorized twice and voided at a time.
func raceVoid(t *testing.T, e *payment.Engine, bank *fakepay.Provider, id string) {
	t.Helper()
	var void payment.Payment
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { _, _ = e.Authorize(t.Context(), payment.IDInput{ID: id}) })
	}
	wg.Go(func() {
		var err error
		if void, err = e.Void(t.Context(), payment.IDInput{ID: id}); err != nil {
			t.Errorf("void %s: %v", id, err)
		}
	})
	wg.Wait()
	p, err := e.Payment(t.Context(), payment.IDInput{ID: id})
	in, asked, bankErr := bank.Intent(id)
	if err != nil || bankErr != nil {
		t.Fatal(err, bankErr)
	}
	switch {
	case p.Status == payment.StatusCanceled:
		if void.Status != p.Status || in.Captured.Minor != 0 || asked && in.Status != payment.StatusCanceled {
			t.Errorf("%s is canceled; void said %s, the bank %s with %v", id, void.Status, in.Status, in.Captured)
		}
	case p.Settled():
		if !void.Settled() || in.Status != p.Status {
			t.Errorf("%s is %s; void said %s, the bank %s", id, p.Status, void.Status, in.Status)
		}
	default:
		t.Errorf("%s is %s", id, p.Status)
	}
}
