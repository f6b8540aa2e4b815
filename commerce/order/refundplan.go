package order

import (
	"fmt"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// refundPlan is a refund that is being put together.
type refundPlan struct {
	o      *Order
	given  givenBack
	r      Refund
	faults []fault.Item
	err    error // of an order whose sums cannot be computed with
}

// take adds what in names.
func (p *refundPlan) take(in RefundInput) {
	for i, u := range in.Items {
		p.takeUnits(fmt.Sprintf("/items/%d", i), u)
	}
	if in.Shipping != nil && p.payable("/shipping", *in.Shipping, p.shippingLeft()) {
		p.takeShipping(in.Shipping.Minor)
	}
	if in.Items != nil || in.Shipping != nil {
		p.round()
	}
	if in.Goodwill != nil && p.payable("/goodwill", *in.Goodwill, money.MaxMinor) {
		p.r.Goodwill = *in.Goodwill
		p.r.Amount.Minor += in.Goodwill.Minor
	}
	if len(p.faults) == 0 && p.r.Amount.Minor < 1 {
		p.refuse("", check.TooSmall, 1, "this is worth less than can be paid")
	}
}

// takeAll adds all goods and shipping that remain, and whatever else is left.
func (p *refundPlan) takeAll(left int64) {
	for _, it := range p.o.Items {
		if n := it.Quantity - p.given.items[it.ID].units; n > 0 {
			p.takeUnits("", Units{ItemID: it.ID, Quantity: n})
		}
	}
	if n := p.shippingLeft(); n > 0 {
		p.takeShipping(n)
	}
	p.round()
	p.r.Rest.Minor = left - p.r.Amount.Minor
	p.r.Amount.Minor = left
}

// takeUnits adds units of an item that in names at a place.
func (p *refundPlan) takeUnits(at string, u Units) {
	i := slices.IndexFunc(p.o.Items, func(it Item) bool { return it.ID == u.ItemID })
	if i < 0 {
		p.refuse(at+"/item_id", check.NotAllowed, 0, "the order has no such item")
		return
	}
	it, was := p.o.Items[i], p.given.items[u.ItemID]
	if left := it.Quantity - was.units; u.Quantity > left {
		p.refuse(at+"/quantity", check.TooBig, left, fmt.Sprintf("%d are left to refund", left))
		return
	}
	units := was.units + u.Quantity
	amount, tax := p.portion(it.Total, units, it.Quantity, was.amount), p.portion(it.Tax, units, it.Quantity, was.tax)
	p.given.items[u.ItemID] = tally{units, was.amount + amount.Minor, was.tax + tax.Minor}
	p.r.Tax.Minor += tax.Minor
	if j := slices.IndexFunc(p.r.Items, func(r RefundItem) bool { return r.ItemID == u.ItemID }); j >= 0 {
		r := &p.r.Items[j]
		r.Quantity, r.Amount.Minor, r.Tax.Minor = r.Quantity+u.Quantity, r.Amount.Minor+amount.Minor, r.Tax.Minor+tax.Minor
		return
	}
	p.r.Items = append(p.r.Items, RefundItem{u.ItemID, u.Quantity, amount, tax})
}

func (p *refundPlan) shippingLeft() int64 {
	if p.o.Shipping == nil {
		return 0
	}
	return p.o.Shipping.Total.Minor - p.given.shipping.amount
}

// takeShipping adds n of the shipping, at most what is left of it. The tax in
// it goes by the money as that of an item goes by its units.
func (p *refundPlan) takeShipping(n int64) {
	s, was := p.o.Shipping, p.given.shipping
	tax := p.portion(s.Tax, was.amount+n, s.Total.Minor, was.tax)
	p.given.shipping = tally{0, was.amount + n, was.tax + tax.Minor}
	p.r.Shipping.Minor = n
	p.r.Tax.Minor += tax.Minor
}

// portion returns what of a total is due when done of its parts are given back
// altogether, less what is given: total × done ÷ of, half away from zero. So the
// portions make the total whichever refunds came first, and whichever failed.
func (p *refundPlan) portion(total money.Amount, done, of, given int64) money.Amount {
	due, err := money.MulDiv(total, done, of)
	if err != nil {
		p.err = err
	}
	return money.New(max(0, due.Minor-given), total.Currency)
}

// round makes the goods payable: all that have ever gone back make a multiple
// of the currency's step, and with the last of them the order's own rounding
// goes back. So refunds one by one make the same as one.
func (p *refundPlan) round() {
	exact, last := p.given.shipping.amount, p.shippingLeft() == 0
	for _, it := range p.o.Items {
		was := p.given.items[it.ID]
		exact += was.amount
		last = last && was.units == it.Quantity
	}
	if all := p.o.Totals.Total.Minor - p.o.Totals.Fees.Minor; last || exact > all {
		exact = all
	}
	payable, _ := money.New(exact, p.o.Currency).ToStep()
	goods := max(0, payable.Minor-p.given.sum)
	p.r.Rounding.Minor = goods - p.r.Shipping.Minor
	for _, it := range p.r.Items {
		p.r.Rounding.Minor -= it.Amount.Minor
	}
	p.r.Amount.Minor += goods
}

// payable reports whether a can go back: above zero, in the currency of the
// order, not more than is left and a multiple of the currency's step, unless it
// is all that is left.
func (p *refundPlan) payable(at string, a money.Amount, left int64) bool {
	step := p.o.Currency.Step()
	switch {
	case a.Currency != p.o.Currency:
		p.refuse(at+"/currency", check.NotAllowed, 0, fmt.Sprintf("the order is in %s", p.o.Currency))
	case a.Minor < 1:
		p.refuse(at+"/amount", check.TooSmall, 1, "must be more than nothing")
	case a.Minor > left:
		p.refuse(at+"/amount", check.TooBig, left, fmt.Sprintf("%v are left", money.New(left, p.o.Currency)))
	case a.Minor%step != 0 && a.Minor != left:
		p.refuse(at+"/amount", check.NotMultiple, step, fmt.Sprintf("must be a multiple of %v", money.New(step, p.o.Currency)))
	default:
		return true
	}
	return false
}

// refuse notes a fault of the input, with a limit where there is one.
func (p *refundPlan) refuse(at, code string, limit int64, text string) {
	f := fault.New(fault.Invalid, code, text).At(at)
	if code != check.NotAllowed {
		f = f.With(map[string]int64{"limit": limit})
	}
	p.faults = append(p.faults, f.Item())
}

// invalid returns fault.ErrInvalid as check.Struct does.
func invalid(items []fault.Item) error {
	e := fault.ErrInvalid.Listing(items...)
	if len(items) == 1 {
		e.In, e.Param = items[0].In, items[0].Param
	}
	return e
}
