package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

func (s Payments) refunds() table[payment.Refund] { return table[payment.Refund]{s.DB, "refund"} }

// knownRefunds holds the ids of refunds by provider and provider id.
func (s Payments) knownRefunds() table[string] { return table[string]{s.DB, "refund_provider_id"} }

// Refund implements payment.Store.
func (s Payments) Refund(ctx context.Context, id string) (payment.Refund, error) {
	r, err := s.refunds().get(ctx, id)
	if errors.Is(err, errNoRow) {
		return payment.Refund{}, payment.ErrRefundNotFound
	}
	return r, err
}

// SaveRefund implements payment.Store.
func (s Payments) SaveRefund(ctx context.Context, r *payment.Refund) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) (err error) {
		refused, err = s.saveRefund(ctx, r)
		return err
	})
	return cmp.Or(err, refused)
}

// saveRefund tells a refusal, which leaves the unit of work whole, from an error.
func (s Payments) saveRefund(ctx context.Context, r *payment.Refund) (refused, err error) {
	old, err := s.refunds().get(ctx, r.ID)
	if err != nil && !errors.Is(err, errNoRow) {
		return nil, err
	}
	if old.Version != r.Version {
		return payment.ErrStale, nil
	}
	if r.ProviderID != "" {
		if refused, err := claim(ctx, s.knownRefunds(), compound(r.Provider, r.ProviderID), r.ID); refused != nil || err != nil {
			return refused, err
		}
	}
	next := *r
	next.Version++
	if err := s.refunds().put(ctx, next.ID, next); err != nil {
		return nil, err
	}
	r.Version = next.Version
	return nil, nil
}

// RefundsOf implements payment.Store.
func (s Payments) RefundsOf(ctx context.Context, orderIDs []string) ([]payment.Refund, error) {
	found, err := s.refunds().all(ctx, func(_ string, r payment.Refund) bool { return slices.Contains(orderIDs, r.OrderID) })
	slices.SortFunc(found, func(a, b payment.Refund) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found, err
}

// PendingRefunds implements payment.Store.
func (s Payments) PendingRefunds(ctx context.Context, before time.Time, limit int) ([]payment.Refund, error) {
	found, err := s.refunds().all(ctx, func(_ string, r payment.Refund) bool {
		return r.Status == payment.RefundPending && r.UpdatedAt.Before(before)
	})
	slices.SortFunc(found, func(a, b payment.Refund) int {
		return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found[:min(limit, len(found))], err
}
