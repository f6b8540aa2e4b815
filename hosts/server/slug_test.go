package main

import (
	"net/http"
	"testing"
)

// A link to a product or a category that was renamed leads on.
func TestOldSlugsLeadOn(t *testing.T) {
	d := document(t)
	staff, guest := d.staff("catalog:*"), d.as()
	product := staff.ask(http.StatusCreated, "POST /v1/admin/products",
		`{"slug": "mug", "title": "Mug", "status": "active", "published": true, "variants": [{"requires_shipping": true, "taxable": true}]}`).at("id")
	category := staff.ask(http.StatusCreated, "POST /v1/admin/categories", `{"slug": "cups", "name": "Cups"}`).at("id")
	for _, c := range []struct{ id, was, is, public, admin string }{
		{product, "mug", "große-tasse", "/v1/products/", "/v1/admin/products/"},
		{category, "cups", "große-tassen", "/v1/categories/", "/v1/admin/categories/"},
	} {
		guest.ask(http.StatusOK, "GET "+c.public+c.was, "")
		staff.ask(http.StatusOK, "PATCH "+c.admin+c.id, `{"slug": "`+c.is+`"}`)
		moved := guest.ask(http.StatusMovedPermanently, "GET "+c.public+c.was, "")
		guest.ask(http.StatusOK, "GET "+moved.header.Get("Location"), "").want("slug", c.is, "id", c.id)
		guest.ask(http.StatusOK, "GET "+c.public+c.id, "").want("slug", c.is)
	}
	if at := guest.ask(http.StatusMovedPermanently, "GET /v1/products/mug?market=default", "").header.Get("Location"); at != "/v1/products/gro%C3%9Fe-tasse?market=default" {
		t.Errorf("the way leads to %q", at)
	}
	staff.ask(http.StatusNoContent, "DELETE /v1/admin/products/"+product, "")
	guest.ask(http.StatusNotFound, "GET /v1/products/mug", "")
}
