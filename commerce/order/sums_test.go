package order_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/order/ordertest"
)

// Each breaks one sum of a good order; Place must name the place.
func TestPlaceVerifiesSums(t *testing.T) {
	e := order.New(memstore.Orders{DB: memstore.New()}, nil)
	plus := func(a *money.Amount) { a.Minor++ }
	for name, tc := range map[string]struct {
		spoil func(o *order.Order)
		at    string
	}{
		"item subtotal":   {func(o *order.Order) { plus(&o.Items[1].Subtotal) }, "/order/items/1/subtotal"},
		"unit price":      {func(o *order.Order) { plus(&o.Items[0].UnitPrice) }, "/order/items/0/subtotal"},
		"quantity":        {func(o *order.Order) { o.Items[0].Quantity = 3 }, "/order/items/0/subtotal"},
		"item total":      {func(o *order.Order) { plus(&o.Items[0].Total) }, "/order/items/0/total"},
		"item tax":        {func(o *order.Order) { plus(&o.Items[0].Tax) }, "/order/items/0/tax"},
		"item tax line":   {func(o *order.Order) { plus(&o.Items[1].TaxLines[0].Amount) }, "/order/items/1/tax"},
		"item ids":        {func(o *order.Order) { o.Items[1].ID = o.Items[0].ID }, "/order/items/1/id"},
		"shipping price":  {func(o *order.Order) { plus(&o.Shipping.Price) }, "/order/shipping/total"},
		"shipping total":  {func(o *order.Order) { plus(&o.Shipping.Total) }, "/order/shipping/total"},
		"shipping tax":    {func(o *order.Order) { plus(&o.Shipping.Tax) }, "/order/shipping/tax"},
		"no shipping":     {func(o *order.Order) { o.Shipping = nil }, "/order/totals/shipping"},
		"totals shipping": {func(o *order.Order) { plus(&o.Totals.Shipping) }, "/order/totals/shipping"},
		"share":           {func(o *order.Order) { plus(&o.Discounts[0].Allocations[0].Amount) }, "/order/discounts/0/amount"},
		"discount":        {func(o *order.Order) { plus(&o.Discounts[0].Amount) }, "/order/shipping/discount"},
		"shares moved":    {func(o *order.Order) { a := o.Discounts[0].Allocations; a[0].Amount.Minor--; a[1].Amount.Minor++ }, "/order/items/0/discount"},
		"share of nothing": {func(o *order.Order) {
			o.Discounts[0].Allocations = append(o.Discounts[0].Allocations, order.Allocation{ItemID: "x", Amount: money.Zero("EUR")})
		}, "/order/discounts"},
		"totals subtotal":         {func(o *order.Order) { plus(&o.Totals.Subtotal) }, "/order/totals/subtotal"},
		"totals discount":         {func(o *order.Order) { plus(&o.Totals.Discount) }, "/order/totals/discount"},
		"totals fees":             {func(o *order.Order) { plus(&o.Totals.Fees) }, "/order/totals/fees"},
		"fee":                     {func(o *order.Order) { o.Fees = []order.Fee{{Name: "COD", Amount: money.New(1, "EUR")}} }, "/order/totals/fees"},
		"totals tax":              {func(o *order.Order) { plus(&o.Totals.Tax) }, "/order/totals/tax"},
		"tax of the order":        {func(o *order.Order) { plus(&o.Taxes[0].Amount) }, "/order/totals/tax"},
		"total":                   {func(o *order.Order) { plus(&o.Totals.Total) }, "/order/totals/total"},
		"rounding":                {func(o *order.Order) { plus(&o.Totals.Rounding) }, "/order/totals/total"},
		"amount due":              {func(o *order.Order) { plus(&o.Totals.AmountDue) }, "/order/totals"},
		"gift cards":              {func(o *order.Order) { plus(&o.Totals.GiftCards) }, "/order/totals"},
		"tax on top, not inside":  {func(o *order.Order) { o.TaxIncluded = false }, "/order/items/0/total"},
		"negative":                {func(o *order.Order) { o.Items[0].UnitPrice.Minor = -1499 }, "/order/items/0/unit_price"},
		"negative payment":        {func(o *order.Order) { o.Payments = []order.Payment{{Amount: money.New(-1, "EUR")}} }, "/order/payments/0/amount"},
		"too large":               {func(o *order.Order) { o.Totals.Total.Minor = money.MaxMinor + 1 }, "/order/totals/total"},
		"smallest":                {func(o *order.Order) { o.Totals.Rounding.Minor = -1 << 63 }, "/order/totals/rounding"},
		"too large together":      {func(o *order.Order) { o.Items[0].UnitPrice.Minor = money.MaxMinor; o.Items[0].Quantity = 9999 }, "/order/items/0/subtotal"},
		"currency of an item":     {func(o *order.Order) { o.Items[0].Tax.Currency = "USD" }, "/order/items/0/tax"},
		"currency of tax":         {func(o *order.Order) { o.Items[0].TaxLines[0].Taxable.Currency = "USD" }, "/order/items/0/tax_lines/0/taxable"},
		"currency of rounding":    {func(o *order.Order) { o.Totals.Rounding.Currency = "USD" }, "/order/totals/rounding"},
		"currency of a fee":       {func(o *order.Order) { o.Fees = []order.Fee{{Name: "COD"}} }, "/order/fees/0/amount"},
		"currency of an option":   {func(o *order.Order) { o.Shipping.Discount.Currency = "USD" }, "/order/shipping/discount"},
		"currency of a share":     {func(o *order.Order) { o.Discounts[0].Allocations[1].Amount.Currency = "USD" }, "/order/discounts/0/allocations/1/amount"},
		"currency of all but one": {func(o *order.Order) { o.Currency = "USD" }, "/order/items/0/unit_price"},
		"no currency":             {func(o *order.Order) { o.Currency = "EURO" }, "/order/currency"},
	} {
		in := ordertest.Sample("cart_1.1")
		tc.spoil(&in.Order)
		_, err := e.Place(t.Context(), in)
		f, _ := errors.AsType[*fault.Error](err)
		if !errors.Is(err, order.ErrBadSums) || f.Param != tc.at {
			t.Errorf("%s: %v, want ErrBadSums at %s", name, err, tc.at)
		}
	}
	if _, err := e.Place(t.Context(), ordertest.Sample("cart_1.1")); err != nil {
		t.Errorf("good sums: %v", err)
	}
}

func TestPlaceTakesTaxOnTop(t *testing.T) {
	e := order.New(memstore.Orders{DB: memstore.New()}, nil)
	in := ordertest.Sample("cart_1.1")
	o := &in.Order
	o.TaxIncluded = false
	o.Items[0].Total.Minor += o.Items[0].Tax.Minor
	o.Items[1].Total.Minor += o.Items[1].Tax.Minor
	o.Shipping.Total.Minor += o.Shipping.Tax.Minor
	o.Fees = []order.Fee{{Name: "COD", Amount: money.New(100, "EUR")}}
	o.Totals.Fees.Minor, o.Totals.Rounding.Minor = 100, -3
	o.Totals.Total.Minor += o.Totals.Tax.Minor + 97
	o.Totals.AmountDue = o.Totals.Total
	if _, err := e.Place(t.Context(), in); err != nil {
		t.Error(err)
	}
}

func TestPlaceNamesWhatDisagrees(t *testing.T) {
	e := order.New(memstore.Orders{DB: memstore.New()}, nil)
	in := ordertest.Sample("cart_1.1")
	in.Order.Totals.Total.Minor = 1
	_, err := e.Place(t.Context(), in)
	f, _ := errors.AsType[*fault.Error](err)
	if f == nil || !strings.Contains(string(f.Meta), `"parts":{"amount":7688`) || !strings.Contains(string(f.Meta), `"sum":{"amount":1,`) {
		t.Errorf("%v, want both sums in meta", err)
	}
}
