package account

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Staff returns a page of the members of the staff, the newest first.
func (e *Engine) Staff(ctx context.Context, in StaffInput) (page.Page[User], error) {
	if err := OpStaff.Admit(ctx, in); err != nil {
		return page.Page[User]{}, err
	}
	return e.people(ctx, UserFilter{Kind: KindStaff, Text: in.Q}, in.Query)
}

// StaffMember returns a member of the staff, or ErrUserNotFound.
func (e *Engine) StaffMember(ctx context.Context, in IDInput) (User, error) {
	if err := OpStaffMember.Admit(ctx, in); err != nil {
		return User{}, err
	}
	return e.person(ctx, KindStaff, in.ID)
}

// CreateStaff makes an account for a member of the staff. The caller vouches for
// the address. Without a password they set one with a code that StaffForgotPassword
// mails. It returns ErrEmailTaken, ErrWeakPassword, and fault.ErrDenied for
// roles with scopes that the caller does not have.
func (e *Engine) CreateStaff(ctx context.Context, in CreateStaffInput) (User, error) {
	if err := OpCreateStaff.Admit(ctx, in); err != nil {
		return User{}, err
	}
	ctx, err := e.upToDate(ctx, OpCreateStaff.Access)
	if err != nil {
		return User{}, err
	}
	now := e.now()
	u := User{ID: e.opts.ID(KindStaff.Prefix()), Kind: KindStaff, Email: in.Email, EmailVerifiedAt: &now, Name: in.Name, Locale: in.Locale, Groups: []string{},
		Metadata: json.RawMessage(`{}`), CreatedAt: now, UpdatedAt: now}
	if in.Password != "" {
		if err := e.judge(in.Password, in.Email); err != nil {
			return User{}, err
		}
		var err error
		if u.Password, err = e.ports.Hasher.Hash(ctx, in.Password); err != nil {
			return User{}, err
		}
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (User, error) {
		u := u
		u.Roles = eachOnce(in.Roles)
		if err := e.giveRoles(ctx, nil, u.Roles); err != nil {
			return User{}, err
		}
		err := e.store.SaveUser(ctx, &u)
		return u, err
	})
}

// UpdateStaff changes a member of the staff. Who is disabled or loses a role is
// signed out everywhere; access tokens live on for their few minutes. The
// caller needs all scopes that the member has and gets. It returns
// ErrUserNotFound, and ErrLastOwner when nobody would be left who may do
// everything.
func (e *Engine) UpdateStaff(ctx context.Context, in UpdateStaffInput) (User, error) {
	if err := OpUpdateStaff.Admit(ctx, in); err != nil {
		return User{}, err
	}
	ctx, err := e.upToDate(ctx, OpUpdateStaff.Access)
	if err != nil {
		return User{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (User, error) {
		u, err := e.person(ctx, KindStaff, in.ID)
		if err != nil {
			return User{}, err
		}
		was := u
		u.Name, u.Disabled, u.Roles = in.Name.Or(u.Name), in.Disabled.Or(u.Disabled), eachOnce(in.Roles.Or(u.Roles))
		if err := e.giveRoles(ctx, was.Roles, u.Roles); err != nil {
			return User{}, err
		}
		if err := e.saveUser(ctx, &u); err != nil {
			return User{}, err
		}
		if err := e.keepOwner(ctx, was, u); err != nil {
			return User{}, err
		}
		lost := slices.ContainsFunc(was.Roles, func(id string) bool { return !slices.Contains(u.Roles, id) })
		if lost || u.Disabled && !was.Disabled {
			return u, e.store.EndSessions(ctx, u.ID, "", e.now())
		}
		return u, nil
	})
}

// giveRoles returns an error unless the caller may turn one set of roles into
// another. It holds all these roles, in the order of their ids, until the unit
// ends: of two who take the last owners their role, one waits for the other.
func (e *Engine) giveRoles(ctx context.Context, from, to []string) error {
	for _, id := range eachOnce(slices.Concat(from, to)) {
		r, err := e.store.Role(ctx, id)
		if err != nil {
			return notAt(err, ErrRoleNotFound, "/roles", id)
		}
		if err := holds(ctx, r.Scopes); err != nil {
			return err
		}
	}
	return nil
}

// keepOwner returns ErrLastOwner if was was the last owner who is not disabled,
// and u is none. The unit holds the role and has written u.
func (e *Engine) keepOwner(ctx context.Context, was, u User) error {
	if !was.owns() || u.owns() {
		return nil
	}
	left, err := e.store.HasMember(ctx, RoleOwner, true)
	if err == nil && !left {
		return ErrLastOwner
	}
	return err
}

// owns reports whether u may do everything.
func (u User) owns() bool { return !u.Disabled && slices.Contains(u.Roles, RoleOwner) }

// person returns a user of a kind, or ErrUserNotFound.
func (e *Engine) person(ctx context.Context, kind Kind, id string) (User, error) {
	u, err := e.store.User(ctx, id)
	if err == nil && u.Kind != kind {
		return User{}, ErrUserNotFound
	}
	return u, err
}
