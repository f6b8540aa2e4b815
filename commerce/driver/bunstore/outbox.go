package bunstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// Outbox is an outbox.Store.
type Outbox struct{ *DB }

var _ outbox.Store = Outbox{}

const eventColumns = `position, part, id, name, version, k, seq, at, trace, data`

// Waiting implements outbox.Store. It jumps from part to part in the index, so
// that it costs the same for one event and for millions.
func (o Outbox) Waiting(ctx context.Context) ([]int, error) {
	var parts []int
	err := o.scan(ctx, &parts, `WITH RECURSIVE p (part) AS (
		SELECT MIN(part) FROM {outbox}
		UNION ALL SELECT (SELECT MIN(part) FROM {outbox} WHERE part > p.part) FROM p WHERE p.part IS NOT NULL
	) SELECT part FROM p WHERE part IS NOT NULL ORDER BY part`)
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	return parts, nil
}

// Lease implements outbox.Store.
func (o Outbox) Lease(ctx context.Context, part int, owner string, now, until time.Time) (fence int64, ok bool, err error) {
	err = o.Do(ctx, func(ctx context.Context) error {
		var old []struct {
			Owner string `bun:"owner"`
			Until int64  `bun:"until"`
			Fence int64  `bun:"fence"`
		}
		if err := o.scan(ctx, &old, `SELECT owner, until, fence FROM {outbox_lease} WHERE part = ?`+o.locked(ctx), part); err != nil {
			return err
		}
		switch {
		case len(old) == 0:
			fence = 1
			_, err := o.exec(ctx, `INSERT INTO {outbox_lease} (part, owner, until, fence) VALUES (?, ?, ?, 1)`, part, owner, micros(until))
			if ok = err == nil; isDuplicate(err) {
				return nil
			}
			return err
		case old[0].Owner == owner:
			fence = old[0].Fence
		case old[0].Until > micros(now):
			ok = false
			return nil
		default:
			fence = old[0].Fence + 1
		}
		ok = true
		_, err := o.exec(ctx, `UPDATE {outbox_lease} SET owner = ?, until = ?, fence = ? WHERE part = ?`, owner, micros(until), fence, part)
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("outbox lease: %w", err)
	}
	return fence, ok, nil
}

// Pending implements outbox.Store.
func (o Outbox) Pending(ctx context.Context, part int, after int64, limit int) ([]outbox.Row, error) {
	var rows []outboxRow
	err := o.scan(ctx, &rows, `SELECT `+eventColumns+` FROM {outbox} WHERE part = ? AND position > ? ORDER BY position LIMIT ?`, part, after, limit)
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	out := make([]outbox.Row, len(rows))
	for i, r := range rows {
		out[i] = outbox.Row{Position: r.Position, Event: r.envelope()}
	}
	return out, nil
}

// Archive implements outbox.Store.
func (o Outbox) Archive(ctx context.Context, part int, fence int64, positions []int64, at time.Time) error {
	if len(positions) == 0 {
		return nil
	}
	positions = slices.Sorted(slices.Values(positions))
	err := o.Do(ctx, func(ctx context.Context) error {
		var now int64
		if err := o.scan(ctx, &now, `SELECT fence FROM {outbox_lease} WHERE part = ?`+o.locked(ctx), part); err != nil && !noRows(err) {
			return err
		}
		if now != fence {
			return outbox.ErrLost
		}
		_, err := o.exec(ctx, `INSERT INTO {outbox_archive} (`+eventColumns+`, published)
			SELECT `+eventColumns+`, ? FROM {outbox} WHERE position IN (?)`+
			o.upsert("outbox_archive", "id", "position = new(position)", "published = new(published)"), micros(at), bun.List(positions))
		if err != nil {
			return err
		}
		_, err = o.exec(ctx, `DELETE FROM {outbox} WHERE position IN (?)`, bun.List(positions))
		return err
	})
	if err != nil {
		return fmt.Errorf("outbox archive: %w", err)
	}
	return nil
}

// Lag implements outbox.Store.
func (o Outbox) Lag(ctx context.Context) (outbox.Lag, error) {
	var r struct {
		Pending int64 `bun:"pending"`
		Oldest  int64 `bun:"oldest"`
	}
	err := o.scan(ctx, &r, `SELECT COUNT(*) AS pending, COALESCE(MIN(at), 0) AS oldest FROM {outbox}`)
	if err != nil {
		return outbox.Lag{}, fmt.Errorf("outbox: %w", err)
	}
	return outbox.Lag{Pending: r.Pending, Oldest: fromMicros(r.Oldest)}, nil
}

// Republish implements outbox.Store.
func (o Outbox) Republish(ctx context.Context, again outbox.Again) (total int64, err error) {
	for more := true; more; {
		var positions []int64
		err = o.Do(ctx, func(ctx context.Context) error {
			err := o.scan(ctx, &positions, `SELECT position FROM {outbox_archive}
				WHERE published >= ? AND (? = '' OR k = ?) AND (? = '' OR name = ?) ORDER BY position LIMIT ?`,
				micros(again.Since), again.Key, again.Key, again.Name, again.Name, pruneAtOnce)
			if more = err == nil && len(positions) == pruneAtOnce; err != nil || len(positions) == 0 {
				return err
			}
			_, err = o.exec(ctx, `INSERT INTO {outbox} (`+eventColumns+`) SELECT `+eventColumns+` FROM {outbox_archive} WHERE position IN (?)`+
				o.upsert("outbox", "id", "seq = new(seq)"), bun.List(positions))
			if err != nil {
				return err
			}
			_, err = o.exec(ctx, `DELETE FROM {outbox_archive} WHERE position IN (?)`, bun.List(positions))
			return err
		})
		if err != nil {
			return total, fmt.Errorf("outbox republish: %w", err)
		}
		total += int64(len(positions))
	}
	if total > 0 {
		o.hooks.call()
	}
	return total, nil
}

// Prune implements outbox.Store.
func (o Outbox) Prune(ctx context.Context, before time.Time) (int64, error) {
	return o.deleteOld(ctx, "outbox_archive", "published", before)
}
