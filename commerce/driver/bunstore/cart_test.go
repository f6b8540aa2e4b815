package bunstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/cart/carttest"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
)

func TestCarts(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		carttest.Run(t, func(t *testing.T) cart.Store { return bunstore.Carts{DB: open(t)} })
	})
}
