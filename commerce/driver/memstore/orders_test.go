package memstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/order/ordertest"
)

func TestOrders(t *testing.T) {
	open := func(*testing.T) order.Store { return memstore.Orders{DB: memstore.New()} }
	ordertest.Run(t, open)
	t.Run("race", func(t *testing.T) { ordertest.Race(t, open) })
}
