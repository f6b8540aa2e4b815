package money_test

import (
	"flag"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "replay the property tests with this seed; 0 draws one")
	roundFlag = flag.Int("rounds", 5000, "cases of each property")
)

// gen draws the cases of one property.
type gen struct{ *rand.Rand }

// property runs check for many drawn cases and prints the seed that replays them.
func property(t *testing.T, check func(t *testing.T, g gen)) {
	t.Helper()
	seed := *seedFlag
	for seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("replay with: go test -run '^%s$' ./commerce/money -seed %d", t.Name(), seed)
	g := gen{rand.New(rand.NewPCG(seed, 0))}
	for range *roundFlag {
		if check(t, g); t.Failed() {
			return
		}
	}
}

// upTo draws from 0 to n, small values as often as large ones.
func (g gen) upTo(n int64) int64 {
	if g.IntN(4) == 0 {
		n = min(n, 5)
	}
	return g.Int64N(n + 1)
}

// any draws any int64 but the smallest, of every length alike.
func (g gen) any() int64 {
	n := int64(g.Uint64() >> (1 + g.IntN(63)))
	if g.IntN(2) == 0 {
		return -n
	}
	return n
}

// lines draws one to eight line amounts, some of them zero and some equal.
func (g gen) lines() []int64 {
	out := make([]int64, 1+g.IntN(8))
	for i := range out {
		switch g.IntN(5) {
		case 0: // zero
		case 1:
			out[i] = out[g.IntN(i+1)]
		default:
			out[i] = g.upTo(money.MaxMinor / 8)
		}
	}
	return out
}

func (g gen) rate() money.Rate { return money.Rate(g.upTo(1_000_000)) }

// partition draws how of units are returned.
func (g gen) partition(of int64) []int64 {
	var cuts []int64
	for of > 0 {
		k := 1 + g.upTo(of-1)
		cuts, of = append(cuts, k), of-k
	}
	return cuts
}

func total(ns []int64) int64 {
	var s int64
	for _, n := range ns {
		s += n
	}
	return s
}

// rounded returns num ÷ den half away from zero, by the book.
func rounded(num, den *big.Int) *big.Int {
	twice := new(big.Int).Lsh(new(big.Int).Abs(num), 1)
	q := twice.Add(twice, den)
	q.Quo(q, new(big.Int).Lsh(den, 1))
	if num.Sign() < 0 {
		q.Neg(q)
	}
	return q
}

func product(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }

// fits reports what the package must return for an exact result.
func fits(n *big.Int) bool { return n.CmpAbs(big.NewInt(math.MaxInt64)) <= 0 }

func mustBe(t *testing.T, what string, got money.Amount, err error, want *big.Int) {
	t.Helper()
	switch {
	case !fits(want):
		if err == nil {
			t.Errorf("%s = %v, want an overflow of %v", what, got, want)
		}
	case err != nil || got.Minor != want.Int64() || got.Currency != "EUR":
		t.Errorf("%s = %v, %v, want %v", what, got, err, want)
	}
}

func TestPropertyExactIntegers(t *testing.T) {
	property(t, func(t *testing.T, g gen) {
		a, b, den := g.any(), g.any(), 1+g.Int64N(math.MaxInt64)>>g.IntN(63)
		got, err := eur(a).Add(eur(b))
		mustBe(t, "a + b", got, err, new(big.Int).Add(big.NewInt(a), big.NewInt(b)))
		got, err = eur(a).Sub(eur(b))
		mustBe(t, "a − b", got, err, new(big.Int).Sub(big.NewInt(a), big.NewInt(b)))
		got, err = eur(a).Mul(b)
		mustBe(t, "a × b", got, err, product(a, b))
		got, err = money.MulDiv(eur(a), b, den)
		mustBe(t, "a × b ÷ den", got, err, rounded(product(a, b), big.NewInt(den)))
		r := g.rate()
		got, err = r.Of(eur(a))
		mustBe(t, "r of a", got, err, rounded(product(a, int64(r)), big.NewInt(1_000_000)))
		got, err = r.Inside(eur(a))
		mustBe(t, "r inside a", got, err, rounded(product(a, int64(r)), big.NewInt(1_000_000+int64(r))))
		if t.Failed() {
			t.Logf("a %d, b %d, den %d, r %d", a, b, den, r)
		}
	})
}

// shares: they add up, 0 ≤ share ≤ line, each within one unit of its exact
// part, and a zero line gets nothing.
func TestPropertyShares(t *testing.T) {
	property(t, func(t *testing.T, g gen) {
		lines := g.lines()
		sum := total(lines)
		discount := g.upTo(sum)
		shares := split(t, eur(discount), lines...)
		if total(shares) != discount {
			t.Errorf("%d over %v: %v add up to %d", discount, lines, shares, total(shares))
		}
		for i, s := range shares {
			off := new(big.Int).Sub(product(s, sum), product(discount, lines[i]))
			if s < 0 || s > lines[i] || sum > 0 && off.CmpAbs(big.NewInt(sum)) >= 0 {
				t.Errorf("%d over %v: share %d is %d", discount, lines, i, s)
			}
		}
		negative := split(t, eur(-discount), lines...)
		for i := range shares {
			if negative[i] != -shares[i] {
				t.Errorf("%d over %v: %v, negative %v", discount, lines, shares, negative)
				return
			}
		}
	})
}

func TestPropertySharesOfAnyTotal(t *testing.T) {
	property(t, func(t *testing.T, g gen) {
		weights := make([]int64, 1+g.IntN(8))
		for i := range weights {
			weights[i] = max(g.any(), 0) / 8
		}
		amount := g.any()
		if total(weights) == 0 {
			return
		}
		if shares := split(t, eur(amount), weights...); total(shares) != amount {
			t.Errorf("%d over %v: %v", amount, weights, shares)
		}
	})
}

func TestPropertyZeroLineChangesNothing(t *testing.T) {
	property(t, func(t *testing.T, g gen) {
		lines := g.lines()
		discount, at := g.upTo(total(lines)), g.IntN(len(lines)+1)
		want := split(t, eur(discount), lines...)
		got := split(t, eur(discount), slices.Insert(slices.Clone(lines), at, 0)...)
		if got[at] != 0 || !slices.Equal(slices.Delete(got, at, at+1), want) {
			t.Errorf("%d over %v with a zero at %d: %v, want %v", discount, lines, at, got, want)
		}
	})
}

// M03, permutation: the total stays, and no line moves by more than the unit that a
// tie decides.
func TestPropertyPermutation(t *testing.T) {
	property(t, func(t *testing.T, g gen) {
		lines := g.lines()
		discount, order := g.upTo(total(lines)), g.Perm(len(lines))
		moved := make([]int64, len(lines))
		for to, from := range order {
			moved[to] = lines[from]
		}
		before, after := split(t, eur(discount), lines...), split(t, eur(discount), moved...)
		if total(before) != total(after) {
			t.Errorf("%d over %v: %v, then %v", discount, lines, before, after)
		}
		for to, from := range order {
			if d := after[to] - before[from]; d < -1 || d > 1 {
				t.Errorf("%d over %v: line %d moved by %d", discount, lines, from, d)
			}
		}
	})
}

func TestPropertyScaling(t *testing.T) {
	property(t, func(t *testing.T, g gen) {
		lines := g.lines()
		discount, fine := g.upTo(total(lines)), make([]int64, len(lines))
		for i := range lines {
			fine[i] = 10 * lines[i]
		}
		coarse, scaled := split(t, eur(discount), lines...), split(t, eur(10*discount), fine...)
		for i := range lines {
			if d := scaled[i] - 10*coarse[i]; d < -10 || d > 10 {
				t.Errorf("%d over %v: share %d is %d, and %d with one more decimal", discount, lines, i, coarse[i], scaled[i])
			}
		}
	})
}

// M02, orders: discounts and taxes of whole orders keep 0 ≤ tax ≤ total, net + tax =
// gross, total ≥ 0, and 100 % off is exactly zero.
func TestPropertyOrders(t *testing.T) {
	property(t, func(t *testing.T, g gen) {
		c := calc{t, "EUR"}
		lines, percent := g.lines(), g.upTo(10_000)
		sum := total(lines)
		discount := c.off(c.amount(sum), percent, 10_000)
		taxed := c.add()
		for _, base := range c.lines(discount.Minor, lines...) {
			r := g.rate()
			tax, inside := ok(t)(r.Of(base)), ok(t)(r.Inside(base))
			net := c.sub(base, inside)
			if base.IsNegative() || tax.IsNegative() || tax.Cmp(base) > 0 || inside.IsNegative() || net.IsNegative() || c.add(net, inside) != base {
				t.Errorf("%v at %v %%: tax %v, tax inside %v", base, r, tax, inside)
			}
			taxed = c.add(taxed, base, tax)
		}
		if taxed.IsNegative() || percent == 10_000 && !taxed.IsZero() {
			t.Errorf("%v less %d basis points: total %v", lines, percent, taxed)
		}
		for _, rest := range c.lines(sum, lines...) {
			if !rest.IsZero() {
				t.Errorf("%v less all of it leaves %v", lines, rest)
			}
		}
	})
}

func TestPropertyRefundsAddUp(t *testing.T) {
	property(t, func(t *testing.T, g gen) {
		paid, cuts := g.upTo(money.MaxMinor), g.partition(1+g.upTo(9998))
		parts := refunds(t, eur(paid), cuts...)
		if total(parts) != paid || slices.Min(parts) < 0 {
			t.Errorf("%d refunded by %v: %v", paid, cuts, parts)
		}
		for i, p := range refunds(t, eur(-paid), cuts...) {
			if p != -parts[i] {
				t.Errorf("%d refunded by %v: %v, negative %d at %d", paid, cuts, parts, p, i)
			}
		}
	})
}

func TestPropertySteps(t *testing.T) {
	currencies := []money.Currency{"KWD", "MGA", "EUR", "JPY"}
	property(t, func(t *testing.T, g gen) {
		a := money.New(g.upTo(2*money.MaxMinor)-money.MaxMinor, currencies[g.IntN(len(currencies))])
		payable, rounding := a.ToStep()
		step := a.Currency.Step()
		if payable.Minor%step != 0 || ok(t)(a.Add(rounding)) != payable || 2*max(rounding.Minor, -rounding.Minor) > step {
			t.Errorf("%v: payable %v, rounding %v", a, payable, rounding)
		}
		if p, r := a.Neg().ToStep(); p != payable.Neg() || r != rounding.Neg() {
			t.Errorf("%v: payable %v, but %v of its negative", a, payable, p)
		}
	})
}

func TestPropertyTextRoundTrips(t *testing.T) {
	currencies := []money.Currency{"JPY", "EUR", "KWD", "CLF"}
	property(t, func(t *testing.T, g gen) {
		a := money.New(g.any(), currencies[g.IntN(len(currencies))])
		if got, err := money.ParseDecimal(a.Decimal(), a.Currency); err != nil || got != a {
			t.Errorf("%v: %v, %v", a, got, err)
		}
		r := g.rate()
		if got, err := money.ParseRate(r.String()); err != nil || got != r {
			t.Errorf("rate %v: %v, %v", r, got, err)
		}
	})
}
