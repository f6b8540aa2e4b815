package boot

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// oneKey knows one staff member.
type oneKey struct{}

func (oneKey) Authenticate(_ context.Context, bearer string) (ident.Actor, error) {
	if bearer != "sk_files" {
		return ident.Actor{}, fault.ErrUnauthenticated
	}
	return ident.Actor{Kind: ident.Staff, ID: "key_1", Scopes: []string{"catalog:*", "stock:*"}}, nil
}

// What strangers say about themselves stays at the gateway, and nothing but the
// routes of files leads beyond it.
func TestFilesProxyKeepsSecrets(t *testing.T) {
	var got []*http.Request
	product := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r)
		w.WriteHeader(http.StatusOK)
	}))
	defer product.Close()
	actors, err := jwtauth.NewActors([]byte(strings.Repeat("s", 32)), nil)
	if err != nil {
		t.Fatal(err)
	}
	m := httpapi.New(&httpapi.Options{Log: slog.New(slog.DiscardHandler), Authenticator: oneKey{}})
	files := filesProxy(product.URL, actors, m)
	for route, refuse := range fileGates {
		m.Handle(route, gated(refuse, files, m))
	}
	gateway := httptest.NewServer(m)
	defer gateway.Close()
	ask := func(method, path string, header ...string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, gateway.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = path
		for i := 0; i < len(header); i += 2 {
			req.Header.Add(header[i], header[i+1])
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp
	}
	for _, hop := range []string{"Authorization", "Upgrade", "Request-Id", "Idempotency-Key, Authorization"} {
		got = nil
		ask("GET", "/v1/admin/imports/imp_1", "Authorization", "Bearer sk_files", "Cookie", "__Host-mercer-refresh=rt_1", "X-Forwarded-For", "10.0.0.1",
			"Forwarded", "for=10.0.0.1", "Connection", hop, "Upgrade", "websocket", "Proxy-Authorization", "Basic eA==")
		if len(got) != 1 {
			t.Fatalf("Connection %s: %d requests came through", hop, len(got))
		}
		h := got[0].Header
		bearer, _ := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
		who, err := (filesAuth{actors}).Authenticate(t.Context(), bearer)
		if err != nil || who.ID != "key_1" || len(h.Values("Authorization")) != 1 {
			t.Errorf("Connection %s: %v asks, %v, by %v", hop, who, err, h.Values("Authorization"))
		}
		for _, name := range []string{"Cookie", "X-Forwarded-For", "Forwarded", "Proxy-Authorization"} {
			if v := h.Values(name); len(v) > 0 {
				t.Errorf("Connection %s: %s: %v came through", hop, name, v)
			}
		}
	}
	for _, path := range []string{
		"/v1/admin/imports/../../metrics", "/v1/admin/imports/%2e%2e/%2e%2e/%2e%2e/metrics", "/v1/admin/imports/..%2f..%2f..%2fmetrics", "//v1/admin/imports/x", "/v1/admin/imports/x/../../../readyz",
		"/metrics", "/v1/admin/imports/x/report/..", "/v1/admin/exports/catalog/", "/V1/admin/imports/x", "http://elsewhere.example/metrics",
	} {
		got = nil
		if resp := ask("GET", path, "Authorization", "Bearer sk_files"); resp.StatusCode < 400 || len(got) > 0 {
			t.Errorf("%s: %s, %d requests came through", path, resp.Status, len(got))
		}
	}
	for name, header := range map[string][]string{"nobody": nil, "a guess": {"Authorization", "Bearer x"}} {
		got = nil
		if resp := ask("GET", "/v1/admin/imports/imp_1", header...); resp.StatusCode != http.StatusUnauthorized || len(got) > 0 {
			t.Errorf("%s: %s, %d requests came through", name, resp.Status, len(got))
		}
	}
}
