package httpapi

import (
	"net/http"
	"slices"
	"strings"
)

// Route says where an operation is served. One operation may have several
// routes; the first is the one that Client takes.
type Route struct {
	Op      string // name of the operation
	Pattern string // "GET /v1/carts/{id}", as http.ServeMux reads it
	// Status is the answer to success, 200 when absent. Outputs that say
	// Pending are 202 whatever it is, and 204 has no body.
	Status int
	// Location is the address of what was made, sent with 201 and 202. Names in
	// braces are fields of the output.
	Location string
	// Canonical is the address of what is read, like Location. Who asks for it
	// by something else than its id or what stands in Canonical, such as a slug
	// that it had before, is sent there with 301.
	Canonical string
	// Cache is the Cache-Control of answers to anonymous readers. Everything
	// else is no-store.
	Cache string
	// KeyRequired refuses requests without Idempotency-Key.
	KeyRequired bool
	// Scope is asked for in place of the operation's own Access, for staff
	// routes of operations that shoppers have too.
	Scope string
}

// Method returns the HTTP method of r.
func (r Route) Method() string {
	method, _, _ := strings.Cut(r.Pattern, " ")
	return method
}

// Path returns the path of r, with names in braces.
func (r Route) Path() string {
	_, path, _ := strings.Cut(r.Pattern, " ")
	return path
}

// Admin reports whether r is for the staff of the shop.
func (r Route) Admin() bool { return strings.HasPrefix(r.Path(), "/v1/admin/") }

// HasBody reports whether requests to r carry one.
func (r Route) HasBody() bool {
	m := r.Method()
	return m == http.MethodPost || m == http.MethodPut || m == http.MethodPatch
}

// params returns the names in braces of a pattern.
func params(pattern string) (names []string) {
	for seg := range strings.SplitSeq(pattern, "/") {
		if strings.HasPrefix(seg, "{") {
			names = append(names, strings.Trim(seg, "{}"))
		}
	}
	return names
}

// routesOf returns the routes of an operation, of Routes when all is nil.
func routesOf(all []Route, op string) (out []Route) {
	if all == nil {
		all = Routes
	}
	for _, r := range all {
		if r.Op == op {
			out = append(out, r)
		}
	}
	return out
}

const (
	lists = "public, max-age=60, stale-while-revalidate=600"
	pages = "public, max-age=15, stale-while-revalidate=60" // with prices and stock
	made  = http.StatusCreated
	gone  = http.StatusNoContent
)

// Routes is the whole HTTP API. Operations without a route are not served.
var Routes = slices.Concat(shopper, people, profiles, staff, notifications, outboxes)

var shopper = []Route{
	{Op: "storefront.store", Pattern: "GET /v1/store", Cache: lists},
	{Op: "storefront.products", Pattern: "GET /v1/products", Cache: lists},
	{Op: "storefront.product", Pattern: "GET /v1/products/{id}", Cache: pages, Canonical: "/v1/products/{slug}"},
	{Op: "storefront.variants", Pattern: "GET /v1/variants", Cache: pages},
	{Op: "storefront.variant", Pattern: "GET /v1/variants/{id}", Cache: pages},
	{Op: "storefront.categories", Pattern: "GET /v1/categories", Cache: lists},
	{Op: "storefront.category", Pattern: "GET /v1/categories/{id}", Cache: lists, Canonical: "/v1/categories/{slug}"},

	{Op: "storefront.create_cart", Pattern: "POST /v1/carts", Status: made, Location: "/v1/carts/{id}"},
	{Op: "storefront.cart", Pattern: "GET /v1/carts/{id}"},
	{Op: "storefront.my_cart", Pattern: "GET /v1/me/cart"},
	{Op: "storefront.update_cart", Pattern: "PATCH /v1/carts/{id}"},
	{Op: "storefront.delete_cart", Pattern: "DELETE /v1/carts/{id}", Status: gone},
	{Op: "storefront.add_items", Pattern: "POST /v1/carts/{id}/items"},
	{Op: "storefront.set_quantity", Pattern: "PATCH /v1/carts/{id}/items/{item_id}"},
	{Op: "storefront.remove_item", Pattern: "DELETE /v1/carts/{id}/items/{item_id}"},
	{Op: "storefront.set_address", Pattern: "PUT /v1/carts/{id}/addresses/{kind}"},
	{Op: "storefront.shipping_options", Pattern: "GET /v1/carts/{id}/shipping-options"},
	{Op: "storefront.set_shipping_option", Pattern: "PUT /v1/carts/{id}/shipping-option"},
	{Op: "storefront.payment_methods", Pattern: "GET /v1/carts/{id}/payment-methods"},
	{Op: "storefront.claim_cart", Pattern: "POST /v1/carts/{id}/claim"},
	{Op: "storefront.add_discount_code", Pattern: "POST /v1/carts/{id}/discount-codes"},
	{Op: "storefront.remove_discount_code", Pattern: "DELETE /v1/carts/{id}/discount-codes/{code}"},
	{Op: "storefront.add_gift_card", Pattern: "POST /v1/carts/{id}/gift-cards"},
	{Op: "storefront.remove_gift_card", Pattern: "DELETE /v1/carts/{id}/gift-cards/{last4}"},
	{Op: "checkout.complete", Pattern: "POST /v1/carts/{id}/complete", Status: made, Location: "/v1/orders/{id}", KeyRequired: true},

	{Op: "order.orders", Pattern: "GET /v1/orders"},
	{Op: "checkout.order", Pattern: "GET /v1/orders/{id}"},
	{Op: "order.lookup", Pattern: "POST /v1/orders/lookup", Status: accepted},
	{Op: "order.access", Pattern: "POST /v1/orders/{id}/access"},
	{Op: "checkout.pay", Pattern: "POST /v1/orders/{id}/payments", Status: made, Location: "/v1/orders/{id}", KeyRequired: true},
	{Op: "checkout.refresh", Pattern: "POST /v1/orders/{id}/payments/refresh"},
	{Op: "checkout.cancel", Pattern: "POST /v1/orders/{id}/cancel", KeyRequired: true},

	{Op: "payment.receive", Pattern: "POST /v1/webhooks/{provider}", Status: gone},
}

var staff = []Route{
	{Op: "catalog.products", Pattern: "GET /v1/admin/products"},
	{Op: "catalog.create_product", Pattern: "POST /v1/admin/products", Status: made, Location: "/v1/admin/products/{id}", KeyRequired: true},
	{Op: "catalog.put_products", Pattern: "POST /v1/admin/products/bulk"},
	{Op: "catalog.product", Pattern: "GET /v1/admin/products/{id}", Scope: "catalog:read"},
	{Op: "catalog.variants", Pattern: "GET /v1/admin/variants", Scope: "catalog:read"},
	{Op: "catalog.update_product", Pattern: "PATCH /v1/admin/products/{id}"},
	{Op: "catalog.delete_product", Pattern: "DELETE /v1/admin/products/{id}", Status: gone},
	{Op: "catalog.create_category", Pattern: "POST /v1/admin/categories", Status: made, Location: "/v1/categories/{id}", KeyRequired: true},
	{Op: "catalog.put_categories", Pattern: "POST /v1/admin/categories/bulk"},
	{Op: "catalog.update_category", Pattern: "PATCH /v1/admin/categories/{id}"},
	{Op: "catalog.delete_category", Pattern: "DELETE /v1/admin/categories/{id}", Status: gone},

	{Op: "pricing.prices", Pattern: "GET /v1/admin/prices"},
	{Op: "pricing.put_prices", Pattern: "PUT /v1/admin/prices"},
	{Op: "pricing.promotions", Pattern: "GET /v1/admin/promotions"},
	{Op: "pricing.create_promotion", Pattern: "POST /v1/admin/promotions", Status: made, Location: "/v1/admin/promotions/{id}", KeyRequired: true},
	{Op: "pricing.promotion", Pattern: "GET /v1/admin/promotions/{id}"},
	{Op: "pricing.update_promotion", Pattern: "PATCH /v1/admin/promotions/{id}"},
	{Op: "pricing.delete_promotion", Pattern: "DELETE /v1/admin/promotions/{id}", Status: gone},
	{Op: "pricing.tax_rates", Pattern: "GET /v1/admin/tax-rates"},
	{Op: "pricing.create_tax_rate", Pattern: "POST /v1/admin/tax-rates", Status: made, Location: "/v1/admin/tax-rates/{id}", KeyRequired: true},
	{Op: "pricing.update_tax_rate", Pattern: "PUT /v1/admin/tax-rates/{id}"},
	{Op: "pricing.delete_tax_rate", Pattern: "DELETE /v1/admin/tax-rates/{id}", Status: gone},
	{Op: "pricing.shipping_methods", Pattern: "GET /v1/admin/shipping-methods"},
	{Op: "pricing.create_shipping_method", Pattern: "POST /v1/admin/shipping-methods", Status: made, Location: "/v1/admin/shipping-methods/{id}", KeyRequired: true},
	{Op: "pricing.update_shipping_method", Pattern: "PUT /v1/admin/shipping-methods/{id}"},
	{Op: "pricing.delete_shipping_method", Pattern: "DELETE /v1/admin/shipping-methods/{id}", Status: gone},
	{Op: "pricing.markets", Pattern: "GET /v1/admin/markets", Scope: "settings:read"},
	{Op: "pricing.put_market", Pattern: "PUT /v1/admin/markets/{id}"},

	{Op: "inventory.levels", Pattern: "GET /v1/admin/stock"},
	{Op: "inventory.movements", Pattern: "GET /v1/admin/stock/movements"},
	{Op: "inventory.adjust", Pattern: "POST /v1/admin/stock/adjust"},
	{Op: "inventory.set_level", Pattern: "PUT /v1/admin/stock/level"},
	{Op: "inventory.put_levels", Pattern: "PUT /v1/admin/stock/levels"},
	{Op: "inventory.locations", Pattern: "GET /v1/admin/locations"},
	{Op: "inventory.put_location", Pattern: "PUT /v1/admin/locations/{id}"},

	{Op: "order.orders", Pattern: "GET /v1/admin/orders", Scope: "orders:read"},
	{Op: "order.order", Pattern: "GET /v1/admin/orders/{id}", Scope: "orders:read"},
	{Op: "order.timeline", Pattern: "GET /v1/admin/orders/{id}/timeline"},
	{Op: "explain.order", Pattern: "GET /v1/admin/orders/{id}/explanation"},
	{Op: "order.add_note", Pattern: "POST /v1/admin/orders/{id}/notes", Status: made, Location: "/v1/admin/orders/{id}/timeline", KeyRequired: true},
	{Op: "inventory.reservations", Pattern: "GET /v1/admin/orders/{id}/reservations"},
	{Op: "checkout.plan_cancel", Pattern: "GET /v1/admin/orders/{id}/cancel"},
	{Op: "checkout.cancel", Pattern: "POST /v1/admin/orders/{id}/cancel", Scope: "orders:write", KeyRequired: true},
	{Op: "fulfil.create", Pattern: "POST /v1/admin/orders/{id}/fulfillments", Status: made, Location: "/v1/admin/orders/{id}", KeyRequired: true},
	{Op: "order.of_fulfillment", Pattern: "GET /v1/admin/fulfillments/{id}"},
	{Op: "fulfil.ship", Pattern: "POST /v1/admin/fulfillments/{id}/ship"},
	{Op: "fulfil.deliver", Pattern: "POST /v1/admin/fulfillments/{id}/deliver"},
	{Op: "fulfil.cancel", Pattern: "POST /v1/admin/fulfillments/{id}/cancel", KeyRequired: true},
	{Op: "payment.payments", Pattern: "GET /v1/admin/payments"},
	{Op: "payment.ledger", Pattern: "GET /v1/admin/payments/ledger"},
	{Op: "payment.payment", Pattern: "GET /v1/admin/payments/{id}"},
	{Op: "payment.refunds", Pattern: "GET /v1/admin/payments/refunds"},
	{Op: "checkout.capture", Pattern: "POST /v1/admin/payments/{id}/capture", KeyRequired: true},
	{Op: "checkout.void", Pattern: "POST /v1/admin/payments/{id}/void", KeyRequired: true},
	{Op: "checkout.refund", Pattern: "POST /v1/admin/orders/{id}/refunds", Status: made, Location: "/v1/admin/orders/{id}", KeyRequired: true},
	{Op: "checkout.preview_refund", Pattern: "POST /v1/admin/orders/{id}/refunds/preview"},

	{Op: "payment.gift_cards", Pattern: "GET /v1/admin/gift-cards"},
	{Op: "payment.create_gift_card", Pattern: "POST /v1/admin/gift-cards", Status: made, Location: "/v1/admin/gift-cards/{id}", KeyRequired: true},
	{Op: "payment.gift_card", Pattern: "GET /v1/admin/gift-cards/{id}"},
	{Op: "payment.disable_gift_card", Pattern: "POST /v1/admin/gift-cards/{id}/disable"},
	{Op: "payment.enable_gift_card", Pattern: "POST /v1/admin/gift-cards/{id}/enable"},

	{Op: "payment.breaks", Pattern: "GET /v1/admin/reconciliation/breaks"},
	{Op: "payment.break", Pattern: "GET /v1/admin/reconciliation/breaks/{id}"},
	{Op: "payment.resolve_break", Pattern: "POST /v1/admin/reconciliation/breaks/{id}/resolve"},
	{Op: "payment.reconcile", Pattern: "POST /v1/admin/reconciliation/runs"},
	{Op: "payment.notices", Pattern: "GET /v1/admin/webhooks"},
	{Op: "payment.replay_notice", Pattern: "POST /v1/admin/webhooks/{provider}/{id}/replay"},

	{Op: "account.keys", Pattern: "GET /v1/admin/api-keys"},
	{Op: "account.create_key", Pattern: "POST /v1/admin/api-keys", Status: made, Location: "/v1/admin/api-keys/{id}", KeyRequired: true},
	{Op: "account.revoke_key", Pattern: "DELETE /v1/admin/api-keys/{id}", Status: gone},
}
