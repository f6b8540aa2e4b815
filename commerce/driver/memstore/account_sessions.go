package memstore

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
)

// sessionRow is a session with what its JSON leaves out.
type sessionRow struct {
	Session       account.Session
	UserID, Nonce string
	Generation    int64
	EndedAt       *time.Time
}

func (r sessionRow) session() account.Session {
	s := r.Session
	s.UserID, s.Nonce, s.Generation, s.EndedAt = r.UserID, r.Nonce, r.Generation, r.EndedAt
	return s
}

func (s Accounts) sessions() table[sessionRow] { return table[sessionRow]{s.DB, "account_session"} }

func (s Accounts) putSession(ctx context.Context, x account.Session) error {
	x.Current = false
	return s.sessions().put(ctx, x.ID, sessionRow{x, x.UserID, x.Nonce, x.Generation, x.EndedAt})
}

// AddSession implements account.Store.
func (s Accounts) AddSession(ctx context.Context, x account.Session) error {
	return s.putSession(ctx, x)
}

// Session implements account.Store.
func (s Accounts) Session(ctx context.Context, id string) (account.Session, error) {
	r, err := s.sessions().get(ctx, id)
	if errors.Is(err, errNoRow) {
		return account.Session{}, account.ErrSessionNotFound
	}
	return r.session(), err
}

// Rotate implements account.Store.
func (s Accounts) Rotate(ctx context.Context, id string, generation int64, at, expires time.Time) (bool, error) {
	return s.editSession(ctx, id, func(x *account.Session) bool {
		if x.EndedAt != nil || x.Generation != generation {
			return false
		}
		x.Generation, x.LastUsedAt, x.ExpiresAt = generation+1, at, expires
		return true
	})
}

// EndSession implements account.Store.
func (s Accounts) EndSession(ctx context.Context, id string, at time.Time) (bool, error) {
	return s.editSession(ctx, id, func(x *account.Session) bool {
		if x.EndedAt != nil {
			return false
		}
		x.EndedAt = &at
		return true
	})
}

func (s Accounts) editSession(ctx context.Context, id string, change func(*account.Session) bool) (did bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		did = false
		x, err := s.Session(ctx, id)
		if errors.Is(err, account.ErrSessionNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if did = change(&x); !did {
			return nil
		}
		return s.putSession(ctx, x)
	})
	return did, err
}

// EndSessions implements account.Store.
func (s Accounts) EndSessions(ctx context.Context, userID, except string, at time.Time) error {
	return s.Do(ctx, func(ctx context.Context) error {
		rows, err := s.sessions().all(ctx, func(id string, r sessionRow) bool {
			return r.UserID == userID && id != except && r.EndedAt == nil
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			x := r.session()
			x.EndedAt = &at
			if err := s.putSession(ctx, x); err != nil {
				return err
			}
		}
		return nil
	})
}

// Sessions implements account.Store.
func (s Accounts) Sessions(ctx context.Context, userID string, now, created time.Time, id string, limit int) ([]account.Session, error) {
	rows, err := s.sessions().all(ctx, func(_ string, r sessionRow) bool {
		x := r.Session
		return r.UserID == userID && r.EndedAt == nil && x.ExpiresAt.After(now) &&
			(created.IsZero() || x.CreatedAt.Before(created) || x.CreatedAt.Equal(created) && x.ID < id)
	})
	slices.SortFunc(rows, func(a, b sessionRow) int {
		return cmp.Or(b.Session.CreatedAt.Compare(a.Session.CreatedAt), cmp.Compare(b.Session.ID, a.Session.ID))
	})
	out := make([]account.Session, min(limit, len(rows)))
	for i := range out {
		out[i] = rows[i].session()
	}
	return out, err
}

func (s Accounts) challenges() table[account.Challenge] {
	return table[account.Challenge]{s.DB, "account_challenge"}
}

// codes holds the ids of challenges by the hashes of their codes.
func (s Accounts) codes() table[string] { return table[string]{s.DB, "account_challenge_code"} }

// AddChallenge implements account.Store.
func (s Accounts) AddChallenge(ctx context.Context, c account.Challenge, h account.Hash) error {
	return s.Do(ctx, func(ctx context.Context) error {
		if err := s.challenges().put(ctx, c.ID, c); err != nil {
			return err
		}
		return s.codes().put(ctx, hex.EncodeToString(h[:]), c.ID)
	})
}

// Challenge implements account.Store.
func (s Accounts) Challenge(ctx context.Context, id string) (account.Challenge, error) {
	c, err := s.challenges().get(ctx, id)
	if errors.Is(err, errNoRow) {
		return account.Challenge{}, account.ErrChallengeNotFound
	}
	return c, err
}

// ChallengeOf implements account.Store.
func (s Accounts) ChallengeOf(ctx context.Context, h account.Hash) (account.Challenge, error) {
	id, err := s.codes().get(ctx, hex.EncodeToString(h[:]))
	if errors.Is(err, errNoRow) {
		return account.Challenge{}, account.ErrChallengeNotFound
	}
	if err != nil {
		return account.Challenge{}, err
	}
	return s.Challenge(ctx, id)
}

// UseChallenge implements account.Store.
func (s Accounts) UseChallenge(ctx context.Context, id string, at time.Time) (did bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		did = false
		c, err := s.challenges().get(ctx, id)
		if errors.Is(err, errNoRow) || err == nil && c.UsedAt != nil {
			return nil
		}
		if err != nil {
			return err
		}
		did, c.UsedAt = true, &at
		return s.challenges().put(ctx, id, c)
	})
	return did, err
}

// EndChallenges implements account.Store.
func (s Accounts) EndChallenges(ctx context.Context, userID string, kind account.ChallengeKind, at time.Time) error {
	return s.Do(ctx, func(ctx context.Context) error {
		found, err := s.challenges().all(ctx, func(_ string, c account.Challenge) bool {
			return c.UserID == userID && c.Kind == kind && c.UsedAt == nil
		})
		if err != nil {
			return err
		}
		for _, c := range found {
			c.UsedAt = &at
			if err := s.challenges().put(ctx, c.ID, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// attemptRow is what was tried under a key.
type attemptRow struct {
	N     int
	Until time.Time
}

func (s Accounts) attempts() table[attemptRow] { return table[attemptRow]{s.DB, "account_attempt"} }

// Attempt implements account.Store.
func (s Accounts) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		r, err := s.attempts().get(ctx, key)
		if err != nil && !errors.Is(err, errNoRow) {
			return err
		}
		if !r.Until.After(now) {
			r = attemptRow{Until: now.Add(window)}
		}
		r.N = min(r.N, limit) + 1
		ok, retryAfter = r.N <= limit, 0
		if !ok {
			retryAfter = r.Until.Sub(now)
		}
		return s.attempts().put(ctx, key, r)
	})
	return ok, retryAfter, err
}

// ForgetAttempts implements account.Store.
func (s Accounts) ForgetAttempts(ctx context.Context, keys ...string) error {
	return s.Do(ctx, func(ctx context.Context) error {
		for _, key := range keys {
			if err := s.attempts().delete(ctx, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Prune implements account.Store. Hashes of codes stay behind; they lead nowhere.
func (s Accounts) Prune(ctx context.Context, before time.Time) error {
	return s.Do(ctx, func(ctx context.Context) error {
		if err := deleteRows(ctx, s.sessions(), func(r sessionRow) bool { return r.Session.ExpiresAt.Before(before) }); err != nil {
			return err
		}
		if err := deleteRows(ctx, s.challenges(), func(c account.Challenge) bool { return c.ExpiresAt.Before(before) }); err != nil {
			return err
		}
		return deleteRows(ctx, s.attempts(), func(r attemptRow) bool { return r.Until.Before(before) })
	})
}

// deleteRows removes the rows that go accepts.
func deleteRows[V any](ctx context.Context, t table[V], which func(V) bool) error {
	var keys []string
	if _, err := t.all(ctx, func(key string, v V) bool {
		if which(v) {
			keys = append(keys, key)
		}
		return false
	}); err != nil {
		return err
	}
	for _, key := range keys {
		if err := t.delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
