package docgen

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/transport/httpapi"
	"github.com/mercer-commerce/mercer/transport/openapi"
)

// operations returns every operation of a shop, over nothing.
func operations() (all []op.Handler) {
	commerce.Register(op.RegistrarFunc(func(h op.Handler) { all = append(all, h) }), commerce.Remote(nil))
	return all
}

func TestOpenAPI(t *testing.T) {
	info := openapi.Info{Title: "Mercer", Version: "1", Description: "Everything that can be asked of the shop.", Streams: boot.Streams()}
	current(t, "openapi.json", openapi.Document(httpapi.Routes, operations(), info))
}
