package account

import "time"

// Session is a sign-in that lasts: a family of refresh tokens, of which one is
// good at a time.
//
// No refresh token is stored. Each is derived from the session, its place in the
// family (Generation), a random number of the session's own (Nonce) and the
// secret of the engine. So the successor of a token can be told again to a
// client that has asked twice, and neither a copy of the database nor the secret
// alone makes a token.
type Session struct {
	ID         string    `json:"id"`     // "ses_…"
	Device     string    `json:"device"` // what the client calls itself, cut
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"` // signed in, or refreshed
	ExpiresAt  time.Time `json:"expires_at"`
	Current    bool      `json:"current"` // the caller's own; not stored

	UserID     string     `json:"-"`
	Nonce      string     `json:"-"` // random, 26 characters
	Generation int64      `json:"-"` // of the token that is good now, from 1
	EndedAt    *time.Time `json:"-"`
}

// live reports whether s can be refreshed at a time.
func (s Session) live(now time.Time) bool { return s.EndedAt == nil && now.Before(s.ExpiresAt) }
