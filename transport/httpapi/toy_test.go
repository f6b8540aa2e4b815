package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// The toys are operations with every kind of field.
type (
	toyID struct {
		ID string `json:"id" path:"id" minLength:"1" maxLength:"8"`
	}
	toyInput struct {
		ID      string                    `json:"id" path:"id" minLength:"1" maxLength:"8"`
		Kind    string                    `json:"kind" path:"kind" enum:"red,blue"`
		Version int64                     `json:"version,omitempty" header:"If-Match"`
		Name    string                    `json:"name" minLength:"1" maxLength:"10"`
		Count   int64                     `json:"count,omitempty" minimum:"1" maximum:"9"`
		Price   *money.Amount             `json:"price,omitempty"`
		Rate    money.Rate                `json:"rate,omitempty"`
		At      *time.Time                `json:"at,omitempty"`
		Parts   []part                    `json:"parts,omitempty" maxItems:"3"`
		Meta    json.RawMessage           `json:"meta,omitempty"`
		Note    op.Maybe[string]          `json:"note,omitzero" maxLength:"5"`
		Labels  map[string]string         `json:"labels,omitempty"`
		Loud    bool                      `json:"loud,omitempty"`
		Extra   op.Maybe[json.RawMessage] `json:"extra,omitzero"`
		Box     *box                      `json:"box,omitempty"`
	}
	box struct {
		Sizes []string `json:"sizes"`
	}
	part struct {
		Name string `json:"name" minLength:"1"`
		N    int    `json:"n,omitempty"`
	}
	toyList struct {
		page.Query
		IDs     []string            `json:"ids,omitempty" query:"id"`
		From    time.Time           `json:"from,omitzero" query:"from"`
		Big     bool                `json:"big,omitempty" query:"big"`
		Least   *int64              `json:"least,omitempty" query:"filter[price][gte]" minimum:"0"`
		Options map[string][]string `json:"options,omitempty" query:"filter[option.*]"`
	}
	toy struct {
		ID      string   `json:"id"`
		Echo    toyInput `json:"echo"`
		Version int64    `json:"version"`
		Slow    bool     `json:"slow,omitempty"`
	}
	toyAsk struct {
		ID  string `json:"id" path:"id" minLength:"1" maxLength:"8"`
		Big bool   `json:"big,omitempty" query:"big"`
	}
	toyNamed struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	toyPage struct {
		Asked toyList `json:"asked"`
		Actor string  `json:"actor"`
	}
)

func (t toy) VersionOf() int64 { return t.Version }
func (t toy) Pending() bool    { return t.Slow }

var (
	errToy    = fault.New(fault.Refused, "toy.broken", "the toy is broken")
	errSecret = errors.New("dial tcp 10.0.0.1: password hunter2")
)

var toyRoutes = []httpapi.Route{
	{Op: "toy.list", Pattern: "GET /v1/toys", Cache: "public, max-age=60"},
	{Op: "toy.make", Pattern: "POST /v1/toys/{id}/{kind}", Status: 201, Location: "/v1/toys/{id}", KeyRequired: true},
	{Op: "toy.change", Pattern: "PATCH /v1/toys/{id}/{kind}"},
	{Op: "toy.drop", Pattern: "DELETE /v1/toys/{id}", Status: 204},
	{Op: "toy.fail", Pattern: "GET /v1/toys/{id}/fail"},
	{Op: "toy.find", Pattern: "GET /v1/toys/{id}", Cache: "public, max-age=60", Canonical: "/v1/toys/{name}"},
	{Op: "toy.staff", Pattern: "GET /v1/admin/toys"},
	{Op: "toy.list", Pattern: "GET /v1/admin/all", Scope: "toys:read"},
}

func registerToys(r op.Registrar) {
	list := op.Op[toyList, toyPage]{Name: "toy.list", Kind: op.Query, Access: op.Anyone}
	op.Handle(r, list, func(ctx context.Context, in toyList) (toyPage, error) {
		return toyPage{in, ident.From(ctx).String()}, list.Admit(ctx, in)
	})
	for _, name := range []string{"toy.make", "toy.change"} {
		o := op.Op[toyInput, toy]{Name: name, Access: op.Anyone, Fails: []*fault.Error{errToy}}
		op.Handle(r, o, func(ctx context.Context, in toyInput) (toy, error) {
			return toy{ID: in.ID, Echo: in, Version: in.Version + 1, Slow: in.Name == "slow"}, o.Admit(ctx, in)
		})
	}
	op.Handle(r, op.Op[toyID, op.Nothing]{Name: "toy.drop", Access: op.Anyone}, func(context.Context, toyID) (op.Nothing, error) {
		return op.Nothing{}, nil
	})
	op.Handle(r, op.Op[toyAsk, toyNamed]{Name: "toy.find", Kind: op.Query, Access: op.Anyone}, func(context.Context, toyAsk) (toyNamed, error) {
		return toyNamed{ID: "7", Name: "bär"}, nil
	})
	op.Handle(r, op.Op[op.Nothing, op.Nothing]{Name: "toy.staff", Kind: op.Query, Access: "toys:read"}, func(context.Context, op.Nothing) (op.Nothing, error) {
		return op.Nothing{}, nil
	})
	op.Handle(r, op.Op[toyID, toy]{Name: "toy.fail", Kind: op.Query, Access: op.Anyone, Fails: []*fault.Error{errToy}}, fail)
}

func fail(_ context.Context, in toyID) (toy, error) {
	switch in.ID {
	case "panic":
		panic("hunter2")
	case "broken":
		return toy{}, errToy.Saying("The wheel of this toy is off.").With(map[string]int{"wheels": 3}).At("/wheels").
			Listing(fault.Item{Code: "toy.wheel", In: "body", Param: "/wheels/3", Message: "is off"}).Because(errSecret)
	case "later":
		return toy{}, fault.ErrUnavailable.After(2500 * time.Millisecond).Because(errSecret)
	case "timeout":
		return toy{}, context.DeadlineExceeded
	default:
		return toy{}, errSecret
	}
}

// keys knows one secret for each actor.
type keys struct{}

func (keys) Authenticate(_ context.Context, bearer string) (ident.Actor, error) {
	switch bearer {
	case "sk_all":
		return ident.Actor{Kind: ident.Staff, ID: "key_1", Scopes: []string{"toys:*"}}, nil
	case "sk_none":
		return ident.Actor{Kind: ident.Staff, ID: "key_2"}, nil
	default:
		return ident.Actor{}, fault.ErrUnauthenticated
	}
}

func newMux(t *testing.T, opts httpapi.Options) (*httpapi.Mux, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	opts.Log = slog.New(slog.NewTextHandler(&log, nil))
	opts.Routes = toyRoutes
	opts.Authenticator = keys{}
	m := httpapi.New(&opts)
	registerToys(m)
	return m, &log
}

// send performs one request: headers are "Name: value".
func send(t *testing.T, h http.Handler, method, target, body string, headers ...string) *http.Response {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req := httptest.NewRequestWithContext(t.Context(), method, target, r)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Content-Type" {
			req.Header.Del(name)
		}
		req.Header.Add(name, value)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec.Result()
}

func bodyText(t *testing.T, resp *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
