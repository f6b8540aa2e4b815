package embed_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// badQuantities are no numbers of things to buy, in JSON.
var badQuantities = []string{"0", "-1", "1.5", "2147483648", "9223372036854775808", "1e309", `"1"`, "null", "true", "10000", "{}", "[1]", "01", "NaN"}

// web is a shop behind HTTP.
type web struct {
	*world
	mux *httpapi.Mux
}

func openWeb(t *testing.T) web {
	t.Helper()
	w := web{on(t, buntest.SQLite), httpapi.New(&httpapi.Options{Log: slog.New(slog.DiscardHandler)})}
	w.shop.Register(w.mux)
	return w
}

// send sends body and returns the status and the code of the problem.
func (w web) send(method, path, body string, header http.Header) (status int, code string) {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), method, path, strings.NewReader(body))
	r.Header = header.Clone()
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	w.mux.ServeHTTP(rec, r)
	var problem struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(rec.Body.Bytes(), &problem)
	return rec.Code, problem.Code
}

// rows is how much the tables hold that a shopper writes.
func (w web) rows() string {
	w.Helper()
	var n []int64
	err := w.shop.DB.Read(w.Context(), &n, `SELECT COUNT(*) FROM {cart} UNION ALL SELECT COALESCE(SUM(version), 0) FROM {cart}
		UNION ALL SELECT COUNT(*) FROM {orders} UNION ALL SELECT COUNT(*) FROM {reservation} UNION ALL SELECT COUNT(*) FROM {outbox}
		UNION ALL SELECT COUNT(*) FROM {once} UNION ALL SELECT COUNT(*) FROM {journal}`)
	if err != nil {
		w.Fatal(err)
	}
	return fmt.Sprint(n)
}

// S10: what is no quantity is refused, and nothing is written.
func TestBadQuantities(t *testing.T) {
	w := openWeb(t)
	mug := w.Variant("Mug", 1000, 100)
	c := w.Cart(one(mug))
	token := http.Header{"Cart-Token": {c.Token}}
	before := w.rows()
	for _, q := range badQuantities {
		item := `{"variant_id":"` + mug + `","quantity":` + q + `}`
		for _, ask := range []struct{ method, path, body string }{
			{"POST", "/v1/carts", `{"items":[` + item + `]}`},
			{"POST", "/v1/carts/" + c.ID + "/items", `{"items":[` + item + `]}`},
			{"PATCH", "/v1/carts/" + c.ID + "/items/" + c.Items[0].ID, `{"quantity":` + q + `}`},
		} {
			if status, code := w.send(ask.method, ask.path, ask.body, token); status != 400 && status != 422 {
				t.Errorf("%s %s with quantity %s: %d %s, want 400 or 422", ask.method, ask.path, q, status, code)
			}
			if after := w.rows(); after != before {
				t.Fatalf("%s %s with quantity %s wrote something: %s, was %s", ask.method, ask.path, q, after, before)
			}
		}
	}
	w.audit(t)
}

// Amounts that a shopper agrees to are whole minor units.
func TestBadAmounts(t *testing.T) {
	w := openWeb(t)
	c := w.Cart(one(w.Variant("Mug", 1000, 100)))
	header := http.Header{"Cart-Token": {c.Token}, "Idempotency-Key": {"amount"}}
	before := w.rows()
	for _, amount := range []string{"10.00", `"1000"`, "1e309", "9223372036854775808", "null", "true", "-1000"} {
		body := `{"expected_total":{"amount":` + amount + `,"currency":"USD"},"payment":{"method":"cash_on_delivery"}}`
		status, code := w.send("POST", "/v1/carts/"+c.ID+"/complete", body, header)
		if status != 400 && status != 409 && status != 422 || w.rows() != before {
			t.Errorf("amount %s: %d %s; rows %s, were %s", amount, status, code, w.rows(), before)
		}
	}
	w.audit(t)
}

// C04: completing without a key, or with a bad one, is 400 before anything is done.
func TestBadKeys(t *testing.T) {
	w := openWeb(t)
	c := w.Cart(one(w.Variant("Mug", 1000, 100)))
	body := `{"expected_total":{"amount":1000,"currency":"USD"},"payment":{"method":"cash_on_delivery"}}`
	before := w.rows()
	for name, keys := range map[string][]string{
		"none": nil, "empty": {""}, "too long": {strings.Repeat("k", 256)}, "control characters": {"a\tb"}, "two": {"a", "b"},
	} {
		header := http.Header{"Cart-Token": {c.Token}}
		if keys != nil {
			header["Idempotency-Key"] = keys
		}
		status, code := w.send("POST", "/v1/carts/"+c.ID+"/complete", body, header)
		if status != 400 || !strings.HasPrefix(code, "idempotency.") || w.rows() != before {
			t.Errorf("%s: %d %s, want 400; rows %s, were %s", name, status, code, w.rows(), before)
		}
	}
	header := http.Header{"Cart-Token": {c.Token}, "Idempotency-Key": {strings.Repeat("k", 255)}}
	if status, code := w.send("POST", "/v1/carts/"+c.ID+"/complete", body, header); status != 201 {
		t.Errorf("with 255 characters: %d %s", status, code)
	}
	w.audit(t)
}

// The operations themselves refuse what no transport has looked at.
func TestBadQuantitiesOfGo(t *testing.T) {
	w := on(t, buntest.SQLite)
	mug := w.Variant("Mug", 1000, 100)
	c := w.Cart(one(mug))
	for _, q := range []int64{0, -1, 10_000, 1 << 31, 1<<63 - 1, -1 << 63} {
		in := adding(c, mug)
		in.Items[0].Quantity = q
		if _, err := w.shop.Storefront.AddItems(guest(c.Token), in); err == nil {
			t.Errorf("%d were added", q)
		}
		_, err := w.shop.Storefront.SetQuantity(guest(c.Token), storefront.SetQuantityInput{ID: c.ID, ItemID: c.Items[0].ID, Quantity: q})
		if err == nil {
			t.Errorf("quantity is %d", q)
		}
	}
	if s := w.stored(c.ID); s.Version != c.Version || s.Items[0].Quantity != 1 {
		t.Errorf("the cart was written: %+v", s.Items)
	}
}
