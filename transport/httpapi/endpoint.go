package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// endpoint serves one operation on one route.
type endpoint struct {
	*Mux
	route    Route
	op       op.Handler
	access   op.Access
	dec      *decoder
	location *location
	moved    *moved
	cookie   *cookie
}

// Outputs may say more than their JSON.
type (
	versioned interface{ VersionOf() int64 }
	pending   interface{ Pending() bool }
)

// ServeHTTP implements http.Handler.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), e.opts.Timeout)
	defer cancel()
	if e.route.Cache != "" && e.cached(w, r) {
		return
	}
	ctx, replayed := idem.Watch(ctx)
	out, err := e.call(ctx, w, r)
	if e.cookie.shown(r) && fault.KindOf(err) == fault.Unauthenticated {
		e.cookie.clear(w.Header())
	}
	if *replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	if err != nil {
		e.Fail(w, r, err)
		return
	}
	if to := e.moved.from(r, out); to != "" {
		w.Header().Set("Location", to)
		storeOnlyIfSaid(w.Header())
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	e.answer(w, out)
}

// call admits, reads and performs. Who may not ask is told so before anything
// is read.
func (e *endpoint) call(ctx context.Context, w http.ResponseWriter, r *http.Request) (any, error) {
	guard := op.Op[op.Nothing, op.Nothing]{Access: e.access}
	if err := guard.Admit(ctx, op.Nothing{}); err != nil {
		return nil, err
	}
	if e.op.Kind == op.Command {
		key, err := e.key(r.Header)
		if err != nil {
			return nil, err
		}
		ctx = ident.WithKey(ctx, key)
	}
	in := e.op.New()
	if err := e.dec.decode(w, r, in); err != nil {
		return nil, err
	}
	baked, err := e.cookie.take(e.Mux, r, in)
	if err != nil {
		return nil, err
	}
	// The engine checks too; here nothing invalid leaves a gateway.
	if err := check.Struct(in); err != nil {
		return nil, e.blame(err)
	}
	out, err := e.op.Call(ctx, in)
	if err != nil || !baked {
		return out, err
	}
	return e.cookie.bake(w.Header(), out), nil
}

// blame makes a fault of a path a thing that is not there: what cannot be an id
// is nobody's.
func (e *endpoint) blame(err error) error {
	f := fault.Public(err)
	for _, it := range f.Errors {
		if it.In == InPath {
			return ErrNotFound
		}
		for _, field := range e.dec.fields {
			if field.In == InPath && it.In == InBody && it.Param == "/"+escape(field.JSON) {
				return ErrNotFound
			}
		}
	}
	return f
}

// key returns the idempotency key of a request.
func (e *endpoint) key(h http.Header) (string, error) {
	keys := h.Values("Idempotency-Key")
	bad := idem.ErrBadKey.At("")
	bad.In, bad.Param = InHeader, "Idempotency-Key"
	switch {
	case len(keys) == 0 && e.route.KeyRequired:
		return "", ErrKeyRequired
	case len(keys) == 0:
		return "", nil
	case len(keys) > 1 || keys[0] == "" || len(keys[0]) > 255:
		return "", bad
	}
	for _, c := range []byte(keys[0]) {
		if c < '!' || c > '~' {
			return "", bad
		}
	}
	return keys[0], nil
}

// answer tells success.
func (e *endpoint) answer(w http.ResponseWriter, out any) {
	h := w.Header()
	status := e.route.Status
	if status == 0 {
		status = http.StatusOK
	}
	if e.op.Out == reflect.TypeFor[op.Nothing]() {
		status = http.StatusNoContent
	}
	if p, ok := out.(pending); ok && p.Pending() {
		status = http.StatusAccepted
		h.Set("Retry-After", "1")
	}
	if e.location != nil && (status == http.StatusCreated || status == http.StatusAccepted) {
		h.Set("Location", e.location.of(out))
	}
	if v, ok := out.(versioned); ok && h.Get("ETag") == "" && status != http.StatusNoContent {
		h.Set("ETag", `"v`+strconv.FormatInt(v.VersionOf(), 10)+`"`)
	}
	write(w, status, out)
}
