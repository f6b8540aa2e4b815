package account

import (
	"context"
	"time"
)

// Sessions is the part of a Store that keeps sign-ins.
type Sessions interface {
	// AddSession writes a new session.
	AddSession(ctx context.Context, s Session) error

	// Session returns the session, ended and expired ones too, or
	// ErrSessionNotFound.
	Session(ctx context.Context, id string) (Session, error)

	// Rotate moves a session from a generation to the next and sets LastUsedAt
	// and ExpiresAt. It reports false, and writes nothing, if the session has
	// ended or is at another generation.
	Rotate(ctx context.Context, id string, generation int64, at, expires time.Time) (bool, error)

	// EndSession sets EndedAt and reports whether it did: not if it is set, or
	// there is no such session.
	EndSession(ctx context.Context, id string, at time.Time) (bool, error)

	// EndSessions sets EndedAt of all sessions of a user where it is not set,
	// but for the session named except.
	EndSessions(ctx context.Context, userID, except string, at time.Time) error

	// Sessions returns at most limit sessions of a user that have not ended and
	// expire after now, the newest first, by id downwards among equals, that
	// come after the session with this creation time and id. A zero time begins
	// at the newest.
	Sessions(ctx context.Context, userID string, now, created time.Time, id string, limit int) ([]Session, error)
}

// Challenges is the part of a Store that keeps challenges.
type Challenges interface {
	// AddChallenge writes a new challenge. h belongs to its code.
	AddChallenge(ctx context.Context, c Challenge, h Hash) error

	// Challenge returns the challenge, used and expired ones too, or
	// ErrChallengeNotFound.
	Challenge(ctx context.Context, id string) (Challenge, error)

	// ChallengeOf returns the challenge with this hash as Challenge does.
	ChallengeOf(ctx context.Context, h Hash) (Challenge, error)

	// UseChallenge sets UsedAt and reports whether it did: not if it is set, or
	// there is no such challenge. Of any number of callers one is told true.
	UseChallenge(ctx context.Context, id string, at time.Time) (bool, error)

	// EndChallenges sets UsedAt of all challenges of a kind that a user has,
	// where it is not set.
	EndChallenges(ctx context.Context, userID string, kind ChallengeKind, at time.Time) error
}

// Attempts is the part of a Store that counts what people try, for all processes
// that share it.
type Attempts interface {
	// Attempt counts one more try under key, at most 100 ASCII characters, in
	// the window that its first try has opened, and reports whether it is one of
	// the first limit; otherwise, when the window closes. A try after that opens
	// another. Of any number of callers at the same time exactly limit are told
	// true.
	Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error)

	// ForgetAttempts forgets what was counted under keys.
	ForgetAttempts(ctx context.Context, keys ...string) error
}
