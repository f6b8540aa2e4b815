package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// userRow is a user with what its JSON leaves out.
type userRow struct {
	User     account.User
	Password string
}

func (r userRow) user() account.User {
	r.User.Password = r.Password
	return r.User
}

func (s Accounts) users() table[userRow] { return table[userRow]{s.DB, "account_user"} }

// mailboxes holds the ids of users by kind and normalized address.
func (s Accounts) mailboxes() table[string] { return table[string]{s.DB, "account_user_email"} }

func mailbox(kind account.Kind, normal string) string { return compound(string(kind), normal) }

// User implements account.Store.
func (s Accounts) User(ctx context.Context, id string) (account.User, error) {
	r, err := s.users().get(ctx, id)
	if errors.Is(err, errNoRow) {
		return account.User{}, account.ErrUserNotFound
	}
	return r.user(), err
}

// UserOf implements account.Store.
func (s Accounts) UserOf(ctx context.Context, kind account.Kind, normal string) (account.User, error) {
	id, err := s.mailboxes().get(ctx, mailbox(kind, normal))
	if errors.Is(err, errNoRow) {
		return account.User{}, account.ErrUserNotFound
	}
	if err != nil {
		return account.User{}, err
	}
	return s.User(ctx, id)
}

// SaveUser implements account.Store.
func (s Accounts) SaveUser(ctx context.Context, u *account.User) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) (err error) {
		refused, err = s.saveUser(ctx, u)
		return err
	})
	return cmp.Or(err, refused)
}

// saveUser tells a refusal, which leaves the unit of work whole, from an error.
func (s Accounts) saveUser(ctx context.Context, u *account.User) (refused, err error) {
	old, err := s.users().get(ctx, u.ID)
	if err != nil && !errors.Is(err, errNoRow) {
		return nil, err
	}
	if old.User.Version != u.Version {
		return account.ErrUserStale, nil
	}
	box, had := mailbox(u.Kind, ident.NormalEmail(u.Email)), mailbox(old.User.Kind, ident.NormalEmail(old.User.Email))
	if box != had {
		switch _, err := s.mailboxes().get(ctx, box); {
		case err == nil:
			return account.ErrEmailTaken, nil
		case !errors.Is(err, errNoRow):
			return nil, err
		}
		if err := s.mailboxes().delete(ctx, had); err != nil {
			return nil, err
		}
		if err := s.mailboxes().put(ctx, box, u.ID); err != nil {
			return nil, err
		}
	}
	next := *u
	next.Version++
	if err := s.users().put(ctx, u.ID, userRow{next, next.Password}); err != nil {
		return nil, err
	}
	u.Version = next.Version
	return nil, nil
}

// Users implements account.Store.
func (s Accounts) Users(ctx context.Context, f account.UserFilter, created time.Time, id string, limit int) ([]account.User, error) {
	rows, err := s.users().all(ctx, func(_ string, r userRow) bool {
		u := r.User
		return u.Kind == f.Kind && strings.HasPrefix(ident.NormalEmail(u.Email), f.Email) &&
			strings.Contains(u.SearchText(), f.Text) && (f.Group == "" || slices.Contains(u.Groups, f.Group)) &&
			(created.IsZero() || u.CreatedAt.Before(created) || u.CreatedAt.Equal(created) && u.ID < id)
	})
	slices.SortFunc(rows, func(a, b userRow) int {
		return cmp.Or(b.User.CreatedAt.Compare(a.User.CreatedAt), cmp.Compare(b.User.ID, a.User.ID))
	})
	out := make([]account.User, min(limit, len(rows)))
	for i := range out {
		out[i] = rows[i].user()
	}
	return out, err
}
