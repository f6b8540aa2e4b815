package contracttest

import (
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// belongings are what somebody owns.
type belongings struct {
	cart     storefront.Cart     // of a guest, ready to be completed
	gift     payment.NewGiftCard // that pays for cart
	code     string              // of a promotion, in cart
	order    order.Order         // of a guest, pending
	customer ident.Actor         // who has a cart of their own
	tokens   ident.Actor         // the guest who holds the tokens of both
	member   member              // who has signed in
	address  string              // of the member
}

func (w *world) belongings() belongings {
	w.Helper()
	v := w.goods(1000)
	b := belongings{cart: w.make.Cart(line(v, 1)), customer: ident.Actor{Kind: ident.Customer, ID: ident.NewID("cus")}}
	b.gift = w.gift(100)
	w.ok(nil, w.accepts(w.with(b.cart), b.cart.ID, b.gift.Code, 0))
	b.code = *w.promoted(nil).Code
	b.cart = w.entered(b.cart, b.code)
	sold := w.make.Cart(line(v, 1))
	p := got(w.Checkout.Complete(w.with(sold), completing(sold, offlinepay.BankTransfer, "")))(w)
	b.order = p.Order
	w.ok(w.Storefront.CreateCart(w.as(b.customer), storefront.CreateCartInput{}))
	b.member = w.signedIn()
	b.address = got(w.Accounts.CreateAddress(b.member.ctx, home))(w).ID
	b.tokens = ident.Actor{Kind: ident.Guest, CartToken: b.cart.Token, OrderToken: p.AccessToken}
	return b
}

func (b belongings) item() string { return b.cart.Items[0].ID }

// rule is what is written down of an operation that is for owners.
type rule struct {
	policy
	in  func(b belongings) any         // asks for what b has
	who func(b belongings) ident.Actor // the owner
	// personal: only for a person; the shop itself has none of it.
	personal bool
}

// holder is the guest with the tokens.
func holder(b belongings) ident.Actor { return b.tokens }

// self is the customer.
func self(b belongings) ident.Actor { return b.customer }

// claimer is the customer, with the token of the guest that they were.
func claimer(b belongings) ident.Actor {
	who := b.customer
	who.CartToken = b.cart.Token
	return who
}

// insider is who has signed in.
func insider(b belongings) ident.Actor {
	return ident.Actor{Kind: ident.Customer, ID: b.member.User.ID, Session: b.member.SessionID}
}

// own is a rule for what everybody has of their own: who has signed in to
// nothing is not known, and others who have are answered as said.
func own(others int, in func(b belongings) any) rule {
	return rule{policy: policy{guest: 401, customer: 401, staff: 403, unknown: 403, own: true, member: others}, in: in, who: insider, personal: true}
}

func nothing(in any) func(belongings) any { return func(belongings) any { return in } }

func addressID(b belongings) any { return account.IDInput{ID: b.address} }

// held is a rule for things that a guest has the token of.
func held(p policy, in func(b belongings) any) rule { return rule{policy: p, in: in, who: holder} }

func cartID(b belongings) any { return cart.IDInput{ID: b.cart.ID} }

// owned has a rule for each operation whose Access is op.Owner.
var owned = map[string]rule{
	"cart.cart":   held(readable, cartID),
	"cart.mine":   {policy: named, in: func(belongings) any { return cart.MineInput{} }, who: self, personal: true},
	"cart.update": held(foreign, func(b belongings) any { return cart.UpdateInput{ID: b.cart.ID, Note: op.Some("x")} }),
	"cart.delete": held(foreign, cartID),
	"cart.add_items": held(foreign, func(b belongings) any {
		return cart.AddItemsInput{ID: b.cart.ID, Items: []cart.AddItem{{VariantID: b.cart.Items[0].VariantID, Quantity: 1}}}
	}),
	"cart.set_quantity": held(foreign, func(b belongings) any { return cart.SetQuantityInput{ID: b.cart.ID, ItemID: b.item(), Quantity: 2} }),
	"cart.remove_item":  held(foreign, func(b belongings) any { return cart.RemoveItemInput{ID: b.cart.ID, ItemID: b.item()} }),
	"cart.set_address": held(foreign, func(b belongings) any {
		return cart.SetAddressInput{ID: b.cart.ID, Kind: "billing", Address: shoptest.Address()}
	}),
	"cart.set_shipping_option":  held(foreign, func(b belongings) any { return cart.SetShippingOptionInput{ID: b.cart.ID, OptionID: "so_other"} }),
	"cart.remove_gift_card":     held(foreign, withoutGift),
	"cart.remove_discount_code": held(foreign, withoutCode),
	"cart.claim":                {policy: named, in: claim, who: claimer, personal: true},

	"storefront.cart":             held(readable, cartID),
	"storefront.shipping_options": held(readable, cartID),
	"storefront.payment_methods":  held(readable, cartID),
	"storefront.my_cart":          {policy: named, in: func(belongings) any { return cart.MineInput{} }, who: self, personal: true},
	"storefront.update_cart": held(foreign, func(b belongings) any {
		return storefront.UpdateCartInput{ID: b.cart.ID, Note: op.Some("x"), Market: op.Some("default")}
	}),
	"storefront.delete_cart": held(foreign, cartID),
	"storefront.add_items": held(foreign, func(b belongings) any {
		return storefront.AddItemsInput{ID: b.cart.ID, Items: adding(b.cart.Items[0].VariantID, 1)}
	}),
	"storefront.set_quantity": held(foreign, func(b belongings) any {
		return storefront.SetQuantityInput{ID: b.cart.ID, ItemID: b.item(), Quantity: 2}
	}),
	"storefront.remove_item": held(foreign, func(b belongings) any { return cart.RemoveItemInput{ID: b.cart.ID, ItemID: b.item()} }),
	"storefront.set_address": held(foreign, func(b belongings) any {
		return storefront.SetAddressInput{ID: b.cart.ID, Kind: "billing", Address: shoptest.Address()}
	}),
	"storefront.set_shipping_option": held(foreign, func(b belongings) any {
		return storefront.SetShippingOptionInput{ID: b.cart.ID, OptionID: b.cart.Shipping.OptionID}
	}),
	"storefront.add_gift_card": held(foreign, func(b belongings) any {
		return storefront.AddGiftCardInput{ID: b.cart.ID, Code: b.gift.Code}
	}),
	"storefront.remove_gift_card": held(foreign, withoutGift),
	"storefront.add_discount_code": held(foreign, func(b belongings) any {
		return storefront.AddDiscountCodeInput{ID: b.cart.ID, Code: b.code}
	}),
	"storefront.remove_discount_code": held(foreign, withoutCode),
	"storefront.claim_cart":           {policy: named, in: claim, who: claimer, personal: true},

	"checkout.complete": held(foreign, func(b belongings) any { return completing(b.cart, offlinepay.CashOnDelivery, "") }),
	"checkout.pay": held(changed, func(b belongings) any {
		return checkout.PayInput{ID: b.order.ID, Means: checkout.Means{Method: offlinepay.CashOnDelivery}}
	}),
	"checkout.order":   held(ordered, func(b belongings) any { return byID(b.order) }),
	"checkout.refresh": held(changed, func(b belongings) any { return checkout.RefreshInput(byID(b.order)) }),
	"checkout.cancel":  held(changed, func(b belongings) any { return checkout.CancelInput{ID: b.order.ID} }),

	"account.me":              own(0, nothing(account.MeInput{})),
	"account.update_me":       own(0, nothing(account.UpdateMeInput{Name: op.Some("x")})),
	"account.sessions":        own(0, nothing(account.SessionsInput{})),
	"account.logout_all":      own(0, nothing(account.MeInput{})),
	"account.addresses":       own(0, nothing(account.AddressesInput{})),
	"account.end_session":     own(404, func(b belongings) any { return account.IDInput{ID: b.member.SessionID} }),
	"account.change_password": own(0, nothing(account.ChangePasswordInput{CurrentPassword: password, Password: another})),
	"account.change_email":    own(0, nothing(account.ChangeEmailInput{Email: "other@example.com", Password: password})),
	"account.create_address":  own(0, nothing(home)),
	"account.address":         own(404, addressID),
	"account.delete_address":  own(404, addressID),
	"account.update_address":  own(404, func(b belongings) any { return account.UpdateAddressInput{ID: b.address, City: op.Some("x")} }),

	"order.order":  held(ordered, func(b belongings) any { return byID(b.order) }),
	"order.orders": {policy: policy{guest: 401, staff: 403, scope: "orders:read"}, in: func(belongings) any { return order.OrdersInput{} }, who: self},
}

func claim(b belongings) any { return cart.ClaimInput{ID: b.cart.ID, Strategy: cart.Merge} }

func withoutCode(b belongings) any { return cart.DiscountCodeInput{ID: b.cart.ID, Code: b.code} }

func withoutGift(b belongings) any {
	return cart.RemoveGiftCardInput{ID: b.cart.ID, Last4: b.gift.Last4}
}
