package stripepay

import (
	"errors"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func TestAmounts(t *testing.T) {
	tests := []struct {
		currency    money.Currency
		minor, want int64 // -1: not payable
	}{
		{"EUR", 2499, 2499}, {"EUR", 0, 0}, {"EUR", 1, 1}, {"EUR", -1, -1}, {"EUR", money.MaxMinor, money.MaxMinor},
		{"JPY", 5049, 5049}, {"KRW", 50, 50}, {"XPF", 1, 1},
		{"UGX", 60000, 6000000}, {"ISK", 5, 500}, {"ISK", 9_999_999_999, 999_999_999_900}, {"ISK", 10_000_000_000, -1}, {"UGX", money.MaxMinor, -1},
		{"HUF", 249000, 249000}, {"TWD", 80045, 80045},
		{"MGA", 100, 1}, {"MGA", 12300, 123}, {"MGA", 150, -1}, {"MGA", 1, -1},
		{"KWD", 5120, 5120}, {"KWD", 5124, -1}, {"BHD", 12350, 12350}, {"BHD", 12345, -1}, {"TND", 1, -1}, {"OMR", 10, 10}, {"JOD", 5, -1},
		{"KPW", 100, -1}, {"IQD", 1000, -1}, {"LYD", 1000, -1}, {"CLF", 10000, -1}, {"UYI", 10, -1}, {"", 10, -1}, {"???", 10, -1},
	}
	for _, tt := range tests {
		a := money.New(tt.minor, tt.currency)
		got, err := toStripe(a)
		if tt.want < 0 {
			if !errors.Is(err, payment.ErrNotPayable) || !errors.Is(admits(a), payment.ErrNotPayable) {
				t.Errorf("%v: %d, %v; want ErrNotPayable", a, got, err)
			}
			continue
		}
		if err != nil || got != tt.want || admits(a) != nil {
			t.Errorf("%v: %d, %v; want %d", a, got, err, tt.want)
		}
	}
}

// TestEveryCurrency is M04: it sends each currency that money knows to Stripe and back.
func TestEveryCurrency(t *testing.T) {
	taken := 0
	for _, c := range everyCurrency() {
		step := c.Step()
		for _, minor := range []int64{0, step, 7 * step, 2490 * step, 99_999_990 * step} {
			a := money.New(minor, c)
			n, err := toStripe(a)
			if _, known := exponents[c]; !known {
				if !errors.Is(err, payment.ErrNotPayable) {
					t.Errorf("%v: %d, %v; Stripe does not take it", a, n, err)
				}
				continue
			}
			back, backErr := fromStripe(n, stripe.Currency(strings.ToLower(string(c))))
			if err != nil || backErr != nil || back != a {
				t.Errorf("%v is %d at Stripe (%v) and %v back (%v)", a, n, err, back, backErr)
			}
			if (c == "UGX" || c == "ISK") && n%100 != 0 || exponents[c] == 3 && n%10 != 0 {
				t.Errorf("%v is %d at Stripe", a, n)
			}
		}
		if _, known := exponents[c]; known {
			taken++
		}
	}
	if taken != len(exponents) {
		t.Errorf("%d currencies of Stripe's %d are known to money", taken, len(exponents))
	}
	for c := range minimum {
		if n, err := toStripe(money.New(minimum[c], c)); err != nil || n == 0 {
			t.Errorf("the minimum of %s: %d, %v", c, n, err)
		}
	}
}

// everyCurrency asks money for every code that there could be.
func everyCurrency() (all []money.Currency) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, x := range letters {
		for _, y := range letters {
			for _, z := range letters {
				if c := money.Currency([]rune{x, y, z}); c.Valid() {
					all = append(all, c)
				}
			}
		}
	}
	return all
}

func TestAmountsOfStripe(t *testing.T) {
	for _, tt := range []struct {
		n        int64
		currency stripe.Currency
		want     money.Amount
	}{
		{2499, "eur", money.New(2499, "EUR")}, {6000000, "ugx", money.New(60000, "UGX")}, {123, "mga", money.New(12300, "MGA")},
		{5050, "ugx", money.Amount{}}, {1, "isk", money.Amount{}}, {1, "kpw", money.Amount{}}, {1, "", money.Amount{}}, {1 << 62, "mga", money.Amount{}},
	} {
		got, err := fromStripe(tt.n, tt.currency)
		if got != tt.want || (err == nil) != (tt.want.Currency != "") {
			t.Errorf("%d %s: %v, %v; want %v", tt.n, tt.currency, got, err, tt.want)
		}
	}
	for _, tt := range []struct {
		n        int64
		currency stripe.Currency
		want     money.Amount
	}{{117, "eur", money.New(117, "EUR")}, {150, "isk", money.New(2, "ISK")}, {3, "mga", money.New(300, "MGA")}, {0, "eur", money.Amount{}}, {5, "zzz", money.Amount{}}} {
		if got := feeOf(&stripe.BalanceTransaction{Fee: tt.n, Currency: tt.currency}); got != tt.want {
			t.Errorf("a fee of %d %s: %v, want %v", tt.n, tt.currency, got, tt.want)
		}
	}
}
