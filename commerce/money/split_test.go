package money_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// split returns the shares of total in minor units.
func split(t *testing.T, total money.Amount, weights ...int64) []int64 {
	t.Helper()
	parts, err := money.Split(total, weights)
	if err != nil {
		t.Fatal(err)
	}
	return minors(t, total.Currency, parts)
}

func minors(t *testing.T, c money.Currency, parts []money.Amount) []int64 {
	t.Helper()
	out := make([]int64, len(parts))
	for i, p := range parts {
		if p.Currency != c {
			t.Fatalf("share %d is %v, want %s", i, p, c)
		}
		out[i] = p.Minor
	}
	return out
}

func TestSplit(t *testing.T) {
	const top = math.MaxInt64
	tests := []struct {
		name    string
		total   int64
		weights []int64
		want    []int64
	}{
		{"ties go to the lower index", 1000, []int64{1000, 1000, 1000}, []int64{334, 333, 333}},
		{"largest remainder first", 299, []int64{4300, 1400, 2300}, []int64{161, 52, 86}},
		{"nothing is lost", 1, []int64{1000, 1000, 0}, []int64{1, 0, 0}},
		{"zero weight before", 1, []int64{0, 1000, 1000}, []int64{0, 1, 0}},
		{"negative", -1000, []int64{1000, 1000, 1000}, []int64{-334, -333, -333}},
		{"zero", 0, []int64{3, 4}, []int64{0, 0}},
		{"zero over zeros", 0, []int64{0, 0}, []int64{0, 0}},
		{"zero over nobody", 0, nil, []int64{}},
		{"one", -7, []int64{1}, []int64{-7}},
		{"all of it", 6, []int64{1, 2, 3}, []int64{1, 2, 3}},
		{"more than the weights", 10, []int64{1, 2}, []int64{3, 7}},
		{"largest of all", top, []int64{top, top}, []int64{1 << 62, 1<<62 - 1}},
		{"largest to one", top, []int64{0, 1, 0}, []int64{0, top, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := split(t, eur(tt.total), tt.weights...); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSplitRefuses(t *testing.T) {
	const top = math.MaxInt64
	tests := []struct {
		name    string
		total   int64
		weights []int64
		want    error
	}{
		{"nobody", 1, nil, money.ErrWeights},
		{"only zeros", -1, []int64{0, 0}, money.ErrWeights},
		{"negative weight", 1, []int64{5, -1}, money.ErrWeights},
		{"negative weight for nothing", 0, []int64{-1}, money.ErrWeights},
		{"too large weights", 1, []int64{top, top, top}, money.ErrOverflow},
		{"smallest int64", math.MinInt64, []int64{1, 0}, money.ErrOverflow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := money.Split(eur(tt.total), tt.weights); !errors.Is(err, tt.want) || got != nil {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

// Two sizes of remainders, each tied a hundred times: only a stable order gives
// the units to the lowest indexes.
func TestSplitTiesOfManyLines(t *testing.T) {
	weights := slices.Repeat([]int64{1, 2}, 100)
	want := slices.Concat(slices.Repeat([]int64{0, 1}, 70), slices.Repeat([]int64{0, 0}, 30))
	if got := split(t, eur(70), weights...); !slices.Equal(got, want) {
		t.Errorf("got %v, want one unit for each of the first 70 twos", got)
	}
}
