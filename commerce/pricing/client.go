package pricing

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/op"
)

// Register serves every operation of s on r.
func Register(r op.Registrar, s Service) {
	op.Handle(r, OpGeneration, s.Generation)
	op.Handle(r, OpSeed, s.Seed)
	op.Handle(r, OpMarkets, s.Markets)
	op.Handle(r, OpPutMarket, s.PutMarket)
	op.Handle(r, OpQuote, s.Quote)
	op.Handle(r, OpRedeem, s.Redeem)
	op.Handle(r, OpRestore, s.Restore)
	op.Handle(r, OpPrices, s.Prices)
	op.Handle(r, OpPutPrices, s.PutPrices)
	op.Handle(r, OpTaxRates, s.TaxRates)
	op.Handle(r, OpCreateTaxRate, s.CreateTaxRate)
	op.Handle(r, OpUpdateTaxRate, s.UpdateTaxRate)
	op.Handle(r, OpDeleteTaxRate, s.DeleteTaxRate)
	op.Handle(r, OpShippingMethods, s.ShippingMethods)
	op.Handle(r, OpCreateShippingMethod, s.CreateShippingMethod)
	op.Handle(r, OpUpdateShippingMethod, s.UpdateShippingMethod)
	op.Handle(r, OpDeleteShippingMethod, s.DeleteShippingMethod)
	registerPromotions(r, s)
}

// Client is pricing somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// Seed implements Service.
func (c Client) Seed(ctx context.Context, in SeedInput) (op.Nothing, error) {
	return op.Call(ctx, c, OpSeed, in)
}

// Markets implements Service.
func (c Client) Markets(ctx context.Context, in op.Nothing) (MarketsOutput, error) {
	return op.Call(ctx, c, OpMarkets, in)
}

// PutMarket implements Service.
func (c Client) PutMarket(ctx context.Context, in Market) (Market, error) {
	return op.Call(ctx, c, OpPutMarket, in)
}

// Quote implements Service.
func (c Client) Quote(ctx context.Context, in QuoteInput) (Quote, error) {
	return op.Call(ctx, c, OpQuote, in)
}

// Redeem implements Service.
func (c Client) Redeem(ctx context.Context, in RedeemInput) (op.Nothing, error) {
	return op.Call(ctx, c, OpRedeem, in)
}

// Restore implements Service.
func (c Client) Restore(ctx context.Context, in RestoreInput) (op.Nothing, error) {
	return op.Call(ctx, c, OpRestore, in)
}

// Prices implements Service.
func (c Client) Prices(ctx context.Context, in PricesInput) (PricesOutput, error) {
	return op.Call(ctx, c, OpPrices, in)
}

// PutPrices implements Service.
func (c Client) PutPrices(ctx context.Context, in PutPricesInput) (PutPricesOutput, error) {
	return op.Call(ctx, c, OpPutPrices, in)
}

// TaxRates implements Service.
func (c Client) TaxRates(ctx context.Context, in op.Nothing) (TaxRatesOutput, error) {
	return op.Call(ctx, c, OpTaxRates, in)
}

// CreateTaxRate implements Service.
func (c Client) CreateTaxRate(ctx context.Context, in TaxRateFields) (TaxRate, error) {
	return op.Call(ctx, c, OpCreateTaxRate, in)
}

// UpdateTaxRate implements Service.
func (c Client) UpdateTaxRate(ctx context.Context, in UpdateTaxRateInput) (TaxRate, error) {
	return op.Call(ctx, c, OpUpdateTaxRate, in)
}

// DeleteTaxRate implements Service.
func (c Client) DeleteTaxRate(ctx context.Context, in IDInput) (op.Nothing, error) {
	return op.Call(ctx, c, OpDeleteTaxRate, in)
}

// ShippingMethods implements Service.
func (c Client) ShippingMethods(ctx context.Context, in op.Nothing) (ShippingMethodsOutput, error) {
	return op.Call(ctx, c, OpShippingMethods, in)
}

// CreateShippingMethod implements Service.
func (c Client) CreateShippingMethod(ctx context.Context, in ShippingMethodFields) (ShippingMethod, error) {
	return op.Call(ctx, c, OpCreateShippingMethod, in)
}

// UpdateShippingMethod implements Service.
func (c Client) UpdateShippingMethod(ctx context.Context, in UpdateShippingMethodInput) (ShippingMethod, error) {
	return op.Call(ctx, c, OpUpdateShippingMethod, in)
}

// DeleteShippingMethod implements Service.
func (c Client) DeleteShippingMethod(ctx context.Context, in IDInput) (op.Nothing, error) {
	return op.Call(ctx, c, OpDeleteShippingMethod, in)
}

// Generation implements Service.
func (c Client) Generation(ctx context.Context, in op.Nothing) (GenerationOutput, error) {
	return op.Call(ctx, c, OpGeneration, in)
}
