package cart

import (
	"context"
	"fmt"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// offer is what is to be added, with prices.
type offer struct {
	items  []AddItem // canonical
	given  []bool    // whose price came with the input
	market string    // that the engine has asked for, "" when it has not
}

// offerOf reads the items of an input. Prices count only from the shop itself.
func offerOf(ctx context.Context, items []AddItem) (offer, error) {
	items, err := canonicalItems(items)
	if err != nil {
		return offer{}, err
	}
	o := offer{items: items, given: make([]bool, len(items))}
	for i := range items {
		if items[i].Price, err = givenPrice(ctx, items[i].Price, pointer(i)+"/price"); err != nil {
			return offer{}, err
		}
		o.given[i] = items[i].Price != nil
	}
	return o, nil
}

// givenPrice returns the price of an input if its sender may say what things
// cost, else nil.
func givenPrice(ctx context.Context, a *money.Amount, pointer string) (*money.Amount, error) {
	if a == nil || !ident.From(ctx).Trusted() {
		return nil, nil
	}
	if !usable(a, a.Currency) || !a.Currency.Valid() {
		return nil, invalid(pointer, "this cannot be a price")
	}
	return a, nil
}

// complete reports whether every item has the price that came with it.
func (o offer) complete() bool { return !slices.Contains(o.given, false) }

// fits returns an error when o was made for another state of c: its prices are
// those of another market or currency.
func (o offer) fits(c Cart) error {
	if o.market != "" && o.market != c.Market {
		return lost{ErrStale.With(Current{c.Version})}
	}
	for i, it := range o.items {
		if o.given[i] && it.Price.Currency != c.Currency {
			return ErrStale.With(Current{c.Version})
		}
	}
	return nil
}

// priced returns o with the prices in market for the items that came without,
// in one question.
func (e *Engine) priced(ctx context.Context, o offer, market string) (offer, error) {
	if o.complete() {
		return o, nil
	}
	var wants []Want
	for i, it := range o.items {
		if !o.given[i] {
			wants = append(wants, Want{it.VariantID, it.Quantity})
		}
	}
	prices, err := e.ask(ctx, market, wants)
	if err != nil {
		return offer{}, err
	}
	o.items, o.market = slices.Clone(o.items), market
	for i := range o.items {
		if !o.given[i] {
			o.items[i].Price, prices = prices[0].Amount, prices[1:]
		}
	}
	return o, nil
}

// ask asks what wants cost, outside of any unit of work.
func (e *Engine) ask(ctx context.Context, market string, wants []Want) ([]Price, error) {
	if len(wants) == 0 {
		return nil, nil
	}
	prices, err := e.prices.Prices(ctx, PricesInput{Market: market, Items: wants})
	if err != nil {
		return nil, err
	}
	if len(prices) != len(wants) {
		return nil, fmt.Errorf("prices in %s: %d answers to %d questions", market, len(prices), len(wants))
	}
	return prices, nil
}
