package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/idem"
)

// Idem is an idem.Store.
type Idem struct{ *DB }

var _ idem.Store = Idem{}

type idemRow struct {
	Scope       string `bun:"scope"`
	Key         string `bun:"k"`
	Fingerprint string `bun:"fingerprint"`
	State       string `bun:"state"`
	Fence       int64  `bun:"fence"`
	Until       int64  `bun:"until"`
	MemoType    string `bun:"memo_type"`
	Memo        string `bun:"memo"`
	Answer      string `bun:"answer"`
	At          int64  `bun:"at"`
	Saves       int64  `bun:"saves"` // makes each save change the row
}

// Claim implements idem.Store.
func (i Idem) Claim(ctx context.Context, r idem.Record) (old idem.Record, won bool, err error) {
	row := idemRow{r.Scope, r.Key, r.Fingerprint, string(r.State), r.Fence, micros(r.Until), r.MemoType, string(r.Memo), string(r.Answer), micros(r.At), 0}
	for range tries {
		if err = i.insert(ctx, "idem", &row); err == nil {
			return idem.Record{}, true, nil
		}
		if !isDuplicate(err) {
			return old, false, fmt.Errorf("idempotency key: %w", err)
		}
		var there idemRow
		err = i.scan(ctx, &there, `SELECT scope, k, fingerprint, state, fence, until, memo_type, memo, answer, at FROM {idem} WHERE scope = ? AND k = ?`, r.Scope, r.Key)
		if err == nil {
			return there.record(), false, nil
		}
		if !noRows(err) { // no row: it was freed just now
			return old, false, fmt.Errorf("idempotency key: %w", err)
		}
	}
	return old, false, idem.ErrInFlight
}

func (r idemRow) record() idem.Record {
	return idem.Record{Scope: r.Scope, Key: r.Key, Fingerprint: r.Fingerprint, State: idem.State(r.State), Fence: r.Fence, Until: fromMicros(r.Until),
		MemoType: r.MemoType, Memo: document(r.Memo), Answer: document(r.Answer), At: fromMicros(r.At)}
}

// document is nil for the empty text, so that it encodes to JSON.
func document(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// Take implements idem.Store.
func (i Idem) Take(ctx context.Context, r idem.Record, now, until time.Time) (bool, error) {
	n, err := i.exec(ctx, `UPDATE {idem} SET fence = fence + 1, until = ? WHERE scope = ? AND k = ? AND fence = ? AND until < ? AND state <> 'done'`,
		micros(until), r.Scope, r.Key, r.Fence, micros(now))
	if err != nil {
		return false, fmt.Errorf("idempotency key: %w", err)
	}
	return n == 1, nil
}

// Save implements idem.Store.
func (i Idem) Save(ctx context.Context, r idem.Record) error {
	n, err := i.exec(ctx, `UPDATE {idem} SET state = ?, memo_type = ?, memo = ?, answer = ?, saves = saves + 1 WHERE scope = ? AND k = ? AND fence = ?`,
		string(r.State), r.MemoType, string(r.Memo), string(r.Answer), r.Scope, r.Key, r.Fence)
	if err != nil {
		return fmt.Errorf("idempotency key: %w", err)
	}
	if n == 0 {
		return idem.ErrInFlight
	}
	return nil
}

// Free implements idem.Store.
func (i Idem) Free(ctx context.Context, r idem.Record) error {
	n, err := i.exec(ctx, `DELETE FROM {idem} WHERE scope = ? AND k = ? AND fence = ? AND state = 'running'`, r.Scope, r.Key, r.Fence)
	if err == nil && n == 0 {
		_, err = i.exec(ctx, `UPDATE {idem} SET until = 0 WHERE scope = ? AND k = ? AND fence = ? AND state = 'applied'`, r.Scope, r.Key, r.Fence)
	}
	if err != nil {
		return fmt.Errorf("idempotency key: %w", err)
	}
	return nil
}

// Sweep implements idem.Store.
func (i Idem) Sweep(ctx context.Context, now time.Time) (n int64, err error) {
	err = i.Do(ctx, func(ctx context.Context) (err error) { // a unit is run again when it loses a deadlock
		n, err = i.exec(ctx, `DELETE FROM {idem} WHERE state = 'running' AND until < ?`, micros(now))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("idempotency keys: %w", err)
	}
	return n, nil
}

// Prune implements idem.Store.
func (i Idem) Prune(ctx context.Context, before time.Time) (int64, error) {
	return i.deleteOld(ctx, `idem`, `at`, before)
}

// pruneAtOnce is how many rows one statement forgets, so that none of its locks
// is held for long.
const pruneAtOnce = 1000

// deleteOld forgets the rows of a table with a time before a limit.
func (d *DB) deleteOld(ctx context.Context, table, column string, before time.Time) (total int64, err error) {
	q := `DELETE FROM {` + table + `} WHERE ` + column + ` < ? LIMIT ?`
	if d.dialect == SQLite {
		q = `DELETE FROM {` + table + `} WHERE rowid IN (SELECT rowid FROM {` + table + `} WHERE ` + column + ` < ? LIMIT ?)`
	}
	for {
		n, err := d.exec(ctx, q, micros(before), pruneAtOnce)
		if total += n; err != nil || n < pruneAtOnce {
			return total, err
		}
	}
}
