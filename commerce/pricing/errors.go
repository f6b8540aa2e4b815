package pricing

import "github.com/mercer-commerce/mercer/commerce/fault"

// Errors that callers act on.
var (
	ErrMarketNotFound         = fault.New(fault.Invalid, "pricing.market_not_found", "no such market")
	ErrCurrencyFixed          = fault.New(fault.Refused, "pricing.currency_fixed", "the currency of a market never changes")
	ErrTooManyMarkets         = fault.New(fault.Refused, "pricing.too_many_markets", "a shop has at most 100 markets")
	ErrTaxRateNotFound        = fault.New(fault.NotFound, "pricing.tax_rate_not_found", "no such tax rate")
	ErrShippingMethodNotFound = fault.New(fault.NotFound, "pricing.shipping_method_not_found", "no such shipping method")
	ErrPromotionNotFound      = fault.New(fault.NotFound, "pricing.promotion_not_found", "no such promotion")
	ErrPromotionStale         = fault.New(fault.Stale, "pricing.version_mismatch", "the promotion has changed")                  // Meta: Current
	ErrCodeTaken              = fault.New(fault.Refused, "pricing.code_taken", "another promotion has this code")                // of one that is not deleted
	ErrLimitBelowUses         = fault.New(fault.Refused, "pricing.limit_below_uses", "orders have used it more often than that") // Meta: Uses
	ErrCodeRejected           = fault.New(fault.Refused, "pricing.code_rejected", "this code does not count")                    // Meta: Rejected
	ErrTooManyAttempts        = fault.New(fault.Throttled, "pricing.too_many_attempts", "too many attempts, wait a little")
	// ErrTaken says that somebody has made the same thing at the same time.
	ErrTaken = fault.New(fault.Conflict, "pricing.taken", "somebody has just made this, try again")
	// ErrTotalChanged has Meta Changed.
	ErrTotalChanged = fault.New(fault.Conflict, "pricing.total_changed", "the basket costs something else now")
)

// Current is the meta of ErrPromotionStale: the version that the promotion has.
type Current struct {
	Version int64 `json:"version"`
}

// Uses is the meta of ErrLimitBelowUses: how often the promotion is used.
type Uses struct {
	Used int64 `json:"used"`
}
