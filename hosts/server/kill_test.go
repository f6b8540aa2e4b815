//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

// child is what the test binary does when it is told to be a server: the same
// as main, with a killer at its database.
func child() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var settings []string
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "MERCER_") && !strings.HasPrefix(v, "MERCER_TEST_") {
			settings = append(settings, v)
		}
	}
	c, err := boot.Load(nil, settings)
	if err != nil {
		return err
	}
	at, _ := strconv.ParseInt(os.Getenv("KILL_TEST_AT"), 10, 64)
	k := &killer{mark: os.Getenv("KILL_TEST_MARK"), at: at, behind: os.Getenv("KILL_TEST_BEHIND") != "", fact: os.Getenv("KILL_TEST_FACT"),
		spot: spotOf(os.Getenv("KILL_TEST_SPOT"))}
	k.armed.Store(os.Getenv("KILL_TEST_ARMED") != "") // else it is armed by a signal
	point := os.Getenv("KILL_TEST_POINT")
	c.Connect = func(inner driver.Connector) driver.Connector { return connector{inner, k} }
	c.Lease, c.Idle = time.Second, time.Second
	c.At = func(p string) {
		if p == point && k.armed.Load() {
			k.die(p)
		}
	}
	arm := make(chan os.Signal, 1)
	signal.Notify(arm, syscall.SIGUSR1)
	go func() {
		<-arm
		k.armed.Store(true)
		fmt.Println("armed")
	}()
	log := c.Logger(os.Stderr)
	s, err := boot.Open(ctx, c, log)
	if err != nil {
		return err
	}
	defer s.Close()
	return boot.Serve(ctx, c, s, func(addr string) { fmt.Println(addr) })
}

// world is what outlives the servers of a kill test.
type world struct {
	db, dir, bank string
	secret        []byte
}

func newWorld(t *testing.T, server string) *world {
	t.Helper()
	dir := t.TempDir()
	return &world{db: buntest.Name(t, server), dir: dir, bank: filepath.Join(dir, "bank.db"), secret: bytes.Repeat([]byte("k"), 32)}
}

// open opens the shop in this process, while no server runs.
func (w *world) open(t *testing.T) (*embed.Shop, *fakepay.Provider, func()) {
	t.Helper()
	bank, closeBank, err := fakepay.Open(w.bank, nil)
	if err != nil {
		t.Fatal(err)
	}
	db, err := bunstore.Open(t.Context(), w.db, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := w.on(t, db, bank, 0)
	if err := s.Seed(t.Context(), "USD", "US"); err != nil {
		t.Fatal(err)
	}
	return s, bank, func() {
		if err := errors.Join(s.Close(), db.Close(), closeBank()); err != nil {
			t.Error(err)
		}
	}
}

// on puts a shop whose clock is ahead on the database.
func (w *world) on(t *testing.T, db *bunstore.DB, bank *fakepay.Provider, ahead time.Duration) *embed.Shop {
	t.Helper()
	s, err := embed.On(t.Context(), db, &embed.Options{Secret: w.secret, Passive: true, Idle: time.Millisecond, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Now().Add(ahead) }, Providers: []payment.Provider{offlinepay.New(), bank}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// later does the work behind requests that is due in two minutes.
func (w *world) later(t *testing.T, db *bunstore.DB, bank *fakepay.Provider) {
	t.Helper()
	s := w.on(t, db, bank, 2*time.Minute)
	defer s.Close()
	money, ok := s.Payments.(*payment.Engine)
	if !ok {
		t.Fatal("no payments here")
	}
	ctx, f := context.WithoutCancel(t.Context()), s.Flows
	err := errors.Join(f.Checkout.Reconcile(ctx), f.Checkout.Sweep(ctx), f.Fulfil.Sweep(ctx), money.Apply(ctx), money.SendRefunds(ctx))
	if err != nil {
		t.Errorf("the work behind: %v", err)
	}
}

// victim is a server of the world.
type victim struct {
	cmd  *exec.Cmd
	url  string
	out  *bytes.Buffer
	mark string
	line chan string
	gone chan struct{} // closed when it has closed its output
}

// launch starts a server that is killed after statement at, or at a point, once
// it is armed.
func (w *world) launch(t *testing.T, at int, point string, env []string) *victim {
	t.Helper()
	p := &victim{out: &bytes.Buffer{}, mark: filepath.Join(t.TempDir(), "mark"), line: make(chan string, 2), gone: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0], "-test.run=^$")
	p.cmd.Env = append(append(os.Environ(), env...), "KILL_TEST_CHILD=1", "KILL_TEST_AT="+strconv.Itoa(at), "KILL_TEST_POINT="+point, "KILL_TEST_MARK="+p.mark,
		"MERCER_ADDR=127.0.0.1:0", "MERCER_DATA="+w.dir, "MERCER_DB="+w.db, "MERCER_FAKEPAY="+w.bank, "MERCER_SECRET="+string(w.secret), "MERCER_RATE_LIMIT=off", "MERCER_LOG=error")
	p.cmd.Stderr = p.out
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for sc := bufio.NewScanner(stdout); sc.Scan(); {
			p.line <- sc.Text()
		}
		close(p.line)
		close(p.gone)
	}()
	addr, ok := <-p.line
	if !ok {
		_ = p.cmd.Wait()
		t.Fatalf("the server does not start: %s", p.out)
	}
	p.url = "http://" + addr
	return p
}

func (p *victim) arm(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if l := <-p.line; l != "armed" {
		t.Fatalf("the server is not armed: %q %s", l, p.out)
	}
}

// stop ends a server and returns where it was killed, "" if it was not.
func (p *victim) stop(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat(p.mark); err != nil {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	ended := p.cmd.Wait()
	mark, err := os.ReadFile(p.mark)
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch killed := status.Signaled() && status.Signal() == syscall.SIGKILL; {
	case err == nil && !killed:
		t.Errorf("the server was to be killed and ended with %v", ended)
	case err != nil && ended != nil:
		t.Errorf("the server ended with %v: %s", ended, p.out)
	}
	return string(mark)
}

// request is something that a client sends until it has an answer, always under
// the same key.
type request struct {
	path  string
	token string
	staff string
	body  any // what is a json.RawMessage is sent as it is
	want  int
	more  http.Header
}

var client = &http.Client{Timeout: 20 * time.Second}

// send sends r once. It returns the status, 0 without an answer.
func (r request) send(t *testing.T, base, key string, out any) int {
	t.Helper()
	data, err := json.Marshal(r.body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+r.path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, r.more)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	if r.token != "" {
		req.Header.Set("Cart-Token", r.token)
	}
	if r.staff != "" {
		req.Header.Set("Authorization", "Bearer "+r.staff)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return 0
	}
	if res.StatusCode == r.want && out != nil && len(answer) > 0 {
		if err := json.Unmarshal(answer, out); err != nil {
			t.Fatal(err)
		}
	}
	if res.StatusCode != r.want && res.StatusCode != http.StatusConflict && res.StatusCode != http.StatusServiceUnavailable && res.StatusCode != http.StatusAccepted {
		t.Errorf("%s answers %d: %s", r.path, res.StatusCode, answer)
	}
	return res.StatusCode
}

// insist sends r until it is answered as it should be.
func (r request) insist(t *testing.T, base, key string, out any) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		status := r.send(t, base, key, out)
		if status == r.want {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s is answered %d at last", r.path, status)
		case <-time.After(100 * time.Millisecond): // as a client waits before it tries again
		}
	}
}

// scenario is a request during which the server is killed, and what must be true
// once a client has insisted on its answer.
type scenario struct {
	name string
	// prepare makes what the request needs.
	prepare func(t *testing.T, s *embed.Shop, f shoptest.Factory) (request, check)
	points  []string // where it is killed beside statements
	behind  bool     // killed in the work behind requests
	most    int      // statements, 0: until the request gets through
	rare    bool     // tried with KILL_TEST_ALL alone: TestX does what matters of it
}

// check looks at the shop after the request was answered with out.
type check func(t *testing.T, s *embed.Shop, bank *fakepay.Provider, out json.RawMessage)

func (w *world) start(t *testing.T, at int, point string, behind bool) *victim {
	t.Helper()
	var env []string
	if behind {
		env = append(env, "KILL_TEST_BEHIND=1")
	}
	return w.launch(t, at, point, env)
}

// TestKilled is C06, C07 and section 2.12: it kills servers after any statement.
func TestKilled(t *testing.T) {
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		for _, sc := range scenarios {
			t.Run(server+" "+sc.name, func(t *testing.T) {
				if sc.rare && stride(server) > 1 {
					t.Skip("KILL_TEST_ALL is not set")
				}
				w := newWorld(t, server)
				var died []string
				for at := first(t, server); sc.most == 0 || at <= sc.most; at += stride(server) {
					where := w.kill(t, sc, at, "")
					if where == "" {
						break
					}
					died = append(died, where)
				}
				if len(died) == 0 { // it has fewer statements than that
					died = append(died, w.kill(t, sc, 1, ""))
				}
				for _, p := range sc.points {
					died = append(died, w.kill(t, sc, 0, p))
				}
				t.Logf("killed at %d points:\n%s", len(died), strings.Join(died, "\n"))
				if died[0] == "" {
					t.Error("it was not killed")
				}
			})
		}
	}
}

// stride is how many statements lie between two kills. Every one is tried with
// KILL_TEST_ALL.
func stride(server string) int {
	switch {
	case os.Getenv("KILL_TEST_ALL") != "":
		return 1
	case server == buntest.SQLite:
		return 4
	default:
		return 10
	}
}

// first is the first statement at which a server is killed: another one in every
// run, so that all have their turn. KILL_TEST_FIRST says it again.
func first(t *testing.T, server string) int {
	t.Helper()
	at, err := strconv.Atoi(os.Getenv("KILL_TEST_FIRST"))
	if err != nil {
		at = 1 + rand.IntN(stride(server))
	}
	t.Logf("KILL_TEST_FIRST=%d", at)
	return at
}

// kill kills the server in the middle of a request, starts another and lets the
// client go on until it has its answer. It returns where the server died, "" if
// it did not.
func (w *world) kill(t *testing.T, sc scenario, at int, point string) string {
	t.Helper()
	s, _, done := w.open(t)
	r, check := sc.prepare(t, s, shoptest.Factory{TB: t, Shop: s.Shop})
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	done()
	key := ident.NewID("key")
	p := w.start(t, at, point, sc.behind)
	p.arm(t)
	status := r.send(t, p.url, key, nil)
	if sc.behind && status == r.want {
		select {
		case <-p.gone: // the work behind an answered request goes on
		case <-time.After(3 * time.Second):
		}
	}
	died := strings.Join(strings.Fields(p.stop(t)), " ")
	if died = died[:min(len(died), 90)]; point != "" && died != point {
		t.Errorf("died at %q, not at %q", died, point)
	}
	p = w.start(t, 0, "", false)
	var out json.RawMessage
	r.insist(t, p.url, key, &out)
	p.stop(t)
	w.audit(t, died, check, out)
	return died
}

// audit does what is left to the work behind requests, and looks at everything.
func (w *world) audit(t *testing.T, died string, check check, out json.RawMessage) {
	t.Helper()
	s, bank, done := w.open(t)
	defer done()
	for _, job := range []string{"checkout.reconcile", "checkout.sweep", "fulfil.sweep"} {
		if err := s.RunJob(t.Context(), job); err != nil {
			t.Errorf("after %q: %s: %v", died, job, err)
		}
	}
	w.later(t, s.DB, bank)
	// The dead process keeps its part of the outbox to itself for its lease.
	for deadline := time.Now().Add(5 * time.Second); ; {
		if err := s.Drain(t.Context()); err != nil {
			t.Errorf("after %q: drain: %v", died, err)
		}
		lag, err := bunstore.Outbox{DB: s.DB}.Lag(t.Context())
		if err == nil && lag.Pending == 0 {
			break
		}
		if err != nil || time.Now().After(deadline) {
			t.Errorf("after %q: %d events are not published, %v", died, lag.Pending, err)
			break
		}
		<-time.After(50 * time.Millisecond)
	}
	check(t, s, bank, out)
	shoptest.Audit(t, s.Shop)
	if t.Failed() {
		t.Fatalf("after death at %q", died)
	}
}

var scenarios = []scenario{
	{name: "completing by card", prepare: completing("fake_card", 0), points: []string{"before place", "after place", "before authorize", "after authorize"}},
	{name: "completing by card and gift card", prepare: completing("fake_card", 1000), points: []string{"before place", "after place", "before authorize", "after authorize"}},
	{name: "completing by gift card", prepare: completing(payment.MethodGiftCard, 2998), points: []string{"before place", "after place"}},
	{name: "completing by cash", prepare: completing("cash_on_delivery", 0), points: []string{"before place", "after place"}},
	{name: "adding to a cart", prepare: adding},
	{name: "shipping", prepare: shipping},
	{name: "canceling", prepare: canceling},
	{name: "refunding", prepare: refunding, rare: true, points: []string{"before refund", "refund opened"}},
	{name: "canceling what is paid", prepare: cancelingPaid, rare: true},
	{name: "after completing", prepare: completing("fake_card", 0), behind: true, most: 8},
}

// completing completes a cart of which a gift card pays some, if it is not 0.
func completing(method string, gift int64) func(*testing.T, *embed.Shop, shoptest.Factory) (request, check) {
	return func(t *testing.T, s *embed.Shop, f shoptest.Factory) (request, check) {
		mug := f.Variant("Mug", 1499, 5)
		c := f.Cart(shoptest.Line{Variant: mug, Quantity: 2})
		var giftCard payment.NewGiftCard
		if gift > 0 {
			var err error
			if giftCard, err = s.Payments.CreateGiftCard(t.Context(), payment.CreateGiftCardInput{Amount: shoptest.USD(gift)}); err != nil {
				t.Fatal(err)
			}
			if _, err = s.Storefront.AddGiftCard(shoptest.Guest(t.Context(), c), storefront.AddGiftCardInput{ID: c.ID, Code: giftCard.Code}); err != nil {
				t.Fatal(err)
			}
		}
		r := request{path: "/v1/carts/" + c.ID + "/complete", token: c.Token, want: http.StatusCreated,
			body: map[string]any{"expected_total": c.Totals.Total, "payment": map[string]string{"method": method}}}
		return r, func(t *testing.T, s *embed.Shop, bank *fakepay.Provider, out json.RawMessage) {
			var placed order.Order
			if err := json.Unmarshal(out, &placed); err != nil {
				t.Fatal(err)
			}
			o, err := s.Orders.Order(t.Context(), order.IDInput{ID: placed.ID})
			if err != nil || o.Status != order.StatusConfirmed || o.CartID != c.ID {
				t.Errorf("order is %s, %v; want confirmed", o.Status, err)
			}
			if got := (shoptest.Factory{TB: t, Shop: s.Shop}).Available(mug); got != 3 {
				t.Errorf("available = %d, want 3", got)
			}
			want := map[string]int{"fake_card": 1}[method]
			if n, err := bank.Chargeable(o.ID); n != want || err != nil {
				t.Errorf("%d intents can charge, %v; want %d", n, err, want)
			}
			if gift == 0 {
				return
			}
			if left, err := s.Payments.GiftCard(t.Context(), payment.IDInput{ID: giftCard.ID}); err != nil || !left.Balance.IsZero() || o.PaymentStatus != order.PayPaid {
				t.Errorf("%v is left on the gift card, %v; the order is %s", left.Balance, err, o.PaymentStatus)
			}
		}
	}
}

// adding shows that what is answered and what is done are one: after the kill
// the retry adds nothing.
func adding(t *testing.T, _ *embed.Shop, f shoptest.Factory) (request, check) {
	mug := f.Variant("Mug", 1499, 50)
	c := f.Cart(shoptest.Line{Variant: mug, Quantity: 2})
	r := request{path: "/v1/carts/" + c.ID + "/items", token: c.Token, want: http.StatusOK,
		body: map[string]any{"items": []map[string]any{{"variant_id": mug, "quantity": 3}}}}
	return r, func(t *testing.T, s *embed.Shop, _ *fakepay.Provider, out json.RawMessage) {
		got, err := s.Carts.Cart(t.Context(), cart.IDInput{ID: c.ID})
		if err != nil || len(got.Items) != 1 || got.Items[0].Quantity != 5 {
			t.Errorf("cart has %+v, %v; want 5 mugs", got.Items, err)
		}
		var shown storefront.Cart
		if err := json.Unmarshal(out, &shown); err != nil || len(shown.Items) != 1 || shown.Items[0].Quantity != 5 || len(shown.Results) != 1 {
			t.Errorf("the answer shows %+v, %v", shown.Items, err)
		}
	}
}

func staffKey(t *testing.T, s *embed.Shop) string {
	t.Helper()
	k, err := s.Accounts.CreateKey(t.Context(), account.CreateKeyInput{Name: "test", Scopes: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	return k.Secret
}

func shipping(t *testing.T, s *embed.Shop, f shoptest.Factory) (request, check) {
	mug := f.Variant("Mug", 1499, 5)
	o, err := s.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: f.Order("invoice", shoptest.Line{Variant: mug, Quantity: 2}).ID})
	if err != nil {
		t.Fatal(err)
	}
	r := request{path: "/v1/admin/fulfillments/" + o.Fulfillments[0].ID + "/ship", staff: staffKey(t, s), want: http.StatusOK, body: map[string]any{}}
	return r, func(t *testing.T, s *embed.Shop, _ *fakepay.Provider, _ json.RawMessage) {
		got, err := s.Orders.Order(t.Context(), order.IDInput{ID: o.ID})
		if err != nil || got.FulfillmentStatus != order.Fulfilled {
			t.Errorf("order is %s, %v; want fulfilled", got.FulfillmentStatus, err)
		}
		levels, err := s.Inventory.Levels(t.Context(), inventory.LevelsInput{VariantIDs: []string{mug}})
		if err != nil || levels.Items[0].OnHand != 3 || levels.Items[0].Reserved != 0 {
			t.Errorf("levels = %+v, %v; want 3 on hand", levels.Items, err)
		}
	}
}

func canceling(t *testing.T, s *embed.Shop, f shoptest.Factory) (request, check) {
	mug := f.Variant("Mug", 1499, 5)
	o := f.Order("bank_transfer", shoptest.Line{Variant: mug, Quantity: 2})
	r := request{path: "/v1/admin/orders/" + o.ID + "/cancel", staff: staffKey(t, s), want: http.StatusOK, body: map[string]any{}}
	return r, func(t *testing.T, s *embed.Shop, _ *fakepay.Provider, _ json.RawMessage) {
		got, err := s.Orders.Order(t.Context(), order.IDInput{ID: o.ID})
		if err != nil || got.Status != order.StatusCanceled {
			t.Errorf("order is %s, %v; want canceled", got.Status, err)
		}
		if n := (shoptest.Factory{TB: t, Shop: s.Shop}).Available(mug); n != 5 {
			t.Errorf("available = %d, want 5", n)
		}
	}
}

func refunding(t *testing.T, s *embed.Shop, f shoptest.Factory) (request, check) {
	mug := f.Variant("Mug", 1499, 5)
	o := f.Order(fakepay.Card, shoptest.Line{Variant: mug, Quantity: 2})
	r := request{path: "/v1/admin/orders/" + o.ID + "/refunds", staff: staffKey(t, s), want: http.StatusCreated,
		body: map[string]any{"reason": "broken", "items": []order.Units{{ItemID: o.Items[0].ID, Quantity: 1}}}}
	return r, returned(o.ID, order.StatusConfirmed, order.PayPartiallyRefunded, 1499)
}

func cancelingPaid(t *testing.T, s *embed.Shop, f shoptest.Factory) (request, check) {
	mug := f.Variant("Mug", 1499, 5)
	o := f.Order(fakepay.Card, shoptest.Line{Variant: mug, Quantity: 2})
	r := request{path: "/v1/admin/orders/" + o.ID + "/cancel", staff: staffKey(t, s), want: http.StatusOK, body: map[string]any{"refund": true}}
	return r, returned(o.ID, order.StatusCanceled, order.PayRefunded, 2998)
}

// returned wants an order to stand so, with one refund of so much here and at the
// bank.
func returned(id string, status order.Status, pay order.PaymentStatus, minor int64) check {
	return func(t *testing.T, s *embed.Shop, bank *fakepay.Provider, _ json.RawMessage) {
		o, err := s.Orders.Order(t.Context(), order.IDInput{ID: id})
		if err != nil || o.Status != status || o.PaymentStatus != pay || len(o.Refunds) != 1 || o.Refunds[0].Status != order.RefundSucceeded {
			t.Errorf("the order is %s and %s, with the refunds %+v, %v", o.Status, o.PaymentStatus, o.Refunds, err)
		}
		if got, err := bank.Given(id, "USD"); got != shoptest.USD(minor) || err != nil {
			t.Errorf("the bank gave %v, %v; want %d", got, err, minor)
		}
	}
}
