package money_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
)

func TestMulDiv(t *testing.T) {
	const top = math.MaxInt64
	tests := []struct {
		a, num, den int64
		want        int64
		err         error
	}{
		{5, 1, 2, 3, nil},
		{-5, 1, 2, -3, nil},
		{5, -1, 2, -3, nil},
		{-5, -1, 2, 3, nil},
		{4, 1, 3, 1, nil},
		{5, 1, 3, 2, nil},
		{7, 0, 9, 0, nil},
		{0, -7, 9, 0, nil},
		{top, top, top, top, nil},
		{-top, top, top, -top, nil},
		{math.MinInt64, 1, 2, -(1 << 62), nil},
		{math.MinInt64, 1, 1, 0, money.ErrOverflow},
		{1, math.MinInt64, 1, 0, money.ErrOverflow},
		{top, 3, 2, 0, money.ErrOverflow},
		{top, top, 1, 0, money.ErrOverflow},
		{4294967295, 4294967297, 2, 0, money.ErrOverflow},  // 2^63 − ½
		{145295143558111, 253921, 2, 0, money.ErrOverflow}, // 2^64 − ½
		{-145295143558111, 253921, 2, 0, money.ErrOverflow},
		{1, top, top, 1, nil},
		{1, 1, top, 0, nil},
		{top/2 + 1, 1, top, 1, nil},
		{top / 2, 1, top, 0, nil},
		{1, 1, 0, 0, money.ErrRatio},
		{1, 1, -1, 0, money.ErrRatio},
	}
	for _, tt := range tests {
		got, err := money.MulDiv(eur(tt.a), tt.num, tt.den)
		if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
			t.Errorf("%d × %d ÷ %d: error %v, want %v", tt.a, tt.num, tt.den, err, tt.err)
		}
		if want := eur(tt.want); err == nil && got != want {
			t.Errorf("%d × %d ÷ %d = %v, want %v", tt.a, tt.num, tt.den, got, want)
		}
	}
}

// refunds returns the parts of total when the units of a line go in cuts.
func refunds(t *testing.T, total money.Amount, cuts ...int64) []int64 {
	t.Helper()
	var of, done int64
	for _, k := range cuts {
		of += k
	}
	var parts []int64
	for _, k := range cuts {
		parts = append(parts, ok(t)(money.Cumulative(total, done, k, of)).Minor)
		done += k
	}
	return parts
}

func TestCumulative(t *testing.T) {
	tests := []struct {
		name  string
		total int64
		cuts  []int64
		want  []int64
	}{
		{"one by one", 1000, []int64{1, 1, 1}, []int64{333, 334, 333}},
		{"two and one", 1000, []int64{2, 1}, []int64{667, 333}},
		{"all", 1000, []int64{3}, []int64{1000}},
		{"nothing of it", 1000, []int64{0, 3}, []int64{0, 1000}},
		{"one unit", 1, []int64{1, 0}, []int64{1, 0}},
		{"less than a unit each", 1, []int64{1, 1, 1}, []int64{0, 1, 0}},
		{"negative", -1000, []int64{1, 1, 1}, []int64{-333, -334, -333}},
		{"the largest", math.MaxInt64, []int64{1, 1}, []int64{1 << 62, 1<<62 - 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := refunds(t, eur(tt.total), tt.cuts...); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestCumulativeRefuses(t *testing.T) {
	for _, tt := range []struct{ done, k, of int64 }{
		{0, 1, 0}, {0, 0, 0}, {0, 1, -1}, {-1, 1, 3}, {0, -1, 3}, {3, 1, 3}, {4, 0, 3}, {0, 4, 3}, {2, 2, 3},
		{1, math.MaxInt64, 3}, {math.MaxInt64, 1, math.MaxInt64},
	} {
		if _, err := money.Cumulative(eur(1000), tt.done, tt.k, tt.of); !errors.Is(err, money.ErrUnits) {
			t.Errorf("%d more after %d of %d: %v", tt.k, tt.done, tt.of, err)
		}
	}
	if _, err := money.Cumulative(eur(math.MinInt64), 0, 1, 1); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("the smallest int64: %v", err)
	}
}
