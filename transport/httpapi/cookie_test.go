package httpapi_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

type (
	enterIn struct {
		Session string `json:"session,omitempty" enum:"token,cookie"`
	}
	nextIn struct {
		Token string `json:"token,omitempty" cookie:"__Host-jar" maxLength:"20"`
	}
	granted struct {
		Token string `json:"token" cookie:"__Host-jar"`
		Used  string `json:"used"`
	}
	enterOut struct {
		granted
		Name string `json:"name"`
	}
)

func (in enterIn) WantsCookie() bool { return in.Session == "cookie" }

func jar(origins ...string) *httpapi.Mux {
	m := httpapi.New(&httpapi.Options{AllowedOrigins: origins, Routes: []httpapi.Route{
		{Op: "jar.enter", Pattern: "POST /v1/enter"}, {Op: "jar.next", Pattern: "POST /v1/next"}, {Op: "jar.leave", Pattern: "POST /v1/leave"}}})
	op.Handle(m, op.Op[enterIn, enterOut]{Name: "jar.enter", Access: op.Anyone}, func(context.Context, enterIn) (enterOut, error) {
		return enterOut{granted{Token: "t1"}, "Ann"}, nil
	})
	op.Handle(m, op.Op[nextIn, granted]{Name: "jar.next", Access: op.Anyone}, func(_ context.Context, in nextIn) (granted, error) {
		if in.Token == "" || in.Token == "old" {
			return granted{}, fault.ErrUnauthenticated
		}
		return granted{Token: "t2", Used: in.Token}, nil
	})
	op.Handle(m, op.Op[nextIn, op.Nothing]{Name: "jar.leave", Access: op.Anyone}, func(context.Context, nextIn) (op.Nothing, error) {
		return op.Nothing{}, nil
	})
	return m
}

func TestCookie(t *testing.T) {
	const attributes = "; Path=/; Max-Age=7776000; HttpOnly; Secure; SameSite=Lax"
	const over = "__Host-jar=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
	m := jar("https://shop.example", "http://localhost:*")
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		status     int
		fragment   string
		cookie     string
	}{
		"token":                {"/v1/enter", `{}`, nil, 200, `{"token":"t1","used":"","name":"Ann"}`, ""},
		"token by name":        {"/v1/enter", `{"session":"token"}`, nil, 200, `"token":"t1"`, ""},
		"token, elsewhere":     {"/v1/enter", `{}`, []string{"Origin: https://evil.example"}, 200, `"token":"t1"`, ""},
		"cookie":               {"/v1/enter", `{"session":"cookie"}`, nil, 200, `{"token":"","used":"","name":"Ann"}`, "__Host-jar=t1" + attributes},
		"cookie, allowed":      {"/v1/enter", `{"session":"cookie"}`, []string{"Origin: https://shop.example", "Sec-Fetch-Site: cross-site"}, 200, `"token":""`, "__Host-jar=t1" + attributes},
		"cookie, any port":     {"/v1/enter", `{"session":"cookie"}`, []string{"Origin: http://localhost:5173"}, 200, `"token":""`, "__Host-jar=t1" + attributes},
		"cookie, same origin":  {"/v1/enter", `{"session":"cookie"}`, []string{"Origin: https://example.com", "Sec-Fetch-Site: same-origin"}, 200, `"token":""`, "__Host-jar=t1" + attributes},
		"cookie, elsewhere":    {"/v1/enter", `{"session":"cookie"}`, []string{"Origin: https://evil.example"}, 403, `request.cross_site`, ""},
		"cookie, other site":   {"/v1/enter", `{"session":"cookie"}`, []string{"Origin: https://evil.example", "Sec-Fetch-Site: same-site"}, 403, `request.cross_site`, ""},
		"no such mode":         {"/v1/enter", `{"session":"both"}`, nil, 422, `"/session"`, ""},
		"next by body":         {"/v1/next", `{"token":"t1"}`, nil, 200, `{"token":"t2","used":"t1"}`, ""},
		"next by cookie":       {"/v1/next", ``, []string{"Cookie: a=b; __Host-jar=t1"}, 200, `{"token":"","used":"t1"}`, "__Host-jar=t2" + attributes},
		"body before cookie":   {"/v1/next", `{"token":"t0"}`, []string{"Cookie: __Host-jar=t1"}, 200, `{"token":"t2","used":"t0"}`, ""},
		"next from elsewhere":  {"/v1/next", ``, []string{"Cookie: __Host-jar=t1", "Origin: https://evil.example"}, 403, `request.cross_site`, ""},
		"next from a sandbox":  {"/v1/next", ``, []string{"Cookie: __Host-jar=t1", "Origin: null"}, 403, `request.cross_site`, ""},
		"neither":              {"/v1/next", ``, nil, 401, `auth.required`, ""},
		"old cookie":           {"/v1/next", ``, []string{"Cookie: __Host-jar=old"}, 401, `auth.required`, over},
		"old token":            {"/v1/next", `{"token":"old"}`, nil, 401, `auth.required`, ""},
		"long cookie":          {"/v1/next", ``, []string{"Cookie: __Host-jar=" + strings.Repeat("x", 21)}, 422, `"/token"`, ""},
		"leave by cookie":      {"/v1/leave", ``, []string{"Cookie: __Host-jar=t1"}, 204, ``, over},
		"leave by body":        {"/v1/leave", `{"token":"t1"}`, nil, 204, ``, ""},
		"leave from elsewhere": {"/v1/leave", ``, []string{"Cookie: __Host-jar=t1", "Origin: https://evil.example"}, 403, `request.cross_site`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			resp := send(t, m, "POST", c.path, c.body, c.headers...)
			data, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != c.status || !strings.Contains(string(data), c.fragment) {
				t.Errorf("%d %s, %v; want %d with %s", resp.StatusCode, data, err, c.status, c.fragment)
			}
			if got := strings.Join(resp.Header.Values("Set-Cookie"), " | "); got != c.cookie {
				t.Errorf("cookie %q, want %q", got, c.cookie)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	m := jar("https://shop.example")
	for origin, want := range map[string]string{"https://shop.example": "true", "https://evil.example": "", "": ""} {
		resp := send(t, m, "POST", "/v1/enter", `{}`, "Origin: "+origin)
		if got := resp.Header.Get("Access-Control-Allow-Credentials"); got != want {
			t.Errorf("%q: %q, want %q", origin, got, want)
		}
	}
}

// Engines learn from where a request comes.
func TestClientAddress(t *testing.T) {
	var got string
	m := httpapi.New(&httpapi.Options{Routes: []httpapi.Route{{Op: "who.asks", Pattern: "GET /v1/who"}}})
	op.Handle(m, op.Op[op.Nothing, op.Nothing]{Name: "who.asks", Kind: op.Query, Access: op.Anyone}, func(ctx context.Context, _ op.Nothing) (op.Nothing, error) {
		got = ident.Client(ctx)
		return op.Nothing{}, nil
	})
	if resp := send(t, m, http.MethodGet, "/v1/who", "", "X-Forwarded-For: 198.51.100.9"); resp.StatusCode != 204 || got != "192.0.2.1" {
		t.Errorf("%d, %q; want the address of who is connected", resp.StatusCode, got)
	}
}
