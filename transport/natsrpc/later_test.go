package natsrpc_test

import (
	"context"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// TestLaterReleases has a caller of a later release, who sends a field that the
// service does not know, and a service of one, whose answer has a field that the
// caller does not know: neither minds. It is the gateway that refuses fields, see
// httpapi.
func TestLaterReleases(t *testing.T) {
	type (
		laterInput struct {
			input
			Color string   `json:"color"`
			Wheel struct{} `json:"wheel"`
		}
		laterOutput struct {
			output
			Color string `json:"color"`
		}
	)
	later := op.Op[laterInput, laterOutput]{Name: opToy.Name}
	nc := connect(t)
	s, _ := serve(t, nc, 0, func(_ context.Context, in input) (output, error) { return output{Name: in.Name}, nil })
	out, err := op.Call(t.Context(), client(nc), later, laterInput{input: input{"car"}, Color: "red"})
	if err != nil || out.Name != "car" || out.Color != "" {
		t.Errorf("asked by a later release: %+v, %v", out, err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	next, err := natsrpc.Serve(nc, natsrpc.Options{Actors: actors})
	if err != nil {
		t.Fatal(err)
	}
	op.Handle(next, later, func(_ context.Context, in laterInput) (laterOutput, error) {
		return laterOutput{output{Name: in.Name}, "red"}, nil
	})
	t.Cleanup(func() { _ = next.Stop(context.Background()) })
	old, err := op.Call(t.Context(), client(nc), opToy, input{"car"})
	if err != nil || old.Name != "car" {
		t.Errorf("answered by a later release: %+v, %v", old, err)
	}
}
