package embed_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/embed/topologytest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// post sends a notice over HTTP and returns the answer.
func post(h http.Handler, provider string, header map[string][]string, body []byte) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/v1/webhooks/"+provider, bytes.NewReader(body))
	for name, values := range header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

// serve serves the shop over HTTP.
func (w *world) serve() http.Handler {
	m := httpapi.New(&httpapi.Options{Log: slog.New(slog.DiscardHandler)})
	w.shop.Register(m)
	return m
}

// gateway serves the shop over HTTP, which is behind NATS.
func (w *world) gateway() http.Handler {
	svc, client := topologytest.NATS(w)
	w.shop.Register(svc)
	m := httpapi.New(&httpapi.Options{Log: slog.New(slog.DiscardHandler)})
	commerce.Register(m, commerce.Remote(client))
	return m
}

// count counts the rows that a condition selects.
func (w *world) count(from string, args ...any) (n int) {
	w.Helper()
	if err := w.shop.DB.Read(context.Background(), &n, "SELECT COUNT(*) FROM "+from, args...); err != nil {
		w.Fatal(err)
	}
	return n
}

// P07, P08, P12: what is not signed, or is too large, is refused and leaves nothing.
func TestWebhooksOverHTTP(t *testing.T) {
	for name, open := range map[string]func(*world) http.Handler{"one process": (*world).serve, "gateway": (*world).gateway} {
		t.Run(name, func(t *testing.T) {
			w := on(t, buntest.SQLite)
			h := open(w)
			bank := func(away time.Duration, secrets ...string) *fakepay.Provider {
				return fakepay.New(&fakepay.Options{Secrets: secrets, Now: func() time.Time { return time.Now().Add(away) }})
			}
			good := bank(0, fakepay.Secret)
			_, body := good.Notice("evt_1", "pay_1")
			tampered := bytes.Replace(body, []byte(","), []byte(", "), 1)
			full := slices.Concat(body, bytes.Repeat([]byte(" "), 256_000-len(body)))
			for _, c := range []struct {
				name, provider string
				header         map[string][]string
				body           []byte
				status         int
				code           string
				rows           int
			}{
				{"tampered", "fake", good.Sign(body), tampered, 400, "payment.bad_signature", 0},
				{"wrong secret", "fake", bank(0, "other").Sign(body), body, 400, "payment.bad_signature", 0},
				{"old", "fake", bank(-6*time.Minute, fakepay.Secret).Sign(body), body, 400, "payment.bad_signature", 0},
				{"of the future", "fake", bank(6*time.Minute, fakepay.Secret).Sign(body), body, 400, "payment.bad_signature", 0},
				{"no signature", "fake", nil, body, 400, "payment.bad_signature", 0},
				{"nothing", "fake", nil, nil, 400, "payment.bad_signature", 0},
				{"empty object", "fake", good.Sign([]byte("{}")), []byte("{}"), 400, "request.malformed", 0},
				{"unknown provider", "stripe", good.Sign(body), body, 404, "payment.provider_unknown", 0},
				{"300 kB", "fake", good.Sign(make([]byte, 300_000)), make([]byte, 300_000), 413, "request.too_large", 0},
				{"no JSON", "fake", good.Sign([]byte{0xff, 0}), []byte{0xff, 0}, 400, "request.malformed", 0},
				{"good", "fake", good.Sign(body), body, 204, "", 1},
				{"twice", "fake", good.Sign(body), body, 204, "", 1},
				{"twice, as another text", "fake", good.Sign(full), full, 204, "", 1},
			} {
				rec := post(h, c.provider, c.header, c.body)
				if got := rec.Body.String(); rec.Code != c.status || c.code == "" && got != "" || !strings.Contains(got, c.code) {
					t.Errorf("%s: %d %s, want %d %s", c.name, rec.Code, got, c.status, c.code)
				}
				if n := w.count("{webhook_inbox}"); n != c.rows {
					t.Errorf("%s: %d rows, want %d", c.name, n, c.rows)
				}
			}
		})
	}
}

// P05: a shopper who pays at the bank and whose page says nothing, says it sooner
// or later than the bank, or alone: the order is confirmed once.
func TestPaidByWebhook(t *testing.T) { each(t, paidByWebhook) }

func paidByWebhook(t *testing.T, w *world) {
	back := func(w *world, o order.Order) {
		w.Helper()
		if _, err := w.shop.Checkout.Refresh(ident.As(context.Background(), "test"), checkout.RefreshInput{ID: o.ID}); err != nil {
			w.Error(err)
		}
	}
	notice := func(n int) func(w *world, o order.Order) {
		return func(w *world, o order.Order) {
			w.Helper()
			header, body := w.bank.Notice(fmt.Sprintf("evt_%s_%d", o.ID, n), o.Payments[0].ID)
			if rec := post(w.serve(), "fake", header, body); rec.Code != http.StatusNoContent {
				w.Errorf("%d %s", rec.Code, rec.Body)
			}
		}
	}
	paid := func(w *world, o order.Order) {
		w.Helper()
		if done, err := w.bank.Confirm(o.Payments[0].ID, fakepay.Approve); !done || err != nil {
			w.Errorf("the shopper cannot pay: %v", err)
		}
	}
	work := func(w *world, _ order.Order) {
		w.Helper()
		if err := w.shop.RunJob(context.Background(), "payment.webhooks"); err != nil {
			w.Error(err)
		}
		if err := w.shop.Drain(context.Background()); err != nil {
			w.Error(err)
		}
	}
	type step = func(*world, order.Order)
	for name, steps := range map[string][]step{
		"only the webhook":     {paid, notice(1), work},
		"before the return":    {paid, notice(1), work, back},
		"while it is not done": {paid, notice(1), back, work},
		"after the return":     {paid, back, notice(1), work},
		"twice":                {paid, notice(1), notice(1), work, notice(1), work},
		"out of order":         {paid, notice(2), work, notice(1), work},
		"too early":            {notice(1), work, paid, notice(2), work},
		"only the return":      {paid, back},
	} {
		t.Run(name, func(t *testing.T) {
			mug := w.Variant("Mug", 1000, 10)
			w.bank.Set(fakepay.Any, fakepay.AskShopper)
			placed := w.Order(card, one(mug))
			o := w.order(placed.ID)
			if o.PaymentStatus == order.PayPaid || len(o.Payments) != 1 {
				t.Fatalf("the order is %s, with %d payments", o.PaymentStatus, len(o.Payments))
			}
			for _, do := range steps {
				do(w, o)
			}
			o = w.order(o.ID)
			if o.Status != order.StatusConfirmed || o.PaymentStatus != order.PayPaid {
				t.Errorf("the order is %s and %s", o.Status, o.PaymentStatus)
			}
			if n := w.count("{ledger} WHERE order_id = ? AND kind <> 'fee'", o.ID); n != 1 {
				t.Errorf("%d movements of money, want 1", n)
			}
			if n := w.events("order.confirmed", o.ID); n != 1 {
				t.Errorf("confirmed %d times, want once", n)
			}
			if n := w.count("{webhook_inbox} WHERE state <> 'done'"); n != 0 {
				t.Errorf("%d notices are left", n)
			}
		})
	}
}

// Notices that are over are forgotten after 30 days, those given up are not.
func TestNoticesArePruned(t *testing.T) {
	w := on(t, buntest.SQLite)
	header, body := w.bank.Notice("evt_1", "pay_nobody")
	if rec := post(w.serve(), "fake", header, body); rec.Code != http.StatusNoContent {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	for _, c := range []struct {
		job  string
		wait time.Duration
		want int
	}{{"payment.webhooks", 0, 1}, {"inbox.prune", 30*24*time.Hour - time.Second, 1}, {"inbox.prune", 2 * time.Second, 0}} {
		w.clock.Advance(c.wait)
		if err := w.shop.RunJob(t.Context(), c.job); err != nil {
			t.Fatal(err)
		}
		if n := w.count("{webhook_inbox}"); n != c.want {
			t.Errorf("after %s: %d notices, want %d", c.job, n, c.want)
		}
	}
	shoptest.Audit(t, w.shop.Shop)
}
