package bunstore

import (
	"cmp"
	"context"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

var (
	_ event.Recorder = (*DB)(nil)
	_ once.Keys      = (*DB)(nil)
)

// Record implements event.Recorder.
func (d *DB) Record(ctx context.Context, evs ...event.Envelope) error {
	u, ok := ctx.Value(unitKey{d}).(*unit)
	switch {
	case len(evs) == 0:
		return nil
	case !ok:
		return d.Do(ctx, func(ctx context.Context) error { return d.Record(ctx, evs...) })
	case u.over.Load():
		return txn.ErrDone
	}
	for _, e := range evs {
		e.Trace = cmp.Or(e.Trace, ident.Trace(ctx))
		u.events = append(u.events, e)
	}
	return nil
}

// partitions is how many parts the outbox has; relays share them.
const partitions = 16

// outboxRow is an event that waits to be published.
type outboxRow struct {
	Position int64  `bun:"position,pk,autoincrement"`
	Part     uint32 `bun:"part"`
	ID       string `bun:"id"`
	Name     string `bun:"name"`
	Version  int    `bun:"version"`
	Key      string `bun:"k"`
	Seq      int64  `bun:"seq"`
	At       int64  `bun:"at"`
	Trace    string `bun:"trace"`
	Data     string `bun:"data"`
}

func (r outboxRow) envelope() event.Envelope {
	return event.Envelope{ID: r.ID, Name: r.Name, Version: r.Version, Key: r.Key, Seq: r.Seq, At: fromMicros(r.At), Trace: r.Trace, Data: []byte(r.Data)}
}

// writeEvents writes the events of a unit. The counters of their aggregates are
// the last locks that a unit takes, in the order of their keys, so events of
// one aggregate commit in the order of their numbers.
func (d *DB) writeEvents(ctx context.Context, u *unit) error {
	if len(u.events) == 0 {
		return nil
	}
	last, err := d.claimSeqs(ctx, u.events)
	if err != nil {
		return err
	}
	rows := make([]outboxRow, len(u.events))
	for i, e := range slices.Backward(u.events) {
		rows[i] = outboxRow{Part: crc32.ChecksumIEEE([]byte(e.Key)) % partitions, ID: e.ID, Name: e.Name, Version: e.Version,
			Key: e.Key, Seq: last[e.Key], At: micros(e.At), Trace: e.Trace, Data: string(e.Data)}
		last[e.Key]--
	}
	return d.insert(ctx, "outbox", &rows)
}

// claimSeqs adds the number of events of each key to its counter and returns
// the last number that each has now.
func (d *DB) claimSeqs(ctx context.Context, evs []event.Envelope) (map[string]int64, error) {
	type counter struct {
		bun.BaseModel `bun:"event_seq"`
		Key           string `bun:"k"`
		N             int64  `bun:"n"`
	}
	counts := map[string]int64{}
	for _, e := range evs {
		counts[e.Key]++
	}
	keys := slices.Sorted(maps.Keys(counts))
	var args []any
	q := `INSERT INTO {event_seq} (k, n) VALUES `
	for i, k := range keys {
		if i > 0 {
			q += ", "
		}
		q += "(?, ?)"
		args = append(args, k, counts[k])
	}
	set := "n = old(n) + new(n)"
	if d.dialect == MySQL && len(keys) == 1 {
		set = "n = LAST_INSERT_ID(old(n) + new(n))" // comes back with the answer
	}
	res, err := d.statement(ctx, q+d.upsert("event_seq", "k", set), args...)
	if err != nil {
		return nil, err
	}
	if d.dialect == MySQL {
		n, err := res.RowsAffected()
		if err != nil || n == int64(len(keys)) {
			return counts, err // all new: an update would have counted as two
		}
		if len(keys) == 1 {
			counts[keys[0]], err = res.LastInsertId()
			return counts, err
		}
	}
	var rows []counter
	if err := d.scan(ctx, &rows, `SELECT k, n FROM {event_seq} WHERE k IN (?)`+d.locked(ctx), bun.List(keys)); err != nil {
		return nil, err
	}
	for _, r := range rows {
		counts[r.Key] = r.N
	}
	return counts, nil
}

// Mark implements once.Keys. The row remembers where it was, so that the common
// case, a new key, takes one statement; an update always changes it and so
// counts as two rows on MySQL.
func (d *DB) Mark(ctx context.Context, op, key string, to once.State) (was once.State, err error) {
	err = d.Do(ctx, func(ctx context.Context) error {
		q := `INSERT INTO {once} (op, k, state, was, tries) VALUES (?, ?, ?, 0, 1)` +
			d.upsert("once", "op, k", "was = old(state)", "state = CASE WHEN new(state) > old(state) THEN new(state) ELSE old(state) END", "tries = old(tries) + 1")
		n, err := d.exec(ctx, q, op, key, to)
		if err != nil || d.dialect == MySQL && n == 1 {
			return err
		}
		return d.scan(ctx, &was, `SELECT was FROM {once} WHERE op = ? AND k = ?`+d.locked(ctx), op, key)
	})
	return was, err
}
