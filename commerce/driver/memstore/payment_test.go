package memstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/payment/paymenttest"
)

func TestPayments(t *testing.T) {
	paymenttest.Run(t, func(*testing.T) payment.Store { return memstore.Payments{DB: memstore.New()} })
}
