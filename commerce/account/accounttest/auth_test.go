package accounttest_test

import (
	"context"
	"errors"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
)

func (b *broken) SaveUser(ctx context.Context, u *account.User) (err error) {
	next := *u
	switch b.without {
	case "UserRoundTrip":
		next.Phone = ""
	case "UserPassword":
		if old, err := b.Accounts.User(ctx, u.ID); err == nil {
			next.Password = old.Password
		}
	case "EmailRefusalKeepsUnit":
		return b.Do(ctx, func(ctx context.Context) error { return b.Accounts.SaveUser(ctx, u) })
	}
	err = b.Accounts.SaveUser(ctx, &next)
	u.Version = next.Version
	switch {
	case b.without == "UserStale" && errors.Is(err, account.ErrUserStale):
		return nil
	case (b.without == "EmailOnce" || b.without == "EmailWins") && errors.Is(err, account.ErrEmailTaken):
		return nil
	}
	return err
}

func (b *broken) User(ctx context.Context, id string) (account.User, error) {
	u, err := b.Accounts.User(ctx, id)
	if b.without == "UserNotFound" && errors.Is(err, account.ErrUserNotFound) {
		return account.User{}, nil
	}
	return u, err
}

func (b *broken) UserOf(ctx context.Context, kind account.Kind, normal string) (account.User, error) {
	u, err := b.Accounts.UserOf(ctx, kind, normal)
	if b.without == "EmailMoves" && errors.Is(err, account.ErrUserNotFound) {
		return account.User{ID: "cus_1"}, nil
	}
	return u, err
}

func (b *broken) Users(ctx context.Context, f account.UserFilter, created time.Time, id string, limit int) ([]account.User, error) {
	switch b.without {
	case "UserNewest":
		id = ""
	case "UserFilter":
		f.Email = ""
	}
	return b.Accounts.Users(ctx, f, created, id, limit)
}

func (b *broken) AddSession(ctx context.Context, s account.Session) error {
	if b.without == "SessionRoundTrip" {
		s.Device = ""
	}
	return b.Accounts.AddSession(ctx, s)
}

func (b *broken) Session(ctx context.Context, id string) (account.Session, error) {
	s, err := b.Accounts.Session(ctx, id)
	if b.without == "SessionNotFound" && errors.Is(err, account.ErrSessionNotFound) {
		return account.Session{}, nil
	}
	return s, err
}

func (b *broken) Rotate(ctx context.Context, id string, generation int64, at, expires time.Time) (bool, error) {
	did, err := b.Accounts.Rotate(ctx, id, generation, at, expires)
	return did || b.without == "Rotate" || b.without == "RotateOnce" || b.without == "RotateEnded", err
}

func (b *broken) EndSession(ctx context.Context, id string, at time.Time) (bool, error) {
	did, err := b.Accounts.EndSession(ctx, id, at)
	return did || b.without == "EndSessionOnce", err
}

func (b *broken) EndSessions(ctx context.Context, userID, except string, at time.Time) error {
	if b.without == "EndSessions" {
		except = ""
	}
	return b.Accounts.EndSessions(ctx, userID, except, at)
}

func (b *broken) Sessions(ctx context.Context, userID string, now, created time.Time, id string, limit int) ([]account.Session, error) {
	if b.without == "SessionsLive" {
		now = time.Time{}
	}
	return b.Accounts.Sessions(ctx, userID, now, created, id, limit)
}

func (b *broken) AddChallenge(ctx context.Context, c account.Challenge, h account.Hash) error {
	if b.without == "ChallengeRoundTrip" {
		c.OldEmail = ""
	}
	return b.Accounts.AddChallenge(ctx, c, h)
}

func (b *broken) Challenge(ctx context.Context, id string) (account.Challenge, error) {
	c, err := b.Accounts.Challenge(ctx, id)
	if b.without == "ChallengeNotFound" && errors.Is(err, account.ErrChallengeNotFound) {
		return account.Challenge{}, nil
	}
	return c, err
}

func (b *broken) UseChallenge(ctx context.Context, id string, at time.Time) (bool, error) {
	did, err := b.Accounts.UseChallenge(ctx, id, at)
	return did || b.without == "ChallengeOnce", err
}

func (b *broken) EndChallenges(ctx context.Context, userID string, kind account.ChallengeKind, at time.Time) error {
	if b.without == "EndChallenges" {
		return nil
	}
	return b.Accounts.EndChallenges(ctx, userID, kind, at)
}

func (b *broken) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error) {
	switch b.without {
	case "AttemptLimit":
		limit++
	case "AttemptWindow":
		window = 24 * time.Hour
	case "AttemptExact":
		return true, 0, nil
	}
	return b.Accounts.Attempt(ctx, key, now, window, limit)
}

func (b *broken) ForgetAttempts(ctx context.Context, keys ...string) error {
	if b.without == "ForgetAttempts" {
		return nil
	}
	return b.Accounts.ForgetAttempts(ctx, keys...)
}

func (b *broken) Prune(ctx context.Context, before time.Time) error {
	if b.without == "Prune" {
		return nil
	}
	return b.Accounts.Prune(ctx, before)
}
