package account

import (
	"context"
	"time"
)

// Hasher hashes passwords, slowly on purpose. It is safe for concurrent use and
// bounds how many hashes are made at once.
type Hasher interface {
	// Hash returns the hash of a password with all that Verify needs.
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether hash is of password, and whether it was made with
	// parameters that are no longer used, so that it is to be made again. For
	// the empty hash it does the same work and reports false.
	Verify(ctx context.Context, password, hash string) (ok, stale bool, err error)
}

// Tokens makes and reads access tokens.
type Tokens interface {
	// Issue returns a token that says c.
	Issue(ctx context.Context, c Claims) (string, error)
	// Verify returns what a token says. It returns fault.ErrUnauthenticated for
	// one that is not from here, or not valid now.
	Verify(ctx context.Context, token string) (Claims, error)
	// Keys returns the public keys that tokens can be verified with, none if
	// they are signed with a shared secret.
	Keys() JWKS
}

// Audiences of access tokens.
const (
	AudienceCustomer = "customer"
	AudienceStaff    = "staff"
)

// Claims are what an access token says.
type Claims struct {
	Subject  string // id of the customer or of the staff member
	Audience string // AudienceCustomer or AudienceStaff
	Session  string
	Email    string   // when it is verified
	Scopes   []string // of staff
	Issued   time.Time
	Expires  time.Time
}

// JWKS is a set of public keys (RFC 7517).
type JWKS struct {
	Keys []JWK `json:"keys"`
}

// JWK is a public Ed25519 key (RFC 8037).
type JWK struct {
	Kty string `json:"kty"` // "OKP"
	Crv string `json:"crv"` // "Ed25519"
	Kid string `json:"kid"`
	Alg string `json:"alg"` // "EdDSA"
	Use string `json:"use"` // "sig"
	X   string `json:"x"`   // the key in base64url
}
