package bunstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/payment/paymenttest"
)

func TestPayments(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		paymenttest.Run(t, func(t *testing.T) payment.Store { return bunstore.Payments{DB: open(t)} })
	})
}
