package money

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseDecimal reads an amount of c in major units: "12.50" in EUR is 1250
// minor units, "-3" is −300. It takes plain digits, one leading "-", and at
// most as many decimals as c has; everything else, and what does not fit in 64
// bits, is ErrDecimal with a text that names what would be right. An unknown c
// is ErrCurrency.
func ParseDecimal(s string, c Currency) (Amount, error) {
	if _, err := ParseCurrency(string(c)); err != nil {
		return Amount{}, err
	}
	n, ok := parseFixed(s, c.Exponent())
	if !ok {
		return Amount{}, badDecimal(s, c)
	}
	return Amount{n, c}, nil
}

func badDecimal(s string, c Currency) error {
	want, like := "without decimals", "12"
	if e := c.Exponent(); e > 0 {
		want, like = fmt.Sprintf("with at most %d decimals", e), "12."+"5000"[:e]
	}
	return ErrDecimal.Saying(fmt.Sprintf("%s is not an amount in %s: write plain digits %s, like %q", quote(s), c, want, like))
}

// Decimal returns a in major units with all decimals of its currency: "24.99",
// "-0.05", "1980". An amount in an unknown currency shows its minor units.
func (a Amount) Decimal() string { return formatFixed(a.Minor, a.Currency.Exponent()) }

// String returns the currency and the decimal: "EUR 24.99".
func (a Amount) String() string { return string(a.Currency) + " " + a.Decimal() }

// parseFixed reads s as a whole number of 1/10^decimals, at most ±MaxInt64.
func parseFixed(s string, decimals int) (int64, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, frac, dotted := strings.Cut(digits, ".")
	if whole == "" || dotted && frac == "" || len(frac) > decimals {
		return 0, false
	}
	for _, part := range []string{whole, frac} {
		if strings.Trim(part, "0123456789") != "" {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", decimals-len(frac)), 10, 64)
	if err != nil {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}

// formatFixed writes n, a whole number of 1/10^decimals, with all decimals.
func formatFixed(n int64, decimals int) string {
	s := strconv.FormatUint(magnitude(n), 10)
	if missing := decimals + 1 - len(s); missing > 0 {
		s = strings.Repeat("0", missing) + s
	}
	if decimals > 0 {
		s = s[:len(s)-decimals] + "." + s[len(s)-decimals:]
	}
	if n < 0 {
		return "-" + s
	}
	return s
}
