package account_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

// TestBookTravels says that an address is changed the same elsewhere as here:
// absent, null and a value are three things on the wire too.
func TestBookTravels(t *testing.T) {
	s := openHouse(t)
	_, ctx := s.customer(ann)
	wire := &loopback.Wire{}
	account.Register(wire, s.Engine)
	far := account.Client{Caller: wire}
	in := home("1")
	in.Company, in.Phone = "ACME", "1"
	made, err := far.CreateAddress(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	want := made
	want.Company, want.City = "", "Linz"
	got, err := far.UpdateAddress(ctx, account.UpdateAddressInput{ID: made.ID, Company: op.Maybe[string]{Set: true, Null: true}, City: op.Some("Linz")})
	if err != nil || got != want {
		t.Errorf("%+v, %v, want\n%+v", got, err, want)
	}
	p, err := far.Addresses(ctx, account.AddressesInput{})
	if err != nil || !reflect.DeepEqual(p.Items, []account.SavedAddress{want}) {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = far.Address(ctx, account.IDInput{ID: "adr_none"})
	if !errors.Is(err, account.ErrAddressNotFound) {
		t.Errorf("err = %v", err)
	}
}

// TestBookOverHTTP walks the routes of a customer's own addresses.
func TestBookOverHTTP(t *testing.T) {
	s := openHouse(t)
	s.customer(ann)
	s.customer("b@example.com")
	mux := httpapi.New(&httpapi.Options{Log: slog.New(slog.DiscardHandler), Authenticator: account.Access(s.tokens, nil)})
	account.Register(mux, s.Engine)
	mine, theirs := s.login(ann, secret).AccessToken, s.login("b@example.com", secret).AccessToken
	ask := func(token, method, path, body string) (int, map[string]any) {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if method == http.MethodPatch {
			r.Header.Set("Content-Type", "application/merge-patch+json")
		}
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		var out map[string]any
		_ = json.Unmarshal(w.Body.Bytes(), &out)
		return w.Code, out
	}
	status, made := ask(mine, "POST", "/v1/me/addresses", `{"name":"Ann","line1":"1","city":"Graz","postal_code":"8010","country":"AT","company":"ACME"}`)
	if status != 201 || made["default_billing"] != true {
		t.Fatalf("%d %v", status, made)
	}
	path := "/v1/me/addresses/" + made["id"].(string)
	for _, c := range []struct {
		token, method, path, body string
		status                    int
		field                     string
		want                      any
	}{
		{mine, "PATCH", path, `{"company":null,"city":"Linz"}`, 200, "city", "Linz"},
		{mine, "PATCH", path, `{"name":null}`, 422, "code", "request.invalid"},
		{mine, "PATCH", path, `{"default_shipping":false}`, 422, "code", "request.invalid"},
		{mine, "PATCH", path, `{"zip":"1"}`, 400, "code", "request.unknown_field"},
		{mine, "POST", "/v1/me/addresses", `{"name":"Ann"}`, 422, "code", "request.required"},
		{mine, "GET", path, ``, 200, "line1", "1"},
		{theirs, "GET", path, ``, 404, "code", "account.address_not_found"},
		{theirs, "PATCH", path, `{"city":"x"}`, 404, "code", "account.address_not_found"},
		{theirs, "DELETE", path, ``, 404, "code", "account.address_not_found"},
		{theirs, "GET", "/v1/me/addresses/adr_none", ``, 404, "code", "account.address_not_found"},
		{mine, "GET", "/v1/admin/customers", ``, 403, "code", "auth.denied"},
		{mine, "PATCH", "/v1/me", `{"name":"Anna"}`, 200, "name", "Anna"},
		{mine, "DELETE", path, ``, 204, "", nil},
		{mine, "GET", path, ``, 404, "code", "account.address_not_found"},
	} {
		status, out := ask(c.token, c.method, c.path, c.body)
		if status != c.status || c.field != "" && out[c.field] != c.want {
			t.Errorf("%s %s %s: %d %v, want %d", c.method, c.path, c.body, status, out, c.status)
		}
	}
}
