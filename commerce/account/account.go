// Package account knows who may do what: so far the secret keys of the
// programs and people who run the shop.
package account

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
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
	"catalog:read", "catalog:write", "stock:read", "stock:write", "orders:read", "orders:write", "payments:read", "payments:write",
	"settings:read", "settings:write", "keys:read", "keys:write", "carts:read",
}

// Service is the accounts as seen by others: an Engine here, a Client elsewhere.
type Service interface {
	CreateKey(ctx context.Context, in CreateKeyInput) (NewKey, error)
	Keys(ctx context.Context, in KeysInput) (page.Page[APIKey], error)
	RevokeKey(ctx context.Context, in IDInput) (APIKey, error)
	Authenticate(ctx context.Context, in AuthenticateInput) (AuthenticateOutput, error)
}

// The operations, as transports know them.
var (
	OpCreateKey = op.Op[CreateKeyInput, NewKey]{Name: "account.create_key", Access: "keys:write",
		Doc: "Makes a secret key. Nobody can give rights that they do not have.", Fails: []*fault.Error{ErrScopeUnknown, fault.ErrDenied}}
	OpKeys = op.Op[KeysInput, page.Page[APIKey]]{Name: "account.keys", Kind: op.Query, Access: "keys:read",
		Doc: "The secret keys, newest first, without their secrets."}
	OpRevokeKey = op.Op[IDInput, APIKey]{Name: "account.revoke_key", Access: "keys:write",
		Doc: "Ends a secret key at once. Again is fine.", Fails: []*fault.Error{ErrKeyNotFound}}
	OpAuthenticate = op.Op[AuthenticateInput, AuthenticateOutput]{Name: "account.authenticate", Kind: op.Query, Access: op.Inside,
		Doc: "Finds out whose secret this is.", Fails: []*fault.Error{fault.ErrUnauthenticated}}
)

// Errors that callers act on.
var (
	ErrKeyNotFound  = fault.New(fault.NotFound, "account.key_not_found", "no such key")
	ErrScopeUnknown = fault.New(fault.Invalid, "account.scope_unknown", "there is no such scope") // Meta: scopes
)

// IDInput names a key.
type IDInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
}

// CreateKeyInput is a key to be.
type CreateKeyInput struct {
	Name      string     `json:"name" minLength:"1" maxLength:"200"`
	Scopes    []string   `json:"scopes" minItems:"1" maxItems:"50"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// NewKey is a key with its secret, which nobody can show again.
type NewKey struct {
	APIKey
	Secret string `json:"secret"` // "sk_…"
}

// KeysInput asks for a page of keys.
type KeysInput struct {
	page.Query
}

// AuthenticateInput is a secret from a request.
type AuthenticateInput struct {
	Secret string `json:"secret" minLength:"1" maxLength:"500"`
}

// AuthenticateOutput says whose it is.
type AuthenticateOutput struct {
	KeyID  string   `json:"key_id"`
	Scopes []string `json:"scopes"`
}
