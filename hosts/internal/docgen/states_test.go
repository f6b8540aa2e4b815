package docgen

import (
	"bytes"
	"fmt"
	"go/ast"
	"path"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// tables are all transition tables of the shop. TestTablesAreComplete finds
// those that are missing here.
var tables = []struct {
	title, pkg, variable string
	mermaid              func() string
}{
	{"Cart", "commerce/cart", "Transitions", cart.Transitions.Mermaid},
	{"Order", "commerce/order", "Transitions", order.Transitions.Mermaid},
	{"Fulfillment", "commerce/order", "FulfillmentTransitions", order.FulfillmentTransitions.Mermaid},
	{"Refund", "commerce/order", "RefundTransitions", order.RefundTransitions.Mermaid},
	{"Payment", "commerce/payment", "Transitions", payment.Transitions.Mermaid},
	{"Refund of a payment", "commerce/payment", "RefundTransitions", payment.RefundTransitions.Mermaid},
	{"Mail", "commerce/notification", "States", notification.States.Mermaid},
}

// declaredTables returns the comments of all tables by "package.variable".
func declaredTables(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, f := range sourceFiles(t) {
		f.variables(func(name string, comment *ast.CommentGroup, value ast.Expr) bool {
			if lit, ok := value.(*ast.CompositeLit); ok {
				if of, ok := lit.Type.(*ast.IndexExpr); ok && f.selected(of.X, "state", "Table") {
					found[f.pkg+"."+name] = sentence(comment)
				}
			}
			return true
		})
	}
	return found
}

func TestTablesAreComplete(t *testing.T) {
	found := declaredTables(t)
	for _, s := range tables {
		if _, ok := found[s.pkg+"."+s.variable]; !ok {
			t.Errorf("%s.%s is listed and not there", s.pkg, s.variable)
		}
		delete(found, s.pkg+"."+s.variable)
	}
	for name := range found {
		t.Errorf("%s is there and not listed in tables", name)
	}
}

func TestStates(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(note + "# States\n\nThe states that things go through, from the tables that the engines enforce. A state with an arrow to the\ndot is final. A move that has no arrow is refused.\n")
	comments := declaredTables(t)
	for _, s := range tables {
		fmt.Fprintf(&b, "\n## %s\n\n`%s.%s`. %s\n\n```mermaid\n%s```\n", s.title, path.Base(s.pkg), s.variable, comments[s.pkg+"."+s.variable], s.mermaid())
	}
	current(t, "states.md", b.Bytes())
}
