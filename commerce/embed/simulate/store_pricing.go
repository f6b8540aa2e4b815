package simulate

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// pricingStore is a pricing.Store whose calls are steps of a schedule.
type pricingStore struct {
	pricing.Store
	*database
}

var _ pricing.Store = pricingStore{}

// Scope implements pricing.Store.
func (s pricingStore) Scope() txn.Scope { return s.scope }

// Record implements event.Recorder.
func (s pricingStore) Record(ctx context.Context, evs ...event.Envelope) error {
	return s.record(ctx, "pricing.record", evs, func() error { return s.Store.Record(ctx, evs...) })
}

// Mark implements once.Keys.
func (s pricingStore) Mark(ctx context.Context, op, key string, to once.State) (once.State, error) {
	return ask(ctx, s.database, "pricing.mark", writes, func() (once.State, error) { return s.Store.Mark(ctx, op, key, to) })
}

// Generation implements pricing.Store.
func (s pricingStore) Generation(ctx context.Context) (int64, error) {
	return ask(ctx, s.database, "pricing.generation", reads, func() (int64, error) { return s.Store.Generation(ctx) })
}

// Bump implements pricing.Store.
func (s pricingStore) Bump(ctx context.Context) error {
	return tell(ctx, s.database, "pricing.bump", writes, func() error { return s.Store.Bump(ctx) })
}

// Settings implements pricing.Store.
func (s pricingStore) Settings(ctx context.Context) (pricing.Settings, error) {
	return ask(ctx, s.database, "pricing.settings", reads, func() (pricing.Settings, error) { return s.Store.Settings(ctx) })
}

// Prices implements pricing.Store.
func (s pricingStore) Prices(ctx context.Context, f pricing.PriceFilter) ([]pricing.Price, int64, error) {
	return ask2(ctx, s.database, "pricing.prices", reads, func() ([]pricing.Price, int64, error) { return s.Store.Prices(ctx, f) })
}

// LockPrices implements pricing.Store.
func (s pricingStore) LockPrices(ctx context.Context, variantIDs []string) ([]pricing.Price, error) {
	return ask(ctx, s.database, "pricing.lock_prices", reads, func() ([]pricing.Price, error) { return s.Store.LockPrices(ctx, variantIDs) })
}

// ReplacePrices implements pricing.Store.
func (s pricingStore) ReplacePrices(ctx context.Context, gone, put []pricing.Price) error {
	return tell(ctx, s.database, "pricing.replace_prices", writes, func() error { return s.Store.ReplacePrices(ctx, gone, put) })
}

// Market implements pricing.Store.
func (s pricingStore) Market(ctx context.Context, id string) (pricing.Market, error) {
	return ask(ctx, s.database, "pricing.market", reads, func() (pricing.Market, error) { return s.Store.Market(ctx, id) })
}

// CreateMarket implements pricing.Store.
func (s pricingStore) CreateMarket(ctx context.Context, m pricing.Market) error {
	return tell(ctx, s.database, "pricing.create_market", writes, func() error { return s.Store.CreateMarket(ctx, m) })
}

// SaveMarket implements pricing.Store.
func (s pricingStore) SaveMarket(ctx context.Context, m pricing.Market) error {
	return tell(ctx, s.database, "pricing.save_market", writes, func() error { return s.Store.SaveMarket(ctx, m) })
}

// TaxRate implements pricing.Store.
func (s pricingStore) TaxRate(ctx context.Context, id string) (pricing.TaxRate, error) {
	return ask(ctx, s.database, "pricing.tax_rate", reads, func() (pricing.TaxRate, error) { return s.Store.TaxRate(ctx, id) })
}

// SaveTaxRate implements pricing.Store.
func (s pricingStore) SaveTaxRate(ctx context.Context, r pricing.TaxRate) error {
	return tell(ctx, s.database, "pricing.save_tax_rate", writes, func() error { return s.Store.SaveTaxRate(ctx, r) })
}

// DeleteTaxRate implements pricing.Store.
func (s pricingStore) DeleteTaxRate(ctx context.Context, id string) error {
	return tell(ctx, s.database, "pricing.delete_tax_rate", writes, func() error { return s.Store.DeleteTaxRate(ctx, id) })
}

// ShippingMethod implements pricing.Store.
func (s pricingStore) ShippingMethod(ctx context.Context, id string) (pricing.ShippingMethod, error) {
	return ask(ctx, s.database, "pricing.shipping_method", reads, func() (pricing.ShippingMethod, error) { return s.Store.ShippingMethod(ctx, id) })
}

// SaveShippingMethod implements pricing.Store.
func (s pricingStore) SaveShippingMethod(ctx context.Context, m pricing.ShippingMethod) error {
	return tell(ctx, s.database, "pricing.save_shipping_method", writes, func() error { return s.Store.SaveShippingMethod(ctx, m) })
}

// DeleteShippingMethod implements pricing.Store.
func (s pricingStore) DeleteShippingMethod(ctx context.Context, id string) error {
	return tell(ctx, s.database, "pricing.delete_shipping_method", writes, func() error { return s.Store.DeleteShippingMethod(ctx, id) })
}

// Promotion implements pricing.Store.
func (s pricingStore) Promotion(ctx context.Context, id string) (pricing.Promotion, error) {
	return ask(ctx, s.database, "pricing.promotion", reads, func() (pricing.Promotion, error) { return s.Store.Promotion(ctx, id) })
}

// Promotions implements pricing.Store.
func (s pricingStore) Promotions(ctx context.Context, after string, limit int) ([]pricing.Promotion, error) {
	return ask(ctx, s.database, "pricing.promotions", reads, func() ([]pricing.Promotion, error) { return s.Store.Promotions(ctx, after, limit) })
}

// SavePromotion implements pricing.Store.
func (s pricingStore) SavePromotion(ctx context.Context, p *pricing.Promotion) error {
	return tell(ctx, s.database, "pricing.save_promotion", writes, func() error { return s.Store.SavePromotion(ctx, p) })
}

// DeletePromotion implements pricing.Store.
func (s pricingStore) DeletePromotion(ctx context.Context, id string) error {
	return tell(ctx, s.database, "pricing.delete_promotion", writes, func() error { return s.Store.DeletePromotion(ctx, id) })
}

// Offers implements pricing.Store.
func (s pricingStore) Offers(ctx context.Context, f pricing.OfferFilter) ([]pricing.Offer, error) {
	return ask(ctx, s.database, "pricing.offers", reads, func() ([]pricing.Offer, error) { return s.Store.Offers(ctx, f) })
}

// ClaimPromotion implements pricing.Store.
func (s pricingStore) ClaimPromotion(ctx context.Context, c pricing.Claim, u pricing.PromotionUse) (bool, error) {
	return ask(ctx, s.database, "pricing.claim_promotion", writes, func() (bool, error) { return s.Store.ClaimPromotion(ctx, c, u) })
}

// ReturnUses implements pricing.Store.
func (s pricingStore) ReturnUses(ctx context.Context, key string) error {
	return tell(ctx, s.database, "pricing.return_uses", writes, func() error { return s.Store.ReturnUses(ctx, key) })
}

// PromotionUses implements pricing.Store.
func (s pricingStore) PromotionUses(ctx context.Context, promotionID string) ([]pricing.PromotionUse, error) {
	return ask(ctx, s.database, "pricing.promotion_uses", reads, func() ([]pricing.PromotionUse, error) { return s.Store.PromotionUses(ctx, promotionID) })
}

// Attempt implements pricing.Store.
func (s pricingStore) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error) {
	return ask2(ctx, s.database, "pricing.attempt", writes, func() (bool, time.Duration, error) { return s.Store.Attempt(ctx, key, now, window, limit) })
}

// ForgetAttempts implements pricing.Store.
func (s pricingStore) ForgetAttempts(ctx context.Context, before time.Time) error {
	return tell(ctx, s.database, "pricing.forget_attempts", writes, func() error { return s.Store.ForgetAttempts(ctx, before) })
}
