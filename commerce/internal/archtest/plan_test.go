package archtest

import (
	"strings"
	"testing"
)

// TestPlan shows that every rule of the plan bites, and only where it should.
func TestPlan(t *testing.T) {
	const third = "github.com/uptrace/bun"
	for _, tc := range []struct {
		pkg, imp string
		want     string // part of the complaint, "" for none
	}{
		// kernel
		{"commerce/fault", "encoding/json", ""},
		{"commerce/fault", "commerce/txn", "not on its floor"},
		{"commerce/op", "commerce/check", ""},
		{"commerce/op", "commerce/event", "not on its floor"},
		{"commerce/money", "commerce/fault", ""},
		{"commerce/check", "commerce/op", "not on its floor"},
		{"commerce/event", "commerce/cart", "not on its floor"},
		{"commerce/money", third, "only the standard library"},
		// runners
		{"commerce/flow", "commerce/txn", ""},
		{"commerce/flow", "commerce/outbox", "not on its floor"},
		{"commerce/idem", "commerce/cart", "not on its floor"},
		{"commerce/job", third, "only the standard library"},
		// engines
		{"commerce/cart", "commerce/op", ""},
		{"commerce/cart", "commerce/catalog", "not on its floor"},
		{"commerce/cart", "commerce/flow", "not on its floor"},
		{"commerce/cart", "commerce/driver/memstore", "not on its floor"},
		{"commerce/cart", third, "only the standard library"},
		{"commerce/cart", "commerce/nowhere", "not on its floor"},
		// flows and the root
		{"commerce/checkout", "commerce/cart", ""},
		{"commerce/checkout", "commerce/flow", ""},
		{"commerce/checkout", "commerce/storefront", "not on its floor"},
		{"commerce/importer", "commerce/driver/bunstore", "not on its floor"},
		{"commerce", "commerce/checkout", ""},
		{"commerce", "commerce/cart", ""},
		{"commerce", "commerce/driver/memstore", "not on its floor"},
		{"commerce", third, "only the standard library"},
		// drivers
		{"commerce/driver/bunstore", "commerce/cart", ""},
		{"commerce/driver/bunstore", "commerce/checkout", ""},
		{"commerce/driver/bunstore", third, ""},
		{"commerce/driver/bunstore", "commerce/driver/memstore", "not on its floor"},
		{"commerce/driver/bunstore", "commerce", "not on its floor"},
		{"commerce/driver/bunstore", "transport/httpapi", "not on its floor"},
		{"commerce/driver/fakepay/stripeface", "commerce/driver/fakepay", ""},
		{"commerce/driver/fakepay/stripeface", "commerce/driver/stripepay", "not on its floor"},
		{"commerce/driver/fakepay/stripeface", third, "only the standard library"},
		// embed
		{"commerce/embed", "commerce", ""},
		{"commerce/embed", "commerce/driver/bunstore", ""},
		{"commerce/embed", "commerce/cart/carttest", "only _test.go"},
		{"commerce/embed", "transport/httpapi", "not on its floor"},
		{"commerce/embed/shoptest", "commerce/embed", ""},
		{"commerce/embed/shoptest", "commerce/payment/paytest", ""},
		{"commerce/embed/shoptest", "testing", ""},
		// transports
		{"transport/natsrpc", "commerce/op", ""},
		{"transport/natsrpc", "commerce/idem", ""},
		{"transport/natsrpc", "commerce/cart", "not on its floor"},
		{"transport/natsrpc", third, ""},
		{"transport/httpapi", "commerce/cart", ""},
		{"transport/httpapi", "commerce/driver/bunstore", "not on its floor"},
		{"transport/openapi", "transport/httpapi", ""},
		{"transport/openapi", "commerce/cart", "not on its floor"},
		{"transport/httpapi", "transport/openapi", "not on its floor"},
		// programs
		{"hosts/server", "commerce/driver/bunstore", ""},
		{"hosts/server", "hosts/internal/boot", ""},
		{"hosts/server", "transport/httpapi", ""},
		{"hosts/server", "commerce/internal/guardtest", "only _test.go"},
		{"hosts/internal/boot", "hosts/server", "not on its floor"},
		{"examples/onefile", "commerce/embed", ""},
		{"examples/onefile", "hosts/server", "not on its floor"},
		// suites and testing
		{"commerce/cart/carttest", "commerce/cart", ""},
		{"commerce/cart/carttest", "commerce/txn", ""},
		{"commerce/cart/carttest", "testing", ""},
		{"commerce/cart/carttest", "testing/synctest", ""},
		{"commerce/cart/carttest", "commerce/order", "not on its floor"},
		{"commerce/cart/carttest", "commerce/driver/memstore", "not on its floor"},
		{"commerce/cart/carttest", third, "only the standard library"},
		{"commerce/order/ordertest", "commerce/cart/carttest", "only _test.go"},
		{"commerce/cart", "commerce/cart/carttest", "only _test.go"},
		{"commerce/cart", "testing", "only packages named …test"},
		{"commerce/driver/bunstore", "testing/fstest", "only packages named …test"},
		{"commerce/driver/bunstore", "github.com/stretchr/testify/assert", ""},
		// no floor
		{"commerce/util", "fmt", "on no floor"},
		{"commerce/cart/internal", "fmt", "on no floor"},
		{"commerce/util/utiltest", "fmt", "on no floor"},
		{"pkg/x", "fmt", "on no floor"},
		{"hosts/server/handlers", "fmt", "on no floor"},
	} {
		imp := tc.imp
		if strings.HasPrefix(imp, "commerce") || strings.HasPrefix(imp, "transport") || strings.HasPrefix(imp, "hosts") {
			imp = module + "/" + imp
		}
		got := faults(pkg{ImportPath: module + "/" + tc.pkg, Name: "x", Imports: []string{imp}})
		if said := strings.Join(got, "; "); (tc.want == "") != (said == "") || !strings.Contains(said, tc.want) {
			t.Errorf("%s → %s: %q, want %q", tc.pkg, tc.imp, said, tc.want)
		}
	}
}

func TestPlanOfTests(t *testing.T) {
	for imp, bad := range map[string]bool{
		"commerce/cart/carttest": false, "commerce/driver/memstore": false, "commerce/internal/guardtest": false,
		"transport/loopback": false, "hosts/server": true, "examples/onefile": true,
	} {
		for _, p := range []pkg{
			{TestImports: []string{module + "/" + imp, "testing"}},
			{XTestImports: []string{module + "/" + imp, "testing"}},
		} {
			p.ImportPath = module + "/commerce/cart"
			if got := faults(p); bad != (len(got) > 0) {
				t.Errorf("a test of cart that imports %s: %q", imp, got)
			}
			p.ImportPath = module + "/hosts/mercer"
			if got := faults(p); len(got) > 0 {
				t.Errorf("a test of a host that imports %s: %q", imp, got)
			}
		}
	}
}

func TestNoProgramsInTheLibrary(t *testing.T) {
	for name, bad := range map[string]bool{"commerce/cart": true, "commerce/driver/bunstore": true, "hosts/server": false, "examples/onefile": false} {
		if got := faults(pkg{ImportPath: module + "/" + name, Name: "main"}); bad != (len(got) > 0) {
			t.Errorf("program in %s: %q", name, got)
		}
	}
}

func TestInRoutes(t *testing.T) {
	for imp, want := range map[string]bool{
		"commerce/cart": true, "commerce/storefront": true, "commerce/op": false, "commerce/idem": false, "commerce": false,
	} {
		if got := inRoutes(module + "/" + imp); got != want {
			t.Errorf("inRoutes(%s) = %v, want %v", imp, got, want)
		}
	}
	if inRoutes("net/http") {
		t.Error("net/http only in routes.go")
	}
}

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		pattern, name string
		want          bool
	}{
		{"commerce/*", "commerce/cart", true},
		{"commerce/*", "commerce/cart/carttest", false},
		{"commerce/*", "commerce", false},
		{"commerce/{a,b}", "commerce/b", true},
		{"commerce/{a,b}", "commerce/ab", false},
		{"commerce/{a,b}/*", "commerce/a/x", true},
	} {
		if got := match(tc.pattern, tc.name); got != tc.want {
			t.Errorf("match(%q, %q) = %v, want %v", tc.pattern, tc.name, got, tc.want)
		}
	}
}
