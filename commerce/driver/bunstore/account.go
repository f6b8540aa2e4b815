package bunstore

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/account"
)

// Accounts keeps API keys.
type Accounts struct{ *DB }

var _ account.Store = Accounts{}

type keyRow struct {
	bun.BaseModel `bun:"api_key"`
	ID            string `bun:"id,pk"`
	Hash          string `bun:"hash"`
	Created       int64  `bun:"created"`
	Revoked       int64  `bun:"revoked"`
	LastUsed      int64  `bun:"last_used"`
	Doc           string `bun:"doc"`
}

const keyColumns = `id, hash, created, revoked, last_used, doc`

// key puts together what may change and the document, which does not.
func (r keyRow) key() (k account.APIKey, err error) {
	if err := json.Unmarshal([]byte(r.Doc), &k); err != nil {
		return k, fmt.Errorf("read key %s: %w", r.ID, err)
	}
	k.RevokedAt, k.LastUsedAt = timeOrNil(r.Revoked), timeOrNil(r.LastUsed)
	return k, nil
}

func timeOrNil(micros int64) *time.Time {
	if micros == 0 {
		return nil
	}
	return new(fromMicros(micros))
}

// AddKey implements account.Store.
func (s Accounts) AddKey(ctx context.Context, k account.APIKey, h account.Hash) error {
	row := keyRow{ID: k.ID, Hash: hex.EncodeToString(h[:]), Created: micros(k.CreatedAt)}
	if k.RevokedAt != nil {
		row.Revoked = micros(*k.RevokedAt)
	}
	if k.LastUsedAt != nil {
		row.LastUsed = micros(*k.LastUsedAt)
	}
	k.RevokedAt, k.LastUsedAt = nil, nil
	doc, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("add key %s: %w", k.ID, err)
	}
	row.Doc = string(doc)
	switch err := s.insert(ctx, "api_key", &row); {
	case isDuplicate(err):
		return account.ErrKeyTaken
	case err != nil:
		return fmt.Errorf("add key %s: %w", k.ID, err)
	}
	return nil
}

// Key implements account.Store. The comparison of the servers ignores spaces at
// the end of an id.
func (s Accounts) Key(ctx context.Context, id string) (account.APIKey, error) {
	k, err := s.one(ctx, `SELECT `+keyColumns+` FROM {api_key} WHERE id = ?`+s.locked(ctx), id)
	if err == nil && k.ID != id {
		return account.APIKey{}, account.ErrKeyNotFound
	}
	return k, err
}

// KeyOf implements account.Store.
func (s Accounts) KeyOf(ctx context.Context, h account.Hash) (account.APIKey, error) {
	return s.one(ctx, `SELECT `+keyColumns+` FROM {api_key} WHERE hash = ?`, hex.EncodeToString(h[:]))
}

func (s Accounts) one(ctx context.Context, query string, args ...any) (account.APIKey, error) {
	var row keyRow
	if err := s.scan(ctx, &row, query, args...); noRows(err) {
		return account.APIKey{}, account.ErrKeyNotFound
	} else if err != nil {
		return account.APIKey{}, fmt.Errorf("read key: %w", err)
	}
	return row.key()
}

// Keys implements account.Store.
func (s Accounts) Keys(ctx context.Context, created time.Time, id string, limit int) ([]account.APIKey, error) {
	q, args := `SELECT `+keyColumns+` FROM {api_key}`, []any{}
	if !created.IsZero() {
		q, args = q+` WHERE created < ? OR created = ? AND id < ?`, append(args, micros(created), micros(created), id)
	}
	var rows []keyRow
	if err := s.scan(ctx, &rows, q+` ORDER BY created DESC, id DESC LIMIT ?`, append(args, limit)...); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	out := make([]account.APIKey, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.key(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Revoke implements account.Store.
func (s Accounts) Revoke(ctx context.Context, id string, at time.Time) error {
	if _, err := s.exec(ctx, `UPDATE {api_key} SET revoked = ? WHERE id = ? AND revoked = 0`, micros(at), id); err != nil {
		return fmt.Errorf("revoke key %s: %w", id, err)
	}
	return nil
}

// Touch implements account.Store.
func (s Accounts) Touch(ctx context.Context, id string, at, before time.Time) error {
	if _, err := s.exec(ctx, `UPDATE {api_key} SET last_used = ? WHERE id = ? AND last_used <= ?`, micros(at), id, micros(before)); err != nil {
		return fmt.Errorf("touch key %s: %w", id, err)
	}
	return nil
}
