package memstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/pricing/pricingtest"
)

func TestPricing(t *testing.T) {
	pricingtest.Run(t, func(*testing.T) pricing.Store { return memstore.Pricing{DB: memstore.New()} })
}
