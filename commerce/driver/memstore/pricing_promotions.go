package memstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/pricing"
)

func (s Pricing) promotions() table[pricing.Promotion] {
	return table[pricing.Promotion]{s.DB, "promotion"}
}

// uses holds uses by key and promotion.
func (s Pricing) uses() table[pricing.PromotionUse] {
	return table[pricing.PromotionUse]{s.DB, "promotion_use"}
}

// Promotion implements pricing.Store.
func (s Pricing) Promotion(ctx context.Context, id string) (pricing.Promotion, error) {
	return setting(ctx, s.promotions(), id, pricing.ErrPromotionNotFound)
}

// Promotions implements pricing.Store.
func (s Pricing) Promotions(ctx context.Context, after string, limit int) ([]pricing.Promotion, error) {
	found, err := s.promotions().all(ctx, func(id string, _ pricing.Promotion) bool { return id > after })
	return found[:min(limit, len(found))], err
}

// SavePromotion implements pricing.Store.
func (s Pricing) SavePromotion(ctx context.Context, p *pricing.Promotion) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) (err error) {
		refused, err = s.savePromotion(ctx, p)
		return err
	})
	return cmp.Or(err, refused)
}

// savePromotion tells a refusal, which leaves the unit of work whole, from an
// error.
func (s Pricing) savePromotion(ctx context.Context, p *pricing.Promotion) (refused, err error) {
	old, err := s.promotions().get(ctx, p.ID)
	if err != nil && !errors.Is(err, errNoRow) {
		return nil, err
	}
	if old.Version != p.Version {
		return pricing.ErrPromotionStale, nil
	}
	if p.Code != nil && p.ArchivedAt == nil {
		same, err := s.promotions().all(ctx, func(id string, o pricing.Promotion) bool {
			return id != p.ID && o.ArchivedAt == nil && o.Code != nil && *o.Code == *p.Code
		})
		if err != nil || len(same) > 0 {
			return pricing.ErrCodeTaken, err
		}
	}
	next := *p
	next.Version, next.Used = p.Version+1, old.Used
	if next.UsageLimit != nil && next.Used > *next.UsageLimit {
		return nil, fmt.Errorf("memstore: promotion %s is used %d times of %d", p.ID, next.Used, *next.UsageLimit)
	}
	if err := s.promotions().put(ctx, p.ID, next); err != nil {
		return nil, err
	}
	p.Version = next.Version
	return nil, nil
}

// DeletePromotion implements pricing.Store.
func (s Pricing) DeletePromotion(ctx context.Context, id string) error {
	return s.Do(ctx, func(ctx context.Context) error {
		p, err := s.Promotion(ctx, id)
		if err != nil {
			return err
		}
		if p.Used > 0 {
			return fmt.Errorf("memstore: promotion %s has uses", id)
		}
		return s.promotions().delete(ctx, id)
	})
}

// Offers implements pricing.Store.
func (s Pricing) Offers(ctx context.Context, f pricing.OfferFilter) (out []pricing.Offer, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		out = nil
		found, err := s.promotions().all(ctx, func(id string, p pricing.Promotion) bool {
			return p.ArchivedAt == nil && (slices.Contains(f.IDs, id) || p.Code != nil && slices.Contains(f.Codes, *p.Code))
		})
		for _, p := range found {
			mine, err := s.usesBy(ctx, p.ID, f.Buyer)
			if err != nil {
				return err
			}
			out = append(out, pricing.Offer{Promotion: p, Mine: mine})
		}
		return err
	})
	return out, err
}

func (s Pricing) usesBy(ctx context.Context, promotionID, buyer string) (int64, error) {
	mine, err := s.uses().all(ctx, func(_ string, u pricing.PromotionUse) bool { return u.PromotionID == promotionID && u.Buyer == buyer })
	return int64(len(mine)), err
}

// ClaimPromotion implements pricing.Store.
func (s Pricing) ClaimPromotion(ctx context.Context, c pricing.Claim, u pricing.PromotionUse) (taken bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		taken = false
		p, err := s.promotions().get(ctx, c.PromotionID)
		if errors.Is(err, errNoRow) {
			return nil
		}
		if err != nil || p.ArchivedAt != nil || p.Version != c.Version || p.UsageLimit != nil && p.Used >= *p.UsageLimit {
			return err
		}
		mine, err := s.usesBy(ctx, p.ID, u.Buyer)
		if err != nil || c.PerCustomerLimit != nil && mine >= *c.PerCustomerLimit {
			return err
		}
		p.Used++
		taken = true
		if err := s.promotions().put(ctx, p.ID, p); err != nil {
			return err
		}
		return s.uses().put(ctx, compound(u.Key, u.PromotionID), u)
	})
	return taken && err == nil, err
}

// ReturnUses implements pricing.Store.
func (s Pricing) ReturnUses(ctx context.Context, key string) error {
	return s.Do(ctx, func(ctx context.Context) error {
		found, err := s.uses().all(ctx, func(_ string, u pricing.PromotionUse) bool { return u.Key == key })
		if err != nil {
			return err
		}
		for _, u := range found {
			p, err := s.promotions().get(ctx, u.PromotionID)
			if err != nil {
				return err
			}
			p.Used--
			if err := s.promotions().put(ctx, p.ID, p); err != nil {
				return err
			}
			if err := s.uses().delete(ctx, compound(u.Key, u.PromotionID)); err != nil {
				return err
			}
		}
		return nil
	})
}

// PromotionUses implements pricing.Store.
func (s Pricing) PromotionUses(ctx context.Context, promotionID string) ([]pricing.PromotionUse, error) {
	found, err := s.uses().all(ctx, func(_ string, u pricing.PromotionUse) bool { return u.PromotionID == promotionID })
	slices.SortFunc(found, func(a, b pricing.PromotionUse) int { return cmp.Compare(a.Key, b.Key) })
	return found, err
}

// Attempt implements pricing.Store.
func (s Pricing) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error) {
	return Accounts(s).Attempt(ctx, key, now, window, limit)
}

// ForgetAttempts implements pricing.Store.
func (s Pricing) ForgetAttempts(ctx context.Context, before time.Time) error {
	return Orders(s).ForgetAttempts(ctx, before)
}
