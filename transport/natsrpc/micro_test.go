package natsrpc_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// control asks the services of nc, and of one name when there is one.
func control[T any](t *testing.T, nc *nats.Conn, verb micro.Verb, name string, want int) (all []T) {
	t.Helper()
	subject, err := micro.ControlSubject(verb, name, "")
	if err != nil {
		t.Fatal(err)
	}
	sub, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest(subject, sub.Subject, nil); err != nil {
		t.Fatal(err)
	}
	for range want {
		msg, err := sub.NextMsg(5 * time.Second)
		if err != nil {
			t.Fatalf("%s: %d of %d answers: %v", subject, len(all), want, err)
		}
		var one T
		if err := json.Unmarshal(msg.Data, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func TestServicesTellOfThemselves(t *testing.T) {
	nc := connect(t)
	s, err := natsrpc.Serve(nc, natsrpc.Options{Actors: actors, Version: "v1.2.3", Metadata: map[string]string{"service": "toys"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"toy.play", "toy.break_it", "robot.play"} {
		op.Handle(s, op.Op[input, output]{Name: name, Doc: "Does " + name + "."}, done)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	if _, err := op.Call(t.Context(), client(nc), opToy, input{}); err != nil {
		t.Fatal(err)
	}
	var pinged []string
	for _, p := range control[micro.Ping](t, nc, micro.PingVerb, "", 2) {
		if p.Type != micro.PingResponseType || p.Version != "1.2.3" || p.Metadata["service"] != "toys" {
			t.Errorf("ping: %+v", p)
		}
		pinged = append(pinged, p.Name)
	}
	if slices.Sort(pinged); !slices.Equal(pinged, []string{"mercer-robot", "mercer-toy"}) {
		t.Errorf("ping: %v", pinged)
	}
	info := control[micro.Info](t, nc, micro.InfoVerb, "mercer-toy", 1)[0]
	want := []micro.EndpointInfo{
		{Name: "toy-play", Subject: "mercer.v1.toy.play", QueueGroup: "mercer", Metadata: map[string]string{"doc": "Does toy.play."}},
		{Name: "toy-break_it", Subject: "mercer.v1.toy.break_it", QueueGroup: "mercer", Metadata: map[string]string{"doc": "Does toy.break_it."}},
	}
	same := func(a, b micro.EndpointInfo) bool {
		return a.Name == b.Name && a.Subject == b.Subject && a.QueueGroup == b.QueueGroup && a.Metadata["doc"] == b.Metadata["doc"]
	}
	if !slices.EqualFunc(info.Endpoints, want, same) {
		t.Errorf("info: %+v", info.Endpoints)
	}
	stats := control[micro.Stats](t, nc, micro.StatsVerb, "mercer-toy", 1)[0]
	if len(stats.Endpoints) != 2 || stats.Endpoints[0].Subject != "mercer.v1.toy.play" || stats.Endpoints[0].NumRequests != 1 || stats.Endpoints[1].NumRequests != 0 {
		t.Errorf("stats: %+v", stats.Endpoints)
	}
}

func TestVersions(t *testing.T) {
	for given, want := range map[string]string{
		"": "0.0.0", "(devel)": "0.0.0", "v1.2.3": "1.2.3", "1.2.3-rc.1": "1.2.3-rc.1",
		"v0.0.0-20261122192512-33c6536a1b2c+dirty": "0.0.0-20261122192512-33c6536a1b2c+dirty",
	} {
		nc := connect(t)
		s, err := natsrpc.Serve(nc, natsrpc.Options{Actors: actors, Version: given})
		if err != nil {
			t.Fatal(err)
		}
		op.Handle(s, opToy, done)
		if err := s.Err(); err != nil {
			t.Fatalf("%q: %v", given, err)
		}
		if got := control[micro.Ping](t, nc, micro.PingVerb, "mercer-toy", 1)[0].Version; got != want {
			t.Errorf("%q is told as %q, want %q", given, got, want)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatCannotBeServedIsTold(t *testing.T) {
	s, err := natsrpc.Serve(connect(t), natsrpc.Options{Actors: actors})
	if err != nil {
		t.Fatal(err)
	}
	op.Handle(s, op.Op[input, output]{Name: "toy.with space"}, done)
	if s.Err() == nil {
		t.Error("an operation that cannot be served is served")
	}
}
