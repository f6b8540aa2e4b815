package openapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the pages
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

//go:embed web/style.css
var style string

//go:embed web/app.js
var script string

//go:embed web/docs.html
var docsPage string

//go:embed web/problems.html
var problemsPage string

//go:embed web/home.html
var homePage string

// Link is a line on the home page.
type Link struct{ Text, URL string }

// Pages serves on m the document at /v1/openapi.json, a page that shows it at
// /docs, the problems at /docs/problems and a home page with links to all of
// it and to more. The pages ask no other host for anything.
func Pages(m *httpapi.Mux, routes []httpapi.Route, handlers []op.Handler, info Info, more ...Link) {
	doc := Document(routes, handlers, info)
	m.Handle("GET /v1/openapi.json", still("application/json", "", doc))
	// The script and the style are in the page, and the policy names their hashes.
	data := page{Info: info, Style: template.CSS(style), Script: template.JS(script), Problems: served(Problems(handlers), routes)} //nolint:gosec // ours
	data.Links = append([]Link{{"API reference", "/docs"}, {"Problems", "/docs/problems"}, {"OpenAPI document", "/v1/openapi.json"}, {"Health", "/healthz"}}, more...)
	for path, text := range map[string]string{"/docs": docsPage, httpapi.DocsPath: problemsPage, "/{$}": homePage} {
		m.Handle("GET "+path, still("text/html; charset=utf-8", policy, data.render(text)))
	}
}

// served leaves operations without a route out of problems, but for those that
// no other operation declares.
func served(problems []Problem, routes []httpapi.Route) []Problem {
	for i, p := range problems {
		ops := slices.DeleteFunc(slices.Clone(p.Ops), func(name string) bool {
			return !slices.ContainsFunc(routes, func(r httpapi.Route) bool { return r.Op == name })
		})
		if len(ops) > 0 {
			problems[i].Ops = ops
		}
	}
	return problems
}

// page is what the pages show.
type page struct {
	Info
	Style    template.CSS
	Script   template.JS
	Problems []Problem
	Links    []Link
}

func (p page) render(text string) []byte {
	var b bytes.Buffer
	if err := template.Must(template.New("").Parse(text)).Execute(&b, p); err != nil {
		panic("openapi: " + err.Error()) // the pages are ours
	}
	return b.Bytes()
}

var policy = strings.Join([]string{
	"default-src 'none'", "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
	"style-src " + hashed(style), "script-src " + hashed(script),
}, "; ")

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// still serves bytes that do not change while the program runs.
func still(contentType, policy string, data []byte) http.Handler {
	sum := sha256.Sum256(data)
	tag := fmt.Sprintf(`"%x"`, sum[:12])
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("ETag", tag)
		h.Set("Cache-Control", "public, max-age=60")
		h.Set("Content-Type", contentType)
		if policy != "" {
			h.Set("Content-Security-Policy", policy)
		}
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(data)
	})
}
