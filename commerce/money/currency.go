package money

import "fmt"

// Currency is an ISO 4217 code in upper case: "EUR".
type Currency string

// ParseCurrency returns s as a Currency. A code that is not in the table, or
// not in upper case, is ErrCurrency.
func ParseCurrency(s string) (Currency, error) {
	if c := Currency(s); c.Valid() {
		return c, nil
	}
	return "", ErrCurrency.Saying(fmt.Sprintf("%s is not a known ISO 4217 code in upper case", quote(s)))
}

// Valid reports whether c is a known currency.
func (c Currency) Valid() bool {
	_, ok := exponents[c]
	return ok
}

// Exponent returns the number of decimals of c, 0 to 4: a major unit is
// 10^Exponent minor units. It is 0 for an unknown currency.
func (c Currency) Exponent() int { return exponents[c] }

// Step returns the payable step of c in minor units, at least 1: totals and
// refunds are multiples of it. It is 1 for an unknown currency.
func (c Currency) Step() int64 {
	if s, ok := steps[c]; ok {
		return s
	}
	return 1
}
