package account_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/argonhash"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
)

func Example() {
	ctx := context.Background()
	accounts := account.New(memstore.Accounts{DB: memstore.New()}, account.Ports{}, nil)
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

func ExampleEngine_Login() {
	ctx := context.Background()
	secret := []byte("of the shop, 32 bytes or more, by chance")
	keys, _ := jwtauth.Secret(secret)
	tokens := jwtauth.New("https://shop.example", keys, nil)
	accounts := account.New(memstore.Accounts{DB: memstore.New()},
		account.Ports{Hasher: argonhash.New(nil), Tokens: tokens}, &account.Options{Secret: secret})

	// The answer is the same for an address that has an account: the mail tells.
	_, err := accounts.Register(ctx, account.RegisterInput{Email: "ann@example.com", Password: "correct horse 9"})
	fmt.Println(err)

	_, err = accounts.Login(ctx, account.LoginInput{Email: "ann@example.com", Password: "wrong"})
	fmt.Println(err)
	in, err := accounts.Login(ctx, account.LoginInput{Email: "ann@example.com", Password: "correct horse 9"})
	fmt.Println(in.TokenType, time.Duration(in.ExpiresIn)*time.Second, err)

	who, err := account.Access(tokens, account.Keys(accounts)).Authenticate(ctx, in.AccessToken)
	fmt.Println(who.Kind, who.ID == in.Customer.ID, err)

	next, err := accounts.Refresh(ctx, account.RefreshInput{RefreshToken: in.RefreshToken})
	fmt.Println(next.RefreshToken != in.RefreshToken, err)
	// Output:
	// <nil>
	// the address or the password is not right
	// Bearer 10m0s <nil>
	// customer true <nil>
	// true <nil>
}
