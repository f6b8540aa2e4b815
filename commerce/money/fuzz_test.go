package money_test

import (
	"encoding/binary"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// FuzzParseDecimal holds what is accepted against exact rationals, and what is
// refused against the grammar.
func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{
		"12.50", "0", "-0.01", "1.005", "1e2", "", "-", "1.", ".5", "92233720368547758.07", "92233720368547758.08", "000", "１", "+1",
	} {
		f.Add(s, uint8(len(s)))
	}
	currencies := []money.Currency{"EUR", "JPY", "KWD", "CLF"}
	f.Fuzz(func(t *testing.T, s string, pick uint8) {
		c := currencies[int(pick)%len(currencies)]
		a, err := money.ParseDecimal(s, c)
		if err != nil {
			if !errors.Is(err, money.ErrDecimal) || len(err.Error()) > 400 {
				t.Errorf("%q: error %v", s, err)
			}
			if plain(s, c.Exponent()) && len(s) <= 15 {
				t.Errorf("%q in %s is refused: %v", s, c, err)
			}
			return
		}
		if !plain(s, c.Exponent()) {
			t.Fatalf("%q in %s is accepted: %v", s, c, a)
		}
		want, _ := new(big.Rat).SetString(s)
		got, _ := new(big.Rat).SetString(a.Decimal())
		if a.Currency != c || got.Cmp(want) != 0 {
			t.Errorf("%q in %s: %v", s, c, a)
		}
	})
}

// FuzzParseRate does the same for rates.
func FuzzParseRate(f *testing.F) {
	for _, s := range []string{"8.875", "19", "100", "100.0001", "0.0001", "-1", "-0", "", "1e1", "8.", ".5", "0019", "9999999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := money.ParseRate(s)
		if err != nil {
			if !errors.Is(err, money.ErrRate) || r != 0 || len(err.Error()) > 400 {
				t.Errorf("%q: %v, %v", s, r, err)
			}
			return
		}
		if !plain(s, 4) || s[0] == '-' || r < 0 || r > 1_000_000 {
			t.Fatalf("%q is accepted: %v", s, r)
		}
		want, _ := new(big.Rat).SetString(s)
		if got := big.NewRat(int64(r), 10_000); got.Cmp(want) != 0 {
			t.Errorf("%q: %v", s, r)
		}
		if again, err := money.ParseRate(r.String()); err != nil || again != r {
			t.Errorf("%q reads back as %v, %v", r.String(), again, err)
		}
	})
}

// FuzzSplit holds shares against their rules. Weights are eight bytes each.
func FuzzSplit(f *testing.F) {
	for _, s := range []struct {
		total   int64
		weights []int64
	}{
		{1000, []int64{1000, 1000, 1000}}, {299, []int64{4300, 1400, 2300}}, {1, []int64{1000, 1000, 0}}, {-7, []int64{1}},
		{5, nil}, {5, []int64{0}}, {5, []int64{-1, 9}}, {1<<63 - 1, []int64{1<<63 - 1, 1<<63 - 1}}, {-1 << 63, []int64{1}},
	} {
		var b []byte
		for _, w := range s.weights {
			b = binary.BigEndian.AppendUint64(b, uint64(w))
		}
		f.Add(s.total, b)
	}
	f.Fuzz(func(t *testing.T, minor int64, b []byte) {
		var weights []int64
		sum := new(big.Int)
		for ; len(b) >= 8; b = b[8:] {
			w := int64(binary.BigEndian.Uint64(b))
			weights, sum = append(weights, w), sum.Add(sum, big.NewInt(w))
		}
		parts, err := money.Split(eur(minor), weights)
		if err != nil {
			if !errors.Is(err, money.ErrWeights) && !errors.Is(err, money.ErrOverflow) || parts != nil {
				t.Errorf("%d over %v: %v, %v", minor, weights, parts, err)
			}
			return
		}
		checkShares(t, minor, weights, sum, minors(t, "EUR", parts))
	})
}

func checkShares(t *testing.T, minor int64, weights []int64, sum *big.Int, shares []int64) {
	t.Helper()
	added, covered := new(big.Int), sum.CmpAbs(big.NewInt(minor)) >= 0
	for i, s := range shares {
		added.Add(added, big.NewInt(s))
		against := s != 0 && (s < 0) != (minor < 0)
		over := covered && big.NewInt(s).CmpAbs(big.NewInt(weights[i])) > 0
		if weights[i] < 0 || weights[i] == 0 && s != 0 || against || over {
			t.Errorf("%d over %v: share %d is %d", minor, weights, i, s)
		}
	}
	if len(shares) != len(weights) || added.Cmp(big.NewInt(minor)) != 0 {
		t.Errorf("%d over %v: %v add up to %v", minor, weights, shares, added)
	}
}

// plain reports whether s is an optional minus, digits, and at most decimals
// digits after a point.
func plain(s string, decimals int) bool {
	whole, frac, dotted := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	for _, r := range whole + frac {
		if r < '0' || r > '9' {
			return false
		}
	}
	return whole != "" && (frac != "" || !dotted) && len(frac) <= decimals
}
