package boot

import (
	"context"
	"errors"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// issuer is who access tokens say they are from.
const issuer = "mercer"

// signer returns what access tokens are made with: the shared secret, or the
// keys of a directory, which gets its first one when create says so. Without
// either it is nil, which is enough for those who hand out none.
func (c Config) signer(create bool) (account.Tokens, error) {
	if c.JWTSecret != nil {
		keys, err := jwtauth.Secret(c.JWTSecret)
		if err != nil {
			return nil, err
		}
		return jwtauth.New(issuer, keys, nil), nil
	}
	keys, err := jwtauth.Dir(c.JWTKeys)
	if errors.Is(err, jwtauth.ErrNoKey) && create {
		if _, err = jwtauth.NewKey(c.JWTKeys); err == nil {
			keys, err = jwtauth.Dir(c.JWTKeys)
		}
	}
	switch {
	case errors.Is(err, jwtauth.ErrNoKey) && !create:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return jwtauth.New(issuer, keys, nil), nil
}

// verifier returns what access tokens are verified with where they are not made:
// the shared secret, or the public keys of the user service.
func (c Config) verifier(accounts account.Service) (account.Tokens, error) {
	if c.JWTSecret != nil {
		return c.signer(false)
	}
	return jwtauth.New(issuer, jwtauth.Remote(func(ctx context.Context) (account.JWKS, error) {
		return accounts.JWKS(ident.As(ctx, "gateway"), account.MeInput{})
	}), nil), nil
}
