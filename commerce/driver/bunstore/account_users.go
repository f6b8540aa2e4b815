package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

type userRow struct {
	ID       string `bun:"id"`
	Password string `bun:"password"`
	Doc      string `bun:"doc"`
}

const userColumns = `id, password, doc`

func (r userRow) user() (u account.User, err error) {
	if err := json.Unmarshal([]byte(r.Doc), &u); err != nil {
		return u, fmt.Errorf("read user %s: %w", r.ID, err)
	}
	u.Password = r.Password
	return u, nil
}

// User implements account.Store. The comparison of the servers ignores spaces at
// the end of an id.
func (s Accounts) User(ctx context.Context, id string) (account.User, error) {
	u, err := s.oneUser(ctx, `SELECT `+userColumns+` FROM {account_user} WHERE id = ?`+s.locked(ctx), id)
	if err == nil && u.ID != id {
		return account.User{}, account.ErrUserNotFound
	}
	return u, err
}

// UserOf implements account.Store.
func (s Accounts) UserOf(ctx context.Context, kind account.Kind, normal string) (account.User, error) {
	u, err := s.oneUser(ctx, `SELECT `+userColumns+` FROM {account_user} WHERE kind = ? AND email = ?`+s.locked(ctx), string(kind), normal)
	if err == nil && ident.NormalEmail(u.Email) != normal {
		return account.User{}, account.ErrUserNotFound
	}
	return u, err
}

func (s Accounts) oneUser(ctx context.Context, query string, args ...any) (account.User, error) {
	var row userRow
	if err := s.scan(ctx, &row, query, args...); noRows(err) {
		return account.User{}, account.ErrUserNotFound
	} else if err != nil {
		return account.User{}, fmt.Errorf("read user: %w", err)
	}
	return row.user()
}

// saveUser writes the row of u.
func (s Accounts) saveUser(ctx context.Context, u *account.User) error {
	next := *u
	next.Version++
	doc, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("save user %s: %w", u.ID, err)
	}
	row := []any{next.Version, string(u.Kind), ident.NormalEmail(u.Email), micros(u.CreatedAt), u.Password, string(doc), u.ID}
	if u.Version == 0 {
		_, err = s.exec(ctx, `INSERT INTO {account_user} (version, kind, email, created, password, doc, id) VALUES (?, ?, ?, ?, ?, ?, ?)`, row...)
	} else {
		err = s.replaceUser(ctx, u.Version, row)
	}
	switch {
	case isDuplicate(err):
		return s.duplicateUser(ctx, u)
	case err != nil:
		return fmt.Errorf("save user %s: %w", u.ID, err)
	}
	u.Version = next.Version
	return nil
}

func (s Accounts) replaceUser(ctx context.Context, version int64, row []any) error {
	n, err := s.exec(ctx, `UPDATE {account_user} SET version = ?, kind = ?, email = ?, created = ?, password = ?, doc = ? WHERE id = ? AND version = ?`,
		append(row, version)...)
	if err == nil && n == 0 {
		return account.ErrUserStale
	}
	return err
}

// duplicateUser says which unique key refused u.
func (s Accounts) duplicateUser(ctx context.Context, u *account.User) error {
	if u.Version != 0 {
		return account.ErrEmailTaken // an update leaves the id alone
	}
	var n int
	if err := s.scan(ctx, &n, `SELECT 1 FROM {account_user} WHERE id = ?`+s.locked(ctx), u.ID); noRows(err) {
		return account.ErrEmailTaken
	} else if err != nil {
		return fmt.Errorf("save user %s: %w", u.ID, err)
	}
	return account.ErrUserStale
}

// Users implements account.Store.
func (s Accounts) Users(ctx context.Context, f account.UserFilter, created time.Time, id string, limit int) ([]account.User, error) {
	q, args := `SELECT `+userColumns+` FROM {account_user} WHERE kind = ?`, []any{string(f.Kind)}
	if f.Email != "" {
		q, args = q+` AND SUBSTR(email, 1, ?) = ?`, append(args, utf8.RuneCountInString(f.Email), f.Email)
	}
	if f.Text != "" {
		q, args = q+` AND id IN (SELECT user_id FROM {account_search} WHERE INSTR(words, ?) > 0)`, append(args, f.Text)
	}
	if f.Group != "" {
		q, args = q+` AND id IN (SELECT user_id FROM {account_member} WHERE set_id = ?)`, append(args, f.Group)
	}
	if !created.IsZero() {
		q, args = q+` AND (created < ? OR created = ? AND id < ?)`, append(args, micros(created), micros(created), id)
	}
	var rows []userRow
	if err := s.scan(ctx, &rows, q+` ORDER BY created DESC, id DESC LIMIT ?`, append(args, limit)...); err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	out := make([]account.User, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.user(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
