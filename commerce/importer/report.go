package importer

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// MaxReported bounds each list of a Report. What is beyond it is counted only.
const MaxReported = 10_000

// Change is one value that an import changes, or would change.
type Change struct {
	Handle string `json:"handle"`
	What   string `json:"what"` // price, title, image, …
	From   string `json:"from"`
	To     string `json:"to"`
}

// Report says what an import did, or would do. The zero value is an empty
// report. It is not safe for concurrent use.
type Report struct {
	Created   int `json:"created"`   // products
	Updated   int `json:"updated"`   // products
	Unchanged int `json:"unchanged"` // products
	Failed    int `json:"failed"`    // products
	Rows      int `json:"rows"`      // of the file, without header and blank ones
	Products  int `json:"products"`  // of the file, failed ones too
	Variants  int `json:"variants"`  // of the products that could be read

	UnknownColumns []string `json:"unknown_columns"` // kept as metadata
	Faults         []Fault  `json:"faults"`
	Changes        []Change `json:"changes"`
	Missing        []string `json:"missing"` // handles in the shop that the file does not have

	// What the lists leave out, see MaxReported.
	FaultsLeftOut  int `json:"faults_left_out"`
	ChangesLeftOut int `json:"changes_left_out"`
	MissingLeftOut int `json:"missing_left_out"`
}

// AddFaults lists faults. It counts no product as failed.
func (r *Report) AddFaults(faults ...Fault) {
	r.FaultsLeftOut += extend(&r.Faults, faults)
}

// AddChanges lists changes, their values shortened.
func (r *Report) AddChanges(changes ...Change) {
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i].From, changes[i].To = shorten(changes[i].From), shorten(changes[i].To)
	}
	r.ChangesLeftOut += extend(&r.Changes, changes)
}

// AddMissing lists handles that the shop has and the file does not.
func (r *Report) AddMissing(handles ...string) {
	r.MissingLeftOut += extend(&r.Missing, handles)
}

// extend adds as many items as there is room for and returns the number of the
// others.
func extend[T any](list *[]T, items []T) (left int) {
	room := min(MaxReported-len(*list), len(items))
	*list = append(*list, items[:room]...)
	return len(items) - room
}

// MarshalJSON writes the report; empty lists are [].
func (r Report) MarshalJSON() ([]byte, error) {
	type plain Report
	p := plain(r)
	p.UnknownColumns = orEmpty(p.UnknownColumns)
	p.Faults = orEmpty(p.Faults)
	p.Changes = orEmpty(p.Changes)
	p.Missing = orEmpty(p.Missing)
	return json.Marshal(p)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// WriteText writes the report for people, in aligned columns. Values are quoted
// so that nothing in a file reaches the terminal as a control character.
func (r Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	r.textCounts(t)
	if len(r.UnknownColumns) > 0 {
		fmt.Fprintf(t, "\nColumns kept as metadata\n")
		for _, name := range r.UnknownColumns {
			fmt.Fprintf(t, "  %s\n", visible(name))
		}
	}
	if len(r.Faults) > 0 {
		fmt.Fprintf(t, "\nFaults\n  ROW\tLINE\tPRODUCT\tCOLUMN\tVALUE\tWHAT IS WANTED\n")
		for _, f := range r.Faults {
			fmt.Fprintf(t, "  %d\t%d\t%s\t%s\t%s\t%s\n", f.Row, f.Line, visible(f.Handle), visible(f.Column), visible(f.Value), clean(f.Message))
		}
		textLeftOut(t, r.FaultsLeftOut)
	}
	if len(r.Changes) > 0 {
		fmt.Fprintf(t, "\nChanges\n  PRODUCT\tWHAT\tFROM\tTO\n")
		for _, c := range r.Changes {
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", visible(c.Handle), visible(c.What), visible(c.From), visible(c.To))
		}
		textLeftOut(t, r.ChangesLeftOut)
	}
	if len(r.Missing) > 0 {
		fmt.Fprintf(t, "\nIn the shop, not in the file\n")
		for _, handle := range r.Missing {
			fmt.Fprintf(t, "  %s\n", visible(handle))
		}
		textLeftOut(t, r.MissingLeftOut)
	}
	return t.Flush()
}

func (r Report) textCounts(w io.Writer) {
	for _, line := range []struct {
		name string
		n    int
	}{
		{"Rows", r.Rows}, {"Products", r.Products}, {"Variants", r.Variants},
		{"Created", r.Created}, {"Updated", r.Updated}, {"Unchanged", r.Unchanged}, {"Failed", r.Failed},
	} {
		fmt.Fprintf(w, "%s\t%d\n", line.name, line.n)
	}
}

func textLeftOut(w io.Writer, n int) {
	if n > 0 {
		fmt.Fprintf(w, "  and %d more\n", n)
	}
}

// visible returns s as it is when it is plain, else quoted.
func visible(s string) string {
	if s == "" {
		return "-"
	}
	if q := strconv.Quote(s); q[1:len(q)-1] != s || strings.TrimSpace(s) != s {
		return q
	}
	return s
}

// clean returns a message without control characters.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// WriteCSV writes the faults as a table that is safe to open in a spreadsheet.
func (r Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"row", "line", "handle", "column", "value", "message"}); err != nil {
		return err
	}
	for _, f := range r.Faults {
		cells := []string{strconv.Itoa(f.Row), strconv.Itoa(f.Line), neutral(f.Handle), neutral(f.Column), neutral(f.Value), neutral(f.Message)}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
