package money

import (
	"cmp"
	"math/bits"
	"slices"
)

// Split shares total among weights by largest remainder: every share is
// total × weight ÷ Σ weights rounded down, and the units left over go one each
// to the largest remainders, of equal ones to the lowest index. So the shares
// add up to total, a zero weight gets zero, no share exceeds its weight when
// total ≤ Σ weights, and a negative total is shared as its positive is. There
// is one share per weight. A negative weight, or none above zero for a total
// that is not zero, is ErrWeights; a Σ weights beyond 64 bits is ErrOverflow.
func Split(total Amount, weights []int64) ([]Amount, error) {
	sum, err := sumWeights(weights)
	if err != nil {
		return nil, err
	}
	parts := make([]Amount, len(weights))
	for i := range parts {
		parts[i] = Zero(total.Currency)
	}
	if total.Minor == 0 {
		return parts, nil
	}
	if sum == 0 {
		return nil, ErrWeights
	}
	shares, err := largestRemainder(magnitude(total.Minor), weights, sum)
	if err != nil {
		return nil, err
	}
	for i, m := range shares {
		if parts[i], err = signed(m, total.Minor < 0, total.Currency); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func sumWeights(weights []int64) (uint64, error) {
	var sum, carry uint64
	for _, w := range weights {
		if w < 0 {
			return 0, ErrWeights
		}
		if sum, carry = bits.Add64(sum, uint64(w), 0); carry != 0 {
			return 0, ErrOverflow
		}
	}
	return sum, nil
}

// largestRemainder returns one share of total per weight; sum is Σ weights and
// above zero.
func largestRemainder(total uint64, weights []int64, sum uint64) ([]uint64, error) {
	type rest struct {
		index int
		size  uint64
	}
	shares, rests, left := make([]uint64, len(weights)), make([]rest, len(weights)), total
	for i, w := range weights {
		q, r, err := mulDiv(total, uint64(w), sum)
		if err != nil {
			return nil, err
		}
		shares[i], rests[i], left = q, rest{i, r}, left-q
	}
	slices.SortStableFunc(rests, func(a, b rest) int { return cmp.Compare(b.size, a.size) })
	// The remainders add up to left × sum and each is below sum, so more than
	// left of them are above zero: no zero weight is reached.
	for _, r := range rests[:left] {
		shares[r.index]++
	}
	return shares, nil
}
