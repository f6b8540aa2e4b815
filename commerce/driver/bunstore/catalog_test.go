package bunstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/catalog/catalogtest"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
)

func TestCatalog(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		catalogtest.Run(t, func(t *testing.T) catalog.Store { return bunstore.Catalog{DB: open(t)} })
	})
}
