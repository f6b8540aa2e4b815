package docgen

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the pages instead of comparing them")

// docs is where the pages lie, root the module.
const (
	root = "../../.."
	docs = root + "/docs"
)

const note = "<!-- Written by make generate. Do not edit. -->\n\n"

// current compares a page with what it should be, or writes it.
func current(t *testing.T, page string, want []byte) {
	t.Helper()
	path := filepath.Join(docs, page)
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := firstDifference(got, want); diff != "" {
		t.Errorf("docs/%s is not current, run make generate: %s", page, diff)
	}
}

// firstDifference tells the first line in which got is not want, "" for none.
func firstDifference(got, want []byte) string {
	a, b := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range max(len(a), len(b)) {
		if x, y := line(a, i), line(b, i); x != y {
			return fmt.Sprintf("line %d is %q, want %q", i+1, x, y)
		}
	}
	return ""
}

func line(lines [][]byte, i int) string {
	if i >= len(lines) {
		return "(no line)"
	}
	return string(lines[i])
}

func TestFirstDifference(t *testing.T) {
	for _, c := range []struct{ got, want, diff string }{
		{"a\nb\n", "a\nb\n", ""},
		{"a\nb\n", "a\nc\n", `line 2 is "b", want "c"`},
		{"a\n", "a\nb\n", `line 2 is "", want "b"`},
		{"a", "a\n", `line 2 is "(no line)", want ""`},
	} {
		if got := firstDifference([]byte(c.got), []byte(c.want)); got != c.diff {
			t.Errorf("%q, %q: %q, want %q", c.got, c.want, got, c.diff)
		}
	}
}
