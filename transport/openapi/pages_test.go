package openapi_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/transport/httpapi"
	"github.com/mercer-commerce/mercer/transport/openapi"
)

func pages(t *testing.T) http.Handler {
	t.Helper()
	m := httpapi.New(nil)
	handlers := shop()
	for _, h := range handlers {
		m.Register(h)
	}
	openapi.Pages(m, httpapi.Routes, handlers, info, openapi.Link{Text: "Mailbox", URL: "/dev/mail"})
	return m
}

func get(t *testing.T, h http.Handler, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	data, _ := io.ReadAll(rec.Result().Body)
	return rec.Result(), string(data)
}

func TestPages(t *testing.T) {
	h := pages(t)
	for path, want := range map[string]string{
		"/": `<a href="/dev/mail">Mailbox</a>`, "/docs": `id="search"`, "/docs/problems": `id="checkout.total_changed"`, "/v1/openapi.json": `"openapi": "3.1.0"`,
	} {
		resp, body := get(t, h, path)
		if resp.StatusCode != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d without %s", path, resp.StatusCode, want)
		}
		if again, _ := get(t, h, path, "If-None-Match", resp.Header.Get("ETag")); again.StatusCode != 304 {
			t.Errorf("%s again: %d", path, again.StatusCode)
		}
	}
}

// TestPagesStandAlone holds that a page needs no other host, and that its own
// policy lets its own script and style work.
func TestPagesStandAlone(t *testing.T) {
	h := pages(t)
	for _, path := range []string{"/", "/docs", "/docs/problems"} {
		resp, body := get(t, h, path)
		policy := resp.Header.Get("Content-Security-Policy")
		for _, url := range regexp.MustCompile(`(?:src|href|fetch\(|import )=?["'(]*(https?:)?//[^"' )]+`).FindAllString(body, -1) {
			t.Errorf("%s asks for %s", path, url)
		}
		for _, m := range regexp.MustCompile(`(?s)<(?:script|style)>(.*?)</(?:script|style)>`).FindAllStringSubmatch(body, -1) {
			sum := sha256.Sum256([]byte(m[1]))
			if hash := base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(policy, hash) {
				t.Errorf("%s: the policy does not know a script or style of the page", path)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", path, policy)
		}
	}
}
