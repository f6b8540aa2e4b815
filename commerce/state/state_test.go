package state_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/state"
)

type status string

var table = state.Table[status]{
	"open":    {"placed", "expired"},
	"placed":  {"open", "paid"},
	"expired": {},
	"paid":    nil,
}

func TestAllowsAndFinal(t *testing.T) {
	allowed := map[[2]status]bool{
		{"open", "placed"}: true, {"open", "expired"}: true, {"placed", "open"}: true, {"placed", "paid"}: true,
	}
	all := append(table.States(), "unknown")
	for _, from := range all {
		for _, to := range all {
			if got := table.Allows(from, to); got != allowed[[2]status{from, to}] {
				t.Errorf("%s → %s allowed = %v", from, to, got)
			}
		}
	}
	for s, want := range map[status]bool{"open": false, "placed": false, "expired": true, "paid": true, "unknown": true} {
		if got := table.Final(s); got != want {
			t.Errorf("%s final = %v, want %v", s, got, want)
		}
	}
}

func TestStates(t *testing.T) {
	implicit := state.Table[status]{"b": {"c", "a"}}
	if got, want := implicit.States(), []status{"a", "b", "c"}; !slices.Equal(got, want) {
		t.Errorf("states %v, want %v", got, want)
	}
}

func TestMermaid(t *testing.T) {
	const want = `stateDiagram-v2
    expired --> [*]
    open --> expired
    open --> placed
    paid --> [*]
    placed --> open
    placed --> paid
`
	for range 20 {
		if got := table.Mermaid(); got != want {
			t.Fatalf("got:\n%s\nwant:\n%s", got, want)
		}
	}
}

func ExampleTable() {
	lights := state.Table[string]{"red": {"green"}, "green": {"yellow"}, "yellow": {"red", "off"}}
	fmt.Println(lights.Allows("red", "green"), lights.Allows("red", "yellow"), lights.Final("off"))
	fmt.Print(lights.Mermaid())
	// Output:
	// true false true
	// stateDiagram-v2
	//     green --> yellow
	//     off --> [*]
	//     red --> green
	//     yellow --> off
	//     yellow --> red
}
