package pricing

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Store is what an Engine needs from a database. pricingtest.Run says whether a
// type that has these methods is one. All methods take part in the unit of work
// of ctx.
//
// The generation is a number that an Engine raises, by Bump, in every unit that
// writes anything else. Reads that return it are one reading: what they return
// was so at that generation.
type Store interface {
	event.Recorder
	once.Keys

	// Scope is the database, the same value for all stores that share it.
	Scope() txn.Scope

	// Generation returns the generation, 0 before the first Bump.
	Generation(ctx context.Context) (int64, error)

	// Bump adds 1 to the generation. Of two units that call it the second
	// waits for the first.
	Bump(ctx context.Context) error

	// Settings returns all settings and their generation.
	Settings(ctx context.Context) (Settings, error)

	// Prices returns the prices that f asks for, by variant, currency, market
	// and quantity, and their generation.
	Prices(ctx context.Context, f PriceFilter) ([]Price, int64, error)

	// LockPrices returns all prices of the variants in the same order and, in a
	// unit of work, keeps other units that call it waiting: also those that
	// would give a variant its first price.
	LockPrices(ctx context.Context, variantIDs []string) ([]Price, error)

	// ReplacePrices deletes the prices with the keys of gone, as far as they
	// are there, and writes put over what has the same key. A key is variant,
	// currency, market and quantity; none is in both or twice.
	ReplacePrices(ctx context.Context, gone, put []Price) error

	// Market returns a market, or ErrMarketNotFound. In a unit of work other
	// units cannot change it until this one ends; so too TaxRate and
	// ShippingMethod.
	Market(ctx context.Context, id string) (Market, error)
	// CreateMarket writes a new market, or returns ErrTaken when its id is in use.
	CreateMarket(ctx context.Context, m Market) error
	// SaveMarket writes a market that is there.
	SaveMarket(ctx context.Context, m Market) error

	// TaxRate returns a tax rate, or ErrTaxRateNotFound.
	TaxRate(ctx context.Context, id string) (TaxRate, error)
	// SaveTaxRate writes a tax rate, new or not.
	SaveTaxRate(ctx context.Context, r TaxRate) error
	// DeleteTaxRate removes a tax rate, or returns ErrTaxRateNotFound.
	DeleteTaxRate(ctx context.Context, id string) error

	// ShippingMethod returns a way to deliver, or ErrShippingMethodNotFound.
	ShippingMethod(ctx context.Context, id string) (ShippingMethod, error)
	// SaveShippingMethod writes a way to deliver, new or not.
	SaveShippingMethod(ctx context.Context, m ShippingMethod) error
	// DeleteShippingMethod removes a way to deliver, or returns
	// ErrShippingMethodNotFound.
	DeleteShippingMethod(ctx context.Context, id string) error

	PromotionStore
}

// PriceFilter asks for prices of variants: all of them, or, when Currency is
// given, the base prices and those of Market in that currency.
type PriceFilter struct {
	VariantIDs []string
	Currency   money.Currency
	Market     string
}

// Settings are all settings of pricing, each list by id.
type Settings struct {
	Generation      int64
	Markets         []Market
	TaxRates        []TaxRate
	ShippingMethods []ShippingMethod
	Promotions      []Promotion // active ones without a code; Used says nothing
}

// market returns the market with that id.
func (s *Settings) market(id string) (Market, bool) {
	for _, m := range s.Markets {
		if m.ID == id {
			return m, true
		}
	}
	return Market{}, false
}
