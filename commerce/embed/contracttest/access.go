package contracttest

import (
	"context"
	"errors"
	"reflect"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// refusals are cases of who may not: each operation that not everybody may call
// is called by a guest and by a member of the staff without any right.
func refusals() (out []trial) {
	for _, h := range operations() {
		if h.Access == op.Anyone || h.Access == op.Owner {
			continue
		}
		out = append(out, trial{h.Name + " by who may not", func(w *world) {
			ask := func(ctx context.Context) error { return w.call.Call(ctx, h.Name, blank(h), h.NewOut()) }
			w.fails(fault.ErrUnauthenticated)(nil, ask(w.stranger()))
			for _, who := range []ident.Actor{{Kind: ident.Staff, ID: "key_none"}, {Kind: ident.Customer, ID: ident.NewID("cus")}} {
				err := ask(w.as(who))
				w.fails(fault.ErrDenied)(nil, err)
				if f, ok := errors.AsType[*fault.Error](err); ok && string(f.Meta) != `{"scope":"`+string(h.Access)+`"}` {
					w.Errorf("the meta is %s, want the scope %s", f.Meta, h.Access)
				}
			}
		}})
	}
	return out
}

// blank is an input of an operation that says nothing, but can be sent.
func blank(h op.Handler) any {
	in := h.New()
	fill(reflect.ValueOf(in).Elem())
	return in
}

// fill gives amounts a currency, without which they are not sent, and names
// something that does not exist where an address needs a name.
func fill(v reflect.Value) {
	if v.Kind() != reflect.Struct {
		return
	}
	for f, fv := range v.Fields() {
		switch {
		case !fv.CanSet():
		case f.Type == reflect.TypeFor[money.Currency]():
			fv.SetString("USD")
		case f.Tag.Get("path") != "" && fv.Kind() == reflect.String:
			fv.SetString(nobody)
		default:
			fill(fv)
		}
	}
}
