// Package basket looks at a cart with the eyes of every engine at once: what
// the goods are, what they cost, how many there are. Views are made from it and
// orders are frozen from it, so that both see the same.
package basket

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Ports are the engines that are asked, each at most once for a basket.
type Ports struct {
	Catalog  catalog.Service
	Stock    inventory.Service
	Prices   pricing.Service
	Payments payment.GiftCardService // asked for carts with gift cards alone
	// At is when promotions are judged, when they are asked for if it is zero.
	At time.Time
}

// Basket is a cart with everything that is known of its goods.
type Basket struct {
	Cart     cart.Cart
	Variants map[string]catalog.VariantOf      // by id; those that exist
	Stock    map[string]inventory.Availability // by variant; nil when it was not asked for
	Input    pricing.QuoteInput
	Quote    pricing.Quote // with what gift cards pay in its Totals
	Cards    []Card        // of an open cart, in its order
}

// inside returns a context in which the shop itself asks: shoppers may not ask
// the engines directly.
func inside(ctx context.Context) context.Context { return ident.As(ctx, "basket") }

// Of returns the basket of c. Stock is asked only when withStock is set: a
// checkout finds out by reserving.
func (p Ports) Of(ctx context.Context, c cart.Cart, withStock bool) (Basket, error) {
	var ids []string
	for _, it := range c.Items {
		ids = append(ids, it.VariantID)
	}
	b, err := p.Look(ctx, c, ids, withStock)
	if err != nil {
		return b, err
	}
	return p.Requote(ctx, b, c)
}

// Look returns a basket without prices that knows the variants with ids.
func (p Ports) Look(ctx context.Context, c cart.Cart, ids []string, withStock bool) (Basket, error) {
	b := Basket{Cart: c, Variants: map[string]catalog.VariantOf{}}
	if len(ids) == 0 {
		return b, nil
	}
	found, err := p.Catalog.Variants(ctx, catalog.VariantsInput{IDs: ids})
	if err != nil {
		return b, err
	}
	for _, v := range found.Items {
		b.Variants[v.ID] = v
	}
	if withStock {
		b.Stock, err = p.Availability(ctx, ids)
	}
	return b, err
}

// Availability returns what can be had of the variants with ids.
func (p Ports) Availability(ctx context.Context, ids []string) (map[string]inventory.Availability, error) {
	out, err := p.Stock.Availability(inside(ctx), inventory.AvailabilityInput{VariantIDs: ids})
	if err != nil {
		return nil, err
	}
	stock := make(map[string]inventory.Availability, len(ids))
	for _, a := range out.Items {
		stock[a.VariantID] = a
	}
	return stock, nil
}

// Requote returns b with the cart as it is now and its prices. Items that the
// catalog does not show any more are left out of the quote.
func (p Ports) Requote(ctx context.Context, b Basket, c cart.Cart) (Basket, error) {
	b.Cart = c
	b.Input = p.Input(b)
	var err error
	if b.Quote, err = p.Prices.Quote(inside(ctx), b.Input); err != nil {
		return b, err
	}
	b.Cards, err = p.tenders(ctx, c)
	b.apply()
	return b, err
}

// Input returns what a quote of b asks for.
func (p Ports) Input(b Basket) pricing.QuoteInput {
	c := b.Cart
	in := pricing.QuoteInput{Market: c.Market, Country: c.Country, Shipping: c.ShippingOption, Items: []pricing.QuoteItem{},
		Codes: c.DiscountCodes, Buyer: cmp.Or(c.CustomerID, strings.ToLower(c.Email)), At: p.At}
	if c.Shipping != nil {
		in.Country, in.Region = c.Shipping.Country, c.Shipping.Region
	}
	for _, it := range c.Items {
		if v, ok := b.Variants[it.VariantID]; ok && v.Visible {
			in.Items = append(in.Items, pricing.QuoteItem{ID: it.ID, VariantID: it.VariantID, ProductID: v.ProductID, Quantity: it.Quantity,
				Taxable: v.Taxable, TaxCategory: v.TaxCategory, WeightG: v.WeightG, RequiresShipping: v.RequiresShipping})
		}
	}
	return in
}

// Quoted returns the lines of the quote by the id of the cart's item.
func (b Basket) Quoted() map[string]pricing.QuotedItem {
	quoted := make(map[string]pricing.QuotedItem, len(b.Quote.Items))
	for _, q := range b.Quote.Items {
		quoted[q.ID] = q
	}
	return quoted
}

// Requirement is something that is missing before a cart can be completed.
type Requirement struct {
	Code    string `json:"code"`
	Param   string `json:"param"` // JSON Pointer into the cart
	Message string `json:"message"`
}

// Requirements returns what is missing before the cart can become an order.
func (b Basket) Requirements() []Requirement {
	out := []Requirement{}
	need := func(code, param, message string) { out = append(out, Requirement{code, param, message}) }
	c := b.Cart
	if len(c.Items) == 0 {
		need("cart.empty", "/items", "Put something in the cart.")
	}
	quoted := b.Quoted()
	ships := false
	for i, it := range c.Items {
		ships = ships || b.Variants[it.VariantID].RequiresShipping
		if quoted[it.ID].Price == nil {
			need(cart.ErrNoPrice.Code, fmt.Sprintf("/items/%d", i), "Take this item out: it is not sold here any more.")
		}
	}
	if c.Email == "" {
		need("cart.email_required", "/email", "Add an e-mail address.")
	}
	if ships && c.Shipping == nil {
		need("cart.shipping_address_required", "/addresses/shipping", "Add a shipping address.")
	}
	if c.Billing == nil {
		need("cart.billing_address_required", "/addresses/billing", "Add a billing address.")
	}
	if ships && b.Quote.Shipping == nil {
		if c.Shipping != nil && len(b.Quote.Options) == 0 {
			need("cart.not_deliverable", "/addresses/shipping", "We do not deliver this there.")
		} else {
			need("cart.shipping_option_required", "/shipping", "Choose how to deliver.")
		}
	}
	for i, g := range b.Cards {
		if g.Reason != "" {
			need(payment.ErrGiftCardUnusable.Code, fmt.Sprintf("/gift_cards/%d", i), "Take the gift card "+g.Last4+" out: "+g.why()+".")
		}
	}
	return out
}
