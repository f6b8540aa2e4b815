package httpapi_test

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

type rawInput struct {
	From    string              `json:"from" path:"from"`
	Headers map[string][]string `json:"headers,omitempty" header:"*" maxProperties:"20"`
	Body    []byte              `json:"body" body:"raw" maxLength:"16"` // 12 bytes
}

var rawRoutes = []httpapi.Route{{Op: "raw.take", Pattern: "POST /v1/raw/{from}", Status: 204}, {Op: "toy.drop", Pattern: "DELETE /v1/toys/{id}", Status: 204}}

// takesRaw serves an operation that takes raw bytes, and remembers the last.
func takesRaw(t *testing.T, limit httpapi.RateLimit) (*httpapi.Mux, *rawInput) {
	t.Helper()
	m := httpapi.New(&httpapi.Options{Routes: rawRoutes, RateLimit: limit})
	got := &rawInput{}
	take := op.Op[rawInput, op.Nothing]{Name: "raw.take", Access: op.Anyone}
	op.Handle(m, take, func(ctx context.Context, in rawInput) (op.Nothing, error) {
		*got = in
		return op.Nothing{}, take.Admit(ctx, in)
	})
	registerToys(m)
	return m, got
}

func TestRawBody(t *testing.T) {
	for _, c := range []struct {
		body, kind string
		status     int
	}{
		{"{ \"a\":1 }\r\n", "application/json", 204},
		{"\xff\x00\x01 no text", "image/png", 204},
		{"a=1&b=%zz", "application/x-www-form-urlencoded", 204},
		{"no type", "", 204},
		{"", "application/json", 204},
		{strings.Repeat("x", 12), "text/plain; charset=latin1", 204},
		{strings.Repeat("x", 13), "application/json", 413},
		{strings.Repeat("x", 1<<20), "application/json", 413},
	} {
		for _, chunked := range []bool{false, true} {
			m, got := takesRaw(t, httpapi.RateLimit{})
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/raw/bank", strings.NewReader(c.body))
			if c.kind != "" {
				req.Header.Set("Content-Type", c.kind)
			}
			if chunked {
				req.ContentLength = -1
			}
			rec := httptest.NewRecorder()
			m.ServeHTTP(rec, req)
			if rec.Code != c.status || c.status == 204 && (string(got.Body) != c.body || got.From != "bank") {
				t.Errorf("%.20q of type %q: %d, handed on %.20q from %s", c.body, c.kind, rec.Code, got.Body, got.From)
			}
			if c.status == 413 && !strings.Contains(rec.Body.String(), `"limit":12`) {
				t.Errorf("413 says %s", rec.Body)
			}
		}
	}
}

func TestRawHeaders(t *testing.T) {
	m, got := takesRaw(t, httpapi.RateLimit{})
	resp := send(t, m, http.MethodPost, "/v1/raw/bank", "{}", "Bank-Signature: t=1,v1=ab", "X-Two: 1", "X-Two: 2", "Cookie: sid=secret", "Cart-Token: secret",
		"Order-Token: secret", "Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: 1", "Proxy-Authorization: secret", "X-Bytes: \xff")
	want := map[string][]string{"bank-signature": {"t=1,v1=ab"}, "x-two": {"1", "2"}, "content-type": {"application/json"}}
	if resp.StatusCode != 204 || !reflect.DeepEqual(got.Headers, want) {
		t.Errorf("%d, handed on %v, want %v", resp.StatusCode, got.Headers, want)
	}
	if resp := send(t, m, http.MethodPost, "/v1/raw/bank", "{}", "A: "+strings.Repeat("x", 9000), "B: "+strings.Repeat("x", 9000)); resp.StatusCode != 431 {
		t.Errorf("18 kB of headers: %d, want 431", resp.StatusCode)
	}
}

// Who sends for many has a limit of its own, which does not use up the other.
func TestRawLimit(t *testing.T) {
	m, _ := takesRaw(t, httpapi.RateLimit{Requests: 1, Per: 1 << 40, Burst: 2})
	codes := map[int]int{}
	for range 45 {
		codes[send(t, m, http.MethodPost, "/v1/raw/bank", "{}").StatusCode]++
	}
	if !maps.Equal(codes, map[int]int{204: 40, 429: 5}) {
		t.Errorf("answers %v, want 40 and then 429", codes)
	}
	for i, want := range []int{204, 204, 429} {
		if got := send(t, m, http.MethodDelete, "/v1/toys/7", "").StatusCode; got != want {
			t.Errorf("request %d of a shopper: %d, want %d", i, got, want)
		}
	}
}

func TestRawByClient(t *testing.T) {
	m, got := takesRaw(t, httpapi.RateLimit{})
	srv := httptest.NewServer(m)
	defer srv.Close()
	in := rawInput{From: "bank", Headers: map[string][]string{"bank-signature": {"t=1"}, "content-type": {"text/odd"}}, Body: []byte("\xff {\n")}
	if err := (httpapi.Client{Base: srv.URL, Routes: rawRoutes}).Call(t.Context(), "raw.take", in, &op.Nothing{}); err != nil {
		t.Fatal(err)
	}
	for name, values := range in.Headers {
		if !slices.Equal(got.Headers[name], values) {
			t.Errorf("%s: %q, want %q", name, got.Headers[name], values)
		}
	}
	if !bytes.Equal(got.Body, in.Body) || got.From != in.From {
		t.Errorf("%+v, want %+v", got, in)
	}
	in.Body = make([]byte, 13)
	err := httpapi.Client{Base: srv.URL, Routes: rawRoutes}.Call(t.Context(), "raw.take", in, &op.Nothing{})
	if fault.KindOf(err) != fault.TooLarge {
		t.Errorf("err = %v, want too large", err)
	}
}

func TestRawNeedsALimit(t *testing.T) {
	type endless struct {
		Body []byte `json:"body" body:"raw"`
	}
	defer func() {
		if recover() == nil {
			t.Error("a raw body without maxLength is served")
		}
	}()
	m := httpapi.New(&httpapi.Options{Routes: []httpapi.Route{{Op: "raw.endless", Pattern: "POST /v1/raw"}}})
	op.Handle(m, op.Op[endless, op.Nothing]{Name: "raw.endless", Access: op.Anyone}, func(context.Context, endless) (op.Nothing, error) { return op.Nothing{}, nil })
}
