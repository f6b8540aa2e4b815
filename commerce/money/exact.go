package money

import (
	"math"
	"math/bits"
)

// MulDiv returns a × num ÷ den, computed exactly in 128 bits and rounded half
// away from zero. A den below 1 is ErrRatio; a result beyond 64 bits is
// ErrOverflow.
func MulDiv(a Amount, num, den int64) (Amount, error) {
	if den < 1 {
		return Amount{}, ErrRatio
	}
	q, r, err := mulDiv(magnitude(a.Minor), magnitude(num), uint64(den))
	if err != nil {
		return Amount{}, err
	}
	if r >= uint64(den)-r {
		q++
	}
	return signed(q, (a.Minor < 0) != (num < 0), a.Currency)
}

// Cumulative returns the part of total that belongs to k more units after done
// of a line of that many units: c(done+k) − c(done), where c(j) is
// total × j ÷ of rounded half away from zero. However the units are cut, the
// parts add up to total. Negative units, or more than are left, are ErrUnits.
func Cumulative(total Amount, done, k, of int64) (Amount, error) {
	if of < 1 || done < 0 || done > of || k < 0 || k > of-done {
		return Amount{}, ErrUnits
	}
	before, err := MulDiv(total, done, of)
	if err != nil {
		return Amount{}, err
	}
	after, err := MulDiv(total, done+k, of)
	if err != nil {
		return Amount{}, err
	}
	return after.Sub(before)
}

// mulDiv returns the quotient and remainder of x × y ÷ den. The quotient fits
// in 63 bits.
func mulDiv(x, y, den uint64) (q, r uint64, err error) {
	hi, lo := bits.Mul64(x, y)
	if hi >= den {
		return 0, 0, ErrOverflow
	}
	if q, r = bits.Div64(hi, lo, den); q > math.MaxInt64 {
		return 0, 0, ErrOverflow
	}
	return q, r, nil
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func signed(m uint64, negative bool, c Currency) (Amount, error) {
	if m > math.MaxInt64 {
		return Amount{}, ErrOverflow
	}
	if negative {
		return Amount{-int64(m), c}, nil
	}
	return Amount{int64(m), c}, nil
}
