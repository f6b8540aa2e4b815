package memstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/cart/carttest"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
)

func TestCarts(t *testing.T) {
	carttest.Run(t, func(*testing.T) cart.Store { return memstore.Carts{DB: memstore.New()} })
}
