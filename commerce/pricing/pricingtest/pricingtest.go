// Package pricingtest says what a pricing.Store must do. The name of a case is
// the name of what a store lacks when the case fails.
package pricingtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Guards are the names of all cases.
var Guards = []string{"RoundTrip", "NotFound", "MarketMadeOnce", "PricesFit", "ReplaceRemoves", "ReplaceOverwrites", "FirstPricesOnce",
	"GenerationCounts", "RollbackForgets", "OneReadingOfPrices", "OneReadingOfSettings", "DeletedIsGone",
	"PromotionRoundTrip", "PromotionNotFound", "CodeOnce", "PromotionVersion", "OffersFit", "AutomaticInSettings", "UsageLimit", "BuyerLimit", "ReturnedOnce",
	"StaffKeepUses", "ArchivedCountsNoMore", "PromotionRollback", "AttemptsCount"}

var cases = map[string]func(*testing.T, pricing.Store){
	"RoundTrip":            roundTrip,         // hostile text, currencies without decimals, null lists
	"NotFound":             notFound,          // each with the engine's own error
	"MarketMadeOnce":       marketMadeOnce,    // 8 goroutines, 1 market
	"PricesFit":            pricesFit,         // only what was asked for, in order
	"ReplaceRemoves":       replaceRemoves,    // gone goes, and nothing else
	"ReplaceOverwrites":    replaceOverwrites, // also with null
	"FirstPricesOnce":      firstPricesOnce,   // 8 goroutines, one of them finds none
	"GenerationCounts":     generationCounts,  // 8 goroutines, no bump is lost
	"RollbackForgets":      rollbackForgets,   // prices, settings and generation go with their unit
	"OneReadingOfPrices":   oneReadingOfPrices,
	"OneReadingOfSettings": oneReadingOfSettings,
	"DeletedIsGone":        deletedIsGone, // and gone only once

	"PromotionRoundTrip":   promotionRoundTrip,
	"PromotionNotFound":    promotionNotFound,
	"CodeOnce":             codeOnce, // 8 goroutines, 1 code
	"PromotionVersion":     promotionVersion,
	"OffersFit":            offersFit, // only what was asked for, with the uses of the buyer
	"AutomaticInSettings":  automaticInSettings,
	"UsageLimit":           usageLimit,           // 16 goroutines, 3 uses
	"BuyerLimit":           buyerLimit,           // 16 goroutines, 2 uses of each buyer
	"ReturnedOnce":         returnedOnce,         // and free for somebody else
	"StaffKeepUses":        staffKeepUses,        // what staff write does not change what is used
	"ArchivedCountsNoMore": archivedCountsNoMore, // its code is free, its uses go back
	"PromotionRollback":    promotionRollback,    // a claim goes with its unit
	"AttemptsCount":        attemptsCount,
}

// Run runs the suite against the stores that open returns, each of them empty.
func Run(t *testing.T, open func(t *testing.T) pricing.Store) {
	for _, name := range Guards {
		t.Run(name, func(t *testing.T) { cases[name](t, open(t)) })
	}
}

const hostile = `'; DROP TABLE mercer_price; -- \ "é" 漢 🛒 ? {market} %s`

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func price(variant, currency, market string, min, amount int64, compareAt ...int64) pricing.Price {
	p := pricing.Price{VariantID: variant, Market: market, MinQuantity: min, Amount: money.New(amount, money.Currency(currency))}
	for _, c := range compareAt {
		p.CompareAt = new(money.New(c, p.Amount.Currency))
	}
	return p
}

func market(id string) pricing.Market {
	return pricing.Market{ID: id, Name: hostile, Currency: "JPY", Country: "JP", Countries: []string{"JP", "KR"}, Locales: []string{"ja"}, TaxIncluded: true, TimeZone: "Asia/Tokyo"}
}

func method(id string) pricing.ShippingMethod {
	return pricing.ShippingMethod{ID: id, Name: hostile, Markets: []string{"jp"}, Countries: []string{}, By: pricing.ByWeight,
		Bands:       []pricing.Band{{Prices: []money.Amount{money.New(500, "JPY"), money.New(99_999_999_999, "KWD")}}, {From: 1_000_000_000_000, Prices: []money.Amount{}}},
		TaxCategory: pricing.Goods, MinDays: 1, MaxDays: 3, Position: 7}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %+v, want %+v", what, got, want)
	}
}

func roundTrip(t *testing.T, s pricing.Store) {
	ctx := t.Context()
	rate := pricing.TaxRate{ID: "tax_1", Name: hostile, Country: "US", Region: hostile, Category: hostile, Rate: 88_750}
	plain := pricing.Market{ID: "a", Name: "A", Currency: "EUR", Country: "DE", Countries: []string{}, Locales: []string{}, TimeZone: "UTC"}
	must(t, s.CreateMarket(ctx, market("jp")))
	must(t, s.CreateMarket(ctx, market("a")))
	must(t, s.SaveMarket(ctx, plain))
	must(t, s.SaveTaxRate(ctx, pricing.TaxRate{ID: "tax_1"}))
	must(t, s.SaveTaxRate(ctx, rate))
	must(t, s.SaveShippingMethod(ctx, method("so_2")))
	must(t, s.SaveShippingMethod(ctx, method("so_1")))
	gen, err := s.Generation(ctx)
	must(t, err)
	all, err := s.Settings(ctx)
	must(t, err)
	if len(all.Promotions) > 0 {
		t.Errorf("promotions %+v, want none", all.Promotions)
	}
	all.Promotions = nil
	same(t, "settings", all, pricing.Settings{Generation: gen, Markets: []pricing.Market{plain, market("jp")}, TaxRates: []pricing.TaxRate{rate},
		ShippingMethods: []pricing.ShippingMethod{method("so_1"), method("so_2")}})
	m, err := s.Market(ctx, "jp")
	must(t, err)
	same(t, "market", m, market("jp"))
	r, err := s.TaxRate(ctx, "tax_1")
	must(t, err)
	same(t, "tax rate", r, rate)
	o, err := s.ShippingMethod(ctx, "so_1")
	must(t, err)
	same(t, "shipping method", o, method("so_1"))
	prices := []pricing.Price{price("var_1", "JPY", "", 1, 99_999_999_999, 0), price("var_1", "JPY", "jp", 9999, 0)}
	must(t, s.ReplacePrices(ctx, nil, prices))
	got, _, err := s.Prices(ctx, pricing.PriceFilter{VariantIDs: []string{"var_1"}})
	must(t, err)
	same(t, "prices", got, prices)
}

func notFound(t *testing.T, s pricing.Store) {
	ctx := t.Context()
	must(t, s.CreateMarket(ctx, market("jp")))
	for _, id := range []string{"nobody", "", hostile, "JP"} {
		_, err := s.Market(ctx, id)
		fails(t, "market "+id, err, pricing.ErrMarketNotFound)
		_, err = s.TaxRate(ctx, id)
		fails(t, "tax rate "+id, err, pricing.ErrTaxRateNotFound)
		fails(t, "delete tax rate "+id, s.DeleteTaxRate(ctx, id), pricing.ErrTaxRateNotFound)
		_, err = s.ShippingMethod(ctx, id)
		fails(t, "shipping method "+id, err, pricing.ErrShippingMethodNotFound)
		fails(t, "delete shipping method "+id, s.DeleteShippingMethod(ctx, id), pricing.ErrShippingMethodNotFound)
		prices, _, err := s.Prices(ctx, pricing.PriceFilter{VariantIDs: []string{id}, Currency: "EUR", Market: hostile})
		if err != nil || len(prices) != 0 {
			t.Errorf("prices of %s = %v, %v; want none", id, prices, err)
		}
	}
}

func fails(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func marketMadeOnce(t *testing.T, s pricing.Store) {
	var made atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			switch err := s.CreateMarket(t.Context(), market("jp")); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, pricing.ErrTaken):
				t.Errorf("create a market that is there: %v, want ErrTaken", err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("the same market was made %d times, want 1", made.Load())
	}
}

func pricesFit(t *testing.T, s pricing.Store) {
	ctx := t.Context()
	all := []pricing.Price{
		price("var_a", "EUR", "", 1, 1000), price("var_a", "EUR", "", 10, 900), price("var_a", "EUR", "", 100, 800),
		price("var_a", "EUR", "de", 1, 950), price("var_a", "EUR", "fr", 1, 970), price("var_a", "USD", "", 1, 1200),
		price("var_b", "EUR", "", 1, 5), price("var_c", "EUR", "", 1, 7),
	}
	must(t, s.ReplacePrices(ctx, nil, slices.Concat(all[4:], all[:4])))
	got, _, err := s.Prices(ctx, pricing.PriceFilter{VariantIDs: []string{"var_b", "var_a", "var_x"}, Currency: "EUR", Market: "de"})
	must(t, err)
	same(t, "prices of a and b in EUR in de", got, append(slices.Clone(all[:4]), all[6]))
	got, _, err = s.Prices(ctx, pricing.PriceFilter{VariantIDs: []string{"var_b", "var_a"}})
	must(t, err)
	same(t, "all prices of a and b", got, all[:7])
	got, err = s.LockPrices(ctx, []string{"var_c", "var_a"})
	must(t, err)
	same(t, "locked prices of a and c", got, append(slices.Clone(all[:6]), all[7]))
	for _, ids := range [][]string{nil, {}, {"var_x"}} {
		got, _, err = s.Prices(ctx, pricing.PriceFilter{VariantIDs: ids})
		must(t, err)
		locked, err := s.LockPrices(ctx, ids)
		must(t, err)
		if len(got)+len(locked) != 0 {
			t.Errorf("prices of %q = %v, %v; want none", ids, got, locked)
		}
	}
}

func replaceRemoves(t *testing.T, s pricing.Store) {
	ctx := t.Context()
	var all []pricing.Price
	for i := range 1200 {
		all = append(all, price(fmt.Sprintf("var_%03d", i/4), "EUR", []string{"", "de"}[i/2%2], int64(1+i%2), int64(i)))
	}
	must(t, s.ReplacePrices(ctx, nil, all))
	var keep, gone []pricing.Price
	for i, p := range all {
		if i%5 < 2 {
			keep = append(keep, p)
			continue
		}
		p.Amount.Minor++ // another amount does not make another key
		gone = append(gone, p)
	}
	must(t, s.ReplacePrices(ctx, append(gone, price("var_x", "EUR", "", 1, 1), price("var_001", "USD", "", 1, 1)), nil))
	must(t, s.ReplacePrices(ctx, nil, nil))
	var ids []string
	for _, p := range all {
		ids = append(ids, p.VariantID)
	}
	got, _, err := s.Prices(ctx, pricing.PriceFilter{VariantIDs: ids})
	must(t, err)
	if !reflect.DeepEqual(got, keep) {
		t.Errorf("%d prices are left, want %d, the same as before", len(got), len(keep))
	}
}

func replaceOverwrites(t *testing.T, s pricing.Store) {
	ctx := t.Context()
	must(t, s.ReplacePrices(ctx, nil, []pricing.Price{price("v", "EUR", "", 1, 10, 20), price("v", "EUR", "", 2, 9), price("v", "EUR", "", 3, 8)}))
	must(t, s.ReplacePrices(ctx, []pricing.Price{price("v", "EUR", "", 3, 8)}, []pricing.Price{price("v", "EUR", "", 2, 7, 30), price("v", "EUR", "", 1, 11)}))
	got, _, err := s.Prices(ctx, pricing.PriceFilter{VariantIDs: []string{"v"}})
	must(t, err)
	same(t, "prices", got, []pricing.Price{price("v", "EUR", "", 1, 11), price("v", "EUR", "", 2, 7, 30)})
}

// firstPricesOnce lets units that have all seen that a variant has no prices
// give it some, each others.
func firstPricesOnce(t *testing.T, s pricing.Store) {
	for round := range 5 {
		variant := fmt.Sprint("v", round)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
					have, err := s.LockPrices(ctx, []string{variant, "other"})
					if err != nil || len(have) > 0 {
						return err
					}
					return s.ReplacePrices(ctx, nil, []pricing.Price{price(variant, "EUR", "", int64(1+i), 100), price(variant, "EUR", "", int64(100+i), 90)})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, _, err := s.Prices(t.Context(), pricing.PriceFilter{VariantIDs: []string{variant}})
		must(t, err)
		if len(got) != 2 || got[1].MinQuantity != got[0].MinQuantity+99 {
			t.Fatalf("a variant has the prices %v; want those of one unit", got)
		}
	}
}

func generationCounts(t *testing.T, s pricing.Store) {
	before, err := s.Generation(t.Context())
	must(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if err := s.Bump(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	after, err := s.Generation(t.Context())
	must(t, err)
	if after != before+40 {
		t.Errorf("generation = %d after 40 bumps from %d", after, before)
	}
}

func rollbackForgets(t *testing.T, s pricing.Store) {
	ctx := t.Context()
	must(t, s.CreateMarket(ctx, market("jp")))
	must(t, s.SaveTaxRate(ctx, pricing.TaxRate{ID: "tax_1", Name: "old"}))
	must(t, s.SaveShippingMethod(ctx, method("so_1")))
	must(t, s.ReplacePrices(ctx, nil, []pricing.Price{price("v", "EUR", "", 1, 10)}))
	must(t, s.Bump(ctx))
	before := everything(t, s)
	boom := errors.New("boom")
	err := s.Scope().Do(ctx, func(ctx context.Context) error {
		return errors.Join(s.CreateMarket(ctx, market("xx")), s.SaveMarket(ctx, pricing.Market{ID: "jp"}),
			s.SaveTaxRate(ctx, pricing.TaxRate{ID: "tax_1", Name: "new"}), s.DeleteShippingMethod(ctx, "so_1"),
			s.ReplacePrices(ctx, []pricing.Price{price("v", "EUR", "", 1, 10)}, []pricing.Price{price("v", "USD", "", 1, 10)}),
			s.Record(ctx, event.Envelope{ID: "evt_1", Name: "pricing.price_changed", Key: "v", Data: []byte("{}")}), s.Bump(ctx), boom)
	})
	if !errors.Is(err, boom) || err.Error() != "boom" {
		t.Errorf("unit: %v, want boom alone", err)
	}
	same(t, "after a rollback, everything", everything(t, s), before)
	// A kept event would refuse another with its id.
	must(t, s.Record(ctx, event.Envelope{ID: "evt_1", Name: "pricing.price_changed", Key: "v", Data: []byte("{}")}))
}

func everything(t *testing.T, s pricing.Store) any {
	t.Helper()
	all, err := s.Settings(t.Context())
	must(t, err)
	prices, gen, err := s.Prices(t.Context(), pricing.PriceFilter{VariantIDs: []string{"v"}})
	must(t, err)
	return []any{all, prices, gen}
}

// writing runs write and a bump as one unit, over and over, while read runs 60
// times. write is given the number that the generation will have.
func writing(t *testing.T, s pricing.Store, write func(ctx context.Context, gen int64) error, read func(ctx context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	step := func() error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			gen, err := s.Generation(ctx)
			if err != nil {
				return err
			}
			if err := write(ctx, gen+1); err != nil {
				return err
			}
			return s.Bump(ctx)
		})
	}
	must(t, step())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			if err := step(); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 60 {
		if err := read(ctx); err != nil {
			t.Error(err)
			break
		}
	}
	stop()
	wg.Wait()
}

func oneReadingOfPrices(t *testing.T, s pricing.Store) {
	writing(t, s, func(ctx context.Context, gen int64) error {
		return s.ReplacePrices(ctx, nil, []pricing.Price{price("a", "EUR", "", 1, gen), price("b", "EUR", "", 1, gen)})
	}, func(ctx context.Context) error {
		got, gen, err := s.Prices(ctx, pricing.PriceFilter{VariantIDs: []string{"a", "b"}, Currency: "EUR"})
		if err != nil {
			return err
		}
		if len(got) != 2 || got[0].Amount.Minor != gen || got[1].Amount.Minor != gen {
			return fmt.Errorf("prices %v were read with generation %d", got, gen)
		}
		return nil
	})
}

func oneReadingOfSettings(t *testing.T, s pricing.Store) {
	writing(t, s, func(ctx context.Context, gen int64) error {
		m := method("so_1")
		m.Position = int(gen)
		return errors.Join(s.SaveTaxRate(ctx, pricing.TaxRate{ID: "tax_1", Rate: money.Rate(gen)}), s.SaveShippingMethod(ctx, m))
	}, func(ctx context.Context) error {
		got, err := s.Settings(ctx)
		if err != nil {
			return err
		}
		if len(got.TaxRates) != 1 || int64(got.TaxRates[0].Rate) != got.Generation || len(got.ShippingMethods) != 1 || int64(got.ShippingMethods[0].Position) != got.Generation {
			return fmt.Errorf("settings were not read at once: %+v", got)
		}
		return nil
	})
}

func deletedIsGone(t *testing.T, s pricing.Store) {
	ctx := t.Context()
	for _, id := range []string{"1", "2"} {
		must(t, s.SaveTaxRate(ctx, pricing.TaxRate{ID: id}))
		must(t, s.SaveShippingMethod(ctx, method(id)))
	}
	must(t, s.DeleteTaxRate(ctx, "1"))
	must(t, s.DeleteShippingMethod(ctx, "1"))
	fails(t, "delete a tax rate again", s.DeleteTaxRate(ctx, "1"), pricing.ErrTaxRateNotFound)
	fails(t, "delete a shipping method again", s.DeleteShippingMethod(ctx, "1"), pricing.ErrShippingMethodNotFound)
	all, err := s.Settings(ctx)
	must(t, err)
	if len(all.TaxRates) != 1 || all.TaxRates[0].ID != "2" || len(all.ShippingMethods) != 1 || all.ShippingMethods[0].ID != "2" {
		t.Errorf("settings after deleting one of each two: %+v", all)
	}
}
