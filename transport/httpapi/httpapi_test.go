package httpapi_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

const key = "Idempotency-Key: 0123456789012345678901"

func TestRequests(t *testing.T) {
	m, _ := newMux(t, httpapi.Options{})
	long := strings.Repeat("x", 1<<20)
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for _, c := range []struct {
		name, method, target, body string
		headers                    []string
		status                     int
		want                       string
	}{
		{"good", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, nil, 200, `"name":"x"`},
		{"merge patch", "PATCH", "/v1/toys/a/red", `{"name":"x","note":null}`, []string{"Content-Type: application/merge-patch+json"}, 200, `"note":null`},
		{"charset", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, []string{"Content-Type: application/json; charset=UTF-8"}, 200, ""},
		{"all fields", "PATCH", "/v1/toys/a/red", `{"name":"x","count":9,"price":{"amount":5,"currency":"EUR"},"rate":"8.25","at":"2026-01-02T03:04:05Z","parts":[{"name":"p","n":-1}],"meta":{"a":[1,null]},"note":"hi","labels":{"a":"b"},"loud":true}`, nil, 200, `"rate":"8.25"`},

		{"unknown field", "PATCH", "/v1/toys/a/red", `{"name":"x","foo":1}`, nil, 400, `"code":"request.unknown_field","in":"body","param":"/foo"`},
		{"other case", "PATCH", "/v1/toys/a/red", `{"Name":"x"}`, nil, 400, `"param":"/Name"`},
		{"nested unknown", "PATCH", "/v1/toys/a/red", `{"name":"x","parts":[{"name":"a"},{"name":"b","x/y":1}]}`, nil, 400, `"param":"/parts/1/x~1y"`},
		{"unknown in amount", "PATCH", "/v1/toys/a/red", `{"name":"x","price":{"amount":1,"currency":"EUR","minor":1}}`, nil, 400, `"param":"/price/minor"`},
		{"path field in body", "PATCH", "/v1/toys/a/red", `{"name":"x","id":"b"}`, nil, 400, `"param":"/id"`},
		{"header field in body", "PATCH", "/v1/toys/a/red", `{"name":"x","version":2}`, nil, 400, `"param":"/version"`},
		{"twice", "PATCH", "/v1/toys/a/red", `{"name":"x","name":"y"}`, nil, 400, `request.duplicate_field`},
		{"twice in any", "PATCH", "/v1/toys/a/red", `{"name":"x","meta":{"a":1,"a":2}}`, nil, 400, `"param":"/meta/a"`},
		{"several", "PATCH", "/v1/toys/a/red", `{"foo":1,"name":2,"parts":[{}]}`, nil, 400, `"code":"request.required","in":"body","param":"/parts/0/name"`},
		{"trailing", "PATCH", "/v1/toys/a/red", `{"name":"x"} {}`, nil, 400, `request.malformed`},
		{"cut off", "PATCH", "/v1/toys/a/red", `{"name":"x"`, nil, 400, `"offset":11`},
		{"no JSON", "PATCH", "/v1/toys/a/red", `name=x`, nil, 400, `request.malformed`},
		{"a list", "PATCH", "/v1/toys/a/red", `[]`, nil, 400, `must be an object`},
		{"UTF-8", "PATCH", "/v1/toys/a/red", "{\"name\":\"\xff\"}", nil, 400, `UTF-8`},
		{"half a pair", "PATCH", "/v1/toys/a/red", `{"name":"\ud800x"}`, nil, 400, `surrogate`},
		{"a whole pair", "PATCH", "/v1/toys/a/red", `{"name":"\\\ud83d\ude00"}`, nil, 200, "😀"},
		{"NUL", "PATCH", "/v1/toys/a/red", `{"name":"a\u0000"}`, nil, 422, `request.bad_text`},
		{"deep", "PATCH", "/v1/toys/a/red", `{"name":"x","meta":` + deep + `}`, nil, 400, `nested too deeply`},
		{"empty", "PATCH", "/v1/toys/a/red", ``, nil, 422, `"param":"/name"`},
		{"too large", "PATCH", "/v1/toys/a/red", `{"name":"` + long + `"}`, nil, 413, `request.too_large`},
		{"content type", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, []string{"Content-Type: text/plain"}, 415, `request.wrong_type`},
		{"no content type", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, []string{"Content-Type: "}, 415, ``},
		{"merge patch on POST", "POST", "/v1/toys/a/red", `{"name":"x"}`, []string{"Content-Type: application/merge-patch+json", key}, 415, ``},
		{"gzip", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, []string{"Content-Encoding: gzip"}, 415, ``},
		{"null name", "PATCH", "/v1/toys/a/red", `{"name":null}`, nil, 400, `must be a string`},
		{"null list", "PATCH", "/v1/toys/a/red", `{"name":"x","parts":null}`, nil, 400, `must be a list`},
		{"null amount", "PATCH", "/v1/toys/a/red", `{"name":"x","price":null}`, nil, 200, ``},
		{"currency", "PATCH", "/v1/toys/a/red", `{"name":"x","price":{"amount":1,"currency":"EURO"}}`, nil, 422, `"code":"money.unknown_currency","in":"body","param":"/price"`},
		{"rate", "PATCH", "/v1/toys/a/red", `{"name":"x","rate":"101"}`, nil, 422, `"param":"/rate"`},
		{"time", "PATCH", "/v1/toys/a/red", `{"name":"x","at":"yesterday"}`, nil, 400, `must be a time like`},
		{"rules", "PATCH", "/v1/toys/a/red", `{"name":"","count":10}`, nil, 422, `"param":"/count"`},

		{"id too long", "PATCH", "/v1/toys/aaaaaaaaa/red", `{"name":"x"}`, nil, 404, `request.not_found`},
		{"kind unknown", "PATCH", "/v1/toys/a/green", `{"name":"x"}`, nil, 404, `request.not_found`},
		{"traversal", "GET", "/v1/toys/..%2f..%2fetc/fail", ``, nil, 404, `request.not_found`},
		{"double slash", "GET", "/v1//toys", ``, nil, 404, ``},
		{"unknown path", "GET", "/v2/toys", ``, nil, 404, `request.not_found`},
		{"wrong method", "PUT", "/v1/toys", ``, nil, 405, `request.method_not_allowed`},

		{"if-match", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, []string{`If-Match: "v7"`}, 200, `"version":8`},
		{"weak", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, []string{`If-Match: W/"v7"`}, 200, `"version":8`},
		{"bare", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, []string{`If-Match: v7`}, 200, `"version":8`},
		{"star", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, []string{`If-Match: *`}, 200, `"version":1`},
		{"bad tag", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, []string{`If-Match: "abc"`}, 400, `"in":"header","param":"If-Match"`},
		{"two tags", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, []string{`If-Match: "v7", "v8"`}, 400, ``},
		{"two headers", "PATCH", "/v1/toys/a/red", `{"name":"x"}`, []string{`If-Match: "v7"`, `If-Match: "v8"`}, 400, `request.repeated`},

		{"list", "GET", "/v1/toys?limit=5&id=a,b&id=c%2Cd&big=true&from=2026-01-01T00:00:00Z", ``, nil, 200, `"ids":["a","b","c,d"]`},
		{"filters", "GET", "/v1/toys?filter[price][gte]=0&filter%5Boption.Size%5D=M&filter[option.Size]=L", ``, nil, 200, `"least":0,"options":{"Size":["M","L"]}`},
		{"unknown parameter", "GET", "/v1/toys?foo=1", ``, nil, 400, `"code":"request.unknown_parameter","in":"query","param":"foo"`},
		{"json name", "GET", "/v1/toys?ids=1", ``, nil, 400, `"param":"ids"`},
		{"repeated", "GET", "/v1/toys?limit=1&limit=2", ``, nil, 400, `request.repeated`},
		{"bool", "GET", "/v1/toys?big=1", ``, nil, 400, `must be true or false`},
		{"integer", "GET", "/v1/toys?limit=1.0", ``, nil, 400, `must be an integer`},
		{"rule of a parameter", "GET", "/v1/toys?limit=101", ``, nil, 422, `"in":"query","param":"limit"`},
		{"bad escape", "GET", "/v1/toys?limit=%zz", ``, nil, 400, `request.malformed`},
		{"parameter on PATCH", "PATCH", "/v1/toys/a/red?x=1", `{"name":"x"}`, nil, 400, `request.unknown_parameter`},

		{"key missing", "POST", "/v1/toys/a/red", `{"name":"x"}`, nil, 400, `idempotency.key_required`},
		{"key", "POST", "/v1/toys/a/red", `{"name":"x"}`, []string{key}, 201, ``},
		{"two keys", "POST", "/v1/toys/a/red", `{"name":"x"}`, []string{key, key}, 400, `idempotency.bad_key`},
		{"key with a space", "POST", "/v1/toys/a/red", `{"name":"x"}`, []string{"Idempotency-Key: a b"}, 400, `idempotency.bad_key`},
		{"long key", "POST", "/v1/toys/a/red", `{"name":"x"}`, []string{"Idempotency-Key: " + long[:256]}, 400, `idempotency.bad_key`},
		{"pending", "POST", "/v1/toys/a/red", `{"name":"slow"}`, []string{key}, 202, ``},
		{"delete", "DELETE", "/v1/toys/a", ``, nil, 204, ``},

		{"no scope, no name", "GET", "/v1/admin/toys", ``, nil, 401, `auth.required`},
		{"no scope", "GET", "/v1/admin/toys", ``, []string{"Authorization: Bearer sk_none"}, 403, `"scope":"toys:read"`},
		{"scope", "GET", "/v1/admin/toys", ``, []string{"Authorization: bearer sk_all"}, 204, ``},
		{"scope of the route", "GET", "/v1/admin/all", ``, []string{"Authorization: Bearer sk_none"}, 403, ``},
		{"bad bearer", "GET", "/v1/toys", ``, []string{"Authorization: Bearer nope"}, 401, `auth.required`},
		{"basic", "GET", "/v1/toys", ``, []string{"Authorization: Basic c2tfYWxs"}, 401, ``},
		{"two bearers", "GET", "/v1/toys", ``, []string{"Authorization: Bearer sk_all", "Authorization: Bearer sk_all"}, 401, ``},
		{"long bearer", "GET", "/v1/toys", ``, []string{"Authorization: Bearer " + long[:9000]}, 431, ``},
		{"health", "GET", "/healthz", ``, []string{"Authorization: Bearer nope"}, 200, `ok`},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := send(t, m, c.method, c.target, c.body, c.headers...)
			got := bodyText(t, resp)
			if resp.StatusCode != c.status || !strings.Contains(got, c.want) {
				t.Errorf("%s %s: %d %s\nwant %d with %s", c.method, c.target, resp.StatusCode, got, c.status, c.want)
			}
			if wantType := "application/problem+json"; c.status >= 400 && resp.Header.Get("Content-Type") != wantType {
				t.Errorf("Content-Type = %q, want %q", resp.Header.Get("Content-Type"), wantType)
			}
			if resp.Header.Get("Request-Id") == "" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers = %v", resp.Header)
			}
			if c.status == 401 && resp.Header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
}

// TestNumbers holds that a quantity is a whole number or a fault, never
// something rounded.
func TestNumbers(t *testing.T) {
	m, _ := newMux(t, httpapi.Options{})
	for _, n := range []string{"0", "-1", "1.5", "1.0", "2147483648", "9223372036854775808", "1e309", "1e0", `"1"`, "null", "true", "[1]", "{}", "01", "+1", "NaN"} {
		for _, body := range []string{`{"name":"x","count":` + n + `}`} {
			resp := send(t, m, "PATCH", "/v1/toys/a/red", body)
			if n == "0" && resp.StatusCode == 200 {
				continue // the zero of an optional field is its absence
			}
			if resp.StatusCode != 400 && resp.StatusCode != 422 {
				t.Errorf("count %s: %d %s", n, resp.StatusCode, bodyText(t, resp))
			}
		}
	}
}

func TestSuccessHeaders(t *testing.T) {
	m, _ := newMux(t, httpapi.Options{})
	resp := send(t, m, "POST", "/v1/toys/a/red", `{"name":"x"}`, key, `If-Match: "v6"`, "Request-Id: my-request_1")
	for name, want := range map[string]string{
		"Location": "/v1/toys/a", "Etag": `"v7"`, "Cache-Control": "no-store", "Content-Type": "application/json", "Request-Id": "my-request_1",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	resp = send(t, m, "POST", "/v1/toys/a/red", `{"name":"slow"}`, key)
	if resp.Header.Get("Retry-After") != "1" || resp.Header.Get("Location") != "/v1/toys/a" {
		t.Errorf("202 with %v", resp.Header)
	}
	resp = send(t, m, "PUT", "/v1/toys", "", "Request-Id: no spaces")
	if got := resp.Header.Get("Allow"); got != "GET, HEAD" {
		t.Errorf("Allow = %q", got)
	}
	if got := resp.Header.Get("Request-Id"); !strings.HasPrefix(got, "req_") {
		t.Errorf("Request-Id = %q, want a new one", got)
	}
}

func TestProblem(t *testing.T) {
	m, log := newMux(t, httpapi.Options{})
	resp := send(t, m, "GET", "/v1/toys/broken/fail", "", "Request-Id: r1")
	var got, want any
	if err := json.Unmarshal([]byte(bodyText(t, resp)), &got); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal([]byte(`{"type":"/docs/problems#toy.broken","title":"the toy is broken","status":409,"code":"toy.broken",
		"detail":"The wheel of this toy is off.","in":"body","param":"/wheels","request_id":"r1","meta":{"wheels":3},
		"errors":[{"code":"toy.wheel","in":"body","param":"/wheels/3","message":"is off"}]}`), &want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("problem = %v\nwant %v", got, want)
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("a fault is not the operator's: %s", log)
	}
	resp = send(t, m, "GET", "/v1/toys/later/fail", "")
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "3" {
		t.Errorf("unavailable: %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if resp = send(t, m, "GET", "/v1/toys/timeout/fail", ""); resp.StatusCode != 503 {
		t.Errorf("too slow: %d, want 503", resp.StatusCode)
	}
}

func TestInternalErrorsAreToldToTheOperatorOnly(t *testing.T) {
	for _, id := range []string{"other", "panic"} {
		m, log := newMux(t, httpapi.Options{})
		resp := send(t, m, "GET", "/v1/toys/"+id+"/fail", "", "Request-Id: r2", "Cart-Token: tok_1")
		got := bodyText(t, resp)
		if resp.StatusCode != 500 || strings.Contains(got, "hunter2") || !strings.Contains(got, `"code":"internal"`) {
			t.Errorf("%s: %d %s", id, resp.StatusCode, got)
		}
		if n := strings.Count(log.String(), "hunter2"); n == 0 || strings.Count(log.String(), "level=ERROR") != 1 || !strings.Contains(log.String(), "request_id=r2") {
			t.Errorf("log of %s: %s", id, log)
		}
		if strings.Contains(log.String(), "tok_1") || strings.Contains(log.String(), "/v1/toys/"+id) || !strings.Contains(log.String(), "route=/v1/toys/{id}/fail") {
			t.Errorf("the access log keeps secrets out and templates in: %s", log)
		}
	}
}

func TestRegisterRefusesRoutesThatDoNotFit(t *testing.T) {
	for _, route := range []httpapi.Route{
		{Op: "toy.drop", Pattern: "DELETE /v1/toys/{id}/{other}"},
		{Op: "toy.drop", Pattern: "DELETE /v1/toys"},
		{Op: "toy.make", Pattern: "POST /v1/toys/{id}/{kind}", Location: "/v1/{nothing}"},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v is taken", route)
				}
			}()
			m := httpapi.New(&httpapi.Options{Routes: []httpapi.Route{route}})
			registerToys(m)
		}()
	}
}

func TestHandleGoesThroughTheSameDoors(t *testing.T) {
	m, _ := newMux(t, httpapi.Options{})
	m.Handle("POST /v1/admin/imports", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := (op.Op[op.Nothing, op.Nothing]{Access: "toys:write"}).Admit(r.Context(), op.Nothing{}); err != nil {
			m.Fail(w, r, err)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	if resp := send(t, m, "POST", "/v1/admin/imports", strings.Repeat("x", 2<<20)); resp.StatusCode != 401 {
		t.Errorf("guest: %d", resp.StatusCode)
	}
	if resp := send(t, m, "POST", "/v1/admin/imports", strings.Repeat("x", 2<<20), "Authorization: Bearer sk_all"); resp.StatusCode != 202 {
		t.Errorf("staff: %d", resp.StatusCode)
	}
}
