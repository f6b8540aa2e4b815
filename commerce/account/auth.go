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

// Access returns an Authenticator for everything that people and programs show:
// "sk_…" goes to keys, anything else is verified as an access token, here and
// without asking anybody. Either may be nil: then nobody comes in that way.
func Access(tokens Tokens, keys ident.Authenticator) ident.Authenticator { return access{tokens, keys} }

type access struct {
	tokens Tokens
	keys   ident.Authenticator
}

// Authenticate implements ident.Authenticator.
func (a access) Authenticate(ctx context.Context, bearer string) (ident.Actor, error) {
	switch {
	case strings.HasPrefix(bearer, Prefix) && a.keys != nil:
		return a.keys.Authenticate(ctx, bearer)
	case strings.HasPrefix(bearer, Prefix) || a.tokens == nil:
		return ident.Actor{}, fault.ErrUnauthenticated
	}
	c, err := a.tokens.Verify(ctx, bearer)
	switch {
	case err != nil:
		return ident.Actor{}, err
	case c.Audience == AudienceCustomer && strings.HasPrefix(c.Subject, KindCustomer.Prefix()+"_"):
		return ident.Actor{Kind: ident.Customer, ID: c.Subject, Email: c.Email, Session: c.Session}, nil
	case c.Audience == AudienceStaff && strings.HasPrefix(c.Subject, KindStaff.Prefix()+"_"):
		return ident.Actor{Kind: ident.Staff, ID: c.Subject, Scopes: c.Scopes, Session: c.Session}, nil
	default:
		return ident.Actor{}, fault.ErrUnauthenticated
	}
}
