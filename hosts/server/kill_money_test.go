//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// death is where a server dies: at a spot, or at a point of the checkout.
type death struct {
	row    string // of the table of scenarios
	spot   spot
	point  string
	behind bool // in the work behind requests
	deed   func(b *bench) deed
}

func (d death) String() string { return strings.TrimSpace(d.row + " " + d.point + d.spot.String()) }

// deaths are the rows X01 to X09 and X11: before and after each commit and each
// call of the bank. What lies between a commit and the call after it is one place.
var deaths = []death{
	{row: "X01 claim", spot: spot{"INSERT mercer_idem", 1, false}, deed: (*bench).complete},
	{row: "X02 claimed", spot: spot{"INSERT mercer_idem", 1, true}, deed: (*bench).complete},
	{row: "X02 placing", point: "before place", deed: (*bench).complete},
	{row: "X02 place", spot: spot{"INSERT mercer_orders", 1, false}, deed: (*bench).complete},
	{row: "X03 placed", spot: spot{"INSERT mercer_orders", 1, true}, deed: (*bench).complete},
	{row: "X03 before the call", spot: spot{"UPDATE mercer_payment", 1, true}, deed: (*bench).complete},
	{row: "X04 after the call", spot: spot{"UPDATE mercer_payment", 2, false}, deed: (*bench).complete},
	{row: "X05 intent stored", spot: spot{"UPDATE mercer_payment", 2, true}, deed: (*bench).complete},
	{row: "X05 confirmed", spot: spot{"UPDATE mercer_orders", 1, true}, deed: (*bench).complete},
	{row: "X05 answer stored", spot: spot{"UPDATE mercer_idem", 1, true}, deed: (*bench).complete},
	{row: "X05 shopper has to act", spot: spot{"UPDATE mercer_payment", 2, true}, deed: (*bench).undecided},
	{row: "X06 notice comes", spot: spot{"INSERT mercer_webhook_inbox", 1, false}, deed: (*bench).notice},
	{row: "X06 notice stored", spot: spot{"INSERT mercer_webhook_inbox", 1, true}, deed: (*bench).notice},
	{row: "X06 notice fetched", spot: spot{"UPDATE mercer_webhook_inbox", 1, false}, behind: true, deed: (*bench).notice},
	{row: "X07 notice applied", spot: spot{"UPDATE mercer_webhook_inbox", 1, true}, behind: true, deed: (*bench).notice},
	{row: "X08 published", spot: spot{"INSERT mercer_outbox_archive", 1, false}, behind: true, deed: (*bench).complete},
	{row: "X09 effect", spot: spot{"INSERT mercer_inbox", 1, false}, behind: true, deed: (*bench).complete},
	{row: "X09 effect done", spot: spot{"INSERT mercer_inbox", 1, true}, behind: true, deed: (*bench).complete},
	{row: "X11 refund", point: "before refund", deed: (*bench).refund},
	{row: "X11 refund row", spot: spot{"INSERT mercer_refund", 1, false}, deed: (*bench).refund},
	{row: "X11 refund opened", spot: spot{"INSERT mercer_refund", 1, true}, deed: (*bench).refund},
	{row: "X11 before the call", spot: spot{"UPDATE mercer_refund", 1, true}, deed: (*bench).refund},
	{row: "X11 after the call", spot: spot{"UPDATE mercer_refund", 2, false}, deed: (*bench).refund},
	{row: "X11 refund stored", spot: spot{"UPDATE mercer_refund", 2, true}, deed: (*bench).refund},
	{row: "X11 answer stored", spot: spot{"UPDATE mercer_idem", 1, true}, deed: (*bench).refund},
	{row: "X11 cancel begun", spot: spot{"UPDATE mercer_orders", 1, true}, deed: (*bench).cancel},
	{row: "X11 cancel, refund row", spot: spot{"INSERT mercer_refund", 1, false}, deed: (*bench).cancel},
	{row: "X11 cancel, before the call", spot: spot{"UPDATE mercer_refund", 1, true}, deed: (*bench).cancel},
	{row: "X11 cancel, after the call", spot: spot{"UPDATE mercer_refund", 2, false}, deed: (*bench).cancel},
	{row: "X11 cancel, released", spot: spot{"UPDATE mercer_reservation", 1, true}, deed: (*bench).cancel},
	{row: "capture, before the call", spot: spot{"UPDATE mercer_payment", 1, true}, deed: (*bench).capture},
	{row: "capture, after the call", spot: spot{"UPDATE mercer_payment", 2, false}, deed: (*bench).capture},
	{row: "capture stored", spot: spot{"UPDATE mercer_payment", 2, true}, deed: (*bench).capture},
}

// deed is a request during which, or after which, a server dies, and how its
// order stands in the end.
type deed struct {
	request
	key   string
	order string // id
	want  stand
	paid  string // payment that the shopper pays at the bank just before
}

// stand is how an order stands, here and at the bank.
type stand struct {
	Status, Pay     string
	Payments        int
	Captured, Given int64 // at the bank
	Refunds         int   // at the bank
	Refunded        int64 // here
	Reserved        int64
}

// bench is what the deaths of one run have in common: a shop that two servers
// after one another serve, and this process looks at.
type bench struct {
	*world
	shoptest.Factory
	shop  *embed.Shop
	bank  *fakepay.Provider
	mug   string
	staff string
}

func newBench(t *testing.T, server string) *bench {
	t.Helper()
	b := &bench{world: newWorld(t, server)}
	bank, closeBank, err := fakepay.Open(b.world.bank, nil)
	if err != nil {
		t.Fatal(err)
	}
	db, err := bunstore.Open(t.Context(), b.db, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(b.shop.Close(), db.Close(), closeBank()); err != nil {
			t.Error(err)
		}
	})
	b.bank, b.shop = bank, b.on(t, db, bank, 0)
	if err := b.shop.Seed(t.Context(), "USD", "US"); err != nil {
		t.Fatal(err)
	}
	b.Factory = shoptest.Factory{TB: t, Shop: b.shop.Shop}
	b.mug, b.staff = b.Variant("Mug", 1000, 100_000), staffKey(t, b.shop)
	return b
}

// TestX kills servers at every step of what moves money. Clients insist under
// their keys, the work behind requests goes on, and then everything adds up: one
// order, one payment, one refund, here and in the books of the bank.
func TestX(t *testing.T) {
	const shops = 4 // at once for each server: most of the time is spent on waiting for leases to end
	var all sync.WaitGroup
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		times := 1
		if os.Getenv("MERCER_TEST_FULL") != "" {
			times = 20
		}
		for i := range shops {
			all.Go(func() {
				t.Run(fmt.Sprint(server, i), func(t *testing.T) {
					b := newBench(t, server)
					for j, d := range deaths {
						if j%shops == i {
							b.die(t, d, times)
						}
					}
					b.add(t)
					shoptest.Audit(t, b.shop.Shop)
					shoptest.AuditStore(t, b.shop.DB)
				})
			})
		}
	}
	all.Wait()
}

// die lets a server die at one place, again and again.
func (b *bench) die(t *testing.T, d death, times int) {
	t.Helper()
	deeds := make([]deed, times)
	for i := range deeds {
		deeds[i] = d.deed(b)
		deeds[i].key = ident.NewID("key")
	}
	env := []string{"KILL_TEST_SPOT=" + d.spot.String()}
	if d.behind {
		env = append(env, "KILL_TEST_BEHIND=1")
	}
	b.drain(t)
	p := b.launch(t, 0, d.point, env)
	for spared := 0; len(deeds) > 0; deeds = deeds[1:] {
		one := deeds[0]
		if one.paid != "" {
			if ok, err := b.bank.Confirm(one.paid, fakepay.Approve); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		p.arm(t)
		one.send(t, p.url, one.key, nil)
		select {
		case <-p.gone:
		case <-time.After(20 * time.Second):
		}
		where, want := p.stop(t), d.point+d.spot.String()
		if where != want && where != "" {
			t.Fatalf("%v: the server died at %q: %s", d, where, p.out)
		}
		p = b.launch(t, 0, d.point, env)
		b.after(t, p.url, one)
		if where == "" { // the work behind requests was faster there: another one
			if spared++; spared > 5 {
				t.Fatalf("%v: no server dies", d)
			}
			again := d.deed(b)
			again.key = ident.NewID("key")
			deeds = append(deeds, again)
		}
		if t.Failed() {
			t.Fatalf("%v", d)
		}
	}
	p.stop(t)
}

// after is what happens when a server is there again, and looks at what came of a
// deed.
func (b *bench) after(t *testing.T, url string, d deed) {
	t.Helper()
	var first, again json.RawMessage
	d.insist(t, url, d.key, &first)
	d.insist(t, url, d.key, &again)
	if string(first) != string(again) {
		t.Errorf("one key is answered\n%s\n%s", first, again)
	}
	b.quiet(t)
	b.later(t, b.shop.DB, b.bank)
	b.quiet(t)
	if got := b.stand(t, d.order); got != d.want {
		t.Errorf("the order stands\n%+v, want\n%+v", got, d.want)
	}
	for what, query := range map[string]string{
		"mails that say that it was placed": `SELECT COUNT(*) FROM {notification} WHERE kind = 'order_placed' AND data LIKE ?`,
		"orders of the cart":                `SELECT COUNT(*) FROM {orders} WHERE doc LIKE ?`,
	} {
		if n := b.count(t, query, "%"+strings.TrimPrefix(d.order, "ord_")+"%"); n != 1 {
			t.Errorf("%d %s", n, what)
		}
	}
}

// quiet waits until the server that runs has published everything.
func (b *bench) quiet(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); b.count(t, `SELECT COUNT(*) FROM {outbox}`) > 0; <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("events are not published")
		}
	}
}

// drain publishes everything while no server runs.
func (b *bench) drain(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(10 * time.Millisecond) {
		if err := b.shop.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b.count(t, `SELECT COUNT(*) FROM {outbox}`) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("events are not published")
		}
	}
}

func (b *bench) count(t *testing.T, query string, args ...any) (n int64) {
	t.Helper()
	if err := b.shop.DB.Read(t.Context(), &n, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

// stand reads how an order stands from the tables and the books of the bank.
func (b *bench) stand(t *testing.T, id string) (s stand) {
	t.Helper()
	for query, into := range map[string]any{
		`SELECT status FROM {orders} WHERE id = ?`:                                                                   &s.Status,
		`SELECT payment_status FROM {orders} WHERE id = ?`:                                                           &s.Pay,
		`SELECT COUNT(*) FROM {payment} WHERE order_id = ?`:                                                          &s.Payments,
		`SELECT COALESCE(SUM(amount), 0) FROM {refund} WHERE status = 'succeeded' AND order_id = ?`:                  &s.Refunded,
		`SELECT COALESCE(SUM(quantity), 0) FROM {reservation} WHERE state IN ('held', 'allocated') AND order_id = ?`: &s.Reserved,
	} {
		if err := b.shop.DB.Read(t.Context(), into, query, id); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	all, err := b.bank.Intents()
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range all {
		if in.OrderID != id {
			continue
		}
		s.Captured += in.Captured.Minor
		s.Refunds += len(in.Refunds)
		for _, r := range in.Refunds {
			s.Given += r.Amount.Minor
		}
	}
	return s
}

// add holds the ledger against the books of the bank and all orders against one
// another (N4, N6 to N8, N14).
func (b *bench) add(t *testing.T) {
	t.Helper()
	for what, query := range map[string]string{
		"checkouts with two orders":        `SELECT COUNT(*) FROM (SELECT checkout_id FROM {orders} GROUP BY checkout_id HAVING COUNT(*) > 1) x`,
		"refunds above what was captured":  `SELECT COUNT(*) FROM (SELECT order_id FROM {ledger} GROUP BY order_id HAVING SUM(CASE kind WHEN 'captured' THEN amount WHEN 'refunded' THEN -amount ELSE 0 END) < 0) x`,
		"lines written twice":              `SELECT COUNT(*) FROM (SELECT object FROM {ledger} GROUP BY kind, object HAVING COUNT(*) > 1) x`,
		"refunds that are pending":         `SELECT COUNT(*) FROM {refund} WHERE status = 'pending'`,
		"notices that are open":            `SELECT COUNT(*) FROM {webhook_inbox} WHERE state NOT IN ('done', 'ignored')`,
		"runs that have not ended":         `SELECT COUNT(*) FROM {journal} WHERE phase NOT IN ('done', 'undone', 'waiting')`,
		"breaks":                           `SELECT COUNT(*) FROM {recon_break}`,
		"letters that nobody could handle": `SELECT COUNT(*) FROM {dead_letter}`,
	} {
		if n := b.count(t, query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	var captured, refunded int64
	all, err := b.bank.Intents()
	if err != nil {
		t.Fatal(err)
	}
	charged := map[string]int{}
	for _, in := range all {
		captured += in.Captured.Minor
		for _, r := range in.Refunds {
			refunded += r.Amount.Minor
		}
		if in.Chargeable() {
			if charged[in.OrderID]++; charged[in.OrderID] > 1 {
				t.Errorf("the bank charges twice for %s", in.OrderID)
			}
		}
	}
	for kind, want := range map[string]int64{payment.LineCaptured: captured, payment.LineRefunded: refunded} {
		if got := b.count(t, `SELECT COALESCE(SUM(amount), 0) FROM {ledger} WHERE kind = ?`, kind); got != want {
			t.Errorf("%s: %d in the ledger, %d at the bank", kind, got, want)
		}
	}
}

// two is a cart with two mugs.
func (b *bench) completing(returnURL string) (deed, string) {
	c := b.Cart(shoptest.Line{Variant: b.mug, Quantity: 2})
	means := map[string]string{"method": fakepay.Card}
	if returnURL != "" {
		means["return_url"] = returnURL
	}
	id := "ord_" + strings.TrimPrefix(c.ID, "cart_")
	return deed{request: request{path: "/v1/carts/" + c.ID + "/complete", token: c.Token, want: http.StatusCreated,
		body: map[string]any{"expected_total": c.Totals.Total, "payment": means}}, order: id,
		want: stand{Status: "confirmed", Pay: "paid", Payments: 1, Captured: 2000, Reserved: 2}}, c.ID
}

func (b *bench) complete() deed {
	d, _ := b.completing("")
	return d
}

// undecided is a payment that the shopper has to act for.
func (b *bench) undecided() deed {
	d, _ := b.completing("https://shop.example/back?" + fakepay.Asking + "=" + string(fakepay.AskShopper))
	d.want = stand{Status: "pending", Pay: "none", Payments: 1, Reserved: 2}
	return d
}

func (b *bench) placed(method string) order.Order {
	return b.Order(method, shoptest.Line{Variant: b.mug, Quantity: 2})
}

// notice is the bank's, of a shopper who has paid there.
func (b *bench) notice() deed {
	b.bank.Set(fakepay.Any, fakepay.AskShopper)
	o := b.placed(fakepay.Card)
	b.bank.Set(fakepay.Any, fakepay.Approve)
	header, body := b.bank.Notice(ident.NewID("evt"), o.Payment.ID)
	more := http.Header{}
	for name, values := range header {
		more[http.CanonicalHeaderKey(name)] = values
	}
	return deed{request: request{path: "/v1/webhooks/fake", want: http.StatusNoContent, body: json.RawMessage(body), more: more}, order: o.ID,
		paid: o.Payment.ID, want: stand{Status: "confirmed", Pay: "paid", Payments: 1, Captured: 2000, Reserved: 2}}
}

func (b *bench) refund() deed {
	o := b.placed(fakepay.Card)
	return deed{request: request{path: "/v1/admin/orders/" + o.ID + "/refunds", staff: b.staff, want: http.StatusCreated,
		body: map[string]any{"reason": "broken", "items": []order.Units{{ItemID: o.Items[0].ID, Quantity: 1}}}}, order: o.ID,
		want: stand{Status: "confirmed", Pay: "partially_refunded", Payments: 1, Captured: 2000, Given: 1000, Refunds: 1, Refunded: 1000, Reserved: 2}}
}

func (b *bench) cancel() deed {
	o := b.placed(fakepay.Card)
	return deed{request: request{path: "/v1/admin/orders/" + o.ID + "/cancel", staff: b.staff, want: http.StatusOK, body: map[string]any{"refund": true}}, order: o.ID,
		want: stand{Status: "canceled", Pay: "refunded", Payments: 1, Captured: 2000, Given: 2000, Refunds: 1, Refunded: 2000}}
}

func (b *bench) capture() deed {
	o := b.placed(fakepay.Multi)
	part := shoptest.USD(1200)
	return deed{request: request{path: "/v1/admin/payments/" + o.Payment.ID + "/capture", staff: b.staff, want: http.StatusOK, body: map[string]any{"amount": part}}, order: o.ID,
		want: stand{Status: "confirmed", Pay: "partially_captured", Payments: 1, Captured: 1200, Reserved: 2}}
}
