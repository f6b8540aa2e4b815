package fleettest_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// alone has the gateway and NATS, and no service at all: what is wrong with a
// request is said without one, and what is right is told to come again.
func (p running) alone(t *testing.T) {
	everything, nothing := p.token(t, "*"), p.token(t, "no:scope")
	for _, name := range p.fleet.Names() {
		if name != "gateway" {
			p.fleet.Kill(name)
		}
	}
	start := time.Now()
	var tries []try
	for _, r := range p.routes() {
		tries = append(tries, refused(r, everything, nothing)...)
	}
	if len(tries) < 300 {
		t.Fatalf("%d requests: this test looks at too few", len(tries))
	}
	for _, c := range tries {
		a := p.ask(t, c.route, c.body, c.header...)
		if a.status != c.status || a.header.Get("Content-Type") != "application/problem+json" || a.field(t, "code") == "" {
			t.Errorf("%s, %s: %d %.300s, want %d", c.route, c.what, a.status, a.body, c.status)
		}
	}
	t.Logf("%d requests refused in %v", len(tries), time.Since(start).Round(time.Millisecond))
	p.comeAgain(t, everything)
}

// token returns an access token of a member of the staff with a scope.
func (p running) token(t *testing.T, scope string) string {
	t.Helper()
	keys, err := jwtauth.Dir(p.keys)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	token, err := jwtauth.New("mercer", keys, nil).Issue(t.Context(), account.Claims{Subject: "stf_1", Audience: account.AudienceStaff, Scopes: []string{scope},
		Issued: now, Expires: now.Add(10 * time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	p.want(t, 200, "GET /v1/store", "", "Authorization", "Bearer "+token) // the gateway has fetched the key
	return token
}

// try is a request and the status that it wants.
type try struct {
	what, route, body string
	status            int
	header            []string
}

// asked is a route with what it asks for.
type asked struct {
	httpapi.Route
	access  op.Access
	command bool
}

// routes are those of operations but for the ones that take whatever body comes:
// that is read where the operation is.
func (p running) routes() (all []asked) {
	commerce.Register(op.RegistrarFunc(func(h op.Handler) {
		for _, r := range httpapi.Routes {
			raw := func(f httpapi.Field) bool { return f.In == httpapi.InRaw }
			if r.Op != h.Name || slices.ContainsFunc(httpapi.Fields(h.In, r.Pattern), raw) {
				continue
			}
			access := h.Access
			if r.Scope != "" {
				access = op.Access(r.Scope)
			}
			all = append(all, asked{r, access, h.Kind == op.Command})
		}
	}), commerce.Remote(nil))
	return all
}

// refused are requests to a route that are not good, as the gateway can tell by
// itself.
func refused(r asked, everything, nothing string) (tries []try) {
	as := func(token string) []string {
		return []string{"Authorization", "Bearer " + token, "Idempotency-Key", "a-key", "Content-Type", "application/json"}
	}
	route := strings.NewReplacer("{id}", "x_1", "{item_id}", "x_2", "{kind}", "billing").Replace(r.Pattern)
	add := func(what, route, body string, status int, header ...string) {
		tries = append(tries, try{what, route, body, status, header})
	}
	good := ""
	if r.HasBody() {
		good = "{}"
	}
	add("a token that is none", route, good, 401, as("nonsense.of.token")...)
	add("no method of it", strings.Replace(route, r.Method(), "TRACE", 1), "", 405)
	add("nothing there", route+"/nothing/there", good, 404, as(everything)...)
	if r.access.Scope() != "" {
		add("nobody", route, good, 401)
		add("without the scope", route, good, 403, as(nothing)...)
	}
	if !r.HasBody() {
		add("a parameter that it does not have", route+"?nonsense=1", "", 400, as(everything)...)
	} else {
		add("half an object", route, `{"a":`, 400, as(everything)...)
		add("a list", route, `[]`, 400, as(everything)...)
		add("a field that it does not have", route, `{"nonsense":1}`, 400, as(everything)...)
		add("another type", route, "a=b", 415, append(as(everything), "Content-Type", "application/x-www-form-urlencoded")...)
	}
	if r.command {
		add("a key that is none", route, good, 400, append(as(everything), "Idempotency-Key", "ä")...)
	}
	if r.KeyRequired {
		add("without a key", route, good, 400, "Authorization", "Bearer "+everything)
	}
	return tries
}

// comeAgain sends good requests of every kind, side by side.
func (p running) comeAgain(t *testing.T, token string) {
	staff := []string{"Authorization", "Bearer " + token, "Idempotency-Key", "a-key"}
	csv := append(staff, "Content-Type", "text/csv")
	const complete = `{"expected_total":{"amount":1499,"currency":"USD"},"payment":{"method":"cash_on_delivery"}}`
	var wg sync.WaitGroup
	for _, c := range []try{
		{"invalid", "POST /v1/auth/login", `{"email":"no address","password":"x"}`, 422, nil},
		{"invalid", "POST /v1/carts", `{"items":[{"variant_id":"var_1","quantity":-1}]}`, 422, nil},
		{"invalid", "GET /v1/products?limit=100000", "", 422, nil},
		{"invalid", "POST /v1/admin/imports?stock=all", "Handle\n", 422, csv},
		{"invalid", "GET /v1/admin/exports/catalog?format=xlsx", "", 422, staff},
		{"invalid", "GET /v1/admin/imports/imp_1/report?format=xlsx", "", 422, staff},
		{"malformed", "GET /v1/admin/imports/imp_1?nonsense=1", "", 400, staff},
		{"malformed", "POST /v1/admin/imports", "Handle\n", 400, staff[:2]},
		{"nobody", "POST /v1/admin/imports", "Handle\n", 401, csv[2:]},
		{"nobody", "GET /v1/admin/exports/catalog", "", 401, nil},
		{"good", "GET /v1/products", "", 503, nil},
		{"good", "GET /v1/products/mug", "", 503, nil},
		{"good", "GET /v1/categories", "", 503, nil},
		{"good", "POST /v1/carts", `{}`, 503, nil},
		{"good", "GET /v1/carts/cart_1", "", 503, []string{"Cart-Token", "t"}},
		{"good", "POST /v1/carts/cart_1/complete", complete, 503, []string{"Cart-Token", "t", "Idempotency-Key", "k"}},
		{"good", "GET /v1/orders/ord_1", "", 503, []string{"Order-Token", "t"}},
		{"good", "POST /v1/auth/login", `{"email":"a@example.com","password":"violet otters juggle"}`, 503, nil},
		{"good", "GET /.well-known/jwks.json", "", 503, nil},
		{"good", "GET /v1/admin/orders", "", 503, staff},
		{"good", "GET /v1/admin/stock", "", 503, staff},
		{"good", "GET /v1/admin/payments?order_id=ord_1", "", 503, staff},
		{"good", "GET /v1/admin/notifications", "", 503, staff},
		{"good, by a secret key", "GET /v1/admin/orders", "", 503, []string{"Authorization", "Bearer " + p.key}},
		{"good", "POST /v1/admin/imports", "Handle\n", 503, csv},
		{"good", "GET /v1/admin/imports/imp_1", "", 503, staff},
		{"good", "GET /v1/admin/exports/catalog", "", 503, staff},
	} {
		wg.Go(func() {
			start := time.Now()
			a := p.ask(t, c.route, c.body, c.header...)
			if a.status != c.status || c.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "" {
				t.Errorf("%s (%s): %d, Retry-After %q, %.300s; want %d", c.route, c.what, a.status, a.header.Get("Retry-After"), a.body, c.status)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%s (%s): answered after %v", c.route, c.what, took)
			}
		})
	}
	wg.Wait()
}

func decode(t *testing.T, part string) []byte {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
