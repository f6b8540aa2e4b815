package pricing

import "github.com/mercer-commerce/mercer/commerce/fault"

// Errors that callers act on.
var (
	ErrMarketNotFound         = fault.New(fault.Invalid, "pricing.market_not_found", "no such market")
	ErrCurrencyFixed          = fault.New(fault.Refused, "pricing.currency_fixed", "the currency of a market never changes")
	ErrTooManyMarkets         = fault.New(fault.Refused, "pricing.too_many_markets", "a shop has at most 100 markets")
	ErrTaxRateNotFound        = fault.New(fault.NotFound, "pricing.tax_rate_not_found", "no such tax rate")
	ErrShippingMethodNotFound = fault.New(fault.NotFound, "pricing.shipping_method_not_found", "no such shipping method")
	// ErrTaken says that somebody has made the same thing at the same time.
	ErrTaken = fault.New(fault.Conflict, "pricing.taken", "somebody has just made this, try again")
	// ErrTotalChanged has Meta Changed.
	ErrTotalChanged = fault.New(fault.Conflict, "pricing.total_changed", "the basket costs something else now")
)
