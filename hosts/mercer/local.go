package main

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// local calls the operations of a shop in this process. It knows only those
// that a remote shop serves too, so that each verb works on both, and it goes
// the way of requests, so that idempotency keys count.
type local struct {
	handlers map[string]op.Handler
}

func newLocal(s *boot.Shop) local {
	routes := httpapi.Routes
	l := local{map[string]op.Handler{}}
	s.Register(op.RegistrarFunc(func(h op.Handler) {
		if slices.ContainsFunc(routes, func(r httpapi.Route) bool { return r.Op == h.Name }) {
			l.handlers[h.Name] = h
		}
	}))
	return l
}

// Call implements op.Caller.
func (l local) Call(ctx context.Context, name string, in, out any) error {
	h, ok := l.handlers[name]
	if !ok {
		return fmt.Errorf("%s has no route", name)
	}
	p := reflect.New(h.In)
	p.Elem().Set(reflect.Indirect(reflect.ValueOf(in)))
	got, err := h.Call(ctx, p.Interface())
	if err != nil {
		return err
	}
	reflect.ValueOf(out).Elem().Set(reflect.ValueOf(got))
	return nil
}
