// Package jwtauth makes and reads signed tokens (RFC 7519, with the care that
// RFC 8725 asks for): account.Tokens for the people who sign in, and Actors for
// calls between the processes of one shop.
//
// A token never chooses how it is verified. Its key id picks one of our keys,
// each key has one algorithm, and a header that says anything else than alg,
// typ and kid is refused.
package jwtauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// MaxLife is how long an access token lasts at most.
const MaxLife = 15 * time.Minute

// Bounds of tokens.
const (
	maxAccess = 4 << 10         // bytes
	maxActor  = 8 << 10         // bytes
	leeway    = 5 * time.Second // how far the clock of who issued may be ahead
)

const accessType = "at+jwt"

// Options change how tokens are made. The zero value is good.
type Options struct {
	Now func() time.Time // time.Now
}

func (o *Options) clock() func() time.Time {
	if o == nil || o.Now == nil {
		return time.Now
	}
	return o.Now
}

// Tokens makes and reads access tokens. It is safe for concurrent use.
type Tokens struct {
	issuer string
	keys   Keys
	now    func() time.Time
}

var _ account.Tokens = (*Tokens)(nil)

// New returns Tokens of issuer, a name that all processes of the shop share,
// such as its address. opts may be nil.
func New(issuer string, keys Keys, opts *Options) *Tokens {
	return &Tokens{issuer: issuer, keys: keys, now: opts.clock()}
}

// access is account.Claims as they are written.
type access struct {
	jwt.RegisteredClaims
	Session string   `json:"sid,omitempty"`
	Email   string   `json:"email,omitempty"`
	Scopes  []string `json:"scopes,omitempty"`
}

// Issue implements account.Tokens. Times are kept to the second. It returns an
// error for claims that Verify would not believe.
func (t *Tokens) Issue(_ context.Context, c account.Claims) (string, error) {
	a := access{registered(t.issuer, c.Subject, c.Audience, c.Issued, c.Expires), c.Session, c.Email, c.Scopes}
	if err := t.check(a, c.Issued); err != nil {
		return "", fmt.Errorf("jwtauth: issue: %w", err)
	}
	k, err := t.keys.signing(t.now())
	if err != nil {
		return "", err
	}
	return k.sign(accessType, maxAccess, a)
}

// Verify implements account.Tokens. With Remote keys it returns
// fault.ErrUnavailable while there are none.
func (t *Tokens) Verify(ctx context.Context, token string) (account.Claims, error) {
	var a access
	now := t.now()
	find := func(kid string) (key, error) { return t.keys.named(ctx, now, kid) }
	if err := parse(token, maxAccess, accessType, find, &a); err != nil {
		return account.Claims{}, refuse(err)
	}
	if err := t.check(a, now); err != nil {
		return account.Claims{}, refuse(err)
	}
	return account.Claims{Subject: a.Subject, Audience: a.Audience[0], Session: a.Session, Email: a.Email, Scopes: a.Scopes,
		Issued: a.IssuedAt.UTC(), Expires: a.ExpiresAt.UTC()}, nil
}

// Keys implements account.Tokens.
func (t *Tokens) Keys() account.JWKS { return t.keys.public(t.now()) }

// check says what is wrong with signed claims at a time.
func (t *Tokens) check(a access, now time.Time) error {
	switch {
	case a.Issuer != t.issuer:
		return errClaim("iss")
	case a.Subject == "":
		return errClaim("sub")
	case len(a.Audience) != 1 || a.Audience[0] != account.AudienceCustomer && a.Audience[0] != account.AudienceStaff:
		return errClaim("aud")
	}
	return inTime(a.RegisteredClaims, MaxLife, now)
}

func registered(issuer, subject, audience string, issued, expires time.Time) jwt.RegisteredClaims {
	at := jwt.NewNumericDate(issued)
	return jwt.RegisteredClaims{Issuer: issuer, Subject: subject, Audience: jwt.ClaimStrings{audience},
		IssuedAt: at, NotBefore: at, ExpiresAt: jwt.NewNumericDate(expires)}
}

// inTime says what is wrong with the times of c.
func inTime(c jwt.RegisteredClaims, life time.Duration, now time.Time) error {
	switch soon := now.Add(leeway); {
	case c.IssuedAt == nil || c.IssuedAt.After(soon):
		return errClaim("iat")
	case c.ExpiresAt == nil || !now.Before(c.ExpiresAt.Time) || c.ExpiresAt.Sub(c.IssuedAt.Time) > life:
		return errClaim("exp")
	case c.NotBefore != nil && c.NotBefore.After(soon):
		return errClaim("nbf")
	}
	return nil
}

// refuse hides why: whoever forges tokens shall not learn how far they came.
func refuse(err error) error {
	if fault.KindOf(err) != fault.Internal || errors.Is(err, txn.ErrInside) {
		return err
	}
	return fault.ErrUnauthenticated.Because(err)
}
