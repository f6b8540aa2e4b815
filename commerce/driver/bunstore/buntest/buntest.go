// Package buntest opens empty, migrated databases for tests: SQLite files
// always; MySQL and MariaDB when MERCER_TEST_MYSQL and MERCER_TEST_MARIADB name
// a server. A server that MERCER_TEST_REQUIRE lists ("mysql,mariadb") and that is
// not named fails the test that asks for it.
package buntest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
)

// The servers.
const (
	SQLite  = "sqlite"
	MySQL   = "mysql"
	MariaDB = "mariadb"
)

var env = map[string]string{MySQL: "MERCER_TEST_MYSQL", MariaDB: "MERCER_TEST_MARIADB"}

// Each runs test once for each server; open gives it a database of its own.
func Each(t *testing.T, test func(t *testing.T, open func(t *testing.T) *bunstore.DB)) {
	t.Helper()
	for _, server := range []string{SQLite, MySQL, MariaDB} {
		t.Run(server, func(t *testing.T) {
			Need(t, server)
			test(t, func(t *testing.T) *bunstore.DB { t.Helper(); return Open(t, server) })
		})
	}
}

// Need skips the test when server is not there, and fails it when it should be.
func Need(t testing.TB, server string) {
	t.Helper()
	if server == SQLite || os.Getenv(env[server]) != "" {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("MERCER_TEST_REQUIRE"), ","), server) {
		t.Fatalf("%s is required and %s is not set", server, env[server])
	}
	t.Skipf("%s is not set", env[server])
}

// Open returns an empty, migrated database on server, that nobody else uses
// until the test ends.
func Open(t testing.TB, server string) *bunstore.DB {
	t.Helper()
	db, err := bunstore.Open(context.Background(), Name(t, server), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close %s: %v", server, err)
		}
	})
	return db
}

// Name returns the name under which bunstore.Open opens an empty, migrated
// database on server, that nobody else uses until the test ends.
func Name(t testing.TB, server string) string {
	t.Helper()
	Need(t, server)
	if server == SQLite {
		return sqliteFile(t)
	}
	p := pools[server]
	name := p.take(t)
	t.Cleanup(func() { p.put(t, name) })
	return p.dsn(name)
}

// template is a migrated, empty SQLite file.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "buntest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	db, err := bunstore.Open(context.Background(), path, nil)
	if err != nil {
		return nil, err
	}
	if _, err := db.Migrate(context.Background()); err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // the last one to close takes the WAL in
		return nil, err
	}
	return os.ReadFile(path)
})

func sqliteFile(t testing.TB) string {
	t.Helper()
	data, err := template()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "shop.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pool lends the databases of one server. Making one takes seconds, emptying
// one milliseconds, so they are kept for the life of the process.
type pool struct {
	server string
	mu     sync.Mutex
	free   []string
	made   int
}

var pools = map[string]*pool{MySQL: {server: MySQL}, MariaDB: {server: MariaDB}}

func (p *pool) config() *mysql.Config {
	cfg, err := mysql.ParseDSN(os.Getenv(env[p.server]))
	if err != nil {
		panic(env[p.server] + ": " + err.Error())
	}
	return cfg
}

func (p *pool) dsn(name string) string {
	cfg := p.config()
	cfg.DBName = name
	return cfg.FormatDSN()
}

func (p *pool) take(t testing.TB) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		name := p.free[n-1]
		p.free = p.free[:n-1]
		return name
	}
	ctx := context.Background()
	admin, err := sql.Open("mysql", p.config().FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if p.made == 0 {
		dropDead(t, admin)
	}
	p.made++
	name := fmt.Sprintf("mercer_test_%d_%d", os.Getpid(), p.made)
	for _, q := range []string{"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"} {
		if _, err := admin.ExecContext(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	db, err := bunstore.Open(ctx, p.dsn(name), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	return name
}

// put empties the database and keeps it for the next test.
func (p *pool) put(t testing.TB, name string) {
	db, err := sql.Open("mysql", p.dsn(name))
	if err != nil {
		t.Error(err)
		return
	}
	defer db.Close()
	for _, table := range column(t, db, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name <> 'mercer_migration'") {
		if _, err := db.ExecContext(context.Background(), "DELETE FROM "+table); err != nil {
			t.Error(err)
			return
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, name)
}

// dropDead drops what earlier test processes left behind.
func dropDead(t testing.TB, admin *sql.DB) {
	for _, name := range column(t, admin, "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'mercer\\_test\\_%'") {
		var pid, n int
		if _, err := fmt.Sscanf(name, "mercer_test_%d_%d", &pid, &n); err != nil || pid != os.Getpid() && alive(pid) {
			continue
		}
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name); err != nil {
			t.Error(err)
		}
	}
}

func column(t testing.TB, db *sql.DB, query string) (out []string) {
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Error(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	return out
}
