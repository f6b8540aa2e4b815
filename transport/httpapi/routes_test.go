package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/explain"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// registerShop registers every operation of the shop, over nothing.
func registerShop(r op.Registrar) {
	catalog.Register(r, catalog.Client{})
	inventory.Register(r, inventory.Client{})
	pricing.Register(r, pricing.Client{})
	cart.Register(r, cart.Client{})
	order.Register(r, order.Client{})
	payment.Register(r, payment.Client{})
	storefront.Register(r, storefront.Client{})
	checkout.Register(r, checkout.Client{})
	fulfil.Register(r, fulfil.Client{})
	explain.Register(r, explain.Client{})
	outbox.Register(r, outbox.Client{})
	notification.Register(r, notification.Client{})
	account.Register(r, account.Client{})
}

// TestRoutes holds that every route has its operation, that the two fit (or
// Register panics), and what api.md says of all of them.
func TestRoutes(t *testing.T) {
	ops := map[string]op.Handler{}
	m := httpapi.New(nil)
	registerShop(op.RegistrarFunc(func(h op.Handler) {
		ops[h.Name] = h
		if err := check.Type(h.In); err != nil {
			t.Errorf("%s: %v", h.Name, err)
		}
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("%s: %v", h.Name, p)
			}
		}()
		m.Register(h)
	}))
	seen := map[string]bool{}
	for _, r := range httpapi.Routes {
		h, ok := ops[r.Op]
		if !ok {
			t.Errorf("%s: no operation %s", r.Pattern, r.Op)
			continue
		}
		if seen[r.Pattern] {
			t.Errorf("%s is there twice", r.Pattern)
		}
		seen[r.Pattern] = true
		for _, fault := range against(r, h) {
			t.Errorf("%s: %s", r.Pattern, fault)
		}
	}
}

func against(r httpapi.Route, h op.Handler) (out []string) {
	isGet := r.Method() == http.MethodGet
	// A question with a body is asked by POST, at an address that says so.
	asked := isGet || r.Method() == http.MethodPost && strings.HasSuffix(r.Path(), "/preview")
	if isGet && h.Kind != op.Query || h.Kind == op.Query && !asked {
		out = append(out, "only queries are read with GET")
	}
	if h.Access == op.Inside {
		out = append(out, "an operation for the inside is served to all")
	}
	if r.Admin() && h.Access.Scope() == "" && r.Scope == "" && !strings.HasPrefix(r.Path(), "/v1/admin/auth/") {
		out = append(out, "staff need a scope")
	}
	if (r.Cache != "") && (!isGet || h.Access != op.Anyone) {
		out = append(out, "cached for everybody but not everybody may read it")
	}
	if r.Canonical != "" && !isGet {
		out = append(out, "only what is read is sent elsewhere")
	}
	if (r.Status == http.StatusCreated) != (r.Location != "") {
		out = append(out, "201 has a Location")
	}
	if r.Status == http.StatusCreated && r.Admin() && !r.KeyRequired {
		out = append(out, "what staff create needs a key")
	}
	for _, f := range httpapi.Fields(h.In, r.Pattern) {
		if f.In == httpapi.InBody && !r.HasBody() && f.Required {
			out = append(out, "nobody can say "+f.JSON)
		}
	}
	if strings.ToLower(r.Path()) != r.Path() {
		out = append(out, "paths are lower case")
	}
	return out
}
