package embed_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// taxes makes the shop one where prices include 20 %, or 10 % comes on top.
func (w *world) taxes(included bool) {
	w.Helper()
	rate := money.Rate(100_000)
	if included {
		rate = 200_000
	}
	for _, country := range []string{"US", "DE"} {
		if _, err := w.far.Pricing.CreateTaxRate(context.Background(), pricing.TaxRateFields{Name: "Tax", Country: country, Rate: rate}); err != nil {
			w.Fatal(err)
		}
	}
	_, err := w.far.Pricing.PutMarket(context.Background(), pricing.Market{ID: pricing.DefaultMarket, Name: "Default", Currency: "USD", Country: "US", TaxIncluded: included, TimeZone: "UTC"})
	if err != nil {
		w.Fatal(err)
	}
}

// R07 to R09 with promotions of the shop: what was off stays with its line when it
// goes back.
func TestRefundOfPromotedOrders(t *testing.T) {
	for name, c := range map[string]struct {
		included bool
		prices   []int64
		units    int64 // of each
		promote  pricing.PromotionFields
		total    int64
		parts    [][2]int64
		want     []given
		rest     given
	}{
		"R07": {true, []int64{2390}, 10, pricing.PromotionFields{Kind: pricing.KindPercent, Percent: 250_000}, 17925,
			[][2]int64{{0, 1}, {0, 3}}, []given{{1793, 299}, {5377, 896}}, given{10755, 1793}},
		"R08": {false, []int64{10000}, 2, pricing.PromotionFields{Kind: pricing.KindFixed, Amounts: []money.Amount{shoptest.USD(2000)}}, 19800,
			[][2]int64{{0, 1}}, []given{{9900, 900}}, given{9900, 900}},
		"R09": {true, []int64{6000, 4000}, 1, pricing.PromotionFields{Kind: pricing.KindFixed, Amounts: []money.Amount{shoptest.USD(1000)}}, 9000,
			[][2]int64{{1, 1}}, []given{{3600, 600}}, given{5400, 900}},
	} {
		t.Run(name, func(t *testing.T) {
			w := on(t, buntest.SQLite)
			w.taxes(c.included)
			var lines []shoptest.Line
			for _, price := range c.prices {
				lines = append(lines, shoptest.Line{Variant: w.Variant("Thing", price, 100), Quantity: c.units})
			}
			w.promote("SALE", func(f *pricing.PromotionFields) {
				code := f.Code
				*f = c.promote
				f.Title, f.Code, f.Scope = "Sale", code, pricing.ScopeOrder
			})
			seen, err := w.enter(w.Cart(lines...), "SALE")
			if err != nil {
				t.Fatal(err)
			}
			placed, err := w.complete(seen, card, "")
			if err != nil || placed.Totals.Total.Minor != c.total {
				t.Fatalf("ordered for %v, %v; want %d", placed.Totals.Total, err, c.total)
			}
			give := func(in checkout.RefundInput, want given) {
				t.Helper()
				r, err := w.give(in, "")
				if got := (given{r.Amount.Minor, r.Tax.Minor}); err != nil || got != want {
					t.Errorf("gave back %+v, %v, want %+v", got, err, want)
				}
			}
			for i, p := range c.parts {
				give(units(placed.Order, int(p[0]), p[1]), c.want[i])
			}
			give(rest(placed.Order), c.rest)
			if p := w.used(pricing.Promotion{ID: placed.Discounts[0].PromotionID}); p != 1 {
				t.Errorf("used %d times: an order that was refunded is not canceled", p)
			}
			w.audit(t)
		})
	}
}

// Everything off, by percent or by more than it costs: nothing to pay, no payment
// at a provider, one confirmed order (C14, V06).
func TestNothingLeftToPay(t *testing.T) {
	w := on(t, buntest.SQLite)
	w.taxes(true)
	mug := w.Variant("Mug", 3000, 100)
	for code, f := range map[string]pricing.PromotionFields{
		"ALL":   {Kind: pricing.KindPercent, Percent: 1_000_000},
		"FIFTY": {Kind: pricing.KindFixed, Amounts: []money.Amount{shoptest.USD(5000)}},
	} {
		w.promote(code, func(to *pricing.PromotionFields) {
			to.Kind, to.Percent, to.Amounts = f.Kind, f.Percent, f.Amounts
		})
		seen, err := w.enter(w.Cart(one(mug)), code)
		if err != nil || seen.Totals.Discount.Minor != 3000 || !seen.Totals.Total.IsZero() || !seen.Totals.Tax.IsZero() {
			t.Fatalf("%s: %+v, %v", code, seen.Totals, err)
		}
		placed, err := w.complete(seen, card, "")
		if err != nil || placed.Status != order.StatusConfirmed || !placed.Totals.AmountDue.IsZero() || len(placed.Discounts) != 1 {
			t.Errorf("%s: %s, %v", code, placed.Status, err)
		}
	}
	if all, err := w.bank.Intents(); err != nil || len(all) != 0 {
		t.Errorf("the bank knows of %d payments, %v", len(all), err)
	}
	w.audit(t)
}

// The cart of docs/api-examples.md: a code in any form counts once (V04), and the
// order has what the cart has shown.
func TestCartWithACode(t *testing.T) {
	w := on(t, buntest.SQLite)
	w.taxes(true)
	ctx := context.Background()
	if _, err := w.far.Pricing.CreateShippingMethod(ctx, pricing.ShippingMethodFields{Name: "A", By: pricing.Flat, Bands: []pricing.Band{{Prices: []money.Amount{shoptest.USD(490)}}}}); err != nil {
		t.Fatal(err)
	}
	p := w.promote("SAVE10", nil)
	c := w.Cart(shoptest.Line{Variant: w.Variant("Mug", 1499, 10), Quantity: 2}, one(w.Variant("Top", 5000, 10)))
	for _, form := range []string{"SAVE10", "save10 ", "ＳＡＶＥ10"} {
		var err error
		if c, err = w.enter(c, form); err != nil {
			t.Fatal(form, err)
		}
	}
	if _, err := w.enter(c, "SAVÉ10"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("another letter: %v", err)
	}
	if d := c.Discounts; len(d) != 1 || len(c.DiscountCodes) != 1 || d[0].Amount.Minor != 800 || *d[0].Code != "SAVE10" || d[0].PromotionID != p.ID ||
		d[0].Allocations[0] != (storefront.Allocation{ItemID: c.Items[0].ID, Amount: shoptest.USD(300)}) || d[0].Allocations[1].Amount.Minor != 500 || len(c.Messages) != 0 {
		t.Fatalf("%+v %+v", d, c.Messages)
	}
	if c.Totals.Total.Minor != 7198+490 || c.Items[0].Total.Minor != 2698 || c.Items[1].Discount.Minor != 500 {
		t.Errorf("%+v, %+v", c.Totals, c.Items)
	}
	placed, err := w.complete(c, card, "")
	if err != nil {
		t.Fatal(err)
	}
	if d := placed.Discounts[0]; placed.Totals != c.Totals || d.Amount.Minor != 800 || d.ID != c.Discounts[0].ID || d.Allocations[0].ItemID != placed.Items[0].ID || d.Allocations[1].Amount.Minor != 500 {
		t.Errorf("ordered %+v with %+v", placed.Totals, d)
	}
	// Free shipping, in another cart.
	w.promote("SHIP", func(f *pricing.PromotionFields) { f.Kind, f.Percent = pricing.KindFreeShipping, 0 })
	c = w.Cart(one(w.Variant("Mug", 1499, 10)))
	if c, err = w.enter(c, "SHIP"); err != nil || c.Shipping.Discount.Minor != 490 || c.Totals.Shipping.Minor != 490 || c.Totals.Discount.Minor != 490 || c.Totals.Total.Minor != 1499 || len(c.Discounts[0].Allocations) != 0 {
		t.Errorf("free shipping: %+v, %+v, %v", c.Shipping, c.Totals, err)
	}
	if placed, err = w.complete(c, cash, ""); err != nil || placed.Shipping.Discount.Minor != 490 || placed.Totals.Total.Minor != 1499 {
		t.Errorf("free shipping: %+v, %v", placed.Shipping, err)
	}
	w.audit(t)
}

// A code that does not count says why; one that stops counting stays in the cart
// and is told of, and completing is refused with what has changed.
func TestCodesThatDoNotCount(t *testing.T) {
	w := with(t, buntest.Open(t, buntest.SQLite), fakepay.New(nil), nil, "USD")
	mug := w.Variant("Mug", 1000, 100)
	w.promote("RICH", func(f *pricing.PromotionFields) { f.MinSubtotal = []money.Amount{shoptest.USD(2000)} })
	p := w.promote("TEN", nil)
	c := w.Cart(shoptest.Line{Variant: mug, Quantity: 2})
	for code, reason := range map[string]string{"NONE": pricing.CodeUnknown, "RICH": ""} {
		_, err := w.enter(c, code)
		f := fault.Public(err)
		if reason == "" && err != nil || reason != "" && (!errors.Is(err, pricing.ErrCodeRejected) || string(f.Meta) != fmt.Sprintf(`{"code":"%s","reason":"%s"}`, code, reason)) {
			t.Errorf("%s: %v %s", code, err, f.Meta)
		}
	}
	c, err := w.enter(c, "TEN")
	if err != nil || c.Totals.Total.Minor != 2000-200-180 {
		t.Fatalf("%v, %v", c.Totals.Total, err)
	}
	token := c.Token
	c, err = w.far.Storefront.SetQuantity(shoptest.Guest(t.Context(), c), storefront.SetQuantityInput{ID: c.ID, ItemID: c.Items[0].ID, Quantity: 1})
	c.Token = token
	if err != nil || len(c.Discounts) != 1 || len(c.DiscountCodes) != 2 || *c.DiscountCodes[0].Reason != pricing.CodeMinimum || c.DiscountCodes[1].Reason != nil ||
		len(c.Messages) != 1 || c.Messages[0].Code != pricing.ErrCodeRejected.Code || c.Messages[0].Message != "RICH: the goods do not cost enough for this code." {
		t.Errorf("below the minimum: %+v, %+v, %v", c.DiscountCodes, c.Messages, err)
	}
	if _, err := w.far.Pricing.UpdatePromotion(t.Context(), pricing.UpdatePromotionInput{ID: p.ID, Active: op.Some(false)}); err != nil {
		t.Fatal(err)
	}
	_, err = w.complete(c, cash, "")
	f := fault.Public(err)
	if !errors.Is(err, checkout.ErrTotalChanged) || len(f.Errors) != 2 || f.Errors[1].Code != pricing.ErrCodeRejected.Code {
		t.Errorf("complete: %v, %+v", err, f.Errors)
	}
	seen, err := w.far.Storefront.RemoveDiscountCode(shoptest.Guest(t.Context(), c), cart.DiscountCodeInput{ID: c.ID, Code: "ten"})
	if err != nil || len(seen.DiscountCodes) != 1 || len(seen.Messages) != 1 {
		t.Errorf("without TEN: %+v, %v", seen.DiscountCodes, err)
	}
}
