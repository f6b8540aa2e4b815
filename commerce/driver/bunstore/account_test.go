package bunstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/account/accounttest"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
)

func TestAccounts(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		accounttest.Run(t, func(t *testing.T) account.Store { return bunstore.Accounts{DB: open(t)} })
	})
}
