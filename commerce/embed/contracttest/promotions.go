package contracttest

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// tenth is a promotion by 10 % with a code that no other has.
func (w *world) tenth() pricing.PromotionFields {
	return pricing.PromotionFields{Title: "Contract", Code: new(w.name()), Kind: pricing.KindPercent, Percent: got(money.ParseRate("10"))(w), Scope: pricing.ScopeOrder}
}

// promoted makes one.
func (w *world) promoted(change func(*pricing.PromotionFields)) pricing.Promotion {
	w.Helper()
	f := w.tenth()
	if change != nil {
		change(&f)
	}
	return got(w.Pricing.CreatePromotion(w.Context(), f))(w)
}

// enters puts a code in a cart as its guest.
func (w *world) enters(ctx context.Context, id, code string, version int64) error {
	_, err := w.Storefront.AddDiscountCode(ctx, storefront.AddDiscountCodeInput{ID: id, Code: code, Version: version})
	return err
}

// entered is c with a code.
func (w *world) entered(c storefront.Cart, code string) storefront.Cart {
	w.Helper()
	seen := got(w.Storefront.AddDiscountCode(w.with(c), storefront.AddDiscountCodeInput{ID: c.ID, Code: code}))(w)
	seen.Token = c.Token
	return seen
}

// crowded makes a guest's cart with as many codes as it takes.
func (w *world) crowded() (context.Context, storefront.Cart) {
	w.Helper()
	ctx, c := w.bag()
	for i := range cart.MaxCodes {
		w.ok(w.Carts.AddDiscountCode(w.inside(), cart.DiscountCodeInput{ID: c.ID, Code: fmt.Sprint("CODE", i)}))
	}
	return ctx, c
}

// buying is a basket of one thing for 10.00.
func (w *world) buying(p pricing.Promotion) pricing.QuoteInput {
	in := quoting(pricing.DefaultMarket, w.goods(1000))
	in.Codes, in.Buyer = []string{*p.Code}, w.name()
	return in
}

// redeeming is what an order of a basket redeems.
func (w *world) redeeming(in pricing.QuoteInput) pricing.RedeemInput {
	w.Helper()
	q := got(w.Pricing.Quote(w.inside(), in))(w)
	return pricing.RedeemInput{Key: w.name(), Basket: in, Total: q.Totals.Total, Generation: q.Generation, Promotions: q.Claims()}
}

// uses wants a promotion to be used so often.
func (w *world) uses(p pricing.Promotion, want int64) {
	w.Helper()
	if now := got(w.Pricing.Promotion(w.Context(), pricing.IDInput{ID: p.ID}))(w); now.Used != want {
		w.Errorf("used %d times, want %d", now.Used, want)
	}
}

var promotionCases = []trial{
	{"pricing.create_promotion and pricing.promotion", func(w *world) {
		p := w.promoted(nil)
		if same := got(w.Pricing.Promotion(w.Context(), pricing.IDInput{ID: p.ID}))(w); same.Title != p.Title || *same.Code != *p.Code || !same.Active {
			w.Errorf("read %+v, want %+v", same, p)
		}
		w.fails(pricing.ErrPromotionNotFound)(w.Pricing.Promotion(w.Context(), pricing.IDInput{ID: nobody}))
		f := w.tenth()
		f.Code = new(" " + *p.Code)
		w.fails(pricing.ErrCodeTaken)(w.Pricing.CreatePromotion(w.Context(), f))
		f = w.tenth()
		f.Markets = []string{nobody}
		w.fails(pricing.ErrMarketNotFound)(w.Pricing.CreatePromotion(w.Context(), f))
	}},
	{"pricing.promotions", func(w *world) {
		p, found := w.promoted(nil), false
		for one, err := range page.All(w.Context(), func(ctx context.Context, cursor string) (page.Page[pricing.Promotion], error) {
			return w.Pricing.Promotions(ctx, pricing.PromotionsInput{Query: page.Query{Limit: 100, Cursor: cursor}})
		}) {
			w.ok(one, err)
			found = found || one.ID == p.ID
		}
		if !found {
			w.Errorf("%s is not in the list", p.ID)
		}
	}},
	{"pricing.update_promotion", func(w *world) {
		p, other := w.promoted(nil), w.promoted(nil)
		update := func(in pricing.UpdatePromotionInput) (pricing.Promotion, error) {
			return w.Pricing.UpdatePromotion(w.Context(), in)
		}
		changed := got(update(pricing.UpdatePromotionInput{ID: p.ID, Version: p.Version, Title: op.Some("Other")}))(w)
		if changed.Title != "Other" || changed.Percent != p.Percent || changed.Version != p.Version+1 {
			w.Errorf("changed %+v", changed)
		}
		w.fails(pricing.ErrPromotionStale)(update(pricing.UpdatePromotionInput{ID: p.ID, Version: p.Version, Title: op.Some("Late")}))
		w.fails(pricing.ErrCodeTaken)(update(pricing.UpdatePromotionInput{ID: p.ID, Code: op.Some(*other.Code)}))
		w.fails(pricing.ErrMarketNotFound)(update(pricing.UpdatePromotionInput{ID: p.ID, Markets: op.Some([]string{nobody})}))
		w.fails(pricing.ErrPromotionNotFound)(update(pricing.UpdatePromotionInput{ID: nobody}))
		for range 2 {
			w.ok(w.Pricing.Redeem(w.inside(), w.redeeming(w.buying(p))))
		}
		w.fails(pricing.ErrLimitBelowUses)(update(pricing.UpdatePromotionInput{ID: p.ID, UsageLimit: op.Some(int64(1))}))
		w.ok(update(pricing.UpdatePromotionInput{ID: p.ID, UsageLimit: op.Some(int64(2))}))
	}},
	{"pricing.delete_promotion", func(w *world) {
		p, kept := w.promoted(nil), w.promoted(nil)
		w.ok(w.Pricing.DeletePromotion(w.Context(), pricing.IDInput{ID: p.ID}))
		w.fails(pricing.ErrPromotionNotFound)(w.Pricing.DeletePromotion(w.Context(), pricing.IDInput{ID: p.ID}))
		w.fails(pricing.ErrPromotionNotFound)(w.Pricing.Promotion(w.Context(), pricing.IDInput{ID: p.ID}))
		w.ok(w.Pricing.Redeem(w.inside(), w.redeeming(w.buying(kept))))
		w.ok(w.Pricing.DeletePromotion(w.Context(), pricing.IDInput{ID: kept.ID}))
		if gone := got(w.Pricing.Promotion(w.Context(), pricing.IDInput{ID: kept.ID}))(w); gone.ArchivedAt == nil || gone.Used != 1 {
			w.Errorf("an order has it: %+v", gone)
		}
		w.promoted(func(f *pricing.PromotionFields) { f.Code = kept.Code }) // its code is free
	}},
	{"pricing.quote, pricing.redeem and pricing.restore with a promotion", func(w *world) {
		p := w.promoted(func(f *pricing.PromotionFields) { f.UsageLimit, f.PerCustomerLimit = new(int64(2)), new(int64(1)) })
		mine := w.buying(p)
		first, again, other := w.redeeming(mine), w.redeeming(mine), w.redeeming(w.buying(p))
		third := w.redeeming(w.buying(p))
		if first.Total != usd(900) || len(first.Promotions) != 1 {
			w.Errorf("10 %% off 10.00 costs %v", first.Total)
		}
		for range 2 {
			w.ok(w.Pricing.Redeem(w.inside(), first))
		}
		w.fails(pricing.ErrTotalChanged)(w.Pricing.Redeem(w.inside(), again)) // the same buyer
		w.ok(w.Pricing.Redeem(w.inside(), other))
		w.fails(pricing.ErrTotalChanged)(w.Pricing.Redeem(w.inside(), third)) // used up
		w.uses(p, 2)
		for range 2 {
			w.ok(w.Pricing.Restore(w.inside(), pricing.RestoreInput{Key: first.Key}))
		}
		w.uses(p, 1)
		third.Key = w.name()
		w.ok(w.Pricing.Redeem(w.inside(), third))
		w.uses(p, 2)
	}},
	{"pricing.try_code", func(w *world) {
		p := w.promoted(nil)
		in := pricing.TryCodeInput{Code: *p.Code, Basket: w.buying(p), For: "cart_" + w.name()}
		in.Basket.Codes = nil
		if j := got(w.Pricing.TryCode(w.inside(), in))(w); j.Code != *p.Code || !j.Applied {
			w.Errorf("judged %+v", j)
		}
		lost := in
		lost.Basket.Market = nobody
		w.fails(pricing.ErrMarketNotFound)(w.Pricing.TryCode(w.inside(), lost))
		in.Code = "WRONG"
		for range pricing.CodeTriesPerMinute - 2 {
			w.fails(pricing.ErrCodeRejected)(w.Pricing.TryCode(w.inside(), in))
		}
		w.fails(pricing.ErrTooManyAttempts)(w.Pricing.TryCode(w.inside(), in))
	}},
	{"cart.add_discount_code and cart.remove_discount_code", func(w *world) {
		add := func(id, code string, version int64) error {
			_, err := w.Carts.AddDiscountCode(w.inside(), cart.DiscountCodeInput{ID: id, Code: code, Version: version})
			return err
		}
		remove := func(id, code string, version int64) error {
			_, err := w.Carts.RemoveDiscountCode(w.inside(), cart.DiscountCodeInput{ID: id, Code: code, Version: version})
			return err
		}
		w.edit(func(id, _ string, version int64) error { return add(id, "CODE", version) })
		_, full := w.crowded()
		w.ok(nil, add(full.ID, "CODE0", 0)) // again
		w.fails(cart.ErrDiscountCodesFull)(nil, add(full.ID, "OTHER", 0))
		w.fails(cart.ErrNotFound)(nil, remove(nobody, "CODE0", 0))
		w.fails(cart.ErrClosed)(nil, remove(w.closed().ID, "CODE0", 0))
		w.fails(cart.ErrStale)(nil, remove(full.ID, "CODE0", full.Version+99))
		w.ok(nil, remove(full.ID, "CODE0", 0))
		w.fails(cart.ErrDiscountCodeNotFound)(nil, remove(full.ID, "CODE0", 0))
	}},
	{"storefront.add_discount_code", func(w *world) {
		good := w.promoted(nil)
		w.shops(func(ctx context.Context, id, _ string, version int64) error {
			return w.enters(ctx, id, *good.Code, version)
		})
		ctx, full := w.crowded()
		w.fails(cart.ErrDiscountCodesFull)(nil, w.enters(ctx, full.ID, *good.Code, 0))
		ctx, c := w.bag()
		seen := w.entered(c, " "+*good.Code)
		if d := seen.Discounts; len(d) != 1 || d[0].Amount != usd(100) || len(d[0].Allocations) != 1 || seen.Items[0].Discount != usd(100) || seen.Totals.Total != usd(900) || !seen.DiscountCodes[0].Applied {
			w.Errorf("10 %% off 10.00: %+v, total %v", d, seen.Totals.Total)
		}
		for range pricing.CodeTriesPerMinute - 1 {
			w.fails(pricing.ErrCodeRejected)(nil, w.enters(ctx, c.ID, "WRONG", 0))
		}
		w.fails(pricing.ErrTooManyAttempts)(nil, w.enters(ctx, c.ID, *good.Code, 0))
	}},
	{"storefront.remove_discount_code", func(w *world) {
		ctx, c := w.crowded()
		remove := func(ctx context.Context, id, code string, version int64) error {
			_, err := w.Storefront.RemoveDiscountCode(ctx, cart.DiscountCodeInput{ID: id, Code: code, Version: version})
			return err
		}
		w.fails(cart.ErrNotFound)(nil, remove(w.stranger(), c.ID, "CODE0", 0))
		w.fails(cart.ErrStale)(nil, remove(ctx, c.ID, "CODE0", c.Version+99))
		w.ok(nil, remove(ctx, c.ID, " code0", 0))
		w.fails(cart.ErrDiscountCodeNotFound)(nil, remove(ctx, c.ID, "CODE0", 0))
		ctx, gone := w.thrown()
		w.fails(cart.ErrClosed)(nil, remove(ctx, gone.ID, "CODE0", 0))
	}},
	{"checkout.complete with a promotion", func(w *world) {
		p := w.promoted(func(f *pricing.PromotionFields) { f.UsageLimit = new(int64(1)) })
		_, a := w.bag()
		_, b := w.bag()
		a, b = w.entered(a, *p.Code), w.entered(b, *p.Code)
		placed := got(w.Checkout.Complete(w.with(a), completing(a, fakepay.Card, "")))(w)
		if d := placed.Discounts; placed.Totals.Total != usd(900) || len(d) != 1 || d[0].PromotionID != p.ID || d[0].Amount != usd(100) || d[0].Allocations[0].ItemID != placed.Items[0].ID {
			w.Errorf("ordered for %v with %+v", placed.Totals.Total, d)
		}
		w.fails(checkout.ErrTotalChanged)(w.Checkout.Complete(w.with(b), completing(b, fakepay.Card, "")))
		w.uses(p, 1)
		w.ok(w.Checkout.Cancel(shoptest.Staff(w.Context(), "orders:write"), checkout.CancelInput{ID: placed.ID, Refund: true}))
		w.uses(p, 0)
		w.ok(w.Checkout.Complete(w.with(b), completing(b, fakepay.Card, "")))
		w.uses(p, 1)
	}},
}
