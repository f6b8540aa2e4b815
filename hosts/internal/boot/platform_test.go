package boot_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

// operations returns the names of all operations of services. Outboxes are in
// every service, each under the name of an engine there.
func operations() (all []string) {
	shop := commerce.Remote(nil)
	list := op.RegistrarFunc(func(h op.Handler) { all = append(all, h.Name) })
	outboxes := shop.Outbox
	shop.Outbox, shop.Explain = nil, nil // the gateway makes them of what all services have
	commerce.Register(list, shop)
	for _, service := range boot.ServiceNames() {
		outbox.Register(outbox.Under(boot.EnginesOf(service)[0], list), outboxes)
	}
	return all
}

func TestEveryOperationHasItsService(t *testing.T) {
	all := operations()
	if len(all) < 80 {
		t.Fatalf("%d operations: this test looks at too few", len(all))
	}
	engines := map[string]string{}
	for _, service := range boot.ServiceNames() {
		for _, e := range boot.EnginesOf(service) {
			if engines[e] != "" {
				t.Errorf("%s is in %s and in %s", e, engines[e], service)
			}
			engines[e] = service
		}
	}
	if got := slices.Sorted(maps.Keys(engines)); !slices.Equal(got, slices.Sorted(slices.Values(commerce.EngineNames))) {
		t.Errorf("engines of the services: %v, of a shop: %v", got, commerce.EngineNames)
	}
	for _, name := range all {
		if !slices.Contains(boot.ServiceNames(), boot.ServiceOf(name)) {
			t.Errorf("%s is served by %q", name, boot.ServiceOf(name))
		}
	}
	for name, want := range map[string]string{
		"storefront.product": "product", "storefront.add_items": "cart", "checkout.complete": "order", "fulfil.ship": "order", "account.jwks": "user", "toy.play": "",
	} {
		if got := boot.ServiceOf(name); got != want {
			t.Errorf("%s is served by %q, want %q", name, got, want)
		}
	}
	var served []string
	for _, u := range boot.NATSUsers() {
		for _, name := range all {
			if slices.ContainsFunc(u.Serves, func(s string) bool { return s == name || !strings.Contains(s, ".") && strings.HasPrefix(name, s+".") }) {
				served = append(served, name+" by "+u.Name)
			}
		}
	}
	for _, name := range all {
		want := name + " by " + boot.ServiceOf(name)
		if i := slices.Index(served, want); i < 0 {
			t.Errorf("not permitted: %s", want)
		} else {
			served = slices.Delete(served, i, i+1)
		}
	}
	if len(served) > 0 {
		t.Errorf("permitted beyond that: %v", served)
	}
}

// TestCalls holds the calls that services are permitted against those in the
// source of the flows beside their engines.
func TestCalls(t *testing.T) {
	all := operations()
	read, carts := []string{"Handle", "NewIndex"}, []string(nil) // what of the storefront is beside the catalog, and beside the carts
	for _, name := range all {
		if flow, method, _ := strings.Cut(name, "."); flow != "storefront" {
			continue
		} else if boot.ServiceOf(name) == "product" {
			read = append(read, camel(method))
		} else {
			carts = append(carts, camel(method))
		}
	}
	storefront, checkout := source(t, "storefront", "basket"), source(t, "checkout", "fulfil", "basket")
	want := map[string][]string{
		"product":      append(storefront.calls(read, carts), source(t, "importer").calls(nil, nil)...),
		"cart":         append(storefront.calls(carts, read), "pricing.quote"), // the prices of cart.Engine
		"order":        append(checkout.calls(nil, nil), "account.customer"),   // commerce.GuestOrders
		"notification": {"account.challenge", "order.access_mail"},             // commerce.Challenges
	}
	for _, u := range boot.NATSUsers() {
		for _, name := range u.Calls {
			if !slices.Contains(all, name) {
				t.Errorf("%s may call %s, which does not exist", u.Name, name)
			}
		}
		if u.Name == "gateway" {
			for _, name := range source(t, "explain").calls(nil, nil) {
				if !slices.Contains(u.Calls, name) {
					t.Errorf("the gateway explains orders and may not call %s", name)
				}
			}
			continue
		}
		calls := slices.DeleteFunc(want[u.Name], func(name string) bool { return boot.ServiceOf(name) == u.Name })
		slices.Sort(calls)
		got := slices.Sorted(slices.Values(u.Calls))
		if calls = slices.Compact(calls); !slices.Equal(got, calls) {
			t.Errorf("%s may call\n%v\nits flows call\n%v", u.Name, got, calls)
		}
	}
}

// flowSource is what functions mention, by their names.
type flowSource map[string]struct{ mentions, calls []string }

// ports are the engines behind the fields of a flow's Ports.
var ports = map[string]string{"Catalog": "catalog", "Stock": "inventory", "Prices": "pricing", "Carts": "cart", "Payments": "payment", "Orders": "order"}

func source(t *testing.T, packages ...string) flowSource {
	t.Helper()
	all := flowSource{}
	for _, p := range packages {
		files, err := filepath.Glob("../../../commerce/" + p + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatal(p, err)
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, "_test.go") || filepath.Base(name) == "client.go" {
				continue
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
					all.add(f)
				}
			}
		}
	}
	return all
}

func (s flowSource) add(f *ast.FuncDecl) {
	e := s[f.Name.Name] // of several types together
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.SelectorExpr); ok && ports[x.Sel.Name] != "" {
				e.calls = append(e.calls, ports[x.Sel.Name]+"."+snake(n.Sel.Name))
				return false
			}
		case *ast.Ident:
			e.mentions = append(e.mentions, n.Name)
		}
		return true
	})
	s[f.Name.Name] = e
}

// calls returns the operations that are called by the functions in from, by all
// when it is nil, and by those that they mention, but not by way of others.
func (s flowSource) calls(from, others []string) (names []string) {
	if from == nil {
		from = slices.Collect(maps.Keys(s))
	}
	seen := map[string]bool{}
	for _, f := range others {
		seen[f] = true
	}
	var walk func(f string)
	walk = func(f string) {
		if seen[f] {
			return
		}
		seen[f] = true
		names = append(names, s[f].calls...)
		for _, m := range s[f].mentions {
			walk(m)
		}
	}
	for _, f := range from {
		walk(f)
	}
	return names
}

// snake returns the name of the operation of a method.
func snake(method string) string {
	var b strings.Builder
	for i, r := range method {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// camel returns the method of an operation.
func camel(operation string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(operation, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
