package bench

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
)

// floor sells one of kinds things n times by so many clients with the least
// SQL, in the same database with the same durability: one conditional update of
// stock, the rows of an order and of its event. It returns the sales per second.
func (s *shop) floor(b *testing.B, clients, n, kinds int) float64 {
	b.Helper()
	db := s.raw(b)
	defer db.Close()
	const stock = `INSERT INTO mercer_stock (variant_id, location_id, on_hand, reserved, tracked, backorder, version, updated) VALUES (?, 'floor', ?, 0, 1, 0, 1, 0)`
	shelves := make([]string, kinds)
	for i := range shelves {
		shelves[i] = fmt.Sprint("floor_", i)
		if _, err := db.ExecContext(b.Context(), stock, shelves[i], n); err != nil {
			b.Fatal(err)
		}
	}
	start := time.Now()
	by(clients, n, func(i int) {
		if err := sale(b.Context(), db, shelves[i%kinds], fmt.Sprint("floor_", i)); err != nil {
			b.Errorf("floor: %v", err)
		}
	})
	return float64(n) / time.Since(start).Seconds()
}

// raw opens the database of s without the library.
func (s *shop) raw(b *testing.B) *sql.DB {
	b.Helper()
	driver, name := "mysql", s.name
	if s.server == buntest.SQLite {
		driver = "sqlite"
		name = "file:" + s.name + "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=synchronous(full)&_pragma=journal_mode(wal)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(50)
	db.SetMaxIdleConns(50)
	if s.server == buntest.SQLite {
		db.SetMaxOpenConns(1)
	}
	return db
}

// document stands for an order of three items as it is stored.
var document = `{"items":"` + strings.Repeat("x", 3000) + `"}`

func sale(ctx context.Context, db *sql.DB, variant, id string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`UPDATE mercer_stock SET reserved = reserved + 1 WHERE variant_id = ? AND location_id = 'floor' AND on_hand - reserved >= 1`, []any{variant}},
		{`INSERT INTO mercer_orders (id, checkout_id, number, version, status, payment_status, fulfillment_status, email, placed, expires, currency, total, doc)
			VALUES (?, ?, ?, 1, 'confirmed', 'none', 'unfulfilled', 'ada@example.com', 0, 0, 'USD', 3000, ?)`, []any{id, id, id, document}},
		{`INSERT INTO mercer_outbox (part, id, name, version, k, seq, at, trace, data) VALUES (0, ?, 'order.placed', 1, ?, 1, 0, '', '{}')`, []any{id, id}},
	} {
		if _, err := tx.ExecContext(ctx, q.sql, q.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}
