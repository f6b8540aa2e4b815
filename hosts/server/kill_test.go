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

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
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
	c, err := configure(nil, settings, os.Stderr)
	if err != nil {
		return err
	}
	at, _ := strconv.ParseInt(os.Getenv("KILL_TEST_AT"), 10, 64)
	k := &killer{mark: os.Getenv("KILL_TEST_MARK"), at: at, behind: os.Getenv("KILL_TEST_BEHIND") != ""}
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
	s, err := embed.On(t.Context(), db, &embed.Options{Secret: w.secret, Passive: true, Idle: time.Millisecond,
		Log: slog.New(slog.DiscardHandler), Providers: []payment.Provider{offlinepay.New(), bank}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Seed(t.Context(), "USD", "US"); err != nil {
		t.Fatal(err)
	}
	return s, bank, func() {
		if err := errors.Join(s.Close(), db.Close(), closeBank()); err != nil {
			t.Error(err)
		}
	}
}

// victim is a server of the world.
type victim struct {
	cmd  *exec.Cmd
	url  string
	out  *bytes.Buffer
	mark string
	line chan string
}

// start starts a server that is killed after statement at, or at a point, once
// it is armed.
func (w *world) start(t *testing.T, at int, point string) *victim {
	t.Helper()
	p := &victim{out: &bytes.Buffer{}, mark: filepath.Join(t.TempDir(), "mark"), line: make(chan string, 2)}
	p.cmd = exec.Command(os.Args[0], "-test.run=^$")
	p.cmd.Env = append(os.Environ(), "KILL_TEST_CHILD=1", "KILL_TEST_AT="+strconv.Itoa(at), "KILL_TEST_POINT="+point, "KILL_TEST_MARK="+p.mark,
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
	body  any
	want  int
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
	if res.StatusCode == r.want && out != nil {
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

func TestKilledWhileCompleting(t *testing.T) {
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		for _, method := range []string{"fake_card", "cash_on_delivery"} {
			t.Run(server+" "+method, func(t *testing.T) {
				w := newWorld(t, server)
				points := []string{}
				for at, more := 1, true; more; at += stride(server) {
					more = w.killComplete(t, method, at, "", &points)
				}
				for _, p := range []string{"before place", "after place", "before authorize", "after authorize"} {
					if method == "fake_card" || strings.HasSuffix(p, "place") {
						w.killComplete(t, method, 0, p, &points)
					}
				}
				t.Logf("killed at %d points:\n%s", len(points), strings.Join(points, "\n"))
				if len(points) < 8 {
					t.Errorf("killed at %d points only", len(points))
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
		return 2
	default:
		return 5
	}
}

// killComplete kills the server in the middle of a checkout, starts another and
// lets the client go on until it has its order. It reports whether the server
// died.
func (w *world) killComplete(t *testing.T, method string, at int, point string, points *[]string) bool {
	t.Helper()
	s, _, done := w.open(t)
	f := shoptest.Factory{TB: t, Shop: s.Shop}
	mug := f.Variant("Mug", 1499, 5)
	c := f.Cart(shoptest.Line{Variant: mug, Quantity: 2})
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	done()
	complete := request{path: "/v1/carts/" + c.ID + "/complete", token: c.Token, want: http.StatusCreated,
		body: map[string]any{"expected_total": c.Totals.Total, "payment": map[string]string{"method": method}}}
	key := ident.NewID("key")
	p := w.start(t, at, point)
	p.arm(t)
	complete.send(t, p.url, key, nil)
	died := p.stop(t)
	if point != "" && died != point {
		t.Errorf("died at %q, not at %q", died, point)
	}
	if died == "" {
		return false
	}
	*points = append(*points, strings.Join(strings.Fields(died), " ")[:min(len(strings.Join(strings.Fields(died), " ")), 90)])
	p = w.start(t, 0, "")
	var placed order.Order
	complete.insist(t, p.url, key, &placed)
	p.stop(t)
	w.audit(t, died, c, mug, placed)
	return true
}

// audit looks at everything after the client has its order.
func (w *world) audit(t *testing.T, died string, c storefront.Cart, variant string, placed order.Order) {
	t.Helper()
	s, bank, done := w.open(t)
	defer done()
	for _, job := range []string{"checkout.reconcile", "checkout.sweep", "fulfil.sweep"} {
		if err := s.RunJob(t.Context(), job); err != nil {
			t.Errorf("after %q: %s: %v", died, job, err)
		}
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Errorf("after %q: drain: %v", died, err)
	}
	o, err := s.Orders.Order(t.Context(), order.IDInput{ID: placed.ID})
	if err != nil || o.Status != order.StatusConfirmed || o.CartID != c.ID {
		t.Errorf("after %q: order is %s, %v", died, o.Status, err)
	}
	f := shoptest.Factory{TB: t, Shop: s.Shop}
	if got := f.Available(variant); got != 3 {
		t.Errorf("after %q: available = %d, want 3", died, got)
	}
	intents, err := bank.Chargeable(o.ID)
	want := 0
	if o.Payment.Method == "fake_card" {
		want = 1
	}
	if err != nil || intents != want {
		t.Errorf("after %q: %d intents can charge, want %d, %v", died, intents, want, err)
	}
	shoptest.Audit(t, s.Shop)
}
