package pricing

import (
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// Events. A payload type is frozen once released: add fields, or add a V2.
var (
	// PriceChanged has the variant as its key.
	PriceChanged = event.Define[PriceChangedV1]("pricing.price_changed", 1)
	// TaxChanged has the id of the rate as its key.
	TaxChanged = event.Define[TaxChangedV1]("pricing.tax_changed", 1)
	// PromotionChanged has the promotion as its key.
	PromotionChanged = event.Define[PromotionChangedV1]("pricing.promotion_changed", 1)
)

// PriceChangedV1 says that a variant has other prices in a currency.
type PriceChangedV1 struct {
	Variant  string         `json:"variant"`
	Currency money.Currency `json:"currency"`
	Market   string         `json:"market,omitempty"`
}

// TaxChangedV1 says that a tax rate is another, or gone.
type TaxChangedV1 struct {
	TaxRate string `json:"tax_rate"`
	Country string `json:"country"`
	Region  string `json:"region,omitempty"`
	Deleted bool   `json:"deleted,omitempty"`
}

// PromotionChangedV1 says that a promotion is new, another, or gone. It is not
// said when orders use it.
type PromotionChangedV1 struct {
	Promotion string `json:"promotion"`
	Deleted   bool   `json:"deleted,omitempty"`
}

// Changed is the meta of ErrTotalChanged.
type Changed struct {
	Expected money.Amount `json:"expected"`
	Actual   money.Amount `json:"actual"`
}
