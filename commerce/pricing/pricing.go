// Package pricing says what things cost: prices of variants by market,
// promotions, taxes, shipping, and the sums of a basket, rounded as docs/money.md says. Its
// settings are few and read often; each quote names the generation of prices
// and settings that it was made from.
package pricing

import (
	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// Market is where a shop sells: one currency, some countries, taxes inside or
// on top. A shop has the market "default" from the start.
type Market struct {
	ID          string         `json:"id" path:"id" minLength:"1" maxLength:"64" pattern:"^[a-z0-9_-]+$"`
	Name        string         `json:"name" minLength:"1" maxLength:"200"`
	Currency    money.Currency `json:"currency" pattern:"^[A-Z]{3}$"`
	Country     string         `json:"country" pattern:"^[A-Z]{2}$" doc:"Taxes are of this country until an address is known."`
	Countries   []string       `json:"countries" doc:"Where it delivers; empty is everywhere." maxItems:"300" pattern:"^[A-Z]{2}$"`
	Locales     []string       `json:"locales" maxItems:"50" minLength:"1" maxLength:"35"`
	TaxIncluded bool           `json:"tax_included"`
	TimeZone    string         `json:"time_zone" minLength:"1" maxLength:"64" doc:"IANA name."`
}

// DefaultMarket is the id of the market that every shop has.
const DefaultMarket = "default"

// Price is what one unit of a variant costs. Market "" is the base price of
// the currency, which a market's own price goes before. Of several MinQuantity
// the largest that is reached counts.
type Price struct {
	VariantID   string        `json:"variant_id"`
	Market      string        `json:"market"`
	MinQuantity int64         `json:"min_quantity"` // from 1
	Amount      money.Amount  `json:"amount"`
	CompareAt   *money.Amount `json:"compare_at"`
}

// TaxRate is a tax of a country, or of a region in it, on goods of a category
// ("" is every category). Of the rates that fit, those of the most exact place
// count, and among these those of the exact category if there are any; several
// are added up.
type TaxRate struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Country  string     `json:"country"`
	Region   string     `json:"region"`
	Category string     `json:"category"`
	Rate     money.Rate `json:"rate"`
}

// ShippingMethod is a way to deliver, with a price by weight or by worth of
// the goods. A basket without anything to ship needs none.
type ShippingMethod struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Markets     []string `json:"markets"`   // empty: all with its currencies
	Countries   []string `json:"countries"` // empty: everywhere
	By          By       `json:"by"`
	Bands       []Band   `json:"bands"`        // by From, from 0; not empty
	TaxCategory string   `json:"tax_category"` // or Goods
	MinDays     int      `json:"min_days"`
	MaxDays     int      `json:"max_days"`
	Position    int      `json:"position"`
}

// Standard is the tax category of whatever names none.
const Standard = "standard"

// Goods is the tax category of a ShippingMethod that is taxed as what it
// delivers: its price is split over the rates of the goods by their worth.
const Goods = "goods"

// By is what a shipping price depends on.
type By string

// What a shipping price depends on.
const (
	Flat       By = "flat"
	ByWeight   By = "weight"   // grams
	BySubtotal By = "subtotal" // minor units
)

// Band is the price from From (grams or minor units) up to the next band. A
// band without Prices ends the method: heavier or dearer baskets cannot take it.
type Band struct {
	From   int64          `json:"from" minimum:"0"`
	Prices []money.Amount `json:"prices" maxItems:"200"` // one for each currency
}

// Quote is what a basket costs. Every sum is the sum of what is written here.
type Quote struct {
	Market      string         `json:"market"`
	Currency    money.Currency `json:"currency"`
	Country     string         `json:"country"`
	TaxIncluded bool           `json:"tax_included"`
	Items       []QuotedItem   `json:"items"` // in the order of the input
	Shipping    *QuotedOption  `json:"shipping"`
	Options     []QuotedOption `json:"options"` // the ways to deliver this basket
	// Discounts are what promotions take off, in the order in which they do, and
	// Codes says of each code of the input whether it counts.
	Discounts  []QuotedDiscount `json:"discounts"`
	Codes      []JudgedCode     `json:"codes"`
	Taxes      []Tax            `json:"taxes"`
	Totals     Totals           `json:"totals"`
	Generation int64            `json:"generation"` // of prices and settings
}

// QuotedItem is one line. Price nil: it has no price here and is in no sum.
type QuotedItem struct {
	ID        string        `json:"id"`
	VariantID string        `json:"variant_id"`
	Quantity  int64         `json:"quantity"`
	Price     *money.Amount `json:"price"`
	CompareAt *money.Amount `json:"compare_at"`
	Subtotal  money.Amount  `json:"subtotal"` // price × quantity
	Discount  money.Amount  `json:"discount"`
	Tax       money.Amount  `json:"tax"`
	Total     money.Amount  `json:"total"` // subtotal − discount, + tax unless inside
	TaxLines  []Tax         `json:"tax_lines"`
}

// QuotedOption is a way to deliver and what it costs: total = price − discount,
// + tax unless inside.
type QuotedOption struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Price    money.Amount `json:"price"`
	Discount money.Amount `json:"discount"`
	Tax      money.Amount `json:"tax"`
	Total    money.Amount `json:"total"`
	TaxLines []Tax        `json:"tax_lines"`
	MinDays  int          `json:"min_days"`
	MaxDays  int          `json:"max_days"`
}

// Tax and Totals are shared with carts and orders.
type (
	Tax    = bill.Tax
	Totals = bill.Totals
)
