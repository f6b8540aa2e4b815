// Package money holds amounts in minor units and computes with them exactly.
//
// Nothing in it is a binary fraction: amounts are whole minor units, rates are
// whole parts of a percent, products have 128 bits. Where a result has to be
// rounded the doc comment says so, and it is always half up, away from zero:
// 2.5 becomes 3 and −2.5 becomes −3. What does not fit in 64 bits is
// ErrOverflow, never a wrapped number.
package money

import (
	"encoding/json"
	"math"
)

// MaxMinor bounds amounts that come from outside, in minor units, see
// Amount.Bound.
const MaxMinor = 99_999_999_999

// Amount is a number of minor units (cents, fils, yen) of a currency. The zero
// value has no currency and computes with nothing; sums start from Zero.
// Optional amounts are *Amount, because the JSON option omitzero asks IsZero
// and would drop EUR 0.00 as well.
type Amount struct {
	Minor    int64    `json:"amount"`
	Currency Currency `json:"currency"`
}

// New returns minor units of c. It checks neither, see Currency.Valid and
// Amount.Bound.
func New(minor int64, c Currency) Amount { return Amount{minor, c} }

// Zero returns no units of c.
func Zero(c Currency) Amount { return Amount{0, c} }

// Add returns a + b or ErrOverflow. Different currencies are a bug and panic.
func (a Amount) Add(b Amount) (Amount, error) {
	a.mustMatch("+", b)
	s := a.Minor + b.Minor
	if (s > a.Minor) != (b.Minor > 0) || s == math.MinInt64 {
		return Amount{}, ErrOverflow
	}
	return Amount{s, a.Currency}, nil
}

// Sub returns a − b or ErrOverflow. Different currencies are a bug and panic.
func (a Amount) Sub(b Amount) (Amount, error) {
	a.mustMatch("-", b)
	d := a.Minor - b.Minor
	if (d < a.Minor) != (b.Minor > 0) || d == math.MinInt64 {
		return Amount{}, ErrOverflow
	}
	return Amount{d, a.Currency}, nil
}

// Mul returns a × n, exact, or ErrOverflow.
func (a Amount) Mul(n int64) (Amount, error) { return MulDiv(a, n, 1) }

// Neg returns −a. It panics for the smallest int64, which no function of this
// package returns and JSON does not yield.
func (a Amount) Neg() Amount {
	if a.Minor == math.MinInt64 {
		panic("money: no positive value of " + a.String())
	}
	return Amount{-a.Minor, a.Currency}
}

// Cmp returns −1 when a < b, 0 when they are equal, +1 when a > b. Different
// currencies are a bug and panic.
func (a Amount) Cmp(b Amount) int {
	a.mustMatch("<>", b)
	switch {
	case a.Minor < b.Minor:
		return -1
	case a.Minor > b.Minor:
		return 1
	}
	return 0
}

// IsZero reports whether a has no units, in whatever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// IsNegative reports whether a is below zero.
func (a Amount) IsNegative() bool { return a.Minor < 0 }

// Bound returns ErrOutOfRange unless −MaxMinor ≤ a ≤ MaxMinor. Every amount
// that enters from outside passes it, and so does the total of an order.
func (a Amount) Bound() error {
	if a.Minor > MaxMinor || a.Minor < -MaxMinor {
		return ErrOutOfRange
	}
	return nil
}

// ToStep rounds a half away from zero to the payable step of its currency and
// returns the result and what rounding added: payable = a + rounding. It panics
// when the result does not fit in 64 bits; amounts within Bound always do.
func (a Amount) ToStep() (payable, rounding Amount) {
	step := a.Currency.Step()
	steps, err := MulDiv(a, 1, step)
	if err == nil {
		payable, err = steps.Mul(step)
	}
	if err != nil {
		panic("money: no payable step near " + a.String())
	}
	return payable, Amount{payable.Minor - a.Minor, a.Currency}
}

// Sum returns the sum of amounts, zero of c when there are none, or
// ErrOverflow. An amount in another currency is a bug and panics.
func Sum(c Currency, amounts ...Amount) (Amount, error) {
	sum := Zero(c)
	for _, a := range amounts {
		var err error
		if sum, err = sum.Add(a); err != nil {
			return Amount{}, err
		}
	}
	return sum, nil
}

// UnmarshalJSON reads {"amount":2499,"currency":"EUR"}. The amount must be an
// integer of 64 bits and the currency a known code; a missing or null member is
// ErrAmount, an unknown currency ErrCurrency. Null in place of the object is
// ErrAmount too. Other members are ignored.
func (a *Amount) UnmarshalJSON(b []byte) error {
	var in struct {
		Minor    *int64  `json:"amount"`
		Currency *string `json:"currency"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	if in.Minor == nil || in.Currency == nil {
		return ErrAmount
	}
	c, err := ParseCurrency(*in.Currency)
	if err != nil {
		return err
	}
	if *in.Minor == math.MinInt64 {
		return ErrOverflow
	}
	*a = Amount{*in.Minor, c}
	return nil
}

func (a Amount) mustMatch(op string, b Amount) {
	if a.Currency != b.Currency {
		panic("money: " + string(a.Currency) + " " + op + " " + string(b.Currency))
	}
}
