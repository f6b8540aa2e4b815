package pricing_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// basket is a short way to write a pricing.Basket. Its lines have the ids "a",
// "b", …; rates are by tax category, in percent.
type basket struct {
	currency money.Currency
	included bool
	lines    []line
	discount int64
	rates    map[string][]string
	shipping *shipping
	offers   []pricing.Offer
}

// offer is a promotion that applies by itself and takes an amount off.
func offer(id string, scope pricing.PromotionScope, a money.Amount, variants ...string) pricing.Offer {
	return pricing.Offer{Promotion: pricing.Promotion{ID: "promo_" + id, Title: id, Kind: pricing.KindFixed, Amounts: []money.Amount{a}, Scope: scope, VariantIDs: variants, Active: true}}
}

// percentOff is a promotion that applies by itself and takes percent off.
func percentOff(id, rate string, scope pricing.PromotionScope, variants ...string) pricing.Offer {
	return pricing.Offer{Promotion: pricing.Promotion{ID: "promo_" + id, Title: id, Kind: pricing.KindPercent, Percent: percent(rate), Scope: scope, VariantIDs: variants, Active: true}}
}

type line struct {
	price, quantity, discount int64
	category                  string // "": not taxed
}

type shipping struct {
	price    int64
	category string
}

func percent(s string) money.Rate {
	r, err := money.ParseRate(s)
	if err != nil {
		panic(err)
	}
	return r
}

func (b basket) build() pricing.Basket {
	out := pricing.Basket{
		Market:  pricing.Market{ID: "default", Currency: b.currency, Country: "DE", TaxIncluded: b.included},
		Country: "DE",
	}
	if b.discount != 0 {
		out.Offers = append(out.Offers, offer("order", pricing.ScopeOrder, money.New(b.discount, b.currency)))
	}
	out.Offers = append(out.Offers, b.offers...)
	for i, l := range b.lines {
		id := string(rune('a' + i))
		if l.discount != 0 {
			out.Offers = append(out.Offers, offer(id, pricing.ScopeItems, money.New(l.discount, b.currency), "v_"+id))
		}
		out.Lines = append(out.Lines, pricing.Line{
			QuoteItem: pricing.QuoteItem{ID: id, VariantID: "v_" + id, Quantity: l.quantity, Taxable: l.category != "", TaxCategory: l.category, RequiresShipping: true},
			Price:     new(money.New(l.price, b.currency)),
		})
	}
	for category, rates := range b.rates {
		for i, r := range rates {
			out.TaxRates = append(out.TaxRates, pricing.TaxRate{ID: fmt.Sprint(category, i), Name: category + " " + r, Country: "DE", Category: category, Rate: percent(r)})
		}
	}
	if s := b.shipping; s != nil {
		out.Shipping = "so"
		out.ShippingMethods = []pricing.ShippingMethod{{ID: "so", By: pricing.Flat, TaxCategory: s.category, Bands: []pricing.Band{{Prices: []money.Amount{money.New(s.price, b.currency)}}}}}
	}
	return out
}

// off is a discount of so many percent on a line.
func off(price, quantity int64, p string) int64 {
	a, err := percent(p).Of(money.New(price*quantity, "EUR"))
	if err != nil {
		panic(err)
	}
	return a.Minor
}

func standard(rates ...string) map[string][]string {
	return map[string][]string{"standard": rates}
}

func taxes(q pricing.Quote) (out []int64) {
	for _, t := range q.Taxes {
		out = append(out, t.Amount.Minor)
	}
	return out
}

func discounts(q pricing.Quote) (out []int64) {
	for _, it := range q.Items {
		out = append(out, it.Discount.Minor)
	}
	return out
}

func lineTotals(q pricing.Quote) (out []int64) {
	for _, it := range q.Items {
		out = append(out, it.Total.Minor)
	}
	return out
}

// TestWorkedExamples asserts the worked examples of docs/money.md that a basket
// can express, by their numbers there.
func TestWorkedExamples(t *testing.T) {
	totals := func(q pricing.Quote) []int64 {
		return []int64{q.Totals.Total.Minor, q.Totals.Tax.Minor}
	}
	tests := []struct {
		name string
		b    basket
		get  func(q pricing.Quote) []int64
		want []int64
	}{
		{"1 exclusive tax, untaxed shipping", basket{currency: "USD", lines: []line{{2499, 1, 0, "standard"}}, rates: standard("10.75"), shipping: &shipping{644, "none"}}, totals, []int64{3412, 269}},
		{"2 inclusive tax of a line", basket{currency: "GBP", included: true, lines: []line{{3823, 10, 0, "standard"}}, rates: standard("20")},
			func(q pricing.Quote) []int64 { return append(totals(q), q.Taxes[0].Taxable.Minor) }, []int64{38230, 6372, 31858}},
		{"3 and a discount", basket{currency: "GBP", included: true, lines: []line{{3823, 10, off(3823, 10, "6.2"), "standard"}}, rates: standard("20")},
			func(q pricing.Quote) []int64 { return append(totals(q), q.Taxes[0].Taxable.Minor) }, []int64{35860, 5977, 29883}},
		{"4 half a cent of discount", basket{currency: "USD", lines: []line{{1999, 1, off(1999, 1, "25"), ""}}}, totals, []int64{1499, 0}},
		{"5 half a cent of tax", basket{currency: "EUR", lines: []line{{850, 1, 0, "standard"}}, rates: standard("21")}, totals, []int64{1029, 179}},
		{"6 discount, then inclusive tax", basket{currency: "GBP", included: true, lines: []line{{2390, 10, off(2390, 10, "25"), "standard"}}, rates: standard("20")},
			func(q pricing.Quote) []int64 { return append(totals(q), q.Taxes[0].Taxable.Minor) }, []int64{17925, 2988, 14937}},
		{"8 three equal lines", basket{currency: "EUR", lines: []line{{1000, 1, 0, ""}, {1000, 1, 0, ""}, {1000, 1, 0, ""}}, discount: 1000}, discounts, []int64{334, 333, 333}},
		{"9 largest remainders", basket{currency: "USD", lines: []line{{4300, 1, 0, ""}, {1400, 1, 0, ""}, {2300, 1, 0, ""}}, discount: 299}, discounts, []int64{161, 52, 86}},
		{"10 a cent is not lost", basket{currency: "USD", lines: []line{{1000, 1, 0, ""}, {1000, 1, 0, ""}, {0, 1, 0, ""}}, discount: 1}, discounts, []int64{1, 0, 0}},
		{"11 all off", basket{currency: "EUR", included: true, lines: []line{{39900, 1, off(39900, 1, "100"), "standard"}}, rates: standard("19")}, totals, []int64{0, 0}},
		{"12 yen", basket{currency: "JPY", included: true, lines: []line{{1980, 3, off(1980, 3, "15"), "standard"}}, rates: standard("10")},
			func(q pricing.Quote) []int64 { return append(totals(q), q.Taxes[0].Taxable.Minor) }, []int64{5049, 459, 4590}},
		{"13 yen", basket{currency: "JPY", included: true, lines: []line{{999, 1, 0, "standard"}}, rates: standard("10")},
			func(q pricing.Quote) []int64 { return []int64{q.Totals.Tax.Minor, q.Taxes[0].Taxable.Minor} }, []int64{91, 908}},
		{"14 payable step down", basket{currency: "KWD", lines: []line{{1708, 3, 0, ""}}},
			func(q pricing.Quote) []int64 { return []int64{q.Totals.Rounding.Minor, q.Totals.Total.Minor} }, []int64{-4, 5120}},
		{"15 payable step up", basket{currency: "BHD", lines: []line{{12345, 1, 0, ""}}},
			func(q pricing.Quote) []int64 { return []int64{q.Totals.Rounding.Minor, q.Totals.Total.Minor} }, []int64{5, 12350}},
		{"18 order discount and tax", basket{currency: "USD", lines: []line{{10000, 2, 0, "standard"}}, discount: 2000, rates: standard("10")}, totals, []int64{19800, 1800}},
		{"19 shares of an order discount", basket{currency: "USD", lines: []line{{6000, 1, 0, ""}, {4000, 1, 0, ""}}, discount: 1000}, discounts, []int64{600, 400}},
		{"20 tax by line", basket{currency: "USD", lines: []line{{99, 1, 0, "standard"}, {99, 1, 0, "standard"}, {99, 1, 0, "standard"}}, rates: standard("8.875")},
			func(q pricing.Quote) []int64 { return []int64{q.Totals.Tax.Minor} }, []int64{27}},
		{"21 by line, not by unit", basket{currency: "EUR", lines: []line{{108, 3, 0, "standard"}}, rates: standard("19")}, totals, []int64{386, 62}},
		{"22 several rates", basket{currency: "USD", lines: []line{{1010, 1, 0, "standard"}}, rates: standard("6.25", "1.25", "0.75")},
			func(q pricing.Quote) []int64 { return append(taxes(q), q.Totals.Tax.Minor) }, []int64{63, 13, 7, 83}},
		{"23 order discount over two rates", basket{currency: "GBP", included: true, lines: []line{{5000, 1, 0, "standard"}, {5000, 1, 0, "reduced"}}, discount: 1500, rates: map[string][]string{"standard": {"20"}, "reduced": {"5"}}},
			func(q pricing.Quote) []int64 {
				return append(append(totals(q), taxes(q)...), q.Taxes[0].Taxable.Minor+q.Taxes[1].Taxable.Minor)
			}, []int64{8500, 910, 708, 202, 7590}},
		{"24 line discount, then order discount", basket{currency: "EUR", lines: []line{{4999, 2, off(4999, 2, "20"), ""}}, discount: off(7998, 1, "10")}, totals, []int64{7198, 0}},
		{"25 fixed discount above the line", basket{currency: "EUR", lines: []line{{3000, 1, 5000, ""}}},
			func(q pricing.Quote) []int64 { return []int64{q.Totals.Discount.Minor, q.Totals.Total.Minor} }, []int64{3000, 0}},
		{"25 fixed discount above the order", basket{currency: "EUR", lines: []line{{3000, 1, 0, ""}}, discount: 5000},
			func(q pricing.Quote) []int64 { return []int64{q.Totals.Discount.Minor, q.Totals.Total.Minor} }, []int64{3000, 0}},
		{"26 shares", basket{currency: "USD", lines: []line{{1999, 1, 0, "standard"}, {333, 3, 0, "standard"}, {4550, 2, 0, "standard"}}, discount: 700, rates: standard("8.25")}, discounts, []int64{116, 58, 526}},
		{"26 totals", basket{currency: "USD", lines: []line{{1999, 1, 0, "standard"}, {333, 3, 0, "standard"}, {4550, 2, 0, "standard"}}, discount: 700, rates: standard("8.25")},
			func(q pricing.Quote) []int64 { return append(lineTotals(q), q.Totals.Total.Minor) }, []int64{2038, 1019, 9281, 12338}},
		{"28 shipping over the goods' rates", basket{currency: "EUR", included: true, lines: []line{{3000, 1, 0, "standard"}, {1000, 1, 0, "reduced"}}, rates: map[string][]string{"standard": {"19"}, "reduced": {"7"}}, shipping: &shipping{490, pricing.Goods}},
			func(q pricing.Quote) []int64 {
				s := q.Shipping
				return []int64{s.TaxLines[0].Amount.Minor, s.TaxLines[1].Amount.Minor, s.TaxLines[0].Taxable.Minor, s.TaxLines[1].Taxable.Minor, s.Total.Minor}
			}, []int64{59, 8, 368 - 59, 122 - 8, 490}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := pricing.Compute(tt.b.build())
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.get(q); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			coherent(t, tt.b.build(), q)
		})
	}
}

// TestExampleBasket is the cart of docs/api-examples.md.
func TestExampleBasket(t *testing.T) {
	q, err := pricing.Compute(basket{currency: "EUR", included: true, rates: standard("19"), shipping: &shipping{490, "standard"}, discount: 800,
		lines: []line{{1499, 2, 0, "standard"}, {5000, 1, 0, "standard"}}}.build())
	if err != nil {
		t.Fatal(err)
	}
	got := append(discounts(q), q.Items[0].Tax.Minor, q.Items[1].Tax.Minor, q.Shipping.Tax.Minor, q.Totals.Tax.Minor, q.Totals.Total.Minor, q.Taxes[0].Taxable.Minor)
	if want := []int64{300, 500, 431, 718, 78, 1227, 7688, 6461}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOutOfRange(t *testing.T) {
	tests := []struct {
		name  string
		b     basket
		param string
	}{
		{"30 beyond 64 bits", basket{currency: "USD", lines: []line{{1, 1, 0, ""}, {4_611_686_018_427_387_905, 2, 0, ""}}}, "/items/1"},
		{"a line beyond 11 digits", basket{currency: "USD", lines: []line{{99_999_999_999, 2, 0, ""}}}, "/items/0"},
		{"a sum beyond 11 digits", basket{currency: "USD", lines: []line{{60_000_000_000, 1, 0, ""}, {60_000_000_000, 1, 0, ""}}}, ""},
		{"tax beyond 11 digits", basket{currency: "USD", lines: []line{{99_999_999_999, 1, 0, "standard"}}, rates: standard("10")}, ""},
		{"a subtotal that a discount hides", basket{currency: "USD", lines: []line{{60_000_000_000, 1, 0, ""}, {60_000_000_000, 1, 0, ""}}, discount: 100_000_000_000}, ""},
		{"rounded beyond 11 digits", basket{currency: "KWD", lines: []line{{99_999_999_999, 1, 0, ""}}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := pricing.Compute(tt.b.build())
			if !errors.Is(err, money.ErrOutOfRange) || paramOf(err) != tt.param {
				t.Errorf("%v at %q, %v; want money.out_of_range at %q", q.Totals.Total, paramOf(err), err, tt.param)
			}
		})
	}
	if q, err := pricing.Compute(basket{currency: "USD", lines: []line{{99_999_999_999, 1, 0, ""}}}.build()); err != nil || q.Totals.Total.Minor != 99_999_999_999 {
		t.Errorf("the largest total = %v, %v", q.Totals.Total, err)
	}
}

func TestUnsound(t *testing.T) {
	for name, b := range map[string]basket{
		"quantity": {currency: "USD", lines: []line{{1, 0, 0, ""}}},
		"price":    {currency: "USD", lines: []line{{-1, 1, 0, ""}}},
	} {
		if q, err := pricing.Compute(b.build()); err == nil {
			t.Errorf("%s: total %v, want an error", name, q.Totals.Total)
		}
	}
}
