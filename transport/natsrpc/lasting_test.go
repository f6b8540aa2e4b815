package natsrpc_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
)

func done(context.Context, input) (output, error) { return output{Name: "done"}, nil }

// An error that NATS tells later, about anything on the connection, does not end
// the services.
func TestAsyncErrorsEndNothing(t *testing.T) {
	s := listen(t, server.Options{Users: []*server.User{{Username: "toy", Password: "x",
		Permissions: &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"forbidden"}}, Subscribe: &server.SubjectPermission{Deny: []string{"secret"}}}}}})
	told := make(chan error, 100)
	nc := dial(t, s, nats.UserInfo("toy", "x"), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { told <- err }))
	serve(t, nc, 0, done)
	expect := func(want error) {
		t.Helper()
		for {
			select {
			case err := <-told:
				if errors.Is(err, want) {
					return
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("never told: %v", want)
			}
		}
	}
	if err := nc.Publish("forbidden", nil); err != nil {
		t.Fatal(err)
	}
	expect(nats.ErrPermissionViolation)
	if _, err := nc.SubscribeSync("secret"); err != nil {
		t.Fatal(err)
	}
	expect(nats.ErrPermissionViolation)
	slow, err := nc.SubscribeSync("flood")
	if err != nil {
		t.Fatal(err)
	}
	if err := slow.SetPendingLimits(1, -1); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := nc.Publish("flood", nil); err != nil {
			t.Fatal(err)
		}
	}
	expect(nats.ErrSlowConsumer)
	if out, err := op.Call(t.Context(), client(nc), opToy, input{}); err != nil || out.Name != "done" {
		t.Errorf("afterwards: %+v, %v", out, err)
	}
	if _, err := nc.Request("$SRV.PING.mercer-toy", nil, time.Second); err != nil {
		t.Errorf("ping afterwards: %v", err)
	}
}

func TestServesAgainAfterRestart(t *testing.T) {
	old := listen(t, server.Options{})
	opts := []nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(10 * time.Millisecond), nats.ReconnectJitter(0, 0), nats.ReconnectBufSize(-1)}
	here, there := dial(t, old, opts...), dial(t, old, opts...)
	serve(t, here, 0, done)
	if _, err := op.Call(t.Context(), client(there), opToy, input{}); err != nil {
		t.Fatal(err)
	}
	port := old.Addr().(*net.TCPAddr).Port
	old.Shutdown()
	old.WaitForShutdown()
	until(t, func() bool { return !there.IsConnected() && !here.IsConnected() })
	soon, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := op.Call(soon, client(there), opToy, input{})
	if f, _ := errors.AsType[*fault.Error](err); f == nil || f.Kind != fault.Unavailable || f.RetryAfter != 1 {
		t.Errorf("while NATS is away: %#v", err)
	}
	var calls sync.WaitGroup
	for range 5 { // begun while it is away, done when it is back
		calls.Go(func() {
			if out, err := op.Call(t.Context(), client(there), opToy, input{}); err != nil || out.Name != "done" {
				t.Errorf("over a restart: %+v, %v", out, err)
			}
		})
	}
	listen(t, server.Options{Port: port})
	calls.Wait()
}

func TestServicesStartInAnyOrder(t *testing.T) {
	s := listen(t, server.Options{})
	here, there := dial(t, s), dial(t, s)
	var calls sync.WaitGroup
	calls.Go(func() {
		if out, err := op.Call(t.Context(), client(there), opToy, input{}); err != nil || out.Name != "done" {
			t.Errorf("of a service that starts later: %+v, %v", out, err)
		}
	})
	until(t, func() bool { return there.Stats().OutMsgs >= 2 }) // two have reached nobody
	serve(t, here, 0, done)
	calls.Wait()
}
