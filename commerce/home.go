package commerce

import (
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// EngineNames are the engines of a shop, by the names that their operations
// begin with.
var EngineNames = []string{"catalog", "inventory", "pricing", "cart", "order", "payment", "account", "notification"}

// FlowNames are the flows over the engines, by the names that their operations
// begin with.
var FlowNames = []string{"storefront", "checkout", "fulfil"}

// reading are the operations of the storefront that need no cart.
var reading = []string{
	storefront.OpStore.Name, storefront.OpProducts.Name, storefront.OpProduct.Name, storefront.OpVariants.Name, storefront.OpVariant.Name,
	storefront.OpCategories.Name, storefront.OpCategory.Name,
}

// Home returns the engine beside which an operation is served: its own, and for
// an operation of a flow the one whose database its answer is kept in.
func Home(operation string) string {
	engine, _, _ := strings.Cut(operation, ".")
	switch engine {
	case "storefront":
		if slices.Contains(reading, operation) {
			return "catalog"
		}
		return "cart"
	case "checkout", "fulfil":
		return "order"
	default:
		return engine
	}
}

// Beside returns a Registrar that passes on to r the operations whose home is
// one of engines.
func Beside(r op.Registrar, engines []string) op.Registrar {
	return op.RegistrarFunc(func(h op.Handler) {
		if slices.Contains(engines, Home(h.Name)) {
			r.Register(h)
		}
	})
}
