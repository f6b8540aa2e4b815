package embed_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/explain"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// banking is a shop with a bank that goes by the same clock.
func banking(t *testing.T) *world {
	t.Helper()
	clock := shoptest.NewClock(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))
	w := &world{bank: fakepay.New(&fakepay.Options{Now: clock.Now}), clock: clock}
	var err error
	w.shop, err = embed.On(t.Context(), buntest.Open(t, buntest.SQLite), &embed.Options{Passive: true, Now: clock.Now, Secret: bytes.Repeat([]byte("s"), 32),
		Providers: []payment.Provider{offlinepay.New(), w.bank}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.shop.Close() })
	if err := w.shop.Seed(t.Context(), "USD", "US"); err != nil {
		t.Fatal(err)
	}
	w.far = w.shop.Shop
	w.Factory = shoptest.Factory{TB: t, Shop: w.far}
	return w
}

// jobs does the named periodic work.
func (w *world) jobs(names ...string) {
	w.Helper()
	for _, name := range names {
		if err := w.shop.RunJob(context.Background(), name); err != nil {
			w.Fatalf("%s: %v", name, err)
		}
	}
}

// waiting places an order for which the bank waits for the shopper.
func (w *world) waiting() order.Order {
	w.Helper()
	c := w.Cart(one(w.Variant("Mug", 1000, 5)))
	w.bank.Set(fakepay.Any, fakepay.AskShopper)
	p, err := w.complete(c, card, "")
	if err != nil {
		w.Fatal(err)
	}
	return p.Order
}

// P05: no notice arrives, and nobody's page says anything. The order is paid
// within a quarter of an hour.
func TestPaidWithoutWebhooks(t *testing.T) {
	w := banking(t)
	o := w.waiting()
	w.jobs("payment.catch_up", "payment.webhooks")
	if ok, err := w.bank.Confirm(o.Payments[0].ID, fakepay.Approve); !ok || err != nil {
		t.Fatal(ok, err)
	}
	w.clock.Advance(14 * time.Minute) // the stock is held for a quarter of an hour
	w.jobs("payment.catch_up", "payment.webhooks")
	if err := w.shop.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o = w.order(o.ID); o.Status != order.StatusConfirmed || o.PaymentStatus != order.PayPaid {
		t.Errorf("order %s, %s; want it confirmed and paid", o.Status, o.PaymentStatus)
	}
	w.clock.Advance(2 * time.Hour)
	w.jobs("payment.compare", "payment.lapsing")
	all, err := w.shop.Payments.Breaks(t.Context(), payment.BreaksInput{})
	if err != nil || len(all.Items) != 0 {
		t.Errorf("breaks %+v, %v", all.Items, err)
	}
}

// R04: somebody refunds at the bank, and no notice comes: the order knows of it
// within a quarter of an hour, once.
func TestRefundAtTheBankWithoutWebhooks(t *testing.T) {
	w := banking(t)
	p, err := w.complete(w.Cart(shoptest.Line{Variant: w.Variant("Mug", 1000, 5), Quantity: 2}), card, "")
	if err != nil {
		t.Fatal(err)
	}
	w.jobs("payment.catch_up", "payment.webhooks")
	if _, err := w.bank.RefundAbroad(p.Payment.ID, shoptest.USD(700)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.clock.Advance(15 * time.Minute)
		w.jobs("payment.catch_up", "payment.webhooks")
		if err := w.shop.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		o := w.order(p.ID)
		if o.PaymentStatus != order.PayPartiallyRefunded || o.Balance.Refunded != shoptest.USD(700) || len(o.Refunds) != 1 {
			t.Errorf("the order is %s, %v went back by %d refunds", o.PaymentStatus, o.Balance.Refunded, len(o.Refunds))
		}
		w.same(t, o, 2000, 700)
	}
	w.audit(t)
}

// P11: what the bank says cannot be of the payment. The order is not paid, and
// people can see why.
func TestMismatchIsSeen(t *testing.T) {
	w := banking(t)
	o := w.waiting()
	id := o.Payments[0].ID
	p, err := w.shop.Payments.Payment(t.Context(), payment.IDInput{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	p.ProviderID = "fpi_other" // as if another intent had been written down
	if err := (bunstore.Payments{DB: w.shop.DB}).Save(t.Context(), &p); err != nil {
		t.Fatal(err)
	}
	if ok, err := w.bank.Confirm(id, fakepay.Approve); !ok || err != nil {
		t.Fatal(ok, err)
	}
	header, body := w.bank.Notice("evt_1", id)
	if _, err := w.shop.Payments.Receive(t.Context(), payment.ReceiveInput{Provider: "fake", Headers: header, Body: body}); err != nil {
		t.Fatal(err)
	}
	w.jobs("payment.webhooks")
	if o = w.order(o.ID); o.Status != order.StatusPending {
		t.Errorf("order %s, want it pending", o.Status)
	}
	all, err := w.shop.Payments.Breaks(t.Context(), payment.BreaksInput{State: payment.BreakOpen, OrderID: o.ID})
	if err != nil || len(all.Items) != 1 || all.Items[0].Kind != payment.BreakMismatch || all.Items[0].PaymentID != id {
		t.Errorf("breaks %+v, %v; want a mismatch", all.Items, err)
	}
	if n := w.count("{outbox} WHERE name = ?", payment.EventMismatch.Name); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
	x := w.story(w.shop.Explain, o)
	for _, kind := range []string{explain.KindBreak, explain.KindWebhook, explain.KindPayment, explain.KindEvent} {
		if !slices.ContainsFunc(x.Items, func(e explain.Entry) bool { return e.Kind == kind }) {
			t.Errorf("the story has no %s: %+v", kind, x.Items)
		}
	}
}

func (w *world) story(s explain.Service, o order.Order) explain.Explanation {
	w.Helper()
	x, err := s.Order(context.Background(), order.IDInput{ID: o.Number})
	if err != nil {
		w.Fatal(err)
	}
	return x
}

// The story of an order that was paid and shipped.
func TestExplain(t *testing.T) {
	w := banking(t)
	variant := w.Variant("Mug", 1000, 5)
	p, err := w.complete(w.Cart(one(variant)), card, "")
	if err != nil {
		t.Fatal(err)
	}
	o, err := w.shop.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: p.ID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.shop.Fulfil.Ship(t.Context(), fulfil.ShipInput{ID: o.Fulfillments[0].ID}); err != nil {
		t.Fatal(err)
	}
	x := w.story(w.shop.Explain, p.Order)
	var lines []string
	for _, e := range x.Items {
		lines = append(lines, e.Kind+" "+e.Text)
		if e.At.IsZero() || e.ID == "" {
			t.Errorf("%+v: of what, and when?", e)
		}
	}
	text := strings.Join(lines, "\n")
	for _, want := range []string{"order placed pending", "payment opened: USD 10.00 by fake_card", "payment fake is asked, so far once", "money captured USD 10.00",
		"order fulfillment pending → shipped", "stock shipped -1 of ", "event order.placed, waits to be published"} {
		if !strings.Contains(text, want) {
			t.Errorf("the story lacks %q:\n%s", want, text)
		}
	}
	if len(x.Reservations) != 1 || x.Reservations[0].State != inventory.Shipped || x.Order.Total != shoptest.USD(1000) || len(x.Missing) != 0 {
		t.Errorf("%+v", x)
	}
	clerk := shoptest.Staff(t.Context(), "orders:read")
	if _, err := w.shop.Explain.Order(clerk, order.IDInput{ID: p.ID}); err != nil {
		t.Errorf("who may read orders: %v", err)
	}
	if _, err := w.shop.Explain.Order(shoptest.Staff(t.Context(), "payments:read"), order.IDInput{ID: p.ID}); !errors.Is(err, fault.ErrDenied) {
		t.Errorf("who may not: %v", err)
	}
	if _, err := w.shop.Explain.Order(clerk, order.IDInput{ID: "99"}); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("no such order: %v", err)
	}
}

// away is where nobody answers.
type away struct{}

func (away) Call(context.Context, string, any, any) error { return fault.ErrUnavailable }

var _ op.Caller = away{}

// While a service is away, the rest of the story is told.
func TestExplainWhatIsThere(t *testing.T) {
	w := banking(t)
	p, err := w.complete(w.Cart(one(w.Variant("Mug", 1000, 5))), card, "")
	if err != nil {
		t.Fatal(err)
	}
	e := explain.New(explain.Ports{Orders: w.shop.Orders, Payments: payment.Client{Caller: away{}}, Stock: w.shop.Inventory, Outbox: w.shop.Outbox}, nil)
	x := w.story(e, p.Order)
	var missing []string
	for _, m := range x.Missing {
		missing = append(missing, m.Part)
		if m.Error == "" {
			t.Errorf("%s: why?", m.Part)
		}
	}
	if want := []string{"payments", "ledger", "refunds", "webhooks", "breaks"}; !slices.Equal(missing, want) || len(x.Items) == 0 || len(x.Reservations) != 1 {
		t.Errorf("missing %v of %+v, want %v", missing, x, want)
	}
}
