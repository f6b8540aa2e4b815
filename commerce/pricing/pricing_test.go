package pricing_test

import (
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

func quote(t *testing.T, b pricing.Basket) pricing.Quote {
	t.Helper()
	q, err := pricing.Compute(b)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestTaxOfPlace(t *testing.T) {
	rates := []pricing.TaxRate{
		{ID: "1", Name: "MwSt.", Country: "DE", Rate: percent("19")},
		{ID: "2", Name: "MwSt. 7", Country: "DE", Category: "books", Rate: percent("7")},
		{ID: "3", Name: "US", Country: "US", Rate: percent("1")},
		{ID: "4", Name: "NY", Country: "US", Region: "NY", Rate: percent("4")},
		{ID: "5", Name: "NYC", Country: "US", Region: "NY", Rate: percent("4.5")},
		{ID: "6", Name: "US books", Country: "US", Category: "books", Rate: percent("2")},
	}
	for _, tt := range []struct {
		country, region, category string
		want                      []string
		estimated                 bool
	}{
		{"DE", "", "standard", []string{"MwSt. 19 DE"}, false},
		{"DE", "Bayern", "standard", []string{"MwSt. 19 DE"}, false},
		{"DE", "", "books", []string{"MwSt. 7 7 DE"}, false},
		{"DE", "", "", []string{"MwSt. 19 DE"}, false},
		{"US", "", "standard", []string{"US 1 US"}, false},
		{"US", "CA", "books", []string{"US books 2 US"}, false},
		{"US", "ny", "standard", []string{"NYC 4.5 US-NY", "NY 4 US-NY"}, false},
		{"US", "NY", "books", []string{"NYC 4.5 US-NY", "NY 4 US-NY"}, false},
		{"FR", "NY", "standard", nil, false},
		{"", "NY", "standard", []string{"MwSt. 19 DE"}, true},
	} {
		b := basket{currency: "EUR", lines: []line{{10000, 1, 0, "x"}}}.build()
		b.Country, b.Region, b.TaxRates, b.Lines[0].TaxCategory = tt.country, tt.region, rates, tt.category
		q := quote(t, b)
		var got []string
		for _, x := range q.Taxes {
			got = append(got, x.Name+" "+x.Rate.String()+" "+x.Jurisdiction)
		}
		if !slices.Equal(got, tt.want) || q.Totals.TaxEstimated != tt.estimated {
			t.Errorf("%s %s %q: taxes %q, estimated %v; want %q", tt.country, tt.region, tt.category, got, q.Totals.TaxEstimated, tt.want)
		}
	}
	b := basket{currency: "USD", lines: []line{{10000, 1, 0, "x"}}}.build()
	b.TaxRates, b.Market.Country, b.Country, b.Region = rates, "US", "", "NY"
	if q := quote(t, b); q.Country != "US" || len(q.Taxes) != 1 || q.Taxes[0].Name != "US" {
		t.Errorf("a region of no country: %s, %+v", q.Country, q.Taxes)
	}
	b = basket{currency: "EUR", lines: []line{{10000, 1, 0, ""}}, rates: standard("19")}.build()
	if q := quote(t, b); len(q.Taxes) != 0 || q.Totals.Tax.Minor != 0 {
		t.Errorf("a line that is not taxable: %+v", q.Taxes)
	}
}

func TestShippingOptions(t *testing.T) {
	eur := func(n int64) []money.Amount { return []money.Amount{money.New(n, "EUR"), money.New(n*2, "USD")} }
	methods := []pricing.ShippingMethod{
		{ID: "flat", Name: "B", By: pricing.Flat, Bands: []pricing.Band{{Prices: eur(500)}}},
		{ID: "weight", Name: "A", By: pricing.ByWeight, Bands: []pricing.Band{{Prices: eur(400)}, {From: 1000, Prices: eur(800)}, {From: 3000}}},
		{ID: "worth", Name: "A", Position: 1, By: pricing.BySubtotal, Bands: []pricing.Band{{Prices: eur(300)}, {From: 5000, Prices: eur(0)}}},
		{ID: "de", Name: "C", Countries: []string{"AT", "DE"}, By: pricing.Flat, Bands: []pricing.Band{{Prices: eur(100)}}},
		{ID: "shop", Name: "D", Markets: []string{"eu"}, By: pricing.Flat, Bands: []pricing.Band{{Prices: eur(100)}}},
		{ID: "yen", Name: "E", By: pricing.Flat, Bands: []pricing.Band{{Prices: []money.Amount{money.New(1, "JPY")}}}},
	}
	base := func() pricing.Basket {
		b := basket{currency: "EUR", lines: []line{{2500, 2, 0, ""}}}.build()
		b.ShippingMethods = methods
		b.Lines[0].WeightG = 499
		return b
	}
	for _, tt := range []struct {
		name   string
		change func(*pricing.Basket)
		want   []string
	}{
		{"light", func(*pricing.Basket) {}, []string{"weight 400", "flat 500", "de 100", "worth 0"}},
		{"heavy", func(b *pricing.Basket) { b.Lines[0].WeightG = 500 }, []string{"weight 800", "flat 500", "de 100", "worth 0"}},
		{"too heavy", func(b *pricing.Basket) { b.Lines[0].WeightG = 1500 }, []string{"flat 500", "de 100", "worth 0"}},
		{"after discounts", func(b *pricing.Basket) {
			b.Offers = []pricing.Offer{offer("o", pricing.ScopeOrder, money.New(1, "EUR"))}
		}, []string{"weight 400", "flat 500", "de 100", "worth 300"}},
		{"abroad", func(b *pricing.Basket) { b.Country = "FR" }, []string{"weight 400", "flat 500", "worth 0"}},
		{"no address yet", func(b *pricing.Basket) { b.Country = "" }, []string{"weight 400", "flat 500", "de 100", "worth 0"}},
		{"market", func(b *pricing.Basket) { b.Market.ID = "eu" }, []string{"weight 400", "flat 500", "de 100", "shop 100", "worth 0"}},
		{"currency", func(b *pricing.Basket) {
			b.Market.Currency, b.Lines[0].Price = "USD", new(money.New(1, "USD"))
		}, []string{"weight 800", "flat 1000", "de 200", "worth 600"}},
		{"market delivers elsewhere", func(b *pricing.Basket) { b.Market.Countries = []string{"FR"} }, nil},
		{"nothing to ship", func(b *pricing.Basket) { b.Lines[0].RequiresShipping = false }, nil},
		{"only without a price", func(b *pricing.Basket) { b.Lines[0].Price = nil }, nil},
	} {
		b := base()
		tt.change(&b)
		b.Shipping = "de"
		q := quote(t, b)
		var got []string
		for _, o := range q.Options {
			got = append(got, o.ID+" "+money.New(o.Price.Minor, "JPY").Decimal())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: options %q, want %q", tt.name, got, tt.want)
		}
		chosen := slices.ContainsFunc(q.Options, func(o pricing.QuotedOption) bool { return o.ID == "de" })
		if chosen != (q.Shipping != nil) || chosen && q.Totals.Shipping != q.Shipping.Price {
			t.Errorf("%s: chosen %+v of %q", tt.name, q.Shipping, got)
		}
	}
	b := base()
	b.Lines[0].WeightG = 1 << 62
	if _, err := pricing.Compute(b); paramOf(err) != "/items/0" {
		t.Errorf("a weight beyond 64 bits: %v", err)
	}
}

func TestShippingOfFreeGoods(t *testing.T) {
	b := basket{currency: "EUR", included: true, lines: []line{{0, 1, 0, "reduced"}, {0, 1, 0, "standard"}}, rates: map[string][]string{"standard": {"19"}, "reduced": {"7"}}, shipping: &shipping{119, pricing.Goods}}.build()
	if q := quote(t, b); q.Shipping.Tax.Minor != 19 || len(q.Shipping.TaxLines) != 1 {
		t.Errorf("shipping of goods that cost nothing: %+v; want 19 at the highest rate", q.Shipping)
	}
}

func TestLineWithoutPrice(t *testing.T) {
	b := basket{currency: "EUR", lines: []line{{100, 1, 0, "standard"}, {100, 3, 10, "standard"}}, rates: standard("10"), discount: 50}.build()
	b.Lines[1].Price = nil
	q := quote(t, b)
	it := q.Items[1]
	if it.Price != nil || it.Total != money.Zero("EUR") || it.TaxLines == nil || q.Totals.Total.Minor != 55 || q.Totals.Discount.Minor != 50 {
		t.Errorf("line %+v, totals %+v; want it in no sum", it, q.Totals)
	}
}

func TestEmptyBasket(t *testing.T) {
	q := quote(t, basket{currency: "EUR"}.build())
	zero := money.Zero("EUR")
	if u := q.Totals; u.Total != zero || u.Subtotal != zero || u.Shipping != zero || u.Rounding != zero || u.AmountDue != zero || u.GiftCards != zero || u.Fees != zero {
		t.Errorf("totals of nothing: %+v", u)
	}
	if q.Items == nil || q.Options == nil || q.Taxes == nil {
		t.Errorf("a list is null: %+v", q)
	}
}
