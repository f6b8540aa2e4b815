package pricing_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

func minor(amounts ...money.Amount) (sum int64) {
	for _, a := range amounts {
		sum += a.Minor
	}
	return sum
}

func taxSum(lines []pricing.Tax) (sum int64) {
	for _, l := range lines {
		sum += l.Amount.Minor
	}
	return sum
}

// coherent checks what is true of every quote.
func coherent(t *testing.T, b pricing.Basket, q pricing.Quote) {
	t.Helper()
	shares, given := map[string]int64{}, int64(0)
	for _, d := range q.Discounts {
		if d.Amount.Minor <= 0 {
			t.Errorf("discount %+v", d)
		}
		for _, s := range d.Shares {
			if s.Amount.Minor <= 0 {
				t.Errorf("share %+v of %s", s, d.PromotionID)
			}
			shares[s.ItemID] += s.Amount.Minor
		}
		given += d.Amount.Minor
	}
	var subtotal, discount, tax int64
	for i, it := range q.Items {
		subtotal, discount, tax = subtotal+it.Subtotal.Minor, discount+it.Discount.Minor, tax+it.Tax.Minor
		left := it.Subtotal.Minor - it.Discount.Minor
		wantTotal := left
		if !q.TaxIncluded {
			wantTotal += it.Tax.Minor
		}
		if it.Discount.Minor != shares[b.Lines[i].ID] {
			t.Errorf("line %s has %v off, its shares are %d", it.ID, it.Discount, shares[it.ID])
		}
		if it.Price == nil && minor(it.Subtotal, it.Discount, it.Tax, it.Total) != 0 {
			t.Errorf("line %s has no price and sums: %+v", it.ID, it)
		}
		if it.Discount.Minor < 0 || it.Discount.Minor > it.Subtotal.Minor || it.Tax.Minor < 0 || it.Tax.Minor > it.Total.Minor || it.Total.Minor != wantTotal || taxSum(it.TaxLines) != it.Tax.Minor {
			t.Errorf("line %s: %+v", it.ID, it)
		}
		for _, l := range it.TaxLines {
			if net := it.Total.Minor - it.Tax.Minor; l.Taxable.Minor != net {
				t.Errorf("line %s: taxable %v, want %d", it.ID, l.Taxable, net)
			}
		}
	}
	if s := q.Shipping; s != nil {
		tax += s.Tax.Minor
		discount += s.Discount.Minor
		if s.Discount.Minor != 0 && s.Discount != s.Price {
			t.Errorf("shipping of %v has %v off", s.Price, s.Discount)
		}
		if taxSum(s.TaxLines) != s.Tax.Minor || q.Totals.Shipping != s.Price {
			t.Errorf("shipping %+v in totals %+v", s, q.Totals)
		}
	}
	if discount != given {
		t.Errorf("%d is off, the discounts say %d", discount, given)
	}
	sumsUp(t, q, subtotal, discount, tax)
	if err := q.Totals.Verify(q.TaxIncluded); err != nil {
		t.Error(err)
	}
}

func sumsUp(t *testing.T, q pricing.Quote, subtotal, discount, tax int64) {
	t.Helper()
	u := q.Totals
	if u.Subtotal.Minor != subtotal || u.Discount.Minor != discount || u.Tax.Minor != tax || taxSum(q.Taxes) != tax {
		t.Errorf("totals %+v, want subtotal %d, discount %d, tax %d; taxes %+v", u, subtotal, discount, tax, q.Taxes)
	}
	total := subtotal - discount + minor(u.Shipping, u.Fees, u.Rounding)
	if !q.TaxIncluded {
		total += tax
	}
	step := q.Currency.Step()
	if u.Total.Minor != total || total < 0 || u.Tax.Minor > total-u.Rounding.Minor || total%step != 0 || max(u.Rounding.Minor, -u.Rounding.Minor)*2 > step || u.AmountDue != u.Total {
		t.Errorf("totals %+v, want total %d in steps of %d", u, total, step)
	}
}

var randomRates = []pricing.TaxRate{
	{ID: "1", Name: "a", Country: "DE", Rate: 190_000}, {ID: "2", Name: "b", Country: "DE", Category: "reduced", Rate: 70_000},
	{ID: "3", Name: "c", Country: "US", Rate: 62_500}, {ID: "4", Name: "d", Country: "US", Region: "NY", Rate: 88_750},
	{ID: "5", Name: "e", Country: "US", Region: "NY", Rate: 12_500}, {ID: "6", Name: "f", Country: "US", Region: "NY", Category: "reduced", Rate: 7_500},
	{ID: "7", Name: "f", Country: "US", Region: "NY", Category: "reduced", Rate: 3_333}, {ID: "8", Name: "z", Country: "DE", Category: "zero", Rate: 0},
	{ID: "9", Name: "all", Country: "DE", Category: "double", Rate: 1_000_000},
}

func randomBasket(r *rand.Rand) pricing.Basket {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	size := func() int64 { return r.Int64N([]int64{2, 100, 10_000, 5_000_000}[r.IntN(4)]) }
	c := money.Currency(pick("EUR", "USD", "JPY", "KWD", "MGA", "CLF"))
	b := pricing.Basket{
		Market:  pricing.Market{ID: "m", Currency: c, Country: pick("DE", "US"), TaxIncluded: r.IntN(2) == 0},
		Country: pick("", "DE", "US", "FR"), Region: pick("", "NY", "ny", "CA"), TaxRates: randomRates, Shipping: pick("", "so", "x"),
		ShippingMethods: []pricing.ShippingMethod{{ID: "so", By: pricing.Flat, TaxCategory: pick("standard", "reduced", pricing.Goods, pricing.Goods), Bands: []pricing.Band{{Prices: []money.Amount{money.New(size(), c)}}}}},
	}
	b.Now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for i := range r.IntN(6) {
		b.Offers = append(b.Offers, randomOffer(r, b, i, size()))
		if code := b.Offers[i].Code; code != nil {
			b.Codes = append(b.Codes, *code)
		}
	}
	for i := range r.IntN(8) + 1 {
		l := pricing.Line{QuoteItem: pricing.QuoteItem{ID: string(rune('a' + i)), VariantID: string(rune('a' + i)), ProductID: fmt.Sprint("p", i%3), Quantity: r.Int64N(12) + 1, Taxable: r.IntN(6) > 0, TaxCategory: pick("", "standard", "reduced", "zero", "double"), RequiresShipping: r.IntN(3) > 0}}
		if r.IntN(10) > 0 {
			l.Price = new(money.New(size(), c))
		}
		b.Lines = append(b.Lines, l)
	}
	return b
}

// randomOffer is any promotion, most of which count.
func randomOffer(r *rand.Rand, b pricing.Basket, i int, minor int64) pricing.Offer {
	c, id := b.Market.Currency, string(rune('a'+i))
	o := offer(id, pricing.ScopeOrder, money.New(1+minor, c))
	switch r.IntN(4) {
	case 0:
		o = percentOff(id, fmt.Sprint(1+r.IntN(100)), pricing.ScopeOrder)
	case 1:
		o.Kind, o.Amounts = pricing.KindFreeShipping, nil
	}
	if o.Kind != pricing.KindFreeShipping && r.IntN(2) == 0 {
		o.Scope, o.VariantIDs, o.ProductIDs = pricing.ScopeItems, []string{"a", "c", "x"}[:r.IntN(4)], []string{"p1"}[:r.IntN(2)]
	}
	if r.IntN(2) == 0 {
		o.Code = new("CODE" + id)
	}
	o.Priority, o.Exclusive, o.Active = r.Int64N(3), r.IntN(6) == 0, r.IntN(9) > 0
	if r.IntN(8) == 0 {
		o.UsageLimit, o.Used = new(int64(2)), r.Int64N(3)
	}
	if r.IntN(8) == 0 {
		o.PerCustomerLimit, o.Mine = new(int64(1)), r.Int64N(2)
	}
	if r.IntN(8) == 0 {
		o.MinSubtotal = []money.Amount{money.New(5000, c)}
	}
	if r.IntN(8) == 0 {
		o.EndsAt = new(b.Now.Add(time.Duration(r.IntN(3)-1) * time.Hour))
	}
	if r.IntN(8) == 0 {
		o.StartsAt = new(b.Now.Add(time.Duration(r.IntN(3)-1) * time.Hour))
	}
	return o
}

func TestProperties(t *testing.T) {
	for seed := range uint64(40_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := randomBasket(r)
		q, err := pricing.Compute(b)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		coherent(t, b, q)
		permuted(t, r, b, q)
		withNothing(t, b, q)
		allOff(t, b)
		judged(t, b, q)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// permuted checks that the order of lines and rates is of no matter.
func permuted(t *testing.T, r *rand.Rand, b pricing.Basket, q pricing.Quote) {
	t.Helper()
	b.Lines, b.TaxRates, b.Offers = slices.Clone(b.Lines), slices.Clone(b.TaxRates), slices.Clone(b.Offers)
	r.Shuffle(len(b.Offers), func(i, j int) { b.Offers[i], b.Offers[j] = b.Offers[j], b.Offers[i] })
	r.Shuffle(len(b.Lines), func(i, j int) { b.Lines[i], b.Lines[j] = b.Lines[j], b.Lines[i] })
	r.Shuffle(len(b.TaxRates), func(i, j int) { b.TaxRates[i], b.TaxRates[j] = b.TaxRates[j], b.TaxRates[i] })
	p, err := pricing.Compute(b)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(p.Items, func(a, b pricing.QuotedItem) int { return int(a.ID[0]) - int(b.ID[0]) })
	for _, d := range p.Discounts {
		slices.SortFunc(d.Shares, func(a, b pricing.Share) int { return int(a.ItemID[0]) - int(b.ItemID[0]) })
	}
	if !reflect.DeepEqual(p, q) {
		t.Errorf("in another order %+v\nwant %+v", p, q)
	}
}

// withNothing checks that a line that costs nothing changes no sum.
func withNothing(t *testing.T, b pricing.Basket, q pricing.Quote) {
	t.Helper()
	free := pricing.Line{QuoteItem: pricing.QuoteItem{ID: "z", Quantity: 3, Taxable: true}, Price: new(money.Zero(b.Market.Currency))}
	b.Lines = append(slices.Clone(b.Lines), free)
	p, err := pricing.Compute(b)
	if err != nil {
		t.Fatal(err)
	}
	if p.Totals != q.Totals {
		t.Errorf("with a free line %+v, want %+v", p.Totals, q.Totals)
	}
}

// allOff checks that goods at 100 % off cost exactly nothing.
func allOff(t *testing.T, b pricing.Basket) {
	t.Helper()
	b.Shipping = ""
	all := []pricing.Offer{percentOff("all", "100", pricing.ScopeOrder), offer("all", pricing.ScopeOrder, money.New(money.MaxMinor, b.Market.Currency))}[len(b.Lines)%2]
	all.Priority = 1000
	b.Offers = append(slices.Clone(b.Offers), all)
	q, err := pricing.Compute(b)
	if err != nil {
		t.Fatal(err)
	}
	if u := q.Totals; u.Total.Minor != 0 || u.Tax.Minor != 0 || u.Discount != u.Subtotal || u.Rounding.Minor != 0 {
		t.Errorf("all off: %+v", u)
	}
}

// judged checks that what counts may count, that an exclusive promotion is alone,
// and that each code counts or says why not.
func judged(t *testing.T, b pricing.Basket, q pricing.Quote) {
	t.Helper()
	took := map[string]bool{}
	for _, d := range q.Discounts {
		took[d.PromotionID] = true
	}
	for _, o := range b.Offers {
		open := o.Active && (o.UsageLimit == nil || o.Used < *o.UsageLimit) && (o.PerCustomerLimit == nil || o.Mine < *o.PerCustomerLimit) &&
			(o.StartsAt == nil || !b.Now.Before(*o.StartsAt)) && (o.EndsAt == nil || b.Now.Before(*o.EndsAt)) &&
			(len(o.MinSubtotal) == 0 || q.Totals.Subtotal.Minor >= o.MinSubtotal[0].Minor)
		if took[o.ID] && (!open || o.Exclusive && len(took) > 1) {
			t.Errorf("%s counts among %v: %+v", o.ID, q.Discounts, o)
		}
		for _, j := range q.Codes {
			if o.Code != nil && j.Code == *o.Code && (j.Applied != (j.Reason == "") || took[o.ID] && !j.Applied) {
				t.Errorf("code %+v of %+v", j, o)
			}
		}
	}
	if len(q.Codes) != len(b.Codes) {
		t.Errorf("%d codes are judged, want %d", len(q.Codes), len(b.Codes))
	}
}
