package op_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
)

type input struct {
	N int `json:"n" minimum:"1"`
}

func TestAdmit(t *testing.T) {
	who := map[string]ident.Actor{
		"nobody named":  {},
		"system":        {Kind: ident.System},
		"service":       {Kind: ident.Service, ID: "checkout", For: &ident.Actor{Kind: ident.Guest}},
		"staff":         {Kind: ident.Staff, ID: "key_1", Scopes: []string{"orders:read", "products:write"}},
		"staff: exact":  {Kind: ident.Staff, Scopes: []string{"orders:write"}},
		"staff: area":   {Kind: ident.Staff, Scopes: []string{"orders:*"}},
		"staff: all":    {Kind: ident.Staff, Scopes: []string{"*"}},
		"customer":      {Kind: ident.Customer, ID: "cus_1", Scopes: []string{"*"}},
		"guest":         {Kind: ident.Guest, CartToken: "t"},
		"unknown kind":  {Kind: "robot", Scopes: []string{"*"}},
		"empty kind":    {Scopes: []string{"*"}},
		"service alone": {Kind: ident.Service},
	}
	yes, login, no := error(nil), error(fault.ErrUnauthenticated), error(fault.ErrDenied)
	for access, want := range map[op.Access]map[string]error{
		op.Anyone: {},
		op.Owner:  {},
		op.Inside: {"staff": no, "staff: exact": no, "staff: area": no, "staff: all": no, "customer": no, "guest": login, "unknown kind": no, "empty kind": no},
		"orders:write": {"staff": no, "staff: exact": yes, "staff: area": yes, "staff: all": yes, "customer": no, "guest": login,
			"unknown kind": no, "empty kind": no},
	} {
		o := op.Op[input, op.Nothing]{Name: "x.do", Access: access}
		for name, actor := range who {
			ctx := ident.With(t.Context(), actor)
			if name == "nobody named" {
				ctx = t.Context()
			}
			if got := o.Admit(ctx, input{1}); !errors.Is(got, want[name]) {
				t.Errorf("%s by %s: %v, want %v", access, name, got, want[name])
			}
			err := o.Admit(ctx, input{0})
			if wantBad := cmpErr(want[name], fault.ErrInvalid); !errors.Is(err, wantBad) {
				t.Errorf("%s by %s, bad input: %v, want %v", access, name, err, wantBad)
			}
		}
	}
}

// cmpErr returns the first error that is one.
func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func TestAdmitSaysWhichScope(t *testing.T) {
	o := op.Op[input, op.Nothing]{Name: "x.do", Access: "orders:write"}
	err := o.Admit(ident.With(t.Context(), ident.Actor{Kind: ident.Staff}), input{1})
	if e, ok := errors.AsType[*fault.Error](err); !ok || string(e.Meta) != `{"scope":"orders:write"}` {
		t.Errorf("denied with %+v, want the scope in Meta", e)
	}
}

func TestAdmitWithoutAccessPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an operation that nobody thought about was admitted")
		}
	}()
	_ = op.Op[input, op.Nothing]{Name: "x.do"}.Admit(ident.With(t.Context(), ident.Actor{Kind: ident.Staff}), input{1})
}

func TestScope(t *testing.T) {
	for access, want := range map[op.Access]string{op.Anyone: "", op.Owner: "", op.Inside: "", "orders:write": "orders:write"} {
		if got := access.Scope(); got != want {
			t.Errorf("%s: scope %q, want %q", access, got, want)
		}
	}
}

func TestMaybe(t *testing.T) {
	type patch struct {
		Note op.Maybe[string] `json:"note,omitzero"`
	}
	for _, tc := range []struct {
		wire    string
		back    string
		or      string
		present bool
	}{
		{`{}`, `{}`, "old", false},
		{`{"note":null}`, `{"note":null}`, "", false},
		{`{"note":""}`, `{"note":""}`, "", true},
		{`{"note":"new"}`, `{"note":"new"}`, "new", true},
	} {
		p := patch{}
		if err := json.Unmarshal([]byte(tc.wire), &p); err != nil {
			t.Fatal(err)
		}
		if got := p.Note.Or("old"); got != tc.or {
			t.Errorf("%s over old = %q, want %q", tc.wire, got, tc.or)
		}
		if _, present := p.Note.Inner(); present != tc.present {
			t.Errorf("%s: present = %v, want %v", tc.wire, present, tc.present)
		}
		if back, err := json.Marshal(p); err != nil || string(back) != tc.back {
			t.Errorf("%s came back as %s, %v", tc.wire, back, err)
		}
	}
	var reused op.Maybe[int]
	if err := errors.Join(json.Unmarshal([]byte("7"), &reused), json.Unmarshal([]byte("null"), &reused)); err != nil {
		t.Fatal(err)
	}
	if want := (op.Maybe[int]{Set: true, Null: true}); reused != want {
		t.Errorf("null over 7 = %+v, want %+v", reused, want)
	}
	if err := json.Unmarshal([]byte(`"x"`), &reused); err == nil {
		t.Error("text went into a Maybe[int]")
	}
}

// table is a Registrar and a Caller in one.
type table map[string]op.Handler

func (r table) Register(h op.Handler) { r[h.Name] = h }

func (r table) Call(ctx context.Context, name string, in, out any) error {
	h := r[name]
	given := h.New()
	reflect.ValueOf(given).Elem().Set(reflect.ValueOf(in))
	got, err := h.Call(ctx, given)
	if err == nil {
		reflect.ValueOf(out).Elem().Set(reflect.ValueOf(got))
	}
	return err
}

func TestHandleAndCall(t *testing.T) {
	o := op.Op[input, string]{Name: "x.do", Kind: op.Query, Doc: "Doc.", Access: op.Anyone, Fails: []*fault.Error{fault.ErrInvalid}}
	r := table{}
	op.Handle(op.RegistrarFunc(r.Register), o, func(ctx context.Context, in input) (string, error) {
		if err := o.Admit(ctx, in); err != nil {
			return "", err
		}
		return "done", nil
	})
	h := r["x.do"]
	if h.Kind != op.Query || h.Doc != "Doc." || h.Access != op.Anyone || len(h.Fails) != 1 ||
		h.In != reflect.TypeFor[input]() || h.Out != reflect.TypeFor[string]() {
		t.Errorf("handler %+v", h)
	}
	if _, ok := h.NewOut().(*string); !ok {
		t.Errorf("NewOut makes %T", h.NewOut())
	}
	if got, err := op.Call(t.Context(), r, o, input{1}); got != "done" || err != nil {
		t.Errorf("Call = %q, %v", got, err)
	}
	if _, err := op.Call(t.Context(), r, o, input{0}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("Call with bad input: %v", err)
	}
}
