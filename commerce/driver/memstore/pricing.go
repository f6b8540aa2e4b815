package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Pricing is a pricing.Store.
type Pricing struct{ *DB }

var _ pricing.Store = Pricing{}

// pricingRow is the key of the one generation.
const pricingRow = "pricing"

func (s Pricing) generation() table[int64]         { return table[int64]{s.DB, "price_generation"} }
func (s Pricing) prices() table[[]pricing.Price]   { return table[[]pricing.Price]{s.DB, "price"} } // by variant
func (s Pricing) markets() table[pricing.Market]   { return table[pricing.Market]{s.DB, "market"} }
func (s Pricing) taxRates() table[pricing.TaxRate] { return table[pricing.TaxRate]{s.DB, "tax_rate"} }
func (s Pricing) methods() table[pricing.ShippingMethod] {
	return table[pricing.ShippingMethod]{s.DB, "shipping_method"}
}

// Generation implements pricing.Store.
func (s Pricing) Generation(ctx context.Context) (int64, error) {
	n, err := s.generation().get(ctx, pricingRow)
	if errors.Is(err, errNoRow) {
		return 0, nil
	}
	return n, err
}

// Bump implements pricing.Store.
func (s Pricing) Bump(ctx context.Context) error {
	return s.Do(ctx, func(ctx context.Context) error {
		_, err := s.next(ctx, s.generation(), pricingRow)
		return err
	})
}

// Settings implements pricing.Store.
func (s Pricing) Settings(ctx context.Context) (out pricing.Settings, err error) {
	err = s.Do(ctx, func(ctx context.Context) (err error) {
		if out.Generation, err = s.Generation(ctx); err != nil {
			return err
		}
		if out.Markets, err = s.markets().all(ctx, nil); err != nil {
			return err
		}
		if out.TaxRates, err = s.taxRates().all(ctx, nil); err != nil {
			return err
		}
		if out.ShippingMethods, err = s.methods().all(ctx, nil); err != nil {
			return err
		}
		out.Promotions, err = s.promotions().all(ctx, func(_ string, p pricing.Promotion) bool {
			return p.Code == nil && p.Active && p.ArchivedAt == nil
		})
		return err
	})
	return out, err
}

// Prices implements pricing.Store.
func (s Pricing) Prices(ctx context.Context, f pricing.PriceFilter) (out []pricing.Price, gen int64, err error) {
	err = s.Do(ctx, func(ctx context.Context) (err error) {
		if gen, err = s.Generation(ctx); err != nil {
			return err
		}
		out, err = s.LockPrices(ctx, f.VariantIDs)
		return err
	})
	if f.Currency != "" {
		out = slices.DeleteFunc(out, func(p pricing.Price) bool {
			return p.Amount.Currency != f.Currency || p.Market != "" && p.Market != f.Market
		})
	}
	return out, gen, err
}

// LockPrices implements pricing.Store.
func (s Pricing) LockPrices(ctx context.Context, variantIDs []string) (out []pricing.Price, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		out = []pricing.Price{}
		for _, id := range slices.Compact(slices.Sorted(slices.Values(variantIDs))) {
			prices, err := s.prices().get(ctx, id)
			if err != nil && !errors.Is(err, errNoRow) {
				return err
			}
			out = append(out, prices...)
		}
		return nil
	})
	return out, err
}

// ReplacePrices implements pricing.Store.
func (s Pricing) ReplacePrices(ctx context.Context, gone, put []pricing.Price) error {
	return s.Do(ctx, func(ctx context.Context) error {
		for _, p := range gone {
			if err := s.replacePrice(ctx, p); err != nil {
				return err
			}
		}
		for _, p := range put {
			if err := s.replacePrice(ctx, p, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// replacePrice puts by in the place of the price with the key of old.
func (s Pricing) replacePrice(ctx context.Context, old pricing.Price, by ...pricing.Price) error {
	prices, err := s.prices().get(ctx, old.VariantID)
	if err != nil && !errors.Is(err, errNoRow) {
		return err
	}
	prices = slices.DeleteFunc(prices, func(p pricing.Price) bool { return byPriceKey(p, old) == 0 })
	prices = append(prices, by...)
	slices.SortFunc(prices, byPriceKey)
	return s.prices().put(ctx, old.VariantID, prices)
}

// byPriceKey orders the prices of one variant.
func byPriceKey(a, b pricing.Price) int {
	return cmp.Or(strings.Compare(string(a.Amount.Currency), string(b.Amount.Currency)),
		strings.Compare(a.Market, b.Market), cmp.Compare(a.MinQuantity, b.MinQuantity))
}

// Market implements pricing.Store.
func (s Pricing) Market(ctx context.Context, id string) (pricing.Market, error) {
	return setting(ctx, s.markets(), id, pricing.ErrMarketNotFound)
}

// CreateMarket implements pricing.Store.
func (s Pricing) CreateMarket(ctx context.Context, m pricing.Market) error {
	return s.Do(ctx, func(ctx context.Context) error {
		if _, err := s.markets().get(ctx, m.ID); !errors.Is(err, errNoRow) {
			return cmp.Or(err, error(pricing.ErrTaken))
		}
		return s.SaveMarket(ctx, m)
	})
}

// SaveMarket implements pricing.Store.
func (s Pricing) SaveMarket(ctx context.Context, m pricing.Market) error {
	return s.markets().put(ctx, m.ID, m)
}

// TaxRate implements pricing.Store.
func (s Pricing) TaxRate(ctx context.Context, id string) (pricing.TaxRate, error) {
	return setting(ctx, s.taxRates(), id, pricing.ErrTaxRateNotFound)
}

// SaveTaxRate implements pricing.Store.
func (s Pricing) SaveTaxRate(ctx context.Context, r pricing.TaxRate) error {
	return s.taxRates().put(ctx, r.ID, r)
}

// DeleteTaxRate implements pricing.Store.
func (s Pricing) DeleteTaxRate(ctx context.Context, id string) error {
	return s.Do(ctx, func(ctx context.Context) error {
		if _, err := s.TaxRate(ctx, id); err != nil {
			return err
		}
		return s.taxRates().delete(ctx, id)
	})
}

// ShippingMethod implements pricing.Store.
func (s Pricing) ShippingMethod(ctx context.Context, id string) (pricing.ShippingMethod, error) {
	return setting(ctx, s.methods(), id, pricing.ErrShippingMethodNotFound)
}

// SaveShippingMethod implements pricing.Store.
func (s Pricing) SaveShippingMethod(ctx context.Context, m pricing.ShippingMethod) error {
	return s.methods().put(ctx, m.ID, m)
}

// DeleteShippingMethod implements pricing.Store.
func (s Pricing) DeleteShippingMethod(ctx context.Context, id string) error {
	return s.Do(ctx, func(ctx context.Context) error {
		if _, err := s.ShippingMethod(ctx, id); err != nil {
			return err
		}
		return s.methods().delete(ctx, id)
	})
}

// setting is get with the error of an engine for a row that is not there.
func setting[V any](ctx context.Context, t table[V], key string, missing error) (V, error) {
	v, err := t.get(ctx, key)
	if errors.Is(err, errNoRow) {
		err = missing
	}
	return v, err
}
