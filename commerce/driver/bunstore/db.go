// Package bunstore keeps the state of every engine in one SQL database through
// bun: SQLite, MySQL and MariaDB pass the same conformance suites. The SQL stays
// in what all of these, Group Replication, Galera and Vitess have in common.
package bunstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"

	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Dialect is the kind of SQL that a database speaks.
type Dialect string

// The dialects.
const (
	SQLite Dialect = "sqlite"
	MySQL  Dialect = "mysql" // and MariaDB
)

// Options change how a DB works. The zero value is good.
type Options struct {
	Prefix string       // of every table, "mercer_"
	Log    *slog.Logger // slog.Default()
	// Connect wraps what Open connects with, to trace or count statements.
	Connect func(driver.Connector) driver.Connector
}

// DB is an open database and a txn.Scope. The stores of the engines are
// one-word types on it: bunstore.Carts{DB: db}.
type DB struct {
	write   *bun.DB
	read    *bun.DB // the same as write, but for SQLite files that we opened
	dialect Dialect
	prefix  string
	log     *slog.Logger
	begin   *sql.TxOptions
	queries sync.Map // query with {tables} → query with names
	owned   bool
	hooks   hooks
	commits atomic.Int64
}

var _ txn.Scope = (*DB)(nil)

// New returns a DB on somebody's handle, which stays theirs to close. It reads
// the settings of one session and returns an error that names each one under
// which the shop could not keep its promises. opts may be nil.
//
// Give a handle on MySQL a bound (SetMaxOpenConns): without one a crowd takes
// all connections of the server. Timeouts of its DSN bound how long a server that
// is gone is waited for.
//
// A handle on SQLite must have a DSN with _txlock=immediate and foreign keys on.
func New(ctx context.Context, handle *sql.DB, dialect Dialect, opts *Options) (*DB, error) {
	d := wrap(handle, handle, dialect, opts)
	if err := d.selfTest(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

func wrap(write, read *sql.DB, dialect Dialect, opts *Options) *DB {
	d := &DB{dialect: dialect, prefix: "mercer_", log: slog.Default()}
	if opts != nil && opts.Prefix != "" {
		d.prefix = opts.Prefix
	}
	if opts != nil && opts.Log != nil {
		d.log = opts.Log
	}
	speak := func() schema.Dialect {
		if dialect == MySQL {
			return mysqldialect.New()
		}
		return sqlitedialect.New()
	}
	d.write = bun.NewDB(write, speak())
	d.read = d.write
	if read != write {
		d.read = bun.NewDB(read, speak())
	}
	return d
}

// Close closes the handles that Open made. It leaves those given to New alone.
func (d *DB) Close() error {
	if !d.owned {
		return nil
	}
	var err error
	if d.read != d.write {
		err = d.read.Close()
	}
	return errors.Join(err, d.write.Close())
}

// Dialect returns the kind of SQL of the database.
func (d *DB) Dialect() Dialect { return d.dialect }

// Scope implements the Scope method of every store.
func (d *DB) Scope() txn.Scope { return d }

// Ping reports whether the database answers. It returns ErrBusy when it does,
// but has no connection for more work than there is.
func (d *DB) Ping(ctx context.Context) error {
	return d.use(ctx, d.write, func(conn bun.IConn) error {
		var one int
		return conn.QueryRowContext(ctx, "SELECT 1").Scan(&one)
	})
}

// Stats returns how busy the connections are, by what they are for: "write",
// and "read" where others read.
func (d *DB) Stats() map[string]sql.DBStats {
	out := map[string]sql.DBStats{"write": d.write.Stats()}
	if d.read != d.write {
		out["read"] = d.read.Stats()
	}
	return out
}

// name returns the full name of a table.
func (d *DB) name(table string) bun.Ident { return bun.Ident(d.prefix + table) }

// named fills in the names of tables: "{cart}" becomes "mercer_cart".
func (d *DB) named(query string) string {
	if q, ok := d.queries.Load(query); ok {
		return q.(string)
	}
	q := strings.NewReplacer("{", d.prefix, "}", "").Replace(query)
	d.queries.Store(query, q)
	return q
}

// exec runs a statement that writes and returns how many rows it concerned. In
// query, {cart} stands for the table's full name and ? for an argument.
// A compare-and-set must change a column (version = version + 1), or servers
// that count changed rows only report none.
func (d *DB) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := d.statement(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// statement is exec for who wants more of the answer than the number of rows.
func (d *DB) statement(ctx context.Context, query string, args ...any) (res sql.Result, err error) {
	err = d.use(ctx, d.write, func(conn bun.IConn) (err error) {
		res, err = d.write.NewRaw(d.named(query), args...).Conn(conn).Exec(ctx)
		return err
	})
	return res, err
}

// scan reads the answer of query into dest: pointers to a struct with bun tags,
// to a slice of them, or to scalars. No row for a single dest is sql.ErrNoRows.
func (d *DB) scan(ctx context.Context, dest any, query string, args ...any) error {
	return d.use(ctx, d.read, func(conn bun.IConn) error {
		return d.write.NewRaw(d.named(query), args...).Conn(conn).Scan(ctx, dest)
	})
}

// insert writes rows, a pointer to a struct or to a slice with bun tags, in one
// statement. A key that is there already gives an error for isDuplicate.
func (d *DB) insert(ctx context.Context, table string, rows any) error {
	return d.use(ctx, d.write, func(conn bun.IConn) error {
		_, err := d.write.NewInsert().Model(rows).ModelTableExpr("?", d.name(table)).Returning("").Conn(conn).Exec(ctx)
		return err
	})
}

// locked ends a SELECT whose rows are going to be written in the unit of work
// of ctx: " FOR UPDATE" where that exists and is of use, else "".
func (d *DB) locked(ctx context.Context) string {
	if d.dialect == MySQL && txn.Outside(ctx) != nil {
		return " FOR UPDATE"
	}
	return ""
}

// upsert is the tail of an INSERT that changes a row that is there already.
// key names the columns of the unique key; set are assignments in which
// new(column) is the value that was to be inserted, old(column) the stored one.
func (d *DB) upsert(table, key string, set ...string) string {
	name := d.prefix + table
	var from *strings.Replacer
	var head string
	if d.dialect == MySQL {
		head, from = " ON DUPLICATE KEY UPDATE ", strings.NewReplacer("new(", "VALUES(", "old(", "(")
	} else {
		head, from = " ON CONFLICT ("+key+") DO UPDATE SET ", strings.NewReplacer("new(", "(excluded.", "old(", "("+name+".")
	}
	return head + from.Replace(strings.Join(set, ", "))
}
