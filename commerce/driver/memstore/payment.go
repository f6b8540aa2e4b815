package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Payments keeps payments, refunds, gift cards and their books.
type Payments struct{ *DB }

var _ payment.Store = Payments{}

func (s Payments) payments() table[payment.Payment] { return table[payment.Payment]{s.DB, "payment"} }

// known holds the ids of payments by provider and provider id.
func (s Payments) known() table[string] { return table[string]{s.DB, "payment_provider_id"} }

// ledger holds lines by kind and object.
func (s Payments) ledger() table[payment.Ledger] { return table[payment.Ledger]{s.DB, "ledger"} }

// Payment implements payment.Store.
func (s Payments) Payment(ctx context.Context, id string) (payment.Payment, error) {
	p, err := s.payments().get(ctx, id)
	if errors.Is(err, errNoRow) {
		return payment.Payment{}, payment.ErrNotFound
	}
	return p, err
}

// Save implements payment.Store.
func (s Payments) Save(ctx context.Context, p *payment.Payment) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) (err error) {
		refused, err = s.save(ctx, p)
		return err
	})
	return cmp.Or(err, refused)
}

// save tells a refusal, which leaves the unit of work whole, from an error.
func (s Payments) save(ctx context.Context, p *payment.Payment) (refused, err error) {
	old, err := s.payments().get(ctx, p.ID)
	if err != nil && !errors.Is(err, errNoRow) {
		return nil, err
	}
	if old.Version != p.Version {
		return payment.ErrStale, nil
	}
	if p.ProviderID != "" {
		if refused, err := claim(ctx, s.known(), compound(p.Provider, p.ProviderID), p.ID); refused != nil || err != nil {
			return refused, err
		}
	}
	next := *p
	next.Version++
	if err := s.payments().put(ctx, next.ID, next); err != nil {
		return nil, err
	}
	p.Version = next.Version
	return nil, nil
}

// claim notes in t that key belongs to id, or refuses with ErrTaken.
func claim(ctx context.Context, t table[string], key, id string) (refused, err error) {
	switch holder, err := t.get(ctx, key); {
	case err == nil && holder != id:
		return payment.ErrTaken, nil
	case err != nil && !errors.Is(err, errNoRow):
		return nil, err
	}
	return nil, t.put(ctx, key, id)
}

// OfOrders implements payment.Store.
func (s Payments) OfOrders(ctx context.Context, orderIDs []string) ([]payment.Payment, error) {
	found, err := s.payments().all(ctx, func(_ string, p payment.Payment) bool { return slices.Contains(orderIDs, p.OrderID) })
	slices.SortFunc(found, func(a, b payment.Payment) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found, err
}

// Append implements payment.Store.
func (s Payments) Append(ctx context.Context, l payment.Ledger) (added bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		key := compound(l.Kind, l.Object)
		_, err := s.ledger().get(ctx, key)
		added = errors.Is(err, errNoRow)
		if !added {
			return err
		}
		return s.ledger().put(ctx, key, l)
	})
	return added && err == nil, err
}

// Ledger implements payment.Store.
func (s Payments) Ledger(ctx context.Context, orderIDs []string) ([]payment.Ledger, error) {
	found, err := s.ledger().all(ctx, func(_ string, l payment.Ledger) bool { return slices.Contains(orderIDs, l.OrderID) })
	slices.SortFunc(found, func(a, b payment.Ledger) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return found, err
}

// Unsettled implements payment.Store.
func (s Payments) Unsettled(ctx context.Context, before time.Time, limit int) ([]payment.Payment, error) {
	found, err := s.payments().all(ctx, func(_ string, p payment.Payment) bool {
		asked := p.Status == payment.StatusCreating || p.Status == payment.StatusProcessing || p.Status == payment.StatusUnknown
		return asked && p.UpdatedAt.Before(before)
	})
	slices.SortFunc(found, func(a, b payment.Payment) int {
		return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found[:min(limit, len(found))], err
}
