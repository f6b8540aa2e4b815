package account

import (
	"context"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// Keys returns an Authenticator for secret keys: the bearer of "sk_…" is the
// staff member that the key names, with its scopes. Nothing is cached, so that
// a revoked key opens nothing from then on.
func Keys(s Service) ident.Authenticator { return keys{s} }

type keys struct{ accounts Service }

// Authenticate implements ident.Authenticator.
func (k keys) Authenticate(ctx context.Context, bearer string) (ident.Actor, error) {
	if !strings.HasPrefix(bearer, Prefix) {
		return ident.Actor{}, fault.ErrUnauthenticated
	}
	out, err := k.accounts.Authenticate(ident.As(ctx, "account"), AuthenticateInput{Secret: bearer})
	if fault.KindOf(err) == fault.Invalid { // no secret looks like this
		return ident.Actor{}, fault.ErrUnauthenticated
	}
	if err != nil {
		return ident.Actor{}, err
	}
	return ident.Actor{Kind: ident.Staff, ID: out.KeyID, Scopes: out.Scopes}, nil
}
