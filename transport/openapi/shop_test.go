package openapi_test

import (
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
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
)

// shop returns every operation of the shop, over nothing.
func shop() (all []op.Handler) {
	r := op.RegistrarFunc(func(h op.Handler) { all = append(all, h) })
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
	return all
}
