package payment_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// paid is a payment of 24.99 that has been taken.
func (s *shop) paid(id, method string) payment.Payment {
	s.t.Helper()
	s.owe(id, method)
	if method == fakepay.Card {
		return s.ask(id)
	}
	return s.capture(payment.CaptureInput{ID: id, Key: "all"})
}

func (s *shop) openRefund(id, of string, minor int64) (payment.Refund, error) {
	return s.OpenRefund(s.t.Context(), payment.OpenRefundInput{ID: id, PaymentID: of, Amount: eur(minor), Reason: "damaged"})
}

// wantSums compares what has gone back and what is on its way.
func (s *shop) wantSums(id string, refunded, refunding int64) {
	s.t.Helper()
	if p := s.stored(id); p.Refunded != eur(refunded) || p.Refunding != eur(refunding) {
		s.t.Errorf("%s: %v refunded and %v on its way, want %d and %d", id, p.Refunded, p.Refunding, refunded, refunding)
	}
}

func TestRefund(t *testing.T) {
	s := open(t)
	s.paid("p", fakepay.Card)
	r, err := s.openRefund("r", "p", 1000)
	if err != nil || r.Status != payment.RefundPending || r.Amount != eur(1000) || r.OrderID != "ord_p" || r.SendCount != 0 {
		t.Fatalf("open: %+v, %v", r, err)
	}
	s.wantSums("p", 0, 1000)
	for range 2 {
		if r, err = s.SendRefund(t.Context(), payment.IDInput{ID: "r"}); err != nil || r.Status != payment.RefundSucceeded || r.ProviderID == "" {
			t.Fatalf("send: %+v, %v", r, err)
		}
	}
	if again, err := s.openRefund("r", "p", 1000); err != nil || again.Status != payment.RefundSucceeded {
		t.Errorf("open again: %+v, %v", again, err)
	}
	s.wantSums("p", 1000, 0)
	s.wantLedger("p", "captured 24.99", "refunded 10.00 r")
	if got := s.backAtBank("p"); got != 1000 {
		t.Errorf("the bank has sent %d back", got)
	}
}

// backAtBank returns what the bank has sent back of a payment.
func (s *shop) backAtBank(id string) (sum int64) {
	s.t.Helper()
	in, _, err := s.bank.Intent(id)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range in.Refunds {
		if r.Status != payment.RefundFailed {
			sum += r.Amount.Minor
		}
	}
	return sum
}

func TestRefundRefusals(t *testing.T) {
	s := open(t)
	s.paid("p", fakepay.Card)
	s.owe("unpaid", fakepay.Card)
	for _, tc := range []struct {
		name string
		in   payment.OpenRefundInput
		want error
	}{
		{"no such payment", payment.OpenRefundInput{ID: "a", PaymentID: "nobody", Amount: eur(1)}, payment.ErrNotFound},
		{"not captured", payment.OpenRefundInput{ID: "a", PaymentID: "unpaid", Amount: eur(1)}, payment.ErrNotRefundable},
		{"a cent too much", payment.OpenRefundInput{ID: "a", PaymentID: "p", Amount: eur(2500)}, payment.ErrNotRefundable},
	} {
		if _, err := s.OpenRefund(t.Context(), tc.in); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
	for _, in := range []payment.OpenRefundInput{
		{ID: "a", PaymentID: "p", Amount: eur(0)}, {ID: "a", PaymentID: "p", Amount: eur(-1)},
		{ID: "a", PaymentID: "p", Amount: money.New(1, "USD")}, {ID: "a", PaymentID: "p", Amount: eur(1), Goodwill: eur(2)},
	} {
		if _, err := s.OpenRefund(t.Context(), in); err == nil {
			t.Errorf("%+v is taken", in)
		}
	}
	s.wantSums("p", 0, 0)
	_, err := s.SendRefund(t.Context(), payment.IDInput{ID: "nobody"})
	wantErr(t, err, payment.ErrRefundNotFound)
	if _, err := s.openRefund("r", "p", 1); err != nil {
		t.Fatal(err)
	}
	err = s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.SendRefund(ctx, payment.IDInput{ID: "r"})
		return err
	})
	wantErr(t, err, txn.ErrInside)
}

// A lost answer is not a failure: the same refund is asked for again.
func TestRefundUnanswered(t *testing.T) {
	for _, fault := range []fakepay.Fault{fakepay.Down, fakepay.LoseAnswer, fakepay.Late} {
		s := open(t)
		s.paid("p", fakepay.Card)
		if _, err := s.openRefund("r", "p", 2499); err != nil {
			t.Fatal(err)
		}
		s.bank.Fail("p", fault)
		r, err := s.SendRefund(t.Context(), payment.IDInput{ID: "r"})
		wantErr(t, err, payment.ErrUnanswered)
		if r.Status != payment.RefundPending || r.SendCount != 1 {
			t.Errorf("%s: %+v", fault, r)
		}
		s.wantSums("p", 0, 2499)
		if _, err := s.openRefund("other", "p", 1); !errors.Is(err, payment.ErrNotRefundable) {
			t.Errorf("%s: another refund meanwhile: %v", fault, err)
		}
		s.now = s.now.Add(2 * time.Hour)
		if err := s.SendRefunds(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.bank.Flush()
		s.wantSums("p", 2499, 0)
		if got := s.backAtBank("p"); got != 2499 {
			t.Errorf("%s: the bank has sent %d back", fault, got)
		}
	}
}

func TestVoidRefund(t *testing.T) {
	s := open(t)
	s.paid("p", fakepay.Card)
	void := func(id string) error {
		_, err := s.VoidRefund(t.Context(), payment.VoidRefundInput{ID: id, PaymentID: "p"})
		return err
	}
	if err := void("never"); err != nil {
		t.Fatal(err)
	}
	_, err := s.openRefund("never", "p", 1)
	wantErr(t, err, once.ErrUndone)
	if _, err := s.openRefund("r", "p", 2499); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := void("r"); err != nil {
			t.Fatal(err)
		}
	}
	s.wantSums("p", 0, 0)
	if r, err := s.SendRefund(t.Context(), payment.IDInput{ID: "r"}); err != nil || r.Status != payment.RefundFailed {
		t.Errorf("send after void: %+v, %v", r, err)
	}
	if _, err := s.openRefund("sent", "p", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SendRefund(t.Context(), payment.IDInput{ID: "sent"}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, void("sent"), payment.ErrIllegalRefund)
	s.wantSums("p", 1, 0)
}

// Two refunds that are each possible and together too much: one wins, at every
// instant.
func TestRefundsRace(t *testing.T) {
	for range 20 {
		s := open(t)
		s.paid("p", fakepay.Card)
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if _, err := s.openRefund(fmt.Sprint("r", i), "p", 1300); err == nil {
					won.Add(1)
				} else if !errors.Is(err, payment.ErrNotRefundable) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d refunds of 13.00 on 24.99", won.Load())
		}
		s.wantSums("p", 0, 1300)
	}
}

// Money that came by hand goes back by hand.
func TestRefundByHand(t *testing.T) {
	s := open(t)
	s.paid("p", "bank_transfer")
	r, err := s.OpenRefund(t.Context(), payment.OpenRefundInput{ID: "r", PaymentID: "p", Amount: eur(1500), Goodwill: eur(500)})
	if err != nil || r.Status != payment.RefundSucceeded {
		t.Errorf("%+v, %v", r, err)
	}
	s.wantSums("p", 1500, 0)
	s.wantLedger("p", "captured 24.99", "goodwill 5.00 r", "refunded 10.00 r")
}
