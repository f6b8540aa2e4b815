package docgen

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// problem is a fault that the code can make.
type problem struct {
	code, text string
	kind       fault.Kind
	names      []string // "cart.ErrNotFound"
}

// kinds are the constants of fault.Kind by their names.
var kinds = map[string]fault.Kind{
	"Malformed": fault.Malformed, "Unauthenticated": fault.Unauthenticated, "Denied": fault.Denied, "NotFound": fault.NotFound,
	"Conflict": fault.Conflict, "Refused": fault.Refused, "Stale": fault.Stale, "TooLarge": fault.TooLarge, "WrongType": fault.WrongType,
	"Invalid": fault.Invalid, "Throttled": fault.Throttled, "Internal": fault.Internal, "Unavailable": fault.Unavailable,
}

// byStatus is the code of the HTTP client for answers that are no problem; it
// has whatever kind the status has.
const byStatus = "http.status"

// newFault reads a call of fault.New.
func (f file) newFault(t *testing.T, call *ast.CallExpr) (p problem, ok bool) {
	t.Helper()
	if !f.selected(call.Fun, "fault", "New") || len(call.Args) != 3 {
		return p, false
	}
	code, ok := literal(call.Args[1])
	if !ok || code == byStatus {
		return p, false
	}
	p.code = code
	p.text, _ = literal(call.Args[2]) // or made of what happened
	for name, kind := range kinds {
		if f.selected(call.Args[0], "fault", name) {
			p.kind = kind
		}
	}
	if p.kind == "" {
		t.Errorf("%s: the kind of %s is no constant of package fault", f.pkg, code)
	}
	return p, true
}

// problems returns every fault of the code, by its code.
func problems(t *testing.T) map[string]*problem {
	t.Helper()
	found := map[string]*problem{}
	add := func(p problem) {
		old := found[p.code]
		switch {
		case old == nil:
			found[p.code] = &p
			return
		case old.kind != p.kind:
			t.Errorf("%s is %s and %s: one code has one kind", p.code, old.kind, p.kind)
		}
		old.text = cmp.Or(old.text, p.text)
		old.names = append(old.names, p.names...)
	}
	for _, f := range sourceFiles(t) {
		named := map[*ast.CallExpr]bool{}
		f.variables(func(name string, _ *ast.CommentGroup, value ast.Expr) bool {
			ast.Inspect(value, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if p, ok := f.newFault(t, call); ok {
						named[call] = true
						p.names = []string{path.Base(f.pkg) + "." + name}
						add(p)
					}
				}
				return true
			})
			return true
		})
		ast.Inspect(f.File, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && !named[call] {
				if p, ok := f.newFault(t, call); ok {
					add(p)
				}
			}
			return true
		})
	}
	return found
}

// itemCode is what the code of a single fault looks like.
var itemCode = regexp.MustCompile(`^[a-z]+\.[a-z]+(_[a-z]+)*$`)

// itemCodes returns the codes that only occur in "errors", "requirements" and
// "messages": constants, fields Code, and what baskets need.
func itemCodes(t *testing.T, known map[string]*problem) []string {
	t.Helper()
	found := map[string]bool{}
	note := func(e ast.Expr) {
		if s, ok := literal(e); ok && itemCode.MatchString(s) && known[s] == nil {
			found[s] = true
		}
	}
	for _, f := range sourceFiles(t) {
		if !strings.HasPrefix(f.pkg, "commerce/") || f.pkg == "commerce/embed/simulate" { // which has names of jobs
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GenDecl:
				if n.Tok != token.CONST {
					return true
				}
				for _, s := range n.Specs {
					for _, v := range s.(*ast.ValueSpec).Values {
						note(v)
					}
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
					note(n.Value)
				}
			case *ast.CallExpr:
				if fn, ok := n.Fun.(*ast.Ident); ok && fn.Name == "need" {
					note(n.Args[0])
				}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}

const problemsHead = "# Problems\n\n" +
	"Every error that a program can act on, by its code. Over HTTP it is `application/problem+json` (RFC 9457) with this `code`; in Go it is\n" +
	"the variable named, and `errors.Is` finds it on either side of a wire. Those of package mercer are the command line's.\n" +
	"Texts are for people and may change; codes never do.\n\n" +
	"The same code has the same kind everywhere, and each kind has one status, but for the two that HTTP wants otherwise (405, 431).\n" +
	"`conflict` and `refused` are both 409: read again and retry the first; the second is the shop's rules saying no.\n"

func TestProblems(t *testing.T) {
	found := problems(t)
	if len(found) < 30 {
		t.Fatalf("there are %d faults: this test looks at nothing", len(found))
	}
	var b bytes.Buffer
	b.WriteString(note + problemsHead)
	group := ""
	for _, code := range slices.SortedFunc(maps.Keys(found), byGroup) {
		p := found[code]
		of := groupOf(code)
		if of != group {
			group = of
			fmt.Fprintf(&b, "\n## %s\n\n| code | status | kind | text | in Go |\n|---|---|---|---|---|\n", group)
		}
		status := strconv.Itoa(httpapi.StatusOf(&fault.Error{Kind: p.kind, Code: code}))
		slices.Sort(p.names)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", code, status, p.kind, cell(cmp.Or(p.text, "says what happened")), quoted(p.names))
	}
	b.WriteString("\n## In lists only\n\nCodes of the single entries of `errors`, of a cart's `requirements` and of its `messages`, beside those above.\n\n")
	for _, code := range itemCodes(t, found) {
		fmt.Fprintf(&b, "- `%s`\n", code)
	}
	current(t, "problems.md", b.Bytes())
}

// groupOf returns what a code is about.
func groupOf(code string) string {
	of, _, dotted := strings.Cut(code, ".")
	if !dotted {
		return "general"
	}
	return of
}

func byGroup(a, b string) int {
	return cmp.Or(cmp.Compare(groupOf(a), groupOf(b)), cmp.Compare(a, b))
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func quoted(names []string) string {
	var out []string
	for _, n := range slices.Compact(names) {
		out = append(out, "`"+n+"`")
	}
	return strings.Join(out, ", ")
}
