package money_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// calc computes in one currency; an error ends the test.
type calc struct {
	*testing.T
	currency money.Currency
}

func (c calc) amount(minor int64) money.Amount { return money.New(minor, c.currency) }

func (c calc) times(minor, n int64) money.Amount {
	c.Helper()
	return ok(c.T)(c.amount(minor).Mul(n))
}

func (c calc) add(amounts ...money.Amount) money.Amount {
	c.Helper()
	return ok(c.T)(money.Sum(c.currency, amounts...))
}

func (c calc) sub(a, b money.Amount) money.Amount {
	c.Helper()
	return ok(c.T)(a.Sub(b))
}

// off returns num ÷ den of a, a discount.
func (c calc) off(a money.Amount, num, den int64) money.Amount {
	c.Helper()
	return ok(c.T)(money.MulDiv(a, num, den))
}

func (c calc) of(percent string, a money.Amount) money.Amount {
	c.Helper()
	return ok(c.T)(rate(c.T, percent).Of(a))
}

func (c calc) inside(percent string, a money.Amount) money.Amount {
	c.Helper()
	return ok(c.T)(rate(c.T, percent).Inside(a))
}

// lines returns lines less their shares of discount.
func (c calc) lines(discount int64, lines ...int64) []money.Amount {
	c.Helper()
	var out []money.Amount
	for i, share := range split(c.T, c.amount(discount), lines...) {
		out = append(out, c.amount(lines[i]-share))
	}
	return out
}

func numbers(amounts ...money.Amount) []int64 {
	var out []int64
	for _, a := range amounts {
		out = append(out, a.Minor)
	}
	return out
}

// TestWorkedExamples is M01: it asserts the worked examples of the design of money that
// are arithmetic alone. The others belong to the payment adapter and to the
// engines: the provider's exponents, the order of instruments at a refund, and
// the least amount of a charge.
func TestWorkedExamples(t *testing.T) {
	tests := []struct {
		name     string
		currency money.Currency
		compute  func(c calc) []int64
		want     []int64
	}{
		{"1: exclusive tax and shipping", "USD", func(c calc) []int64 {
			tax := c.of("10.75", c.amount(2499))
			return numbers(tax, c.add(c.amount(2499), tax, c.amount(644)))
		}, []int64{269, 3412}},
		{"2: inclusive tax of ten", "GBP", func(c calc) []int64 {
			gross := c.times(3823, 10)
			tax := c.inside("20", gross)
			return numbers(tax, c.sub(gross, tax))
		}, []int64{6372, 31858}},
		{"3: 6.2 % off it", "GBP", func(c calc) []int64 {
			gross := c.times(3823, 10)
			gross = c.sub(gross, c.off(gross, 62, 1000))
			tax := c.inside("20", gross)
			return numbers(gross, tax, c.sub(gross, tax))
		}, []int64{35860, 5977, 29883}},
		{"4: 25 % off", "USD", func(c calc) []int64 {
			discount := c.off(c.amount(1999), 25, 100)
			return numbers(discount, c.sub(c.amount(1999), discount))
		}, []int64{500, 1499}},
		{"5: half a cent of tax", "EUR", func(c calc) []int64 {
			tax := c.of("21", c.amount(850))
			total := c.add(c.amount(850), tax)
			return numbers(tax, total, c.sub(total, c.amount(1029)))
		}, []int64{179, 1029, 0}},
		{"6: inclusive tax after 25 % off", "GBP", func(c calc) []int64 {
			gross := c.times(2390, 10)
			gross = c.sub(gross, c.off(gross, 25, 100))
			tax := c.inside("20", gross)
			return numbers(gross, tax, c.sub(gross, tax))
		}, []int64{17925, 2988, 14937}},
		{"7: it refunded unit by unit", "GBP", func(c calc) []int64 {
			parts := refunds(c.T, c.amount(17925), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
			var sum int64
			for _, p := range parts {
				sum += p
			}
			return append(parts[:4:4], sum)
		}, []int64{1793, 1792, 1793, 1792, 17925}},
		{"8: equal remainders", "USD", func(c calc) []int64 {
			return split(c.T, c.amount(1000), 1000, 1000, 1000)
		}, []int64{334, 333, 333}},
		{"9: two units left over", "USD", func(c calc) []int64 {
			return split(c.T, c.amount(299), 4300, 1400, 2300)
		}, []int64{161, 52, 86}},
		{"10: one cent over three lines", "USD", func(c calc) []int64 {
			return split(c.T, c.amount(1), 1000, 1000, 0)
		}, []int64{1, 0, 0}},
		{"11: 100 % off", "EUR", func(c calc) []int64 {
			gross := c.amount(39900)
			total := c.sub(gross, c.off(gross, 100, 100))
			return numbers(total, c.inside("19", total))
		}, []int64{0, 0}},
		{"12: no decimals", "JPY", func(c calc) []int64 {
			gross := c.times(1980, 3)
			gross = c.sub(gross, c.off(gross, 15, 100))
			tax := c.inside("10", gross)
			return numbers(gross, tax, c.sub(gross, tax))
		}, []int64{5049, 459, 4590}},
		{"13: no decimals, rounded", "JPY", func(c calc) []int64 {
			tax := c.inside("10", c.amount(999))
			return numbers(tax, c.sub(c.amount(999), tax))
		}, []int64{91, 908}},
		{"14: payable step down", "KWD", func(c calc) []int64 {
			total, rounding := c.times(1708, 3).ToStep()
			return numbers(rounding, total)
		}, []int64{-4, 5120}},
		{"15: payable step up", "BHD", func(c calc) []int64 {
			total, rounding := c.amount(12345).ToStep()
			return numbers(rounding, total)
		}, []int64{5, 12350}},
		{"17: one by one", "USD", func(c calc) []int64 {
			return refunds(c.T, c.amount(1000), 1, 1, 1)
		}, []int64{333, 334, 333}},
		{"17: two and one", "USD", func(c calc) []int64 {
			return refunds(c.T, c.amount(1000), 2, 1)
		}, []int64{667, 333}},
		{"18: one of two returned", "USD", func(c calc) []int64 {
			net := c.lines(2000, 20000)[0]
			total := c.add(net, c.of("10", net))
			return append(numbers(total), refunds(c.T, total, 1, 1)...)
		}, []int64{19800, 9900, 9900}},
		{"19: a share stays with its line", "USD", func(c calc) []int64 {
			lines := c.lines(1000, 6000, 4000)
			return numbers(lines[1], lines[0])
		}, []int64{3600, 5400}},
		{"20: line level", "USD", func(c calc) []int64 {
			tax := c.of("8.875", c.amount(99))
			return numbers(tax, c.times(tax.Minor, 3))
		}, []int64{9, 27}},
		{"20: total level", "USD", func(c calc) []int64 {
			tax := c.of("8.875", c.times(99, 3))
			return append(numbers(tax), split(c.T, tax, 99, 99, 99)...)
		}, []int64{26, 9, 9, 8}},
		{"21: line and unit level", "EUR", func(c calc) []int64 {
			line, unit := c.times(108, 3), c.amount(108)
			unit = c.add(unit, c.of("19", unit))
			return numbers(c.add(line, c.of("19", line)), c.times(unit.Minor, 3))
		}, []int64{386, 387}},
		{"22: three rates on one line", "USD", func(c calc) []int64 {
			rates := []money.Rate{rate(c.T, "6.25"), rate(c.T, "1.25"), rate(c.T, "0.75")}
			tax := ok(c.T)((rates[0] + rates[1] + rates[2]).Of(c.amount(1010)))
			return append(numbers(tax), split(c.T, tax, int64(rates[0]), int64(rates[1]), int64(rates[2]))...)
		}, []int64{83, 63, 13, 7}},
		{"23: two inclusive rates", "EUR", func(c calc) []int64 {
			lines := c.lines(1500, 5000, 5000)
			total, high, low := c.add(lines...), c.inside("20", lines[0]), c.inside("5", lines[1])
			return numbers(total, high, low, c.sub(total, c.add(high, low)))
		}, []int64{8500, 708, 202, 7590}},
		{"24: line discount, then order discount", "USD", func(c calc) []int64 {
			line := c.times(4999, 2)
			line = c.sub(line, c.off(line, 20, 100))
			return numbers(line, c.lines(c.off(line, 10, 100).Minor, line.Minor)[0])
		}, []int64{7998, 7198}},
		{"25: capped", "USD", func(c calc) []int64 {
			discount := c.amount(5000)
			if line := c.amount(3000); discount.Cmp(line) > 0 {
				discount = line
			}
			return append(numbers(discount), numbers(c.lines(discount.Minor, 3000)...)...)
		}, []int64{3000, 0}},
		{"26: order discount, then tax", "USD", func(c calc) []int64 {
			lines := c.lines(700, 1999, 999, 9100)
			var taxes, totals []money.Amount
			for _, l := range lines {
				tax := c.of("8.25", l)
				taxes, totals = append(taxes, tax), append(totals, c.add(l, tax))
			}
			return slices.Concat(numbers(lines...), numbers(taxes...), numbers(totals...), numbers(c.add(totals...)))
		}, []int64{1883, 941, 8574, 155, 78, 707, 2038, 1019, 9281, 12338}},
		{"27: its second line returned unit by unit", "USD", func(c calc) []int64 {
			return append(refunds(c.T, c.amount(1019), 1, 1, 1), refunds(c.T, c.amount(78), 1, 1, 1)...)
		}, []int64{340, 339, 340, 26, 26, 26}},
		{"28: shipping taxed as its goods", "EUR", func(c calc) []int64 {
			parts := split(c.T, c.amount(490), 3000, 1000)
			return append(parts, numbers(c.inside("19", c.amount(parts[0])), c.inside("7", c.amount(parts[1])))...)
		}, []int64{368, 122, 59, 8}},
		{"32: half a unit", "USD", func(c calc) []int64 {
			return numbers(c.off(c.amount(-5), 1, 2), c.off(c.amount(5), 1, 2))
		}, []int64{-3, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.compute(calc{t, tt.currency}); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// M05, example 30 of the same list.
func TestWorkedExampleOverflow(t *testing.T) {
	if got, err := money.New(4_611_686_018_427_387_905, "USD").Mul(2); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("got %v, %v, want an overflow", got, err)
	}
}
