package telemetry_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"modernc.org/sqlite"

	"github.com/mercer-commerce/mercer/hosts/internal/telemetry"
)

func TestScrub(t *testing.T) {
	for query, want := range map[string]string{
		`SELECT * FROM cart WHERE id = 'cart_1' AND n > 12.5`:   `SELECT * FROM cart WHERE id = ? AND n > ?`,
		`SELECT 'it''s', x2 FROM t1`:                            `SELECT ?, x2 FROM t1`,
		`INSERT INTO t (a, b) VALUES (X'00ff', x'AB'), ('', 7)`: `INSERT INTO t (a, b) VALUES (?, ?), (?, ?)`,
		`SELECT a FROM t WHERE b = 'no end`:                     `SELECT a FROM t WHERE b = ?`,
		`SELECT a FROM t WHERE b = 'back\' OR c = 'hunter2'`:    `SELECT t`,
		"UPDATE `t` SET `a` = -1e5 WHERE b = 0x1F":              "UPDATE `t` SET `a` = -? WHERE b = ?",
		``: ``,
		`SELECT ` + strings.Repeat("a, ", 1000) + ` b FROM t`: `SELECT ` + strings.Repeat("a, ", 331),
	} {
		if got := telemetry.Scrub(query); got != want {
			t.Errorf("%.100s\n got %q\nwant %q", query, got, want)
		}
	}
}

func TestSummary(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT a FROM mercer_cart WHERE id = 1":                    "SELECT mercer_cart",
		"INSERT INTO `mercer_cart` (`id`) VALUES (1)":               "INSERT mercer_cart",
		"update \"t\" set a = 'hunter2'":                            "UPDATE t",
		"DELETE FROM t(x)":                                          "DELETE t",
		"WITH RECURSIVE p (part) AS (\n SELECT MIN(part) FROM t\n)": "WITH t",
		"SELECT (SELECT 1 FROM 'hunter2')":                          "SELECT",
		"BEGIN":                                                     "BEGIN",
		"'hunter2'":                                                 "",
		"":                                                          "statement",
		"PRAGMA foreign_keys":                                       "PRAGMA",
		"SET SESSION time_zone = '+00:00'":                          "SET",
		"SELECT f FROM":                                             "SELECT",
		"INSERT INTO t SELECT * FROM u ON CONFLICT DO UPDATE SET a=1": "INSERT t",
	} {
		if got := telemetry.Summary(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// sqliteFile connects to a SQLite file.
type sqliteFile string

func (s sqliteFile) Connect(context.Context) (driver.Conn, error) { return s.Driver().Open(string(s)) }
func (s sqliteFile) Driver() driver.Driver                        { return &sqlite.Driver{} }

// TestStatementsWithoutValues shows that neither the values of a statement nor
// what a database says about them are in a span.
func TestStatementsWithoutValues(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	tel := telemetry.Recorded(telemetry.Config{}, sdktrace.NewSimpleSpanProcessor(spans))
	db := sql.OpenDB(tel.Connector(sqliteFile(filepath.Join(t.TempDir(), "x.db"))))
	defer func() { _ = db.Close() }()
	ctx, parent := provider.Tracer("test").Start(t.Context(), "work")
	defer parent.End()
	var n int
	if err := db.QueryRowContext(ctx, "SELECT length('hunter2') WHERE 'hunter2' = ?", "hunter2").Scan(&n); err != nil || n != 7 {
		t.Fatalf("%d, %v; want 7", n, err)
	}
	if _, err := db.ExecContext(ctx, "DELETE FROM cart hunter2 'x'"); err == nil || !strings.Contains(err.Error(), "hunter2") {
		t.Fatalf("error %v, want one that repeats the statement", err)
	}
	var texts, types []string
	for _, s := range spans.GetSpans() {
		for _, a := range s.Attributes {
			switch a.Key {
			case "db.query.text":
				texts = append(texts, a.Value.AsString())
			case "error.type":
				types = append(types, a.Value.AsString())
			}
		}
		if len(s.Events) > 0 || s.Status.Description != "" {
			t.Errorf("%s tells what the database said: %+v %+v", s.Name, s.Events, s.Status)
		}
	}
	if want := []string{"SELECT length(?) WHERE ? = ?", "DELETE FROM cart hunter2 ?"}; !slices.Equal(texts, want) {
		t.Errorf("statements %q, want %q", texts, want)
	}
	if want := []string{"*sqlite.Error"}; !slices.Equal(types, want) {
		t.Errorf("errors %q, want %q", types, want)
	}
}

// FuzzScrub holds that nothing of a value is left, however the drivers write it.
func FuzzScrub(f *testing.F) {
	for _, s := range []string{"hunter2", "it's", `back\`, `\'`, `'' OR '`, "a\nb", "é'\x00", `"`, "--", "/*"} {
		f.Add(s)
	}
	dialects := []schema.Dialect{sqlitedialect.New(), mysqldialect.New()}
	f.Fuzz(func(t *testing.T, secret string) {
		for _, d := range dialects {
			value := string(d.AppendString(nil, "qzq"+secret+"qzq"))
			if !strings.HasPrefix(value, "'") {
				continue // refused: no statement has it
			}
			query := "UPDATE t SET a = " + value + ", b = 'qzq' WHERE c = 1"
			if got := telemetry.Scrub(query); strings.Contains(got, "qzq") {
				t.Errorf("%s: %q is left of %q", d.Name(), got, query)
			}
		}
	})
}
