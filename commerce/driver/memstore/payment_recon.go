package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Authorized implements payment.Store.
func (s Payments) Authorized(ctx context.Context, after payment.Payment, limit int) ([]payment.Payment, error) {
	order := func(a, b payment.Payment) int {
		return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(a.ID, b.ID))
	}
	found, err := s.payments().all(ctx, func(_ string, p payment.Payment) bool {
		return p.Status == payment.StatusAuthorized && order(p, after) > 0
	})
	slices.SortFunc(found, order)
	return found[:min(limit, len(found))], err
}

// NoticesAbout implements payment.Store.
func (s Payments) NoticesAbout(ctx context.Context, payments []payment.Payment, limit int) ([]payment.Received, error) {
	found, err := s.notices().all(ctx, func(_ string, r payment.Received) bool {
		return slices.ContainsFunc(payments, func(p payment.Payment) bool {
			return r.PaymentID == p.ID || p.ProviderID != "" && r.ProviderID == p.ProviderID && r.Provider == p.Provider
		})
	})
	slices.SortFunc(found, latestFirst)
	return found[:min(limit, len(found))], err
}

// latestFirst is the order of lists of notices.
func latestFirst(a, b payment.Received) int {
	return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.ID, b.ID))
}

// Backlog implements payment.Store.
func (s Payments) Backlog(ctx context.Context) (b payment.Backlog, err error) {
	notices, err := s.notices().all(ctx, func(_ string, r payment.Received) bool { return r.State == payment.NoticeOpen })
	if err != nil {
		return b, err
	}
	for _, r := range notices {
		if b.OldestNotice.IsZero() || r.ReceivedAt.Before(b.OldestNotice) {
			b.OldestNotice = r.ReceivedAt
		}
	}
	unknown, err := s.payments().all(ctx, func(_ string, p payment.Payment) bool { return p.Status == payment.StatusUnknown })
	if err != nil {
		return b, err
	}
	breaks, err := s.breaks().all(ctx, func(_ string, b payment.Break) bool { return b.State == payment.BreakOpen })
	b.Unknown, b.Breaks = int64(len(unknown)), int64(len(breaks))
	return b, err
}
