package payment_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// hear has the bank say that something has become of a payment.
func (s *shop) hear(event, id string) {
	s.t.Helper()
	s.send(event, id)
	s.apply()
}

// A refund that somebody makes at the bank appears here, once.
func TestRefundAbroad(t *testing.T) {
	s := open(t)
	s.paid("p", fakepay.Card)
	if _, err := s.bank.RefundAbroad("p", eur(900)); err != nil {
		t.Fatal(err)
	}
	s.hear("1", "p")
	s.hear("2", "p")
	s.wantSums("p", 900, 0)
	all, err := s.Refunds(t.Context(), payment.OrdersInput{OrderIDs: []string{"ord_p"}})
	if err != nil || len(all.Items) != 1 || !all.Items[0].Abroad || all.Items[0].Status != payment.RefundSucceeded || all.Items[0].Amount != eur(900) {
		t.Fatalf("%+v, %v", all.Items, err)
	}
	s.wantLedger("p", "captured 24.99", "refunded 9.00 "+all.Items[0].ID)
	if _, err := s.openRefund("r", "p", 1600); !errors.Is(err, payment.ErrNotRefundable) {
		t.Errorf("a cent more than is left: %v", err)
	}
}

// A refund that fails after it had succeeded can be made again.
func TestRefundFailsLater(t *testing.T) {
	s := open(t)
	s.paid("p", fakepay.Card)
	if _, err := s.openRefund("r", "p", 2499); err != nil {
		t.Fatal(err)
	}
	r, err := s.SendRefund(t.Context(), payment.IDInput{ID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	if done, err := s.bank.SettleRefund(r.ProviderID, payment.RefundFailed); err != nil || !done {
		t.Fatal(done, err)
	}
	s.hear("1", "p")
	s.wantSums("p", 0, 0)
	s.wantLedger("p", "captured 24.99", "refund_failed 24.99 r", "refunded 24.99 r")
	s.wantEvents("payment.captured p 2499", "payment.refunded p 2499", "payment.refund_failed p expired_or_canceled_card")
	if _, err := s.openRefund("again", "p", 2499); err != nil {
		t.Error(err)
	}
}

func TestDisputes(t *testing.T) {
	for _, end := range []payment.DisputeStatus{payment.DisputeWon, payment.DisputeLost} {
		s := open(t)
		s.paid("p", fakepay.Card)
		id, err := s.bank.Dispute("p", eur(2499), "fraudulent")
		if err != nil {
			t.Fatal(err)
		}
		s.hear("1", "p")
		if p := s.stored("p"); p.Disputed != eur(2499) || p.Status != payment.StatusCaptured {
			t.Errorf("%+v", p)
		}
		if _, err := s.openRefund("r", "p", 1); !errors.Is(err, payment.ErrDisputed) {
			t.Errorf("a refund while it is open: %v", err)
		}
		in := payment.OpenRefundInput{ID: "forced", PaymentID: "p", Amount: eur(1), Force: true}
		if _, err := s.OpenRefund(t.Context(), in); err != nil {
			t.Errorf("forced: %v", err)
		}
		if done, err := s.bank.CloseDispute(id, end); err != nil || !done {
			t.Fatal(done, err)
		}
		s.hear("2", "p")
		s.hear("3", "p")
		want := []string{"captured 24.99", "dispute_won 24.99", "disputed 24.99 fraudulent"}
		disputed := eur(0)
		if end == payment.DisputeLost {
			want, disputed = slices.Delete(want, 1, 2), eur(2499)
		}
		if s.wantLedger("p", want...); s.stored("p").Disputed != disputed {
			t.Errorf("%s: %v disputed, want %v", end, s.stored("p").Disputed, disputed)
		}
	}
}

// Money is taken in parts; what was asked for under a key never changes.
func TestTakeInParts(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Multi)
	s.ask("p")
	if p := s.capture(payment.CaptureInput{ID: "p", Key: "1", Amount: new(eur(1000))}); p.Status != payment.StatusAuthorized || p.Captured != eur(1000) {
		t.Fatalf("%+v", p)
	}
	s.bank.Fail("p", fakepay.LoseAnswer)
	_, err := s.Capture(t.Context(), payment.CaptureInput{ID: "p", Key: "2", Amount: new(eur(500))})
	wantErr(t, err, payment.ErrUnanswered)
	_, err = s.Capture(t.Context(), payment.CaptureInput{ID: "p", Key: "3", Amount: new(eur(1000))})
	wantErr(t, err, payment.ErrUnanswered)
	s.ask("p") // the reconciler
	if p := s.stored("p"); p.Status != payment.StatusAuthorized || p.Captured != eur(1500) {
		t.Fatalf("%+v", p)
	}
	if p := s.capture(payment.CaptureInput{ID: "p", Key: "4"}); p.Status != payment.StatusCaptured || p.Captured != eur(2499) {
		t.Fatalf("%+v", p)
	}
	if p := s.capture(payment.CaptureInput{ID: "p", Key: "4"}); p.Captured != eur(2499) {
		t.Fatalf("again: %+v", p)
	}
	s.wantLedger("p", "authorized 24.99", "captured 10.00", "captured 5.00", "captured 9.99")
	if got := s.taken("p"); got != 2499 {
		t.Errorf("the bank has taken %d", got)
	}
}

// A capture that somebody makes at the bank appears here.
func TestCaptureAbroad(t *testing.T) {
	s := open(t)
	s.owe("p", fakepay.Manual)
	s.ask("p")
	if done, err := s.bank.CaptureAbroad("p", eur(2499)); err != nil || !done {
		t.Fatal(done, err)
	}
	s.hear("1", "p")
	s.wantStatus("p", payment.StatusCaptured)
	s.wantLedger("p", "authorized 24.99", "captured 24.99")
}
