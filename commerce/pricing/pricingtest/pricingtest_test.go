package pricingtest_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/pricing/pricingtest"
)

// broken is a store without the guard that it names.
type broken struct {
	pricing.Store
	without string
	bumps   *atomic.Int64
}

func (b broken) Generation(ctx context.Context) (int64, error) {
	n, err := b.Store.Generation(ctx)
	if b.without == "RollbackForgets" {
		n = b.bumps.Load()
	}
	return n, err
}

func (b broken) Bump(ctx context.Context) error {
	if n := b.bumps.Add(1); b.without == "GenerationCounts" && n%7 == 0 {
		return nil
	}
	return b.Store.Bump(ctx)
}

// later waits until somebody has raised the generation, or not for long.
func (b broken) later(ctx context.Context) (int64, error) {
	before, err := b.Store.Generation(ctx)
	for range 1000 {
		now, err := b.Store.Generation(ctx)
		if err != nil || now != before {
			return now, err
		}
		runtime.Gosched()
	}
	return before, err
}

func (b broken) Settings(ctx context.Context) (pricing.Settings, error) {
	s, err := b.Store.Settings(ctx)
	switch b.without {
	case "RoundTrip":
		s.TaxRates = nil
	case "RollbackForgets":
		s.Generation = b.bumps.Load()
	case "OneReadingOfSettings":
		s.Generation, err = b.later(ctx)
	}
	return s, err
}

func (b broken) Prices(ctx context.Context, f pricing.PriceFilter) ([]pricing.Price, int64, error) {
	if b.without == "PricesFit" {
		f.Currency = ""
	}
	prices, gen, err := b.Store.Prices(ctx, f)
	if b.without == "OneReadingOfPrices" {
		gen, err = b.later(ctx)
	}
	return prices, gen, err
}

func (b broken) LockPrices(ctx context.Context, variants []string) ([]pricing.Price, error) {
	if b.without == "FirstPricesOnce" {
		return nil, nil
	}
	return b.Store.LockPrices(ctx, variants)
}

func (b broken) ReplacePrices(ctx context.Context, gone, put []pricing.Price) error {
	switch b.without {
	case "ReplaceRemoves":
		gone = nil
	case "ReplaceOverwrites":
		for i := range put {
			put[i].CompareAt = nil
		}
	}
	return b.Store.ReplacePrices(ctx, gone, put)
}

func (b broken) Market(ctx context.Context, id string) (pricing.Market, error) {
	m, err := b.Store.Market(ctx, id)
	if b.without == "NotFound" {
		err = nil
	}
	return m, err
}

func (b broken) CreateMarket(ctx context.Context, m pricing.Market) error {
	if b.without == "MarketMadeOnce" {
		return b.SaveMarket(ctx, m)
	}
	return b.Store.CreateMarket(ctx, m)
}

func (b broken) DeleteTaxRate(ctx context.Context, id string) error {
	if b.without == "DeletedIsGone" {
		return nil
	}
	return b.Store.DeleteTaxRate(ctx, id)
}

func (b broken) Promotion(ctx context.Context, id string) (pricing.Promotion, error) {
	p, err := b.Store.Promotion(ctx, id)
	switch b.without {
	case "PromotionNotFound":
		err = nil
	case "PromotionRoundTrip":
		p.Markets = nil
	}
	return p, err
}

func (b broken) SavePromotion(ctx context.Context, p *pricing.Promotion) error {
	switch b.without {
	case "CodeOnce":
		p.Code = nil
	case "AutomaticInSettings":
		p.Active = true
	case "StaffKeepUses":
		if p.UsageLimit != nil && *p.UsageLimit == 0 {
			return nil
		}
	case "PromotionVersion":
		if old, err := b.Store.Promotion(ctx, p.ID); err == nil {
			p.Version = old.Version
		}
	}
	return b.Store.SavePromotion(ctx, p)
}

func (b broken) Offers(ctx context.Context, f pricing.OfferFilter) ([]pricing.Offer, error) {
	if b.without == "OffersFit" {
		f.Buyer = ""
	}
	return b.Store.Offers(ctx, f)
}

func (b broken) ClaimPromotion(ctx context.Context, c pricing.Claim, u pricing.PromotionUse) (bool, error) {
	p, err := b.Store.Promotion(ctx, c.PromotionID)
	if err != nil {
		return false, nil
	}
	switch b.without {
	case "UsageLimit": // read, then write
		_, err = b.Store.ClaimPromotion(ctx, c, u)
		return p.UsageLimit == nil || p.Used < *p.UsageLimit+1, err
	case "BuyerLimit":
		c.PerCustomerLimit = nil
	case "ArchivedCountsNoMore":
		if p.ArchivedAt != nil {
			return true, nil
		}
	}
	return b.Store.ClaimPromotion(ctx, c, u)
}

func (b broken) ReturnUses(ctx context.Context, key string) error {
	if b.without == "ReturnedOnce" {
		return nil
	}
	return b.Store.ReturnUses(ctx, key)
}

func (b broken) Promotions(ctx context.Context, after string, limit int) ([]pricing.Promotion, error) {
	all, err := b.Store.Promotions(ctx, after, limit)
	if b.without == "PromotionRollback" {
		all = append(all, pricing.Promotion{ID: "promo_2"}) // what was rolled back
	}
	return all, err
}

func (b broken) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (bool, time.Duration, error) {
	if b.without == "AttemptsCount" {
		limit++
	}
	return b.Store.Attempt(ctx, key, now, window, limit)
}

func TestGuards(t *testing.T) {
	guardtest.Run(t, pricingtest.Guards, func(t *testing.T, without string) {
		pricingtest.Run(t, func(*testing.T) pricing.Store {
			return broken{memstore.Pricing{DB: memstore.New()}, without, new(atomic.Int64)}
		})
	})
}
