package embed_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// U01, U02, U04, U08: a request for money, or its answer, is lost, or done later;
// whoever asks again, and when: one intent, one order, and the truth in the end.
func TestAnswerOfStartIsLost(t *testing.T) { each(t, answerOfStartIsLost) }

func answerOfStartIsLost(t *testing.T, w *world) {
	click := func(w *world, o order.Order) {
		w.Helper()
		c := w.stored(o.CartID)
		if p, err := w.far.Checkout.Refresh(context.Background(), checkout.RefreshInput{ID: o.ID}); err != nil || p.CartID != c.ID {
			w.Errorf("the shopper's page: %v", err)
		}
	}
	flush := func(w *world, o order.Order) {
		w.Helper()
		w.bank.Flush()
		w.notice(w.serve(), "evt_late_"+o.ID, o.ID)                      // of nothing that is known
		w.notice(w.serve(), "evt_"+o.ID, "pay_"+o.ID[len("ord_"):]+".1") // of the object that appears later
		w.apply()
	}
	for name, c := range map[string]struct {
		faults []fakepay.Fault
		then   []func(*world, order.Order)
	}{
		"answer lost, shopper":     {[]fakepay.Fault{fakepay.LoseAnswer}, []func(*world, order.Order){click}},
		"answer lost twice":        {[]fakepay.Fault{fakepay.LoseAnswer, fakepay.LoseAnswer}, []func(*world, order.Order){click, click}},
		"request lost, shopper":    {[]fakepay.Fault{fakepay.Down}, []func(*world, order.Order){click}},
		"request lost, reconciler": {[]fakepay.Fault{fakepay.Down}, nil},
		"done later, by notice":    {[]fakepay.Fault{fakepay.Late}, []func(*world, order.Order){flush}},
		"done later, after a try":  {[]fakepay.Fault{fakepay.Late}, []func(*world, order.Order){click, flush}},
		"old":                      {[]fakepay.Fault{fakepay.LoseAnswer}, []func(*world, order.Order){func(w *world, _ order.Order) { w.clock.Advance(25 * time.Hour) }}},
	} {
		t.Run(name, func(t *testing.T) {
			c, mug := c, w.Variant("Mug", 1000, 5)
			w.bank.Fail(fakepay.Any, c.faults...)
			cart := w.Cart(one(mug))
			p, err := w.complete(cart, card, "click")
			if err != nil || !p.Pending() {
				t.Fatalf("%v, pending %v", err, p.Pending())
			}
			for _, do := range c.then {
				do(w, p.Order)
			}
			w.rest()
			if err := w.shop.RunJob(t.Context(), "checkout.expire"); err != nil {
				t.Error(err)
			}
			o := w.order(p.ID)
			if o.Status != order.StatusConfirmed || o.PaymentStatus != order.PayPaid || len(o.Payments) != 1 {
				t.Errorf("the order is %s and %s, with %d payments", o.Status, o.PaymentStatus, len(o.Payments))
			}
			if again, err := w.complete(cart, card, "another-click"); err != nil || again.ID != o.ID {
				t.Errorf("the cart answers with %s, %v", again.ID, err)
			}
			if in := w.intent(o); in.Attempts != 1 || len(in.Captures) != 1 {
				t.Errorf("%d attempts, %d captures, want one", in.Attempts, len(in.Captures))
			}
			w.same(t, o, 1000, 0)
		})
	}
}

// U07: nobody knows whether a refund was made: it is pending, staff who click
// again do not make another, and it is one in the end.
func TestAnswerOfRefundIsLost(t *testing.T) { each(t, answerOfRefundIsLost) }

func answerOfRefundIsLost(t *testing.T, w *world) {
	for name, faults := range map[string][]fakepay.Fault{
		"answer lost":       {fakepay.LoseAnswer},
		"request lost":      {fakepay.Down, fakepay.Down, fakepay.Down},
		"done later":        {fakepay.Late, fakepay.LoseAnswer},
		"answer lost often": {fakepay.LoseAnswer, fakepay.LoseAnswer, fakepay.Down, fakepay.LoseAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.Order(card, one(w.Variant("Mug", 1000, 5)))
			all := checkout.RefundInput{RefundInput: order.RefundInput{ID: o.ID}}
			w.bank.FailOn(fakepay.CallRefund, fakepay.Any, faults...)
			click := "click-" + strings.ReplaceAll(name, " ", "-")
			first, err := w.give(all, click)
			if err != nil || first.Status != order.RefundPending {
				t.Fatalf("%s, %v; want pending", first.Status, err)
			}
			for _, key := range []string{click, click, "another-" + click, ""} {
				r, err := w.give(all, key)
				if key == click && err == nil && r.ID == first.ID {
					continue
				}
				lost(t, err, order.ErrAlreadyRefunded)
			}
			w.bank.Flush()
			for range len(faults) + 1 {
				w.rest()
			}
			got := w.order(o.ID)
			if len(got.Refunds) != 1 || got.Refunds[0].Status != order.RefundSucceeded || got.PaymentStatus != order.PayRefunded {
				t.Errorf("the order has the refunds %+v and is %s", got.Refunds, got.PaymentStatus)
			}
			if n := len(w.intent(o).Refunds); n != 1 {
				t.Errorf("%d refunds at the bank, want 1", n)
			}
			w.same(t, o, 1000, 1000)
		})
	}
}

// U06: while the bank says nothing, no transaction is open, and everybody else
// shops on.
func TestSlowBankHoldsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := scaled(40, 200)
		if w.shop.DB.Dialect() != bunstore.SQLite {
			n = scaled(15, 200)
		}
		h, mug := w.serve(), w.Variant("Mug", 1000, int64(n))
		if err := w.shop.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		carts := w.carts(n, one(mug))
		arrived, open := w.bank.Stop(fakepay.Any)
		defer open()
		var shoppers sync.WaitGroup
		for _, c := range carts {
			shoppers.Go(func() {
				body, _ := json.Marshal(map[string]any{"expected_total": c.Totals.Total, "payment": map[string]string{"method": card}})
				complete := func() *httptest.ResponseRecorder {
					return ask(h, "POST /v1/carts/"+c.ID+"/complete", string(body), "Cart-Token", c.Token, "Idempotency-Key", "click-of-a-guest-"+c.ID)
				}
				rec := complete()
				for tries := 0; rec.Code == http.StatusServiceUnavailable && tries < 100; tries++ {
					<-time.After(100 * time.Millisecond) // a crowd is told to come again
					rec = complete()
				}
				if rec.Code != http.StatusCreated && rec.Code != http.StatusAccepted { // the bank is asked by somebody else
					t.Errorf("complete: %d %.200s", rec.Code, rec.Body)
				}
			})
		}
		select {
		case <-arrived:
		case <-time.After(time.Minute):
			t.Fatal("the bank is not asked")
		}
		for deadline := time.Now().Add(2 * time.Minute); w.orders() < int64(n) && time.Now().Before(deadline); {
			w.browses(t, h)
		}
		<-time.After(1100 * time.Millisecond) // what is open now is older than a second then
		w.browses(t, h)
		if old := w.oldTransactions(t); old != 0 {
			t.Errorf("%d transactions are older than a second", old)
		}
		if _, err := w.complete(w.Cart(one(w.Variant("Cup", 500, 1))), cash, "meanwhile"); err != nil {
			t.Errorf("another shopper: %v", err)
		}
		open()
		shoppers.Wait()
		w.rest()
		if paid := w.count("{orders} WHERE payment_status = 'paid'"); paid != n {
			t.Errorf("%d of %d are paid", paid, n)
		}
	})
}

// browses fails unless the catalog answers soon.
func (w *world) browses(t *testing.T, h http.Handler) {
	t.Helper()
	start := time.Now()
	if rec := ask(h, "GET /v1/products", ""); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "Mug") {
		t.Errorf("products: %d %.200s", rec.Code, rec.Body)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("products after %v", took)
	}
}

// oldTransactions counts those of the shop's database that are older than a
// second, where the server tells.
func (w *world) oldTransactions(t *testing.T) (n int) {
	t.Helper()
	if w.shop.DB.Dialect() == bunstore.SQLite {
		return 0 // writers wait for one another there: w would hang
	}
	err := w.shop.DB.Read(t.Context(), &n, `SELECT COUNT(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
		WHERE p.db = DATABASE() AND t.trx_started < NOW() - INTERVAL 1 SECOND`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// ask sends "GET /v1/store" with headers in pairs.
func ask(h http.Handler, what, body string, header ...string) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(what, " ")
	req := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

// P19: a card is declined and a good one pays: both tries are on record, the money
// comes once, and so does what follows from it.
func TestDeclinedThenPaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 5)
		w.bank.Set(fakepay.Any, fakepay.Decline)
		declined := w.Order(card, one(mug))
		w.bank.Set(fakepay.Any, fakepay.Approve)
		together(3, func(int) {
			p, err := w.far.Checkout.Pay(context.Background(), checkout.PayInput{ID: declined.ID, Means: checkout.Means{Method: card}})
			if err != nil {
				lost(t, err, checkout.ErrNotPayable, checkout.ErrInProgress, payment.ErrCanceled, payment.ErrStale)
			} else if p.ID != declined.ID {
				t.Errorf("another order: %s", p.ID)
			}
		})
		w.rest()
		o := w.order(declined.ID)
		if o.Status != order.StatusConfirmed || o.PaymentStatus != order.PayPaid || len(o.Payments) < 2 {
			t.Errorf("the order is %s and %s, with %d payments", o.Status, o.PaymentStatus, len(o.Payments))
		}
		if n, err := w.bank.Chargeable(o.ID); n != 1 || err != nil {
			t.Errorf("%d payments can charge, %v", n, err)
		}
		if got := w.sum("amount", "{ledger} WHERE kind = 'captured'"); got != 1000 || w.events("order.confirmed", o.ID) != 1 || w.Available(mug) != 4 {
			t.Errorf("%d captured, confirmed %d times, %d available", got, w.events("order.confirmed", o.ID), w.Available(mug))
		}
	})
}

// P14: captures at once, and captures whose answer is lost: never more than was
// authorized, here or there.
func TestCapturesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := scaled(1, 30)
		mug := w.Variant("Mug", 10000, 1000)
		for range n {
			for _, method := range []string{fakepay.Manual, fakepay.Multi} {
				for _, c := range []struct {
					amounts [2]int64
					fault   fakepay.Fault
				}{{[2]int64{10000, 10000}, fakepay.None}, {[2]int64{6000, 6000}, fakepay.None}, {[2]int64{6000, 4000}, fakepay.None},
					{[2]int64{2000, 3000}, fakepay.LoseAnswer}, {[2]int64{10000, 10000}, fakepay.LoseAnswer}, {[2]int64{6000, 6000}, fakepay.LoseAnswer}, {[2]int64{6000, 6000}, fakepay.Down}} {
					o := w.Order(method, one(mug))
					w.bank.FailOn(fakepay.CallCapture, o.Payment.ID, c.fault)
					capture := func(i int) {
						in := payment.CaptureInput{ID: o.Payment.ID, Amount: new(shoptest.USD(c.amounts[i])), Key: []string{"a", "b"}[i]}
						_, err := w.far.Checkout.Capture(context.Background(), in)
						if errors.Is(err, payment.ErrUnanswered) {
							return // asked again below
						}
						if err != nil {
							lost(t, err, payment.ErrTooMuch, payment.ErrIllegal)
						}
					}
					together(2, capture)
					w.rest()
					for i := range 2 {
						capture(i)
					}
					w.rest()
					got, in := w.order(o.ID), w.intent(o)
					if in.Captured.Minor > min(10000, c.amounts[0]+c.amounts[1]) || in.Captured.IsZero() {
						t.Errorf("%s %v %s: the bank took %v", method, c.amounts, c.fault, in.Captured)
					}
					if got.Status != order.StatusConfirmed || got.Payment.Status == string(payment.StatusUnknown) {
						t.Errorf("%s %v %s: the order is %s, its payment %s", method, c.amounts, c.fault, got.Status, got.Payment.Status)
					}
					w.same(t, o, in.Captured.Minor, 0)
				}
			}
		}
	})
}
