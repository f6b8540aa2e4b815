package openapi_test

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/page"
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
	op.Handle(r, account.OpKeys, func(context.Context, account.KeysInput) (page.Page[account.APIKey], error) { panic("unused") })
	op.Handle(r, account.OpCreateKey, func(context.Context, account.CreateKeyInput) (account.NewKey, error) { panic("unused") })
	op.Handle(r, account.OpRevokeKey, func(context.Context, account.IDInput) (account.APIKey, error) { panic("unused") })
	return all
}
