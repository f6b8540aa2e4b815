package bunstore

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

//go:embed migrations
var migrations embed.FS

// ErrSchema says that the tables are not those of this version of the program.
var ErrSchema = fault.New(fault.Unavailable, "store.schema", "the database is not migrated")

// Migration is one step from one schema to the next.
type Migration struct {
	Name    string    `json:"name"`    // "0003_catalog"
	Applied time.Time `json:"applied"` // zero: not yet
	sum     string
	sql     string
}

// Migrate brings the tables to the newest schema and returns the steps it took,
// none when there was nothing to do. Of several processes that migrate at once
// one does the work and the others wait. A step that was cut off is taken
// again: each is written so that it can be.
func (d *DB) Migrate(ctx context.Context) ([]Migration, error) {
	var done []Migration
	err := d.alone(ctx, func() error {
		if err := d.createMigrationTable(ctx); err != nil {
			return err
		}
		all, err := d.Migrations(ctx)
		if err != nil {
			return err
		}
		for _, m := range all {
			if !m.Applied.IsZero() {
				continue
			}
			if err := d.apply(ctx, &m); err != nil {
				return fmt.Errorf("migration %s: %w", m.Name, err)
			}
			done = append(done, m)
		}
		return nil
	})
	return done, err
}

// Migrations returns every step this program knows, oldest first, and when each
// was taken. It returns ErrSchema for a database that a newer program has
// migrated, or whose steps were other ones.
func (d *DB) Migrations(ctx context.Context) ([]Migration, error) {
	all, err := d.known()
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Name    string `bun:"name"`
		Sum     string `bun:"sum"`
		Applied int64  `bun:"applied"`
	}
	if ok, err := d.hasTable(ctx, "migration"); err != nil || !ok {
		return all, err
	}
	if err := d.scan(ctx, &rows, `SELECT name, sum, applied FROM {migration} ORDER BY name`); err != nil {
		return nil, err
	}
	for _, r := range rows {
		i := slices.IndexFunc(all, func(m Migration) bool { return m.Name == r.Name })
		switch {
		case i < 0:
			return nil, ErrSchema.Saying("the database was migrated by a newer program: it has step " + r.Name)
		case all[i].sum != r.Sum:
			return nil, ErrSchema.Saying("the database was migrated with another text of step " + r.Name)
		}
		all[i].Applied = fromMicros(r.Applied)
	}
	return all, nil
}

// Current returns nil if nothing is left to migrate, ErrSchema otherwise.
func (d *DB) Current(ctx context.Context) error {
	all, err := d.Migrations(ctx)
	if err != nil {
		return err
	}
	left := 0
	for _, m := range all {
		if m.Applied.IsZero() {
			left++
		}
	}
	if left > 0 {
		return ErrSchema.Saying(fmt.Sprintf("the database lacks %d of %d migrations: run mercer migrate up", left, len(all)))
	}
	return nil
}

func (d *DB) known() ([]Migration, error) {
	dir := "migrations/" + string(d.dialect)
	files, err := fs.ReadDir(migrations, dir)
	if err != nil {
		return nil, err
	}
	var all []Migration
	for _, f := range files {
		text, err := migrations.ReadFile(dir + "/" + f.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		all = append(all, Migration{Name: strings.TrimSuffix(f.Name(), ".sql"), sum: hex.EncodeToString(sum[:]), sql: string(text)})
	}
	return all, nil
}

func (d *DB) createMigrationTable(ctx context.Context) error {
	_, err := d.exec(ctx, `CREATE TABLE IF NOT EXISTS {migration} (name VARCHAR(100) NOT NULL PRIMARY KEY, sum CHAR(64) NOT NULL, applied BIGINT NOT NULL)`)
	return err
}

// apply takes one step: in one unit on SQLite; statement by statement on MySQL,
// where each CREATE TABLE commits by itself, and CREATE INDEX has no IF NOT
// EXISTS.
func (d *DB) apply(ctx context.Context, m *Migration) error {
	run := func(ctx context.Context) error {
		for _, q := range statements(m.sql) {
			if _, err := d.exec(ctx, strings.ReplaceAll(q, "mercer_", d.prefix)); err != nil && !isIndexThere(err) {
				return fmt.Errorf("%w in: %.100s", err, q)
			}
		}
		m.Applied = time.Now().UTC()
		_, err := d.exec(ctx, `INSERT INTO {migration} (name, sum, applied) VALUES (?, ?, ?)`, m.Name, m.sum, micros(m.Applied))
		return err
	}
	if d.dialect == SQLite {
		return d.Do(ctx, run)
	}
	return run(ctx)
}

// isIndexThere reports whether MySQL has an index of this name already.
func isIndexThere(err error) bool {
	m, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && m.Number == 1061
}

// statements cuts a script at the semicolons that end a line.
func statements(script string) []string {
	var out []string
	for q := range strings.SplitSeq(script, ";\n") {
		var lines []string
		for line := range strings.Lines(q) {
			if !strings.HasPrefix(strings.TrimSpace(line), "--") {
				lines = append(lines, line)
			}
		}
		if q = strings.TrimSpace(strings.Join(lines, "")); q != "" {
			out = append(out, q)
		}
	}
	return out
}

func (d *DB) hasTable(ctx context.Context, table string) (bool, error) {
	q := `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?`
	if d.dialect == MySQL {
		q = `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?`
	}
	var n int
	err := d.scan(ctx, &n, q, d.prefix+table)
	return n > 0, err
}

// alone runs fn while no other process migrates the same database. On SQLite
// the write lock of each unit does that: a step that somebody else has taken
// meanwhile fails on its row and is found taken the next time.
func (d *DB) alone(ctx context.Context, fn func() error) error {
	if d.dialect == SQLite {
		err := fn()
		if isDuplicate(err) {
			err = fn()
		}
		return err
	}
	conn, err := d.write.DB.Conn(ctx) // the lock belongs to a connection
	if err != nil {
		return err
	}
	defer conn.Close()
	var got int
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(CONCAT(DATABASE(), '.', ?), 10)", d.prefix+"migrate").Scan(&got); err != nil {
		return err
	}
	if got != 1 {
		return fault.ErrUnavailable.Saying("another process migrates this database")
	}
	err = fn()
	_, unlock := conn.ExecContext(context.WithoutCancel(ctx), "SELECT RELEASE_LOCK(CONCAT(DATABASE(), '.', ?))", d.prefix+"migrate")
	return errors.Join(err, unlock)
}

// micros and fromMicros keep times as whole microseconds since 1970 in UTC, the
// same in every database and session. The zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
