package money_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// ok returns a function that takes the result of a computation which must not fail.
func ok(t *testing.T) func(money.Amount, error) money.Amount {
	return func(a money.Amount, err error) money.Amount {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func TestCheckedArithmetic(t *testing.T) {
	const top, bottom = math.MaxInt64, -math.MaxInt64
	add := func(a, b int64) (money.Amount, error) { return eur(a).Add(eur(b)) }
	sub := func(a, b int64) (money.Amount, error) { return eur(a).Sub(eur(b)) }
	mul := func(a, b int64) (money.Amount, error) { return eur(a).Mul(b) }
	tests := []struct {
		name string
		op   func(a, b int64) (money.Amount, error)
		a, b int64
		want int64
		err  error
	}{
		{"add", add, 2499, 644, 3143, nil},
		{"add negative", add, 1, -3, -2, nil},
		{"add to the top", add, top - 1, 1, top, nil},
		{"add beyond the top", add, top, 1, 0, money.ErrOverflow},
		{"add to the bottom", add, bottom + 1, -1, bottom, nil},
		{"add one below the bottom", add, bottom, -1, 0, money.ErrOverflow},
		{"add far below the bottom", add, bottom, bottom, 0, money.ErrOverflow},
		{"sub", sub, 100, 250, -150, nil},
		{"sub to the top", sub, top - 1, -1, top, nil},
		{"sub beyond the top", sub, top, -1, 0, money.ErrOverflow},
		{"sub one below the bottom", sub, bottom, 1, 0, money.ErrOverflow},
		{"sub the smallest int64", sub, 0, math.MinInt64, 0, money.ErrOverflow},
		{"mul", mul, 1999, 3, 5997, nil},
		{"mul both negative", mul, -1999, -3, 5997, nil},
		{"mul by zero", mul, top, 0, 0, nil},
		{"mul beyond the top", mul, top, 2, 0, money.ErrOverflow},
		{"mul just beyond the top", mul, 1 << 62, 2, 0, money.ErrOverflow},
		{"mul to the smallest int64", mul, 1 << 62, -2, 0, money.ErrOverflow},
		{"mul the smallest int64", mul, math.MinInt64, 1, 0, money.ErrOverflow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.op(tt.a, tt.b)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if want := eur(tt.want); err == nil && got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestTwoCurrenciesPanic(t *testing.T) {
	e, u := eur(1), money.New(1, "USD")
	tests := []struct {
		name string
		do   func()
		want string
	}{
		{"Add", func() { _, _ = e.Add(u) }, "money: EUR + USD"},
		{"Sub", func() { _, _ = e.Sub(u) }, "money: EUR - USD"},
		{"Cmp", func() { e.Cmp(u) }, "money: EUR <> USD"},
		{"Sum", func() { _, _ = money.Sum("EUR", e, u) }, "money: EUR + USD"},
		{"Sum of others", func() { _, _ = money.Sum("EUR", u) }, "money: EUR + USD"},
		{"zero value", func() { _, _ = e.Add(money.Amount{}) }, "money: EUR + "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := panicOf(tt.do); got != tt.want {
				t.Errorf("panic %v, want %q", got, tt.want)
			}
		})
	}
}

func panicOf(do func()) (got any) {
	defer func() { got = recover() }()
	do()
	return nil
}

func TestNeg(t *testing.T) {
	for _, n := range []int64{0, 1, -1, math.MaxInt64, -math.MaxInt64} {
		if got, want := eur(n).Neg(), eur(-n); got != want {
			t.Errorf("-(%d) = %v, want %v", n, got, want)
		}
	}
	if panicOf(func() { eur(math.MinInt64).Neg() }) == nil {
		t.Error("the smallest int64 has been negated")
	}
}

func TestCmpAndSigns(t *testing.T) {
	tests := []struct {
		a, b           int64
		cmp            int
		zero, negative bool
	}{
		{-1, 0, -1, false, true},
		{0, 0, 0, true, false},
		{5, 4, 1, false, false},
	}
	for _, tt := range tests {
		a := eur(tt.a)
		if got := a.Cmp(eur(tt.b)); got != tt.cmp {
			t.Errorf("%d cmp %d = %d, want %d", tt.a, tt.b, got, tt.cmp)
		}
		if a.IsZero() != tt.zero || a.IsNegative() != tt.negative {
			t.Errorf("%d: zero %t, negative %t", tt.a, a.IsZero(), a.IsNegative())
		}
	}
}

func TestBound(t *testing.T) {
	for n, inside := range map[int64]bool{
		0: true, 99_999_999_999: true, -99_999_999_999: true,
		100_000_000_000: false, -100_000_000_000: false, math.MaxInt64: false, math.MinInt64: false,
	} {
		if err := eur(n).Bound(); (err == nil) != inside || err != nil && !errors.Is(err, money.ErrOutOfRange) {
			t.Errorf("Bound of %d: %v", n, err)
		}
	}
}

func TestToStep(t *testing.T) {
	tests := []struct {
		currency                money.Currency
		minor, payable, rounded int64
	}{
		{"KWD", 5124, 5120, -4},
		{"KWD", 5125, 5130, 5},
		{"KWD", -5125, -5130, -5},
		{"KWD", -5124, -5120, 4},
		{"BHD", 12345, 12350, 5},
		{"TND", 4, 0, -4},
		{"MGA", 149, 100, -49},
		{"MGA", 150, 200, 50},
		{"EUR", 2499, 2499, 0},
		{"ISK", 5, 5, 0},
		{"IQD", 1234, 1234, 0},
	}
	for _, tt := range tests {
		payable, rounding := money.New(tt.minor, tt.currency).ToStep()
		if payable != money.New(tt.payable, tt.currency) || rounding != money.New(tt.rounded, tt.currency) {
			t.Errorf("%s %d: %v and %v, want %d and %d", tt.currency, tt.minor, payable, rounding, tt.payable, tt.rounded)
		}
	}
	if panicOf(func() { money.New(math.MaxInt64, "KWD").ToStep() }) == nil {
		t.Error("a step beyond 64 bits has been returned")
	}
}

func TestSum(t *testing.T) {
	if got, want := ok(t)(money.Sum("EUR")), eur(0); got != want {
		t.Errorf("empty sum %v, want %v", got, want)
	}
	if got, want := ok(t)(money.Sum("EUR", eur(2499), eur(269), eur(-644))), eur(2124); got != want {
		t.Errorf("sum %v, want %v", got, want)
	}
	if _, err := money.Sum("EUR", eur(math.MaxInt64), eur(1)); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("sum beyond 64 bits: %v", err)
	}
}

func TestJSON(t *testing.T) {
	b, err := json.Marshal(money.New(2499, "USD"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(b), `{"amount":2499,"currency":"USD"}`; got != want {
		t.Errorf("encoded %s, want %s", got, want)
	}
	tests := []struct {
		in   string
		want money.Amount
	}{
		{`{"amount":2499,"currency":"USD"}`, money.New(2499, "USD")},
		{`{"currency":"JPY","amount":-1}`, money.New(-1, "JPY")},
		{`{"amount":-0,"currency":"EUR"}`, eur(0)},
		{`{"amount":9223372036854775807,"currency":"EUR"}`, eur(math.MaxInt64)},
		{`{"amount":1,"currency":"EUR","label":"kept for the transport"}`, eur(1)},
	}
	for _, tt := range tests {
		var got money.Amount
		if err := json.Unmarshal([]byte(tt.in), &got); err != nil || got != tt.want {
			t.Errorf("%s: %v, %v, want %v", tt.in, got, err, tt.want)
		}
	}
}

func TestJSONRefuses(t *testing.T) {
	tests := []struct {
		in   string
		want error // nil: any error
	}{
		{`{"amount":1.5,"currency":"EUR"}`, nil},
		{`{"amount":1.0,"currency":"EUR"}`, nil},
		{`{"amount":1e2,"currency":"EUR"}`, nil},
		{`{"amount":1e309,"currency":"EUR"}`, nil},
		{`{"amount":"1","currency":"EUR"}`, nil},
		{`{"amount":9223372036854775808,"currency":"EUR"}`, nil},
		{`{"amount":-9223372036854775808,"currency":"EUR"}`, money.ErrOverflow},
		{`{"amount":true,"currency":"EUR"}`, nil},
		{`{"amount":1,"currency":5}`, nil},
		{`{"amount":null,"currency":"EUR"}`, money.ErrAmount},
		{`{"currency":"EUR"}`, money.ErrAmount},
		{`{"amount":1}`, money.ErrAmount},
		{`{"amount":1,"currency":null}`, money.ErrAmount},
		{`{}`, money.ErrAmount},
		{`null`, money.ErrAmount},
		{`{"amount":1,"currency":""}`, money.ErrCurrency},
		{`{"amount":1,"currency":"eur"}`, money.ErrCurrency},
		{`{"amount":1,"currency":"EUX"}`, money.ErrCurrency},
		{`{"amount":1,"currency":" EUR"}`, money.ErrCurrency},
		{`2499`, nil},
		{`"EUR 24.99"`, nil},
		{`[]`, nil},
	}
	for _, tt := range tests {
		got := eur(77)
		err := json.Unmarshal([]byte(tt.in), &got)
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v, want %v", tt.in, err, tt.want)
		}
		if got != eur(77) {
			t.Errorf("%s has been written: %v", tt.in, got)
		}
	}
}

func TestJSONNamesTheMember(t *testing.T) {
	var in struct {
		Price money.Amount `json:"price"`
	}
	err := json.Unmarshal([]byte(`{"price":{"amount":1.5,"currency":"EUR"}}`), &in)
	wrong, isType := errors.AsType[*json.UnmarshalTypeError](err)
	if !isType || wrong.Field != "price.amount" {
		t.Errorf("got %#v, want a type error of price.amount", err)
	}
}

func TestFaults(t *testing.T) {
	for want, err := range map[string]error{
		"money.unknown_currency": money.ErrCurrency,
		"money.bad_amount":       money.ErrAmount,
		"money.bad_decimal":      money.ErrDecimal,
		"money.bad_rate":         money.ErrRate,
		"money.bad_ratio":        money.ErrRatio,
		"money.bad_weights":      money.ErrWeights,
		"money.bad_units":        money.ErrUnits,
		"money.overflow":         money.ErrOverflow,
		"money.out_of_range":     money.ErrOutOfRange,
	} {
		if got := fault.Public(err); got.Code != want || got.Kind != fault.Invalid {
			t.Errorf("got %s %s, want invalid %s", got.Kind, got.Code, want)
		}
	}
}
