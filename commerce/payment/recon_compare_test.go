package payment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Everything that can happen with everybody listening leaves no break.
func TestCompareAgrees(t *testing.T) {
	s := openBooks(t)
	s.paid("card", fakepay.Card)
	s.owe("manual", fakepay.Manual)
	s.ask("manual")
	s.capture(payment.CaptureInput{ID: "manual", Key: "k", Amount: new(eur(1000))})
	s.owe("multi", fakepay.Multi)
	s.ask("multi")
	s.capture(payment.CaptureInput{ID: "multi", Key: "1", Amount: new(eur(1000))})
	s.pass(time.Hour)
	s.capture(payment.CaptureInput{ID: "multi", Key: "2", Amount: new(eur(1499))})
	s.owe("transfer", "bank_transfer")
	s.capture(payment.CaptureInput{ID: "transfer", Key: "k"})
	for _, in := range []payment.OpenRefundInput{
		{ID: "r1", PaymentID: "card", Amount: eur(1000), Goodwill: eur(300)}, {ID: "r2", PaymentID: "transfer", Amount: eur(1000)},
	} {
		if _, err := s.OpenRefund(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if _, err := s.SendRefund(t.Context(), payment.IDInput{ID: in.ID}); err != nil {
			t.Fatal(err)
		}
	}
	if ok, err := s.bank.SettleRefund("r1", payment.RefundFailed); !ok || err != nil {
		t.Fatal(ok, err)
	}
	id, err := s.bank.Dispute("manual", eur(500), "fraud")
	if err != nil {
		t.Fatal(err)
	}
	s.catchUp()
	s.apply()
	if ok, err := s.bank.CloseDispute(id, payment.DisputeWon); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s.catchUp()
	s.apply()
	for range 4 {
		s.pass(12 * time.Hour)
		out, err := s.Reconcile(t.Context(), payment.ReconcileInput{})
		if err != nil || out.Found+out.Resolved+out.Open != 0 || len(out.Providers) != 1 || out.Payments != 4 {
			t.Errorf("%+v, %v; want no break", out, err)
		}
		if p := out.Providers[0]; p.Movements != 8 || p.Lines != 8 || p.Fees != 0 {
			t.Errorf("%+v; want 8 movements, 8 accounts", p)
		}
		if s.now.Sub(morning) > 25*time.Hour {
			break // then it is out of the time that is compared
		}
	}
	s.wantOpen()
}

// A movement that nobody told of is fetched.
func TestCompareHeals(t *testing.T) {
	s := openBooks(t)
	s.owe("p", fakepay.Manual)
	s.ask("p")
	if ok, err := s.bank.CaptureAbroad("p", eur(2499)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if id, err := s.bank.RefundAbroad("p", eur(100)); id == "" || err != nil {
		t.Fatal(id, err)
	}
	s.pass(2 * time.Hour)
	s.compare()
	s.wantStatus("p", payment.StatusCaptured)
	s.wantSums("p", 100, 0)
	s.wantOpen()
	s.pass(24 * time.Hour)
	s.compare()
	s.wantOpen()
}

func TestMissingHere(t *testing.T) {
	s := openBooks(t)
	s.owe("p", fakepay.Manual)
	s.ask("p")
	if ok, err := s.bank.CaptureAbroad("p", eur(2499)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s.pass(2 * time.Hour)
	want := "missing_here captured " + s.object("p") + ":  / EUR 24.99"
	for range 2 {
		s.bank.FailOn(fakepay.CallFetch, "p", fakepay.Down)
		s.compare()
		s.wantOpen(want)
		if b := s.theBreak(); b.PaymentID != "p" || b.OrderID != "ord_p" || b.Provider != "fake" || !b.LastSeen.Equal(s.now) {
			t.Errorf("%+v", b)
		}
		s.pass(24 * time.Hour)
	}
	// It heals when the bank answers, long after its movement was.
	s.pass(20 * 24 * time.Hour)
	s.compare()
	s.wantOpen()
	s.wantStatus("p", payment.StatusCaptured)
	if got := s.breaks(payment.BreakResolved); len(got) != 1 {
		t.Errorf("resolved %q", got)
	}
	// The line that is new now has its movement weeks ago.
	s.pass(24 * time.Hour)
	s.compare()
	s.wantOpen()
}

// News that came days late is no break.
func TestLateNewsIsNoBreak(t *testing.T) {
	s := openBooks(t)
	s.owe("p", fakepay.Manual)
	s.ask("p")
	if ok, err := s.bank.CaptureAbroad("p", eur(2499)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s.pass(5 * 24 * time.Hour)
	s.send("evt_late", "p")
	s.apply()
	s.wantStatus("p", payment.StatusCaptured)
	s.pass(2 * time.Hour)
	s.compare()
	s.wantOpen()
}

// append adds a line to the ledger that nobody knows of.
func (s *shop) append(id, kind, object string, minor int64) {
	s.t.Helper()
	l := payment.Ledger{ID: "led_" + object, PaymentID: id, OrderID: "ord_" + id, Kind: kind, Object: object, Amount: eur(minor), Actor: "test", At: s.now}
	if ok, err := s.store().Append(s.t.Context(), l); !ok || err != nil {
		s.t.Fatal(ok, err)
	}
}

func TestMissingThere(t *testing.T) {
	s := openBooks(t)
	s.paid("p", fakepay.Card)
	s.append("p", payment.LineDisputed, "ghost", 2499)
	s.append("p", payment.LineDisputeWon, "ghost", 2499) // so that the sums agree
	s.pass(2 * time.Hour)
	s.compare()
	s.wantOpen("missing_there dispute_won ghost: EUR 24.99 / ", "missing_there disputed ghost: EUR 24.99 / ")
}

func TestAmountDiffers(t *testing.T) {
	s := openBooks(t)
	s.paid("p", fakepay.Card)
	object := s.object("p")
	s.append("p", payment.LineCaptured, object+"#2", 1)
	s.pass(2 * time.Hour)
	s.compare()
	s.wantOpen("amount_differs captured "+object+": EUR 25.00 / EUR 24.99",
		"sums_differ p: captured EUR 24.99, refunded EUR 0.00, disputed EUR 0.00 / ledger: captured EUR 25.00, refunded EUR 0.00, disputed EUR 0.00")
}

func TestStranger(t *testing.T) {
	s := openBooks(t)
	if _, err := s.bank.Start(t.Context(), payment.Payment{ID: "other", OrderID: "o", Method: fakepay.Card, Amount: eur(500)}); err != nil {
		t.Fatal(err)
	}
	s.pass(2 * time.Hour)
	for range 3 {
		s.compare()
		s.wantOpen("unknown_payment captured " + s.object("other") + ":  / EUR 5.00")
		s.pass(24 * time.Hour)
	}
}

func TestSumsDiffer(t *testing.T) {
	s := openBooks(t)
	s.paid("p", fakepay.Card)
	p := s.stored("p")
	p.Refunded = eur(1)
	if err := s.store().Save(t.Context(), &p); err != nil {
		t.Fatal(err)
	}
	s.pass(time.Minute)
	s.compare()
	s.wantOpen("sums_differ p: captured EUR 24.99, refunded EUR 0.01, disputed EUR 0.00 / ledger: captured EUR 24.99, refunded EUR 0.00, disputed EUR 0.00")
	p.Refunded = eur(0)
	if err := s.store().Save(t.Context(), &p); err != nil {
		t.Fatal(err)
	}
	s.pass(30 * 24 * time.Hour) // when nothing else would look at it
	s.compare()
	s.wantOpen()
}

func TestStuck(t *testing.T) {
	s := openBooks(t)
	for id, outcome := range map[string]fakepay.Outcome{"slow": fakepay.Process, "lost": fakepay.Approve} {
		s.owe(id, fakepay.Card)
		s.bank.Set(id, outcome)
	}
	s.ask("slow")
	s.bank.FailOn(fakepay.CallStart, "lost", fakepay.Down)
	_, err := s.Authorize(t.Context(), payment.IDInput{ID: "lost"})
	wantErr(t, err, payment.ErrUnanswered)
	s.paid("back", fakepay.Card)
	s.bank.SetOn(fakepay.CallRefund, "back", fakepay.Process)
	if _, err := s.openRefund("r", "back", 100); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SendRefund(t.Context(), payment.IDInput{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	s.pass(23 * time.Hour)
	s.compare()
	s.wantOpen()
	s.pass(2 * time.Hour)
	s.ask("slow") // asking does not make it younger
	s.compare()
	s.wantOpen("stuck lost: unknown since 2026-11-22T08:00:00Z, EUR 24.99 / ", "stuck r: refund pending since 2026-11-22T08:00:00Z, EUR 1.00 / ",
		"stuck slow: processing since 2026-11-22T08:00:00Z, EUR 24.99 / ")
	s.pay("slow", fakepay.Approve)
	s.ask("slow")
	s.ask("lost")
	if ok, err := s.bank.SettleRefund("r", payment.RefundSucceeded); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s.catchUp()
	s.apply()
	s.compare()
	s.wantOpen()
}

// P11: what cannot be of the payment moves nothing, and somebody is told once.
func TestMismatch(t *testing.T) {
	for name, wrong := range map[string]func(s *payment.Snapshot){
		"amount":   func(s *payment.Snapshot) { s.Authorized, s.Captured = eur(900), eur(900) },
		"currency": func(s *payment.Snapshot) { s.Authorized, s.Captured = money.New(2499, "USD"), money.New(2499, "USD") },
		"intent":   func(s *payment.Snapshot) { s.ProviderID = "fpi_other" },
	} {
		t.Run(name, func(t *testing.T) {
			s := openBooks(t)
			s.owe("p", fakepay.Card)
			s.bank.Set("p", fakepay.AskShopper)
			s.ask("p")
			s.pay("p", fakepay.Approve)
			s.bank.after = func(_ string, s *payment.Snapshot) { wrong(s) }
			s.send("evt_1", "p")
			for range 3 {
				s.apply()
				s.pass(time.Hour)
			}
			s.wantStatus("p", payment.StatusUnknown)
			b := s.theBreak()
			if b.Kind != payment.BreakMismatch || b.Object != "p" || b.PaymentID != "p" || b.OrderID != "ord_p" {
				t.Errorf("%+v", b)
			}
			told := s.events("payment.mismatch")
			if len(told) != 1 || told[0].Key != "p" || !strings.Contains(string(told[0].Data), b.ID) {
				t.Errorf("told %+v, want it once", told)
			}
			// A reconciliation does not decide it, and finds the money.
			s.pass(2 * time.Hour)
			s.compare()
			if got := s.breaks(payment.BreakOpen); len(got) != 2 || !strings.HasPrefix(got[0], "mismatch p") || !strings.HasPrefix(got[1], "missing_here captured") {
				t.Errorf("open %q", got)
			}
			s.bank.after = nil
			s.compare()
			s.wantStatus("p", payment.StatusCaptured)
			if got := s.theBreak(); got.Kind != payment.BreakMismatch {
				t.Errorf("%+v; want the mismatch to wait for people", got)
			}
		})
	}
}

func TestFees(t *testing.T) {
	s := openBooks(t)
	s.bank.after = func(_ string, s *payment.Snapshot) { s.Fee, s.FeeObject = money.Amount{}, "" }
	s.paid("p", fakepay.Card)
	s.wantLedger("p", "captured 24.99")
	s.pass(2 * time.Hour)
	for want := range 2 {
		out, err := s.Reconcile(t.Context(), payment.ReconcileInput{Only: payment.OnlyCompare})
		if err != nil || out.Providers[0].Fees != int64(1-want) {
			t.Errorf("%+v, %v; want %d fees", out, err, 1-want)
		}
		s.wantLedger("p", "captured 24.99", "fee 0.97")
	}
}

// A refund that had succeeded and came back before anybody here heard of it has
// only failed here: nothing is missing.
func TestCompareCameBack(t *testing.T) {
	s := openBooks(t)
	s.paid("p", fakepay.Card)
	s.bank.SetOn(fakepay.CallRefund, "p", fakepay.Process)
	if _, err := s.openRefund("r", "p", 100); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SendRefund(t.Context(), payment.IDInput{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	for _, to := range []payment.RefundStatus{payment.RefundSucceeded, payment.RefundFailed} {
		if ok, err := s.bank.SettleRefund("r", to); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	s.catchUp()
	s.apply()
	s.pass(2 * time.Hour)
	s.compare()
	s.wantOpen()
}

// A capture whose answer was lost stands in one line with the next one: all that
// was taken of the payment is there.
func TestCompareLostCapture(t *testing.T) {
	s := openBooks(t)
	s.owe("p", fakepay.Multi)
	s.ask("p")
	s.bank.FailOn(fakepay.CallCapture, "p", fakepay.LoseAnswer)
	_, err := s.Capture(t.Context(), payment.CaptureInput{ID: "p", Key: "1", Amount: new(eur(1000))})
	wantErr(t, err, payment.ErrUnanswered)
	s.capture(payment.CaptureInput{ID: "p", Key: "2", Amount: new(eur(1499))})
	s.pass(2 * time.Hour)
	s.compare()
	s.wantOpen()
}
