package natsrpc_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

func TestWhoAsksIsSigned(t *testing.T) {
	nc := connect(t)
	_, log := serve(t, nc, 0, func(context.Context, input) (output, error) {
		t.Error("it was done for somebody who is not known")
		return output{}, nil
	})
	staff := ident.Actor{Kind: ident.Staff, ID: "key_1", Scopes: []string{"*"}}
	sign := func(a sealed, op string) string {
		token, err := a.Sign(t.Context(), staff, op)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := sign(actors, opToy.Name)
	for name, token := range map[string]string{
		"none":           "",
		"a plain actor":  `{"kind":"system"}`,
		"another secret": sign(sealed{"other"}, opToy.Name),
		"another op":     sign(actors, "toy.break"),
		"changed":        strings.Replace(good, "key_1", "key_2", 1),
	} {
		if f := ask(t, nc, token, `{}`); !errors.Is(f, fault.ErrUnauthenticated) {
			t.Errorf("%s: %v", name, f)
		}
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 5 || strings.Contains(log.String(), "key_1") {
		t.Errorf("logged %d warnings of 5, without tokens: %s", n, log)
	}
}

func TestActorsAreRequired(t *testing.T) {
	nc := connect(t)
	if _, err := natsrpc.Serve(nc, natsrpc.Options{}); err == nil {
		t.Error("a server believes everybody")
	}
	if _, err := op.Call(t.Context(), natsrpc.Client{NC: nc}, opToy, input{}); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("a client of nobody: %v", err)
	}
}

// What does not come from somebody who waits for the answer is not done: NATS
// itself can be made to send such things, and the answer could go where only the
// service may speak.
func TestOnlyCallersAreServed(t *testing.T) {
	nc := connect(t)
	s, log := serve(t, nc, 0, func(context.Context, input) (output, error) {
		t.Error("it was done")
		return output{}, nil
	})
	token, _ := actors.Sign(t.Context(), ident.Actor{Kind: ident.Guest}, opToy.Name)
	for _, to := range []string{"", "mercer.events.order.placed.ord_1", "mercer.v1.toy.break", "$JS.API.STREAM.PURGE.MERCER_EVENTS"} {
		err := nc.PublishMsg(&nats.Msg{Subject: natsrpc.Subject(opToy.Name), Reply: to, Header: nats.Header{"Mercer-Actor": {token}}, Data: []byte(`{}`)})
		if err != nil {
			t.Fatal(err)
		}
	}
	until(t, func() bool { return strings.Count(log.String(), "not from a caller") == 4 })
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestReplaysAreTold(t *testing.T) {
	nc := connect(t)
	serve(t, nc, 0, func(ctx context.Context, in input) (output, error) {
		if strings.HasPrefix(in.Name, "again") {
			idem.Mark(ctx)
		}
		if strings.HasSuffix(in.Name, "broken") {
			return output{}, errToy
		}
		return output{}, nil
	})
	for name, want := range map[string]bool{"new": false, "again": true, "again broken": true, "broken": false} {
		ctx, replayed := idem.Watch(t.Context())
		_, err := op.Call(ctx, client(nc), opToy, input{name})
		if *replayed != want || (err != nil) != strings.HasSuffix(name, "broken") {
			t.Errorf("%s: replayed %v, want %v; %v", name, *replayed, want, err)
		}
	}
}

// until waits for a condition.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatal("waited for too long")
		}
	}
}
