package natsbus_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mercer-commerce/mercer/commerce/driver/natsbus"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/event/bustest"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

var quiet = slog.New(slog.DiscardHandler)

const within = 20 * time.Second

// node is a NATS server in this process, with a store directory of its own.
type node struct {
	dir string
	mu  sync.Mutex
	*server.Server
}

func start(t *testing.T) *node {
	t.Helper()
	n := &node{dir: t.TempDir()}
	n.boot(t)
	t.Cleanup(n.halt)
	return n
}

// boot starts the server on what is in its directory.
func (n *node) boot(t *testing.T) {
	t.Helper()
	s, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true, JetStream: true, StoreDir: n.dir})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(within) {
		t.Fatal("the NATS server is not ready")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.Server = s
}

func (n *node) halt() {
	n.Shutdown()
	n.WaitForShutdown()
}

// InProcessConn reaches the server that runs now.
func (n *node) InProcessConn() (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.Server.InProcessConn()
}

func (n *node) connect(t *testing.T) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(n), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func open(t *testing.T, nc *nats.Conn, o natsbus.Options) *natsbus.Bus {
	t.Helper()
	if o.Log == nil {
		o.Log = quiet
	}
	b, err := natsbus.New(t.Context(), nc, &o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fact(key string, seq int64) event.Envelope {
	return event.Envelope{ID: fmt.Sprintf("evt_%s_%d", key, seq), Name: "order.placed", Version: 1, Key: key, Seq: seq, At: time.Now().UTC(), Data: []byte(`{"n":1}`)}
}

func publish(t *testing.T, b *natsbus.Bus, evs ...event.Envelope) {
	t.Helper()
	if err := b.Publish(t.Context(), evs...); err != nil {
		t.Fatal(err)
	}
}

func subscribe(t *testing.T, b *natsbus.Bus, group string, fn event.Handler) (stop func()) {
	t.Helper()
	stop, err := b.Subscribe(t.Context(), group, []string{"order.placed"}, fn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return stop
}

// wait waits for a value.
func wait[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(within):
		t.Fatalf("%s: not in %v", what, within)
	}
	return v
}

// until asks again and again, a little apart, until yes.
func until(t *testing.T, what string, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(within); !yes(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s: not in %v", what, within)
		}
	}
}

func TestBus(t *testing.T) {
	bustest.Run(t, bustest.Features{}, func(t *testing.T) event.Bus {
		return open(t, start(t).connect(t), natsbus.Options{})
	})
}

// TestWire shows what others see of an event.
func TestWire(t *testing.T) {
	nc := start(t).connect(t)
	b := open(t, nc, natsbus.Options{})
	sub, err := nc.SubscribeSync("mercer.events.>")
	if err != nil {
		t.Fatal(err)
	}
	e := event.Envelope{ID: "evt_1", Name: "order.placed", Version: 2, Key: "ord é.*>\r\n%", Seq: 7, At: time.Date(2030, 1, 2, 3, 4, 5, 6000, time.UTC),
		Trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Data: []byte(`{"a":1}`)}
	publish(t, b, e)
	m, err := sub.NextMsg(within)
	if err != nil {
		t.Fatal(err)
	}
	if want := "mercer.events.order.placed.ord%20%C3%A9%2E%2A%3E%0D%0A%25"; m.Subject != want || string(m.Data) != `{"a":1}` {
		t.Errorf("subject %s, data %s; want %s", m.Subject, m.Data, want)
	}
	for name, want := range map[string]string{
		"ce-specversion": "1.0", "ce-id": "evt_1", "ce-type": "order.placed", "ce-source": "/mercer/order", "ce-subject": "ord%20%C3%A9.*>%0D%0A%25",
		"ce-time": "2030-01-02T03:04:05.000006Z", "ce-sequence": "7", "ce-schemaversion": "2", "ce-traceparent": e.Trace,
		"content-type": "application/json", "Nats-Msg-Id": "evt_1", "Nats-Expected-Stream": "MERCER_EVENTS",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	got := make(chan event.Envelope, 1)
	subscribe(t, b, "g", func(ctx context.Context, e event.Envelope) error {
		if ident.Trace(ctx) != e.Trace {
			t.Errorf("trace %q, want %q", ident.Trace(ctx), e.Trace)
		}
		got <- e
		return nil
	})
	if back := wait(t, got, "the event"); fmt.Sprint(back) != fmt.Sprint(e) {
		t.Errorf("came back as %+v, want %+v", back, e)
	}
	for _, bad := range []event.Envelope{{}, {ID: "e", Name: "order.placed"}, {Name: "order.placed", Key: "k"}, {ID: "e", Name: "order.>", Key: "k"}, {ID: "e", Name: "placed", Key: "k"}} {
		if err := b.Publish(t.Context(), bad); err == nil {
			t.Errorf("published %+v", bad)
		}
	}
	if _, err := b.Subscribe(t.Context(), "g", []string{"order.>"}, nil); err == nil {
		t.Error("subscribed to a pattern")
	}
}

// TestB11 opens a bus on a stream that somebody has made.
func TestB11(t *testing.T) {
	good := jetstream.StreamConfig{Name: natsbus.Stream, Subjects: []string{"mercer.events.>"}, Discard: jetstream.DiscardNew, MaxAge: 14 * 24 * time.Hour,
		MaxMsgSize: 64 << 10, Duplicates: 2 * time.Minute, DenyDelete: true, DenyPurge: true}
	for _, c := range []struct {
		name   string
		change func(*jetstream.StreamConfig)
		want   []string // in the error; none: it is repaired
	}{
		{"old goes", func(c *jetstream.StreamConfig) { c.Discard, c.MaxAge = jetstream.DiscardOld, time.Hour },
			[]string{"discard is DiscardOld, want DiscardNew", "max_age is 1h0m0s, want at least 336h0m0s"}},
		{"memory", func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }, []string{"storage is Memory, want File"}},
		{"interest", func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy }, []string{"retention is Interest, want Limits"}},
		{"work queue", func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy }, []string{"retention is WorkQueue, want Limits"}},
		{"per subject", func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 }, []string{"max_msgs_per_subject is 1, want -1"}},
		{"no acks", func(c *jetstream.StreamConfig) { c.NoAck = true }, []string{"no_ack is true, want false"}},
		{"async", func(c *jetstream.StreamConfig) { c.PersistMode = jetstream.AsyncPersistMode }, []string{"persist_mode is Async, want Default"}},
		{"for ever", func(c *jetstream.StreamConfig) { c.MaxAge = 0 }, nil},
		{"one engine", func(c *jetstream.StreamConfig) { c.Subjects = []string{"mercer.events.order.>", "other.>"} }, nil},
		{"small, short, unlocked", func(c *jetstream.StreamConfig) {
			c.MaxMsgSize, c.Duplicates, c.DenyDelete, c.DenyPurge = 1000, time.Second, false, false
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			nc := start(t).connect(t)
			js, err := jetstream.New(nc)
			if err != nil {
				t.Fatal(err)
			}
			cfg := good
			c.change(&cfg)
			if _, err := js.CreateStream(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			b, err := natsbus.New(t.Context(), nc, &natsbus.Options{Log: quiet})
			if c.want != nil {
				for _, text := range c.want {
					if !errors.Is(err, natsbus.ErrWeak) || !strings.Contains(err.Error(), text) {
						t.Errorf("%v; want ErrWeak with %q", err, text)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			publish(t, b, fact("a", 1))
			s, err := js.Stream(t.Context(), natsbus.Stream)
			if err != nil {
				t.Fatal(err)
			}
			live := s.CachedInfo().Config
			if !slices.Contains(live.Subjects, "mercer.events.>") || live.MaxMsgSize != 64<<10 || live.Duplicates != 2*time.Minute || !live.DenyDelete || !live.DenyPurge ||
				slices.Contains(cfg.Subjects, "other.>") != slices.Contains(live.Subjects, "other.>") {
				t.Errorf("live %+v", live)
			}
		})
	}
}

// TestWeakConsumer subscribes with consumers that somebody has made.
func TestWeakConsumer(t *testing.T) {
	nc := start(t).connect(t)
	b := open(t, nc, natsbus.Options{})
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []jetstream.ConsumerConfig{
		{Durable: "careless", AckPolicy: jetstream.AckNonePolicy},
		{Durable: "silent", AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: 3, AckWait: time.Second, FilterSubject: "mercer.events.order.>", InactiveThreshold: time.Hour},
	} {
		if _, err := js.CreateConsumer(t.Context(), natsbus.Stream, cfg); err != nil {
			t.Fatal(err)
		}
	}
	_, err = b.Subscribe(t.Context(), "careless", []string{"*"}, nil)
	if !errors.Is(err, natsbus.ErrWeak) || !strings.Contains(err.Error(), "ack_policy is AckNone, want AckExplicit") {
		t.Errorf("careless: %v; want ErrWeak with the setting", err)
	}
	got := make(chan string, 10)
	subscribe(t, b, "silent", func(_ context.Context, e event.Envelope) error { got <- e.ID; return nil })
	publish(t, b, fact("a", 1))
	wait(t, got, "the event")
	c, err := js.Consumer(t.Context(), natsbus.Stream, "silent")
	if err != nil {
		t.Fatal(err)
	}
	live := c.CachedInfo().Config
	if live.MaxDeliver != -1 || live.AckWait != 30*time.Second || live.InactiveThreshold != 0 || !slices.Equal(live.FilterSubjects, []string{"mercer.events.order.placed.*"}) && live.FilterSubject != "mercer.events.order.placed.*" {
		t.Errorf("live %+v", live)
	}
}

// TestB13 publishes what no stream takes.
func TestB13(t *testing.T) {
	nc := start(t).connect(t)
	b := open(t, nc, natsbus.Options{})
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteStream(t.Context(), natsbus.Stream); err != nil {
		t.Fatal(err)
	}
	if err := b.Publish(t.Context(), fact("a", 1)); !errors.Is(err, jetstream.ErrNoStreamResponse) {
		t.Errorf("published without a stream: %v", err)
	}
	publish(t, b, fact("a", 1)) // the stream is made anew
	_, err = js.UpdateStream(t.Context(), jetstream.StreamConfig{Name: natsbus.Stream, Subjects: []string{"other.>"}, Discard: jetstream.DiscardNew,
		MaxAge: 14 * 24 * time.Hour, MaxMsgSize: 64 << 10, DenyDelete: true, DenyPurge: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Publish(t.Context(), fact("a", 2)); !errors.Is(err, jetstream.ErrNoStreamResponse) {
		t.Errorf("published where the stream does not listen: %v", err)
	}
	big := fact("a", 3)
	big.Data = []byte(`"` + strings.Repeat("x", 70_000) + `"`)
	if err := b.Publish(t.Context(), big); err == nil {
		t.Error("published more than the stream takes")
	}
}

// TestStopGivesBack stops a member that has fetched events and not begun them:
// another one has them at once.
func TestStopGivesBack(t *testing.T) {
	nc := start(t).connect(t)
	b := open(t, nc, natsbus.Options{Parallel: 1})
	began, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	stop := subscribe(t, b, "g", func(context.Context, event.Envelope) error {
		once.Do(func() { close(began) })
		<-release
		return nil
	})
	const n = 10
	for i := range n {
		publish(t, b, fact(fmt.Sprint("k", i), 1))
	}
	wait(t, began, "the first event")
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "all are fetched", func() bool {
		c, err := js.Consumer(t.Context(), natsbus.Stream, "g")
		return err == nil && c.CachedInfo().NumAckPending == n
	})
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	got := make(chan string, n)
	subscribe(t, open(t, nc, natsbus.Options{}), "g", func(_ context.Context, e event.Envelope) error { got <- e.ID; return nil })
	close(release)
	wait(t, stopped, "stop")
	for range n - 1 {
		select {
		case <-got:
		case <-time.After(5 * time.Second):
			t.Fatal("an event waits for the end of AckWait")
		}
	}
}

// TestB08 has a handler that is slower than AckWait, also with what waits behind
// it, and another member of its group that is idle.
func TestB08(t *testing.T) {
	n := start(t)
	calls := make(chan string, 100)
	slow := func(_ context.Context, e event.Envelope) error {
		calls <- e.ID
		<-time.After(time.Second)
		return nil
	}
	b := open(t, n.connect(t), natsbus.Options{AckWait: 300 * time.Millisecond})
	subscribe(t, b, "g", slow)
	publish(t, b, fact("a", 1), fact("a", 2))
	first := wait(t, calls, "the first event")
	subscribe(t, open(t, n.connect(t), natsbus.Options{AckWait: 300 * time.Millisecond}), "g", slow)
	if second := wait(t, calls, "the second event"); second == first {
		t.Errorf("%s came again while it was in progress", first)
	}
	select {
	case id := <-calls:
		t.Errorf("%s came again while it was in progress", id)
	case <-time.After(1500 * time.Millisecond):
	}
}
