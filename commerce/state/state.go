// Package state holds the states of a thing and the moves between them as data.
package state

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Table lists, for each state, the states that may follow it. A state with no
// row, or an empty one, is final.
type Table[S ~string] map[S][]S

// Allows reports whether to may follow from.
func (t Table[S]) Allows(from, to S) bool { return slices.Contains(t[from], to) }

// Final reports whether nothing follows s.
func (t Table[S]) Final(s S) bool { return len(t[s]) == 0 }

// States returns every state of the table, sorted.
func (t Table[S]) States() []S {
	all := map[S]bool{}
	for from, tos := range t {
		all[from] = true
		for _, to := range tos {
			all[to] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Mermaid draws the table as a Mermaid state diagram, the same text each time.
func (t Table[S]) Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, from := range t.States() {
		for _, to := range slices.Sorted(slices.Values(t[from])) {
			fmt.Fprintf(&b, "    %s --> %s\n", from, to)
		}
		if t.Final(from) {
			fmt.Fprintf(&b, "    %s --> [*]\n", from)
		}
	}
	return b.String()
}
