// Package account knows who people and programs are and what they may do:
// customers and staff, how they sign in, and the secret keys of programs.
//
// What people get wrong: nothing looks an access token up. What ends sessions
// ends access within AccessLife, not at once.
package account

import (
	"slices"
	"strings"
	"time"
)

// APIKey is a secret key of a program. The secret itself is shown once and
// never stored.
type APIKey struct {
	ID         string     `json:"id"` // "key_…"
	Name       string     `json:"name"`
	Scopes     []string   `json:"scopes"`
	Hint       string     `json:"hint"` // the last four characters
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"` // to the minute
	RevokedAt  *time.Time `json:"revoked_at"`
}

// Scopes are the rights that exist, for help texts and validation. "area:*" is
// all of an area, "*" is everything.
var Scopes = []string{
	"catalog:read", "catalog:write", "stock:read", "stock:write", "orders:read", "orders:write", "payments:read", "payments:write", "refunds:write", "gift_cards:read", "gift_cards:write",
	"promotions:read", "promotions:write",
	"settings:read", "settings:write", "keys:read", "keys:write", "carts:read",
	"customers:read", "customers:write", "staff:read", "staff:write", "notifications:read", "notifications:write", "outbox:read", "outbox:write",
}

// active reports whether k opens anything at a time.
func (k APIKey) active(now time.Time) bool {
	return k.RevokedAt == nil && (k.ExpiresAt == nil || now.Before(*k.ExpiresAt))
}

// known reports whether scope exists: it is listed, or stands for listed ones.
func known(scope string) bool {
	area, right, ok := strings.Cut(scope, ":")
	if !ok || right != "*" {
		return scope == "*" || slices.Contains(Scopes, scope)
	}
	return slices.ContainsFunc(Scopes, func(s string) bool { return strings.HasPrefix(s, area+":") })
}
