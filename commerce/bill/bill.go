// Package bill has the sums that a basket, a cart and an order share.
package bill

import (
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// Tax is an amount of one tax. Taxable is the net amount it is on.
type Tax struct {
	Name         string       `json:"name"`
	Rate         money.Rate   `json:"rate"`
	Jurisdiction string       `json:"jurisdiction"` // "DE", "US-NY"
	Taxable      money.Amount `json:"taxable"`
	Amount       money.Amount `json:"amount"`
}

// Totals are the sums of a basket:
// total = subtotal − discount + shipping + fees + (tax unless inside) + rounding,
// amount_due = total − gift_cards. Shipping is before its discounts, which
// Discount includes.
type Totals struct {
	Subtotal     money.Amount `json:"subtotal"`
	Discount     money.Amount `json:"discount"`
	Shipping     money.Amount `json:"shipping"`
	Fees         money.Amount `json:"fees"`
	Tax          money.Amount `json:"tax"`
	TaxEstimated bool         `json:"tax_estimated"` // no address yet
	Rounding     money.Amount `json:"rounding"`      // to what can be paid in the currency
	Total        money.Amount `json:"total"`
	GiftCards    money.Amount `json:"gift_cards"`
	AmountDue    money.Amount `json:"amount_due"`
}

// Zero returns totals of nothing in currency c.
func Zero(c money.Currency) Totals {
	z := money.Zero(c)
	return Totals{Subtotal: z, Discount: z, Shipping: z, Fees: z, Tax: z, Rounding: z, Total: z, GiftCards: z, AmountDue: z}
}

// Verify returns an error unless the sums agree with one another and none of
// them but Rounding is negative.
func (t Totals) Verify(taxIncluded bool) error {
	terms := []money.Amount{t.Subtotal, t.Discount.Neg(), t.Shipping, t.Fees, t.Rounding}
	if !taxIncluded {
		terms = append(terms, t.Tax)
	}
	sum, err := money.Sum(t.Total.Currency, terms...)
	if err != nil {
		return err
	}
	if sum != t.Total {
		return fmt.Errorf("the parts make %v, the total is %v", sum, t.Total)
	}
	due, err := t.Total.Sub(t.GiftCards)
	if err != nil {
		return err
	}
	if due != t.AmountDue {
		return fmt.Errorf("total less gift cards is %v, the amount due is %v", due, t.AmountDue)
	}
	for _, a := range []money.Amount{t.Subtotal, t.Discount, t.Shipping, t.Fees, t.Tax, t.Total, t.GiftCards, t.AmountDue} {
		if a.IsNegative() {
			return fmt.Errorf("a sum is negative: %v", a)
		}
	}
	return nil
}
