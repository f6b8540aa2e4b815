package httpapi_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/transport/httpapi"
)

func TestCatalogReadsAreCached(t *testing.T) {
	gen := "1"
	m, _ := newMux(t, httpapi.Options{Generation: func(context.Context) (string, error) { return gen, nil }})
	first := send(t, m, "GET", "/v1/toys?limit=2", "")
	tag := first.Header.Get("ETag")
	if tag == "" || first.Header.Get("Cache-Control") != "public, max-age=60" || !strings.Contains(strings.Join(first.Header.Values("Vary"), ","), "Accept-Language") {
		t.Fatalf("headers = %v", first.Header)
	}
	for _, c := range []struct {
		name, target string
		headers      []string
		gen          string
		status       int
	}{
		{"the same", "/v1/toys?limit=2", nil, "1", 304},
		{"weak", "/v1/toys?limit=2", []string{`If-None-Match: "x", W/` + tag}, "1", 304},
		{"changed", "/v1/toys?limit=2", nil, "2", 200},
		{"other query", "/v1/toys?limit=3", nil, "1", 200},
		{"other language", "/v1/toys?limit=2", []string{"Accept-Language: de"}, "1", 200},
		{"signed in", "/v1/toys?limit=2", []string{"Authorization: Bearer sk_all"}, "1", 200},
	} {
		gen = c.gen
		headers := append([]string{"If-None-Match: " + tag}, c.headers...)
		resp := send(t, m, "GET", c.target, "", headers...)
		if resp.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", c.name, resp.StatusCode, c.status)
		}
		if c.name == "signed in" && resp.Header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("signed in: Cache-Control = %q", resp.Header.Get("Cache-Control"))
		}
	}
	if resp := send(t, m, "GET", "/v1/toys?limit=999", ""); resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("ETag") != "" {
		t.Errorf("a problem is cached: %v", resp.Header)
	}
}

func TestRateLimit(t *testing.T) {
	proxy := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // where httptest's requests come from
	m, _ := newMux(t, httpapi.Options{RateLimit: httpapi.RateLimit{Requests: 3, Per: time.Hour}, TrustedProxies: proxy})
	for i, want := range []int{200, 200, 200, 429} {
		resp := send(t, m, "GET", "/v1/toys", "", "X-Forwarded-For: 6.6.6.6, 203.0.113.1")
		if resp.StatusCode != want {
			t.Errorf("request %d: %d, want %d", i, resp.StatusCode, want)
		}
		if want == 429 && (resp.Header.Get("Retry-After") != "1200" || resp.Header.Get("RateLimit-Remaining") != "0" || resp.Header.Get("RateLimit-Limit") != "3") {
			t.Errorf("headers = %v", resp.Header)
		}
	}
	for name, headers := range map[string][]string{
		"another address":      {"X-Forwarded-For: 203.0.113.2"},
		"a key has its own":    {"X-Forwarded-For: 203.0.113.1", "Authorization: Bearer sk_all"},
		"the first hop is bad": {"X-Forwarded-For: 203.0.113.1, 203.0.113.3"},
	} {
		if resp := send(t, m, "GET", "/v1/toys", "", headers...); resp.StatusCode != 200 {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	if resp := send(t, m, "GET", "/healthz", "", "X-Forwarded-For: 203.0.113.1"); resp.StatusCode != 200 {
		t.Errorf("health: %d", resp.StatusCode)
	}
	for _, want := range []int{401, 401, 401, 429} {
		if resp := send(t, m, "GET", "/v1/toys", "", "Authorization: Bearer guess", "X-Forwarded-For: 203.0.113.9"); resp.StatusCode != want {
			t.Errorf("guessing: %d, want %d", resp.StatusCode, want)
		}
	}
}

func TestUntrustedForwardingIsNotBelieved(t *testing.T) {
	m, _ := newMux(t, httpapi.Options{RateLimit: httpapi.RateLimit{Requests: 1, Per: time.Hour}})
	send(t, m, "GET", "/v1/toys", "", "X-Forwarded-For: 203.0.113.1")
	if resp := send(t, m, "GET", "/v1/toys", "", "X-Forwarded-For: 203.0.113.2"); resp.StatusCode != 429 {
		t.Errorf("%d, want 429", resp.StatusCode)
	}
}

func TestCORS(t *testing.T) {
	m, _ := newMux(t, httpapi.Options{AllowedOrigins: []string{"https://shop.example", "http://localhost:*"}})
	for origin, allowed := range map[string]bool{
		"https://shop.example": true, "http://localhost:5173": true, "http://localhost": true,
		"https://shop.example.evil": false, "http://shop.example": false, "http://localhost.evil:80": false, "http://localhost:80.evil": false, "null": false,
	} {
		for _, method := range []string{"GET", "OPTIONS"} {
			resp := send(t, m, method, "/v1/toys", "", "Origin: "+origin, "Access-Control-Request-Method: GET")
			got := resp.Header.Get("Access-Control-Allow-Origin")
			if allowed != (got == origin) || !allowed && got != "" {
				t.Errorf("%s %s: Allow-Origin = %q", method, origin, got)
			}
			if resp.Header.Get("Vary") == "" {
				t.Errorf("%s %s: no Vary", method, origin)
			}
			if method == "OPTIONS" && (resp.StatusCode != 204 || allowed != (resp.Header.Get("Access-Control-Allow-Headers") != "")) {
				t.Errorf("preflight of %s: %d %v", origin, resp.StatusCode, resp.Header)
			}
		}
	}
}

func TestServeDrains(t *testing.T) {
	const n = 50
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var inside sync.WaitGroup
	inside.Add(n)
	release := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside.Done()
		<-release
		if err := r.Context().Err(); err != nil {
			t.Errorf("the context of a request ended with the server: %v", err)
		}
		_, _ = io.WriteString(w, "done")
	})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- httpapi.Serve(ctx, l, h, nil) }()

	var answers atomic.Int64
	var clients sync.WaitGroup
	for range n {
		clients.Go(func() {
			resp, err := http.Get("http://" + l.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if data, _ := io.ReadAll(resp.Body); string(data) == "done" {
				answers.Add(1)
			}
		})
	}
	inside.Wait()
	cancel()
	for { // until nobody listens
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		_ = c.Close()
	}
	close(release)
	clients.Wait()
	if err := <-served; err != nil || answers.Load() != n {
		t.Errorf("%d answers of %d, %v", answers.Load(), n, err)
	}
}

func TestServeGivesUpAfterGrace(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	inside, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(inside); <-release })
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- httpapi.Serve(ctx, l, h, &httpapi.ServeOptions{Grace: time.Millisecond}) }()
	go func() {
		if resp, err := http.Get("http://" + l.Addr().String()); err == nil {
			resp.Body.Close()
		}
	}()
	<-inside
	cancel()
	if err := <-served; err == nil {
		t.Error("Serve is silent about a request that it cut off")
	}
}
