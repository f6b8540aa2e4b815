package pricing

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// Service is pricing as seen by others: an Engine here, a Client elsewhere.
type Service interface {
	Generation(ctx context.Context, in op.Nothing) (GenerationOutput, error)
	Seed(ctx context.Context, in SeedInput) (op.Nothing, error)

	Markets(ctx context.Context, in op.Nothing) (MarketsOutput, error)
	PutMarket(ctx context.Context, in Market) (Market, error)

	Quote(ctx context.Context, in QuoteInput) (Quote, error)
	Redeem(ctx context.Context, in RedeemInput) (op.Nothing, error)
	Restore(ctx context.Context, in RestoreInput) (op.Nothing, error)

	Prices(ctx context.Context, in PricesInput) (PricesOutput, error)
	PutPrices(ctx context.Context, in PutPricesInput) (PutPricesOutput, error)

	TaxRates(ctx context.Context, in op.Nothing) (TaxRatesOutput, error)
	CreateTaxRate(ctx context.Context, in TaxRateFields) (TaxRate, error)
	UpdateTaxRate(ctx context.Context, in UpdateTaxRateInput) (TaxRate, error)
	DeleteTaxRate(ctx context.Context, in IDInput) (op.Nothing, error)

	ShippingMethods(ctx context.Context, in op.Nothing) (ShippingMethodsOutput, error)
	CreateShippingMethod(ctx context.Context, in ShippingMethodFields) (ShippingMethod, error)
	UpdateShippingMethod(ctx context.Context, in UpdateShippingMethodInput) (ShippingMethod, error)
	DeleteShippingMethod(ctx context.Context, in IDInput) (op.Nothing, error)

	PromotionService
}

// The operations, as transports know them.
var (
	OpGeneration = op.Op[op.Nothing, GenerationOutput]{Name: "pricing.generation", Kind: op.Query, Access: op.Anyone,
		Doc: "A number that grows with each change of prices and settings."}
	OpSeed = op.Op[SeedInput, op.Nothing]{Name: "pricing.seed", Access: "settings:write",
		Doc: "Gives a new shop its default market and a free way to deliver. Does nothing when there is a market."}

	OpMarkets = op.Op[op.Nothing, MarketsOutput]{Name: "pricing.markets", Kind: op.Query, Access: op.Anyone,
		Doc: "The markets, the default one first."}
	OpPutMarket = op.Op[Market, Market]{Name: "pricing.put_market", Access: "settings:write",
		Doc: "Makes or changes a market. The currency of one that exists never changes.", Fails: []*fault.Error{ErrCurrencyFixed, ErrTooManyMarkets}}

	OpQuote = op.Op[QuoteInput, Quote]{Name: "pricing.quote", Kind: op.Query, Access: op.Inside,
		Doc: "Says what a basket costs now.", Fails: []*fault.Error{ErrMarketNotFound}}
	OpRedeem = op.Op[RedeemInput, op.Nothing]{Name: "pricing.redeem", Access: op.Inside,
		Doc: "Makes sure, in the unit that places an order, that the basket still costs what was quoted, and takes a use of each promotion.", Fails: []*fault.Error{ErrTotalChanged, ErrMarketNotFound, once.ErrUndone}}
	OpRestore = op.Op[RestoreInput, op.Nothing]{Name: "pricing.restore", Access: op.Inside,
		Doc: "Undoes Redeem with the same key: the uses are free again."}

	OpPrices = op.Op[PricesInput, PricesOutput]{Name: "pricing.prices", Kind: op.Query, Access: "catalog:read",
		Doc: "All prices of some variants."}
	OpPutPrices = op.Op[PutPricesInput, PutPricesOutput]{Name: "pricing.put_prices", Access: "catalog:write",
		Doc: "Replaces the prices of variants in the currencies named. What does not change is not written."}

	OpTaxRates      = op.Op[op.Nothing, TaxRatesOutput]{Name: "pricing.tax_rates", Kind: op.Query, Access: "settings:read", Doc: "The tax rates."}
	OpCreateTaxRate = op.Op[TaxRateFields, TaxRate]{Name: "pricing.create_tax_rate", Access: "settings:write", Doc: "Makes a tax rate."}
	OpUpdateTaxRate = op.Op[UpdateTaxRateInput, TaxRate]{Name: "pricing.update_tax_rate", Access: "settings:write",
		Doc: "Replaces a tax rate.", Fails: []*fault.Error{ErrTaxRateNotFound}}
	OpDeleteTaxRate = op.Op[IDInput, op.Nothing]{Name: "pricing.delete_tax_rate", Access: "settings:write",
		Doc: "Removes a tax rate.", Fails: []*fault.Error{ErrTaxRateNotFound}}

	OpShippingMethods      = op.Op[op.Nothing, ShippingMethodsOutput]{Name: "pricing.shipping_methods", Kind: op.Query, Access: "settings:read", Doc: "The ways to deliver."}
	OpCreateShippingMethod = op.Op[ShippingMethodFields, ShippingMethod]{Name: "pricing.create_shipping_method", Access: "settings:write", Doc: "Makes a way to deliver.", Fails: []*fault.Error{ErrMarketNotFound}}
	OpUpdateShippingMethod = op.Op[UpdateShippingMethodInput, ShippingMethod]{Name: "pricing.update_shipping_method", Access: "settings:write",
		Doc: "Replaces a way to deliver.", Fails: []*fault.Error{ErrShippingMethodNotFound, ErrMarketNotFound}}
	OpDeleteShippingMethod = op.Op[IDInput, op.Nothing]{Name: "pricing.delete_shipping_method", Access: "settings:write",
		Doc: "Removes a way to deliver.", Fails: []*fault.Error{ErrShippingMethodNotFound}}
)

// IDInput names something.
type IDInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
}

// SeedInput is what the default market of a new shop is like. Country is where
// it is taxed until an address is known; it sells everywhere.
type SeedInput struct {
	Currency    money.Currency `json:"currency" pattern:"^[A-Z]{3}$"`
	Country     string         `json:"country" pattern:"^[A-Z]{2}$"`
	TaxIncluded bool           `json:"tax_included,omitempty"`
}

// MarketsOutput are the markets.
type MarketsOutput struct {
	Items []Market `json:"items"`
}

// QuoteInput is a basket. Country and Region are of the delivery address; empty
// before there is one. Shipping is the id of the chosen way to deliver, if any.
// Buyer tells customers apart for promotions with a limit for each: the id of a
// customer, the e-mail address of a guest, empty before it is known. At is when
// promotions are judged, now when it is zero.
type QuoteInput struct {
	Market   string      `json:"market" minLength:"1" maxLength:"64"`
	Country  string      `json:"country,omitempty" pattern:"^[A-Z]{2}$"`
	Region   string      `json:"region,omitempty" maxLength:"100"`
	Items    []QuoteItem `json:"items" maxItems:"500"`
	Shipping string      `json:"shipping,omitempty" maxLength:"64"`
	Codes    []string    `json:"codes,omitempty" maxItems:"20" minLength:"1" maxLength:"100"`
	Buyer    string      `json:"buyer,omitempty" maxLength:"254"`
	At       time.Time   `json:"at,omitzero"`
}

// QuoteItem is one line of a basket.
type QuoteItem struct {
	ID               string `json:"id"`
	VariantID        string `json:"variant_id"`
	ProductID        string `json:"product_id,omitempty"` // for promotions of products
	Quantity         int64  `json:"quantity" minimum:"1" maximum:"9999"`
	Taxable          bool   `json:"taxable"`
	TaxCategory      string `json:"tax_category"`
	WeightG          int64  `json:"weight_g" minimum:"0"`
	RequiresShipping bool   `json:"requires_shipping"`
}

// RedeemInput is the basket of an order that is being placed. Generation, Total
// and Promotions, its Claims, are those of the quote that the shopper has agreed to.
type RedeemInput struct {
	Key        string       `json:"key" minLength:"1" maxLength:"100"`
	Basket     QuoteInput   `json:"basket"`
	Total      money.Amount `json:"total"`
	Generation int64        `json:"generation"`
	Promotions []Claim      `json:"promotions,omitempty" maxItems:"1000"`
}

// RestoreInput names a Redeem.
type RestoreInput struct {
	Key string `json:"key" minLength:"1" maxLength:"100"`
}

// PricesInput names variants.
type PricesInput struct {
	VariantIDs []string `json:"variant_ids" query:"variant_id" maxItems:"2000"`
}

// PricesOutput are prices, by variant, currency, market and quantity.
type PricesOutput struct {
	Items      []Price `json:"items"`
	Generation int64   `json:"generation"`
}

// PutPricesInput are all prices of some variants in some currencies and
// markets, at most 500 a call: a (variant, currency, market) that is named
// loses the prices that are not in the call. An empty list of prices for a
// variant and market takes them away. DryRun says what would be, and writes
// nothing.
type PutPricesInput struct {
	Sets   []PriceSet `json:"sets" minItems:"1" maxItems:"500"`
	DryRun bool       `json:"dry_run,omitempty"`
}

// PriceSet are the prices of one variant in one currency and market.
type PriceSet struct {
	VariantID string         `json:"variant_id" minLength:"1" maxLength:"64"`
	Currency  money.Currency `json:"currency" pattern:"^[A-Z]{3}$"`
	Market    string         `json:"market,omitempty" maxLength:"64" doc:"Absent: the base price."`
	Prices    []PriceFields  `json:"prices" maxItems:"20"`
}

// PriceFields is one price of a set, in minor units.
type PriceFields struct {
	MinQuantity int64  `json:"min_quantity,omitempty" minimum:"1" maximum:"9999" doc:"1 when absent."`
	Amount      int64  `json:"amount" minimum:"0" maximum:"99999999999"`
	CompareAt   *int64 `json:"compare_at,omitempty" minimum:"0" maximum:"99999999999"`
}

// PutPricesOutput has a result for each set, in order.
type PutPricesOutput struct {
	Results []PutPrice `json:"results"`
}

// PutPrice says what became of one set: what it was before, for reports.
type PutPrice struct {
	Outcome string        `json:"outcome" enum:"created,updated,unchanged,failed"`
	Before  []PriceFields `json:"before"`
	Error   *fault.Error  `json:"error,omitempty"`
}

// TaxRatesOutput are the tax rates.
type TaxRatesOutput struct {
	Items []TaxRate `json:"items"`
}

// TaxRateFields is what a caller writes of a tax rate.
type TaxRateFields struct {
	Name     string     `json:"name" minLength:"1" maxLength:"100"`
	Country  string     `json:"country" pattern:"^[A-Z]{2}$"`
	Region   string     `json:"region,omitempty" maxLength:"100"`
	Category string     `json:"category,omitempty" maxLength:"64"`
	Rate     money.Rate `json:"rate" doc:"Percent as a decimal string, 0 to 100, at most four decimals."`
}

// UpdateTaxRateInput replaces a tax rate.
type UpdateTaxRateInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	TaxRateFields
}

// ShippingMethodsOutput are the ways to deliver.
type ShippingMethodsOutput struct {
	Items []ShippingMethod `json:"items"`
}

// ShippingMethodFields is what a caller writes of a way to deliver.
type ShippingMethodFields struct {
	Name        string   `json:"name" minLength:"1" maxLength:"200"`
	Markets     []string `json:"markets,omitempty" maxItems:"100"`
	Countries   []string `json:"countries,omitempty" maxItems:"300" pattern:"^[A-Z]{2}$"`
	By          By       `json:"by" enum:"flat,weight,subtotal"`
	Bands       []Band   `json:"bands" minItems:"1" maxItems:"100"`
	TaxCategory string   `json:"tax_category,omitempty" maxLength:"64" doc:"\"standard\" when absent; \"goods\" splits over the rates of the goods."`
	MinDays     int      `json:"min_days,omitempty" minimum:"0" maximum:"365"`
	MaxDays     int      `json:"max_days,omitempty" minimum:"0" maximum:"365"`
	Position    int      `json:"position,omitempty" minimum:"0" maximum:"10000"`
}

// UpdateShippingMethodInput replaces a way to deliver.
type UpdateShippingMethodInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	ShippingMethodFields
}

// GenerationOutput is a number that grows.
type GenerationOutput struct {
	N int64 `json:"n"`
}
