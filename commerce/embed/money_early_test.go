package embed_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// P04: the bank's notice comes, and is looked after, while nobody has its answer
// yet, which comes, is late, or is lost for good.
func TestNoticeBeforeTheAnswer(t *testing.T) {
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		t.Run(server, func(t *testing.T) {
			var w *world
			var h http.Handler
			early := 0
			bank := fakepay.New(&fakepay.Options{
				Delivery: func(fakepay.Event) fakepay.Delivery { return fakepay.Before },
				Deliver: func(header map[string][]string, body []byte) error {
					if rec := post(h, "fake", header, body); rec.Code != http.StatusNoContent {
						return fmt.Errorf("%d %s", rec.Code, rec.Body)
					}
					early++
					return applied(w.shop)
				},
			})
			w = with(t, buntest.Open(t, server), bank, bank, "USD")
			h = w.serve()
			mug := w.Variant("Mug", 1000, 5)
			for n, fault := range []fakepay.Fault{fakepay.None, fakepay.Slow, fakepay.LoseAnswer} {
				bank.FailOn(fakepay.CallStart, fakepay.Any, fault)
				c := w.Cart(one(mug))
				p, err := w.complete(c, card, "click-"+string(fault))
				if err != nil {
					t.Fatalf("%s: %v", fault, err)
				}
				if early == 0 {
					t.Fatalf("%s: no notice came early", fault)
				}
				early = 0
				if err := w.shop.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				o := w.order(p.ID)
				if o.Status != order.StatusConfirmed || o.PaymentStatus != order.PayPaid || len(o.Payments) != 1 || w.events("order.confirmed", o.ID) != 1 {
					t.Errorf("%s: the order is %s and %s, with %d payments", fault, o.Status, o.PaymentStatus, len(o.Payments))
				}
				if left := w.count("{webhook_inbox} WHERE state <> 'done'"); left != 0 || w.count("{webhook_inbox}") <= n {
					t.Errorf("%s: %d notices, %d of them are not done", fault, w.count("{webhook_inbox}"), left)
				}
				w.same(t, o, 1000, 0)
			}
			w.audit(t)
		})
	}
}

// hold keeps everybody from writing until it is told to let go.
func (w *world) hold(t *testing.T) (release func()) {
	t.Helper()
	open := make(chan struct{})
	var holding, over sync.WaitGroup
	for range max(1, w.shop.DB.Stats()["write"].MaxOpenConnections) {
		holding.Add(1)
		over.Go(func() {
			first := sync.OnceFunc(holding.Done)
			defer first()
			if err := w.shop.DB.Do(context.Background(), func(context.Context) error { first(); <-open; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	holding.Wait()
	return sync.OnceFunc(func() { close(open); over.Wait() })
}

// P12: a notice is in the database before it is answered, soon; when the database
// takes nothing the bank is told so within 5 seconds, and brings it again.
func TestNoticesOfABusyDatabase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h := w.serve()
		o := w.asked(w.Variant("Mug", 1000, 5))
		w.pays(o, fakepay.Approve)
		var took []time.Duration
		for i := range scaled(100, 1000) {
			start := time.Now()
			w.notice(h, fmt.Sprint("evt_", i), "pay_nobody")
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		p99 := took[len(took)*99/100]
		t.Logf("a notice is answered after %v, p99 %v", took[len(took)/2], p99)
		if scaled(0, 1) == 1 && p99 > 200*time.Millisecond {
			t.Errorf("p99 is %v", p99)
		}
		before := w.count("{webhook_inbox}")
		release := w.hold(t)
		defer release()
		header, body := w.bank.Notice("evt_paid", o.Payment.ID)
		start := time.Now()
		rec := post(h, "fake", header, body)
		if took := time.Since(start); rec.Code != http.StatusServiceUnavailable || took > 5*time.Second {
			t.Errorf("while nobody can write: %d %s after %v", rec.Code, rec.Body, took)
		}
		release()
		if n := w.count("{webhook_inbox}"); n != before {
			t.Errorf("%d notices are kept, want %d", n, before)
		}
		w.notice(h, "evt_paid", o.Payment.ID)
		w.apply()
		if o = w.order(o.ID); o.Status != order.StatusConfirmed {
			t.Errorf("brought again, the order is %s", o.Status)
		}
		w.same(t, o, 1000, 0)
	})
}

// P12: somebody else has the row that a notice would write.
func TestNoticeWaitsForARow(t *testing.T) {
	w := on(t, buntest.MySQL)
	h := w.serve()
	header, body := w.bank.Notice("evt_1", "pay_nobody")
	errBack := errors.New("rolled back")
	err := w.shop.DB.Do(t.Context(), func(ctx context.Context) error {
		if _, err := (bunstore.Payments{DB: w.shop.DB}).Keep(ctx, payment.Received{Notice: payment.Notice{ID: "evt_1"}, Provider: "fake", State: payment.NoticeOpen}); err != nil {
			return err
		}
		start := time.Now()
		if rec := post(h, "fake", header, body); rec.Code != http.StatusServiceUnavailable || time.Since(start) > 5*time.Second {
			t.Errorf("%d %s after %v", rec.Code, rec.Body, time.Since(start))
		}
		return errBack
	})
	if !errors.Is(err, errBack) {
		t.Fatal(err)
	}
	w.notice(h, "evt_1", "pay_nobody")
}

// C10: what failed because the database was busy is done when it is asked for
// again under its key.
func TestBusyIsNotTheLastWord(t *testing.T) {
	w := on(t, buntest.MySQL) // one waits for the one writer of a file
	h := w.serve()
	c := w.Cart(one(w.Variant("Mug", 1000, 5)))
	complete := func() (status int, body string) {
		rec := ask(h, "POST /v1/carts/"+c.ID+"/complete", `{"expected_total":{"amount":1000,"currency":"USD"},"payment":{"method":"fake_card"}}`,
			"Cart-Token", c.Token, "Idempotency-Key", "a-click-of-the-shopper")
		return rec.Code, rec.Body.String()
	}
	release := w.hold(t)
	defer release()
	if status, body := complete(); status != http.StatusServiceUnavailable || !strings.Contains(body, "store.busy") {
		t.Errorf("while nobody can write: %d %s", status, body)
	}
	release()
	for range 2 {
		if status, body := complete(); status != http.StatusCreated {
			t.Errorf("again: %d %s", status, body)
		}
	}
	if n := w.orders(); n != 1 {
		t.Errorf("%d orders", n)
	}
	w.audit(t)
}

// U09: the bank is away for ten minutes while carts are completed. All have come
// to an end a quarter of an hour after it is back.
func TestBankIsAwayForAWhile(t *testing.T) {
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		t.Run(server, func(t *testing.T) {
			var away sync.Map
			bank := fakepay.New(&fakepay.Options{Fault: func(call string, p payment.Payment) fakepay.Fault {
				if _, is := away.Load("away"); !is {
					return fakepay.None
				}
				return []fakepay.Fault{fakepay.Down, fakepay.LoseAnswer, fakepay.Late}[len(p.ID+call)%2+int(p.ID[len(p.ID)-3])%2]
			}})
			w := with(t, buntest.Open(t, server), bank, bank, "USD")
			n := scaled(12, 1000)
			mug := w.Variant("Mug", 1000, int64(n))
			carts := w.carts(n, one(mug))
			away.Store("away", true)
			ids := make([]string, n)
			together(8, func(k int) {
				for i := k; i < n; i += 8 {
					p, err := w.complete(carts[i], card, "click")
					if err != nil || !p.Pending() {
						t.Errorf("complete: %v, pending %v", err, p.Pending())
					}
					ids[i] = p.ID
				}
			})
			jobs := func(minutes int) {
				for range minutes / 2 {
					w.rest()
					if err := w.shop.RunJob(t.Context(), "checkout.expire"); err != nil && !errors.Is(err, payment.ErrUnanswered) {
						t.Error(err)
					}
				}
			}
			jobs(10)
			away.Delete("away")
			bank.Flush()
			jobs(14)
			paid := 0
			for _, id := range ids {
				o := w.order(id)
				taken, err := bank.Taken(id, "USD")
				back, err2 := bank.Given(id, "USD")
				switch {
				case errors.Join(err, err2) != nil:
					t.Error(err, err2)
				case o.Status == order.StatusConfirmed && o.PaymentStatus == order.PayPaid && taken.Minor == 1000 && back.IsZero():
					paid++
				case o.Status == order.StatusCanceled && taken == back:
				default:
					t.Errorf("the order is %s and %s, the bank took %v and gave %v", o.Status, o.PaymentStatus, taken, back)
				}
			}
			t.Logf("%d of %d are paid", paid, n)
			if open := w.count("{journal} WHERE phase NOT IN ('done', 'undone')"); open != 0 || w.Available(mug) != int64(n-paid) {
				t.Errorf("%d runs have not ended, %d available of %d, %d are paid", open, w.Available(mug), n, paid)
			}
			w.audit(t)
		})
	}
}

// P20: whoever tries cards has ten tries at an order in an hour, and holds no
// stock afterwards.
func TestTryingCards(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 5)
		w.bank.Set(fakepay.Any, fakepay.Decline)
		o := w.Order(card, one(mug))
		refused := 0
		for range 20 {
			p, err := w.far.Checkout.Pay(ident.As(t.Context(), "test"), checkout.PayInput{ID: o.ID, Means: checkout.Means{Method: card}})
			switch {
			case errors.Is(err, checkout.ErrTooManyPayments):
				refused++
			case err != nil || p.PaymentStatus == order.PayPaid:
				t.Errorf("%s, %v", p.PaymentStatus, err)
			}
		}
		all, err := w.bank.Intents()
		if err != nil || len(all) != 10 || refused != 11 {
			t.Errorf("%d cards were tried, %d were refused, %v; want 10 and 11", len(all), refused, err)
		}
		w.clock.Advance(fakepay.Hold + time.Second)
		if err := w.shop.RunJob(t.Context(), "checkout.expire"); err != nil {
			t.Fatal(err)
		}
		if got := w.order(o.ID); got.Status != order.StatusCanceled || w.Available(mug) != 5 {
			t.Errorf("the order is %s, %d available", got.Status, w.Available(mug))
		}
	})
}
