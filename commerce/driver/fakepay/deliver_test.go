package fakepay_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func TestDeliveries(t *testing.T) {
	const both = "intent_created intent_updated"
	for how, c := range map[fakepay.Delivery]struct{ early, first, second string }{
		fakepay.InTurn: {"", both, ""},
		fakepay.Before: {"intent_updated", "intent_created", ""},
		fakepay.Twice:  {"", both + " intent_updated", ""},
		fakepay.Last:   {"", "intent_created refund_updated intent_updated", ""},
		fakepay.Never:  {"", "intent_created", ""},
		fakepay.Forged: {"", "intent_created bad", "intent_updated"},
	} {
		t.Run(string(how), func(t *testing.T) {
			var got []string
			var p *fakepay.Provider
			p = fakepay.New(&fakepay.Options{
				Deliver: func(header map[string][]string, body []byte) error {
					n, err := p.Receive(t.Context(), header, body)
					if err != nil {
						n.Type = "bad"
					}
					got = append(got, n.Type)
					return err
				},
				Delivery: func(e fakepay.Event) fakepay.Delivery {
					if e.Type == "intent_updated" {
						return how
					}
					return fakepay.InTurn
				}})
			of := taken(t, p, "")
			if how == fakepay.Last {
				if _, err := p.Refund(t.Context(), of, back("ref_1", 1)); err != nil {
					t.Fatal(err)
				}
			}
			heard := func(when, want string) {
				t.Helper()
				if strings.Join(got, " ") != want {
					t.Errorf("%s: %q, want %q", when, got, want)
				}
				got = nil
			}
			heard("with the answer", c.early)
			_, err := p.Send()
			if heard("then", c.first); (err != nil) != (how == fakepay.Forged) {
				t.Error(err)
			}
			_, err = p.Send()
			if heard("at last", c.second); err != nil {
				t.Error(err)
			}
			// Its books tell of it in any case, with the same ids.
			n := 0
			for _, err := range p.Notices(t.Context(), time.Time{}) {
				if n++; err != nil {
					t.Error(err)
				}
			}
			if want := map[bool]int{true: 3, false: 2}[how == fakepay.Last]; n != want {
				t.Errorf("%d notices in the books, want %d", n, want)
			}
		})
	}
}

func TestDeliveryByReturnURL(t *testing.T) {
	sent := 0
	p := fakepay.New(&fakepay.Options{Deliver: func(map[string][]string, []byte) error { sent++; return nil }})
	taken(t, p, "https://shop.example/?fakepay=notice:never")
	if n, err := p.Send(); n != 0 || sent != 0 || err != nil {
		t.Errorf("%d sent, %v", n, err)
	}
	if n, err := fakepay.New(nil).Send(); n != 0 || err != nil {
		t.Errorf("nobody takes them: %d, %v", n, err)
	}
}

// What is not taken comes again, also after the process has been killed.
func TestRefusedNoticesComeAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bank.db")
	no := errors.New("no")
	var seen [][]byte
	first := openFile(t, path, &fakepay.Options{Deliver: func(_ map[string][]string, body []byte) error { seen = append(seen, body); return no }})
	taken(t, first, "")
	if n, err := first.Send(); n != 0 || !errors.Is(err, no) || len(seen) != 2 {
		t.Errorf("%d taken of %d, %v", n, len(seen), err)
	}
	tried := seen
	seen = nil
	second := openFile(t, path, &fakepay.Options{Deliver: func(_ map[string][]string, body []byte) error { seen = append(seen, body); return nil }})
	if n, err := second.Send(); n != 2 || err != nil || len(seen) != 2 || !bytes.Equal(seen[0], tried[0]) {
		t.Errorf("%d taken, %v: %s, first %s", n, err, seen, tried)
	}
}

func TestPost(t *testing.T) {
	status := http.StatusServiceUnavailable
	took := make(chan string, 10)
	var p *fakepay.Provider
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n, err := p.Receive(r.Context(), map[string][]string{"fakepay-signature": r.Header["Fakepay-Signature"]}, body)
		if err != nil || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%v, %v", err, r.Header)
		}
		if w.WriteHeader(status); status == http.StatusNoContent {
			took <- n.Type
		}
	}))
	defer srv.Close()
	p = fakepay.New(&fakepay.Options{Deliver: fakepay.Post(srv.URL)})
	taken(t, p, "")
	if n, err := p.Send(); n != 0 || err == nil {
		t.Errorf("%d taken, %v", n, err)
	}
	status = http.StatusNoContent
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx, time.Millisecond) }()
	for _, want := range []string{"intent_created", "intent_updated"} {
		if got := <-took; got != want {
			t.Errorf("it has posted %s, want %s", got, want)
		}
	}
	cancel()
	<-done
	if n, err := p.Send(); n != 0 || err != nil {
		t.Errorf("%d are left, %v", n, err)
	}
	for _, url := range []string{"http://127.0.0.1:1/x", "://"} {
		if err := fakepay.Post(url)(nil, nil); err == nil {
			t.Errorf("posted to %s", url)
		}
	}
}

func TestBooksCanBeDown(t *testing.T) {
	p := fakepay.New(&fakepay.Options{Fault: func(call string, _ payment.Payment) fakepay.Fault {
		return map[string]fakepay.Fault{fakepay.CallNotices: fakepay.Down, fakepay.CallMovements: fakepay.LoseAnswer}[call]
	}})
	taken(t, p, "")
	for _, err := range p.Notices(t.Context(), time.Time{}) {
		if err == nil {
			t.Error("the bank is down, and tells notices")
		}
	}
	for _, err := range p.Movements(t.Context(), time.Time{}, time.Now()) {
		if err == nil {
			t.Error("the bank is down, and tells movements")
		}
	}
}

// Faults of one kind of call come before those of any.
func TestFailOn(t *testing.T) {
	p := fakepay.New(nil)
	of := owed("pay_1")
	p.FailOn(fakepay.CallRefund, "pay_1", fakepay.LoseAnswer)
	if _, err := p.Start(t.Context(), of); err != nil {
		t.Error(err)
	}
	for range 2 {
		s, err := p.Refund(t.Context(), of, back("ref_1", 1000))
		if first := s.ProviderID == ""; first != (err != nil) {
			t.Errorf("%+v, %v", s, err)
		}
	}
	if in, _, _ := p.Intent("pay_1"); len(in.Refunds) != 1 {
		t.Errorf("refunds %+v", in.Refunds)
	}
	p.Fail("pay_1", fakepay.Late)
	if _, err := p.Refund(t.Context(), of, back("ref_2", 1000)); err == nil {
		t.Error("it is late, and has an answer")
	}
	again, err := p.Refund(t.Context(), of, back("ref_2", 1000))
	if n := p.Flush(); n != 1 || err != nil {
		t.Errorf("%d were late, %v", n, err)
	}
	if in, _, _ := p.Intent("pay_1"); len(in.Refunds) != 2 || in.Refunds[1].ID != again.ProviderID {
		t.Errorf("refunds %+v", in.Refunds)
	}
}
