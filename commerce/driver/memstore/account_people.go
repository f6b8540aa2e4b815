package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/account"
)

func (s Accounts) books() table[account.Book] { return table[account.Book]{s.DB, "account_book"} }

// Book implements account.Store.
func (s Accounts) Book(ctx context.Context, userID string) (account.Book, error) {
	b, err := s.books().get(ctx, userID)
	if errors.Is(err, errNoRow) {
		return account.Book{UserID: userID, Addresses: []account.SavedAddress{}}, nil
	}
	return b, err
}

// SaveBook implements account.Store.
func (s Accounts) SaveBook(ctx context.Context, b *account.Book) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) error {
		refused = nil
		old, err := s.Book(ctx, b.UserID)
		if err != nil {
			return err
		}
		if old.Version != b.Version {
			refused = account.ErrUserStale
			return nil
		}
		next := *b
		next.Version++
		if err := s.books().put(ctx, b.UserID, next); err != nil {
			return err
		}
		b.Version = next.Version
		return nil
	})
	return cmp.Or(err, refused)
}

func (s Accounts) groups() table[account.Group] { return table[account.Group]{s.DB, "account_group"} }

// Group implements account.Store.
func (s Accounts) Group(ctx context.Context, id string) (account.Group, error) {
	g, err := s.groups().get(ctx, id)
	if errors.Is(err, errNoRow) {
		return account.Group{}, account.ErrGroupNotFound
	}
	return g, err
}

// Groups implements account.Store.
func (s Accounts) Groups(ctx context.Context, after string, limit int) ([]account.Group, error) {
	found, err := s.groups().all(ctx, func(id string, _ account.Group) bool { return id > after })
	slices.SortFunc(found, func(a, b account.Group) int { return cmp.Compare(a.ID, b.ID) })
	return found[:min(limit, len(found))], err
}

// SaveGroup implements account.Store.
func (s Accounts) SaveGroup(ctx context.Context, g *account.Group) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) (err error) {
		refused, err = s.saveGroup(ctx, g)
		return err
	})
	return cmp.Or(err, refused)
}

// saveGroup tells a refusal, which leaves the unit of work whole, from an error.
func (s Accounts) saveGroup(ctx context.Context, g *account.Group) (refused, err error) {
	old, err := s.groups().get(ctx, g.ID)
	if err != nil && !errors.Is(err, errNoRow) {
		return nil, err
	}
	if old.Version != g.Version {
		return account.ErrGroupNotFound, nil
	}
	rivals, err := s.groups().all(ctx, func(id string, other account.Group) bool { return id != g.ID && other.Code == g.Code })
	if err != nil {
		return nil, err
	}
	if len(rivals) > 0 {
		return account.ErrGroupTaken, nil
	}
	next := *g
	next.Version++
	if err := s.groups().put(ctx, g.ID, next); err != nil {
		return nil, err
	}
	g.Version = next.Version
	return nil, nil
}

// DeleteGroup implements account.Store.
func (s Accounts) DeleteGroup(ctx context.Context, id string) error {
	return s.groups().delete(ctx, id)
}

// roles does not hold the one that is always there.
func (s Accounts) roles() table[account.Role] { return table[account.Role]{s.DB, "account_role"} }

// Role implements account.Store.
func (s Accounts) Role(ctx context.Context, id string) (account.Role, error) {
	r, err := s.roles().get(ctx, id)
	switch {
	case errors.Is(err, errNoRow) && id == account.RoleOwner:
		return account.Owner(), nil
	case errors.Is(err, errNoRow):
		return account.Role{}, account.ErrRoleNotFound
	}
	return r, err
}

// Roles implements account.Store.
func (s Accounts) Roles(ctx context.Context, after string, limit int) ([]account.Role, error) {
	found, err := s.roles().all(ctx, func(id string, _ account.Role) bool { return id > after })
	if account.RoleOwner > after {
		found = append(found, account.Owner())
	}
	slices.SortFunc(found, func(a, b account.Role) int { return cmp.Compare(a.ID, b.ID) })
	return found[:min(limit, len(found))], err
}

// SaveRole implements account.Store.
func (s Accounts) SaveRole(ctx context.Context, r *account.Role) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) error {
		refused = nil
		old, err := s.Role(ctx, r.ID)
		if err != nil && !errors.Is(err, account.ErrRoleNotFound) {
			return err
		}
		if old.Version != r.Version {
			refused = account.ErrRoleNotFound
			return nil
		}
		next := *r
		next.Version++
		if err := s.roles().put(ctx, r.ID, next); err != nil {
			return err
		}
		r.Version = next.Version
		return nil
	})
	return cmp.Or(err, refused)
}

// DeleteRole implements account.Store.
func (s Accounts) DeleteRole(ctx context.Context, id string) error {
	return s.roles().delete(ctx, id)
}

// HasMember implements account.Store.
func (s Accounts) HasMember(ctx context.Context, id string, active bool) (bool, error) {
	found, err := s.users().all(ctx, func(_ string, r userRow) bool {
		u := r.User
		return (slices.Contains(u.Groups, id) || slices.Contains(u.Roles, id)) && !(active && u.Disabled)
	})
	return len(found) > 0, err
}
