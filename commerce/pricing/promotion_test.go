package pricing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

func TestFoldCode(t *testing.T) {
	for code, want := range map[string]string{
		"SAVE10": "SAVE10", "save10 ": "SAVE10", "ＳＡＶＥ10": "SAVE10", "ｓａｖｅ１０": "SAVE10", "\tSave 10\u00a0": "SAVE10", "sa\u200bve10": "SAVE10",
		"a-b_c": "A-B_C", "SAVÉ10": "", "СAVE10": "", "": "", " ": "", "a/b": "", "a.b": "", "50%": "", "ſave10": "",
		strings.Repeat("a", 64): strings.Repeat("A", 64), strings.Repeat("a", 65): "",
	} {
		if got, ok := pricing.FoldCode(code); ok != (want != "") || ok && got != want {
			t.Errorf("%q is %q, %v; want %q", code, got, ok, want)
		}
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// coded gives o a code, and changes it.
func coded(o pricing.Offer, code string, change func(*pricing.Offer)) pricing.Offer {
	o.Code = &code
	if change != nil {
		change(&o)
	}
	return o
}

// shown writes what came of promotions: the discounts, then the codes that do not
// count and why.
func shown(q pricing.Quote) string {
	var all []string
	for _, d := range q.Discounts {
		one := fmt.Sprint(d.Title, " ", d.Amount.Minor)
		for _, s := range d.Shares {
			one += fmt.Sprint(" ", s.ItemID, s.Amount.Minor)
		}
		all = append(all, one)
	}
	for _, j := range q.Codes {
		if !j.Applied {
			all = append(all, j.Code+" "+j.Reason)
		}
	}
	return strings.Join(all, ", ")
}

func TestJudgedCodes(t *testing.T) {
	eur := func(n int64) money.Amount { return money.New(n, "EUR") }
	five := offer("five", pricing.ScopeOrder, eur(500))
	ship := pricing.Offer{Promotion: pricing.Promotion{ID: "promo_ship", Title: "ship", Kind: pricing.KindFreeShipping, Scope: pricing.ScopeOrder, Active: true}}
	one := func(o pricing.Offer, change func(*pricing.Offer)) []pricing.Offer {
		return []pricing.Offer{coded(o, "CODE", change)}
	}
	for _, tt := range []struct {
		name   string
		offers []pricing.Offer
		change func(*pricing.Basket)
		want   string
	}{
		{"counts", one(five, nil), nil, "five 500 a300 b200"},
		{"unknown", nil, nil, "CODE unknown"},
		{"switched off", one(five, func(o *pricing.Offer) { o.Active = false }), nil, "CODE unknown"},
		{"archived", one(five, func(o *pricing.Offer) { o.ArchivedAt = &noon }), nil, "CODE unknown"},
		{"from now", one(five, func(o *pricing.Offer) { o.StartsAt = &noon }), nil, "five 500 a300 b200"},
		{"from a moment on", one(five, func(o *pricing.Offer) { o.StartsAt = new(noon.Add(1)) }), nil, "CODE not_started"},
		{"until just before", one(five, func(o *pricing.Offer) { o.EndsAt = &noon }), nil, "CODE expired"},
		{"until a moment later", one(five, func(o *pricing.Offer) { o.EndsAt = new(noon.Add(1)) }), nil, "five 500 a300 b200"},
		{"one is left", one(five, func(o *pricing.Offer) { o.UsageLimit, o.Used = new(int64(2)), 1 }), nil, "five 500 a300 b200"},
		{"none is left", one(five, func(o *pricing.Offer) { o.UsageLimit, o.Used = new(int64(2)), 2 }), nil, "CODE limit_reached"},
		{"mine is used", one(five, func(o *pricing.Offer) { o.PerCustomerLimit, o.Mine = new(int64(1)), 1 }), nil, "CODE customer_limit"},
		{"the minimum", one(five, func(o *pricing.Offer) { o.MinSubtotal = []money.Amount{eur(5000)} }), nil, "five 500 a300 b200"},
		{"below it", one(five, func(o *pricing.Offer) { o.MinSubtotal = []money.Amount{eur(5001)} }), nil, "CODE minimum_not_reached"},
		{"no minimum in euros", one(five, func(o *pricing.Offer) { o.MinSubtotal = []money.Amount{money.New(1, "USD")} }), nil, "CODE not_applicable"},
		{"no amount in euros", one(offer("x", pricing.ScopeOrder, money.New(1, "USD")), nil), nil, "CODE not_applicable"},
		{"another market", one(five, func(o *pricing.Offer) { o.Markets = []string{"us"} }), nil, "CODE not_applicable"},
		{"this market", one(five, func(o *pricing.Offer) { o.Markets = []string{"us", "default"} }), nil, "five 500 a300 b200"},
		{"a variant", one(offer("v", pricing.ScopeItems, eur(500), "v_b"), nil), nil, "v 500 b500"},
		{"a product", one(offer("p", pricing.ScopeItems, eur(500)), func(o *pricing.Offer) { o.ProductIDs = []string{"mug"} }),
			func(b *pricing.Basket) { b.Lines[0].ProductID = "mug" }, "p 500 a500"},
		{"no such variant", one(offer("v", pricing.ScopeItems, eur(500), "v_x"), nil), nil, "CODE not_applicable"},
		{"what costs nothing", one(offer("v", pricing.ScopeItems, eur(500), "v_a"), nil), func(b *pricing.Basket) { b.Lines[0].Price = new(eur(0)) }, "CODE not_applicable"},
		{"percent that is nothing", one(percentOff("p", "0.0001", pricing.ScopeOrder), nil), nil, "CODE not_applicable"},
		{"free shipping", one(ship, nil), nil, "ship 490"},
		{"of nothing to ship", one(ship, nil), func(b *pricing.Basket) { b.Lines[0].RequiresShipping, b.Lines[1].RequiresShipping = false, false }, "CODE not_applicable"},
		{"of what ships for nothing", one(ship, nil), func(b *pricing.Basket) { b.ShippingMethods[0].Bands[0].Prices[0].Minor = 0 }, "CODE not_applicable"},
		{"before a way is chosen", one(ship, nil), func(b *pricing.Basket) { b.Shipping = "" }, ""},
		{"twice free", []pricing.Offer{ship, coded(ship, "CODE", func(o *pricing.Offer) { o.ID = "promo_z" })}, nil, "ship 490"},
		{"two that count", []pricing.Offer{five, coded(percentOff("ten", "10", pricing.ScopeOrder), "CODE", nil)}, nil, "ten 500 a300 b200, five 500 a300 b200"},
		{"nothing is left to take", []pricing.Offer{percentOff("all", "100", pricing.ScopeOrder), coded(five, "CODE", nil)}, nil, "all 5000 a3000 b2000, CODE not_applicable"},
		{"exclusive against none", one(five, func(o *pricing.Offer) { o.Exclusive = true }), nil, "five 500 a300 b200"},
		{"exclusive goes first", []pricing.Offer{percentOff("ten", "10", pricing.ScopeOrder), coded(five, "CODE", func(o *pricing.Offer) { o.Exclusive = true })}, nil, "five 500 a300 b200"},
		{"exclusive comes later", []pricing.Offer{coded(five, "CODE", func(o *pricing.Offer) { o.Exclusive, o.Priority = true, -1 }), percentOff("ten", "10", pricing.ScopeOrder)}, nil,
			"ten 500 a300 b200, CODE exclusive"},
		{"kept out by one", []pricing.Offer{coded(five, "CODE", nil), withPriority(percentOff("ten", "10", pricing.ScopeOrder), 1)}, nil, "ten 500 a300 b200, CODE exclusive"},
		{"an idle one keeps nobody out", []pricing.Offer{coded(five, "CODE", nil), withPriority(offer("v", pricing.ScopeItems, eur(1), "v_x"), 1), idle()}, nil, "five 500 a300 b200"},
		{"expired keeps nobody out", []pricing.Offer{coded(five, "CODE", nil), func() pricing.Offer {
			o := withPriority(percentOff("ten", "10", pricing.ScopeOrder), 1)
			o.EndsAt = &noon
			return o
		}()}, nil, "five 500 a300 b200"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := basket{currency: "EUR", included: true, rates: standard("19"), shipping: &shipping{490, "standard"}, lines: []line{{1500, 2, 0, "standard"}, {2000, 1, 0, "standard"}}, offers: tt.offers}.build()
			b.Now, b.Codes = noon, []string{"CODE"}
			if tt.change != nil {
				tt.change(&b)
			}
			q := quote(t, b)
			if got := shown(q); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			coherent(t, b, q)
		})
	}
}

// withPriority makes o exclusive with a priority.
func withPriority(o pricing.Offer, n int64) pricing.Offer {
	o.Priority, o.Exclusive = n, true
	return o
}

// idle is exclusive, goes first and takes nothing off: half a percent of a cent.
func idle() pricing.Offer { return withPriority(percentOff("idle", "0.0001", pricing.ScopeOrder), 9) }

// Worked examples with promotions by percent, and in their order: items by percent,
// items by amount, order by percent, order by amount, shipping.
func TestWorkedPromotions(t *testing.T) {
	usd := func(n int64) money.Amount { return money.New(n, "USD") }
	totals := func(q pricing.Quote) []int64 {
		return []int64{q.Totals.Discount.Minor, q.Totals.Tax.Minor, q.Totals.Total.Minor}
	}
	for _, tt := range []struct {
		name string
		b    basket
		get  func(pricing.Quote) []int64
		want []int64
	}{
		{"3 by percent of the line, not of the unit", basket{currency: "GBP", included: true, lines: []line{{3823, 10, 0, "standard"}}, rates: standard("20"),
			offers: []pricing.Offer{percentOff("p", "6.2", pricing.ScopeItems, "v_a")}}, totals, []int64{2370, 5977, 35860}},
		{"4 half a cent up", basket{currency: "USD", lines: []line{{1999, 1, 0, ""}}, offers: []pricing.Offer{percentOff("p", "25", pricing.ScopeOrder)}}, totals, []int64{500, 0, 1499}},
		{"6 a quarter off ten", basket{currency: "GBP", included: true, lines: []line{{2390, 10, 0, "standard"}}, rates: standard("20"),
			offers: []pricing.Offer{percentOff("p", "25", pricing.ScopeOrder)}}, totals, []int64{5975, 2988, 17925}},
		{"11 all off is nothing", basket{currency: "EUR", included: true, lines: []line{{39900, 1, 0, "standard"}}, rates: standard("19"),
			offers: []pricing.Offer{percentOff("p", "100", pricing.ScopeOrder)}}, totals, []int64{39900, 0, 0}},
		{"12 yen", basket{currency: "JPY", included: true, lines: []line{{1980, 3, 0, "standard"}}, rates: standard("10"),
			offers: []pricing.Offer{percentOff("p", "15", pricing.ScopeItems, "v_a")}}, totals, []int64{891, 459, 5049}},
		{"24 line, then order", basket{currency: "EUR", lines: []line{{4999, 2, 0, ""}}, offers: []pricing.Offer{percentOff("a", "10", pricing.ScopeOrder),
			percentOff("b", "20", pricing.ScopeItems, "v_a")}}, totals, []int64{2800, 0, 7198}},
		{"15 % of an order, tax by line", basket{currency: "USD", lines: []line{{1999, 3, 0, "standard"}, {4950, 1, 0, "standard"}, {5, 2, 0, "standard"}}, rates: standard("8.25"),
			shipping: &shipping{799, "standard"}, offers: []pricing.Offer{percentOff("p", "15", pricing.ScopeOrder)}},
			func(q pricing.Quote) []int64 { return append(discounts(q), q.Shipping.Tax.Minor, q.Totals.Total.Minor) }, []int64{900, 743, 1, 66, 10947}},
		{"all of them in order", basket{currency: "USD", lines: []line{{1000, 1, 0, "standard"}, {3000, 1, 0, "standard"}}, rates: standard("10"), shipping: &shipping{500, "standard"},
			offers: []pricing.Offer{offer("2", pricing.ScopeOrder, usd(100)), percentOff("3", "10", pricing.ScopeOrder), offer("4", pricing.ScopeItems, usd(200), "v_a"),
				percentOff("5", "50", pricing.ScopeItems, "v_a"), {Promotion: pricing.Promotion{ID: "promo_1", Title: "1", Kind: pricing.KindFreeShipping, Scope: pricing.ScopeOrder, Active: true}}}},
			func(q pricing.Quote) []int64 {
				out := []int64{}
				for _, d := range q.Discounts {
					out = append(out, d.Amount.Minor)
				}
				return append(out, q.Totals.Discount.Minor, q.Totals.Tax.Minor, q.Totals.Total.Minor)
			}, []int64{500, 200, 330, 100, 500, 1630, 287, 3157}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := tt.b.build()
			q := quote(t, b)
			if got := tt.get(q); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v: %s", got, tt.want, shown(q))
			}
			coherent(t, b, q)
		})
	}
}

// Shipping that is taxed like the goods is free of tax when it is free.
func TestFreeShippingOfGoods(t *testing.T) {
	ship := pricing.Offer{Promotion: pricing.Promotion{ID: "promo_ship", Title: "ship", Kind: pricing.KindFreeShipping, Scope: pricing.ScopeOrder, Active: true}}
	b := basket{currency: "EUR", included: true, lines: []line{{3000, 1, 0, "standard"}, {1000, 1, 0, "reduced"}}, rates: map[string][]string{"standard": {"19"}, "reduced": {"7"}},
		shipping: &shipping{490, pricing.Goods}, offers: []pricing.Offer{ship}}.build()
	q := quote(t, b)
	if s := q.Shipping; s.Price.Minor != 490 || s.Discount.Minor != 490 || s.Tax.Minor != 0 || s.Total.Minor != 0 || q.Totals.Total.Minor != 4000 {
		t.Errorf("shipping %+v of %v", s, q.Totals.Total)
	}
	coherent(t, b, q)
}
