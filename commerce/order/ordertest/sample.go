package ordertest

import (
	"time"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
)

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func vat(taxable, amount int64) []bill.Tax {
	rate, err := money.ParseRate("19")
	if err != nil {
		panic(err)
	}
	return []bill.Tax{{Name: "MwSt.", Rate: rate, Jurisdiction: "DE", Taxable: eur(taxable), Amount: eur(amount)}}
}

// Sample returns what Place takes for a basket of two mugs and a top, EUR 76.88
// with a discount, delivery and tax inside, whose sums agree.
func Sample(checkoutID string) order.PlaceInput {
	totals := bill.Zero("EUR")
	totals.Subtotal, totals.Discount, totals.Shipping, totals.Tax = eur(7998), eur(800), eur(490), eur(1227)
	totals.Total, totals.AmountDue = eur(7688), eur(7688)
	home := &address.Address{Name: "Ada Buyer", Line1: "Hauptstr. 1", City: "Berlin", PostalCode: "10115", Country: "DE"}
	return order.PlaceInput{CheckoutID: checkoutID, Order: order.Order{
		CartID: "cart_1", Market: "eu", Currency: "EUR", Locale: "en", TaxIncluded: true, Email: "Ada@Example.com",
		ExpiresAt: new(time.Date(2026, 11, 22, 8, 15, 0, 0, time.UTC)),
		Addresses: order.Addresses{Shipping: home, Billing: home},
		Items: []order.Item{
			{ID: "oi_mug", ProductID: "prod_1", VariantID: "var_1", SKU: new("MUG"), Title: "Mug", RequiresShipping: true, Quantity: 2,
				UnitPrice: eur(1499), Subtotal: eur(2998), Discount: eur(300), Tax: eur(431), Total: eur(2698), TaxLines: vat(2267, 431)},
			{ID: "oi_top", ProductID: "prod_2", VariantID: "var_2", Title: "Top", VariantTitle: new("S"), Options: map[string]string{"Size": "S"}, RequiresShipping: true, Quantity: 1,
				UnitPrice: eur(5000), Subtotal: eur(5000), Discount: eur(500), Tax: eur(718), Total: eur(4500), TaxLines: vat(3782, 718)},
		},
		Shipping: &order.Shipping{OptionID: "so_1", Name: "Standard", Price: eur(490), Discount: eur(0), Tax: eur(78), Total: eur(490), TaxLines: vat(412, 78),
			Estimate: &order.Estimate{MinDays: 2, MaxDays: 4}},
		Discounts: []order.Discount{{ID: "disc_1", PromotionID: "promo_1", Code: new("SAVE10"), Title: "10 % off", Amount: eur(800),
			Allocations: []order.Allocation{{ItemID: "oi_mug", Amount: eur(300)}, {ItemID: "oi_top", Amount: eur(500)}}}},
		Taxes:  vat(6461, 1227),
		Totals: totals,
	}}
}
