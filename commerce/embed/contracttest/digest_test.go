package contracttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
)

// digests are what is in a database: of each table how many rows, and their text.
type digests struct{ text string }

// digest reads every table of a SQLite database.
func digest(t *testing.T, db *bunstore.DB) digests {
	t.Helper()
	var tables []string
	read(t, db, &tables, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
	var b strings.Builder
	for _, table := range tables {
		var columns, rows []string
		read(t, db, &columns, "SELECT 'quote(\"' || name || '\")' FROM pragma_table_info(?)", table)
		read(t, db, &rows, fmt.Sprintf(`SELECT %s AS row FROM "%s" ORDER BY row`, strings.Join(columns, "||','||"), table))
		fmt.Fprintf(&b, "%s: %s\n", table, strings.Join(rows, " | "))
	}
	return digests{b.String()}
}

func read(t *testing.T, db *bunstore.DB, dest any, query string, args ...any) {
	t.Helper()
	if err := db.Read(t.Context(), dest, query, args...); err != nil {
		t.Fatal(err)
	}
}

// against returns the tables that differ.
func (d digests) against(after digests) string {
	was, is := d.tables(), after.tables()
	var out []string
	for _, table := range slices.Sorted(maps.Keys(is)) {
		if was[table] != is[table] {
			out = append(out, table+": now "+strings.Join(without(strings.Split(is[table], " | "), strings.Split(was[table], " | ")), "\n"))
		}
	}
	return strings.Join(out, "\n")
}

func (d digests) tables() map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(d.text) {
		table, rows, _ := strings.Cut(line, ": ")
		out[table] = strings.TrimSpace(rows)
	}
	return out
}
