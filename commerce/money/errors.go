package money

import "github.com/mercer-commerce/mercer/commerce/fault"

// Faults of this package. All of them are Invalid: a value has to be fixed.
var (
	// ErrCurrency says that a currency code is not in the ISO 4217 table.
	ErrCurrency = fault.New(fault.Invalid, "money.unknown_currency", "the currency is not a known ISO 4217 code in upper case")
	// ErrAmount says that a JSON amount lacks its number or its currency.
	ErrAmount = fault.New(fault.Invalid, "money.bad_amount", `an amount is written {"amount":2499,"currency":"EUR"}, in whole minor units`)
	// ErrDecimal says that a decimal string is not an exact amount in its currency.
	ErrDecimal = fault.New(fault.Invalid, "money.bad_decimal", `an amount is written in plain digits, like "12.50"`)
	// ErrRate says that a rate is not readable or out of bounds.
	ErrRate = fault.New(fault.Invalid, "money.bad_rate", `a rate is written in percent from 0 to 100 with at most 4 decimals, like "8.25"`)
	// ErrRatio says that a ratio has a denominator below 1.
	ErrRatio = fault.New(fault.Invalid, "money.bad_ratio", "the denominator of a ratio must be at least 1")
	// ErrWeights says that weights cannot carry the total: one is negative, or all are zero.
	ErrWeights = fault.New(fault.Invalid, "money.bad_weights", "weights must not be negative and one must be above zero")
	// ErrUnits says that units are negative or more than there are.
	ErrUnits = fault.New(fault.Invalid, "money.bad_units", "the units must lie between zero and the units that are left")
	// ErrOverflow says that a result does not fit in 64 bits.
	ErrOverflow = fault.New(fault.Invalid, "money.overflow", "the amount is too large to compute with")
	// ErrOutOfRange says that an amount is beyond MaxMinor.
	ErrOutOfRange = fault.New(fault.Invalid, "money.out_of_range", "an amount may have at most 11 digits of minor units")
)
