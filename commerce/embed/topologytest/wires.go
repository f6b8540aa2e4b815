package topologytest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// NATS returns both ends of a NATS server in this process.
func NATS(t testing.TB) (*natsrpc.Server, natsrpc.Client) {
	t.Helper()
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	if !srv.ReadyForConnections(5 * time.Second) {
		t.Fatal("nats-server is not ready")
	}
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	if err != nil {
		t.Fatal(err)
	}
	actors, err := jwtauth.NewActors([]byte(strings.Repeat("s", jwtauth.MinSecret)), nil)
	if err != nil {
		t.Fatal(err)
	}
	svc, err := natsrpc.Serve(nc, natsrpc.Options{Actors: actors})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := svc.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		nc.Close()
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	return svc, natsrpc.Client{NC: nc, Actors: actors, Timeout: 10 * time.Second}
}

// wire is a way to operations, with both its ends.
type wire struct {
	op.Registrar
	op.Caller
}

// check fails the test if something could not be registered.
func (w wire) check(t testing.TB) {
	t.Helper()
	if svc, ok := w.Registrar.(*natsrpc.Server); ok && svc.Err() != nil {
		t.Fatal(svc.Err())
	}
}

// Handlers are operations, by name, that are called as they are, without any
// encoding.
type Handlers map[string]op.Handler

func direct() wire { h := Handlers{}; return wire{h, h} }

// Register implements op.Registrar.
func (h Handlers) Register(one op.Handler) { h[one.Name] = one }

// Call implements op.Caller.
func (h Handlers) Call(ctx context.Context, name string, in, out any) error {
	one, ok := h[name]
	if !ok {
		return fmt.Errorf("nobody serves %s", name)
	}
	given, from := one.New(), reflect.ValueOf(in)
	if from.Kind() == reflect.Pointer {
		from = from.Elem()
	}
	reflect.ValueOf(given).Elem().Set(from)
	got, err := one.Call(ctx, given)
	if err == nil {
		reflect.ValueOf(out).Elem().Set(reflect.ValueOf(got))
	}
	return err
}
