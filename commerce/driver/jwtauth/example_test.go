package jwtauth_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
)

// One process has the keys and signs; another one verifies with what it
// publishes.
func Example() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if _, err := jwtauth.NewKey(dir); err != nil {
		panic(err)
	}
	keys, err := jwtauth.Dir(dir)
	if err != nil {
		panic(err)
	}
	here := jwtauth.New("https://shop.example", keys, nil)
	there := jwtauth.New("https://shop.example", jwtauth.Remote(func(context.Context) (account.JWKS, error) { return here.Keys(), nil }), nil)

	ctx, now := context.Background(), time.Now()
	token, err := here.Issue(ctx, account.Claims{Subject: "cus_1", Audience: account.AudienceCustomer, Issued: now, Expires: now.Add(10 * time.Minute)})
	if err != nil {
		panic(err)
	}
	c, err := there.Verify(ctx, token)
	fmt.Println(c.Subject, err)
	_, err = there.Verify(ctx, token+"x")
	fmt.Println(err != nil)
	// Output:
	// cus_1 <nil>
	// true
}
