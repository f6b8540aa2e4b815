package money_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// floats returns what in a file computes with binary fractions.
func floats(file *ast.File) []string {
	integral := []string{"math.MaxInt64", "math.MinInt64", "math.MaxUint64", "math.MaxInt", "math.MinInt"}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if slices.Contains([]string{"float32", "float64", "complex64", "complex128"}, n.Name) {
				found = append(found, n.Name)
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT || n.Kind == token.IMAG {
				found = append(found, n.Value)
			}
		case *ast.ImportSpec:
			if n.Path.Value == `"math"` && n.Name != nil {
				found = append(found, "math as "+n.Name.Name)
			}
		case *ast.SelectorExpr:
			x, isIdent := n.X.(*ast.Ident)
			name := n.Sel.Name
			fromMath := isIdent && x.Name == "math" && !slices.Contains(integral, "math."+name)
			if fromMath || strings.Contains(name, "Float") {
				found = append(found, name)
			}
		}
		return true
	})
	return found
}

// M06: money is never a float.
func TestNoFloats(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if found := floats(file); len(found) > 0 {
			t.Errorf("%s: %v", e.Name(), found)
		}
		checked++
	}
	if checked < 5 {
		t.Errorf("%d files found", checked)
	}
}

func TestNoFloatsFindsThem(t *testing.T) {
	tests := map[string]int{
		"var x float64":                                1,
		"var x = float32(1)":                           1,
		"var x = 0.5":                                  1,
		"var x = 1e3":                                  1,
		"var x = 2i":                                   1,
		`import "math"; var x = math.Round(1)`:         1,
		`import "math"; var x = math.Pi`:               1,
		`import . "math"; var x = Round(1)`:            1,
		`import "strconv"; var x = strconv.ParseFloat`: 1,
		`import "math/big"; var x big.Float`:           1,
		`import "math"; var x = math.MaxInt64`:         0,
		`import "math/bits"; var x = bits.Mul64`:       0,
		"var x = 1_000_000":                            0,
	}
	for src, want := range tests {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\n"+src, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := floats(file); len(got) != want {
			t.Errorf("%s: found %v, want %d", src, got, want)
		}
	}
}
