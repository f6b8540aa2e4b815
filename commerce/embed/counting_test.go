package embed_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
)

// tally notes the statements that connections send, BEGIN and COMMIT too.
type tally struct {
	mu   sync.Mutex
	sent []string
}

func (c *tally) note(statement string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, statement)
}

// of returns the statements that fn sends.
func (c *tally) of(fn func()) []string {
	c.mu.Lock()
	c.sent = nil
	c.mu.Unlock()
	fn()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

// openCounted opens an empty database through a driver that counts. Sessions get
// their settings in the name of the database, as those of a careful owner of a
// handle do, so that a unit of work begins with one statement.
func openCounted(t testing.TB, server string) (*bunstore.DB, *tally) {
	t.Helper()
	name, count := buntest.Name(t, server), &tally{}
	var inner driver.Connector
	dialect := bunstore.MySQL
	if server == buntest.SQLite {
		dialect = bunstore.SQLite
		inner = sqliteConnector(t, name)
	} else {
		inner = mysqlConnector(t, server, name, true)
	}
	handle := sql.OpenDB(counting{inner, count})
	t.Cleanup(func() { handle.Close() })
	db, err := bunstore.New(t.Context(), handle, dialect, nil)
	if err != nil {
		t.Fatal(err)
	}
	return db, count
}

// mysqlConnector connects to a database. Without found, an update that writes
// what is there already concerns no row, as go-sql-driver has it by default.
func mysqlConnector(t testing.TB, server, name string, found bool) driver.Connector {
	t.Helper()
	cfg, err := mysql.ParseDSN(name)
	if err != nil {
		t.Fatal(err)
	}
	isolation := "transaction_isolation"
	if server == buntest.MariaDB {
		isolation = "tx_isolation" // before 11
	}
	cfg.Collation, cfg.ClientFoundRows = "utf8mb4_unicode_ci", found
	cfg.Params = map[string]string{isolation: "'READ-COMMITTED'", "time_zone": "'+00:00'", "sql_mode": "'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'"}
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type sqliteFile struct {
	of   driver.Driver
	name string
}

func (f sqliteFile) Connect(context.Context) (driver.Conn, error) { return f.of.Open(f.name) }
func (f sqliteFile) Driver() driver.Driver                        { return f.of }

func sqliteConnector(t testing.TB, path string) driver.Connector {
	t.Helper()
	handle, err := sql.Open("sqlite", "")
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	set := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(5000)", "foreign_keys(1)", "journal_mode(wal)"}}
	return sqliteFile{handle.Driver(), "file:" + path + "?" + set.Encode()}
}

// counting is a connector whose connections count.
type counting struct {
	driver.Connector
	*tally
}

func (c counting) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return counted{conn, c.tally}, nil
}

type counted struct {
	driver.Conn
	*tally
}

var (
	_ driver.ExecerContext  = counted{}
	_ driver.QueryerContext = counted{}
	_ driver.ConnBeginTx    = counted{}
)

func (c counted) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.note(query)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c counted) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.note(query)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c counted) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.note("BEGIN")
	if opts.Isolation != driver.IsolationLevel(sql.LevelDefault) {
		c.note("SET TRANSACTION ISOLATION LEVEL")
	}
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	return countedTx{tx, c.tally}, err
}

type countedTx struct {
	driver.Tx
	*tally
}

func (c countedTx) Commit() error   { c.note("COMMIT"); return c.Tx.Commit() }
func (c countedTx) Rollback() error { c.note("ROLLBACK"); return c.Tx.Rollback() }
