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

	"github.com/mercer-commerce/mercer/commerce/money"
)

// MaxReported bounds each list of a Report. What is beyond it is counted only.
const MaxReported = 10_000

// Change is one value that an import changes, or would change.
type Change struct {
	Handle  string `json:"handle"`
	Variant string `json:"variant"` // its option values, "S / Red"; "" is the product, or the only variant
	What    string `json:"what"`    // price, title, image, …; added and removed for variants; a column that metadata holds
	From    string `json:"from"`
	To      string `json:"to"`
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

	VariantsCreated   int `json:"variants_created"`
	VariantsUpdated   int `json:"variants_updated"`
	VariantsUnchanged int `json:"variants_unchanged"`
	VariantsFailed    int `json:"variants_failed"`  // with their product or by themselves
	VariantsRemoved   int `json:"variants_removed"` // of products that the file names, and it does not name them

	Currency money.Currency `json:"currency"` // of the prices; "" when the file names its own
	DryRun   bool           `json:"dry_run"`  // nothing was written
	Stopped  bool           `json:"stopped"`  // at the first faulty product
	// Through is the row up to which every product was dealt with; later ones
	// were not looked at when the import has ended early.
	Through int `json:"through"`

	UnknownColumns []string `json:"unknown_columns"` // kept as metadata
	Faults         []Fault  `json:"faults"`
	Warnings       []Fault  `json:"warnings"` // what is odd but was taken
	Changes        []Change `json:"changes"`
	Missing        []string `json:"missing"` // handles in the shop that the file does not have

	// What the lists leave out, see MaxReported.
	FaultsLeftOut   int `json:"faults_left_out"`
	WarningsLeftOut int `json:"warnings_left_out"`
	ChangesLeftOut  int `json:"changes_left_out"`
	MissingLeftOut  int `json:"missing_left_out"`
}

// Unchanging reports whether the shop was already as the file says.
func (r Report) Unchanging() bool {
	return r.Products > 0 && r.Unchanged == r.Products && r.VariantsRemoved == 0
}

// AddFaults lists faults. It counts no product as failed.
func (r *Report) AddFaults(faults ...Fault) {
	r.FaultsLeftOut += extend(&r.Faults, faults)
}

// AddWarnings lists what is odd but no fault.
func (r *Report) AddWarnings(warnings ...Fault) {
	r.WarningsLeftOut += extend(&r.Warnings, warnings)
}

// AddChanges lists changes, their values shortened so that they still differ.
func (r *Report) AddChanges(changes ...Change) {
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i].From, changes[i].To = shortenApart(changes[i].From, changes[i].To)
	}
	r.ChangesLeftOut += extend(&r.Changes, changes)
}

// shortenApart shortens two texts; what both begin with goes first.
func shortenApart(a, b string) (string, string) {
	if x, y := shorten(a), shorten(b); x != y || a == b {
		return x, y
	}
	const context = 8
	ra, rb := []rune(a), []rune(b)
	same := 0
	for same < min(len(ra), len(rb)) && ra[same] == rb[same] {
		same++
	}
	same = max(0, same-context)
	return shorten("…" + string(ra[same:])), shorten("…" + string(rb[same:]))
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
	p.Faults, p.Warnings = orEmpty(p.Faults), orEmpty(p.Warnings)
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
	textFaults(t, "Faults", r.Faults, r.FaultsLeftOut)
	textFaults(t, "Warnings", r.Warnings, r.WarningsLeftOut)
	if len(r.Changes) > 0 {
		fmt.Fprintf(t, "\nChanges\n  PRODUCT\tVARIANT\tWHAT\tFROM\tTO\n")
		for _, c := range r.Changes {
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", visible(c.Handle), visible(c.Variant), visible(c.What), visible(c.From), visible(c.To))
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

func textFaults(w io.Writer, title string, faults []Fault, leftOut int) {
	if len(faults) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n  ROW\tLINE\tPRODUCT\tCOLUMN\tVALUE\tWHAT IS WANTED\n", title)
	for _, f := range faults {
		fmt.Fprintf(w, "  %d\t%d\t%s\t%s\t%s\t%s\n", f.Row, f.Line, visible(f.Handle), visible(f.Column), visible(f.Value), clean(f.Message))
	}
	textLeftOut(w, leftOut)
}

func (r Report) textCounts(w io.Writer) {
	fmt.Fprintf(w, "Rows\t%d\n", r.Rows)
	if r.Currency != "" {
		fmt.Fprintf(w, "Currency\t%s\n", visible(string(r.Currency)))
	}
	fmt.Fprintf(w, "\tPRODUCTS\tVARIANTS\n")
	for _, line := range []struct {
		name               string
		products, variants int
	}{
		{"In the file", r.Products, r.Variants}, {"Created", r.Created, r.VariantsCreated}, {"Updated", r.Updated, r.VariantsUpdated},
		{"Unchanged", r.Unchanged, r.VariantsUnchanged}, {"Failed", r.Failed, r.VariantsFailed}, {"Removed", 0, r.VariantsRemoved},
	} {
		fmt.Fprintf(w, "%s\t%d\t%d\n", line.name, line.products, line.variants)
	}
	switch {
	case r.Stopped:
		fmt.Fprintf(w, "\nStopped at a faulty product: everything up to row %d was dealt with, nothing after it\n", r.Through)
	case r.Unchanging():
		fmt.Fprintf(w, "\nNothing to change: the shop is as the file says\n")
	}
	if r.DryRun {
		fmt.Fprintf(w, "\nA dry run: nothing was written\n")
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
