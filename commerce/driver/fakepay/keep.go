package fakepay

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"

	"modernc.org/sqlite" // and the driver "sqlite"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// keeper keeps intents by payment id. change hands the intent of a payment to
// do, a new one if there is none, and keeps it unless do fails, or is nil, or
// leaves it as if it had never been heard of. Changes happen one by one.
type keeper interface {
	change(of payment.Payment, do func(*Intent) error) (Intent, error)
	all() ([]Intent, error)
}

type memory struct {
	mu      sync.Mutex
	intents map[string]Intent
}

func newMemory() *memory { return &memory{intents: map[string]Intent{}} }

func (m *memory) change(of payment.Payment, do func(*Intent) error) (Intent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	in, ok := m.intents[of.ID]
	if !ok {
		in = newIntent(of)
	}
	if do == nil {
		return in, nil
	}
	in.Keys = slices.Clone(in.Keys)
	if err := do(&in); err != nil {
		return Intent{}, err
	}
	if in.Status != payment.StatusCreating {
		m.intents[of.ID] = in
	}
	return in, nil
}

func (m *memory) all() ([]Intent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Intent, 0, len(m.intents))
	for _, id := range slices.Sorted(maps.Keys(m.intents)) {
		out = append(out, m.intents[id])
	}
	return out, nil
}

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

// create makes the table. Of several processes that open a new file at once only
// one can turn on its log; the busy timeout is not for that, so they try again.
func create(ctx context.Context, db *sql.DB) error {
	const busy, first = 5, 10 * time.Millisecond
	for wait := first; ; wait *= 2 {
		_, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS intent (payment_id TEXT NOT NULL PRIMARY KEY, doc TEXT NOT NULL) STRICT`)
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

func (f file) change(of payment.Payment, do func(*Intent) error) (in Intent, err error) {
	ctx := context.Background() // what has arrived is done
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return Intent{}, err
	}
	defer func() { _ = tx.Rollback() }()
	var doc string
	switch err := tx.QueryRowContext(ctx, `SELECT doc FROM intent WHERE payment_id = ?`, of.ID).Scan(&doc); {
	case errors.Is(err, sql.ErrNoRows):
		in = newIntent(of)
	case err != nil:
		return Intent{}, err
	default:
		if err := json.Unmarshal([]byte(doc), &in); err != nil {
			return Intent{}, err
		}
	}
	if do == nil {
		return in, nil
	}
	if err := do(&in); err != nil {
		return Intent{}, err
	}
	if in.Status == payment.StatusCreating {
		return in, nil
	}
	data, err := json.Marshal(in)
	if err != nil {
		return Intent{}, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO intent (payment_id, doc) VALUES (?, ?) ON CONFLICT (payment_id) DO UPDATE SET doc = excluded.doc`, of.ID, string(data)); err != nil {
		return Intent{}, err
	}
	return in, tx.Commit()
}

func (f file) all() (out []Intent, err error) {
	ctx := context.Background()
	rows, err := f.db.QueryContext(ctx, `SELECT doc FROM intent ORDER BY payment_id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var doc string
		var in Intent
		if err := rows.Scan(&doc); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(doc), &in); err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return out, rows.Err()
}
