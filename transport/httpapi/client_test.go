package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

func newClient(t *testing.T) httpapi.Client {
	t.Helper()
	m, _ := newMux(t, httpapi.Options{})
	srv := httptest.NewServer(m)
	t.Cleanup(srv.Close)
	return httpapi.Client{Base: srv.URL, Routes: toyRoutes}
}

func TestClientCarriesEveryField(t *testing.T) {
	c := newClient(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	in := toyInput{
		ID: "a/b c", Kind: "blue", Version: 7, Name: "naïve", Count: 3, Price: &money.Amount{Minor: 5, Currency: "EUR"}, Rate: 82500, At: &at,
		Parts: []part{{Name: "p", N: 1}}, Meta: json.RawMessage(`{"a":9007199254740993}`), Note: op.Maybe[string]{Set: true, Null: true},
		Labels: map[string]string{"<a>": "&"}, Loud: true,
	}
	var out toy
	if err := c.Call(t.Context(), "toy.make", in, &out); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(out.Echo, in) || out.Version != 8 {
		t.Errorf("got  %+v\nwant %+v", out.Echo, in)
	}
	out = toy{}
	if err := c.Call(t.Context(), "toy.change", toyInput{ID: "x", Kind: "red", Name: "n", Box: &box{}}, &out); err != nil || out.Echo.Box.Sizes == nil {
		t.Errorf("a nil list travels as an empty one: %+v, %v", out, err)
	}
	out = toy{}
	if err := c.Call(t.Context(), "toy.change", &toyInput{ID: "x", Kind: "red", Name: "n"}, &out); err != nil || out.Echo.Name != "n" {
		t.Errorf("a pointer as input: %+v, %v", out, err)
	}
}

func TestClientAsks(t *testing.T) {
	c := newClient(t)
	c.Token = "sk_all"
	in := toyList{
		Query: page.Query{Limit: 3, Cursor: "a b&c"}, IDs: []string{"a,b", "c"}, From: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Big: true,
		Least: new(int64), Options: map[string][]string{"Size": {"M", "L, XL"}},
	}
	var out toyPage
	if err := c.Call(t.Context(), "toy.list", in, &out); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(out.Asked, in) || out.Actor != "staff:key_1" {
		t.Errorf("got  %+v\nwant %+v", out, in)
	}
	if err := c.Call(t.Context(), "toy.drop", toyID{"a"}, &op.Nothing{}); err != nil {
		t.Errorf("drop: %v", err)
	}
}

func TestClientTellsReplays(t *testing.T) {
	status, header := 200, "true"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Idempotent-Replayed", header)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{}`))
	}))
	defer srv.Close()
	c := httpapi.Client{Base: srv.URL, Routes: toyRoutes}
	for _, tc := range []struct {
		status int
		header string
		want   bool
	}{{200, "true", true}, {422, "true", true}, {200, "", false}, {422, "", false}} {
		status, header = tc.status, tc.header
		ctx, replayed := idem.Watch(t.Context())
		_ = c.Call(ctx, "toy.change", toyInput{ID: "x", Kind: "red", Name: "n"}, &toy{})
		if *replayed != tc.want {
			t.Errorf("%d %q: replayed %v, want %v", tc.status, tc.header, *replayed, tc.want)
		}
	}
}

func TestClientTurnsProblemsBack(t *testing.T) {
	c := newClient(t)
	err := c.Call(t.Context(), "toy.fail", toyID{"broken"}, &toy{})
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || !errors.Is(err, errToy) || f.Kind != fault.Refused || string(f.Meta) != `{"wheels":3}` || f.Param != "/wheels" || len(f.Errors) != 1 || f.Errors[0].Code != "toy.wheel" {
		t.Errorf("broken: %#v", err)
	}
	for id, want := range map[string]fault.Kind{"later": fault.Unavailable, "other": fault.Internal, "waytoolong": fault.NotFound, "..": fault.NotFound, "": fault.NotFound} {
		if err := c.Call(t.Context(), "toy.fail", toyID{id}, &toy{}); fault.KindOf(err) != want {
			t.Errorf("%q: %v, want %s", id, err, want)
		}
	}
	err = c.Call(t.Context(), "toy.change", toyInput{ID: "a", Kind: "red"}, &toy{})
	if f, _ := errors.AsType[*fault.Error](err); f == nil || f.Kind != fault.Invalid || f.Param != "/name" {
		t.Errorf("invalid: %v", err)
	}
	c.Base = "http://127.0.0.1:1"
	if err := c.Call(t.Context(), "toy.fail", toyID{"a"}, &toy{}); !errors.Is(err, fault.ErrUnavailable) {
		t.Errorf("nobody there: %v", err)
	}
	if err := c.Call(txn.Inside(t.Context()), "toy.fail", toyID{"a"}, &toy{}); !errors.Is(err, txn.ErrInside) {
		t.Errorf("in a unit of work: %v", err)
	}
	if err := c.Call(t.Context(), "toy.none", toyID{"a"}, &toy{}); err == nil {
		t.Error("an operation without a route is called")
	}
}

func TestClientSays(t *testing.T) {
	var got http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer srv.Close()
	c := httpapi.Client{Base: srv.URL + "/", Routes: toyRoutes}
	ctx := ident.WithRequest(ident.WithKey(context.Background(), "k1"), "r1")
	ctx = ident.With(ctx, ident.Actor{Kind: ident.Guest, CartToken: "t1"})
	if err := c.Call(ctx, "toy.make", toyInput{ID: "a", Kind: "red"}, &toy{}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("502 without a problem: %v", err)
	}
	if got.Get("Idempotency-Key") != "k1" || got.Get("Request-Id") != "r1" || got.Get("Cart-Token") != "t1" {
		t.Errorf("headers = %v", got)
	}
	_ = c.Call(t.Context(), "toy.make", toyInput{ID: "a", Kind: "red"}, &toy{})
	if key := got.Get("Idempotency-Key"); len(key) < 22 {
		t.Errorf("a key of its own: %q", key)
	}
}
