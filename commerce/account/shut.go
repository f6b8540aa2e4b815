package account

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// noHasher and noTokens stand for ports that are not there.
type (
	noHasher struct{}
	noTokens struct{}
)

func (noHasher) Hash(context.Context, string) (string, error) { return "", ErrNoSignIn }
func (noHasher) Verify(context.Context, string, string) (ok, stale bool, err error) {
	return false, false, ErrNoSignIn
}

func (noTokens) Issue(context.Context, Claims) (string, error) { return "", ErrNoSignIn }
func (noTokens) Verify(context.Context, string) (Claims, error) {
	return Claims{}, fault.ErrUnauthenticated
}
func (noTokens) Keys() JWKS { return JWKS{} }
