package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// RoleOwner is the id of the role that allows everything. It is always there
// and never changes, and one member of the staff who is not disabled has it,
// once there was one.
const RoleOwner = "owner"

// Role is a named set of scopes that members of the staff are given.
type Role struct {
	ID        string    `json:"id"` // "rol_…" or RoleOwner
	Name      string    `json:"name"`
	Scopes    []string  `json:"scopes"`
	BuiltIn   bool      `json:"built_in"`
	Version   int64     `json:"version"` // 0 is not saved yet
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Owner returns the role that is in every store from the beginning.
func Owner() Role {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return Role{ID: RoleOwner, Name: "Owner", Scopes: []string{"*"}, BuiltIn: true, Version: 1, CreatedAt: begin, UpdatedAt: begin}
}

// Roles returns a page of roles, the built-in one first, then the oldest.
func (e *Engine) Roles(ctx context.Context, in RolesInput) (page.Page[Role], error) {
	if err := OpRoles.Admit(ctx, in); err != nil {
		return page.Page[Role]{}, err
	}
	var after idPosition
	if _, err := page.Decode(in.Cursor, &after); err != nil {
		return page.Page[Role]{}, err
	}
	found, err := e.store.Roles(ctx, after.ID, in.Size()+1)
	if err != nil {
		return page.Page[Role]{}, err
	}
	return page.Of(found, in.Size(), func(r Role) any { return idPosition{r.ID} }), nil
}

// Role returns a role, or ErrRoleNotFound.
func (e *Engine) Role(ctx context.Context, in IDInput) (Role, error) {
	if err := OpRole.Admit(ctx, in); err != nil {
		return Role{}, err
	}
	return e.store.Role(ctx, in.ID)
}

// CreateRole makes a role. It returns ErrScopeUnknown, and fault.ErrDenied for
// scopes that the caller does not have.
func (e *Engine) CreateRole(ctx context.Context, in CreateRoleInput) (Role, error) {
	if err := OpCreateRole.Admit(ctx, in); err != nil {
		return Role{}, err
	}
	ctx, err := e.upToDate(ctx, OpCreateRole.Access)
	if err != nil {
		return Role{}, err
	}
	scopes := eachOnce(in.Scopes)
	if err := mayGive(ident.From(ctx), scopes); err != nil {
		return Role{}, err
	}
	now := e.now()
	r := Role{ID: e.opts.ID("rol"), Name: in.Name, Scopes: scopes, CreatedAt: now, UpdatedAt: now}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Role, error) {
		r := r
		err := e.store.SaveRole(ctx, &r)
		return r, err
	})
}

// UpdateRole changes the name or the scopes of a role; who has it gets the new
// scopes with their next access token. The caller needs all scopes of the role,
// those until now too. It returns ErrRoleNotFound, ErrRoleBuiltIn and what
// CreateRole does.
func (e *Engine) UpdateRole(ctx context.Context, in UpdateRoleInput) (Role, error) {
	if err := OpUpdateRole.Admit(ctx, in); err != nil {
		return Role{}, err
	}
	ctx, err := e.upToDate(ctx, OpUpdateRole.Access)
	if err != nil {
		return Role{}, err
	}
	scopes := eachOnce(in.Scopes)
	if err := mayGive(ident.From(ctx), scopes); err != nil {
		return Role{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Role, error) {
		r, err := e.changeable(ctx, in.ID)
		if err != nil {
			return Role{}, err
		}
		if in.Name != "" {
			r.Name = in.Name
		}
		if len(scopes) > 0 {
			r.Scopes = scopes
		}
		r.UpdatedAt = e.now()
		err = e.store.SaveRole(ctx, &r)
		return r, err
	})
}

// DeleteRole removes a role that nobody has. It returns ErrRoleNotFound,
// ErrRoleBuiltIn, ErrRoleInUse, and fault.ErrDenied for a role with scopes that
// the caller does not have.
func (e *Engine) DeleteRole(ctx context.Context, in IDInput) (op.Nothing, error) {
	if err := OpDeleteRole.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	ctx, err := e.upToDate(ctx, OpDeleteRole.Access)
	if err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		if _, err := e.changeable(ctx, in.ID); err != nil {
			return op.Nothing{}, err
		}
		switch used, err := e.store.HasMember(ctx, in.ID, false); {
		case err != nil:
			return op.Nothing{}, err
		case used:
			return op.Nothing{}, ErrRoleInUse
		}
		return op.Nothing{}, e.store.DeleteRole(ctx, in.ID)
	})
}

// changeable returns a role that the caller may change.
func (e *Engine) changeable(ctx context.Context, id string) (Role, error) {
	r, err := e.store.Role(ctx, id)
	switch {
	case err != nil:
		return Role{}, err
	case r.BuiltIn:
		return Role{}, ErrRoleBuiltIn
	}
	return r, holds(ctx, r.Scopes)
}

// holds returns fault.ErrDenied unless the caller has all these scopes.
func holds(ctx context.Context, scopes []string) error {
	who := ident.From(ctx)
	for _, s := range scopes {
		if !who.May(s) {
			return fault.ErrDenied.With(map[string]string{"scope": s})
		}
	}
	return nil
}

// scopesOf returns what the roles of a member of the staff allow now, together.
func (e *Engine) scopesOf(ctx context.Context, u User) ([]string, error) {
	var all []string
	for _, id := range eachOnce(u.Roles) {
		r, err := e.store.Role(ctx, id)
		if errors.Is(err, ErrRoleNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r.Scopes...)
	}
	if slices.Contains(all, "*") {
		return []string{"*"}, nil
	}
	return eachOnce(all), nil
}

// notAt names the field and the id when err is the one about something that is
// not there: the request is wrong, not its address.
func notAt(err error, missing *fault.Error, field, id string) error {
	if !errors.Is(err, missing) {
		return err
	}
	return fault.ErrInvalid.Saying(missing.Text).With(map[string]string{"id": id}).At(field)
}
