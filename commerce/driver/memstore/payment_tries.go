package memstore

import (
	"context"
	"slices"
	"time"

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
	found, err := s.giftCards().all(ctx, func(id string, _ giftCardRow) bool { return slices.Contains(ids, id) })
	out := make([]payment.GiftCard, len(found))
	for i, r := range found {
		out[i] = r.giftCard()
	}
	return out, err
}
