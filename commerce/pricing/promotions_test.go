package pricing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// ten is a promotion by 10 %, with a code unless that is "".
func ten(code string) pricing.PromotionFields {
	f := pricing.PromotionFields{Title: "Ten", Kind: pricing.KindPercent, Percent: percent("10"), Scope: pricing.ScopeOrder}
	if code != "" {
		f.Code = &code
	}
	return f
}

func (s shop) promote(f pricing.PromotionFields) pricing.Promotion {
	s.Helper()
	p, err := s.CreatePromotion(s.Context(), f)
	if err != nil {
		s.Fatal(err)
	}
	return p
}

func (s shop) promotion(id string) pricing.Promotion {
	s.Helper()
	p, err := s.Promotion(s.Context(), pricing.IDInput{ID: id})
	if err != nil {
		s.Fatal(err)
	}
	return p
}

// withCodes is a basket of one thing with codes.
func withCodes(codes ...string) pricing.QuoteInput {
	in := basketOf(item("a", 1))
	in.Codes, in.Buyer = codes, "cus_ann"
	return in
}

func redeeming(key string, in pricing.QuoteInput, q pricing.Quote) pricing.RedeemInput {
	return pricing.RedeemInput{Key: key, Basket: in, Total: q.Totals.Total, Generation: q.Generation, Promotions: q.Claims()}
}

func TestPromotionsOfStaff(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	gen := func() int64 {
		g, err := s.Generation(ctx, op.Nothing{})
		must(t)(g, err)
		return g.N
	}
	before := gen()
	p := s.promote(ten(" save１０"))
	if *p.Code != "SAVE10" || !p.Active || p.Version != 1 || p.Amounts == nil || p.Markets == nil || gen() != before+1 {
		t.Errorf("made %+v, generation %d after %d", p, gen(), before)
	}
	must(t)(s.UpdatePromotion(ctx, pricing.UpdatePromotionInput{ID: p.ID, Title: op.Some("Ten")})) // nothing new
	s.events(`pricing.promotion_changed ` + p.ID + ` {"promotion":"` + p.ID + `"}`)
	p, err := s.UpdatePromotion(ctx, pricing.UpdatePromotionInput{ID: p.ID, Version: 1, UsageLimit: op.Some(int64(2)), EndsAt: op.Some(noon), Active: op.Some(false)})
	if err != nil || p.Version != 2 || *p.UsageLimit != 2 || !p.EndsAt.Equal(noon) || p.Active || p.Title != "Ten" || gen() != before+2 {
		t.Errorf("changed %+v, %v", p, err)
	}
	p, err = s.UpdatePromotion(ctx, pricing.UpdatePromotionInput{ID: p.ID, UsageLimit: op.Maybe[int64]{Set: true, Null: true}, Code: op.Maybe[string]{Set: true, Null: true}})
	if err != nil || p.UsageLimit != nil || p.Code != nil || p.Version != 3 {
		t.Errorf("with nulls %+v, %v", p, err)
	}
	_, err = s.UpdatePromotion(ctx, pricing.UpdatePromotionInput{ID: p.ID, Version: 2, Title: op.Some("Late")})
	if f := fault.Public(err); !errors.Is(err, pricing.ErrPromotionStale) || string(f.Meta) != `{"version":3}` {
		t.Errorf("an old version: %v %s", err, f.Meta)
	}
	s.store.took()
	must(t)(s.DeletePromotion(ctx, pricing.IDInput{ID: p.ID}))
	s.events(`pricing.promotion_changed ` + p.ID + ` {"promotion":"` + p.ID + `","deleted":true}`)
	if _, err := s.Promotion(ctx, pricing.IDInput{ID: p.ID}); !errors.Is(err, pricing.ErrPromotionNotFound) {
		t.Errorf("a deleted one: %v", err)
	}
}

func TestInvalidPromotions(t *testing.T) {
	s := newShop(t)
	fixed := func(amounts ...money.Amount) pricing.PromotionFields {
		return pricing.PromotionFields{Title: "x", Kind: pricing.KindFixed, Amounts: amounts, Scope: pricing.ScopeOrder}
	}
	change := func(f pricing.PromotionFields, by func(*pricing.PromotionFields)) pricing.PromotionFields {
		by(&f)
		return f
	}
	euro := money.New(1, "EUR")
	for name, tt := range map[string]struct {
		f     pricing.PromotionFields
		param string
	}{
		"no title":            {change(ten(""), func(f *pricing.PromotionFields) { f.Title = "" }), "/title"},
		"code not ASCII":      {ten("SAVÉ"), "/code"},
		"code too long":       {ten(strings.Repeat("x", 65)), "/code"},
		"unknown kind":        {change(ten(""), func(f *pricing.PromotionFields) { f.Kind = "bogo" }), "/kind"},
		"101 %":               {change(ten(""), func(f *pricing.PromotionFields) { f.Percent = 1_010_000 }), "/percent"},
		"0 %":                 {change(ten(""), func(f *pricing.PromotionFields) { f.Percent = 0 }), "/percent"},
		"−1 %":                {change(ten(""), func(f *pricing.PromotionFields) { f.Percent = -10_000 }), "/percent"},
		"percent of fixed":    {change(fixed(euro), func(f *pricing.PromotionFields) { f.Percent = 1 }), "/percent"},
		"no amount":           {fixed(), "/amounts"},
		"amount of percent":   {change(ten(""), func(f *pricing.PromotionFields) { f.Amounts = []money.Amount{euro} }), "/amounts"},
		"nothing":             {fixed(money.Zero("EUR")), "/amounts/0/amount"},
		"negative":            {fixed(money.New(-1, "EUR")), "/amounts/0/amount"},
		"beyond bound":        {fixed(money.New(100_000_000_000, "EUR")), "/amounts/0/amount"},
		"currency twice":      {fixed(euro, euro), "/amounts/1/currency"},
		"unknown currency":    {fixed(money.New(1, "XXX")), "/amounts/0/currency"},
		"minimum":             {change(ten(""), func(f *pricing.PromotionFields) { f.MinSubtotal = []money.Amount{money.Zero("EUR")} }), "/min_subtotal/0/amount"},
		"items of none":       {change(ten(""), func(f *pricing.PromotionFields) { f.Scope = pricing.ScopeItems }), "/variant_ids"},
		"order of items":      {change(ten(""), func(f *pricing.PromotionFields) { f.ProductIDs = []string{"p"} }), "/variant_ids"},
		"shipping of items":   {change(pricing.PromotionFields{Title: "x", Kind: pricing.KindFreeShipping, Scope: pricing.ScopeItems, VariantIDs: []string{"v"}}, func(*pricing.PromotionFields) {}), "/scope"},
		"ends as it begins":   {change(ten(""), func(f *pricing.PromotionFields) { f.StartsAt, f.EndsAt = &noon, &noon }), "/ends_at"},
		"no use":              {change(ten(""), func(f *pricing.PromotionFields) { f.UsageLimit = new(int64(0)) }), "/usage_limit"},
		"no use of a buyer":   {change(ten(""), func(f *pricing.PromotionFields) { f.PerCustomerLimit = new(int64(0)) }), "/per_customer_limit"},
		"priority beyond all": {change(ten(""), func(f *pricing.PromotionFields) { f.Priority = 1001 }), "/priority"},
	} {
		_, err := s.CreatePromotion(t.Context(), tt.f)
		f, _ := errors.AsType[*fault.Error](err)
		if f == nil || f.Kind != fault.Invalid || len(f.Errors) == 0 || f.Errors[0].Param != tt.param {
			t.Errorf("%s: %+v, want an invalid %s", name, err, tt.param)
		}
	}
	p := s.promote(ten(""))
	if _, err := s.UpdatePromotion(t.Context(), pricing.UpdatePromotionInput{ID: p.ID, Percent: op.Some(percent("0"))}); paramOf(err) != "/percent" {
		t.Errorf("a change to 0 %%: %v", err)
	}
	if _, err := s.Quote(t.Context(), withCodes("GOOD", "BÄD")); paramOf(err) != "/codes/1" {
		t.Errorf("a quote with a code that none can have: %v", err)
	}
	s.events(`pricing.promotion_changed ` + p.ID + ` {"promotion":"` + p.ID + `"}`)
}

// Without codes and limits a quote reads nothing more than before there were
// promotions; a code counts once, however often and however it is written (V04).
func TestQuoteWithCodes(t *testing.T) {
	s := newShop(t)
	s.put(set("a", 1190))
	s.promote(ten("SAVE10"))
	auto := s.promote(pricing.PromotionFields{Title: "Auto", Kind: pricing.KindFixed, Amounts: []money.Amount{money.New(100, "EUR")}, Scope: pricing.ScopeOrder})
	s.quote(withCodes())
	s.store.took()
	q := s.quote(withCodes())
	if _, reads := s.store.took(); shown(q) != "Auto 100 ci_a100" || reads["offers"] != 0 || reads["settings"] != 0 {
		t.Errorf("%s, reads %v", shown(q), reads)
	}
	q = s.quote(withCodes("SAVE10", "save10 ", "ＳＡＶＥ10", "SAVE10", "GONE"))
	if got := shown(q); got != "Ten 119 ci_a119, Auto 100 ci_a100, GONE unknown" || len(q.Codes) != 2 {
		t.Errorf("%s, %+v", got, q.Codes)
	}
	must(t)(s.UpdatePromotion(t.Context(), pricing.UpdatePromotionInput{ID: auto.ID, UsageLimit: op.Some(int64(1)), EndsAt: op.Some(noon)}))
	in := withCodes()
	in.At = noon.Add(-1)
	if got := shown(s.quote(in)); got != "Auto 100 ci_a100" {
		t.Errorf("just before it ends: %s", got)
	}
	in.At = noon
	if got := shown(s.quote(in)); got != "" {
		t.Errorf("when it ends: %s", got)
	}
}

func TestTryCode(t *testing.T) {
	s := newShop(t)
	s.put(set("a", 1190))
	s.promote(ten("SAVE10"))
	f := ten("RICH")
	f.MinSubtotal = []money.Amount{money.New(1191, "EUR")}
	s.promote(f)
	try := func(ctx context.Context, code, cart string) (pricing.JudgedCode, error) {
		return s.TryCode(ctx, pricing.TryCodeInput{Code: code, Basket: withCodes(), For: cart})
	}
	if j, err := try(t.Context(), "save10", "cart_1"); err != nil || j != (pricing.JudgedCode{Code: "SAVE10", Applied: true}) {
		t.Errorf("%+v, %v", j, err)
	}
	_, err := try(t.Context(), "rich", "cart_1")
	if e := fault.Public(err); !errors.Is(err, pricing.ErrCodeRejected) || e.Param != "/code" || string(e.Meta) != `{"code":"RICH","reason":"minimum_not_reached"}` {
		t.Errorf("rejected: %v %s", err, e.Meta)
	}
	if _, err := try(t.Context(), "ÉTÉ", "cart_1"); fault.KindOf(err) != fault.Invalid || paramOf(err) != "/code" {
		t.Errorf("not ASCII: %v", err)
	}
	for i := range pricing.CodeTriesPerMinute - 2 {
		if _, err := try(t.Context(), fmt.Sprint("GUESS", i), "cart_1"); !errors.Is(err, pricing.ErrCodeRejected) {
			t.Errorf("guess %d: %v", i, err)
		}
	}
	if _, err := try(t.Context(), "SAVE10", "cart_1"); !errors.Is(err, pricing.ErrTooManyAttempts) || fault.Wait(err) != time.Minute {
		t.Errorf("too many for one cart: %v, %v", err, fault.Wait(err))
	}
	client := ident.WithClient(t.Context(), "192.0.2.1")
	for i := range pricing.CodeTriesPerMinute + 1 {
		_, err = try(client, "GUESS", fmt.Sprint("cart_", 10+i))
	}
	if !errors.Is(err, pricing.ErrTooManyAttempts) {
		t.Errorf("too many from one client: %v", err)
	}
	unlimited := pricing.New(s.store, &pricing.Options{Unlimited: true})
	if _, err := unlimited.TryCode(t.Context(), pricing.TryCodeInput{Code: "SAVE10", Basket: withCodes(), For: "cart_1"}); err != nil {
		t.Errorf("without limits: %v", err)
	}
}

func TestRedeemPromotions(t *testing.T) {
	s := newShop(t)
	s.put(set("a", 1190))
	f := ten("SAVE10")
	f.UsageLimit = new(int64(1))
	p := s.promote(f)
	in := withCodes("SAVE10")
	q := s.quote(in)
	s.store.took()
	first := redeeming("run_1", in, q)
	for range 3 {
		must(t)(s.Redeem(t.Context(), first))
	}
	if used := s.promotion(p.ID).Used; used != 1 {
		t.Errorf("used %d times by one run", used)
	}
	changed := func(err error, want int64) {
		t.Helper()
		if e := fault.Public(err); !errors.Is(err, pricing.ErrTotalChanged) || !strings.Contains(string(e.Meta), fmt.Sprintf(`"actual":{"amount":%d,`, want)) {
			t.Errorf("%v %s, want it to cost %d", err, e.Meta, want)
		}
	}
	changed(second(s.Redeem(t.Context(), redeeming("run_2", in, q))), 1190)
	// Undone, and late.
	for range 3 {
		must(t)(s.Restore(t.Context(), pricing.RestoreInput{Key: "run_1"}))
	}
	if _, err := s.Redeem(t.Context(), first); !errors.Is(err, once.ErrUndone) || s.promotion(p.ID).Used != 0 {
		t.Errorf("a late one: %v, used %d", err, s.promotion(p.ID).Used)
	}
	must(t)(s.Restore(t.Context(), pricing.RestoreInput{Key: "run_9"}))
	if _, err := s.Redeem(t.Context(), redeeming("run_9", in, q)); !errors.Is(err, once.ErrUndone) || s.promotion(p.ID).Used != 0 {
		t.Errorf("one that was called off before: %v", err)
	}
	must(t)(s.Redeem(t.Context(), redeeming("run_3", in, q)))
	// Deleted while an order has it: its use still comes back.
	must(t)(s.DeletePromotion(t.Context(), pricing.IDInput{ID: p.ID}))
	if p := s.promotion(p.ID); p.ArchivedAt == nil || p.Used != 1 {
		t.Errorf("archived %+v", p)
	}
	changed(second(s.Redeem(t.Context(), redeeming("run_4", in, q))), 1190)
	if got := shown(s.quote(in)); got != "SAVE10 unknown" {
		t.Errorf("after it was deleted: %s", got)
	}
	must(t)(s.Restore(t.Context(), pricing.RestoreInput{Key: "run_3"}))
	if p := s.promotion(p.ID); p.Used != 0 {
		t.Errorf("used %d", p.Used)
	}
	_, err := s.UpdatePromotion(t.Context(), pricing.UpdatePromotionInput{ID: p.ID, Title: op.Some("x")})
	if !errors.Is(err, pricing.ErrPromotionNotFound) {
		t.Errorf("change of a deleted one: %v", err)
	}
}

// Another promotion takes as much off: the order would have the one that was not
// agreed to.
func TestRedeemAnotherPromotion(t *testing.T) {
	s := newShop(t)
	s.put(set("a", 1000))
	p := s.promote(ten("A"))
	in := withCodes("A")
	q := s.quote(in)
	other := ten("")
	other.Exclusive, other.Priority = true, 1
	s.promote(other)
	_, err := s.Redeem(t.Context(), redeeming("run_1", in, q))
	if !errors.Is(err, pricing.ErrTotalChanged) || s.promotion(p.ID).Used != 0 {
		t.Errorf("%v, used %d", err, s.promotion(p.ID).Used)
	}
	q = s.quote(in)
	must(t)(s.Redeem(t.Context(), redeeming("run_2", in, q)))
}

// Of two promotions one is used up: nothing is claimed, and the other still counts
// in the total that is told.
func TestRedeemAllOrNothing(t *testing.T) {
	s := newShop(t)
	s.put(set("a", 1000))
	one := new(int64(1))
	a, b := ten("A"), ten("B")
	a.UsageLimit, b.PerCustomerLimit = one, one
	pa, pb := s.promote(a), s.promote(b)
	in := withCodes("A", "B")
	q := s.quote(in)
	other := withCodes("B")
	must(t)(s.Redeem(t.Context(), redeeming("run_0", other, s.quote(other))))
	_, err := s.Redeem(t.Context(), redeeming("run_1", in, q))
	if e := fault.Public(err); !errors.Is(err, pricing.ErrTotalChanged) || !strings.Contains(string(e.Meta), `"actual":{"amount":900,`) {
		t.Errorf("%v %s, want it to cost 9.00", err, e.Meta)
	}
	if s.promotion(pa.ID).Used != 0 || s.promotion(pb.ID).Used != 1 {
		t.Errorf("used %d and %d", s.promotion(pa.ID).Used, s.promotion(pb.ID).Used)
	}
	in.Buyer = "bob@example.com"
	must(t)(s.Redeem(t.Context(), redeeming("run_2", in, q)))
	claims := q.Claims()
	if !slices.IsSortedFunc(claims, func(a, b pricing.Claim) int { return strings.Compare(a.PromotionID, b.PromotionID) }) || len(claims) != 2 {
		t.Errorf("claims %+v", claims)
	}
}
