package checkout_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/embed/topologytest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

// Every refusal that an operation declares crosses every wire with all that it
// says: its code, kind, text, place, meta and list.
func TestDeclaredRefusalsCross(t *testing.T) {
	var next *fault.Error // what every operation answers
	refusing := func(r op.Registrar) op.Registrar {
		return op.RegistrarFunc(func(h op.Handler) {
			h.Call = func(context.Context, any) (any, error) { return nil, next }
			r.Register(h)
		})
	}
	var all []op.Handler
	shop := commerce.Remote(nil)
	commerce.Register(op.RegistrarFunc(func(h op.Handler) { all = append(all, h) }), shop)
	wire := &loopback.Wire{}
	commerce.Register(refusing(wire), shop)
	svc, client := topologytest.NATS(t)
	commerce.Register(refusing(svc), shop)
	if err := svc.Err(); err != nil {
		t.Fatal(err)
	}
	crossed := 0
	for name, caller := range map[string]op.Caller{"loopback": wire, "NATS": client} {
		for _, h := range all {
			for _, declared := range h.Fails {
				next = declared.With(map[string]any{"n": 9007199254740993, "text": "ü"}).At("/items/0").After(2 * time.Second).
					Listing(fault.Item{Code: "x.y", In: "body", Param: "/a", Message: "m", Meta: json.RawMessage(`{"k":1}`)})
				in := h.New()
				withCurrency(reflect.ValueOf(in).Elem())
				err := caller.Call(t.Context(), h.Name, in, h.NewOut())
				got, ok := errors.AsType[*fault.Error](err)
				if !ok || !errors.Is(err, declared) || !reflect.DeepEqual(got, fault.Public(next)) {
					t.Errorf("%s over %s:\n got %+v\nwant %+v", h.Name, name, err, next)
				}
				crossed++
			}
		}
	}
	if crossed < 200 {
		t.Errorf("%d refusals crossed, want all of two wires", crossed)
	}
}

// withCurrency gives the amounts of an empty input a currency: without one they
// are not sent.
func withCurrency(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[money.Currency]():
		v.SetString("USD")
	case v.Kind() == reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				withCurrency(f)
			}
		}
	}
}
