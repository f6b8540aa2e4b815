package order

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/money"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "replay the property tests with this seed; 0 draws one")
	roundFlag = flag.Int("rounds", 10_000, "cases of each property")
)

// gen draws the cases of one property.
type gen struct{ *rand.Rand }

// property runs check for many drawn cases and prints the seed that replays them.
func property(t *testing.T, check func(t *testing.T, g gen)) {
	t.Helper()
	seed := *seedFlag
	for seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("replay with: go test -run '^%s$' ./commerce/order -seed %d", t.Name(), seed)
	g := gen{rand.New(rand.NewPCG(seed, 0))}
	for range *roundFlag {
		if check(t, g); t.Failed() {
			return
		}
	}
}

// one reports true once in n times.
func (g gen) one(n int) bool { return g.IntN(n) == 0 }

// upTo draws from 0 to n, small values as often as large ones.
func (g gen) upTo(n int64) int64 {
	if g.one(3) {
		n = min(n, 9)
	}
	return g.Int64N(n + 1)
}

func (g gen) tax(net int64, included bool) int64 {
	rate := []int64{0, 0, 70_000, 88_750, 190_000, 200_000, 1_000_000}[g.IntN(7)]
	of := int64(1_000_000)
	if included {
		of += rate
	}
	tax, err := money.MulDiv(money.New(net, "EUR"), rate, of)
	if err != nil {
		panic(err)
	}
	return tax.Minor
}

// order draws an order whose sums agree: one to eight lines, discounts, either
// way to tax, shipping, a fee, and a rounding.
func (g gen) order(t *testing.T) document {
	c := []money.Currency{"EUR", "EUR", "JPY", "KWD", "MGA"}[g.IntN(5)]
	a := func(minor int64) money.Amount { return money.New(minor, c) }
	d := document{Order: Order{ID: "ord_1", Status: StatusConfirmed, Currency: c, TaxIncluded: g.one(2), Totals: bill.Zero(c),
		Discounts: []Discount{{ID: "disc", Amount: a(0)}}, Refunds: []Refund{}}}
	o, tot := &d.Order, &d.Order.Totals
	dearest := int64(1_000_000)
	if g.one(3) {
		dearest = 20
	}
	for i := range 1 + g.IntN(8) {
		it := Item{ID: "oi_" + strconv.Itoa(i), Quantity: 1 + g.upTo(19), UnitPrice: a(g.upTo(dearest))}
		it.Subtotal = a(it.UnitPrice.Minor * it.Quantity)
		it.Discount = a(0)
		if g.one(2) {
			it.Discount = a(g.upTo(it.Subtotal.Minor))
		}
		net := it.Subtotal.Minor - it.Discount.Minor
		it.Tax = a(g.tax(net, o.TaxIncluded))
		it.Total = a(net)
		if !o.TaxIncluded {
			it.Total.Minor += it.Tax.Minor
		}
		it.TaxLines = []bill.Tax{{Taxable: a(net), Amount: it.Tax}}
		o.Discounts[0].Allocations = append(o.Discounts[0].Allocations, Allocation{it.ID, it.Discount})
		o.Discounts[0].Amount.Minor += it.Discount.Minor
		tot.Subtotal.Minor += it.Subtotal.Minor
		tot.Tax.Minor += it.Tax.Minor
		tot.Total.Minor += it.Total.Minor
		o.Items = append(o.Items, it)
	}
	if !g.one(3) {
		s := &Shipping{Price: a(g.upTo(2000)), Discount: a(0)}
		if g.one(4) {
			s.Discount = a(g.upTo(s.Price.Minor))
		}
		net := s.Price.Minor - s.Discount.Minor
		s.Tax, s.Total = a(g.tax(net, o.TaxIncluded)), a(net)
		if !o.TaxIncluded {
			s.Total.Minor += s.Tax.Minor
		}
		s.TaxLines = []bill.Tax{{Taxable: a(net), Amount: s.Tax}}
		o.Discounts[0].Amount.Minor += s.Discount.Minor
		tot.Shipping = s.Price
		tot.Tax.Minor += s.Tax.Minor
		tot.Total.Minor += s.Total.Minor
		o.Shipping = s
	}
	tot.Discount = o.Discounts[0].Amount
	if g.one(5) {
		o.Fees = []Fee{{Amount: a(g.upTo(500))}}
		tot.Fees = o.Fees[0].Amount
		tot.Total.Minor += tot.Fees.Minor
	}
	tot.Total, tot.Rounding = tot.Total.ToStep()
	if c.Step() == 1 && g.one(5) { // to five cents
		tot.Rounding = a((tot.Total.Minor+2)/5*5 - tot.Total.Minor)
		tot.Total.Minor += tot.Rounding.Minor
	}
	tot.AmountDue = tot.Total
	o.Taxes = []bill.Tax{{Taxable: a(0), Amount: tot.Tax}}
	if err := verify(*o); err != nil {
		t.Fatalf("the generator is wrong: %v", err)
	}
	return d
}

// pay captures amount by one to three payments, gift cards among them.
func (g gen) pay(d *document, amount int64) {
	step := d.Currency.Step()
	n := 1 + g.IntN(3)
	d.Captures = map[string]int64{}
	for i := range n {
		part := amount
		if i < n-1 {
			part = g.Int64N(amount+1) / step * step
		}
		amount -= part
		p := filled(Payment{ID: "pay_" + strconv.Itoa(i), Method: []string{"stripe", methodGiftCard}[g.IntN(2)], Status: "captured", Captured: money.New(part, d.Currency)}, d.Currency)
		if g.one(2) {
			d.Captures[p.ID] = g.Int64N(5)
		}
		d.Payments = append(d.Payments, p)
	}
}

// asks draws a refund of something that is left, or of all.
func (g gen) asks(d *document) RefundInput {
	in := RefundInput{Reason: "wrong size"}
	if g.one(8) {
		return in
	}
	given := givenBackOf(d.Refunds)
	for range 1 + g.IntN(3) {
		it := d.Items[g.IntN(len(d.Items))]
		twice := slices.ContainsFunc(in.Items, func(u Units) bool { return u.ItemID == it.ID })
		if left := it.Quantity - given.items[it.ID].units; left > 0 && !twice {
			in.Items = append(in.Items, Units{it.ID, 1 + g.upTo(left-1)})
		}
	}
	step := d.Currency.Step()
	if s := d.Shipping; s != nil && s.Total.Minor > given.shipping.amount && g.one(3) {
		left := s.Total.Minor - given.shipping.amount
		n := (1 + g.Int64N(left)) / step * step
		if n == 0 || g.one(2) {
			n = left
		}
		in.Shipping = new(money.New(n, d.Currency))
	}
	if g.one(5) || in.Items == nil && in.Shipping == nil {
		in.Goodwill = new(money.New((1+g.upTo(5000))*step, d.Currency))
	}
	return in
}

// begin does to d what BeginRefund does.
func begin(d *document, in RefundInput) (*Refund, error) {
	r, err := d.planRefund(in)
	if err != nil {
		return nil, err
	}
	r.named(fmt.Sprint("ref_", len(d.Refunds)))
	d.Refunds = append(d.Refunds, r)
	return &d.Refunds[len(d.Refunds)-1], nil
}
