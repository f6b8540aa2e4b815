package demo

import (
	"context"
	"slices"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// rates of a few countries, as they stood when this was written.
var rates = []struct{ name, country, region, rate string }{
	{"MwSt.", "DE", "", "19"},
	{"USt.", "AT", "", "20"},
	{"TVA", "FR", "", "20"},
	{"IVA", "IT", "", "22"},
	{"BTW", "NL", "", "21"},
	{"VAT", "GB", "", "20"},
	{"Sales tax", "US", "CA", "7.25"},
	{"Sales tax", "US", "NY", "4"},
}

// settle makes taxes and ways to deliver where the shop has none of its own.
func settle(ctx context.Context, s *commerce.Shop) error {
	if err := settleTaxes(ctx, s); err != nil {
		return err
	}
	currency, err := defaultCurrency(ctx, s)
	if err != nil {
		return err
	}
	return settleShipping(ctx, s, currency)
}

// keyed returns a context with a key of its own for one request.
func keyed(ctx context.Context) context.Context {
	return ident.WithKey(ctx, ident.NewID("key"))
}

func settleTaxes(ctx context.Context, s *commerce.Shop) error {
	have, err := s.Pricing.TaxRates(ctx, op.Nothing{})
	if err != nil || len(have.Items) > 0 {
		return err
	}
	for _, r := range rates {
		rate, err := money.ParseRate(r.rate)
		if err != nil {
			return err
		}
		if _, err := s.Pricing.CreateTaxRate(keyed(ctx), pricing.TaxRateFields{Name: r.name, Country: r.country, Region: r.region, Rate: rate}); err != nil {
			return err
		}
	}
	return nil
}

// settleShipping gives the way to deliver that a new shop has a price, free from
// 50 on, and adds a fast one.
func settleShipping(ctx context.Context, s *commerce.Shop, c money.Currency) error {
	have, err := s.Pricing.ShippingMethods(ctx, op.Nothing{})
	if err != nil || len(have.Items) != 1 || !isFree(have.Items[0]) {
		return err
	}
	amount := func(hundredths int64) []money.Amount { return []money.Amount{money.New(minor(hundredths, c), c)} }
	standard := pricing.ShippingMethodFields{Name: "Standard", By: pricing.BySubtotal, TaxCategory: pricing.Goods, MinDays: 2, MaxDays: 4, Position: 1,
		Bands: []pricing.Band{{From: 0, Prices: amount(490)}, {From: minor(5000, c), Prices: amount(0)}}}
	if _, err := s.Pricing.UpdateShippingMethod(ctx, pricing.UpdateShippingMethodInput{ID: have.Items[0].ID, ShippingMethodFields: standard}); err != nil {
		return err
	}
	express := pricing.ShippingMethodFields{Name: "Express", By: pricing.Flat, TaxCategory: pricing.Goods, MinDays: 1, MaxDays: 1, Position: 2,
		Bands: []pricing.Band{{From: 0, Prices: amount(1290)}}}
	_, err = s.Pricing.CreateShippingMethod(keyed(ctx), express)
	return err
}

// isFree reports whether m is as a new shop has it.
func isFree(m pricing.ShippingMethod) bool {
	return m.By == pricing.Flat && len(m.Bands) == 1 && !slices.ContainsFunc(m.Bands[0].Prices, func(a money.Amount) bool { return !a.IsZero() })
}
