package money_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
)

func TestExponents(t *testing.T) {
	tests := []struct {
		want  int
		codes string
	}{
		{0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"},
		{2, "USD EUR GBP HUF TWD COP IDR MGA CHF BRL INR AUD CAD NZD SGD DKK NOK SEK PLN RON CZK MXN THB HKD MYR AED"},
		{3, "BHD IQD JOD KWD LYD OMR TND"},
		{4, "CLF UYW"},
	}
	for _, tt := range tests {
		for code := range strings.FieldsSeq(tt.codes) {
			c, err := money.ParseCurrency(code)
			if err != nil || c != money.Currency(code) || !c.Valid() {
				t.Errorf("%s: %q, %v", code, c, err)
			}
			if got := c.Exponent(); got != tt.want {
				t.Errorf("%s has exponent %d, want %d", code, got, tt.want)
			}
		}
	}
}

// TestTable asks every possible code, so that a code cannot slip into the table
// with another exponent than 2 unless the list above names it.
func TestTable(t *testing.T) {
	var counts [5]int
	for _, code := range codes() {
		c := money.Currency(code)
		if _, err := money.ParseCurrency(code); (err == nil) != c.Valid() {
			t.Errorf("%s: valid is %t, but parsing says %v", code, c.Valid(), err)
		}
		if c.Valid() {
			counts[c.Exponent()]++
		} else if c.Exponent() != 0 || c.Step() != 1 {
			t.Errorf("unknown %s has exponent %d and step %d", code, c.Exponent(), c.Step())
		}
	}
	if want := [5]int{17, 0, 140, 7, 2}; counts != want {
		t.Errorf("currencies by exponent: %v, want %v", counts, want)
	}
	if money.TableVersion == "" {
		t.Error("the table has no version")
	}
}

func codes() []string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var all []string
	for _, x := range letters {
		for _, y := range letters {
			for _, z := range letters {
				all = append(all, string([]rune{x, y, z}))
			}
		}
	}
	return all
}

func TestSteps(t *testing.T) {
	special := map[string]int64{"BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10, "MGA": 100}
	for _, code := range codes() {
		want := int64(1)
		if s, found := special[code]; found {
			want = s
		}
		if got := money.Currency(code).Step(); got != want {
			t.Errorf("%s has step %d, want %d", code, got, want)
		}
	}
}

func TestParseCurrencyRefuses(t *testing.T) {
	for _, s := range []string{"", "eur", "Eur", "EU", "EURO", " EUR", "EUR ", "EUX", "XXX", "XAU", "XTS", "XDR", "978", "€", "ЕUR"} {
		c, err := money.ParseCurrency(s)
		if !errors.Is(err, money.ErrCurrency) || c != "" {
			t.Errorf("%q: %q, %v", s, c, err)
		}
	}
	_, err := money.ParseCurrency(strings.Repeat("x", 1_000_000))
	if err == nil || len(err.Error()) > 200 {
		t.Error("a long code is repeated in the error")
	}
}

func TestCodesAreKnownToISO(t *testing.T) {
	for _, code := range []string{"XCG", "SLE", "VED", "ZWG", "MRU", "STN", "BYN", "XAD"} {
		if !money.Currency(code).Valid() {
			t.Errorf("%s is missing", code)
		}
	}
	withdrawn := []string{"DEM", "HRK", "LTL", "SLL", "VEF", "ZWL", "BYR", "MRO", "STD", "CUC", "ANG"}
	if i := slices.IndexFunc(withdrawn, func(s string) bool { return money.Currency(s).Valid() }); i >= 0 {
		t.Errorf("%s is withdrawn", withdrawn[i])
	}
}
