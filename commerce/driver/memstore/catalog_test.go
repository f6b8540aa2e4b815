package memstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/catalog/catalogtest"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
)

func TestCatalog(t *testing.T) {
	catalogtest.Run(t, func(*testing.T) catalog.Store { return memstore.Catalog{DB: memstore.New()} })
}
