package jwtauth

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/mercer-commerce/mercer/commerce/account"
)

// Keys are what tokens are signed and verified with: Secret, Dir or Remote.
type Keys interface {
	// signing returns the key that signs.
	signing(now time.Time) (key, error)
	// named returns the key with an id, which comes from a stranger, or errKey.
	named(ctx context.Context, now time.Time, kid string) (key, error)
	// public returns the public keys.
	public(now time.Time) account.JWKS
}

// key is one key with the one algorithm that it is for.
type key struct {
	id              string // "" for a secret
	method          jwt.SigningMethod
	signs, verifies any
}

// sign writes a token of at most limit bytes.
func (k key) sign(typ string, limit int, claims jwt.Claims) (string, error) {
	t := jwt.NewWithClaims(k.method, claims)
	t.Header["typ"] = typ
	if k.id != "" {
		t.Header["kid"] = k.id
	}
	out, err := t.SignedString(k.signs)
	if err == nil && len(out) > limit {
		return "", fmt.Errorf("jwtauth: a token of %d bytes, %d is the most", len(out), limit)
	}
	return out, err
}

// MinSecret is how long a secret is at least, in bytes.
const MinSecret = 32

func hs256(secret []byte) (key, error) {
	if len(secret) < MinSecret {
		return key{}, fmt.Errorf("jwtauth: a secret of %d bytes, %d is the least", len(secret), MinSecret)
	}
	secret = slices.Clone(secret)
	return key{method: jwt.SigningMethodHS256, signs: secret, verifies: secret}, nil
}

// Secret returns the key that signs and verifies with HS256: whoever has it can
// do both, so it is for shops whose processes all hold it. It returns an error
// for less than MinSecret bytes.
func Secret(secret []byte) (Keys, error) {
	k, err := hs256(secret)
	if err != nil {
		return nil, err
	}
	return shared{k}, nil
}

type shared struct{ key }

func (s shared) signing(time.Time) (key, error) { return s.key, nil }

func (s shared) named(_ context.Context, _ time.Time, kid string) (key, error) {
	if kid != "" {
		return key{}, errKey
	}
	return s.key, nil
}

func (shared) public(time.Time) account.JWKS { return account.JWKS{Keys: []account.JWK{}} }

var b64 = base64.RawURLEncoding

// jwkOf returns a public key as it is published, under its RFC 7638 thumbprint.
func jwkOf(pub ed25519.PublicKey) account.JWK {
	x := b64.EncodeToString(pub)
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return account.JWK{Kty: "OKP", Crv: "Ed25519", Kid: b64.EncodeToString(sum[:]), Alg: jwt.SigningMethodEdDSA.Alg(), Use: "sig", X: x}
}

// verifier returns a published key, false unless it is one of ours: Ed25519,
// named by its thumbprint.
func verifier(j account.JWK) (key, bool) {
	pub, err := b64.DecodeString(j.X)
	if err != nil || len(pub) != ed25519.PublicKeySize || j != jwkOf(pub) {
		return key{}, false
	}
	return key{id: j.Kid, method: jwt.SigningMethodEdDSA, verifies: ed25519.PublicKey(pub)}, true
}

var errVerifyOnly = errors.New("jwtauth: these keys only verify")
