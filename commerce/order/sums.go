package order

import (
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// verify returns ErrBadSums, naming the first place that is wrong, unless every
// sum of a new order is the sum of its parts, in the order's currency, within
// money.MaxMinor and, but for the rounding, not negative.
func verify(o Order) error {
	if !o.Currency.Valid() {
		return bad("/order/currency", fmt.Sprintf("%q is not a currency", o.Currency))
	}
	for _, check := range []func(Order) error{verifyAmounts, verifyItems, verifyShipping, verifyDiscounts, verifyTotals} {
		if err := check(o); err != nil {
			return err
		}
	}
	return nil
}

func bad(at, text string) error {
	return ErrBadSums.At(at).Saying(text)
}

// agree returns ErrBadSums unless the parts make whole.
func agree(at string, whole money.Amount, parts ...money.Amount) error {
	sum, err := money.Sum(whole.Currency, parts...)
	if err != nil {
		return bad(at, err.Error())
	}
	if sum != whole {
		return ErrBadSums.At(at).Saying(fmt.Sprintf("the parts make %v, not %v", sum, whole)).
			With(map[string]money.Amount{"parts": sum, "sum": whole})
	}
	return nil
}

// spot is an amount and where it is.
type spot struct {
	at string
	a  money.Amount
}

// verifyAmounts looks at each amount alone. Nothing may be added up before:
// amounts of two currencies cannot be.
func verifyAmounts(o Order) error {
	for _, s := range spots(o) {
		if err := verifyAmount("/order"+s.at, s.a, o.Currency); err != nil {
			return err
		}
	}
	if r := o.Totals.Rounding; r.Currency != o.Currency || r.Bound() != nil {
		return bad("/order/totals/rounding", "the rounding is in another currency or out of bounds")
	}
	return nil
}

// spots lists the amounts of an order that must not be negative.
func spots(o Order) (all []spot) {
	add := func(at string, list ...spot) {
		for _, s := range list {
			all = append(all, spot{at + s.at, s.a})
		}
	}
	taxes := func(at string, lines []bill.Tax) {
		for i, l := range lines {
			add(fmt.Sprintf("%s/%d", at, i), spot{"/taxable", l.Taxable}, spot{"/amount", l.Amount})
		}
	}
	for i, it := range o.Items {
		at := fmt.Sprintf("/items/%d", i)
		add(at, spot{"/unit_price", it.UnitPrice}, spot{"/subtotal", it.Subtotal}, spot{"/discount", it.Discount}, spot{"/tax", it.Tax}, spot{"/total", it.Total})
		taxes(at+"/tax_lines", it.TaxLines)
	}
	if s := o.Shipping; s != nil {
		add("/shipping", spot{"/price", s.Price}, spot{"/discount", s.Discount}, spot{"/tax", s.Tax}, spot{"/total", s.Total})
		taxes("/shipping/tax_lines", s.TaxLines)
	}
	for i, d := range o.Discounts {
		add(fmt.Sprintf("/discounts/%d/amount", i), spot{"", d.Amount})
		for j, a := range d.Allocations {
			add(fmt.Sprintf("/discounts/%d/allocations/%d/amount", i, j), spot{"", a.Amount})
		}
	}
	for i, f := range o.Fees {
		add(fmt.Sprintf("/fees/%d/amount", i), spot{"", f.Amount})
	}
	taxes("/taxes", o.Taxes)
	t := o.Totals
	add("/totals", spot{"/subtotal", t.Subtotal}, spot{"/discount", t.Discount}, spot{"/shipping", t.Shipping}, spot{"/fees", t.Fees},
		spot{"/tax", t.Tax}, spot{"/total", t.Total}, spot{"/gift_cards", t.GiftCards}, spot{"/amount_due", t.AmountDue})
	for i, p := range o.Payments {
		add(fmt.Sprintf("/payments/%d", i), ofPayment(p)...)
	}
	return all
}

func ofPayment(p Payment) []spot {
	return []spot{{"/amount", p.Amount}, {"/authorized", p.Authorized}, {"/captured", p.Captured}, {"/refunded", p.Refunded},
		{"/refunding", p.Refunding}, {"/disputed", p.Disputed}}
}

func verifyAmount(at string, a money.Amount, c money.Currency) error {
	switch {
	case a.Currency != c:
		return bad(at, fmt.Sprintf("the amount is in %q, the order in %q", a.Currency, c))
	case a.IsNegative():
		return bad(at, fmt.Sprintf("the amount is negative: %v", a))
	case a.Bound() != nil:
		return bad(at, a.Bound().Error())
	}
	return nil
}

func verifyPayment(at string, p Payment, c money.Currency) error {
	for _, s := range ofPayment(p) {
		if err := verifyAmount(at+s.at, s.a, c); err != nil {
			return err
		}
	}
	return nil
}

func verifyItems(o Order) error {
	seen := map[string]bool{}
	for i, it := range o.Items {
		at := fmt.Sprintf("/order/items/%d", i)
		if seen[it.ID] {
			return bad(at+"/id", "two items have this id")
		}
		seen[it.ID] = true
		worth, err := it.UnitPrice.Mul(it.Quantity)
		if err != nil {
			return bad(at+"/subtotal", err.Error())
		}
		if err := agree(at+"/subtotal", it.Subtotal, worth); err != nil {
			return err
		}
		if err := agree(at+"/total", it.Total, taxed(o, it.Tax, it.Subtotal, it.Discount.Neg())...); err != nil {
			return err
		}
		if err := agree(at+"/tax", it.Tax, amounts(it.TaxLines, taxAmount)...); err != nil {
			return err
		}
	}
	return nil
}

func verifyShipping(o Order) error {
	s := o.Shipping
	if s == nil {
		return agree("/order/totals/shipping", o.Totals.Shipping)
	}
	if err := agree("/order/shipping/total", s.Total, taxed(o, s.Tax, s.Price, s.Discount.Neg())...); err != nil {
		return err
	}
	if err := agree("/order/shipping/tax", s.Tax, amounts(s.TaxLines, taxAmount)...); err != nil {
		return err
	}
	return agree("/order/totals/shipping", o.Totals.Shipping, s.Price)
}

// verifyDiscounts: what items and shipping are cheaper by is what the discounts
// took off. What a discount does not share out among items is of the shipping.
func verifyDiscounts(o Order) error {
	shares := map[string][]money.Amount{}
	ofShipping := money.Zero(o.Currency)
	for i, d := range o.Discounts {
		rest := d.Amount
		for _, a := range d.Allocations {
			var err error
			if rest, err = rest.Sub(a.Amount); err != nil {
				return bad(fmt.Sprintf("/order/discounts/%d", i), err.Error())
			}
			shares[a.ItemID] = append(shares[a.ItemID], a.Amount)
		}
		if rest.IsNegative() {
			return bad(fmt.Sprintf("/order/discounts/%d/amount", i), "the shares make more than the discount")
		}
		ofShipping.Minor += rest.Minor // both within Bound
	}
	for i, it := range o.Items {
		if err := agree(fmt.Sprintf("/order/items/%d/discount", i), it.Discount, shares[it.ID]...); err != nil {
			return err
		}
		delete(shares, it.ID)
	}
	if len(shares) > 0 {
		return bad("/order/discounts", "a share is of an item that the order does not have")
	}
	if o.Shipping == nil {
		return agree("/order/discounts", money.Zero(o.Currency), ofShipping)
	}
	return agree("/order/shipping/discount", o.Shipping.Discount, ofShipping)
}

func verifyTotals(o Order) error {
	t := o.Totals
	taxes := amounts(o.Items, func(it Item) money.Amount { return it.Tax })
	wholes := amounts(o.Items, func(it Item) money.Amount { return it.Total })
	if o.Shipping != nil {
		taxes, wholes = append(taxes, o.Shipping.Tax), append(wholes, o.Shipping.Total)
	}
	fees := amounts(o.Fees, func(f Fee) money.Amount { return f.Amount })
	for _, s := range []struct {
		name  string
		whole money.Amount
		parts []money.Amount
	}{
		{"subtotal", t.Subtotal, amounts(o.Items, func(it Item) money.Amount { return it.Subtotal })},
		{"discount", t.Discount, amounts(o.Discounts, func(d Discount) money.Amount { return d.Amount })},
		{"fees", t.Fees, fees},
		{"tax", t.Tax, taxes},
		{"tax", t.Tax, amounts(o.Taxes, taxAmount)},
		{"total", t.Total, append(append(wholes, fees...), t.Rounding)},
	} {
		if err := agree("/order/totals/"+s.name, s.whole, s.parts...); err != nil {
			return err
		}
	}
	if err := t.Verify(o.TaxIncluded); err != nil {
		return bad("/order/totals", err.Error())
	}
	return nil
}

// taxed returns parts, and tax unless it is inside of them.
func taxed(o Order, tax money.Amount, parts ...money.Amount) []money.Amount {
	if o.TaxIncluded {
		return parts
	}
	return append(parts, tax)
}

func taxAmount(t bill.Tax) money.Amount { return t.Amount }

func amounts[T any](list []T, of func(T) money.Amount) []money.Amount {
	out := make([]money.Amount, 0, len(list))
	for _, v := range list {
		out = append(out, of(v))
	}
	return out
}
