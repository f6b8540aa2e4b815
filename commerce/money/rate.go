package money

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Rate is a share in 1/10,000 of a percent: 8.875 % is 88,750 and 100 % is
// 1,000,000. In JSON it is a decimal string in percent, "8.875". Rates of one
// line are summed with +.
type Rate int64

const (
	rateDecimals = 4
	hundred      = 1_000_000 // 100 % as a Rate
)

// ParseRate reads a rate in percent from 0 to 100 with at most 4 decimals, in
// plain digits: "8.875", "19". Anything else is ErrRate.
func ParseRate(s string) (Rate, error) {
	n, ok := parseFixed(s, rateDecimals)
	if !ok || n > hundred || strings.HasPrefix(s, "-") {
		return 0, ErrRate.Saying(fmt.Sprintf("%s is not a rate: %s", quote(s), ErrRate.Text))
	}
	return Rate(n), nil
}

// String returns r in percent without trailing zeros: "8.875", "19".
func (r Rate) String() string {
	s := formatFixed(int64(r), rateDecimals)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// MarshalText encodes r as String does.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText decodes r as ParseRate does.
func (r *Rate) UnmarshalText(b []byte) (err error) {
	v, err := ParseRate(string(b))
	if err == nil {
		*r = v
	}
	return err
}

// Of returns a × r rounded half away from zero: the tax on a net amount, or a
// discount. A negative r is ErrRate.
func (r Rate) Of(a Amount) (Amount, error) {
	if r < 0 {
		return Amount{}, ErrRate
	}
	return MulDiv(a, int64(r), hundred)
}

// Inside returns a × r ÷ (1+r) rounded half away from zero: the tax that the
// gross amount a contains. The net amount is a minus it. A negative r is
// ErrRate.
func (r Rate) Inside(a Amount) (Amount, error) {
	if r < 0 || r > math.MaxInt64-hundred {
		return Amount{}, ErrRate
	}
	return MulDiv(a, int64(r), hundred+int64(r))
}

// quote shows s from outside in an error text, cut when it is long.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
