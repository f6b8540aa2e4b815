package money_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
)

func rate(t *testing.T, s string) money.Rate {
	t.Helper()
	r, err := money.ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParseRate(t *testing.T) {
	tests := []struct {
		in   string
		want money.Rate
		text string
	}{
		{"8.875", 88_750, "8.875"},
		{"8.25", 82_500, "8.25"},
		{"19", 190_000, "19"},
		{"19.0000", 190_000, "19"},
		{"0", 0, "0"},
		{"0.0", 0, "0"},
		{"0.0001", 1, "0.0001"},
		{"10", 100_000, "10"},
		{"100", 1_000_000, "100"},
		{"100.0", 1_000_000, "100"},
		{"99.9999", 999_999, "99.9999"},
	}
	for _, tt := range tests {
		got, err := money.ParseRate(tt.in)
		if err != nil || got != tt.want || got.String() != tt.text {
			t.Errorf("%q: %d %q, %v, want %d %q", tt.in, got, got, err, tt.want, tt.text)
		}
	}
	if got, want := money.Rate(1_250_000).String(), "125"; got != want {
		t.Errorf("a sum of rates reads %q, want %q", got, want)
	}
}

func TestParseRateRefuses(t *testing.T) {
	for _, s := range []string{
		"", "-", "-1", "-0", "+1", "100.0001", "101", "1000000", "8.87501", "8.", ".5", "8,25", "8.25%", " 8", "8 ", "1e1", "1e309", "NaN",
		"0x8", "8_0", "９", strings.Repeat("9", 100),
	} {
		if got, err := money.ParseRate(s); !errors.Is(err, money.ErrRate) || got != 0 {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

func TestRateJSON(t *testing.T) {
	type setting struct {
		Rate money.Rate `json:"rate"`
	}
	b, err := json.Marshal(setting{82_500})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(b), `{"rate":"8.25"}`; got != want {
		t.Errorf("encoded %s, want %s", got, want)
	}
	var got setting
	if err := json.Unmarshal(b, &got); err != nil || got.Rate != 82_500 {
		t.Errorf("decoded %v, %v", got, err)
	}
	for _, in := range []string{`{"rate":8.25}`, `{"rate":19}`, `{"rate":"-1"}`, `{"rate":"101"}`, `{"rate":""}`, `{"rate":true}`} {
		got := setting{7}
		if err := json.Unmarshal([]byte(in), &got); err == nil || got.Rate != 7 {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
}

func TestOfAndInside(t *testing.T) {
	tests := []struct {
		rate       string
		amount     int64
		of, inside int64
	}{
		{"21", 850, 179, 148},
		{"21", -850, -179, -148},
		{"20", 17925, 3585, 2988},
		{"20", -17925, -3585, -2988},
		{"0", 12345, 0, 0},
		{"100", 12345, 12345, 6173},
		{"0.0001", 500_000, 1, 0},
		{"0.0001", 499_999, 0, 0},
		{"8.875", 99, 9, 8},
		{"50", 1, 1, 0},
		{"50", -1, -1, 0},
		{"19", 0, 0, 0},
	}
	for _, tt := range tests {
		r := rate(t, tt.rate)
		if got, want := ok(t)(r.Of(eur(tt.amount))), eur(tt.of); got != want {
			t.Errorf("%s %% of %d: %v, want %v", tt.rate, tt.amount, got, want)
		}
		if got, want := ok(t)(r.Inside(eur(tt.amount))), eur(tt.inside); got != want {
			t.Errorf("%s %% inside %d: %v, want %v", tt.rate, tt.amount, got, want)
		}
	}
}

func TestRateLimits(t *testing.T) {
	if _, err := money.Rate(-1).Of(eur(1)); !errors.Is(err, money.ErrRate) {
		t.Errorf("negative rate of: %v", err)
	}
	if _, err := money.Rate(-1).Inside(eur(1)); !errors.Is(err, money.ErrRate) {
		t.Errorf("negative rate inside: %v", err)
	}
	if _, err := money.Rate(math.MaxInt64).Inside(eur(1)); !errors.Is(err, money.ErrRate) {
		t.Errorf("too large a rate inside: %v", err)
	}
	if _, err := money.Rate(2_000_000).Of(eur(math.MaxInt64)); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("200 %% of the largest amount: %v", err)
	}
	if got, want := ok(t)(rate(t, "100").Of(eur(math.MaxInt64))), eur(math.MaxInt64); got != want {
		t.Errorf("100 %% of the largest amount: %v, want %v", got, want)
	}
}
