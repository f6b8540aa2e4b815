package memstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/notification"
)

// Notifications keeps the deliveries of mails.
type Notifications struct{ *DB }

var _ notification.Store = Notifications{}

type deliveryRow struct {
	notification.Delivery
	Data json.RawMessage `json:"data"` // which is no part of a Delivery on the wire
}

func (r deliveryRow) delivery() notification.Delivery {
	r.Delivery.Data = r.Data
	return r.Delivery
}

func (s Notifications) rows() table[deliveryRow] { return table[deliveryRow]{s.DB, "notification"} }

// taken holds the ids of deliveries by event, kind and role.
func (s Notifications) taken() table[string] { return table[string]{s.DB, "notification_event"} }

// Add implements notification.Store.
func (s Notifications) Add(ctx context.Context, d notification.Delivery) (added bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		key := compound(d.EventID, string(d.Kind), string(d.Role))
		_, idErr := s.rows().get(ctx, d.ID)
		_, keyErr := s.taken().get(ctx, key)
		for _, err := range []error{idErr, keyErr} {
			if !errors.Is(err, errNoRow) {
				return err
			}
		}
		added = true
		d.Version = 1
		return errors.Join(s.rows().put(ctx, d.ID, deliveryRow{d, d.Data}), s.taken().put(ctx, key, d.ID))
	})
	return added && err == nil, err
}

// Delivery implements notification.Store.
func (s Notifications) Delivery(ctx context.Context, id string) (notification.Delivery, error) {
	row, err := s.rows().get(ctx, id)
	if errors.Is(err, errNoRow) {
		return notification.Delivery{}, notification.ErrNotFound
	}
	return row.delivery(), err
}

// Save implements notification.Store.
func (s Notifications) Save(ctx context.Context, d *notification.Delivery) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) error {
		old, err := s.rows().get(ctx, d.ID)
		if err != nil && !errors.Is(err, errNoRow) {
			return err
		}
		if err != nil || old.Version != d.Version {
			refused = notification.ErrStale
			return nil
		}
		next := *d
		next.Version++
		next.EventID, next.Kind, next.Role, next.CreatedAt = old.EventID, old.Kind, old.Role, old.CreatedAt
		if err := s.rows().put(ctx, d.ID, deliveryRow{next, old.Data}); err != nil {
			return err
		}
		d.Version = next.Version
		return nil
	})
	return cmp.Or(err, refused)
}

// Due implements notification.Store.
func (s Notifications) Due(ctx context.Context, now time.Time, limit int) ([]notification.Delivery, error) {
	return s.find(ctx, limit, func(d notification.Delivery) bool { return d.DueAt != nil && !d.DueAt.After(now) },
		func(a, b notification.Delivery) int {
			return cmp.Or(a.DueAt.Compare(*b.DueAt), cmp.Compare(a.ID, b.ID))
		})
}

// List implements notification.Store.
func (s Notifications) List(ctx context.Context, f notification.Filter, created time.Time, id string, limit int) ([]notification.Delivery, error) {
	return s.find(ctx, limit, func(d notification.Delivery) bool {
		return (f.State == "" || d.State == f.State) && (f.Kind == "" || d.Kind == f.Kind) && (f.Recipient == "" || d.Recipient == f.Recipient) &&
			(created.IsZero() || d.CreatedAt.Before(created) || d.CreatedAt.Equal(created) && d.ID < id)
	}, func(a, b notification.Delivery) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
}

// Prune implements notification.Store.
func (s Notifications) Prune(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		n = 0
		old, err := s.rows().all(ctx, func(_ string, r deliveryRow) bool { return r.DueAt == nil && r.RequestedAt.Before(before) })
		for _, d := range old {
			key := compound(d.EventID, string(d.Kind), string(d.Role))
			err = errors.Join(err, s.rows().delete(ctx, d.ID), s.taken().delete(ctx, key))
			n++
		}
		return err
	})
	return n, err
}

func (s Notifications) find(ctx context.Context, limit int, keep func(notification.Delivery) bool, order func(a, b notification.Delivery) int) ([]notification.Delivery, error) {
	rows, err := s.rows().all(ctx, func(_ string, r deliveryRow) bool { return keep(r.delivery()) })
	if err != nil {
		return nil, err
	}
	out := make([]notification.Delivery, len(rows))
	for i, r := range rows {
		out[i] = r.delivery()
	}
	slices.SortFunc(out, order)
	return out[:min(limit, len(out))], nil
}
