package loopback_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

type (
	input struct {
		Name string `json:"name"`
	}
	output struct {
		Said string `json:"said"`
	}
)

var (
	errToy = fault.New(fault.Refused, "toy.broken", "the toy is broken")
	opToy  = op.Op[input, output]{Name: "toy.play"}
)

func newWire(calls *int) *loopback.Wire {
	w := new(loopback.Wire)
	op.Handle(w, opToy, func(ctx context.Context, in input) (output, error) {
		*calls++
		if in.Name == "broken" {
			return output{}, errToy.With(map[string]int{"wheels": 3}).Because(errors.New("hunter2"))
		}
		return output{in.Name + " by " + ident.From(ctx).String() + " with " + ident.Key(ctx) + " for " + ident.Request(ctx)}, nil
	})
	return w
}

func TestWire(t *testing.T) {
	calls := 0
	w := newWire(&calls)
	ctx := ident.WithRequest(ident.WithKey(ident.With(t.Context(), ident.Actor{Kind: ident.Staff, ID: "key_1"}), "k"), "r")
	out, err := op.Call(ctx, w, opToy, input{"x"})
	if want := "x by staff:key_1 with k for r"; err != nil || out.Said != want {
		t.Errorf("got %q, %v; want %q", out.Said, err, want)
	}
	_, err = op.Call(ctx, w, opToy, input{"broken"})
	if f, _ := errors.AsType[*fault.Error](err); !errors.Is(err, errToy) || string(f.Meta) != `{"wheels":3}` || errors.Unwrap(f) != nil {
		t.Errorf("broken: %#v", err)
	}
	if err := w.Call(ctx, "toy.none", input{}, &output{}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("nobody there: %v", err)
	}
	if _, err := op.Call(txn.Inside(ctx), w, opToy, input{}); !errors.Is(err, txn.ErrInside) {
		t.Errorf("in a unit of work: %v", err)
	}
}

// TestLateIsLate holds that a call arrives whole after its caller's time.
func TestLateIsLate(t *testing.T) {
	w := &loopback.Wire{Inject: func(context.Context, string) loopback.Trouble { return loopback.Late }}
	var there error
	op.Handle(w, opToy, func(ctx context.Context, _ input) (output, error) {
		there = ctx.Err()
		return output{}, nil
	})
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, _ = op.Call(ctx, w, opToy, input{})
	if n := w.Deliver(); n != 1 || there != nil {
		t.Errorf("%d delivered, context: %v", n, there)
	}
}

func TestTroubles(t *testing.T) {
	for _, c := range []struct {
		trouble    loopback.Trouble
		now, later int // calls performed before and after Deliver
	}{{loopback.LostAsking, 0, 0}, {loopback.LostAnswer, 1, 1}, {loopback.Late, 0, 1}} {
		calls := 0
		w := newWire(&calls)
		w.Inject = func(context.Context, string) loopback.Trouble { return c.trouble }
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := op.Call(ctx, w, opToy, input{"x"}); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("trouble %d: %v", c.trouble, err)
		}
		cancel()
		if calls != c.now {
			t.Errorf("trouble %d: performed %d times, want %d", c.trouble, calls, c.now)
		}
		w.Deliver()
		if calls != c.later || w.Deliver() != 0 {
			t.Errorf("trouble %d: performed %d times in the end, want %d", c.trouble, calls, c.later)
		}
	}
}
