package memstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/account/accounttest"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
)

func TestAccounts(t *testing.T) {
	accounttest.Run(t, func(*testing.T) account.Store { return memstore.Accounts{DB: memstore.New()} })
}
