package docgen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// file is one source file of the module that is no test.
type file struct {
	pkg string // "commerce/cart"
	*ast.File
}

// source returns every such file of commerce, transport and hosts, without
// suites and helpers for tests.
var source = sync.OnceValues(func() (all []file, err error) {
	set := token.NewFileSet()
	for _, top := range []string{"commerce", "transport", "hosts"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (strings.HasSuffix(path, "test") || d.Name() == "testdata"):
				return filepath.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			f, err := parser.ParseFile(set, path, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			pkg, err := filepath.Rel(root, filepath.Dir(path))
			all = append(all, file{filepath.ToSlash(pkg), f})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
})

func sourceFiles(t *testing.T) []file {
	t.Helper()
	all, err := source()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Fatalf("there are %d source files: this test looks at nothing", len(all))
	}
	return all
}

// literal returns the value of a string literal.
func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// selected reports whether e is pkg.name, or name alone in the package itself.
func (f file) selected(e ast.Expr, pkg, name string) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		return ok && x.Name == pkg && e.Sel.Name == name
	case *ast.Ident:
		return f.pkg == "commerce/"+pkg && e.Name == name
	}
	return false
}

// sentence returns a comment as one paragraph.
func sentence(g *ast.CommentGroup) string {
	if g == nil {
		return ""
	}
	text, _, _ := strings.Cut(g.Text(), "\n\n")
	return strings.Join(strings.Fields(text), " ")
}

// typeDoc returns the comment of a type: pkg is "commerce/cart".
func typeDoc(t *testing.T, pkg, name string) string {
	t.Helper()
	for _, f := range sourceFiles(t) {
		if f.pkg != pkg {
			continue
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, s := range g.Specs {
				if s := s.(*ast.TypeSpec); s.Name.Name == name {
					if s.Doc != nil {
						return sentence(s.Doc)
					}
					return sentence(g.Doc)
				}
			}
		}
	}
	t.Errorf("there is no type %s in %s", name, pkg)
	return ""
}

// variables yields the package-level variables of f with their only value.
func (f file) variables(yield func(name string, comment *ast.CommentGroup, value ast.Expr) bool) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			s := s.(*ast.ValueSpec)
			comment := s.Doc
			if comment == nil && len(g.Specs) == 1 {
				comment = g.Doc
			}
			for i, v := range s.Values {
				if !yield(s.Names[i].Name, comment, v) {
					return
				}
			}
		}
	}
}
