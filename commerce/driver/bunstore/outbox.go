package bunstore

import (
	"context"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// Outbox is an outbox.Store. Own and Consumers are of a process that has a part
// of a shop, for its relay: it may share the database with processes that have
// the others, and may publish only what is its own.
type Outbox struct {
	*DB
	// Own are the beginnings of the names of its events, as "order"; nil is all.
	// Relays with the same Own share their leases, and none with others.
	Own []string
	// Consumers are those in the process: Pending has the events of others too of
	// which one of them has a letter, for these are redriven.
	Consumers []string
}

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
	part = o.lane(part)
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

// lane returns the number under which the lease of a part lies: relays that
// publish other events have other ones.
func (o Outbox) lane(part int) int {
	if o.Own == nil {
		return part
	}
	own := slices.Sorted(slices.Values(o.Own))
	return part + outbox.Parts*int(crc32.ChecksumIEEE([]byte(strings.Join(own, " ")))%(math.MaxInt32/outbox.Parts))
}

// mine returns the condition on the events that are to be published here.
func (o Outbox) mine() (sql string, args []any) {
	if o.Own == nil {
		return "1 = 1", nil
	}
	var any []string
	for _, name := range o.Own {
		any, args = append(any, `name LIKE ?`), append(args, name+".%")
	}
	if len(o.Consumers) > 0 {
		any = append(any, `EXISTS (SELECT 1 FROM {dead_letter} l WHERE l.consumer IN (?) AND l.event_id = {outbox}.id)`)
		args = append(args, bun.List(o.Consumers))
	}
	return strings.Join(any, " OR "), args
}

// Pending implements outbox.Store.
func (o Outbox) Pending(ctx context.Context, part int, after int64, limit int) ([]outbox.Row, error) {
	var rows []outboxRow
	mine, args := o.mine()
	args = append(append([]any{part, after}, args...), limit)
	err := o.scan(ctx, &rows, `SELECT `+eventColumns+` FROM {outbox} WHERE part = ? AND position > ? AND (`+mine+`) ORDER BY position LIMIT ?`, args...)
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
		if err := o.scan(ctx, &now, `SELECT fence FROM {outbox_lease} WHERE part = ?`+o.locked(ctx), o.lane(part)); err != nil && !noRows(err) {
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

// noPart is the row among the leases that names the database.
const noPart = -1

// Leases implements outbox.Store.
func (o Outbox) Leases(ctx context.Context) ([]outbox.Lease, error) {
	var rows []struct {
		Part  int    `bun:"part"`
		Owner string `bun:"owner"`
		Until int64  `bun:"until"`
	}
	if err := o.scan(ctx, &rows, `SELECT part, owner, until FROM {outbox_lease} WHERE part <> ? ORDER BY part`, noPart); err != nil {
		return nil, fmt.Errorf("outbox leases: %w", err)
	}
	out := make([]outbox.Lease, len(rows))
	for i, r := range rows {
		out[i] = outbox.Lease{Part: r.Part % outbox.Parts, Owner: r.Owner, Until: fromMicros(r.Until)}
	}
	return out, nil
}

// ID implements outbox.Store.
func (o Outbox) ID(ctx context.Context) (id string, err error) {
	const q = `SELECT owner FROM {outbox_lease} WHERE part = ?`
	err = o.scan(ctx, &id, q, noPart)
	if noRows(err) {
		err = o.Do(ctx, func(ctx context.Context) error {
			_, err := o.exec(ctx, `INSERT INTO {outbox_lease} (part, owner, until, fence) VALUES (?, ?, 0, 0)`+
				o.upsert("outbox_lease", "part", "fence = old(fence) + 1"), noPart, ident.NewID("db"))
			if err != nil {
				return err
			}
			return o.scan(ctx, &id, q+o.locked(ctx), noPart)
		})
	}
	if err != nil {
		return "", fmt.Errorf("outbox: %w", err)
	}
	return id, nil
}

// republishAtOnce is how many events go back in one unit of work.
const republishAtOnce = 500

// Republish implements outbox.Store. It walks by position: what is published
// while it walks comes back to the archive behind it.
func (o Outbox) Republish(ctx context.Context, again outbox.Again) (total int64, err error) {
	var positions []int64
	for last := int64(0); ; last = positions[len(positions)-1] {
		err = o.Do(ctx, func(ctx context.Context) error {
			positions, err = o.putBack(ctx, again, last)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("outbox republish: %w", err)
		}
		if total += int64(len(positions)); len(positions) > 0 {
			o.hooks.call()
		}
		if len(positions) < republishAtOnce {
			return total, nil
		}
	}
}

// putBack moves archived events above a position back into the outbox, and
// returns their positions in order.
func (o Outbox) putBack(ctx context.Context, again outbox.Again, above int64) (positions []int64, err error) {
	err = o.scan(ctx, &positions, `SELECT position FROM {outbox_archive}
		WHERE position > ? AND published >= ? AND (? = '' OR k = ?) AND (? = '' OR name = ?) ORDER BY position LIMIT ?`,
		above, micros(again.Since), again.Key, again.Key, again.Name, again.Name, republishAtOnce)
	if err != nil || len(positions) == 0 {
		return nil, err
	}
	_, err = o.exec(ctx, `INSERT INTO {outbox} (`+eventColumns+`) SELECT `+eventColumns+` FROM {outbox_archive} WHERE position IN (?)`+
		o.upsert("outbox", "id", "seq = new(seq)"), bun.List(positions))
	if err != nil {
		return nil, err
	}
	_, err = o.exec(ctx, `DELETE FROM {outbox_archive} WHERE position IN (?)`, bun.List(positions))
	return positions, err
}

// Prune implements outbox.Store.
func (o Outbox) Prune(ctx context.Context, before time.Time) (int64, error) {
	return o.deleteOld(ctx, "outbox_archive", "published", before)
}
