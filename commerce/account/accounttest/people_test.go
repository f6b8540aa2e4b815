package accounttest_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// brokenPeople is a store without one guard of what belongs to people.
type brokenPeople struct{ *broken }

func (b brokenPeople) Scope() txn.Scope {
	switch b.without {
	case "LastOwner", "PeopleRollback":
		return loose{}
	}
	return b.broken.Scope()
}

// Book, without its guard, is what it was before others have changed it.
func (b brokenPeople) Book(ctx context.Context, userID string) (account.Book, error) {
	book, err := b.broken.Book(ctx, userID)
	if b.without == "BookWaits" {
		book.Addresses = nil
	}
	return book, err
}

func (b brokenPeople) SaveBook(ctx context.Context, book *account.Book) error {
	switch b.without {
	case "BookRoundTrip":
		book.Addresses = nil
	case "BookStale":
		now, _ := b.Book(ctx, book.UserID)
		book.Version = now.Version
	}
	return b.broken.SaveBook(ctx, book)
}

func (b brokenPeople) Group(ctx context.Context, id string) (account.Group, error) {
	g, err := b.broken.Group(ctx, id)
	if b.without == "GroupRoundTrip" && errors.Is(err, account.ErrGroupNotFound) {
		return g, nil
	}
	return g, err
}

func (b brokenPeople) SaveGroup(ctx context.Context, g *account.Group) error {
	switch b.without {
	case "GroupStale":
		now, _ := b.broken.Group(ctx, g.ID)
		g.Version = now.Version
	case "GroupCodeOnce":
		code := g.Code
		g.Code = g.ID
		err := b.broken.SaveGroup(ctx, g)
		g.Code = code
		return err
	}
	return b.broken.SaveGroup(ctx, g)
}

func (b brokenPeople) Groups(ctx context.Context, after string, limit int) ([]account.Group, error) {
	out, err := b.broken.Groups(ctx, after, limit)
	if b.without == "GroupsInOrder" {
		slices.Reverse(out)
	}
	return out, err
}

func (b brokenPeople) DeleteGroup(ctx context.Context, id string) error {
	if b.without == "GroupDelete" {
		return nil
	}
	return b.broken.DeleteGroup(ctx, id)
}

func (b brokenPeople) Role(ctx context.Context, id string) (account.Role, error) {
	r, err := b.broken.Role(ctx, id)
	switch {
	case b.without == "Owner" && id == account.RoleOwner:
		return account.Role{}, account.ErrRoleNotFound
	case b.without == "RoleRoundTrip":
		r.Scopes = nil
	}
	return r, err
}

func (b brokenPeople) SaveRole(ctx context.Context, r *account.Role) error {
	if b.without == "RoleStale" {
		now, _ := b.broken.Role(ctx, r.ID)
		r.Version = now.Version
	}
	return b.broken.SaveRole(ctx, r)
}

func (b brokenPeople) Roles(ctx context.Context, after string, limit int) ([]account.Role, error) {
	if b.without == "RolesInOrder" {
		after = ""
	}
	return b.broken.Roles(ctx, after, limit)
}

func (b brokenPeople) DeleteRole(ctx context.Context, id string) error {
	if b.without == "RoleDelete" {
		return nil
	}
	return b.broken.DeleteRole(ctx, id)
}

func (b brokenPeople) HasMember(ctx context.Context, id string, active bool) (bool, error) {
	has, err := b.broken.HasMember(ctx, id, active && b.without != "ActiveMembers")
	return has || b.without == "Members", err
}

func (b brokenPeople) Users(ctx context.Context, f account.UserFilter, created time.Time, id string, limit int) ([]account.User, error) {
	switch b.without {
	case "UserText":
		f.Text = ""
	case "UserGroup":
		f.Group = ""
	}
	return b.broken.Users(ctx, f, created, id, limit)
}
