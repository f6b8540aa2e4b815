package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

const sheet = "Handle,Title,Status,Published,Variant SKU,Variant Price\nmug,Mug,active,true,MUG,12.50\n"

// raw sends a file, or nothing, and returns the answer with its body.
func (c caller) raw(want int, what, contentType, body string) (*http.Response, string) {
	c.t.Helper()
	method, path, _ := strings.Cut(what, " ")
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header = c.header.Clone()
	if body != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if method != http.MethodGet {
		req.Header.Set("Idempotency-Key", ident.NewID("key"))
	}
	resp, err := c.RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if resp.StatusCode != want {
		c.t.Errorf("%s: %d, want %d\n%s", what, resp.StatusCode, want, data)
	}
	return resp, string(data)
}

// The document has the routes of files too: what they take, give and refuse.
func TestFilesAreDocumented(t *testing.T) {
	d := document(t)
	staff, guest := d.staff("catalog:*", "stock:*"), d.as()
	resp, _ := staff.raw(http.StatusAccepted, "POST /v1/admin/imports?dry_run=false&on_error=skip&stock=new&track_all=true&currency=USD", "text/csv", sheet)
	at := resp.Header.Get("Location")
	if at == "" || resp.Header.Get("Retry-After") == "" {
		t.Errorf("accepted with %v", resp.Header)
	}
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	for { // until it has ended
		if status := staff.ask(http.StatusOK, "GET "+u.Path, "").at("status"); status != "queued" && status != "running" {
			break
		}
	}
	for format, want := range map[string]string{"": `"created":1`, "?format=json": `"created":1`, "?format=csv": "row,line,handle", "?format=text": "Created"} {
		if _, body := staff.raw(http.StatusOK, "GET "+u.Path+"/report"+format, "", ""); !strings.Contains(body, want) {
			t.Errorf("report%s: %s, want %s in it", format, body, want)
		}
	}
	for format, want := range map[string]string{"": "mug,Mug", "?format=shopify&currency=USD": "mug,Mug", "?format=jsonl": `"handle":"mug"`} {
		if _, body := staff.raw(http.StatusOK, "GET /v1/admin/exports/catalog"+format, "", ""); !strings.Contains(body, want) {
			t.Errorf("export%s: %s, want %s in it", format, body, want)
		}
	}
	for what, want := range map[string]int{
		"POST " + u.Path + "/cancel":                 http.StatusConflict,
		"POST /v1/admin/imports/imp_none/cancel":     http.StatusNotFound,
		"GET /v1/admin/imports/imp_none":             http.StatusNotFound,
		"GET /v1/admin/imports/imp_none/report":      http.StatusNotFound,
		"GET " + u.Path + "/report?format=pdf":       http.StatusUnprocessableEntity,
		"GET /v1/admin/exports/catalog?format=xlsx":  http.StatusUnprocessableEntity,
		"GET /v1/admin/exports/catalog?colour=green": http.StatusBadRequest,
	} {
		staff.raw(want, what, "", "")
		guest.raw(http.StatusUnauthorized, what, "", "")
	}
	staff.raw(http.StatusUnsupportedMediaType, "POST /v1/admin/imports", "text/csv", "%PDF-1.4")
	staff.raw(http.StatusUnprocessableEntity, "POST /v1/admin/imports?stock=all", "text/csv", sheet)
	d.staff("orders:*").raw(http.StatusForbidden, "POST /v1/admin/imports", "text/csv", sheet)
	d.staff("orders:*").raw(http.StatusForbidden, "GET /v1/admin/exports/catalog", "", "")
}
