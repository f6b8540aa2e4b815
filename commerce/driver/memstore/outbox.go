package memstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// Outbox is an outbox.Store.
type Outbox struct{ *DB }

var _ outbox.Store = Outbox{}

type leaseRow struct {
	Owner string    `json:"owner"`
	Until time.Time `json:"until"`
	Fence int64     `json:"fence"`
}

type archiveRow struct {
	outboxRow
	Published time.Time `json:"published"`
}

func (o Outbox) leases() table[leaseRow]    { return table[leaseRow]{o.DB, "outbox_lease"} }
func (o Outbox) archive() table[archiveRow] { return table[archiveRow]{o.DB, "outbox_archive"} }

// Waiting implements outbox.Store.
func (o Outbox) Waiting(ctx context.Context) ([]int, error) {
	rows, err := o.outbox().all(ctx, nil)
	if err != nil {
		return nil, err
	}
	var parts []int
	for _, r := range rows {
		parts = append(parts, outbox.Part(r.Event.Key))
	}
	slices.Sort(parts)
	return slices.Compact(parts), nil
}

// Lease implements outbox.Store.
func (o Outbox) Lease(ctx context.Context, part int, owner string, now, until time.Time) (fence int64, ok bool, err error) {
	err = o.Do(ctx, func(ctx context.Context) error {
		key := outboxKey(int64(part))
		old, err := o.leases().get(ctx, key)
		if err != nil && !errors.Is(err, errNoRow) {
			return err
		}
		if old.Owner != owner {
			if ok = !old.Until.After(now); !ok {
				return nil
			}
			old.Fence++
		}
		ok, fence = true, old.Fence
		return o.leases().put(ctx, key, leaseRow{owner, until, fence})
	})
	return fence, ok, err
}

// Pending implements outbox.Store.
func (o Outbox) Pending(ctx context.Context, part int, after int64, limit int) ([]outbox.Row, error) {
	rows, err := o.outbox().all(ctx, func(_ string, r outboxRow) bool {
		return outbox.Part(r.Event.Key) == part && r.Position > after
	})
	if err != nil {
		return nil, err
	}
	var out []outbox.Row
	for _, r := range rows[:min(limit, len(rows))] {
		out = append(out, outbox.Row{Position: r.Position, Event: r.Event})
	}
	return out, nil
}

// Archive implements outbox.Store.
func (o Outbox) Archive(ctx context.Context, part int, fence int64, positions []int64, at time.Time) error {
	return o.Do(ctx, func(ctx context.Context) error {
		l, err := o.leases().get(ctx, outboxKey(int64(part)))
		if err != nil && !errors.Is(err, errNoRow) {
			return err
		}
		if l.Fence != fence {
			return outbox.ErrLost
		}
		for _, p := range positions {
			r, err := o.outbox().get(ctx, outboxKey(p))
			if errors.Is(err, errNoRow) {
				continue
			}
			if err != nil {
				return err
			}
			if err := o.archive().put(ctx, r.Event.ID, archiveRow{r, at}); err != nil {
				return err
			}
			if err := o.outbox().delete(ctx, outboxKey(p)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Leases implements outbox.Store.
func (o Outbox) Leases(ctx context.Context) (out []outbox.Lease, err error) {
	for part := range outbox.Parts {
		l, err := o.leases().get(ctx, outboxKey(int64(part)))
		switch {
		case err == nil:
			out = append(out, outbox.Lease{Part: part, Owner: l.Owner, Until: l.Until})
		case !errors.Is(err, errNoRow):
			return nil, err
		}
	}
	return out, nil
}

// ID implements outbox.Store.
func (o Outbox) ID(ctx context.Context) (id string, err error) {
	names := table[string]{o.DB, "name"}
	err = o.Do(ctx, func(ctx context.Context) error {
		if id, err = names.get(ctx, "outbox"); !errors.Is(err, errNoRow) {
			return err
		}
		id = ident.NewID("db")
		return names.put(ctx, "outbox", id)
	})
	return id, err
}

// Lag implements outbox.Store.
func (o Outbox) Lag(ctx context.Context) (lag outbox.Lag, err error) {
	rows, err := o.outbox().all(ctx, nil)
	for _, r := range rows {
		if lag.Pending++; lag.Oldest.IsZero() || r.Event.At.Before(lag.Oldest) {
			lag.Oldest = r.Event.At
		}
	}
	return lag, err
}

// Republish implements outbox.Store.
func (o Outbox) Republish(ctx context.Context, again outbox.Again) (n int64, err error) {
	err = o.Do(ctx, func(ctx context.Context) error {
		rows, err := o.archive().all(ctx, func(_ string, r archiveRow) bool {
			return !r.Published.Before(again.Since) && (again.Key == "" || again.Key == r.Event.Key) && (again.Name == "" || again.Name == r.Event.Name)
		})
		if err != nil {
			return err
		}
		there, err := o.pendingIDs(ctx)
		if err != nil {
			return err
		}
		n = int64(len(rows))
		for _, r := range rows {
			if !there[r.Event.ID] {
				if err := o.outbox().put(ctx, outboxKey(r.Position), r.outboxRow); err != nil {
					return err
				}
			}
			if err := o.archive().delete(ctx, r.Event.ID); err != nil {
				return err
			}
		}
		if n > 0 {
			o.recorded()
		}
		return nil
	})
	return n, err
}

// putBack writes r to the outbox, unless its event is there.
func (o Outbox) putBack(ctx context.Context, r outboxRow) error {
	there, err := o.pendingIDs(ctx)
	if err != nil || there[r.Event.ID] {
		return err
	}
	return o.outbox().put(ctx, outboxKey(r.Position), r)
}

func (o Outbox) pendingIDs(ctx context.Context) (map[string]bool, error) {
	rows, err := o.outbox().all(ctx, nil)
	ids := map[string]bool{}
	for _, r := range rows {
		ids[r.Event.ID] = true
	}
	return ids, err
}

// Prune implements outbox.Store.
func (o Outbox) Prune(ctx context.Context, before time.Time) (n int64, err error) {
	err = o.Do(ctx, func(ctx context.Context) error {
		rows, err := o.archive().all(ctx, func(_ string, r archiveRow) bool { return r.Published.Before(before) })
		if err != nil {
			return err
		}
		n = int64(len(rows))
		for _, r := range rows {
			if err := o.archive().delete(ctx, r.Event.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}
