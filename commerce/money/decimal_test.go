package money_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
)

func TestDecimal(t *testing.T) {
	tests := []struct {
		amount  money.Amount
		decimal string
	}{
		{eur(2499), "24.99"},
		{eur(0), "0.00"},
		{eur(5), "0.05"},
		{eur(-5), "-0.05"},
		{eur(50), "0.50"},
		{eur(-2499), "-24.99"},
		{eur(100_000_000), "1000000.00"},
		{money.New(1980, "JPY"), "1980"},
		{money.New(-7, "JPY"), "-7"},
		{money.New(0, "JPY"), "0"},
		{money.New(5124, "KWD"), "5.124"},
		{money.New(1, "KWD"), "0.001"},
		{money.New(38123456, "CLF"), "3812.3456"},
		{money.New(12, "CLF"), "0.0012"},
		{eur(math.MaxInt64), "92233720368547758.07"},
		{eur(-math.MaxInt64), "-92233720368547758.07"},
	}
	for _, tt := range tests {
		if got := tt.amount.Decimal(); got != tt.decimal {
			t.Errorf("%d: %q, want %q", tt.amount.Minor, got, tt.decimal)
		}
		if got, want := tt.amount.String(), string(tt.amount.Currency)+" "+tt.decimal; got != want {
			t.Errorf("string %q, want %q", got, want)
		}
		if got, err := money.ParseDecimal(tt.decimal, tt.amount.Currency); err != nil || got != tt.amount {
			t.Errorf("parsed %q: %v, %v, want %v", tt.decimal, got, err, tt.amount)
		}
	}
	if got, want := eur(math.MinInt64).Decimal(), "-92233720368547758.08"; got != want {
		t.Errorf("smallest int64: %q, want %q", got, want)
	}
	if got, want := money.New(1234, "???").String(), "??? 1234"; got != want {
		t.Errorf("unknown currency: %q, want %q", got, want)
	}
}

func TestParseDecimal(t *testing.T) {
	tests := []struct {
		in       string
		currency money.Currency
		want     int64
	}{
		{"12.50", "EUR", 1250},
		{"12.5", "EUR", 1250},
		{"12", "EUR", 1200},
		{"0", "EUR", 0},
		{"-0.01", "EUR", -1},
		{"-0", "EUR", 0},
		{"-3", "EUR", -300},
		{"007.10", "EUR", 710},
		{"1.5", "KWD", 1500},
		{"2490", "HUF", 249000},
	}
	for _, tt := range tests {
		got, err := money.ParseDecimal(tt.in, tt.currency)
		if want := money.New(tt.want, tt.currency); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", tt.in, got, err, want)
		}
	}
}

func TestParseDecimalRefuses(t *testing.T) {
	forms := []string{
		"", "-", ".", "-.", ".5", "5.", "-.5", "+1", "--1", "1-", "- 1", " 1", "1 ", "1 000", "1\n", "1\x00", "1.2.3", "1..2",
		"1.005", "1.500", "1.-5", "1,50", "1,000.00", "1'000", "1_000", "1e2", "1E2", "0x10", "0b1", "1e-2", "Inf", "-inf", "NaN",
		"€1", "1€", "１２", "١٢", "1½", "−1", "true", "null",
		"92233720368547758.08", "-92233720368547758.08", "99999999999999999999", strings.Repeat("9", 1000),
	}
	for _, s := range forms {
		if got, err := money.ParseDecimal(s, "EUR"); !errors.Is(err, money.ErrDecimal) || got != (money.Amount{}) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for s, c := range map[string]money.Currency{"1.0": "JPY", "1.2345": "KWD", "1.23456": "CLF"} {
		if _, err := money.ParseDecimal(s, c); !errors.Is(err, money.ErrDecimal) {
			t.Errorf("%s in %s: %v", s, c, err)
		}
	}
	if _, err := money.ParseDecimal("1", "EUX"); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("unknown currency: %v", err)
	}
}

func TestParseDecimalNamesWhatIsRight(t *testing.T) {
	tests := []struct {
		currency money.Currency
		want     string
	}{
		{"JPY", `"1.23456" is not an amount in JPY: write plain digits without decimals, like "12"`},
		{"EUR", `"1.23456" is not an amount in EUR: write plain digits with at most 2 decimals, like "12.50"`},
		{"KWD", `"1.23456" is not an amount in KWD: write plain digits with at most 3 decimals, like "12.500"`},
		{"CLF", `"1.23456" is not an amount in CLF: write plain digits with at most 4 decimals, like "12.5000"`},
	}
	for _, tt := range tests {
		if _, err := money.ParseDecimal("1.23456", tt.currency); err == nil || err.Error() != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
	if _, err := money.ParseDecimal(strings.Repeat("9", 100_000), "EUR"); err == nil || len(err.Error()) > 200 {
		t.Error("a long amount is repeated in the error")
	}
}
