package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// breaks holds breaks by kind and object.
func (s Payments) breaks() table[payment.Break] { return table[payment.Break]{s.DB, "recon_break"} }

func (s Payments) watermarks() table[time.Time] { return table[time.Time]{s.DB, "recon_mark"} }

// LedgerBetween implements payment.Store.
func (s Payments) LedgerBetween(ctx context.Context, from, to time.Time, after payment.Ledger, limit int) ([]payment.Ledger, error) {
	order := func(a, b payment.Ledger) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) }
	found, err := s.ledger().all(ctx, func(_ string, l payment.Ledger) bool {
		return !l.At.Before(from) && l.At.Before(to) && order(l, after) > 0
	})
	slices.SortFunc(found, order)
	return found[:min(limit, len(found))], err
}

// LinesOf implements payment.Store.
func (s Payments) LinesOf(ctx context.Context, objects []string) ([]payment.Ledger, error) {
	found, err := s.ledger().all(ctx, func(_ string, l payment.Ledger) bool { return slices.Contains(objects, l.Object) })
	slices.SortFunc(found, func(a, b payment.Ledger) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Object, b.Object))
	})
	return found, err
}

// SeeBreak implements payment.Store.
func (s Payments) SeeBreak(ctx context.Context, b payment.Break) (news bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		key := compound(b.Kind, b.Object)
		now, err := s.breaks().get(ctx, key)
		switch {
		case errors.Is(err, errNoRow):
			now, now.Version, news = b, 0, true
		case err != nil:
			return err
		default:
			news = now.State == payment.BreakResolved && (now.Ours != b.Ours || now.Theirs != b.Theirs)
		}
		if news {
			now.State = payment.BreakOpen
		}
		now.Ours, now.Theirs, now.LastSeen = b.Ours, b.Theirs, b.LastSeen
		now.Version++
		return s.breaks().put(ctx, key, now)
	})
	return news && err == nil, err
}

// Break implements payment.Store.
func (s Payments) Break(ctx context.Context, id string) (payment.Break, error) {
	found, err := s.breaks().all(ctx, func(_ string, b payment.Break) bool { return b.ID == id })
	if err == nil && len(found) == 0 {
		err = payment.ErrBreakNotFound
	}
	if err != nil {
		return payment.Break{}, err
	}
	return found[0], nil
}

// SaveBreak implements payment.Store.
func (s Payments) SaveBreak(ctx context.Context, b *payment.Break) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) error {
		now, err := s.Break(ctx, b.ID)
		if err != nil && !errors.Is(err, payment.ErrBreakNotFound) {
			return err
		}
		if err != nil || now.Version != b.Version {
			refused = payment.ErrStale
			return nil
		}
		now.State, now.Note, now.Actor = b.State, b.Note, b.Actor
		now.Version++
		if err := s.breaks().put(ctx, compound(now.Kind, now.Object), now); err != nil {
			return err
		}
		b.Version = now.Version
		return nil
	})
	return cmp.Or(err, refused)
}

// Breaks implements payment.Store.
func (s Payments) Breaks(ctx context.Context, f payment.BreakFilter) ([]payment.Break, error) {
	found, err := s.breaks().all(ctx, func(_ string, b payment.Break) bool {
		return (f.State == "" || b.State == f.State) && (f.OrderID == "" || b.OrderID == f.OrderID) && b.ID > f.After
	})
	slices.SortFunc(found, func(a, b payment.Break) int { return cmp.Compare(a.ID, b.ID) })
	return found[:min(f.Limit, len(found))], err
}

// Watermark implements payment.Store.
func (s Payments) Watermark(ctx context.Context, name string) (time.Time, error) {
	at, err := s.watermarks().get(ctx, name)
	if errors.Is(err, errNoRow) {
		return time.Time{}, nil
	}
	return at, err
}

// SetWatermark implements payment.Store.
func (s Payments) SetWatermark(ctx context.Context, name string, at time.Time) error {
	return s.watermarks().put(ctx, name, at)
}
