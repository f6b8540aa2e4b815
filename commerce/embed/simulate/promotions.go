package simulate

import (
	"context"
	"errors"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// promoted is what people know of a promotion, and what it must keep to.
type promoted struct {
	id   string
	code string // "" when it applies by itself
	most int64  // how often it may be used
	each int64  // and how often by one customer
}

// unlimited is the limit of what has none.
const unlimited = 1 << 40

// promote makes the promotions: one whose code is good for one order, and one
// that applies by itself, to each customer once or always.
func (w *world) promote(ctx context.Context, p *process) error {
	one := new(int64(1))
	code, auto := promoted{code: "ONCE", most: *one, each: unlimited}, promoted{most: unlimited, each: unlimited}
	first := pricing.PromotionFields{Title: "For the first", Code: &code.code, Kind: pricing.KindFixed, Amounts: []money.Amount{money.New(500, "USD")},
		Scope: pricing.ScopeOrder, UsageLimit: one}
	tenth := pricing.PromotionFields{Title: "A tenth", Kind: pricing.KindPercent, Percent: 100_000, Scope: pricing.ScopeOrder}
	if w.chance(60) {
		tenth.PerCustomerLimit, auto.each = one, *one
	}
	for _, of := range []struct {
		known  promoted
		fields pricing.PromotionFields
	}{{code, first}, {auto, tenth}} {
		made, err := p.shop.Pricing.CreatePromotion(ctx, of.fields)
		if err != nil {
			return fmt.Errorf("promotion %q: %w", of.fields.Title, err)
		}
		of.known.id = made.ID
		w.promos = append(w.promos, of.known)
	}
	return nil
}

// coupon puts the code in a cart that is being made.
func (w *world) coupon(ctx context.Context, p *process, cartID string) error {
	if !w.chance(50) {
		return nil
	}
	_, err := p.flows.Storefront.AddDiscountCode(ctx, storefront.AddDiscountCodeInput{ID: cartID, Code: w.promos[0].code})
	if errors.Is(err, pricing.ErrCodeRejected) {
		return nil // the goods cost nothing
	}
	return err
}

// clip adds the code to a cart that may be under way already.
func (w *world) clip(b *basket) {
	key := w.newID("key")
	w.heard("add code", w.serve("code for "+b.id, func(p *process) error {
		_, err := command(b.as(key), p, storefront.OpAddDiscountCode, p.flows.Storefront.AddDiscountCode, storefront.AddDiscountCodeInput{ID: b.id, Code: w.promos[0].code})
		return err
	}))
}
