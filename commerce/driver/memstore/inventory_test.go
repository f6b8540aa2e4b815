package memstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/inventory/inventorytest"
)

func TestInventory(t *testing.T) {
	open := func(*testing.T) inventory.Store { return memstore.Inventory{DB: memstore.New()} }
	inventorytest.Run(t, open)
	t.Run("race", func(t *testing.T) { inventorytest.Race(t, open) })
}
