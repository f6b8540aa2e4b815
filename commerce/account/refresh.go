package account

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

const (
	// AccessLife is how long an access token is good. Nothing ends one earlier:
	// what ends sessions ends access within this time.
	AccessLife = 10 * time.Minute
	// Grace is how long after its use a refresh token gives its successor again,
	// to a client that has asked twice and to one that has lost the answer.
	Grace = 10 * time.Second
)

const refreshPrefix = "rt_"

// refreshToken returns the token of s that is good now: the session's id, the
// generation, and what only this engine can derive from both and the Nonce.
func (e *Engine) refreshToken(s Session) string {
	return refreshPrefix + s.ID + "." + strconv.FormatInt(s.Generation, 10) + "." + e.proof(s, s.Generation)
}

func (e *Engine) proof(s Session, generation int64) string {
	return ident.Token(e.refreshes, s.ID+"."+s.Nonce, int(generation))
}

// sessionOf returns the session that a refresh token was made for, ended ones
// too, and the token's generation. It returns ErrSignedOut for text that was
// never a token.
func (e *Engine) sessionOf(ctx context.Context, token string) (Session, int64, error) {
	rest, ok := strings.CutPrefix(token, refreshPrefix)
	parts := strings.Split(rest, ".")
	if !ok || len(parts) != 3 {
		return Session{}, 0, ErrSignedOut
	}
	generation, err := strconv.ParseInt(parts[1], 10, 32)
	if err != nil {
		return Session{}, 0, ErrSignedOut
	}
	s, err := e.store.Session(ctx, parts[0])
	if errors.Is(err, ErrSessionNotFound) {
		return Session{}, 0, ErrSignedOut
	}
	if err != nil {
		return Session{}, 0, err
	}
	if !ident.TokenFits(parts[2], e.refreshes, s.ID+"."+s.Nonce, int(generation)) {
		return Session{}, 0, ErrSignedOut
	}
	return s, generation, nil
}

// Refresh gives the successor of a refresh token and another access token. Who
// asks twice within Grace gets the same successor twice. Afterwards a token that
// was used ends its session, since two people have it: ErrSignedOut, also for a
// session that has ended and for a user who is disabled.
func (e *Engine) Refresh(ctx context.Context, in RefreshInput) (Grant, error) {
	if err := OpRefresh.Admit(ctx, in); err != nil {
		return Grant{}, err
	}
	s, generation, err := e.sessionOf(ctx, in.RefreshToken)
	if err != nil {
		return Grant{}, err
	}
	o, err := txn.Get(ctx, e.Scope(), func(ctx context.Context) (*opened, error) {
		return e.rotate(ctx, s.UserID, s.ID, generation)
	})
	if err != nil {
		return Grant{}, err
	}
	if o == nil {
		return Grant{}, ErrSignedOut
	}
	return e.grant(ctx, o.user, o.session)
}

// rotate moves a session on, or ends it, in a unit of work that is to commit in
// both cases: nil says that it is over.
func (e *Engine) rotate(ctx context.Context, userID, id string, generation int64) (*opened, error) {
	u, err := e.store.User(ctx, userID) // first, as all who end sessions do
	if err != nil && !errors.Is(err, ErrUserNotFound) {
		return nil, err
	}
	gone := err != nil || u.Disabled
	s, err := e.store.Session(ctx, id)
	if err != nil && !errors.Is(err, ErrSessionNotFound) {
		return nil, err
	}
	now := e.now()
	switch {
	case err != nil || gone || !s.live(now):
		return nil, nil
	case generation == s.Generation-1 && now.Sub(s.LastUsedAt) <= Grace:
		return &opened{u, s}, nil
	case generation != s.Generation:
		return nil, e.suspect(ctx, u, s)
	}
	s.LastUsedAt, s.ExpiresAt = now, e.expiry(s, now)
	ok, err := e.store.Rotate(ctx, id, generation, s.LastUsedAt, s.ExpiresAt)
	if err != nil || !ok {
		return nil, err
	}
	s.Generation++
	return &opened{u, s}, nil
}

// suspect ends a session of which an old token has come back.
func (e *Engine) suspect(ctx context.Context, u User, s Session) error {
	did, err := e.store.EndSession(ctx, s.ID, e.now())
	if err != nil || !did {
		return err
	}
	c, err := e.challenge(ctx, Challenge{Kind: ChallengeSuspicious, UserID: u.ID, Email: u.Email})
	if err != nil {
		return err
	}
	return e.store.Record(ctx, SuspiciousRefresh.New(e.opts.ID("evt"), u.ID, e.now(), SuspiciousRefreshV1{User: u.ID, Session: s.ID, Challenge: c.ID, Locale: u.Locale}))
}

// expiry returns when s ends that is used now and not again.
func (e *Engine) expiry(s Session, now time.Time) time.Time {
	idle, most := now.Add(e.opts.SessionIdle), s.CreatedAt.Add(e.opts.SessionMax)
	if most.Before(idle) {
		return most
	}
	return idle
}

// Logout ends the session of a refresh token, a used one too, or else the
// caller's own. What is no token of a session ends nothing; that is no error.
func (e *Engine) Logout(ctx context.Context, in LogoutInput) (op.Nothing, error) {
	if err := OpLogout.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	id := ident.From(ctx).Origin().Session
	if in.RefreshToken != "" {
		s, _, err := e.sessionOf(ctx, in.RefreshToken)
		if err != nil && !errors.Is(err, ErrSignedOut) {
			return op.Nothing{}, err
		}
		id = s.ID
	}
	if id == "" {
		return op.Nothing{}, nil
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		_, err := e.store.EndSession(ctx, id, e.now())
		return op.Nothing{}, err
	})
}

// LogoutAll ends all sessions of the user who asks.
func (e *Engine) LogoutAll(ctx context.Context, in MeInput) (op.Nothing, error) {
	if err := OpLogoutAll.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	u, err := e.self(ctx)
	if err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		return op.Nothing{}, e.signOut(ctx, u.ID, "")
	})
}

// signOut ends the sessions of a user, but for the one named except. It is
// called in a unit of work; locking the user first keeps out who is signing in.
func (e *Engine) signOut(ctx context.Context, userID, except string) error {
	if _, err := e.store.User(ctx, userID); err != nil {
		return err
	}
	return e.store.EndSessions(ctx, userID, except, e.now())
}

// Sessions returns the sessions of the user who asks, the newest first.
func (e *Engine) Sessions(ctx context.Context, in SessionsInput) (page.Page[Session], error) {
	if err := OpSessions.Admit(ctx, in); err != nil {
		return page.Page[Session]{}, err
	}
	u, err := e.self(ctx)
	if err != nil {
		return page.Page[Session]{}, err
	}
	var after position
	if _, err := page.Decode(in.Cursor, &after); err != nil {
		return page.Page[Session]{}, err
	}
	found, err := e.store.Sessions(ctx, u.ID, e.now(), after.Created, after.ID, in.Size()+1)
	if err != nil {
		return page.Page[Session]{}, err
	}
	current := ident.From(ctx).Origin().Session
	for i := range found {
		found[i].Current = found[i].ID == current
	}
	return page.Of(found, in.Size(), func(s Session) any { return position{s.CreatedAt, s.ID} }), nil
}

// EndSession ends a session of the user who asks. It returns
// ErrSessionNotFound; one that has ended is no error.
func (e *Engine) EndSession(ctx context.Context, in IDInput) (op.Nothing, error) {
	if err := OpEndSession.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	u, err := e.self(ctx)
	if err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		s, err := e.store.Session(ctx, in.ID)
		if err != nil {
			return op.Nothing{}, err
		}
		if s.UserID != u.ID {
			return op.Nothing{}, ErrSessionNotFound
		}
		_, err = e.store.EndSession(ctx, s.ID, e.now())
		return op.Nothing{}, err
	})
}

// Prune forgets what has expired: sessions, codes and counted tries. Hosts call
// it now and then.
func (e *Engine) Prune(ctx context.Context) error { return e.store.Prune(ctx, e.now()) }
