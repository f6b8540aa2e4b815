package ident_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

func TestMay(t *testing.T) {
	for _, tc := range []struct {
		actor ident.Actor
		scope string
		want  bool
	}{
		{ident.Actor{Kind: ident.System}, "orders:write", true},
		{ident.Actor{Kind: ident.Service}, "orders:write", true},
		{ident.Actor{Kind: ident.Staff}, "orders:write", false},
		{ident.Actor{Kind: ident.Staff, Scopes: []string{"orders:write"}}, "orders:write", true},
		{ident.Actor{Kind: ident.Staff, Scopes: []string{"orders:read"}}, "orders:write", false},
		{ident.Actor{Kind: ident.Staff, Scopes: []string{"orders:*"}}, "orders:write", true},
		{ident.Actor{Kind: ident.Staff, Scopes: []string{"order:*"}}, "orders:write", false},
		{ident.Actor{Kind: ident.Staff, Scopes: []string{"orders"}}, "orders:write", false},
		{ident.Actor{Kind: ident.Staff, Scopes: []string{"a:b", "*"}}, "orders:write", true},
		{ident.Actor{Kind: ident.Staff, Scopes: []string{""}}, "orders:write", false},
		{ident.Actor{Kind: ident.Customer, Scopes: []string{"*"}}, "orders:write", false},
		{ident.Actor{Kind: ident.Guest, Scopes: []string{"*"}}, "orders:write", false},
		{ident.Actor{Scopes: []string{"*"}}, "orders:write", false},
	} {
		if got := tc.actor.May(tc.scope); got != tc.want {
			t.Errorf("%s with %q may %s = %v, want %v", tc.actor, tc.actor.Scopes, tc.scope, got, tc.want)
		}
	}
}

func TestAs(t *testing.T) {
	ann := ident.Actor{Kind: ident.Customer, ID: "cus_ann"}
	ctx := ident.WithRequest(ident.WithKey(ident.With(t.Context(), ann), "key"), "req_1")
	flow := ident.As(ctx, "checkout")
	inner := ident.As(flow, "order")

	who := ident.From(inner)
	if who.Kind != ident.Service || who.ID != "order" || !who.Trusted() {
		t.Errorf("asks %+v, want the order service", who)
	}
	if got := who.Origin(); got.String() != "customer:cus_ann" {
		t.Errorf("origin %v, want Ann", got)
	}
	if who.For.For != nil {
		t.Error("services pile up between the asker and the service")
	}
	if got := ident.Key(flow); got != "" {
		t.Errorf("the key %q of Ann's request went along", got)
	}
	if got := ident.Key(ctx); got != "key" {
		t.Errorf("key %q, want Ann's", got)
	}
	if got := ident.Request(inner); got != "req_1" {
		t.Errorf("request %q, want req_1", got)
	}
}

func TestNobodyNamed(t *testing.T) {
	ctx := t.Context()
	if got := ident.From(ctx); got.Kind != ident.System || !got.Trusted() || got.String() != "system" {
		t.Errorf("asks %v, want the program itself", got)
	}
	if ident.Key(ctx) != "" || ident.Request(ctx) != "" {
		t.Error("a bare context has a key or a request")
	}
	if got := ident.From(ident.With(ctx, ident.Actor{})); got.Trusted() {
		t.Errorf("an actor without a kind is trusted: %+v", got)
	}
}

func TestClient(t *testing.T) {
	ctx := ident.WithClient(t.Context(), "192.0.2.1")
	if got := ident.Client(ident.As(ctx, "checkout")); got != "192.0.2.1" {
		t.Errorf("client %q, want the one that asked the flow", got)
	}
	if got := ident.Client(t.Context()); got != "" {
		t.Errorf("client %q outside of a request", got)
	}
}

var idForm = regexp.MustCompile(`^prod_[0-7][0-9A-HJKMNP-TV-Z]{25}$`)

func TestNewID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[string]bool{}
		last := ""
		for range 200 {
			id := ident.NewID("prod")
			if !idForm.MatchString(id) {
				t.Fatalf("%s is not a prefix and 26 Crockford digits", id)
			}
			if seen[id] {
				t.Fatalf("%s twice", id)
			}
			if id <= last {
				t.Fatalf("%s, made later, sorts before %s", id, last)
			}
			seen[id], last = true, id
			time.Sleep(time.Millisecond) // of the bubble's clock
		}
	})
	a, b := ident.NewID("prod"), ident.NewID("prod")
	if a == b {
		t.Errorf("%s twice in one moment", a)
	}
}

func TestDeriveID(t *testing.T) {
	a := ident.DeriveID("prod", "cart_1.1")
	if !idForm.MatchString(a) {
		t.Errorf("%s does not look like an id", a)
	}
	if b := ident.DeriveID("prod", "cart_1.1"); a != b {
		t.Errorf("%s and %s for one name", a, b)
	}
	if b := ident.DeriveID("prod", "cart_1.2"); a == b {
		t.Errorf("%s for two names", a)
	}
}

// Keys and secrets are kept by stores and in mails: these values must stay.
func TestNameless(t *testing.T) {
	const want = "mail:14a3dbf249e9d1824fbcacb7204ad349f169a9072efeb6e491140cfa482084c2"
	if got := ident.Nameless("mail", "1001", "ann@example.com"); got != want {
		t.Errorf("key = %s, want %s", got, want)
	}
	if ident.Nameless("mail", "a", "bc") == ident.Nameless("mail", "ab", "c") {
		t.Error("one key for other names")
	}
}

func TestSecretFor(t *testing.T) {
	const want = "08696d7715b8d62e6dd692a164c6671973b9638297a6953355557be8763408e9"
	if got := hex.EncodeToString(ident.SecretFor([]byte("secret"), "order.codes")); got != want {
		t.Errorf("secret = %s, want %s", got, want)
	}
}

func TestToken(t *testing.T) {
	secret := []byte("secret")
	token := ident.Token(secret, "cart_1", 0)
	if len(token) != 43 {
		t.Errorf("%d characters, want 43", len(token))
	}
	for name, tc := range map[string]struct {
		token  string
		secret string
		id     string
		epoch  int
		want   bool
	}{
		"own":           {token, "secret", "cart_1", 0, true},
		"other id":      {token, "secret", "cart_2", 0, false},
		"revoked":       {token, "secret", "cart_1", 1, false},
		"other secret":  {token, "Secret", "cart_1", 0, false},
		"empty":         {"", "secret", "cart_1", 0, false},
		"cut":           {token[:42], "secret", "cart_1", 0, false},
		"other case":    {strings.ToUpper(token), "secret", "cart_1", 0, false},
		"moved border":  {ident.Token(secret, "cart_1", 11), "secret", "cart_11", 1, false},
		"empty, no key": {"", "", "", 0, false},
	} {
		if got := ident.TokenFits(tc.token, []byte(tc.secret), tc.id, tc.epoch); got != tc.want {
			t.Errorf("%s: fits = %v, want %v", name, got, tc.want)
		}
	}
}

func ExampleAs() {
	ctx := ident.With(context.Background(), ident.Actor{Kind: ident.Customer, ID: "cus_ann"})
	ctx = ident.As(ctx, "checkout")
	who := ident.From(ctx)
	fmt.Println(who, "for", who.Origin())
	// Output: service:checkout for customer:cus_ann
}

func ExampleToken() {
	secret := []byte("of the shop, 32 bytes or more")
	token := ident.Token(secret, "cart_01", 0)
	fmt.Println(ident.TokenFits(token, secret, "cart_01", 0), ident.TokenFits(token, secret, "cart_02", 0))
	// Output: true false
}
