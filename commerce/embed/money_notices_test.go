package embed_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// second opens another host on the database of w, which is called name.
func (w *world) second(t *testing.T, name string) *embed.Shop {
	t.Helper()
	db, err := bunstore.Open(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := embed.On(t.Context(), db, &embed.Options{Passive: true, Now: w.clock.Now, Secret: bytes.Repeat([]byte("s"), 32),
		Providers: []payment.Provider{offlinepay.New(), w.bank}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(); db.Close() })
	return s
}

// P01: one event, fifty times at once to two hosts, which apply it at once.
func TestOneNoticeToTwoHosts(t *testing.T) {
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		t.Run(server, func(t *testing.T) {
			name := buntest.Name(t, server)
			db, err := bunstore.Open(t.Context(), name, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			w := around(t, db)
			other := w.second(t, name)
			m := httpapi.New(&httpapi.Options{Log: slog.New(slog.DiscardHandler)})
			other.Register(m)
			hosts := []http.Handler{w.serve(), m}
			o := w.asked(w.Variant("Mug", 1000, 5))
			w.pays(o, fakepay.Approve)
			together(50, func(i int) { w.notice(hosts[i%2], "evt_1", o.Payment.ID) })
			if n := w.count("{webhook_inbox}"); n != 1 {
				t.Errorf("%d notices are kept, want 1", n)
			}
			engines := []*embed.Shop{w.shop, other}
			together(8, func(i int) {
				money, ok := engines[i%2].Payments.(*payment.Engine)
				if !ok {
					t.Error("no payments here")
				} else if err := money.Apply(context.Background()); err != nil {
					t.Error(err)
				}
			})
			w.apply()
			if n := w.count("{ledger} WHERE kind = 'captured'"); n != 1 {
				t.Errorf("%d lines, want 1", n)
			}
			if n := w.count("{order_timeline} WHERE order_id = ? AND kind = 'status' AND to_state = 'confirmed'", o.ID); n != 1 {
				t.Errorf("%d transitions, want 1", n)
			}
			if n := w.count("{notification} WHERE kind = 'order_placed'"); n != 1 {
				t.Errorf("%d mails, want 1", n)
			}
			w.same(t, o, 1000, 0)
			w.audit(t)
		})
	}
}

// forward is how far a payment has come.
var forward = map[string]int{"creating": 0, "unknown": 0, "open": 1, "processing": 2, "authorized": 3, "captured": 4}

// permutations calls fn with every order of n things.
func permutations(n int, fn func(p []int)) {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	var rec func(k int)
	rec = func(k int) {
		if k == n {
			fn(p)
			return
		}
		for i := k; i < n; i++ {
			p[k], p[i] = p[i], p[k]
			rec(k + 1)
			p[k], p[i] = p[i], p[k]
		}
	}
	rec(0)
}

// P03: five events of one payment in every order, some of them twice: the end is
// the same, and nothing goes backwards on the way.
func TestNoticesInEveryOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		every := scaled(6, 1)
		if w.shop.DB.Dialect() != bunstore.SQLite {
			every *= 4
		}
		h, mug, n := w.serve(), w.Variant("Mug", 1000, 1000), 0
		permutations(5, func(p []int) {
			if n++; n%every != 0 {
				return
			}
			o := w.asked(mug)
			happens := []func(){
				func() { w.pays(o, fakepay.Decline) },
				func() { w.pays(o, fakepay.Process) },
				func() { w.pays(o, fakepay.Approve) },
				func() {
					if _, err := w.bank.RefundAbroad(o.Payment.ID, shoptest.USD(300)); err != nil {
						t.Error(err)
					}
				},
				func() {},
			}
			was := 0
			for i, event := range p {
				happens[i]()
				for range 1 + rand.IntN(2) {
					w.notice(h, fmt.Sprint("evt_", o.ID, event), o.Payment.ID)
				}
				w.apply()
				now := w.order(o.ID).Payment
				if forward[now.Status] < was {
					t.Errorf("order %v: the payment went back to %s", p, now.Status)
				}
				was = forward[now.Status]
			}
			if got := w.order(o.ID); got.Status != order.StatusConfirmed || got.PaymentStatus != order.PayPartiallyRefunded {
				t.Errorf("order %v: %s, %s", p, got.Status, got.PaymentStatus)
			}
			if n := w.count("{webhook_inbox} WHERE payment_id = ?", o.Payment.ID); n != 5 {
				t.Errorf("order %v: %d notices are kept", p, n)
			}
			if w.events("order.confirmed", o.ID) != 1 {
				t.Errorf("order %v: confirmed %d times", p, w.events("order.confirmed", o.ID))
			}
			w.same(t, o, 1000, 300)
		})
	})
}

// P06: the notice comes while the cart is completed.
func TestNoticeWhileCompleting(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.moneyDuels()
		h, mug := w.serve(), w.Variant("Mug", 1000, int64(n))
		for _, c := range w.carts(n, one(mug)) {
			id := "ord_" + c.ID[len("cart_"):]
			var done atomic.Bool
			together(2, func(i int) {
				if i == 0 {
					defer done.Store(true)
					if _, err := w.complete(c, card, "click"); err != nil {
						t.Errorf("complete: %v", err)
					}
					return
				}
				for i := 0; !done.Load(); i++ {
					w.notice(h, fmt.Sprint("evt_", id, i%3), "pay_"+id[len("ord_"):]+".1")
					if err := applied(w.shop); err != nil {
						t.Error(err)
					}
				}
			})
			w.rest()
			o := w.order(id)
			if o.Status != order.StatusConfirmed || o.PaymentStatus != order.PayPaid || len(o.Payments) != 1 || len(w.intent(o).Refunds) != 0 {
				t.Errorf("the order is %s and %s, with %d payments and %d refunds", o.Status, o.PaymentStatus, len(o.Payments), len(w.intent(o).Refunds))
			}
			w.same(t, o, 1000, 0)
		}
		if got := w.orders(); got != int64(n) {
			t.Errorf("%d orders of %d carts", got, n)
		}
	})
}

// P09: two secrets are good while one takes over from the other.
func TestTwoSecrets(t *testing.T) {
	bank := fakepay.New(&fakepay.Options{Secrets: []string{"old", "new"}})
	w := with(t, buntest.Open(t, buntest.SQLite), bank, bank, "USD")
	h := w.serve()
	for i, c := range []struct {
		secrets []string
		status  int
	}{{[]string{"old"}, 204}, {[]string{"new"}, 204}, {[]string{"third"}, 400}, {[]string{"third", "new"}, 204}} {
		header, body := fakepay.New(&fakepay.Options{Secrets: c.secrets}).Notice(fmt.Sprint("evt_", i), "pay_1")
		if rec := post(h, "fake", header, body); rec.Code != c.status {
			t.Errorf("signed with %v: %d, want %d", c.secrets, rec.Code, c.status)
		}
	}
	if n := w.count("{webhook_inbox}"); n != 3 {
		t.Errorf("%d notices, want 3", n)
	}
}

// lying is a bank that says something else than it has done.
type lying struct {
	*fakepay.Provider
	lie func(s *payment.Snapshot)
}

func (l *lying) Fetch(ctx context.Context, p payment.Payment) (payment.Snapshot, error) {
	s, err := l.Provider.Fetch(ctx, p)
	if l.lie != nil && err == nil {
		l.lie(&s)
	}
	return s, err
}

// P11: news that cannot be of this payment moves nothing, is seen, and the truth
// comes in the end.
func TestMismatch(t *testing.T) {
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		mismatch(t, server)
	}
}

func mismatch(t *testing.T, server string) {
	t.Helper()
	for name, lie := range map[string]func(s *payment.Snapshot){
		"less":             func(s *payment.Snapshot) { s.Authorized, s.Captured = shoptest.USD(900), shoptest.USD(900) },
		"another currency": func(s *payment.Snapshot) { s.Authorized, s.Captured = money.New(1000, "EUR"), money.New(1000, "EUR") },
		"another intent":   func(s *payment.Snapshot) { s.ProviderID = "fpi_other" },
	} {
		t.Run(server+" "+name, func(t *testing.T) {
			bank := &lying{Provider: fakepay.New(nil)}
			w := with(t, buntest.Open(t, server), bank.Provider, bank, "USD")
			h := w.serve()
			o := w.asked(w.Variant("Mug", 1000, 5))
			w.pays(o, fakepay.Approve)
			bank.lie = lie
			for i := range 3 {
				w.notice(h, fmt.Sprint("evt_", i), o.Payment.ID)
				w.apply()
			}
			if got := w.order(o.ID); got.Status != order.StatusPending || got.PaymentStatus == order.PayPaid || w.sum("amount", "{ledger}") != 0 {
				t.Errorf("the order is %s and %s", got.Status, got.PaymentStatus)
			}
			breaks, err := w.far.Payments.Breaks(t.Context(), payment.BreaksInput{OrderID: o.ID})
			if err != nil || len(breaks.Items) != 1 || breaks.Items[0].Kind != payment.BreakMismatch || breaks.Items[0].State != payment.BreakOpen {
				t.Errorf("breaks %+v, %v; want one mismatch", breaks.Items, err)
			}
			if n := w.events("payment.mismatch", o.Payment.ID); n != 1 {
				t.Errorf("announced %d times, want once", n)
			}
			bank.lie = nil
			w.notice(h, "evt_true", o.Payment.ID)
			w.apply()
			w.rest()
			if got := w.order(o.ID); got.Status != order.StatusConfirmed || got.PaymentStatus != order.PayPaid {
				t.Errorf("with the truth the order is %s and %s", got.Status, got.PaymentStatus)
			}
			w.same(t, o, 1000, 0)
			w.audit(t)
		})
	}
}

// P18: a dispute moves money and no order, in whatever order its news comes.
func TestDisputes(t *testing.T) {
	for _, end := range []payment.DisputeStatus{payment.DisputeWon, payment.DisputeLost} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprint(end, " late ", late), func(t *testing.T) {
				w := on(t, buntest.SQLite)
				h := w.serve()
				o := w.Order(card, one(w.Variant("Mug", 1000, 5)))
				before := w.order(o.ID)
				id, err := w.bank.Dispute(o.Payment.ID, shoptest.USD(1000), "fraudulent")
				if err != nil || id == "" {
					t.Fatal(id, err)
				}
				news := func(event string) {
					w.notice(h, event, o.Payment.ID)
					w.apply()
				}
				if !late {
					news("evt_opened")
					if got := w.order(o.ID); got.Payment.Disputed != shoptest.USD(1000) {
						t.Errorf("disputed %v", got.Payment.Disputed)
					}
					_, err := w.give(checkout.RefundInput{RefundInput: order.RefundInput{ID: o.ID}}, "")
					lost(t, err, payment.ErrDisputed)
				}
				if ok, err := w.bank.CloseDispute(id, end); !ok || err != nil {
					t.Fatal(ok, err)
				}
				news("evt_closed")
				news("evt_opened") // again, or at last
				got := w.order(o.ID)
				if got.Status != before.Status || got.FulfillmentStatus != before.FulfillmentStatus {
					t.Errorf("the order is %s", got.Status)
				}
				won := int64(0)
				if end == payment.DisputeWon {
					won = 1000
				}
				if d, v := w.sum("amount", "{ledger} WHERE kind = 'disputed'"), w.sum("amount", "{ledger} WHERE kind = 'dispute_won'"); d != 1000 || v != won {
					t.Errorf("%d disputed, %d won, want 1000 and %d", d, v, won)
				}
				if want := 1000 - won; got.Payment.Disputed.Minor != want {
					t.Errorf("disputed %v, want %d", got.Payment.Disputed, want)
				}
				w.same(t, o, 1000, 0)
				w.audit(t)
			})
		}
	}
}

// P21: the bank's notice, the shopper's page and staff say at once that an order
// is paid.
func TestPaidAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.moneyDuels()
		h, mug := w.serve(), w.Variant("Mug", 1000, int64(2*n))
		for range n {
			o := w.asked(mug)
			w.pays(o, fakepay.Approve)
			manual := w.Order(fakepay.Manual, one(mug))
			together(4, func(i int) {
				var err error
				switch i {
				case 0:
					w.notice(h, "evt_"+o.ID, o.Payment.ID)
					err = applied(w.shop)
				case 1:
					_, err = w.far.Checkout.Refresh(ident.As(context.Background(), "test"), checkout.RefreshInput{ID: o.ID})
				case 2:
					if _, err := w.far.Checkout.Capture(context.Background(), payment.CaptureInput{ID: o.Payment.ID}); err != nil {
						lost(t, err, payment.ErrIllegal)
					}
				case 3: // the bank's dashboard, and ours
					together(2, func(i int) {
						if i == 0 {
							if _, err := w.bank.CaptureAbroad(manual.Payment.ID, shoptest.USD(1000)); err != nil {
								t.Error(err)
							}
							w.notice(h, "evt_"+manual.ID, manual.Payment.ID)
						} else if _, err := w.far.Checkout.Capture(context.Background(), payment.CaptureInput{ID: manual.Payment.ID}); err != nil {
							lost(t, err, payment.ErrIllegal)
						}
					})
				}
				if err != nil {
					t.Errorf("%d: %v", i, err)
				}
			})
			w.rest()
			for _, id := range []string{o.ID, manual.ID} {
				got := w.order(id)
				if got.Status != order.StatusConfirmed || got.PaymentStatus != order.PayPaid || len(got.Payments) != 1 || w.events("order.confirmed", id) != 1 {
					t.Errorf("the order is %s and %s, with %d payments, confirmed %d times", got.Status, got.PaymentStatus, len(got.Payments), w.events("order.confirmed", id))
				}
				w.same(t, got, 1000, 0)
			}
		}
	})
}
