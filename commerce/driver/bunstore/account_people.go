package bunstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// SaveUser implements account.Store.
func (s Accounts) SaveUser(ctx context.Context, u *account.User) (refused error) {
	version := u.Version
	err := s.Do(ctx, func(ctx context.Context) error {
		u.Version = version
		refused = s.saveUser(ctx, u)
		switch {
		case refused == nil:
			return s.indexUser(ctx, u)
		case errors.Is(refused, account.ErrUserStale), errors.Is(refused, account.ErrEmailTaken):
			return nil
		}
		return refused
	})
	if err != nil {
		u.Version = version
		return err
	}
	return refused
}

type memberRow struct {
	bun.BaseModel `bun:"account_member"`
	SetID         string `bun:"set_id,pk"`
	UserID        string `bun:"user_id,pk"`
	Disabled      int64  `bun:"disabled"`
}

// indexUser writes what Users and HasMember look at beside the document.
func (s Accounts) indexUser(ctx context.Context, u *account.User) error {
	_, err := s.exec(ctx, `INSERT INTO {account_search} (user_id, words) VALUES (?, ?)`+s.upsert("account_search", "user_id", "words = new(words)"), u.ID, u.SearchText())
	if err != nil {
		return fmt.Errorf("index user %s: %w", u.ID, err)
	}
	if u.Version > 1 {
		if _, err := s.exec(ctx, `DELETE FROM {account_member} WHERE user_id = ?`, u.ID); err != nil {
			return fmt.Errorf("index user %s: %w", u.ID, err)
		}
	}
	rows := []memberRow{}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(u.Groups, u.Roles)))) {
		row := memberRow{SetID: id, UserID: u.ID}
		if u.Disabled {
			row.Disabled = 1
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	return s.insert(ctx, "account_member", &rows)
}

// HasMember implements account.Store.
func (s Accounts) HasMember(ctx context.Context, id string, active bool) (bool, error) {
	q := `SELECT 1 FROM {account_member} WHERE set_id = ?`
	if active {
		q += ` AND disabled = 0`
	}
	var n int
	switch err := s.scan(ctx, &n, q+` LIMIT 1`+s.locked(ctx), id); {
	case noRows(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read members of %s: %w", id, err)
	}
	return true, nil
}

// versioned reads the document of a row into v; missing is the error for none.
// Versions are in the documents.
func (s Accounts) versioned(ctx context.Context, table, key, id string, v any, missing error) error {
	var row struct {
		Key string `bun:"k"`
		Doc string `bun:"doc"`
	}
	err := s.scan(ctx, &row, `SELECT `+key+` AS k, doc FROM {`+table+`} WHERE `+key+` = ?`+s.locked(ctx), id)
	switch {
	case noRows(err) || err == nil && row.Key != id: // servers ignore spaces at the end of an id
		return missing
	case err != nil:
		return fmt.Errorf("read %s %s: %w", table, id, err)
	}
	return json.Unmarshal([]byte(row.Doc), v)
}

// replace writes a document over the one of a version. It returns stale if the
// stored version is another.
func (s Accounts) replace(ctx context.Context, table, key, id string, version int64, doc any, stale error) error {
	text, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("save %s %s: %w", table, id, err)
	}
	if version == 0 {
		_, err = s.exec(ctx, `INSERT INTO {`+table+`} (`+key+`, version, doc) VALUES (?, 1, ?)`, id, string(text))
	} else {
		var n int64
		n, err = s.exec(ctx, `UPDATE {`+table+`} SET version = version + 1, doc = ? WHERE `+key+` = ? AND version = ?`, string(text), id, version)
		if err == nil && n == 0 {
			return stale
		}
	}
	if isDuplicate(err) {
		return stale
	}
	return err
}

// Book implements account.Store.
func (s Accounts) Book(ctx context.Context, userID string) (account.Book, error) {
	none := errors.New("no book")
	var b account.Book
	err := s.versioned(ctx, "account_book", "user_id", userID, &b, none)
	if errors.Is(err, none) {
		return account.Book{UserID: userID, Addresses: []account.SavedAddress{}}, nil
	}
	return b, err
}

// SaveBook implements account.Store.
func (s Accounts) SaveBook(ctx context.Context, b *account.Book) error {
	next := *b
	next.Version++
	if err := s.replace(ctx, "account_book", "user_id", b.UserID, b.Version, next, account.ErrUserStale); err != nil {
		return err
	}
	b.Version = next.Version
	return nil
}

// docsAfter returns the documents of rows with a greater id, in their order.
func docsAfter[T any](ctx context.Context, s Accounts, table, after string, limit int) ([]T, error) {
	var docs []string
	if err := s.scan(ctx, &docs, `SELECT doc FROM {`+table+`} WHERE id > ? ORDER BY id LIMIT ?`, after, limit); err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	out := make([]T, len(docs))
	for i, doc := range docs {
		if err := json.Unmarshal([]byte(doc), &out[i]); err != nil {
			return nil, fmt.Errorf("read %s: %w", table, err)
		}
	}
	return out, nil
}

func (s Accounts) remove(ctx context.Context, table, id string) error {
	if _, err := s.exec(ctx, `DELETE FROM {`+table+`} WHERE id = ?`, id); err != nil {
		return fmt.Errorf("delete %s %s: %w", table, id, err)
	}
	return nil
}

// Group implements account.Store.
func (s Accounts) Group(ctx context.Context, id string) (g account.Group, err error) {
	err = s.versioned(ctx, "account_group", "id", id, &g, account.ErrGroupNotFound)
	return g, err
}

// Groups implements account.Store.
func (s Accounts) Groups(ctx context.Context, after string, limit int) ([]account.Group, error) {
	return docsAfter[account.Group](ctx, s, "account_group", after, limit)
}

// SaveGroup implements account.Store.
func (s Accounts) SaveGroup(ctx context.Context, g *account.Group) error {
	next := *g
	next.Version++
	doc, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("save group %s: %w", g.ID, err)
	}
	n := int64(1)
	if g.Version == 0 {
		_, err = s.exec(ctx, `INSERT INTO {account_group} (version, code, doc, id) VALUES (1, ?, ?, ?)`, g.Code, string(doc), g.ID)
	} else {
		n, err = s.exec(ctx, `UPDATE {account_group} SET version = version + 1, code = ?, doc = ? WHERE id = ? AND version = ?`, g.Code, string(doc), g.ID, g.Version)
	}
	switch {
	case isDuplicate(err):
		return account.ErrGroupTaken
	case err != nil:
		return fmt.Errorf("save group %s: %w", g.ID, err)
	case n == 0:
		return account.ErrGroupNotFound
	}
	g.Version = next.Version
	return nil
}

// DeleteGroup implements account.Store.
func (s Accounts) DeleteGroup(ctx context.Context, id string) error {
	return s.remove(ctx, "account_group", id)
}

// Role implements account.Store. Of the role that is always there only the lock
// is in the database.
func (s Accounts) Role(ctx context.Context, id string) (r account.Role, err error) {
	switch {
	case id != account.RoleOwner:
		err = s.versioned(ctx, "account_role", "id", id, &r, account.ErrRoleNotFound)
		return r, err
	case txn.Outside(ctx) != nil:
		_, err = s.exec(ctx, `INSERT INTO {account_role} (id, version, doc) VALUES (?, 1, '')`+s.upsert("account_role", "id", "version = new(version)"), id)
		if err != nil {
			return account.Role{}, fmt.Errorf("lock role %s: %w", id, err)
		}
	}
	return account.Owner(), nil
}

// Roles implements account.Store.
func (s Accounts) Roles(ctx context.Context, after string, limit int) ([]account.Role, error) {
	out, err := docsAfter[account.Role](ctx, s, "account_role", max(after, account.RoleOwner), limit) // "owner" < "rol_…"
	if err == nil && after < account.RoleOwner {
		out = slices.Insert(out, 0, account.Owner())
		out = out[:min(limit, len(out))]
	}
	return out, err
}

// SaveRole implements account.Store.
func (s Accounts) SaveRole(ctx context.Context, r *account.Role) error {
	next := *r
	next.Version++
	if err := s.replace(ctx, "account_role", "id", r.ID, r.Version, next, account.ErrRoleNotFound); err != nil {
		return err
	}
	r.Version = next.Version
	return nil
}

// DeleteRole implements account.Store.
func (s Accounts) DeleteRole(ctx context.Context, id string) error {
	return s.remove(ctx, "account_role", id)
}
