package payment_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

func (s *shop) capture(in payment.CaptureInput) payment.Payment {
	s.t.Helper()
	p, err := s.Capture(staff(s.t.Context(), "payments:write"), in)
	if err != nil {
		s.t.Fatalf("capture %+v: %v", in, err)
	}
	return p
}

func TestRecordMoney(t *testing.T) {
	for _, method := range []string{"bank_transfer", "cash_on_delivery", "invoice"} {
		s := open(t)
		s.owe("p", method)
		at := morning.Add(-48 * time.Hour)
		p := s.capture(payment.CaptureInput{ID: "p", Key: "1", Amount: new(eur(1000)), Reference: "first ☕", ReceivedAt: &at})
		if p.Status != payment.StatusOpen || p.Captured != eur(1000) {
			t.Errorf("%s: too little: %+v", method, p)
		}
		again := s.capture(payment.CaptureInput{ID: "p", Key: "1", Amount: new(eur(1000)), Reference: "first ☕", ReceivedAt: &at})
		if again.Captured != eur(1000) || again.Version != p.Version {
			t.Errorf("%s: the same key again: %+v", method, again)
		}
		p = s.capture(payment.CaptureInput{ID: "p", Key: "2", Reference: "rest"}) // what is still owed
		if p.Status != payment.StatusCaptured || p.Captured != eur(2499) || p.NextAction != nil {
			t.Errorf("%s: all: %+v", method, p)
		}
		p = s.capture(payment.CaptureInput{ID: "p", Key: "3", Amount: new(eur(1))})
		if p.Status != payment.StatusCaptured || p.Captured != eur(2500) {
			t.Errorf("%s: too much: %+v", method, p)
		}
		s.wantEvents("payment.captured p 1000", "payment.captured p 2499", "payment.captured p 2500")
		s.wantLedger("p", "captured 0.01", "captured 10.00 first ☕", "captured 14.99 rest")
		out, err := s.Ledger(t.Context(), payment.OrdersInput{OrderIDs: []string{"ord_p"}})
		if err != nil || !out.Items[0].At.Equal(at) || out.Items[0].Actor != "staff:key_1" {
			t.Errorf("%s: the first line is %+v, %v", method, out.Items[0], err)
		}
		_, err = s.Capture(t.Context(), payment.CaptureInput{ID: "p", Key: "4"})
		wantErr(t, err, payment.ErrTooMuch) // nothing is owed: a double click
		wantMeta(t, err, `{"authorized":{"amount":0,"currency":"EUR"},"captured":{"amount":2500,"currency":"EUR"}}`)
	}
}

// One key of two payments, and one request key of two people, are two captures.
func TestCaptureKeys(t *testing.T) {
	s := open(t)
	s.owe("a", "bank_transfer")
	s.owe("b", "bank_transfer")
	for _, id := range []string{"a", "b"} {
		if p := s.capture(payment.CaptureInput{ID: id, Key: "k", Amount: new(eur(1))}); p.Captured != eur(1) {
			t.Errorf("%s: %+v", id, p)
		}
	}
	for i, who := range []string{"key_1", "key_2", "key_1"} {
		ctx := ident.With(ident.WithKey(t.Context(), "k"), ident.Actor{Kind: ident.Staff, ID: who, Scopes: []string{"*"}})
		p, err := s.Capture(ctx, payment.CaptureInput{ID: "a", Amount: new(eur(1))})
		if want := eur([]int64{2, 3, 3}[i]); err != nil || p.Captured != want {
			t.Errorf("%s: %v, %v; want %v", who, p.Captured, err, want)
		}
	}
	for i := range 2 { // without any key each is one of its own
		if p := s.capture(payment.CaptureInput{ID: "b", Amount: new(eur(1))}); p.Captured != eur(int64(i)+2) {
			t.Errorf("%+v", p)
		}
	}
}

func TestTakeMoney(t *testing.T) {
	for _, c := range []struct {
		amount *money.Amount
		want   int64
	}{{nil, 2499}, {new(eur(2499)), 2499}, {new(eur(1000)), 1000}} {
		s := open(t)
		s.owe("p", fakepay.Manual)
		s.ask("p")
		for range 2 {
			p := s.capture(payment.CaptureInput{ID: "p", Key: "k", Amount: c.amount})
			if p.Status != payment.StatusCaptured || p.Captured != eur(c.want) || p.Authorized != eur(2499) {
				t.Errorf("%+v", p)
			}
		}
		s.wantLedger("p", "authorized 24.99", "captured "+eur(c.want).Decimal())
		s.wantEvents("payment.authorized p 2499", "payment.captured p "+map[int64]string{2499: "2499", 1000: "1000"}[c.want])
		if got := s.taken("p"); got != c.want {
			t.Errorf("the bank took %d, want %d", got, c.want)
		}
		_, err := s.Capture(t.Context(), payment.CaptureInput{ID: "p", Key: "other"})
		wantErr(t, err, payment.ErrIllegal)
		wantMeta(t, err, `{"from":"captured","to":"captured"}`)
	}
}

func TestCaptureLostAnswer(t *testing.T) {
	for _, f := range []fakepay.Fault{fakepay.Down, fakepay.LoseAnswer} {
		for _, how := range []string{"same key", "other key", "reconciler"} {
			s := open(t)
			s.owe("p", fakepay.Manual)
			s.ask("p")
			s.bank.Fail("p", f)
			_, err := s.Capture(t.Context(), payment.CaptureInput{ID: "p", Key: "same key"})
			wantErr(t, err, payment.ErrUnanswered)
			s.wantStatus("p", payment.StatusUnknown)
			switch how {
			case "reconciler":
				s.ask("p")
			case "other key": // until there is evidence the money is spoken for
				_, err := s.Capture(t.Context(), payment.CaptureInput{ID: "p", Key: how})
				wantErr(t, err, payment.ErrUnanswered)
				s.capture(payment.CaptureInput{ID: "p", Key: "same key"})
			default:
				s.capture(payment.CaptureInput{ID: "p", Key: how})
			}
			s.wantStatus("p", payment.StatusCaptured)
			s.wantLedger("p", "authorized 24.99", "captured 24.99")
		}
	}
}

func TestCaptureRefuses(t *testing.T) {
	s := open(t)
	s.owe("new", fakepay.Manual)
	s.owe("authorized", fakepay.Manual)
	s.ask("authorized")
	s.owe("transfer", "bank_transfer")
	s.owe("canceled", "bank_transfer")
	s.void("canceled")
	for name, c := range map[string]struct {
		in   payment.CaptureInput
		want error
		meta string
	}{
		"no such payment":  {payment.CaptureInput{ID: "none"}, payment.ErrNotFound, ""},
		"not authorized":   {payment.CaptureInput{ID: "new"}, payment.ErrIllegal, `{"from":"creating","to":"captured"}`},
		"canceled":         {payment.CaptureInput{ID: "canceled"}, payment.ErrIllegal, `{"from":"canceled","to":"captured"}`},
		"too much":         {payment.CaptureInput{ID: "authorized", Amount: new(eur(2500))}, payment.ErrTooMuch, `{"authorized":{"amount":2499,"currency":"EUR"},"captured":{"amount":0,"currency":"EUR"}}`},
		"nothing":          {payment.CaptureInput{ID: "transfer", Amount: new(eur(0))}, fault.ErrInvalid, ""},
		"less":             {payment.CaptureInput{ID: "transfer", Amount: new(eur(-1))}, fault.ErrInvalid, ""},
		"no currency":      {payment.CaptureInput{ID: "transfer", Amount: &money.Amount{Minor: 1}}, fault.ErrInvalid, ""},
		"other currency":   {payment.CaptureInput{ID: "transfer", Amount: new(money.New(1, "USD"))}, fault.ErrInvalid, ""},
		"other currency 2": {payment.CaptureInput{ID: "authorized", Amount: new(money.New(1, "USD"))}, fault.ErrInvalid, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Capture(t.Context(), c.in)
			if wantErr(t, err, c.want); c.meta != "" {
				wantMeta(t, err, c.meta)
			}
		})
	}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Capture(ctx, payment.CaptureInput{ID: "authorized"})
		return err
	})
	wantErr(t, err, txn.ErrInside)
	s.bank.after = func(_ string, snap *payment.Snapshot) {
		*snap = payment.Snapshot{Status: payment.StatusAuthorized, Authorized: eur(2499), Failure: &payment.Failure{Message: "no"}}
	}
	_, err = s.Capture(t.Context(), payment.CaptureInput{ID: "authorized"})
	if wantErr(t, err, payment.ErrIllegal); fault.Public(err).Text != "no" {
		t.Errorf("a bank that refuses: %v", err)
	}
	s.wantStatus("authorized", payment.StatusAuthorized)
}

func TestCaptureAtOnce(t *testing.T) {
	s := open(t)
	s.owe("transfer", "bank_transfer")
	s.owe("card", fakepay.Manual)
	s.ask("card")
	var wg sync.WaitGroup
	for _, id := range []string{"transfer", "card"} {
		for range 8 {
			wg.Go(func() {
				if p, err := s.Capture(t.Context(), payment.CaptureInput{ID: id, Key: "k"}); err != nil || p.Captured != eur(2499) {
					t.Errorf("%s: %+v, %v", id, p, err)
				}
			})
		}
	}
	wg.Wait()
	s.wantLedger("transfer", "captured 24.99")
	s.wantLedger("card", "authorized 24.99", "captured 24.99")
	if got := s.taken("card"); got != 2499 {
		t.Errorf("the bank took %d", got)
	}
}

// TestPermissions calls everything as everybody.
func TestPermissions(t *testing.T) {
	s := open(t)
	s.owe("p", "bank_transfer")
	id, orders := payment.IDInput{ID: "p"}, payment.OrdersInput{OrderIDs: []string{"ord_p"}}
	inside := map[string]func(context.Context) error{
		"open": func(ctx context.Context) error {
			_, err := s.Open(ctx, payment.OpenInput{ID: "q", OrderID: "o", Method: "invoice", Amount: eur(1)})
			return err
		},
		"authorize": func(ctx context.Context) error { _, err := s.Authorize(ctx, id); return err },
		"void":      func(ctx context.Context) error { _, err := s.Void(ctx, id); return err },
		"unsettled": func(ctx context.Context) error {
			_, err := s.Unsettled(ctx, payment.UnsettledInput{Before: morning, Limit: 1})
			return err
		},
	}
	scoped := map[string]func(context.Context) error{
		"payments:read":   func(ctx context.Context) error { _, err := s.Payment(ctx, id); return err },
		"payments:read ":  func(ctx context.Context) error { _, err := s.Payments(ctx, orders); return err },
		"payments:read  ": func(ctx context.Context) error { _, err := s.Ledger(ctx, orders); return err },
		"payments:write": func(ctx context.Context) error {
			_, err := s.Capture(ctx, payment.CaptureInput{ID: "p", Amount: new(eur(1))})
			return err
		},
	}
	guest := ident.With(t.Context(), ident.Actor{Kind: ident.Guest})
	customer := ident.With(t.Context(), ident.Actor{Kind: ident.Customer, ID: "cus_1"})
	for name, call := range inside {
		if !errors.Is(call(guest), fault.ErrUnauthenticated) || !errors.Is(call(customer), fault.ErrDenied) || !errors.Is(call(staff(t.Context(), "*")), fault.ErrDenied) {
			t.Errorf("%s is open to others than the shop itself", name)
		}
	}
	for scope, call := range scoped {
		if !errors.Is(call(guest), fault.ErrUnauthenticated) || !errors.Is(call(customer), fault.ErrDenied) || !errors.Is(call(staff(t.Context(), "orders:*")), fault.ErrDenied) {
			t.Errorf("%q is open to those without it", scope)
		}
		for _, ctx := range []context.Context{staff(t.Context(), "payments:*"), ident.As(guest, "checkout"), t.Context()} {
			if err := call(ctx); err != nil {
				t.Errorf("%q: %v", scope, err)
			}
		}
	}
}
