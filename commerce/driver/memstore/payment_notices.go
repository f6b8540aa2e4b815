package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// notices holds what providers have sent, by provider and event.
func (s Payments) notices() table[payment.Received] {
	return table[payment.Received]{s.DB, "webhook_inbox"}
}

// OfProvider implements payment.Store.
func (s Payments) OfProvider(ctx context.Context, provider, providerID string) (payment.Payment, error) {
	id, err := s.known().get(ctx, compound(provider, providerID))
	if errors.Is(err, errNoRow) {
		return payment.Payment{}, payment.ErrNotFound
	}
	if err != nil {
		return payment.Payment{}, err
	}
	return s.Payment(ctx, id)
}

// Keep implements payment.Store.
func (s Payments) Keep(ctx context.Context, r payment.Received) (added bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		key := compound(r.Provider, r.ID)
		_, err := s.notices().get(ctx, key)
		added = errors.Is(err, errNoRow)
		if !added {
			return err
		}
		return s.notices().put(ctx, key, r)
	})
	return added && err == nil, err
}

// DueNotices implements payment.Store.
func (s Payments) DueNotices(ctx context.Context, now time.Time, limit int) ([]payment.Received, error) {
	found, err := s.notices().all(ctx, func(_ string, r payment.Received) bool { return r.State == payment.NoticeOpen && !r.DueAt.After(now) })
	slices.SortFunc(found, func(a, b payment.Received) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), a.ReceivedAt.Compare(b.ReceivedAt), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.ID, b.ID))
	})
	return found[:min(limit, len(found))], err
}

// Notice implements payment.Store.
func (s Payments) Notice(ctx context.Context, provider, id string) (payment.Received, error) {
	r, err := s.notices().get(ctx, compound(provider, id))
	if errors.Is(err, errNoRow) {
		return payment.Received{}, payment.ErrNoticeNotFound
	}
	return r, err
}

// Notices implements payment.Store.
func (s Payments) Notices(ctx context.Context, state payment.NoticeState, before time.Time, limit int) ([]payment.Received, error) {
	found, err := s.notices().all(ctx, func(_ string, r payment.Received) bool {
		return (state == "" || r.State == state) && r.ReceivedAt.Before(before)
	})
	slices.SortFunc(found, latestFirst)
	return found[:min(limit, len(found))], err
}

// ReopenNotice implements payment.Store.
func (s Payments) ReopenNotice(ctx context.Context, provider, id string, due time.Time) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) error {
		key := compound(provider, id)
		r, err := s.notices().get(ctx, key)
		if errors.Is(err, errNoRow) {
			refused = payment.ErrNoticeNotFound
			return nil
		}
		if err != nil {
			return err
		}
		r.State, r.DueAt = payment.NoticeOpen, due
		r.Attempts++
		return s.notices().put(ctx, key, r)
	})
	return cmp.Or(err, refused)
}

// SaveNotice implements payment.Store.
func (s Payments) SaveNotice(ctx context.Context, r payment.Received) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) error {
		key := compound(r.Provider, r.ID)
		now, err := s.notices().get(ctx, key)
		if err != nil && !errors.Is(err, errNoRow) {
			return err
		}
		if err != nil || now.State != payment.NoticeOpen || now.Attempts != r.Attempts {
			refused = payment.ErrStale
			return nil
		}
		now.State, now.DueAt, now.Error = r.State, r.DueAt, r.Error
		now.Attempts++
		return s.notices().put(ctx, key, now)
	})
	return cmp.Or(err, refused)
}

// PruneNotices implements payment.Store.
func (s Payments) PruneNotices(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		n = 0
		old, err := s.notices().all(ctx, func(_ string, r payment.Received) bool {
			return (r.State == payment.NoticeDone || r.State == payment.NoticeIgnored) && r.ReceivedAt.Before(before)
		})
		for _, r := range old {
			err = errors.Join(err, s.notices().delete(ctx, compound(r.Provider, r.ID)))
			n++
		}
		return err
	})
	return n, err
}
