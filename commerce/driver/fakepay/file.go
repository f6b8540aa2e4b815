package fakepay

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"modernc.org/sqlite" // and the driver "sqlite"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// file is a bank that outlives the processes that ask it.
type file struct{ db *sql.DB }

// Open returns a Provider that keeps its intents in a file, for processes that
// are killed: several may use it at a time. close must be called. opts may be
// nil.
func Open(path string, opts *Options) (p *Provider, close func() error, err error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := create(ctx, db); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("fakepay %s: %w", path, err), db.Close())
	}
	return with(file{db}, opts), db.Close, nil
}

const schema = `CREATE TABLE IF NOT EXISTS intent (payment_id TEXT NOT NULL PRIMARY KEY, doc TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, tries INTEGER NOT NULL, told INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS event_at ON event (at, seq);
CREATE INDEX IF NOT EXISTS event_untold ON event (seq) WHERE told = 0`

// create makes the tables. Of several processes that open a new file at once only
// one can turn on its log; the busy timeout is not for that, so they try again.
func create(ctx context.Context, db *sql.DB) error {
	const busy, first = 5, 10 * time.Millisecond
	for wait := first; ; wait *= 2 {
		_, err := db.ExecContext(ctx, schema)
		if e, ok := errors.AsType[*sqlite.Error](err); !ok || e.Code()&0xff != busy {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

func (f file) change(of payment.Payment, do func(Intent) (Intent, []Event, error)) (Intent, []Event, error) {
	ctx := context.Background() // what has arrived is done
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return Intent{}, nil, err
	}
	defer func() { _ = tx.Rollback() }()
	in, err := load(ctx, tx, of)
	if err != nil {
		return Intent{}, nil, err
	}
	in, events, err := do(in)
	if err != nil || len(events) == 0 {
		return in, nil, err
	}
	const put = `INSERT INTO intent (payment_id, doc) VALUES (?, ?) ON CONFLICT (payment_id) DO UPDATE SET doc = excluded.doc`
	if err := write(ctx, tx, put, in, of.ID); err != nil {
		return Intent{}, nil, err
	}
	for _, e := range events {
		const add = `INSERT INTO event (id, at, tries, told, doc) VALUES (?, ?, 0, ?, ?)`
		if err := write(ctx, tx, add, e, e.ID, e.At.UnixMicro(), e.Told); err != nil {
			return Intent{}, nil, err
		}
	}
	return in, events, tx.Commit()
}

// load returns the intent of a payment, a new one if there is none.
func load(ctx context.Context, tx *sql.Tx, of payment.Payment) (in Intent, err error) {
	var doc string
	err = tx.QueryRowContext(ctx, `SELECT doc FROM intent WHERE payment_id = ?`, of.ID).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return newIntent(of), nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(doc), &in)
	}
	return in, err
}

// write runs a statement whose last parameter is doc.
func write(ctx context.Context, tx *sql.Tx, statement string, doc any, args ...any) error {
	data, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, statement, append(args, string(data))...)
	return err
}

func (f file) all() ([]Intent, error) {
	return read(f.db, `SELECT doc FROM intent ORDER BY payment_id`, nil, func(rows *sql.Rows) (in Intent, err error) {
		var doc string
		if err = rows.Scan(&doc); err == nil {
			err = json.Unmarshal([]byte(doc), &in)
		}
		return in, err
	})
}

func (f file) events(since time.Time, untold bool) ([]Event, error) {
	query, args := `SELECT tries, told, doc FROM event WHERE at >= ? ORDER BY seq`, []any{since.UnixMicro()}
	if untold {
		query, args = `SELECT tries, told, doc FROM event WHERE told = 0 ORDER BY seq`, nil
	}
	return read(f.db, query, args, func(rows *sql.Rows) (e Event, err error) {
		var tries, told int
		var doc string
		if err = rows.Scan(&tries, &told, &doc); err == nil {
			err = json.Unmarshal([]byte(doc), &e)
		}
		e.Tries, e.Told = tries, told != 0
		return e, err
	})
}

func (f file) sent(id string, told bool) error {
	_, err := f.db.ExecContext(context.Background(), `UPDATE event SET tries = tries + 1, told = max(told, ?) WHERE id = ?`, told, id)
	return err
}

// read returns what scan makes of each row.
func read[T any](db *sql.DB, query string, args []any, scan func(*sql.Rows) (T, error)) (out []T, err error) {
	rows, err := db.QueryContext(context.Background(), query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}
