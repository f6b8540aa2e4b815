package account

import (
	"context"
	"errors"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// upToDate returns a context in which a member of the staff asks with the scopes
// that they have now: what is given to others outlives the access token. It
// returns fault.ErrUnauthenticated for who is disabled or gone, and
// fault.ErrDenied for who has lost access.
func (e *Engine) upToDate(ctx context.Context, access op.Access) (context.Context, error) {
	who := ident.From(ctx)
	if who.Kind != ident.Staff || !strings.HasPrefix(who.ID, KindStaff.Prefix()+"_") {
		return ctx, nil // keys are looked up for each request
	}
	u, err := e.store.User(ctx, who.ID)
	if errors.Is(err, ErrUserNotFound) || err == nil && u.Disabled {
		return ctx, fault.ErrUnauthenticated
	}
	if err != nil {
		return ctx, err
	}
	if who.Scopes, err = e.scopesOf(ctx, u); err != nil {
		return ctx, err
	}
	ctx = ident.With(ctx, who)
	return ctx, holds(ctx, []string{string(access)})
}
