package payment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func TestNewPanics(t *testing.T) {
	defer func() {
		if got := recover(); got == nil || !strings.Contains(got.(string), "cash_on_delivery") {
			t.Errorf("two providers of one method: %v, want a panic", got)
		}
	}()
	payment.New(memstore.Payments{DB: memstore.New()}, []payment.Provider{offlinepay.New(), offlinepay.New()}, nil)
}

func TestMethods(t *testing.T) {
	s := open(t)
	out, err := s.Methods(ident.With(t.Context(), ident.Actor{Kind: ident.Guest}), op.Nothing{})
	if err != nil {
		t.Fatal(err)
	}
	want := []payment.MethodInfo{
		{ID: "cash_on_delivery", Confirms: true, Manual: true},
		{ID: "bank_transfer", Manual: true, HoldSeconds: 7 * 24 * 3600},
		{ID: "invoice", Confirms: true, Manual: true},
		{ID: "fake_card", HoldSeconds: 900},
		{ID: "fake_manual", HoldSeconds: 3600}, // as the shop has set it
		{ID: "fake_multi", HoldSeconds: 900},
	}
	if len(out.Items) != len(want) {
		t.Fatalf("%d methods, want %d", len(out.Items), len(want))
	}
	for i, m := range out.Items {
		w := want[i]
		if m.ID != w.ID || m.Confirms != w.Confirms || m.Manual != w.Manual || m.HoldSeconds != w.HoldSeconds || m.Name == "" || m.Kind != payment.KindOffline || m.Minimum == nil {
			t.Errorf("method %d is %+v, want %+v", i, m, w)
		}
	}
	if out.Items[3].Minimum["EUR"] != 50 {
		t.Errorf("minimum %v, want 50", out.Items[3].Minimum)
	}
}

func TestOpen(t *testing.T) {
	for _, c := range []struct {
		method string
		minor  int64
		status payment.Status
		expiry time.Duration
		action string
	}{
		{"cash_on_delivery", 2499, payment.StatusOpen, 0, ""},
		{"invoice", 2499, payment.StatusOpen, 0, ""},
		{"bank_transfer", 2499, payment.StatusOpen, 7 * 24 * time.Hour, `{"iban":"DE02","pay_before":"2026-11-29T08:00:00Z","reference":"ord_1","type":"bank_transfer"}`},
		{"fake_card", 2499, payment.StatusCreating, 15 * time.Minute, ""},
		{"fake_manual", 2499, payment.StatusCreating, time.Hour, ""},
		{"fake_card", 50, payment.StatusCreating, 15 * time.Minute, ""},
		{"fake_card", 0, payment.StatusCaptured, 15 * time.Minute, ""},
		{"bank_transfer", 0, payment.StatusCaptured, 7 * 24 * time.Hour, ""},
	} {
		s := open(t)
		p, err := s.Open(t.Context(), payment.OpenInput{ID: "pay_1", OrderID: "ord_1", Method: c.method, Amount: eur(c.minor), ReturnURL: "https://x.example"})
		if err != nil {
			t.Fatalf("%s %d: %v", c.method, c.minor, err)
		}
		wantAt := time.Time{}
		if c.expiry > 0 {
			wantAt = morning.Add(c.expiry)
		}
		if p.Status != c.status || !p.ExpiresAt.Equal(wantAt) || string(p.NextAction) != c.action {
			t.Errorf("%s %d: %s, expires %v, next %s", c.method, c.minor, p.Status, p.ExpiresAt, p.NextAction)
		}
		if p.Amount != eur(c.minor) || p.Captured != eur(0) || p.Authorized != eur(0) || p.Refunded != eur(0) || p.Version != 1 || p.ReturnURL == "" || p.SendCount != 0 {
			t.Errorf("%s %d: %+v", c.method, c.minor, p)
		}
		if n := s.intents("1"); n != 0 {
			t.Errorf("%s: opening asked the bank", c.method)
		}
		s.wantEvents()
		// Nobody is ever asked for nothing.
		if c.minor == 0 {
			p, err = s.Authorize(t.Context(), payment.IDInput{ID: "pay_1"})
			if err != nil || p.SendCount != 0 || !p.Settled() {
				t.Errorf("authorize nothing: %+v, %v", p, err)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	s := open(t)
	for name, c := range map[string]struct {
		in   payment.OpenInput
		want error
		meta string
	}{
		"no such method":   {payment.OpenInput{ID: "p", OrderID: "o", Method: "gold", Amount: eur(1)}, payment.ErrMethodUnknown, `{"methods":["cash_on_delivery","bank_transfer","invoice","fake_card","fake_manual","fake_multi"]}`},
		"too small":        {payment.OpenInput{ID: "p", OrderID: "o", Method: "fake_card", Amount: eur(49)}, payment.ErrBelowMinimum, `{"minimum":{"amount":50,"currency":"EUR"}}`},
		"less than none":   {payment.OpenInput{ID: "p", OrderID: "o", Method: "fake_card", Amount: eur(-1)}, fault.ErrInvalid, ``},
		"no currency":      {payment.OpenInput{ID: "p", OrderID: "o", Method: "fake_card"}, fault.ErrInvalid, ``},
		"unknown currency": {payment.OpenInput{ID: "p", OrderID: "o", Method: "fake_card", Amount: money.New(1, "QQQ")}, fault.ErrInvalid, ``},
		"out of range":     {payment.OpenInput{ID: "p", OrderID: "o", Method: "fake_card", Amount: eur(money.MaxMinor + 1)}, fault.ErrInvalid, ``},
		"no id":            {payment.OpenInput{OrderID: "o", Method: "fake_card", Amount: eur(1)}, fault.ErrInvalid, ``},
	} {
		_, err := s.Open(t.Context(), c.in)
		if wantErr(t, err, c.want); c.meta != "" {
			wantMeta(t, err, c.meta)
		}
		if t.Failed() {
			t.Fatal(name)
		}
	}
	// A minimum is of its currency.
	if _, err := s.Open(t.Context(), payment.OpenInput{ID: "p", OrderID: "o", Method: "fake_card", Amount: money.New(1, "USD")}); err != nil {
		t.Error(err)
	}
}

func TestOpenAgain(t *testing.T) {
	s := open(t)
	first := s.owe("pay_1", "fake_card")
	s.ask("pay_1")
	again := s.owe("pay_1", "fake_card")
	if again.Status != payment.StatusCaptured || again.CreatedAt != first.CreatedAt {
		t.Errorf("opened again: %+v", again)
	}
	_, err := s.Void(t.Context(), payment.IDInput{ID: "pay_2"})
	wantErr(t, err, payment.ErrNotFound)
	_, err = s.Open(t.Context(), payment.OpenInput{ID: "pay_2", OrderID: "ord_2", Method: "fake_card", Amount: eur(1000)})
	wantErr(t, err, once.ErrUndone)
	_, err = s.Payment(t.Context(), payment.IDInput{ID: "pay_2"})
	wantErr(t, err, payment.ErrNotFound)
}

func TestReads(t *testing.T) {
	s := open(t)
	for _, id := range []string{"1", "2", "3", "4"} {
		s.owe(id, fakepay.Card)
		s.now = s.now.Add(time.Minute)
	}
	s.ask("2")
	s.bank.Fail("3", fakepay.Down)
	_, err := s.Authorize(t.Context(), payment.IDInput{ID: "3"})
	wantErr(t, err, payment.ErrUnanswered)
	out, err := s.Payments(staff(t.Context(), "payments:read"), payment.OrdersInput{OrderIDs: []string{"ord_4", "ord_2", "none"}})
	if err != nil || len(out.Items) != 2 || out.Items[0].ID != "2" {
		t.Errorf("payments of two orders: %+v, %v", out.Items, err)
	}
	un, err := s.Unsettled(t.Context(), payment.UnsettledInput{Before: s.now.Add(-time.Second), Limit: 10})
	if err != nil || len(un.Items) != 2 || un.Items[0].ID != "1" || un.Items[1].ID != "4" {
		t.Errorf("unsettled: %+v, %v", un.Items, err)
	}
	none, err := s.Payments(t.Context(), payment.OrdersInput{OrderIDs: []string{"none"}})
	lines, ledgerErr := s.Ledger(t.Context(), payment.OrdersInput{OrderIDs: []string{"none"}})
	if err != nil || ledgerErr != nil || none.Items == nil || lines.Items == nil {
		t.Errorf("empty lists %v, %v, %v, %v", none.Items, lines.Items, err, ledgerErr)
	}
}
