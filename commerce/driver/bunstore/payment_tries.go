package bunstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Attempt implements payment.Store.
func (s Payments) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error) {
	return Accounts(s).Attempt(ctx, key, now, window, limit)
}

// ForgetAttempts implements payment.Store.
func (s Payments) ForgetAttempts(ctx context.Context, before time.Time) error {
	return Orders(s).ForgetAttempts(ctx, before)
}

// GiftCardsOf implements payment.Store.
func (s Payments) GiftCardsOf(ctx context.Context, ids []string) ([]payment.GiftCard, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.readGiftCards(ctx, ` WHERE id IN (?) ORDER BY id`, bun.List(ids))
}
