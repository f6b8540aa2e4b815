package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// pricesOf are the prices of variants, by variant.
type pricesOf map[string][]pricing.Price

// pricesAtOnce is how many variants one request names.
const pricesAtOnce = 100

// prices reads the prices of products, as far as somebody will see them.
func (w *world) prices(ctx context.Context, s *shop, products []catalog.Product) (pricesOf, error) {
	out := pricesOf{}
	if w.format != "table" && w.format != "csv" {
		return out, nil
	}
	var ids []string
	for _, p := range products {
		for _, v := range p.Variants {
			ids = append(ids, v.ID)
		}
	}
	for part := range slices.Chunk(ids, pricesAtOnce) {
		got, err := s.Pricing.Prices(ctx, pricing.PricesInput{VariantIDs: part})
		if err != nil {
			return nil, err
		}
		for _, p := range got.Items {
			out[p.VariantID] = append(out[p.VariantID], p)
		}
	}
	return out, nil
}

// of writes all prices of a variant: "EUR 12.50, 10+: EUR 11.00, uk GBP 10.50".
func (p pricesOf) of(variant string) string {
	var all []string
	for _, price := range p[variant] {
		s := price.Amount.String()
		if price.MinQuantity > 1 {
			s = strconv.FormatInt(price.MinQuantity, 10) + "+: " + s
		}
		if price.Market != "" {
			s = price.Market + " " + s
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

// span writes what one unit of a product costs before any market's own prices,
// in each currency: "EUR 12.50 – EUR 20.00".
func (p pricesOf) span(product catalog.Product) string {
	var lows, highs []pricing.Price
	for _, v := range product.Variants {
		for _, price := range p[v.ID] {
			if price.Market != "" || price.MinQuantity != 1 {
				continue
			}
			i := slices.IndexFunc(lows, func(l pricing.Price) bool { return l.Amount.Currency == price.Amount.Currency })
			switch {
			case i < 0:
				lows, highs = append(lows, price), append(highs, price)
			case price.Amount.Minor < lows[i].Amount.Minor:
				lows[i] = price
			case price.Amount.Minor > highs[i].Amount.Minor:
				highs[i] = price
			}
		}
	}
	var all []string
	for i, low := range lows {
		s := low.Amount.String()
		if high := highs[i].Amount; high != low.Amount {
			s += " – " + high.String()
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}
