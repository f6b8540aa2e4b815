package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// list runs go list. With -e it also speaks of packages that do not compile.
func list(t *testing.T, args ...string) (all []pkg) {
	t.Helper()
	const fields = "ImportPath,Name,Dir,GoFiles,CgoFiles,IgnoredGoFiles,Imports,TestImports,XTestImports,Standard"
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=" + fields}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestFloors(t *testing.T) {
	all := list(t, module+"/...")
	if len(all) < 10 {
		t.Fatalf("go list knows %d packages: this test looks at nothing", len(all))
	}
	for _, p := range all {
		for _, f := range faults(p) {
			t.Error(f)
		}
	}
}

func TestRoutesNameOperations(t *testing.T) {
	for _, p := range list(t, module+"/...") {
		if p.ImportPath != module+"/transport/httpapi" {
			continue
		}
		for _, file := range slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles) {
			if file == "routes.go" || strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, imp := range importsOf(t, filepath.Join(p.Dir, file)) {
				if inRoutes(imp) {
					t.Errorf("transport/httpapi/%s imports %s: only routes.go may", file, imp)
				}
			}
		}
	}
}

func importsOf(t *testing.T, file string) (paths []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if f == nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// TestOwnDependencies holds what taking one engine promises: nothing of others
// comes along, not even through somebody else's import.
func TestOwnDependencies(t *testing.T) {
	var roots []string
	for _, p := range list(t, module+"/commerce/...") {
		if name, _ := short(p.ImportPath); matchAny([]string{kernel, runners, engines, flows}, name) {
			roots = append(roots, p.ImportPath)
		}
	}
	if len(roots) == 0 {
		t.Fatal("no kernel, no engines: this test looks at nothing")
	}
	by := map[string][]string{}
	deps := list(t, append([]string{"-deps"}, roots...)...)
	for _, p := range deps {
		for _, imp := range p.Imports {
			by[imp] = append(by[imp], p.ImportPath)
		}
	}
	for _, p := range deps {
		if _, ours := short(p.ImportPath); !ours && !p.Standard {
			t.Errorf("%s comes along, imported by %s", p.ImportPath, strings.Join(by[p.ImportPath], ", "))
		}
	}
}
