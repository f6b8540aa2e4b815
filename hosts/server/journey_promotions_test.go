package main

import "net/url"

// promotions take something off for who knows a code.
func (w walk) promotions(mug string) {
	const ten = `{"title":"Ten","code":" save10","kind":"percent","percent":"10","scope":"order","usage_limit":1}`
	w.boss.with("Idempotency-Key", "").ask(400, "POST /v1/admin/promotions", ten)
	p := w.boss.ask(201, "POST /v1/admin/promotions", ten).want("code", "SAVE10", "used", "0")
	path := "/v1/admin/promotions/" + p.at("id")
	if got := p.header.Get("Location"); got != path {
		w.t.Errorf("Location %s, want %s", got, path)
	}
	w.boss.ask(409, "POST /v1/admin/promotions", ten).want("code", "pricing.code_taken")
	w.boss.ask(422, "POST /v1/admin/promotions", `{"title":"x","kind":"percent","percent":"101","scope":"order"}`)
	w.boss.ask(200, "GET /v1/admin/promotions?limit=1", "").want("items/0/code", "SAVE10")
	w.boss.with("Content-Type", "application/merge-patch+json").ask(200, "PATCH "+path, `{"percent":"20","per_customer_limit":1}`).want("percent", "20", "usage_limit", "1")
	w.boss.with("If-Match", `"v1"`).ask(412, "PATCH "+path, `{"title":"Late"}`).want("code", "pricing.version_mismatch")

	guest, id, _ := w.cart(mug)
	codes := "/v1/carts/" + id + "/discount-codes"
	guest.ask(409, "POST "+codes, `{"code":"SAVE11"}`).want("code", "pricing.code_rejected", "meta/reason", "unknown")
	guest.ask(422, "POST "+codes, `{"code":"SAVÉ10"}`)
	guest.ask(200, "POST "+codes, `{"code":"ＳＡＶＥ10"}`).want("discount_codes/0/code", "SAVE10", "discount_codes/0/applied", "true", "discounts/0/title", "Ten")
	guest.ask(200, "DELETE "+codes+"/"+url.PathEscape("save10 "), "")
	guest.ask(404, "DELETE "+codes+"/SAVE10", "").want("code", "cart.discount_code_not_found")
	c := guest.ask(200, "POST "+codes, `{"code":"save10"}`)
	total := `{"amount":` + c.at("totals/total/amount") + `,"currency":"USD"}`
	o := guest.ask(201, "POST /v1/carts/"+id+"/complete", complete(total, "cash_on_delivery")).want("discounts/0/promotion_id", p.at("id"), "discounts/0/code", "SAVE10")
	w.boss.ask(200, "GET "+path, "").want("used", "1")

	guest, id, _ = w.cart(mug)
	guest.ask(409, "POST /v1/carts/"+id+"/discount-codes", `{"code":"SAVE10"}`).want("meta/reason", "limit_reached")
	w.boss.ask(200, "POST /v1/admin/orders/"+o.at("id")+"/cancel", `{}`).want("status", "canceled")
	w.boss.ask(200, "GET "+path, "").want("used", "0")
	w.boss.ask(204, "DELETE "+path, "")
	w.boss.ask(404, "GET "+path, "").want("code", "pricing.promotion_not_found")
}
