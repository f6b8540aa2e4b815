package account

import (
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

func TestKnown(t *testing.T) {
	for scope, want := range map[string]bool{
		"*": true, "orders:read": true, "orders:*": true, "carts:*": true, "keys:write": true,
		"": false, "orders": false, "orders:": false, ":*": false, "*:*": false, "*:read": false, "order:*": false, "orders:delete": false, "orders:read ": false, "ORDERS:read": false,
	} {
		if got := known(scope); got != want {
			t.Errorf("%q exists = %v, want %v", scope, got, want)
		}
	}
	for _, s := range Scopes {
		if !known(s) {
			t.Errorf("%s does not exist", s)
		}
	}
}

func TestMayGive(t *testing.T) {
	for _, c := range []struct {
		has, gives string
		want       bool
	}{
		{"*", "*", true}, {"*", "orders:read", true}, {"*", "orders:*", true},
		{"orders:*", "orders:read", true}, {"orders:*", "orders:*", true}, {"orders:*", "*", false}, {"orders:*", "stock:read", false},
		{"orders:read", "orders:read", true}, {"orders:read", "orders:write", false}, {"orders:read", "orders:*", false}, {"orders:read", "*", false},
	} {
		err := mayGive(ident.Actor{Kind: ident.Staff, Scopes: []string{c.has}}, []string{c.gives})
		if (err == nil) != c.want {
			t.Errorf("who has %s gives %s: %v, want %v", c.has, c.gives, err, c.want)
		}
	}
}

func TestActive(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		key  APIKey
		want bool
	}{
		"for ever":        {APIKey{}, true},
		"ends later":      {APIKey{ExpiresAt: new(now.Add(time.Microsecond))}, true},
		"ends now":        {APIKey{ExpiresAt: &now}, false},
		"revoked":         {APIKey{RevokedAt: &now}, false},
		"revoked, by far": {APIKey{RevokedAt: new(now.Add(-time.Hour)), ExpiresAt: new(now.Add(time.Hour))}, false},
	} {
		if got := c.key.active(now); got != c.want {
			t.Errorf("%s: active = %v, want %v", name, got, c.want)
		}
	}
}
