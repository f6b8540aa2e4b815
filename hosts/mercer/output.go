package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// table is a list for people and spreadsheets.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// checkFormat refuses formats that nobody writes.
func (w *world) checkFormat() error {
	switch w.format {
	case "table", "json", "yaml", "csv":
		return nil
	default:
		return usagef("-o wants table, json, yaml or csv; it is %q", w.format)
	}
}

// print writes v as it travels, or as a table. detail, when there is one, is
// what people see of a single thing in place of the table.
func (w *world) print(v any, t table, detail func(io.Writer)) error {
	switch {
	case w.format == "json":
		enc := json.NewEncoder(w.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	case w.format == "yaml":
		return writeYAML(w.out, v)
	case w.format == "csv":
		return writeCSV(w.out, t)
	case detail != nil:
		detail(w.out)
		return nil
	default:
		return writeTable(w.out, t)
	}
}

func writeTable(out io.Writer, t table) error {
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{t.head}, t.rows...) {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = plain(c)
		}
		fmt.Fprintln(tw, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	return tw.Flush()
}

// writeCSV writes a table that is safe to open in a spreadsheet: what would run
// as a formula gets an apostrophe in front.
func writeCSV(out io.Writer, t table) error {
	cw := csv.NewWriter(out)
	for i, row := range append([][]string{t.head}, t.rows...) {
		cells := make([]string, len(row))
		for j, c := range row {
			if _, err := strconv.ParseInt(c, 10, 64); i > 0 && err != nil && c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				c = "'" + c
			}
			cells[j] = c
			if i == 0 {
				cells[j] = strings.ReplaceAll(strings.ToLower(c), " ", "_")
			}
		}
		if err := cw.Write(cells); err != nil {
			return err
		}
	}
	cw.Flush()
	return cw.Error()
}

// field writes a line of a single thing.
func field(out io.Writer, name, value string) {
	if value != "" {
		fmt.Fprintf(out, "%-13s%s\n", name, plain(value))
	}
}

// plain keeps control characters away from terminals.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func whenever(t *time.Time) string {
	if t == nil {
		return ""
	}
	return when(*t)
}

// more says how to go on with a list that has a next page.
func (w *world) more(cursor *string) {
	if cursor != nil {
		w.note("there is more: --cursor %s", *cursor)
	}
}
