package main

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// TestJourney walks through the whole API, as shopper and as staff. Each answer
// is held against the document, and each operation is in the walk.
func TestJourney(t *testing.T) {
	data := t.TempDir()
	d := document(t, "MERCER_NAME=Corner", "MERCER_STOREFRONT_URL=https://shop.example", "MERCER_DATA="+data, "MERCER_FAKEPAY="+filepath.Join(data, "bank.db"))
	boss := d.staff("*")
	guest := d.as()

	w := walk{d, boss, guest}
	mug := w.stockUp()
	w.browse()
	w.settings()
	order := w.buy(mug)
	w.ship(order)
	w.transfer(mug)
	w.cancel(mug)
	w.people(mug, mailbox{w, filepath.Join(data, "mails")})
	w.stock(mug)
	w.webhooks()
	w.money(mug)
	w.promotions(mug)
	w.keys()
	w.tidyUp()

	// These are walked by TestFilesAreDocumented, and breaks, which take a bank that
	// errs, by the scripts of the command line.
	never := []string{"payment.break", "payment.resolve_break", "importer.import", "importer.show", "importer.report", "importer.cancel", "importer.export"}
	seen := d.Seen()
	for _, id := range d.Operations() {
		if !slices.ContainsFunc(seen[id], func(s int) bool { return s < 300 }) && !slices.Contains(never, id) {
			t.Errorf("%s was answered with %v: walk there", id, seen[id])
		}
	}
}

// webhooks are what a payment provider sends, signed and not.
func (w walk) webhooks() {
	header, body := fakepay.New(nil).Notice("evt_1", "pay_none")
	provider := w.as()
	for name, values := range header {
		provider = provider.with(name, values[0])
	}
	for range 2 {
		provider.ask(204, "POST /v1/webhooks/fake", string(body))
	}
	w.guest.ask(400, "POST /v1/webhooks/fake", string(body)).want("code", "payment.bad_signature")
	provider.ask(404, "POST /v1/webhooks/nobody", string(body)).want("code", "payment.provider_unknown")
}

// money goes back, in part, and comes by gift card.
func (w walk) money(mug string) {
	guest, id, total := w.cart(mug)
	o := guest.ask(201, "POST /v1/carts/"+id+"/complete", complete(total, "fake_card")).want("payment_status", "paid")
	path := "/v1/admin/orders/" + o.at("id")
	unit := `{"items":[{"item_id":"` + o.at("items/0/id") + `","quantity":1}],"reason":"damaged"}`
	w.boss.ask(200, "POST "+path+"/refunds/preview", unit).want("status", "pending")
	w.boss.with("Idempotency-Key", "").ask(400, "POST "+path+"/refunds", unit)
	w.boss.ask(201, "POST "+path+"/refunds", unit).want("status", "succeeded")
	w.boss.ask(422, "POST "+path+"/refunds", `{"goodwill":{"amount":99999999,"currency":"USD"},"reason":"sorry"}`).want("code", "order.not_refundable")
	w.boss.ask(200, "GET /v1/admin/payments/refunds?order_id="+o.at("id"), "")
	w.boss.ask(200, "GET "+path+"/explanation", "")
	w.boss.ask(200, "GET /v1/admin/outbox/events?key="+o.at("id"), "")

	guest, id, total = w.cart(mug)
	o = guest.ask(201, "POST /v1/carts/"+id+"/complete", complete(total, "bank_transfer"))
	w.boss.ask(200, "POST /v1/admin/payments/"+o.at("payment/id")+"/void", "").want("payment_status", "voided")

	card := w.boss.ask(201, "POST /v1/admin/gift-cards", `{"amount":{"amount":500,"currency":"USD"}}`)
	gift := "/v1/admin/gift-cards/" + card.at("id")
	w.boss.ask(200, "GET /v1/admin/gift-cards", "")
	w.boss.ask(200, "GET "+gift, "")
	guest, id, _ = w.cart(mug)
	guest.ask(200, "POST /v1/carts/"+id+"/gift-cards", `{"code":"`+card.at("code")+`"}`)
	guest.ask(200, "DELETE /v1/carts/"+id+"/gift-cards/"+card.at("last4"), "")
	w.boss.ask(200, "POST "+gift+"/disable", "")
	w.boss.ask(200, "POST "+gift+"/enable", "")

	w.boss.ask(200, "GET /v1/admin/reconciliation/breaks", "")
	w.boss.ask(200, "POST /v1/admin/reconciliation/runs", `{}`)
	w.boss.ask(200, "GET /v1/admin/webhooks", "")
	w.boss.ask(200, "POST /v1/admin/webhooks/fake/evt_1/replay", "")
}

type walk struct {
	*documented
	boss, guest caller
}

// stockUp makes a product, the way an admin page would, and returns the id of
// its variant.
func (w walk) stockUp() (mug string) {
	home := w.boss.ask(201, "POST /v1/admin/categories", `{"slug":"home","name":"Home"}`)
	w.boss.ask(200, "POST /v1/admin/categories/bulk", `{"categories":[{"slug":"kitchen","name":"Kitchen","parent_slug":"home"}]}`)
	w.boss.ask(200, "PATCH /v1/admin/categories/"+home.at("id"), `{"position":3}`).want("position", "3", "name", "Home")

	const product = `{"slug":"mug","title":"Mug","description_html":"<p>Holds <b>tea</b>.</p>","status":"active","published":true,"tags":["gift"],
		"vendor":"Northside","category_ids":["CATEGORY"],"options":["Size"],"metadata":{"shelf":7},
		"media":[{"url":"https://pictures.example/mug.jpg","alt":"Front","variants":[["S"]]}],
		"variants":[{"sku":"MUG-S","values":["S"],"requires_shipping":true,"taxable":true,"weight_g":350},{"sku":"MUG-L","values":["L"],"requires_shipping":true,"taxable":true}]}`
	p := w.boss.ask(201, "POST /v1/admin/products", strings.ReplaceAll(product, "CATEGORY", home.at("id")))
	id, mug := p.at("id"), p.at("variants/0/id")
	if got, want := p.header.Get("Location"), "/v1/admin/products/"+id; got != want {
		w.t.Errorf("Location %s, want %s", got, want)
	}
	w.boss.with("Content-Type", "application/merge-patch+json").ask(200, "PATCH /v1/admin/products/"+id, `{"title":"A Mug","seo":{"title":"Mug"}}`).want("title", "A Mug")
	w.boss.ask(409, "POST /v1/admin/products", strings.ReplaceAll(product, "CATEGORY", home.at("id")))
	w.boss.ask(200, "POST /v1/admin/products/bulk", `{"products":[{"slug":"pot","title":"Pot","status":"active","published":true,"variants":[{"requires_shipping":true,"taxable":true}]},
		{"slug":"bad","title":"Bad","category_ids":["cat_none"],"variants":[{"requires_shipping":true,"taxable":true}]}]}`).want("results/0/outcome", "created", "results/1/outcome", "failed")
	w.boss.ask(200, "GET /v1/admin/products?limit=1", "")
	w.boss.ask(200, "GET /v1/admin/products/"+id, "").want("slug", "mug")
	w.boss.ask(200, "GET /v1/admin/variants?sku=MUG-S", "").want("items/0/id", mug)

	w.boss.ask(200, "PUT /v1/admin/prices", `{"sets":[{"variant_id":"`+mug+`","currency":"USD","prices":[{"amount":1499,"compare_at":1999},{"min_quantity":10,"amount":1299}]}]}`)
	w.boss.ask(200, "GET /v1/admin/prices?variant_id="+mug+"&variant_id=var_none", "").want("items/1/min_quantity", "10")
	w.boss.ask(200, "PUT /v1/admin/stock/level", `{"variant_id":"`+mug+`","on_hand":20}`)
	if err := w.Drain(w.t.Context()); err != nil { // lists show it from then on
		w.t.Fatal(err)
	}
	return mug
}

// browse looks around as a shopper does.
func (w walk) browse() {
	store := w.guest.ask(200, "GET /v1/store", "").want("name", "Corner")
	w.guest.with("If-None-Match", store.header.Get("ETag")).ask(304, "GET /v1/store", "")
	w.guest.ask(200, "GET /v1/products?q=mug&sort=price&in_stock=true&facets=true", "").want("items/0/slug", "mug")
	w.guest.ask(200, "GET /v1/products?limit=1", "")
	p := w.guest.ask(200, "GET /v1/products/mug", "").want("variants/0/price/amount", "1499")
	w.guest.ask(200, "GET /v1/variants?sku=MUG-S&sku=MUG-X", "").want("items/0/sku", "MUG-S")
	w.guest.ask(200, "GET /v1/variants/"+p.at("variants/0/id"), "")
	w.guest.ask(200, "GET /v1/categories", "")
	w.guest.ask(200, "GET /v1/categories/kitchen", "").want("slug", "kitchen")

	w.guest.ask(404, "GET /v1/products/none", "")
	w.guest.ask(404, "GET /v1/variants/none", "")
	w.guest.ask(404, "GET /v1/categories/none", "")
	w.guest.ask(404, "GET /v1/nothing", "").want("code", "request.not_found")
	w.guest.ask(405, "DELETE /v1/store", "").want("code", "request.method_not_allowed")
	w.guest.ask(400, "GET /v1/products?nonsense=1", "").want("code", "request.unknown_parameter")
	w.guest.ask(422, "GET /v1/products?limit=-1", "")
	w.guest.ask(400, "GET /v1/products?cursor=nonsense", "").want("code", "request.bad_cursor")
	w.guest.ask(422, "GET /v1/products?market=mars", "").want("code", "pricing.market_not_found")
	w.guest.ask(401, "GET /v1/admin/products", "")
	w.as("Authorization", "Bearer sk_wrong").ask(401, "GET /v1/admin/products", "")
	w.staff("orders:read").ask(403, "GET /v1/admin/products", "")
	w.guest.ask(401, "GET /v1/me/cart?market=default", "")
	w.guest.ask(401, "GET /v1/orders", "")
}

// settings changes taxes, ways to deliver and markets, also to what cannot be.
func (w walk) settings() {
	rate := func(v string) string { return `{"name":"Sales tax","country":"DE","rate":"` + v + `"}` }
	made := w.boss.ask(201, "POST /v1/admin/tax-rates", rate("8.25"))
	for _, bad := range []string{"-1", "101", "100.0001", "1.123456789", "8,25", "", "NaN"} {
		w.boss.ask(422, "POST /v1/admin/tax-rates", rate(bad))
		w.boss.ask(422, "PUT /v1/admin/tax-rates/"+made.at("id"), rate(bad))
	}
	w.boss.ask(200, "PUT /v1/admin/tax-rates/"+made.at("id"), rate("10"))
	w.boss.ask(404, "PUT /v1/admin/tax-rates/none", rate("10"))
	w.boss.ask(200, "GET /v1/admin/tax-rates", "").want("items/0/rate", "10")
	w.boss.ask(204, "DELETE /v1/admin/tax-rates/"+made.at("id"), "")

	for _, bad := range []string{`{"amount":-1}`, `{"amount":100000000000}`, `{"amount":100,"compare_at":-1}`, `{"amount":100,"min_quantity":-1}`} {
		w.boss.ask(422, "PUT /v1/admin/prices", `{"sets":[{"variant_id":"var_x","currency":"USD","prices":[`+bad+`]}]}`)
	}
	w.boss.ask(400, "PUT /v1/admin/prices", `{"sets":[{"variant_id":"var_x","currency":"USD","prices":[{"amount":1.5}]}]}`)

	const way = `{"name":"Express","by":"flat","countries":["DE"],"bands":[{"from":0,"prices":[{"amount":990,"currency":"USD"}]}],"min_days":1,"max_days":2,"position":5}`
	way2 := w.boss.ask(201, "POST /v1/admin/shipping-methods", way)
	w.boss.ask(200, "PUT /v1/admin/shipping-methods/"+way2.at("id"), strings.Replace(way, "Express", "Courier", 1)).want("name", "Courier")
	w.boss.ask(200, "GET /v1/admin/shipping-methods", "")
	w.boss.ask(204, "DELETE /v1/admin/shipping-methods/"+way2.at("id"), "")
	markets := w.boss.ask(200, "GET /v1/admin/markets", "")
	w.boss.ask(200, "PUT /v1/admin/markets/eu", `{"name":"Europe","currency":"EUR","country":"FR","countries":["FR"],"locales":["en"],"tax_included":true,"time_zone":"Europe/Paris"}`)
	if markets.at("items/0/currency") != "USD" {
		w.t.Errorf("markets %v, want one in USD", markets.body)
	}
}

const home = `{"name":"Ada Buyer","line1":"Hauptstr. 1","city":"Berlin","postal_code":"10115","country":"DE"}`

// cart fills a guest's cart until nothing is missing.
func (w walk) cart(mug string) (guest caller, id, total string) {
	c := w.guest.ask(201, "POST /v1/carts", `{"email":"ada@example.com","items":[{"variant_id":"`+mug+`","quantity":2}]}`)
	guest, id = w.as("Cart-Token", c.at("token")), c.at("id")
	for _, kind := range []string{"shipping", "billing"} {
		guest.ask(200, "PUT /v1/carts/"+id+"/addresses/"+kind, home)
	}
	ways := guest.ask(200, "GET /v1/carts/"+id+"/shipping-options", "")
	c = guest.ask(200, "PUT /v1/carts/"+id+"/shipping-option", `{"option_id":"`+ways.at("items/0/id")+`"}`).want("requirements", "[]")
	return guest, id, c.at("totals/total")
}

func complete(total, method string) string {
	return `{"expected_total":` + total + `,"payment":{"method":"` + method + `"}}`
}

// buy changes a cart in every way, completes it, and returns the order's id.
func (w walk) buy(mug string) string {
	empty := w.guest.ask(201, "POST /v1/carts", `{}`)
	w.guest.ask(404, "GET /v1/carts/"+empty.at("id"), "")
	w.as("Cart-Token", empty.at("token")).ask(204, "DELETE /v1/carts/"+empty.at("id"), "")

	guest, id, total := w.cart(mug)
	path := "/v1/carts/" + id
	guest.ask(400, "POST "+path+"/items", `{"items":[],"nonsense":1}`).want("code", "request.unknown_field")
	guest.ask(400, "POST "+path+"/items", `{`)
	guest.ask(422, "POST "+path+"/items", `{"items":[{"variant_id":"`+mug+`","quantity":0}]}`)
	guest.ask(422, "POST "+path+"/items", `{"items":[{"quantity":1}]}`)
	guest.with("Content-Type", "text/plain").ask(415, "POST "+path+"/items", `x`)
	guest.ask(413, "POST "+path+"/items", `{"items":[{"variant_id":"`+strings.Repeat("x", 2<<20)+`","quantity":1}]}`)
	added := guest.ask(200, "POST "+path+"/items", `{"items":[{"sku":"MUG-S","quantity":1,"metadata":{"engraving":"Ada"}},{"sku":"MUG-L","quantity":1}]}`).
		want("results/0/status", "added", "results/1/status", "rejected")
	guest.ask(422, "POST "+path+"/items", `{"items":[{"sku":"NONE","quantity":1}]}`).want("code", "catalog.variant_unknown")
	item := added.at("items/1/id")
	guest.ask(200, "PATCH "+path+"/items/"+item, `{"quantity":3}`)
	guest.ask(404, "PATCH "+path+"/items/none", `{"quantity":3}`)
	guest.ask(200, "DELETE "+path+"/items/"+item, "")
	guest.ask(200, "PATCH "+path, `{"note":"Ring twice","metadata":{"from":"test"}}`).want("note", "Ring twice")
	guest.with("If-Match", `"v1"`).ask(412, "PATCH "+path, `{"note":"late"}`).want("code", "cart.version_mismatch")
	guest.ask(401, "POST "+path+"/claim", `{"strategy":"merge"}`)
	guest.ask(422, "PUT "+path+"/shipping-option", `{"option_id":"so_none"}`)
	guest.ask(200, "GET "+path, "").want("totals/total", total)
	guest.ask(200, "GET "+path+"/payment-methods", "").want("items/0/id", "cash_on_delivery")

	guest.with("Idempotency-Key", "").ask(400, "POST "+path+"/complete", complete(total, "cash_on_delivery"))
	guest.ask(422, "POST "+path+"/complete", complete(total, "beads")).want("code", "payment.method_unknown")
	guest.ask(409, "POST "+path+"/complete", complete(`{"amount":1,"currency":"USD"}`, "cash_on_delivery")).want("code", "checkout.total_changed")
	lacking := w.guest.ask(201, "POST /v1/carts", `{"items":[{"variant_id":"`+mug+`","quantity":1}]}`)
	w.as("Cart-Token", lacking.at("token")).ask(409, "POST /v1/carts/"+lacking.at("id")+"/complete", complete(lacking.at("totals/total"), "cash_on_delivery")).
		want("code", "checkout.incomplete")

	keyed := guest.with("Idempotency-Key", "order-1")
	o := keyed.ask(201, "POST "+path+"/complete", complete(total, "cash_on_delivery")).want("status", "confirmed", "totals/total", total)
	replay := keyed.ask(201, "POST "+path+"/complete", complete(total, "cash_on_delivery")).want("id", o.at("id"), "access_token", o.at("access_token"))
	if replay.header.Get("Idempotent-Replayed") != "true" {
		w.t.Error("the same key was not answered again")
	}
	keyed.ask(422, "POST "+path+"/complete", complete(total, "invoice"))
	guest.ask(201, "POST "+path+"/complete", complete(total, "cash_on_delivery")).want("id", o.at("id"))
	guest.ask(409, "POST "+path+"/items", `{"items":[{"variant_id":"`+mug+`","quantity":1}]}`).want("code", "cart.closed")

	shopper := w.as("Order-Token", o.at("access_token"))
	shopper.ask(200, "GET /v1/orders/"+o.at("id"), "").want("number", "1001")
	w.guest.ask(404, "GET /v1/orders/"+o.at("id"), "")
	return o.at("id")
}

// ship brings an order to its end.
func (w walk) ship(order string) {
	path := "/v1/admin/orders/" + order
	w.boss.ask(200, "GET /v1/admin/orders?status=confirmed&limit=10", "").want("items/0/id", order)
	w.boss.ask(200, "GET "+path, "")
	w.boss.ask(200, "GET "+path+"/reservations", "").want("items/0/state", "allocated")
	w.boss.ask(201, "POST "+path+"/notes", `{"text":"Fragile"}`)

	given := w.boss.ask(201, "POST "+path+"/fulfillments", `{}`).at("fulfillments/0/id")
	w.boss.ask(200, "POST /v1/admin/fulfillments/"+given+"/cancel", `{"reason":"wrong box"}`)
	w.boss.ask(409, "POST /v1/admin/fulfillments/"+given+"/ship", `{}`)
	ful := w.boss.ask(201, "POST "+path+"/fulfillments", `{}`).at("fulfillments/1/id")
	w.boss.ask(409, "POST "+path+"/fulfillments", `{}`).want("code", "order.no_units")
	w.boss.ask(200, "GET /v1/admin/fulfillments/"+ful, "")
	w.boss.ask(409, "POST "+path+"/cancel", `{}`).want("code", "order.in_fulfillment")
	w.boss.ask(200, "POST /v1/admin/fulfillments/"+ful+"/ship", `{"tracking":[{"carrier":"DHL","number":"00340434","url":"https://track.example/00340434"}]}`).
		want("fulfillment_status", "fulfilled")
	w.boss.ask(200, "POST /v1/admin/fulfillments/"+ful+"/deliver", `{}`).want("fulfillment_status", "delivered")
	w.boss.ask(404, "POST /v1/admin/fulfillments/none/deliver", `{}`)

	pay := w.boss.ask(200, "GET /v1/admin/payments?order_id="+order, "").at("items/0/id")
	w.boss.ask(200, "GET /v1/admin/payments/"+pay, "")
	w.boss.ask(200, "POST /v1/admin/payments/"+pay+"/capture", `{"reference":"cash box"}`).want("status", "completed", "payment_status", "paid")
	w.boss.ask(200, "GET /v1/admin/payments/ledger?order_id="+order, "")
	w.boss.ask(200, "GET "+path+"/timeline", "")
	w.boss.ask(404, "GET /v1/admin/payments/none", "")
	w.boss.ask(404, "GET /v1/admin/orders/none", "")
}

// transfer pays an order by another means than it began with.
func (w walk) transfer(mug string) {
	guest, id, total := w.cart(mug)
	o := guest.ask(201, "POST /v1/carts/"+id+"/complete", complete(total, "bank_transfer")).want("status", "pending")
	shopper, path := w.as("Order-Token", o.at("access_token")), "/v1/orders/"+o.at("id")
	shopper.ask(200, "POST "+path+"/payments/refresh", "").want("status", "pending")
	shopper.ask(422, "POST "+path+"/payments", `{"method":"beads"}`)
	shopper.ask(201, "POST "+path+"/payments", `{"method":"invoice"}`).want("status", "confirmed")
	shopper.ask(409, "POST "+path+"/payments", `{"method":"invoice"}`).want("code", "order.not_payable")
}

// cancel gives orders up: the shopper one, the staff another.
func (w walk) cancel(mug string) {
	guest, id, total := w.cart(mug)
	o := guest.ask(201, "POST /v1/carts/"+id+"/complete", complete(total, "bank_transfer"))
	w.as("Order-Token", o.at("access_token")).ask(200, "POST /v1/orders/"+o.at("id")+"/cancel", `{}`).want("status", "canceled", "cancel_reason", "customer")

	guest, id, total = w.cart(mug)
	o = guest.ask(201, "POST /v1/carts/"+id+"/complete", complete(total, "cash_on_delivery"))
	w.boss.ask(200, "GET /v1/admin/orders/"+o.at("id")+"/cancel", "").want("from", "confirmed", "to", "canceled", "released/0/variant_id", mug)
	w.boss.ask(200, "POST /v1/admin/orders/"+o.at("id")+"/cancel", `{"reason":"staff"}`).want("status", "canceled")
	w.boss.ask(409, "POST /v1/admin/orders/"+o.at("id")+"/fulfillments", `{}`)
}

func (w walk) stock(mug string) {
	w.boss.ask(200, "PUT /v1/admin/locations/back", `{"name":"Back room","priority":1}`)
	w.boss.ask(200, "GET /v1/admin/locations", "")
	w.boss.ask(200, "POST /v1/admin/stock/adjust", `{"variant_id":"`+mug+`","delta":-1,"reason":"broken"}`)
	w.boss.ask(409, "POST /v1/admin/stock/adjust", `{"variant_id":"`+mug+`","delta":-1000,"reason":"broken"}`)
	w.boss.ask(200, "PUT /v1/admin/stock/levels", `{"levels":[{"variant_id":"`+mug+`","on_hand":30,"tracked":true,"backorder":0},{"variant_id":"var_none","tracked":true,"backorder":0}],"cause_id":"count-1"}`)
	w.boss.ask(409, "PUT /v1/admin/stock/level", `{"variant_id":"`+mug+`","on_hand":3,"expected_on_hand":99}`)
	w.boss.ask(200, "GET /v1/admin/stock?variant_id="+mug, "")
	w.boss.ask(200, "GET /v1/admin/stock/movements?variant_id="+mug, "")
}

func (w walk) keys() {
	k := w.boss.ask(201, "POST /v1/admin/api-keys", `{"name":"Packing","scopes":["orders:read"]}`)
	w.as("Authorization", "Bearer "+k.at("secret")).ask(200, "GET /v1/admin/orders", "")
	w.boss.ask(422, "POST /v1/admin/api-keys", `{"name":"Packing","scopes":["everything"]}`)
	w.boss.ask(200, "GET /v1/admin/api-keys", "")
	w.boss.ask(204, "DELETE /v1/admin/api-keys/"+k.at("id"), "")
	w.as("Authorization", "Bearer "+k.at("secret")).ask(401, "GET /v1/admin/orders", "")
	w.boss.ask(404, "DELETE /v1/admin/api-keys/none", "")
}

func (w walk) tidyUp() {
	pot := w.boss.ask(200, "GET /v1/admin/products?slug=pot", "").at("items/0/id")
	w.boss.ask(204, "DELETE /v1/admin/products/"+pot, "")
	w.boss.ask(404, "DELETE /v1/admin/products/"+pot, "")
	tree := w.boss.ask(200, "GET /v1/categories/home", "")
	w.boss.ask(409, "DELETE /v1/admin/categories/"+tree.at("id"), "").want("code", "catalog.category_not_empty")
	leaf := w.boss.ask(200, "GET /v1/categories/kitchen", "").at("id")
	w.boss.ask(204, "DELETE /v1/admin/categories/"+leaf, "")
}

// TestThrottledAnswerIsDocumented sends more than it may.
func TestThrottledAnswerIsDocumented(t *testing.T) {
	d := document(t, "MERCER_RATE_LIMIT=3/m")
	for range 20 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/v1/store", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := d.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := d.Seen()["storefront.store"], []int{200, 429}; !slices.Equal(got, want) {
		t.Errorf("statuses %v, want %v", got, want)
	}
}

// TestLookupsAreLimited looks one order up more often than one may. The answer
// does not tell whether it is there.
func TestLookupsAreLimited(t *testing.T) {
	d := document(t, "MERCER_RATE_LIMIT=1000/m")
	for i := range order.LookupsPerMinute + 1 {
		want := 202
		if i == order.LookupsPerMinute {
			want = 429
		}
		a := d.as().ask(want, "POST /v1/orders/lookup", object("number", "1001", "email", ada))
		if want == 429 && (a.at("code") != "order.too_many_attempts" || a.header.Get("Retry-After") == "") {
			t.Errorf("%v %v, want order.too_many_attempts and Retry-After", a.body, a.header)
		}
	}
}
