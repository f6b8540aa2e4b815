package boot_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/driver/natsbus"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// platformNATS starts a NATS server as compose does, with the permissions as they
// are now. The password of a user is "pw-" and its name.
func platformNATS(t *testing.T) *server.Server {
	t.Helper()
	conf, err := os.ReadFile("../../service/compose/nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "nats.conf")
	if err := errors.Join(os.WriteFile(path, conf, 0o600), os.WriteFile(filepath.Join(dir, "nats-permissions.conf"), boot.NATSPermissions(), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, u := range boot.NATSUsers() {
		t.Setenv(natsrpc.PasswordVariable(u.Name), "pw-"+u.Name)
	}
	o, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	o.Host, o.Port, o.HTTPPort, o.StoreDir, o.NoSigs, o.NoLog = "127.0.0.1", server.RANDOM_PORT, 0, dir, true, true
	o.SyncAlways = false // nobody pulls the plug here
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server is not ready")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// login connects as a user, with what NATS tells it later.
func login(t *testing.T, s *server.Server, user string) (*nats.Conn, chan error) {
	t.Helper()
	told := make(chan error, 10_000)
	nc, err := nats.Connect(s.ClientURL(), nats.UserInfo(user, "pw-"+user), nats.CustomInboxPrefix(natsrpc.Inbox(user)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { told <- err }))
	if err != nil {
		t.Fatal(user, err)
	}
	t.Cleanup(nc.Close)
	return nc, told
}

func signers(t *testing.T) *jwtauth.Actors {
	t.Helper()
	a, err := jwtauth.NewActors([]byte(strings.Repeat("s", jwtauth.MinSecret)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var errReached = fault.New(fault.Refused, "test.reached", "it was reached")

// serveAll serves the operations of a service; all answer errReached.
func serveAll(t *testing.T, nc *nats.Conn, service string) {
	t.Helper()
	s, err := natsrpc.Serve(nc, natsrpc.Options{Actors: signers(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range operations() {
		if boot.ServiceOf(name) == service {
			op.Handle(s, op.Op[op.Nothing, op.Nothing]{Name: name}, func(context.Context, op.Nothing) (op.Nothing, error) { return op.Nothing{}, errReached })
		}
	}
	if err := errors.Join(s.Err(), nc.Flush()); err != nil {
		t.Fatal(err)
	}
}

func TestNobodyConnectsWithoutCredentials(t *testing.T) {
	s := platformNATS(t)
	for name, opts := range map[string][]nats.Option{
		"nobody":             nil,
		"a wrong password":   {nats.UserInfo("order", "pw-orde")},
		"no password":        {nats.UserInfo("order", "")},
		"another's password": {nats.UserInfo("order", "pw-cart")},
		"an unknown user":    {nats.UserInfo("admin", "admin")},
		"the variable":       {nats.UserInfo("order", "$NATS_ORDER_PASSWORD")},
	} {
		nc, err := nats.Connect(s.ClientURL(), opts...)
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: %v", name, err)
		}
		if nc != nil {
			nc.Close()
		}
	}
}

func TestServicesDoTheirOwn(t *testing.T) {
	s := platformNATS(t)
	conns, told := map[string]*nats.Conn{}, map[string]chan error{}
	for _, u := range boot.NATSUsers() {
		conns[u.Name], told[u.Name] = login(t, s, u.Name)
		serveAll(t, conns[u.Name], u.Name)
	}
	for _, u := range boot.NATSUsers() {
		caller := natsrpc.Client{NC: conns[u.Name], Actors: signers(t), Timeout: 5 * time.Second}
		for _, name := range u.Calls {
			if err := caller.Call(t.Context(), name, struct{}{}, nil); !errors.Is(err, errReached) {
				t.Fatalf("%s calls %s: %v", u.Name, name, err)
			}
		}
		if u.Stream != "" {
			publishAndTake(t, conns[u.Name], u)
		}
	}
	if _, err := conns["gateway"].Request("$SRV.PING.mercer-payment", nil, time.Second); err != nil {
		t.Errorf("the gateway asks how payment is: %v", err)
	}
	for user, errs := range told {
		for len(errs) > 0 {
			t.Errorf("%s is told: %v", user, <-errs)
		}
	}
}

// ackWait is how long an event may go without a word from who takes it.
const ackWait = 300 * time.Millisecond

// publishAndTake lets a service publish and take the events that are its own. The
// first one takes long, so that it is said to be in progress before it is done.
func publishAndTake(t *testing.T, nc *nats.Conn, u natsrpc.User) {
	t.Helper()
	bus, err := natsbus.New(t.Context(), nc, &natsbus.Options{Log: slog.New(slog.DiscardHandler), AckWait: ackWait})
	if err != nil {
		t.Fatal(u.Name, err)
	}
	for _, engine := range boot.EnginesOf(u.Name) {
		e := event.Envelope{ID: "evt_" + engine, Name: engine + ".tested", Version: 1, Key: "x_1", Seq: 1, At: time.Now(), Data: json.RawMessage(`{}`)}
		if err := bus.Publish(t.Context(), e); err != nil {
			t.Errorf("%s publishes %s: %v", u.Name, e.Name, err)
		}
	}
	var long sync.Once
	for _, group := range u.Consumes {
		for _, names := range [][]string{{"*"}, {"account.tested", "catalog.tested", "order.tested"}, {"account.tested"}} {
			taken := make(chan string, 100)
			stop, err := bus.Subscribe(t.Context(), group, names, func(_ context.Context, e event.Envelope) error {
				long.Do(func() { <-time.After(ackWait) })
				taken <- e.Name
				return nil
			})
			if err != nil {
				t.Fatalf("%s subscribes to %v as %s: %v", u.Name, names, group, err)
			}
			if names[0] == "*" {
				select {
				case <-taken:
				case <-time.After(10 * time.Second):
					t.Errorf("%s takes no events as %s", u.Name, group)
				}
			}
			stop()
		}
	}
}

// refused counts how often NATS refuses what try does.
func refused(t *testing.T, nc *nats.Conn, told chan error, what string, subjects []string, try func(subject string) error) {
	t.Helper()
	want := map[string]bool{}
	for _, subject := range subjects {
		want[subject] = true
		if err := try(subject); err != nil {
			t.Fatal(subject, err)
		}
	}
	for range subjects {
		select {
		case err := <-told:
			_, after, _ := strings.Cut(err.Error(), `"`)
			subject, _, _ := strings.Cut(after, `"`)
			if !errors.Is(err, nats.ErrPermissionViolation) || !want[subject] {
				t.Errorf("%s: told %v", what, err)
			}
			delete(want, subject)
		case <-time.After(5 * time.Second):
			t.Fatalf("%s %v: not refused", what, want)
		}
	}
}

func TestServicesCannotCross(t *testing.T) {
	s := platformNATS(t)
	all := operations()
	for _, u := range boot.NATSUsers() {
		nc, told := login(t, s, u.Name)
		hear := []string{">", "*.>", "mercer.>", "mercer.v1.>", "mercer.v1.*.*", "mercer.events.>", "$JS.>", "$JS.API.>", "$SRV.>", "$SYS.>", "_INBOX.>", "_INBOX_*.>", "_INBOX_" + u.Name}
		say := []string{"mercer.v1.toy.play", "mercer.events.toy.x.y", "mercer.events.>", "$SYS.REQ.SERVER.PING", "_INBOX.x",
			"$JS.API.STREAM.DELETE.MERCER_EVENTS", "$JS.API.STREAM.PURGE.MERCER_EVENTS", "$JS.API.STREAM.MSG.DELETE.MERCER_EVENTS", "$JS.API.STREAM.CREATE.OTHER",
			"$JS.API.CONSUMER.CREATE.MERCER_EVENTS", "$JS.API.CONSUMER.DELETE.MERCER_EVENTS.checkout", "$JS.API.CONSUMER.DURABLE.CREATE.MERCER_EVENTS.checkout"}
		if !u.Repairs {
			say = append(say, "$JS.API.STREAM.UPDATE.MERCER_EVENTS")
		}
		for _, name := range all {
			if boot.ServiceOf(name) != u.Name {
				hear = append(hear, natsrpc.Subject(name))
			}
			if !slices.Contains(u.Calls, name) {
				say = append(say, natsrpc.Subject(name))
			}
		}
		for _, other := range boot.NATSUsers() {
			if other.Name == u.Name {
				continue
			}
			hear = append(hear, natsrpc.Inbox(other.Name)+".>", natsrpc.Inbox(other.Name)+".x")
			say = append(say, natsrpc.Inbox(other.Name)+".x")
			for _, e := range boot.EnginesOf(other.Name) {
				hear = append(hear, natsbus.Subject(e+".tested", "x_1"), "$SRV.PING.mercer-"+e)
				say = append(say, natsbus.Subject(e+".tested", "x_1"))
			}
			for _, group := range other.Consumes {
				say = append(say, "$JS.API.CONSUMER.MSG.NEXT.MERCER_EVENTS."+group, "$JS.API.CONSUMER.CREATE.MERCER_EVENTS."+group+".mercer.events.>",
					"$JS.API.CONSUMER.CREATE.MERCER_EVENTS."+group, "$JS.ACK.MERCER_EVENTS."+group+".1.1.1.1.0")
			}
		}
		refused(t, nc, told, u.Name+" hears", hear, func(subject string) error {
			_, err := nc.SubscribeSync(subject)
			return err
		})
		refused(t, nc, told, u.Name+" says", say, func(subject string) error { return nc.Publish(subject, nil) })
	}
}

// Whoever may make consumers can let NATS itself bring messages anywhere, also
// where they may not speak. Services do not take those for requests.
func TestStreamsCallNobody(t *testing.T) {
	s := platformNATS(t)
	order, _ := login(t, s, "order")
	pay, _ := login(t, s, "payment")
	done := make(chan struct{}, 1)
	rpc, err := natsrpc.Serve(pay, natsrpc.Options{Actors: signers(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	op.Handle(rpc, op.Op[op.Nothing, op.Nothing]{Name: "payment.capture"}, func(context.Context, op.Nothing) (op.Nothing, error) {
		done <- struct{}{}
		return op.Nothing{}, nil
	})
	brought, err := pay.SubscribeSync("mercer.v1.payment.capture")
	if err = errors.Join(err, rpc.Err(), pay.Flush()); err != nil {
		t.Fatal(err)
	}
	if _, err := natsbus.New(t.Context(), order, &natsbus.Options{Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(order)
	if err != nil {
		t.Fatal(err)
	}
	cfg := jetstream.ConsumerConfig{Durable: "checkout", DeliverSubject: natsbus.Subject("payment.captured", "pay_1"), AckPolicy: jetstream.AckNonePolicy}
	if _, err := js.CreatePushConsumer(t.Context(), natsbus.Stream, cfg); err == nil {
		t.Error("order has the stream bring events of payment")
	}
	cfg.DeliverSubject = "mercer.v1.payment.capture"
	if _, err := js.CreatePushConsumer(t.Context(), natsbus.Stream, cfg); err != nil {
		t.Fatal(err) // if NATS refuses it, all the better: then this test has nothing to show
	}
	token, err := signers(t).Sign(t.Context(), ident.Actor{Kind: ident.System}, "payment.capture")
	if err != nil {
		t.Fatal(err)
	}
	m := &nats.Msg{Subject: "mercer.events.order.tested.x_1", Header: nats.Header{"Mercer-Actor": {token}}, Data: []byte(`{}`)}
	if _, err := js.PublishMsg(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if msg, err := brought.NextMsg(5 * time.Second); err != nil || msg.Header.Get("Mercer-Actor") != token {
		t.Fatalf("it was not brought: %v, %v", msg, err)
	}
	if err := rpc.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if len(done) > 0 {
		t.Error("order captures a payment by way of the stream")
	}
}
