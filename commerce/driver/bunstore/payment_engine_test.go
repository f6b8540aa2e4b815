package bunstore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func owe(t *testing.T, e *payment.Engine, id, method string) {
	t.Helper()
	_, err := e.Open(t.Context(), payment.OpenInput{ID: id, OrderID: "ord_" + id, Method: method, Amount: money.New(2499, "EUR")})
	if err != nil {
		t.Fatalf("open %s: %v", id, err)
	}
}

// Authorize and Void at a time, where units really overlap: either it is
// settled and Void says so, or it is canceled and the bank holds nothing.
func TestPaymentsAtOnce(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		bank := fakepay.New(nil)
		e := payment.New(bunstore.Payments{DB: open(t)}, []payment.Provider{bank}, nil)
		for i := range 100 {
			id := fmt.Sprint("p", i)
			owe(t, e, id, []string{fakepay.Card, fakepay.Manual}[i%2])
			raceVoid(t, e, bank, id)
		}
	})
}

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
	canceled := p.Status == payment.StatusCanceled && void.Status == p.Status && in.Captured.Minor == 0 && (!asked || in.Status == p.Status)
	settled := p.Settled() && void.Settled() && in.Status == p.Status
	if !canceled && !settled {
		t.Errorf("%s is %s; void said %s, the bank %s with %v", id, p.Status, void.Status, in.Status, in.Captured)
	}
}

// Sixteen who open and pay one payment make one intent and one line; eight who
// record one transfer record it once.
func TestOnePaymentManyCallers(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		bank := fakepay.New(nil)
		e := payment.New(bunstore.Payments{DB: open(t)}, []payment.Provider{bank, offlinepay.New()}, nil)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if _, err := e.Open(t.Context(), payment.OpenInput{ID: "card", OrderID: "ord_1", Method: fakepay.Card, Amount: money.New(2499, "EUR")}); err != nil {
					t.Error(err)
				}
				if p, err := e.Authorize(t.Context(), payment.IDInput{ID: "card"}); err != nil || !p.Settled() {
					t.Errorf("%+v, %v", p, err)
				}
			})
		}
		owe(t, e, "transfer", offlinepay.BankTransfer)
		for range 8 {
			wg.Go(func() {
				if p, err := e.Capture(t.Context(), payment.CaptureInput{ID: "transfer", Key: "k"}); err != nil || p.Captured.Minor != 2499 {
					t.Errorf("%+v, %v", p, err)
				}
			})
		}
		wg.Wait()
		out, err := e.Ledger(t.Context(), payment.OrdersInput{OrderIDs: []string{"ord_1", "ord_transfer"}})
		n, bankErr := bank.Chargeable("ord_1")
		if err != nil || bankErr != nil || len(out.Items) != 2 || n != 1 {
			t.Errorf("%d lines, %d intents, %v, %v; want 2, 1", len(out.Items), n, err, bankErr)
		}
	})
}
