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

type sessionRow struct {
	bun.BaseModel `bun:"account_session"`
	ID            string `bun:"id,pk"`
	UserID        string `bun:"user_id"`
	Device        string `bun:"device"`
	Nonce         string `bun:"nonce"`
	Generation    int64  `bun:"generation"`
	Created       int64  `bun:"created"`
	LastUsed      int64  `bun:"last_used"`
	Expires       int64  `bun:"expires"`
	Ended         int64  `bun:"ended"`
}

const sessionColumns = `id, user_id, device, nonce, generation, created, last_used, expires, ended`

func (r sessionRow) session() account.Session {
	return account.Session{ID: r.ID, UserID: r.UserID, Device: r.Device, Nonce: r.Nonce, Generation: r.Generation,
		CreatedAt: fromMicros(r.Created), LastUsedAt: fromMicros(r.LastUsed), ExpiresAt: fromMicros(r.Expires), EndedAt: timeOrNil(r.Ended)}
}

// AddSession implements account.Store.
func (s Accounts) AddSession(ctx context.Context, x account.Session) error {
	row := sessionRow{ID: x.ID, UserID: x.UserID, Device: x.Device, Nonce: x.Nonce, Generation: x.Generation,
		Created: micros(x.CreatedAt), LastUsed: micros(x.LastUsedAt), Expires: micros(x.ExpiresAt)}
	if x.EndedAt != nil {
		row.Ended = micros(*x.EndedAt)
	}
	if err := s.insert(ctx, "account_session", &row); err != nil {
		return fmt.Errorf("add session %s: %w", x.ID, err)
	}
	return nil
}

// Session implements account.Store.
func (s Accounts) Session(ctx context.Context, id string) (account.Session, error) {
	var row sessionRow
	err := s.scan(ctx, &row, `SELECT `+sessionColumns+` FROM {account_session} WHERE id = ?`+s.locked(ctx), id)
	if noRows(err) || err == nil && row.ID != id {
		return account.Session{}, account.ErrSessionNotFound
	}
	if err != nil {
		return account.Session{}, fmt.Errorf("read session: %w", err)
	}
	return row.session(), nil
}

// Rotate implements account.Store.
func (s Accounts) Rotate(ctx context.Context, id string, generation int64, at, expires time.Time) (bool, error) {
	n, err := s.exec(ctx, `UPDATE {account_session} SET generation = generation + 1, last_used = ?, expires = ? WHERE id = ? AND generation = ? AND ended = 0`,
		micros(at), micros(expires), id, generation)
	if err != nil {
		return false, fmt.Errorf("rotate session %s: %w", id, err)
	}
	return n == 1, nil
}

// EndSession implements account.Store.
func (s Accounts) EndSession(ctx context.Context, id string, at time.Time) (bool, error) {
	n, err := s.exec(ctx, `UPDATE {account_session} SET ended = ? WHERE id = ? AND ended = 0`, micros(at), id)
	if err != nil {
		return false, fmt.Errorf("end session %s: %w", id, err)
	}
	return n == 1, nil
}

// EndSessions implements account.Store.
func (s Accounts) EndSessions(ctx context.Context, userID, except string, at time.Time) error {
	_, err := s.exec(ctx, `UPDATE {account_session} SET ended = ? WHERE user_id = ? AND id <> ? AND ended = 0`, micros(at), userID, except)
	if err != nil {
		return fmt.Errorf("end sessions of %s: %w", userID, err)
	}
	return nil
}

// Sessions implements account.Store.
func (s Accounts) Sessions(ctx context.Context, userID string, now, created time.Time, id string, limit int) ([]account.Session, error) {
	q, args := `SELECT `+sessionColumns+` FROM {account_session} WHERE user_id = ? AND ended = 0 AND expires > ?`, []any{userID, micros(now)}
	if !created.IsZero() {
		q, args = q+` AND (created < ? OR created = ? AND id < ?)`, append(args, micros(created), micros(created), id)
	}
	var rows []sessionRow
	if err := s.scan(ctx, &rows, q+` ORDER BY created DESC, id DESC LIMIT ?`, append(args, limit)...); err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	out := make([]account.Session, len(rows))
	for i, r := range rows {
		out[i] = r.session()
	}
	return out, nil
}

type challengeRow struct {
	bun.BaseModel `bun:"account_challenge"`
	ID            string `bun:"id,pk"`
	Hash          string `bun:"hash"`
	UserID        string `bun:"user_id"`
	Kind          string `bun:"kind"`
	Expires       int64  `bun:"expires"`
	Used          int64  `bun:"used"`
	Doc           string `bun:"doc"`
}

const challengeColumns = `id, hash, user_id, kind, expires, used, doc`

// AddChallenge implements account.Store.
func (s Accounts) AddChallenge(ctx context.Context, c account.Challenge, h account.Hash) error {
	row := challengeRow{ID: c.ID, Hash: hex.EncodeToString(h[:]), UserID: c.UserID, Kind: string(c.Kind), Expires: micros(c.ExpiresAt)}
	if c.UsedAt != nil {
		row.Used = micros(*c.UsedAt)
	}
	c.UsedAt = nil
	doc, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("add challenge %s: %w", c.ID, err)
	}
	row.Doc = string(doc)
	if err := s.insert(ctx, "account_challenge", &row); err != nil {
		return fmt.Errorf("add challenge %s: %w", c.ID, err)
	}
	return nil
}

// Challenge implements account.Store.
func (s Accounts) Challenge(ctx context.Context, id string) (account.Challenge, error) {
	c, err := s.oneChallenge(ctx, `SELECT `+challengeColumns+` FROM {account_challenge} WHERE id = ?`+s.locked(ctx), id)
	if err == nil && c.ID != id {
		return account.Challenge{}, account.ErrChallengeNotFound
	}
	return c, err
}

// ChallengeOf implements account.Store.
func (s Accounts) ChallengeOf(ctx context.Context, h account.Hash) (account.Challenge, error) {
	return s.oneChallenge(ctx, `SELECT `+challengeColumns+` FROM {account_challenge} WHERE hash = ?`+s.locked(ctx), hex.EncodeToString(h[:]))
}

func (s Accounts) oneChallenge(ctx context.Context, query string, args ...any) (c account.Challenge, err error) {
	var row challengeRow
	if err := s.scan(ctx, &row, query, args...); noRows(err) {
		return c, account.ErrChallengeNotFound
	} else if err != nil {
		return c, fmt.Errorf("read challenge: %w", err)
	}
	if err := json.Unmarshal([]byte(row.Doc), &c); err != nil {
		return c, fmt.Errorf("read challenge %s: %w", row.ID, err)
	}
	c.UsedAt = timeOrNil(row.Used)
	return c, nil
}

// UseChallenge implements account.Store.
func (s Accounts) UseChallenge(ctx context.Context, id string, at time.Time) (bool, error) {
	n, err := s.exec(ctx, `UPDATE {account_challenge} SET used = ? WHERE id = ? AND used = 0`, micros(at), id)
	if err != nil {
		return false, fmt.Errorf("use challenge %s: %w", id, err)
	}
	return n == 1, nil
}

// EndChallenges implements account.Store.
func (s Accounts) EndChallenges(ctx context.Context, userID string, kind account.ChallengeKind, at time.Time) error {
	_, err := s.exec(ctx, `UPDATE {account_challenge} SET used = ? WHERE user_id = ? AND kind = ? AND used = 0`, micros(at), userID, string(kind))
	if err != nil {
		return fmt.Errorf("end challenges of %s: %w", userID, err)
	}
	return nil
}

// Attempt implements account.Store. The upsert locks the row, so that what is
// read after it is what it wrote. n is assigned before until, which it looks at.
func (s Accounts) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error) {
	var row struct {
		N     int   `bun:"n"`
		Until int64 `bun:"until"`
	}
	err = s.Do(ctx, func(ctx context.Context) error {
		q := `INSERT INTO {account_attempt} (k, n, until) VALUES (?, 1, ?)` + s.upsert("account_attempt", "k",
			"n = CASE WHEN old(until) <= ? THEN 1 WHEN old(n) > ? THEN old(n) ELSE old(n) + 1 END",
			"until = CASE WHEN old(until) <= ? THEN new(until) ELSE old(until) END")
		if _, err := s.exec(ctx, q, key, micros(now.Add(window)), micros(now), limit, micros(now)); err != nil {
			return err
		}
		return s.scan(ctx, &row, `SELECT n, until FROM {account_attempt} WHERE k = ?`+s.locked(ctx), key)
	})
	switch {
	case err != nil:
		return false, 0, fmt.Errorf("count attempts: %w", err)
	case row.N <= limit:
		return true, 0, nil
	default:
		return false, fromMicros(row.Until).Sub(now), nil
	}
}

// ForgetAttempts implements account.Store.
func (s Accounts) ForgetAttempts(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	if _, err := s.exec(ctx, `DELETE FROM {account_attempt} WHERE k IN (?)`, bun.List(keys)); err != nil {
		return fmt.Errorf("forget attempts: %w", err)
	}
	return nil
}

// Prune implements account.Store.
func (s Accounts) Prune(ctx context.Context, before time.Time) error {
	for table, column := range map[string]string{"account_session": "expires", "account_challenge": "expires", "account_attempt": "until"} {
		if _, err := s.deleteOld(ctx, table, column, before); err != nil {
			return fmt.Errorf("forget old accounts' data: %w", err)
		}
	}
	return nil
}
