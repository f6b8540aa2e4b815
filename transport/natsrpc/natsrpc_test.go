package natsrpc_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

func TestWhatTravels(t *testing.T) {
	nc := connect(t)
	serve(t, nc, 0, func(ctx context.Context, in input) (output, error) {
		until, _ := ctx.Deadline()
		return output{in.Name, ident.From(ctx), ident.Key(ctx), ident.Request(ctx), ident.Client(ctx), ident.Trace(ctx), time.Until(until).Milliseconds()}, nil
	})
	who := ident.Actor{Kind: ident.Service, ID: "checkout", For: &ident.Actor{Kind: ident.Guest, CartToken: "t", Email: "å@example.com"}}
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	ctx := ident.WithRequest(ident.WithKey(ident.With(t.Context(), who), "k1"), "r1")
	ctx = ident.WithTrace(ident.WithClient(ctx, "203.0.113.7"), trace)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := op.Call(ctx, client(nc), opToy, input{"näme"})
	if err != nil {
		t.Fatal(err)
	}
	if out.Name != "näme" || out.Actor.ID != "checkout" || out.Actor.Origin().Email != "å@example.com" || out.Key != "k1" || out.Request != "r1" || out.Client != "203.0.113.7" || out.Trace != trace {
		t.Errorf("got %+v", out)
	}
	if out.Wait <= 0 || out.Wait > 5000 {
		t.Errorf("the handler has %d ms, the caller waits 5000", out.Wait)
	}
	out, err = op.Call(t.Context(), client(nc), opToy, input{})
	if err != nil || out.Actor.Kind != ident.System || out.Key+out.Request+out.Client+out.Trace != "" || out.Wait > 30_000 {
		t.Errorf("of nothing came %+v, %v", out, err)
	}
}

func TestFaultsCross(t *testing.T) {
	nc := connect(t)
	long := strings.Repeat("x", natsrpc.MaxAnswer)
	_, log := serve(t, nc, 0, func(_ context.Context, in input) (output, error) {
		switch in.Name {
		case "broken":
			return output{}, errToy.With(map[string]int{"wheels": 3}).At("/wheel").Listing(fault.Item{Code: "toy.wheel", Param: "/w"}).
				After(3 * time.Second).Because(errors.New("hunter2"))
		case "panic":
			panic("hunter2")
		case "long":
			return output{Name: long}, nil
		default:
			return output{}, errors.New("hunter2")
		}
	})
	c := client(nc)
	_, err := op.Call(t.Context(), c, opToy, input{"broken"})
	f, _ := errors.AsType[*fault.Error](err)
	if f == nil || !errors.Is(err, errToy) || f.Kind != fault.Conflict || string(f.Meta) != `{"wheels":3}` || f.Param != "/wheel" || len(f.Errors) != 1 || f.RetryAfter != 3 {
		t.Errorf("broken: %#v", err)
	}
	if strings.Contains(err.Error(), "hunter2") || log.String() != "" {
		t.Errorf("the cause stays where it is, and a fault is not logged: %v, %s", err, log)
	}
	for i, name := range []string{"panic", "internal", "long"} {
		_, err := op.Call(t.Context(), c, opToy, input{name})
		if fault.KindOf(err) != fault.Internal || !errors.Is(err, fault.ErrInternal) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != i+1 {
			t.Errorf("%s: logged %d times in all, want %d: %s", name, n, i+1, log)
		}
	}
	token, _ := actors.Sign(t.Context(), ident.Actor{Kind: ident.Guest}, opToy.Name)
	if f := ask(t, nc, token, "{"); !errors.Is(f, fault.ErrMalformed) {
		t.Errorf("no JSON: %v", f)
	}
}

func TestNobodyThere(t *testing.T) {
	nc := connect(t)
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := op.Call(soon, client(nc), opToy, input{})
	if f, _ := errors.AsType[*fault.Error](err); f == nil || f.Kind != fault.Unavailable || f.RetryAfter != 1 {
		t.Errorf("no service: %#v", err)
	}
	if _, err := op.Call(txn.Inside(t.Context()), client(nc), opToy, input{}); !errors.Is(err, txn.ErrInside) {
		t.Errorf("in a unit of work: %v", err)
	}
	gone := make(chan struct{})
	serve(t, nc, 0, func(ctx context.Context, _ input) (output, error) {
		<-ctx.Done()
		close(gone)
		return output{}, ctx.Err()
	})
	if _, err := op.Call(t.Context(), natsrpc.Client{NC: nc, Actors: actors, Timeout: 20 * time.Millisecond}, opToy, input{}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("too slow: %v", err)
	}
	<-gone
}

func TestFullHouse(t *testing.T) {
	nc := connect(t)
	inside, release := make(chan struct{}, 2), make(chan struct{})
	serve(t, nc, 2, func(context.Context, input) (output, error) {
		inside <- struct{}{}
		<-release
		return output{}, nil
	})
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() {
			if _, err := op.Call(t.Context(), client(nc), opToy, input{}); err != nil {
				t.Error(err)
			}
		})
	}
	<-inside
	<-inside // both at a time: an endpoint is not serial
	_, err := op.Call(t.Context(), client(nc), opToy, input{})
	if f, _ := errors.AsType[*fault.Error](err); f == nil || f.Kind != fault.Unavailable || f.RetryAfter == 0 {
		t.Errorf("the third of two: %#v", err)
	}
	close(release)
	calls.Wait()
}

func TestStopDrains(t *testing.T) {
	nc := connect(t)
	const n = 20
	inside, release := make(chan struct{}, n), make(chan struct{})
	s, _ := serve(t, nc, 0, func(context.Context, input) (output, error) {
		inside <- struct{}{}
		<-release
		return output{Name: "done"}, nil
	})
	var calls sync.WaitGroup
	for range n {
		calls.Go(func() {
			if out, err := op.Call(t.Context(), client(nc), opToy, input{}); err != nil || out.Name != "done" {
				t.Errorf("%+v, %v", out, err)
			}
		})
	}
	for range n {
		<-inside
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop(t.Context()) }()
	for { // until nobody takes more
		if _, err := nc.Request(natsrpc.Subject(opToy.Name), nil, time.Second); errors.Is(err, nats.ErrNoResponders) {
			break
		}
	}
	select {
	case err := <-stopped:
		t.Fatalf("Stop returns while requests are in flight: %v", err)
	default:
	}
	close(release)
	calls.Wait()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestServicesShareTheWork(t *testing.T) {
	nc := connect(t)
	serve(t, nc, 0, func(context.Context, input) (output, error) { return output{Name: "a"}, nil })
	serve(t, nc, 0, func(context.Context, input) (output, error) { return output{Name: "b"}, nil })
	seen := map[string]int{}
	for range 50 {
		out, err := op.Call(t.Context(), client(nc), opToy, input{})
		if err != nil {
			t.Fatal(err)
		}
		seen[out.Name]++
	}
	if seen["a"] == 0 || seen["b"] == 0 || seen["a"]+seen["b"] != 50 {
		t.Errorf("shares = %v", seen)
	}
}
