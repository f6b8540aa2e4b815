// Package archtest holds the floor plan of the module as a test: which package
// may import which. A package that stands on no floor fails, so that the plan
// is changed on purpose, with a decision record, before the tree is.
package archtest

import (
	"path"
	"slices"
	"strings"
)

const module = "github.com/mercer-commerce/mercer"

// floor is one row of the plan: the packages that match pkg may import those of
// this module that match may, and with third also code of others.
type floor struct {
	pkg   string
	may   []string
	third bool
}

const (
	kernel  = "commerce/{fault,ident,check,txn,op,event,page,money,state,once,address,bill}"
	runners = "commerce/{flow,outbox,idem,job}"
	engines = "commerce/{catalog,inventory,pricing,cart,order,payment,account,notification,media,hooks}"
	flows   = "commerce/{basket,storefront,checkout,fulfil,importer,explain}"
	drivers = "commerce/driver/*"
)

var (
	library  = []string{"commerce", "commerce/*", "commerce/*/*"}
	exported = append([]string{"transport/*"}, library...)
)

// plan is read from the top; the first row that a package matches holds.
var plan = []floor{
	{"commerce/{fault,txn,event,state,address}", nil, false},
	{"commerce/bill", []string{"commerce/money"}, false},
	{"commerce/{ident,check,page,money,once}", []string{"commerce/fault"}, false},
	{"commerce/op", []string{"commerce/{fault,ident,check}"}, false},
	{runners, []string{kernel}, false},
	{engines, []string{kernel}, false}, // never one another
	{"commerce/{storefront,checkout}", []string{kernel, runners, engines, "commerce/basket"}, false},
	{flows, []string{kernel, runners, engines}, false},
	{"commerce", []string{kernel, runners, engines, flows}, false},
	{"commerce/internal/*", nil, false},
	{drivers, []string{kernel, runners, engines, flows}, true},                       // never one another
	{"commerce/driver/bunstore/buntest", []string{"commerce/driver/bunstore"}, true}, // opens servers
	{"commerce/driver/fakepay/stripeface", []string{"commerce/driver/fakepay"}, false},
	{"commerce/embed", library, true},
	{"commerce/embed/shoptest", library, true},
	{"commerce/embed/simulate", append([]string{"transport/loopback"}, library...), true},
	{"commerce/embed/topologytest", append([]string{"commerce/driver/bunstore/buntest"}, exported...), true},
	{"commerce/embed/contracttest", exported, true},
	{"transport/httpapi", []string{kernel, runners, engines, flows}, true}, // see inRoutes
	{"transport/openapi", []string{kernel, runners, "transport/httpapi"}, true},
	{"transport/*", []string{kernel, runners}, true},
	{"hosts/*", append([]string{"hosts/*", "hosts/internal/*"}, exported...), true},
	{"hosts/internal/fleettest", append([]string{"hosts/internal/*", "commerce/driver/bunstore/buntest", "commerce/embed/shoptest"}, exported...), true},
	{"hosts/internal/*", append([]string{"hosts/internal/*"}, exported...), true},
	{"examples", nil, false}, // the test that runs them
	{"examples/*", exported, true},
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Name, Dir              string
	GoFiles, CgoFiles, IgnoredGoFiles  []string
	Imports, TestImports, XTestImports []string
	Standard                           bool
}

// short returns an import path without the module, false for other modules.
func short(importPath string) (string, bool) {
	return strings.CutPrefix(importPath, module+"/")
}

// isSuite reports whether a package holds tests for others to run, or help for
// tests: only _test.go files import it.
func isSuite(name string) bool { return strings.HasSuffix(name, "test") }

// floorOf returns the row of a package. A suite stands on the floor of the
// package that it lies in and sees that package and the kernel.
func floorOf(name string) (floor, bool) {
	if i := slices.IndexFunc(plan, func(f floor) bool { return match(f.pkg, name) }); i >= 0 {
		return plan[i], true
	}
	of := path.Dir(name)
	if isSuite(name) && slices.ContainsFunc(plan, func(f floor) bool { return match(f.pkg, of) }) {
		return floor{name, []string{of, kernel}, false}, true
	}
	return floor{}, false
}

// faults returns what the plan has against p.
func faults(p pkg) (out []string) {
	name, _ := short(p.ImportPath)
	f, ok := floorOf(name)
	if !ok {
		return []string{name + " is on no floor: add it to the plan"}
	}
	if p.Name == "main" && strings.HasPrefix(name, "commerce") {
		out = append(out, name+" is a program: those are hosts and examples")
	}
	for _, imp := range p.Imports {
		if why := f.against(name, imp); why != "" {
			out = append(out, name+" imports "+imp+": "+why)
		}
	}
	for _, imp := range slices.Concat(p.TestImports, p.XTestImports) {
		to, ours := short(imp)
		if ours && above(to) && !above(name) {
			out = append(out, "a test of "+name+" imports "+imp+": hosts and examples are nobody's to import")
		}
	}
	return out
}

// against says why a package on floor f may not import imp in a file that is no
// test, "" if it may.
func (f floor) against(name, imp string) string {
	to, ours := short(imp)
	switch {
	case (imp == "testing" || strings.HasPrefix(imp, "testing/")) && !isSuite(name):
		return "only packages named …test may"
	case !ours && !f.third && !standard(imp):
		return "only the standard library here"
	case !ours:
		return ""
	case isSuite(to) && !(isSuite(name) && matchAny(f.may, to)):
		return "only _test.go files may"
	case !matchAny(f.may, to) || strings.HasPrefix(to, "commerce/internal/"):
		return "not on its floor"
	}
	return ""
}

// above reports whether a package belongs to a program.
func above(name string) bool {
	return strings.HasPrefix(name, "hosts/") || strings.HasPrefix(name, "examples/")
}

// standard reports whether imp is of the standard library: its first element
// has no dot, as a host name would.
func standard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}

// inRoutes says what httpapi may import in routes.go alone: what names the
// operations of engines and flows.
func inRoutes(imp string) bool {
	name, ours := short(imp)
	return ours && matchAny([]string{engines, flows}, name)
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, name) })
}

// match is path.Match with one {a,b} for alternatives.
func match(pattern, name string) bool {
	pre, rest, ok := strings.Cut(pattern, "{")
	if !ok {
		fits, _ := path.Match(pattern, name)
		return fits
	}
	alts, post, _ := strings.Cut(rest, "}")
	return slices.ContainsFunc(strings.Split(alts, ","), func(alt string) bool { return match(pre+alt+post, name) })
}
