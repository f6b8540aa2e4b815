package httpapi_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// What is asked for by a name that it had before is elsewhere now.
func TestMoved(t *testing.T) {
	m, _ := newMux(t, httpapi.Options{Generation: func(context.Context) (string, error) { return "1", nil }})
	for _, c := range []struct{ method, target, bearer, location, cache string }{
		{"GET", "/v1/toys/7", "", "", "public, max-age=60"},
		{"GET", "/v1/toys/b%C3%A4r", "", "", "public, max-age=60"},
		{"GET", "/v1/toys/cub", "", "/v1/toys/b%C3%A4r", "public, max-age=60"},
		{"GET", "/v1/toys/cub?big=true", "", "/v1/toys/b%C3%A4r?big=true", "public, max-age=60"},
		{"HEAD", "/v1/toys/cub", "", "/v1/toys/b%C3%A4r", "public, max-age=60"},
		{"GET", "/v1/toys/c%2Fb", "", "/v1/toys/b%C3%A4r", "public, max-age=60"},
		{"GET", "/v1/toys/cub", "sk_all", "/v1/toys/b%C3%A4r", "private, no-store"},
		{"GET", "/v1/toys/7", "sk_all", "", "private, no-store"},
	} {
		var headers []string
		if c.bearer != "" {
			headers = append(headers, "Authorization: Bearer "+c.bearer)
		}
		resp := send(t, m, c.method, c.target, "", headers...)
		want := http.StatusOK
		if c.location != "" {
			want = http.StatusMovedPermanently
		}
		h := resp.Header
		if resp.StatusCode != want || h.Get("Location") != c.location || h.Get("Cache-Control") != c.cache {
			t.Errorf("%s %s: %d to %q, %q; want %d to %q, %q", c.method, c.target, resp.StatusCode, h.Get("Location"), h.Get("Cache-Control"), want, c.location, c.cache)
		}
	}
}

// Without a rule no cache keeps the way for ever.
func TestMovedWithoutCaching(t *testing.T) {
	m, _ := newMux(t, httpapi.Options{})
	if resp := send(t, m, "GET", "/v1/toys/cub", ""); resp.StatusCode != http.StatusMovedPermanently || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d with %v", resp.StatusCode, resp.Header)
	}
}

func TestClientFollows(t *testing.T) {
	c := newClient(t)
	c.Token = "sk_all"
	var out toyNamed
	if err := c.Call(t.Context(), "toy.find", toyAsk{ID: "cub", Big: true}, &out); err != nil || out.ID != "7" {
		t.Errorf("got %+v, %v", out, err)
	}
}
