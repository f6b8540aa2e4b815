package natsbus_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/driver/natsbus"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// envServer makes this test binary a NATS server on the directory and port that
// it names.
const envServer = "MERCER_TEST_NATS_SERVER"

func TestMain(m *testing.M) {
	if where := os.Getenv(envServer); where != "" {
		serve(where)
		return
	}
	slog.SetDefault(quiet)
	os.Exit(m.Run())
}

func serve(where string) {
	opts := &server.Options{Host: "127.0.0.1", NoSigs: true, NoLog: true, JetStream: true}
	if _, err := fmt.Sscanf(where, "%d %s", &opts.Port, &opts.StoreDir); err != nil {
		panic(err)
	}
	s, err := server.NewServer(opts)
	if err != nil {
		panic(err)
	}
	s.Start()
	if !s.ReadyForConnections(within) {
		panic("not ready")
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // until the test is gone
}

// process is a NATS server in a process of its own.
type process struct {
	port int
	dir  string
	*exec.Cmd
}

func startProcess(t *testing.T) *process {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &process{port: l.Addr().(*net.TCPAddr).Port, dir: t.TempDir()}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p.start(t)
	t.Cleanup(p.kill)
	return p
}

func (p *process) start(t *testing.T) {
	t.Helper()
	p.Cmd = exec.Command(os.Args[0])
	p.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", envServer, p.port, p.dir))
	if _, err := p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the server says %q, %v", line, err)
	}
}

// kill ends the server as a power cut would, but for what the system has not
// yet written to the disk.
func (p *process) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

func (p *process) connect(t *testing.T) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(fmt.Sprintf("nats://127.0.0.1:%d", p.port), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// desk is a consumer with effects in a database of its own: for each event one
// of its own.
type desk struct {
	db   *memstore.DB
	in   memstore.Inbox
	fail func(event.Envelope) error
	took chan string
}

func newDesk() *desk {
	db := memstore.New()
	return &desk{db: db, in: memstore.Inbox{DB: db}, took: make(chan string, 100_000)}
}

func (d *desk) handle(ctx context.Context, e event.Envelope) error {
	if d.fail != nil {
		if err := d.fail(e); err != nil {
			return err
		}
	}
	if err := d.db.Record(ctx, event.Envelope{ID: fmt.Sprint(e.Seq), Name: "did.it", Key: e.Key}); err != nil {
		return err
	}
	d.took <- e.ID
	return nil
}

// effects returns the numbers of the events that had their effect, by aggregate,
// in order.
func (d *desk) effects(t *testing.T) (all map[string][]string, n int) {
	t.Helper()
	all = map[string][]string{}
	for part := range outbox.Parts {
		rows, err := memstore.Outbox{DB: d.db}.Pending(t.Context(), part, 0, 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			all[r.Event.Key] = append(all[r.Event.Key], r.Event.ID)
			n++
		}
	}
	return all, n
}

// once waits until each of keys aggregates has had each of its events, and wants
// each once and in order.
func (d *desk) once(t *testing.T, keys, each int) {
	t.Helper()
	until(t, "all effects", func() bool { _, n := d.effects(t); return n >= keys*each })
	all, n := d.effects(t)
	if n != keys*each || len(all) != keys {
		t.Errorf("%d effects of %d aggregates, want %d of %d", n, len(all), keys*each, keys)
	}
	for key, got := range all {
		for i, seq := range got {
			if seq != fmt.Sprint(i+1) {
				t.Errorf("%s: %v, want 1 to %d in order", key, got, each)
				break
			}
		}
	}
}

func (d *desk) letters(t *testing.T) []outbox.Letter {
	t.Helper()
	p, err := d.in.Letters(t.Context(), outbox.Letters{Query: page.Query{Limit: 100}})
	if err != nil {
		t.Fatal(err)
	}
	return p.Items
}

// record writes an event of key, as an engine does.
func record(t *testing.T, db *memstore.DB, key string, n int) {
	t.Helper()
	e := event.Envelope{ID: fmt.Sprintf("evt_%s_%d", key, n), Name: "order.placed", Version: 1, Key: key, At: time.Now().UTC(), Data: []byte(`{}`)}
	if err := db.Record(t.Context(), e); err != nil {
		t.Error(err)
	}
}

// relay runs a relay until the test, or end, ends.
func relay(t *testing.T, s outbox.Store, b event.Bus, lease time.Duration) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	r := outbox.New(s, b, &outbox.Options{Log: quiet, Every: 20 * time.Millisecond, Lease: lease})
	go func() { defer close(done); _ = r.Run(ctx) }()
	end = func() { cancel(); <-done }
	t.Cleanup(end)
	return end
}

// TestB06 publishes an event again, as a relay does that died before it could
// note that it had.
func TestB06(t *testing.T) {
	nc := start(t).connect(t)
	b, d := open(t, nc, natsbus.Options{}), newDesk()
	subscribe(t, b, "g", outbox.Once(d.in, "g", d.handle))
	publish(t, b, fact("a", 1))
	publish(t, b, fact("a", 1), fact("a", 2))
	d.once(t, 1, 2)
	settled(t, nc)
	d.once(t, 1, 2)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := js.Stream(t.Context(), natsbus.Stream); err != nil || s.CachedInfo().State.Msgs != 3 {
		t.Errorf("%+v, %v; want both copies in the stream", s.CachedInfo().State, err)
	}
}

// TestRedrive puts an event aside and at once gives it to its consumer again,
// while the stream still knows its id.
func TestRedrive(t *testing.T) {
	nc := start(t).connect(t)
	b, d := open(t, nc, natsbus.Options{}), newDesk()
	var well atomic.Bool
	d.fail = func(event.Envelope) error {
		if !well.Load() {
			return outbox.Permanent(errors.New("not like this"))
		}
		return nil
	}
	subscribe(t, b, "g", outbox.InOrder(d.in, "g", d.handle))
	relay(t, memstore.Outbox{DB: d.db}, b, time.Minute)
	publish(t, b, fact("a", 1))
	until(t, "it is put aside", func() bool { return len(d.letters(t)) == 1 })
	well.Store(true)
	if err := d.in.Redrive(t.Context(), "g", fact("a", 1).ID); err != nil {
		t.Fatal(err)
	}
	wait(t, d.took, "the event")
}

// TestB09 has a handler that fails on one event for the eighth time.
func TestB09(t *testing.T) {
	nc := start(t).connect(t)
	b, d := open(t, nc, natsbus.Options{}), newDesk()
	bad := fact("bad", 1)
	for range 7 {
		if _, err := d.in.Fail(t.Context(), outbox.Letter{Consumer: "g", Event: bad, State: outbox.Trying, Error: "no", First: bad.At, Last: bad.At}); err != nil {
			t.Fatal(err)
		}
	}
	d.fail = func(e event.Envelope) error {
		if e.ID == bad.ID {
			return errors.New("never")
		}
		return nil
	}
	subscribe(t, b, "g", outbox.InOrder(d.in, "g", d.handle))
	publish(t, b, bad, fact("bad", 2), fact("good", 1))
	wait(t, d.took, "one")
	wait(t, d.took, "two")
	l := d.letters(t)
	if len(l) != 1 || l[0].Event.ID != bad.ID || l[0].Tries != 8 || l[0].Error != "never" || l[0].State != outbox.Dead {
		t.Errorf("letters %+v, want the bad event, tried 8 times", l)
	}
	settled(t, nc)
}

// settled waits until nothing is left to come to the group g.
func settled(t *testing.T, nc *nats.Conn) {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "nothing is left to come", func() bool {
		c, err := js.Consumer(t.Context(), natsbus.Stream, "g")
		return err == nil && c.CachedInfo().NumAckPending == 0 && c.CachedInfo().NumPending == 0
	})
}

// TestB12 loses everything that the servers have stored.
func TestB12(t *testing.T) {
	n, shop, mail, view := start(t), memstore.New(), newDesk(), newDesk()
	b := open(t, n.connect(t), natsbus.Options{})
	subscribe(t, b, "mail", outbox.Once(mail.in, "mail", mail.handle))
	everybody := make(chan string, 1000)
	subscribe(t, b, "", func(_ context.Context, e event.Envelope) error { everybody <- e.ID; return nil })
	store := memstore.Outbox{DB: shop}
	relay(t, store, b, time.Minute)
	for i := range 20 {
		record(t, shop, "a", i)
	}
	mail.once(t, 1, 20)
	for range 20 {
		wait(t, everybody, "an event")
	}
	n.halt()
	for i := range 10 {
		record(t, shop, "a", 20+i)
	}
	n.dir = t.TempDir()
	n.boot(t)
	mail.once(t, 1, 30)
	for range 10 {
		wait(t, everybody, "an event after the loss")
	}
	subscribe(t, b, "view", outbox.Once(view.in, "view", view.handle)) // it had not begun before
	if again, err := store.Republish(t.Context(), outbox.Again{}); err != nil || again < 20 {
		t.Errorf("republished %d, %v; want what was lost at least", again, err)
	}
	until(t, "all are in the stream", func() bool { _, k := view.effects(t); return k == 30 })
	record(t, shop, "a", 30)
	until(t, "both take the last", func() bool {
		_, k := view.effects(t)
		_, l := mail.effects(t)
		return k == 31 && l == 31
	})
	mail.once(t, 1, 31)
}

// TestKill kills the server again and again while events are published.
func TestKill(t *testing.T) {
	const keys, each, kills = 8, 60, 2
	p, shop, d := startProcess(t), memstore.New(), newDesk()
	subscribe(t, open(t, p.connect(t), natsbus.Options{AckWait: time.Second}), "g", outbox.InOrder(d.in, "g", d.handle))
	relay(t, memstore.Outbox{DB: shop}, open(t, p.connect(t), natsbus.Options{}), time.Minute)
	var writers sync.WaitGroup
	for k := range keys {
		writers.Go(func() {
			for i := range each {
				record(t, shop, fmt.Sprint("k", k), i)
				if i%10 == 9 {
					wait(t, d.took, "progress") // so that the kills come in between
				}
			}
		})
	}
	for range kills {
		wait(t, d.took, "progress")
		p.kill()
		p.start(t)
	}
	writers.Wait()
	d.once(t, keys, each)
	until(t, "the outbox is empty", func() bool {
		lag, err := memstore.Outbox{DB: shop}.Lag(t.Context())
		return err == nil && lag.Pending == 0
	})
}

// frozen is a bus whose process stands still at an event, with its leases, until
// it is let go.
type frozen struct {
	event.Bus
	left atomic.Int64
	thaw chan struct{}
}

func (f *frozen) Publish(ctx context.Context, evs ...event.Envelope) error {
	if f.left.Add(-1) < 0 {
		<-f.thaw
	}
	return f.Bus.Publish(context.WithoutCancel(ctx), evs...)
}

// TestTakeOver has two relays, of which one stands still, and wakes up when the
// other has gone on.
func TestTakeOver(t *testing.T) {
	const keys, each = 8, 20
	n, shop, d := start(t), memstore.New(), newDesk()
	b := open(t, n.connect(t), natsbus.Options{})
	subscribe(t, b, "g", outbox.InOrder(d.in, "g", d.handle))
	for i := range each {
		for k := range keys {
			record(t, shop, fmt.Sprint("k", k), i)
		}
	}
	store := memstore.Outbox{DB: shop}
	ice := &frozen{Bus: open(t, n.connect(t), natsbus.Options{}), thaw: make(chan struct{})}
	ice.left.Store(keys * each / 3)
	end := relay(t, store, ice, 500*time.Millisecond)
	until(t, "one stands still", func() bool { return ice.left.Load() < 0 })
	relay(t, store, b, 500*time.Millisecond)
	d.once(t, keys, each)
	close(ice.thaw) // it publishes what is long gone, and finds its leases lost
	end()
	for k := range keys {
		record(t, shop, fmt.Sprint("k", k), each)
	}
	d.once(t, keys, each+1)
}

// TestQ01 has three messages that nobody can read among a thousand events.
func TestQ01(t *testing.T) {
	nc, d := start(t).connect(t), newDesk()
	b := open(t, nc, natsbus.Options{})
	b.Keep(d.in)
	type placed struct {
		N int `json:"n"`
	}
	kind := event.Define[placed]("order.placed", 1)
	subscribe(t, b, "g", outbox.Once(d.in, "g", func(ctx context.Context, e event.Envelope) error {
		if _, err := kind.Decode(e); err != nil {
			return err
		}
		return d.handle(ctx, e)
	}))
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	garbage := func(m *nats.Msg) {
		t.Helper()
		if _, err := js.PublishMsg(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	const n = 997
	for i := range n {
		switch i {
		case 300:
			garbage(&nats.Msg{Subject: "mercer.events.order.placed.x", Data: []byte{0xff, 0x00}})
		case 400:
			garbage(&nats.Msg{Subject: "mercer.events.order.placed.x", Data: []byte(`{`), Header: nats.Header{"ce-specversion": {"1.0"}, "ce-id": {"e"}, "ce-type": {"order.placed"},
				"ce-subject": {"x"}, "ce-sequence": {"1"}, "ce-schemaversion": {"1"}, "ce-time": {"2030-01-01T00:00:00Z"}}})
		case 500:
			other := fact("other", 1)
			other.Data = []byte(`{"n":"two"}`)
			publish(t, b, other)
		}
		publish(t, b, fact(fmt.Sprint("k", i), 1))
	}
	d.once(t, n, 1)
	until(t, "the letters", func() bool { return len(d.letters(t)) == 3 })
	var texts []string
	for _, l := range d.letters(t) {
		texts = append(texts, l.Event.Name+" "+string(l.Event.Data))
		if l.Consumer != "g" || l.Tries != 1 || l.Error == "" || l.First.IsZero() || l.Last.IsZero() {
			t.Errorf("letter %+v", l)
		}
	}
	all := strings.Join(texts, "\n")
	for _, want := range []string{`"base64":"/wA="`, `"text":"{"`, `order.placed {"n":"two"}`, `"ce-id":["e"]`} {
		if !strings.Contains(all, want) {
			t.Errorf("letters without %s:\n%s", want, all)
		}
	}
	settled(t, nc)
}

// TestForgery has messages that say to be other events than those of the subject
// that their sender may publish on.
func TestForgery(t *testing.T) {
	nc, d := start(t).connect(t), newDesk()
	b := open(t, nc, natsbus.Options{})
	b.Keep(d.in)
	stop, err := b.Subscribe(t.Context(), "g", []string{"order.placed", "cart.abandoned"}, outbox.Once(d.in, "g", d.handle))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for i, subject := range []string{"mercer.events.cart.abandoned.ord_1", "mercer.events.order.placed.ord_2", natsbus.Subject("order.placed", "ord_1")} {
		_, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: subject, Data: []byte(`{}`), Header: nats.Header{"ce-specversion": {"1.0"}, "ce-id": {fmt.Sprint("evt_", i)},
			"ce-type": {"order.placed"}, "ce-subject": {"ord_1"}, "ce-sequence": {"1"}, "ce-schemaversion": {"1"}, "ce-time": {"2030-01-01T00:00:00Z"}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if id := wait(t, d.took, "the event"); id != "evt_2" {
		t.Errorf("took %s", id)
	}
	settled(t, nc)
	d.once(t, 1, 1)
	if l := d.letters(t); len(l) != 2 || !strings.Contains(l[0].Error+l[1].Error, "mercer.events.cart.abandoned.ord_1") {
		t.Errorf("letters %+v, want both forgeries", l)
	}
}

// shaky is an inbox whose database is down at first, and then worse.
type shaky struct {
	outbox.Inbox
	tries atomic.Int64
	tried chan error
}

func (s *shaky) Fail(ctx context.Context, l outbox.Letter) (n int, err error) {
	switch s.tries.Add(1) {
	case 1:
		err = errors.New("the database is down")
	case 2:
		panic("oops")
	default:
		n, err = s.Inbox.Fail(ctx, l)
	}
	s.tried <- err
	return n, err
}

// TestQ02 has a payload that is nested too deep, a database that fails while it
// is put aside, and a handler that panics.
func TestQ02(t *testing.T) {
	nc, d := start(t).connect(t), newDesk()
	b, in := open(t, nc, natsbus.Options{}), &shaky{Inbox: d.in, tried: make(chan error, 10)}
	b.Keep(in)
	panics := true
	subscribe(t, b, "g", func(ctx context.Context, e event.Envelope) error {
		if panics {
			panics = false
			panic("oops")
		}
		return d.in.Scope().Do(ctx, func(ctx context.Context) error { return d.handle(ctx, e) })
	})
	deep := fact("deep", 1)
	deep.Data = []byte(strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000))
	publish(t, b, fact("a", 1))
	wait(t, d.took, "the event that made it panic")
	publish(t, b, deep)
	if err := wait(t, in.tried, "the first try"); err == nil {
		t.Error("kept while the database is down")
	}
	if err := wait(t, in.tried, "the third try"); err != nil {
		t.Error(err)
	}
	until(t, "the letter", func() bool { return len(d.letters(t)) == 1 })
	if l := d.letters(t); !strings.Contains(string(l[0].Event.Data), "[[[[") {
		t.Errorf("letters %+v", l)
	}
	publish(t, b, fact("a", 2))
	wait(t, d.took, "the event after it")
	if got := slices.Sorted(func(yield func(string) bool) {
		all, _ := d.effects(t)
		for k := range all {
			if !yield(k) {
				return
			}
		}
	}); !slices.Equal(got, []string{"a"}) {
		t.Errorf("effects of %v", got)
	}
}
