package embed_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// asked makes an order by a card whose shopper has to act at the bank.
func (w *world) asked(variant string) order.Order {
	w.Helper()
	w.bank.Set(fakepay.Any, fakepay.AskShopper)
	o := w.Order(card, one(variant))
	w.bank.Set(fakepay.Any, fakepay.Approve)
	return w.order(o.ID)
}

// pays lets the shopper pay an order of asked at the bank.
func (w *world) pays(o order.Order, as fakepay.Outcome) {
	w.Helper()
	if ok, err := w.bank.Confirm(o.Payment.ID, as); !ok || err != nil {
		w.Fatalf("confirm %s: %v, %v", o.Payment.ID, ok, err)
	}
}

// notice posts a notice of the bank about a payment.
func (w *world) notice(h http.Handler, event, paymentID string) {
	w.Helper()
	header, body := w.bank.Notice(event, paymentID)
	if rec := post(h, "fake", header, body); rec.Code != http.StatusNoContent {
		w.Errorf("a notice is answered %d %s", rec.Code, rec.Body)
	}
}

// apply does what the notices are about, and what follows from that.
func (w *world) apply() {
	w.Helper()
	if err := errors.Join(applied(w.shop), w.shop.Drain(context.Background())); err != nil {
		w.Error(err)
	}
}

func applied(s *embed.Shop) error { return s.RunJob(context.Background(), "payment.webhooks") }

// rest lets two minutes pass and does all the work behind requests. The bank need
// not answer.
func (w *world) rest() {
	w.Helper()
	w.clock.Advance(2 * time.Minute)
	ctx := context.Background()
	for _, job := range []string{"checkout.reconcile", "checkout.sweep", "fulfil.sweep", "payment.webhooks", "payment.refunds"} {
		if err := w.shop.RunJob(ctx, job); err != nil && !errors.Is(err, payment.ErrUnanswered) {
			w.Errorf("%s: %v", job, err)
		}
	}
	if err := w.shop.Drain(ctx); err != nil {
		w.Error(err)
	}
}

// give asks for a refund under a key, none when it is "".
func (w *world) give(in checkout.RefundInput, key string) (order.Refund, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if in.Reason == "" {
		in.Reason = "damaged"
	}
	return w.far.Checkout.Refund(ident.WithKey(ctx, key), in)
}

// intent is what the bank knows of the one payment of an order.
func (w *world) intent(o order.Order) fakepay.Intent {
	w.Helper()
	all, err := w.bank.Intents()
	if err != nil {
		w.Fatal(err)
	}
	var found []fakepay.Intent
	for _, in := range all {
		if in.OrderID == o.ID {
			found = append(found, in)
		}
	}
	if len(found) != 1 {
		w.Fatalf("the bank knows of %d payments of %s", len(found), o.ID)
	}
	return found[0]
}

// same fails unless an order, its payment, its ledger and the bank agree on what
// was taken and what went back.
func (w *world) same(t *testing.T, o order.Order, taken, given int64) {
	t.Helper()
	in := w.intent(o)
	back := int64(0)
	for _, r := range in.Refunds {
		if r.Status == payment.RefundSucceeded {
			back += r.Amount.Minor
		}
	}
	o = w.order(o.ID)
	var lines [2]int64
	for i, kinds := range []string{"'captured'", "'refunded', 'goodwill'"} {
		lines[i] = w.sum("amount", "{ledger} WHERE order_id = ? AND kind IN ("+kinds+")", o.ID)
	}
	lines[1] -= w.sum("amount", "{ledger} WHERE order_id = ? AND kind = 'refund_failed'", o.ID)
	if in.Captured.Minor != taken || o.Balance.Captured.Minor != taken || lines[0] != taken {
		t.Errorf("taken: %v at the bank, %v by the order, %d by the ledger, want %d", in.Captured, o.Balance.Captured, lines[0], taken)
	}
	if back != given || o.Balance.Refunded.Minor != given || lines[1] != given {
		t.Errorf("given back: %d at the bank, %v by the order, %d by the ledger, want %d", back, o.Balance.Refunded, lines[1], given)
	}
}

// sum sums a column over the rows that a condition selects.
func (w *world) sum(column, from string, args ...any) (n int64) {
	w.Helper()
	if err := w.shop.DB.Read(context.Background(), &n, "SELECT COALESCE(SUM("+column+"), 0) FROM "+from, args...); err != nil {
		w.Fatal(err)
	}
	return n
}

// events counts the events of a name about an aggregate.
func (w *world) events(name, key string) int {
	w.Helper()
	return w.count("{outbox} WHERE name = ? AND k = ?", name, key) + w.count("{outbox_archive} WHERE name = ? AND k = ?", name, key)
}
