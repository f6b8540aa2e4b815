package fakepay_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func back(id string, minor int64) payment.Refund {
	return payment.Refund{ID: id, PaymentID: "pay_1", OrderID: "ord_1", Amount: eur(minor)}
}

// taken returns a payment of 24.99 that is taken.
func taken(t *testing.T, p *fakepay.Provider, returnURL string) payment.Payment {
	t.Helper()
	of := owed("pay_1")
	of.ReturnURL = returnURL
	if s, err := p.Start(t.Context(), of); err != nil || s.Status != payment.StatusCaptured {
		t.Fatalf("%+v, %v", s, err)
	}
	return of
}

// moves are the movements of the bank, in a line.
func moves(t *testing.T, p *fakepay.Provider) string {
	t.Helper()
	var out []string
	for m, err := range p.Movements(t.Context(), time.Time{}, time.Now().AddDate(100, 0, 0)) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(m.Kind, " ", m.Amount.Minor))
	}
	return strings.Join(out, ", ")
}

func TestRefundsThatTakeTime(t *testing.T) {
	const pending, succeeded, failed = payment.RefundPending, payment.RefundSucceeded, payment.RefundFailed
	for name, c := range map[string]struct {
		first  payment.RefundStatus
		url    string
		settle []payment.RefundStatus
		can    []bool
		last   payment.RefundStatus
		moves  string
	}{
		"at once":            {succeeded, "", nil, nil, succeeded, "captured 2499, refunded 1000"},
		"comes back":         {succeeded, "", []payment.RefundStatus{succeeded, failed, succeeded}, []bool{false, true, false}, failed, "captured 2499, refunded 1000, refund_failed 1000"},
		"on its way":         {pending, "process", nil, nil, pending, "captured 2499"},
		"arrives":            {pending, "process", []payment.RefundStatus{pending, succeeded}, []bool{false, true}, succeeded, "captured 2499, refunded 1000"},
		"does not arrive":    {pending, "process", []payment.RefundStatus{failed, succeeded}, []bool{true, false}, failed, "captured 2499"},
		"arrives, and is no": {pending, "process", []payment.RefundStatus{succeeded, failed}, []bool{true, true}, failed, "captured 2499, refunded 1000, refund_failed 1000"},
		"refused":            {failed, "decline", []payment.RefundStatus{succeeded}, []bool{false}, failed, "captured 2499"},
	} {
		t.Run(name, func(t *testing.T) {
			p := fakepay.New(nil)
			of := taken(t, p, "https://shop.example/?fakepay=refund:"+c.url)
			s, err := p.Refund(t.Context(), of, back("ref_1", 1000))
			if err != nil || s.Status != c.first || (s.Failure != nil) != (c.first == failed) {
				t.Fatalf("%+v, %v; want %s", s, err, c.first)
			}
			for i, to := range c.settle {
				id := []string{"ref_1", s.ProviderID}[i%2]
				if ok, err := p.SettleRefund(id, to); ok != c.can[i] || err != nil {
					t.Errorf("to %s: %v, %v", to, ok, err)
				}
			}
			again, err := p.Refund(t.Context(), of, back("ref_1", 1000))
			if err != nil || again.Status != c.last || again.ProviderID != s.ProviderID {
				t.Errorf("again %+v, %v; want %s", again, err, c.last)
			}
			if got := moves(t, p); got != c.moves {
				t.Errorf("%s, want %s", got, c.moves)
			}
			given, err := p.Given("ord_1", "EUR")
			if want := map[bool]int64{true: 0, false: 1000}[c.last == failed]; given.Minor != want || err != nil {
				t.Errorf("given %v, %v; want %d", given, err, want)
			}
		})
	}
	if ok, err := fakepay.New(nil).SettleRefund("ref_none", succeeded); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

// A refusal is kept, and money that came back can be given once more.
func TestRefundAfterRefusal(t *testing.T) {
	p := fakepay.New(nil)
	of := taken(t, p, "")
	status := func(id string, minor int64, want payment.RefundStatus) {
		t.Helper()
		if s, err := p.Refund(t.Context(), of, back(id, minor)); err != nil || s.Status != want {
			t.Errorf("%s: %+v, %v; want %s", id, s, err, want)
		}
	}
	status("a", 2000, payment.RefundSucceeded)
	status("b", 1000, payment.RefundFailed)
	if ok, err := p.SettleRefund("a", payment.RefundFailed); !ok || err != nil {
		t.Error(ok, err)
	}
	status("b", 1000, payment.RefundFailed)
	status("c", 2499, payment.RefundSucceeded)
	p.SetOn(fakepay.CallRefund, fakepay.Any, fakepay.Decline)
	status("d", 1, payment.RefundFailed)
}

func TestDisputes(t *testing.T) {
	p := fakepay.New(nil)
	taken(t, p, "")
	open := func(minor int64) string {
		t.Helper()
		id, err := p.Dispute("pay_1", eur(minor), "fraudulent")
		if err != nil {
			t.Error(err)
		}
		return id
	}
	one, two := open(1500), open(999)
	if one == "" || two == "" || one == two || open(1) != "" || open(0) != "" {
		t.Errorf("disputes %q and %q of 24.99, and one more", one, two)
	}
	for _, c := range []struct {
		id   string
		to   payment.DisputeStatus
		want bool
	}{{one, payment.DisputeOpen, false}, {one, payment.DisputeWon, true}, {one, payment.DisputeLost, false}, {two, payment.DisputeLost, true}, {"none", payment.DisputeWon, false}} {
		if ok, err := p.CloseDispute(c.id, c.to); ok != c.want || err != nil {
			t.Errorf("%s to %s: %v, %v", c.id, c.to, ok, err)
		}
	}
	if got, want := moves(t, p), "captured 2499, disputed 1500, dispute_won 1500, disputed 999"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if id := open(1500); id == "" {
		t.Error("what was won can be disputed again")
	}
	if id, err := p.Dispute("none", eur(1), ""); id != "" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
}

func TestAbroad(t *testing.T) {
	p := fakepay.New(nil)
	of := owed("pay_1")
	of.Method = fakepay.Multi
	if _, err := p.Start(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	if id, err := p.RefundAbroad("pay_1", eur(1)); id != "" || err != nil {
		t.Errorf("a refund of nothing: %q, %v", id, err)
	}
	for _, minor := range []int64{1000, 500} {
		if ok, err := p.CaptureAbroad("pay_1", eur(minor)); !ok || err != nil {
			t.Errorf("capture: %v, %v", ok, err)
		}
	}
	if ok, err := p.CaptureAbroad("pay_1", eur(1000)); ok || err != nil {
		t.Errorf("capture of too much: %v, %v", ok, err)
	}
	first, _ := p.RefundAbroad("pay_1", eur(700))
	second, _ := p.RefundAbroad("pay_1", eur(700))
	if third, _ := p.RefundAbroad("pay_1", eur(700)); first == "" || second == "" || first == second || third != "" {
		t.Errorf("refunds %q, %q and %q of 15.00", first, second, third)
	}
	if got, want := moves(t, p), "captured 1000, captured 500, refunded 700, refunded 700"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if ok, err := p.SettleRefund("", payment.RefundFailed); ok || err != nil {
		t.Error("a refund without an id is found")
	}
}

func TestDeclinedCapture(t *testing.T) {
	p := fakepay.New(&fakepay.Options{DecideOn: func(call string, _ payment.Payment) fakepay.Outcome {
		if call == fakepay.CallCapture {
			return fakepay.HardDecline
		}
		return fakepay.Approve
	}})
	of := owed("pay_1")
	of.Method = fakepay.Manual
	if _, err := p.Start(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	if s, err := p.Capture(t.Context(), of, of.Amount, "k"); err != nil || s.Failure == nil || s.Captured.Minor != 0 || s.Status != payment.StatusAuthorized {
		t.Errorf("%+v, %v", s, err)
	}
	p.SetOn(fakepay.CallCapture, "pay_1", fakepay.Approve)
	if s, err := p.Capture(t.Context(), of, of.Amount, "k"); err != nil || s.Failure != nil || s.Fee.Minor != 2499*29/1000+25 || s.FeeObject == "" || s.Display == nil {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := p.Capture(t.Context(), of, of.Amount, "other"); err != nil || s.Failure == nil || s.Captured != of.Amount {
		t.Errorf("a second capture: %+v, %v", s, err)
	}
}

// What lapses does so by the clock, whoever looks first.
func TestLapse(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	p := fakepay.New(&fakepay.Options{Now: func() time.Time { return now }})
	for i, id := range []string{"none", "part"} {
		of := owed(id)
		of.Method = fakepay.Multi
		if s, err := p.Start(t.Context(), of); err != nil || !s.CaptureBefore.Equal(now.Add(fakepay.Lapse)) {
			t.Fatalf("%+v, %v", s, err)
		}
		if i == 1 {
			if _, err := p.Capture(t.Context(), of, eur(1000), "k"); err != nil {
				t.Fatal(err)
			}
		}
	}
	now = now.Add(fakepay.Lapse - time.Microsecond)
	status(t, p, "none", payment.StatusAuthorized)
	now = now.Add(time.Microsecond)
	news := func() (n int) {
		all, err := p.Events(now)
		if err != nil {
			t.Error(err)
		}
		return len(all)
	}
	if n := news(); n != 2 {
		t.Errorf("%d events of two that lapsed", n)
	}
	status(t, p, "none", payment.StatusCanceled)
	status(t, p, "part", payment.StatusCaptured)
	if n := news(); n != 2 {
		t.Errorf("%d events, it lapses once", n)
	}
}

// The file keeps all of it for every process.
func TestFileKeepsBooks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bank.db")
	var sent []string
	one := openFile(t, path, nil)
	two := openFile(t, path, &fakepay.Options{Deliver: func(_ map[string][]string, body []byte) error {
		sent = append(sent, string(body))
		return nil
	}})
	of := taken(t, one, "https://shop.example/?fakepay=refund:process")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			p := []*fakepay.Provider{one, two}[i%2]
			if _, err := p.Refund(t.Context(), of, back(fmt.Sprint("ref_", i/2), 1000)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, err := one.Dispute("pay_1", eur(100), "lost"); err != nil {
		t.Error(err)
	}
	a, _, err := one.Intent("pay_1")
	b, _, err2 := two.Intent("pay_1")
	if err != nil || err2 != nil || len(b.Refunds) != 4 || len(b.Disputes) != 1 || len(b.Captures) != 1 || !slices.Equal(a.Refunds[:1], b.Refunds[:1]) {
		t.Errorf("%+v, %v, %v", b, err, err2)
	}
	if ok, err := two.SettleRefund(b.Refunds[0].ID, payment.RefundSucceeded); !ok || err != nil {
		t.Error(ok, err)
	}
	if got, want := moves(t, one), "captured 2499, refunded 1000, disputed 100"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	events, err := one.Events(time.Time{})
	if n, sendErr := two.Send(); err != nil || sendErr != nil || n != len(events) || len(sent) != n || n != 2+4+1+1 {
		t.Errorf("%d events, %d sent, %v, %v", len(events), n, err, sendErr)
	}
	three := openFile(t, path, &fakepay.Options{Deliver: func(map[string][]string, []byte) error { t.Error("it is sent twice"); return nil }})
	if n, err := three.Send(); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
