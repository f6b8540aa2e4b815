package account_test

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
)

func Example() {
	ctx := context.Background()
	accounts := account.New(memstore.Accounts{DB: memstore.New()}, nil)
	key, err := accounts.CreateKey(ctx, account.CreateKeyInput{Name: "warehouse", Scopes: []string{"stock:*"}})
	fmt.Println(key.Name, len(key.Secret), err)

	auth := account.Keys(accounts)
	who, err := auth.Authenticate(ctx, key.Secret)
	fmt.Println(who.Kind, who.May("stock:write"), who.May("orders:read"), err)

	_, _ = accounts.RevokeKey(ctx, account.IDInput{ID: key.ID})
	_, err = auth.Authenticate(ctx, key.Secret)
	fmt.Println(err)
	// Output:
	// warehouse 46 <nil>
	// staff true false <nil>
	// say who you are
}
