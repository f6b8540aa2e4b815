package bunstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
)

// Open opens a database by its name: a path or sqlite:path for a SQLite file,
// mysql://user:password@host:port/name or go-sql-driver's own form for MySQL
// and MariaDB. Every session gets the settings that the shop needs, whatever
// the name says. It does not migrate: see Migrate. opts may be nil.
//
// A SQLite file is written by one connection and read by others, in WAL mode
// with synchronous=FULL; no other process may serve it at the same time, and it
// must not lie on a network file system.
func Open(ctx context.Context, name string, opts *Options) (*DB, error) {
	d, err := open(name, opts)
	if err != nil {
		return nil, err
	}
	d.owned = true
	if err := d.selfTest(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func open(name string, opts *Options) (*DB, error) {
	switch {
	case strings.HasPrefix(name, "mysql://"):
		cfg, err := mysqlURL(name)
		if err != nil {
			return nil, err
		}
		return openMySQL(cfg, opts)
	case strings.Contains(name, "@tcp(") || strings.Contains(name, "@unix("):
		cfg, err := mysql.ParseDSN(name)
		if err != nil {
			return nil, fmt.Errorf("MySQL name: %w", err)
		}
		return openMySQL(cfg, opts)
	default:
		return openSQLite(strings.TrimPrefix(name, "sqlite:"), opts)
	}
}

func mysqlURL(name string) (*mysql.Config, error) {
	u, err := url.Parse(name)
	if err != nil {
		// url.Error repeats the whole name, and a password with it.
		return nil, errors.New("MySQL name: want mysql://user:password@host:port/name, with special characters as %40")
	}
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, cfg.DBName = "tcp", u.Host, strings.Trim(u.Path, "/")
	if u.Port() == "" {
		cfg.Addr = u.Hostname() + ":3306"
	}
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	if cfg.DBName == "" || u.Hostname() == "" {
		return nil, errors.New("MySQL name: want mysql://user:password@host:port/name, a part is missing")
	}
	return cfg, nil
}

// sessionMySQL are the settings of every MySQL session (docs/decisions says
// why). The second form of the isolation level is for MariaDB before 11.
var sessionMySQL = []string{
	"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
	"SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', " +
		"SESSION time_zone = '+00:00', SESSION innodb_lock_wait_timeout = 5",
	"SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
}

func openMySQL(cfg *mysql.Config, opts *Options) (*DB, error) {
	cfg.Timeout = 3 * time.Second
	cfg.ReadTimeout, cfg.WriteTimeout = 15*time.Second, 15*time.Second
	cfg.RejectReadOnly, cfg.ClientFoundRows = true, true
	cfg.ParseTime, cfg.Loc, cfg.MultiStatements = false, time.UTC, false
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	handle := sql.OpenDB(opts.connector(session{connector, sessionMySQL}))
	handle.SetMaxOpenConns(50)
	handle.SetMaxIdleConns(50)
	handle.SetConnMaxIdleTime(time.Minute)
	// After a failover the old server may still answer, and reads would go there.
	handle.SetConnMaxLifetime(5 * time.Minute)
	return wrap(handle, handle, MySQL, opts), nil
}

// session is a connector whose connections begin with some statements.
type session struct {
	driver.Connector
	begin []string
}

// Connect implements driver.Connector.
func (s session) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, q := range s.begin {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, q, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", q, err), conn.Close())
		}
	}
	return conn, nil
}

func openSQLite(path string, opts *Options) (*DB, error) {
	if path == "" || strings.Contains(path, ":memory:") {
		return nil, errors.New("SQLite name: want the path of a file; for memory take memstore")
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	pragmas := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(5000)", "foreign_keys(1)", "synchronous(full)", "journal_mode(wal)", "journal_size_limit(33554432)"}}
	file := (&url.URL{Scheme: "file", Path: full}).String()
	write := sql.OpenDB(opts.connector(sqliteFile{file + "?" + pragmas.Encode()}))
	write.SetMaxOpenConns(1) // more would only wait for each other
	pragmas = url.Values{"_pragma": {"busy_timeout(5000)", "query_only(1)"}}
	read := sql.OpenDB(opts.connector(sqliteFile{file + "?" + pragmas.Encode()}))
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(8)
	return wrap(write, read, SQLite, opts), nil
}

// connector returns c as opts want it.
func (o *Options) connector(c driver.Connector) driver.Connector {
	if o == nil || o.Connect == nil {
		return c
	}
	return o.Connect(c)
}

// sqliteFile connects to a SQLite file.
type sqliteFile struct{ name string }

// Connect implements driver.Connector.
func (s sqliteFile) Connect(context.Context) (driver.Conn, error) { return s.Driver().Open(s.name) }

// Driver implements driver.Connector.
func (s sqliteFile) Driver() driver.Driver { return &sqlite.Driver{} }

// selfTest reads the settings of a session back and returns an error that names
// each one that endangers the shop: some proxies reset them.
func (d *DB) selfTest(ctx context.Context) error {
	if d.dialect == SQLite {
		return d.selfTestSQLite(ctx)
	}
	var mode, charset, isolation string
	row := d.write.QueryRowContext(ctx, "SELECT @@SESSION.sql_mode, @@SESSION.character_set_connection")
	if err := row.Scan(&mode, &charset); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	var faults []error
	if !strings.Contains(mode, "STRICT_TRANS_TABLES") && !strings.Contains(mode, "STRICT_ALL_TABLES") {
		faults = append(faults, fmt.Errorf("database setting sql_mode is %q: want STRICT_TRANS_TABLES in it, or too large numbers are cut silently", mode))
	}
	if strings.Contains(mode, "NO_BACKSLASH_ESCAPES") || strings.Contains(mode, "ANSI_QUOTES") {
		faults = append(faults, fmt.Errorf("database setting sql_mode is %q: want it without NO_BACKSLASH_ESCAPES and ANSI_QUOTES", mode))
	}
	if charset != "utf8mb4" {
		faults = append(faults, fmt.Errorf("database setting character_set_connection is %q: want utf8mb4", charset))
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	// MariaDB before 11 knows the second name only, MySQL from 8 the first.
	if d.write.QueryRowContext(ctx, "SELECT @@SESSION.transaction_isolation").Scan(&isolation) != nil {
		if err := d.write.QueryRowContext(ctx, "SELECT @@SESSION.tx_isolation").Scan(&isolation); err != nil {
			return fmt.Errorf("database: %w", err)
		}
	}
	if isolation != "READ-COMMITTED" {
		d.begin = &sql.TxOptions{Isolation: sql.LevelReadCommitted} // costs a statement for each unit
	}
	return nil
}

func (d *DB) selfTestSQLite(ctx context.Context) error {
	var keys int
	if err := d.write.QueryRowContext(ctx, "PRAGMA foreign_keys").Scan(&keys); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	if keys != 1 {
		return errors.New("database setting foreign_keys is off: open SQLite with _pragma=foreign_keys(1)")
	}
	return nil
}
