package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

const (
	trace  = "0af7651916cd43dd8448eb211c80319c"
	parent = "b7ad6b7169203331"
)

func TestTraceparent(t *testing.T) {
	good := "00-" + trace + "-" + parent + "-01"
	for given, want := range map[string]string{
		good:                                      good,
		"00-" + trace + "-" + parent + "-00":      "00-" + trace + "-" + parent + "-00",
		"00-" + trace + "-" + parent + "-02":      "00-" + trace + "-" + parent + "-00", // the flag is of another version
		"00-" + trace + "-" + parent + "-ff":      good,
		"cc-" + trace + "-" + parent + "-01":      good,
		"cc-" + trace + "-" + parent + "-01-more": good,
		"":  "",
		"x": "",
		"cc-" + trace + "-" + parent + "-01.more":              "",
		"cc-" + trace + "-" + parent + "-012":                  "",
		"00-" + trace + "-" + parent + "-01-more":              "",
		"00-" + trace + "-" + parent + "-01-":                  "",
		"ff-" + trace + "-" + parent + "-01":                   "",
		"0-" + trace + "-" + parent + "-01":                    "",
		"0x-" + trace + "-" + parent + "-01":                   "",
		"00-" + strings.ToUpper(trace) + "-" + parent + "-01":  "",
		"00-" + trace + "-" + strings.ToUpper(parent) + "-01":  "",
		"00-" + trace + "-" + parent + "-0G":                   "",
		"00-" + trace + "-" + parent + "-1":                    "",
		"00-" + strings.Repeat("0", 32) + "-" + parent + "-01": "",
		"00-" + trace + "-" + strings.Repeat("0", 16) + "-01":  "",
		"00-" + trace[1:] + "-" + parent + "-01":               "",
		"00-" + trace[1:] + "-" + parent + "a-01":              "",
		"00_" + trace + "_" + parent + "_01":                   "",
		"00-" + trace + parent + "--01":                        "",
		"00-" + trace[:31] + "\n-" + parent + "-01":            "",
		good + ", " + good:                                     "",
		strings.Repeat("0", 55):                                "",
		strings.Repeat("-", 55):                                "",
	} {
		if got, _ := carried(t, nil, given); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
	if got, _ := carried(t, nil, good, good); got != "" {
		t.Errorf("two of them became %q, want none", got)
	}
}

// carried returns the trace that an operation finds, and the line of the log.
func carried(t *testing.T, opts *httpapi.Options, parents ...string) (got, line string) {
	t.Helper()
	var o httpapi.Options
	if opts != nil {
		o = *opts
	}
	var b bytes.Buffer
	o.Log, o.Routes = slog.New(slog.NewTextHandler(&b, nil)), []httpapi.Route{{Op: "toy.list", Pattern: "GET /v1/toys/{id}"}}
	m := httpapi.New(&o)
	op.Handle(m, op.Op[toyID, op.Nothing]{Name: "toy.list", Kind: op.Query, Access: op.Anyone}, func(ctx context.Context, _ toyID) (op.Nothing, error) {
		got = ident.Trace(ctx)
		return op.Nothing{}, nil
	})
	r := httptest.NewRequest("GET", "/v1/toys/x", nil)
	r.Header["Traceparent"] = parents
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	if w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return got, b.String()
}

func TestAccessLogNamesTheTrace(t *testing.T) {
	if _, line := carried(t, nil, "00-"+trace+"-"+parent+"-01"); !strings.Contains(line, " trace_id="+trace) {
		t.Errorf("%s: want the trace in it", line)
	}
	if _, line := carried(t, nil); strings.Contains(line, "trace_id") {
		t.Errorf("%s: want no trace in it", line)
	}
}

func TestTraceIsAskedOnce(t *testing.T) {
	const mine = "00-" + trace + "-1111111111111111-01"
	var told []string
	opts := &httpapi.Options{Trace: func(ctx context.Context, route, method string) (context.Context, func(int)) {
		told = append(told, "begin "+method+" "+route)
		return ident.WithTrace(ctx, mine), func(status int) { told = append(told, fmt.Sprint("end ", status)) }
	}}
	got, line := carried(t, opts, "00-"+trace+"-"+parent+"-01")
	if want := "begin GET /v1/toys/{id}, end 204"; got != mine || strings.Join(told, ", ") != want || !strings.Contains(line, trace) {
		t.Errorf("the operation is in %q, told %v, log %s; want %q, %s", got, told, line, mine, want)
	}
}

func TestObserve(t *testing.T) {
	var seen, ended []string
	m, _ := newMux(t, httpapi.Options{
		Observe: func(route, method string, status int, _ time.Duration) {
			seen = append(seen, fmt.Sprint(method, " ", route, " ", status))
		},
		Trace: func(ctx context.Context, route, _ string) (context.Context, func(int)) {
			return ctx, func(status int) { ended = append(ended, fmt.Sprint(route, " ", status)) }
		},
		AllowedOrigins: []string{"http://shop.example"},
	})
	m.Handle("GET /torn", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic(http.ErrAbortHandler)
	}))
	m.Handle("GET /gone", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	m.Handle("GET /mute", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, tc := range []struct {
		method, target string
		header         []string
		want           string
		traced         string // "" when no route takes it
	}{
		{"GET", "/v1/toys", nil, "GET /v1/toys 200", "/v1/toys 200"},
		{"GET", "/v1/toys/broken/fail", nil, "GET /v1/toys/{id}/fail 409", "/v1/toys/{id}/fail 409"},
		{"GET", "/v1/toys/panic/fail", nil, "GET /v1/toys/{id}/fail 500", "/v1/toys/{id}/fail 500"},
		{"GET", "/v1/toys", []string{"Authorization: Bearer guess"}, "GET /v1/toys 401", "/v1/toys 401"},
		{"GET", "/v1/secret", nil, "GET  404", ""},
		{"GET", "/v1//toys", nil, "GET  404", ""},
		{"PUT", "/v1/toys", nil, "PUT  405", ""},
		{"BREW", "/v1/toys", nil, "other  405", ""},
		{"GET", "/healthz", nil, "GET /healthz 200", ""},
		{"OPTIONS", "/v1/toys", []string{"Origin: http://shop.example", "Access-Control-Request-Method: GET"}, "OPTIONS  204", ""},
		{"GET", "/torn", nil, "GET /torn 200", "/torn 200"},
		{"GET", "/gone", nil, "GET /gone 500", "/gone 500"},
		{"GET", "/mute", nil, "GET /mute 200", "/mute 200"},
	} {
		seen, ended = nil, nil
		func() {
			defer func() { _ = recover() }()
			send(t, m, tc.method, tc.target, "", tc.header...)
		}()
		if len(seen) != 1 || seen[0] != tc.want {
			t.Errorf("%s %s: observed %q, want %q", tc.method, tc.target, seen, tc.want)
		}
		if strings.Join(ended, "") != tc.traced {
			t.Errorf("%s %s: traced %q, want %q", tc.method, tc.target, ended, tc.traced)
		}
	}
}

// TestClientSendsTheTrace shows that a call over HTTP belongs to the trace of
// its caller.
func TestClientSendsTheTrace(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Traceparent")
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	c := httpapi.Client{Base: server.URL, Routes: []httpapi.Route{{Op: "toy.list", Pattern: "GET /v1/toys"}}}
	want := "00-" + trace + "-" + parent + "-01"
	if err := c.Call(ident.WithTrace(t.Context(), want), "toy.list", op.Nothing{}, &op.Nothing{}); err != nil || got != want {
		t.Errorf("sent %q, %v; want %q", got, err, want)
	}
}
