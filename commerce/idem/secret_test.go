package idem_test

import (
	"context"
	"errors"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/op"
)

type sealedInput struct {
	N        int    `json:"n"`
	Password string `json:"password"`
}

func (i sealedInput) Secretless() any { i.Password = ""; return i }

type unkeyedInput struct {
	N int `json:"n"`
}

func (unkeyedInput) Unkeyed() {}

// prints shows the fingerprints that are stored.
type prints struct {
	memstore.Idem
	kept map[string]bool
}

func (p prints) Claim(ctx context.Context, r idem.Record) (idem.Record, bool, error) {
	p.kept[r.Fingerprint] = true
	return p.Idem.Claim(ctx, r)
}

// What is kept of a request does not depend on the secrets in it.
func TestFingerprintHasNoSecret(t *testing.T) {
	store := prints{memstore.Idem{DB: memstore.New()}, map[string]bool{}}
	var call func(context.Context, any) (any, error)
	did := 0
	op.Handle(idem.Registrar(op.RegistrarFunc(func(h op.Handler) { call = h.Call }), store, nil), op.Op[sealedInput, output]{Name: "desk.seal", Access: op.Anyone},
		func(_ context.Context, in sealedInput) (output, error) {
			did++
			if in.Password == "" {
				t.Error("the command has lost its secret")
			}
			return output{N: in.N}, nil
		})
	for _, password := range []string{"a", "b"} {
		if out, err := call(as(t, ann, "k"), &sealedInput{1, password}); err != nil || out.(output).N != 1 {
			t.Errorf("%v, %v", out, err)
		}
	}
	if len(store.kept) != 1 || did != 1 {
		t.Errorf("%d fingerprints, done %d times; want 1 of each", len(store.kept), did)
	}
	if _, err := call(as(t, ann, "k"), &sealedInput{2, "a"}); !errors.Is(err, idem.ErrReused) {
		t.Errorf("another request: %v", err)
	}
}

// What was refused of a secret says nothing about the next one, which looks the
// same.
func TestRefusedSecretIsNotReplayed(t *testing.T) {
	var call func(context.Context, any) (any, error)
	weak := fault.New(fault.Invalid, "desk.weak", "no")
	op.Handle(idem.Registrar(op.RegistrarFunc(func(h op.Handler) { call = h.Call }), memstore.Idem{DB: memstore.New()}, nil), op.Op[sealedInput, output]{Name: "desk.seal", Access: op.Anyone},
		func(_ context.Context, in sealedInput) (output, error) {
			if in.Password == "weak" {
				return output{}, weak
			}
			return output{N: in.N}, nil
		})
	if _, err := call(as(t, ann, "k"), &sealedInput{1, "weak"}); !errors.Is(err, weak) {
		t.Errorf("%v, want it refused", err)
	}
	if out, err := call(as(t, ann, "k"), &sealedInput{1, "strong"}); err != nil || out.(output).N != 1 {
		t.Errorf("%v, %v; want it done", out, err)
	}
}

func TestUnkeyed(t *testing.T) {
	var log []string
	var call func(context.Context, any) (any, error)
	did := 0
	op.Handle(idem.Registrar(op.RegistrarFunc(func(h op.Handler) { call = h.Call }), counted{memstore.Idem{DB: memstore.New()}, &log}, nil),
		op.Op[unkeyedInput, output]{Name: "desk.enter", Access: op.Anyone},
		func(context.Context, unkeyedInput) (output, error) { did++; return output{N: did}, nil })
	for want := range 2 {
		if out, err := call(as(t, ann, "k"), &unkeyedInput{1}); err != nil || out.(output).N != want+1 {
			t.Errorf("%v, %v; want it done again", out, err)
		}
	}
	if len(log) != 0 {
		t.Errorf("the store was asked: %v", log)
	}
}
