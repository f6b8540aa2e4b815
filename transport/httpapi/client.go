package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Client calls the operations of a shop over HTTP, by the routes of this
// package. It is safe for concurrent use.
type Client struct {
	Base string       // "https://shop.example", without /v1
	HTTP *http.Client // http.DefaultClient

	// Who calls. The tokens of carts and orders are those of the context's
	// actor where these are empty.
	Token      string
	CartToken  string
	OrderToken string

	Routes []Route // the package's Routes when nil
}

var _ op.Caller = Client{}

const maxAnswer = 64 << 20 // bytes

// Call implements op.Caller. A problem comes back as the fault that it was made
// of, without its cause; no answer is fault.ErrUnavailable. The idempotency key
// is the context's, or a new one where the route needs one.
func (c Client) Call(ctx context.Context, name string, in, out any) error {
	if err := txn.Outside(ctx); err != nil {
		return err
	}
	routes := routesOf(c.Routes, name)
	if len(routes) == 0 {
		return fmt.Errorf("httpapi: %s has no route", name)
	}
	req, err := c.request(ctx, routes[0], in)
	if err != nil {
		return err
	}
	resp, err := cmp.Or(c.HTTP, http.DefaultClient).Do(req)
	if err != nil {
		return fault.ErrUnavailable.Because(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fault.ErrUnavailable.Because(err)
	}
	if resp.Header.Get("Idempotent-Replayed") == "true" {
		idem.Mark(ctx)
	}
	return answered(resp, data, out)
}

// answered reads what a server said.
func answered(resp *http.Response, data []byte, out any) error {
	if resp.StatusCode < 300 {
		if len(data) == 0 {
			return nil
		}
		if err := json.Unmarshal(data, out); err != nil {
			return fmt.Errorf("httpapi: answer: %w", err)
		}
		return nil
	}
	var p problem
	if err := json.Unmarshal(data, &p); err != nil || p.Code == "" {
		f := fault.New(kindOf(resp.StatusCode, ""), "http.status", "the server answered "+resp.Status)
		return f.With(map[string]int{"status": resp.StatusCode})
	}
	return p.fault(resp.StatusCode, resp.Header.Get("Retry-After"))
}

func (c Client) request(ctx context.Context, route Route, in any) (*http.Request, error) {
	v := reflect.ValueOf(in)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	fields := Fields(v.Type(), route.Pattern)
	target, err := address(c.Base, route, fields, v)
	if err != nil {
		return nil, err
	}
	body, err := bodyFrom(route, fields, v)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, route.Method(), target, body)
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	c.sign(ctx, req, route)
	for _, f := range fields {
		switch fv := v.FieldByIndex(f.Path); {
		case f.In != InHeader || fv.IsZero():
		case f.Param == "*":
			all, _ := reflect.TypeAssert[map[string][]string](fv)
			for name, values := range all {
				req.Header[http.CanonicalHeaderKey(name)] = values
			}
		default:
			req.Header.Set(f.Param, `"v`+text(fv)+`"`)
		}
	}
	return req, nil
}

// sign sets the headers that say who asks, and for which request.
func (c Client) sign(ctx context.Context, req *http.Request, route Route) {
	who := ident.From(ctx)
	key := ident.Key(ctx)
	if key == "" && route.KeyRequired {
		key = ident.NewID("key")
	}
	for name, value := range map[string]string{
		"Authorization":   bearer(c.Token),
		"Cart-Token":      cmp.Or(c.CartToken, who.CartToken),
		"Order-Token":     cmp.Or(c.OrderToken, who.OrderToken),
		"Idempotency-Key": key,
		"Request-Id":      ident.Request(ctx),
		"Traceparent":     ident.Trace(ctx),
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if req.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
}

func bearer(token string) string {
	if token == "" {
		return ""
	}
	return "Bearer " + token
}

// address returns where to send the path and query fields of v.
func address(base string, route Route, fields []Field, v reflect.Value) (string, error) {
	path, query := route.Path(), url.Values{}
	for _, f := range fields {
		fv := v.FieldByIndex(f.Path)
		switch f.In {
		case InPath:
			id := text(fv)
			if id == "" || id == "." || id == ".." {
				return "", ErrNotFound
			}
			path = strings.Replace(path, "{"+f.Param+"}", url.PathEscape(id), 1)
		case InQuery:
			ask(query, f, fv)
		}
	}
	target := strings.TrimSuffix(base, "/") + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	return target, nil
}

// ask adds a field to a query. What is zero is absent.
func ask(query url.Values, f Field, v reflect.Value) {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		query.Set(f.Param, text(v.Elem()))
		return
	}
	if v.IsZero() {
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			query.Add(f.Param, text(v.Index(i)))
		}
	case reflect.Map:
		for name, values := range v.Interface().(map[string][]string) {
			query[strings.Replace(f.Param, "*", name, 1)] = values
		}
	default:
		query.Set(f.Param, text(v))
	}
}

// text writes a value as set reads it.
func text(v reflect.Value) string {
	if m, ok := reflect.TypeAssert[encoding.TextMarshaler](v); ok {
		if data, err := m.MarshalText(); err == nil {
			return string(data)
		}
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	default:
		return strconv.FormatInt(v.Int(), 10)
	}
}

// bodyFrom returns the fields of v that travel in the body, or the one that is
// the body, nil when the route
// has none.
func bodyFrom(route Route, fields []Field, v reflect.Value) (io.Reader, error) {
	if !route.HasBody() {
		return nil, nil
	}
	for _, f := range fields {
		if f.In == InRaw {
			return bytes.NewReader(v.FieldByIndex(f.Path).Bytes()), nil
		}
	}
	data, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, fmt.Errorf("httpapi: %s: %w", route.Op, err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var all map[string]any
	if err := dec.Decode(&all); err != nil {
		return nil, fmt.Errorf("httpapi: %s: %w", route.Op, err)
	}
	for _, f := range fields {
		if f.In != InBody {
			delete(all, f.JSON)
		}
	}
	return bytes.NewReader(encode(filled(bodyOf(fields), all))), nil
}

// filled returns v, JSON of type j, with empty lists and objects in place of
// the nulls that encoding/json writes for nil ones.
func filled(j *jsonType, v any) any {
	j.inside()
	switch val := v.(type) {
	case nil:
		if j.form == formList && !j.nullable {
			return []any{}
		}
		if j.form == formMap && !j.nullable {
			return map[string]any{}
		}
	case []any:
		for i := range val {
			if j.form == formList {
				val[i] = filled(j.elem, val[i])
			}
		}
	case map[string]any:
		for name := range val {
			if sub, ok := j.member(name); ok && j.form != formAny {
				val[name] = filled(sub, val[name])
			}
		}
	}
	return v
}
