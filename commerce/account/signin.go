package account

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Login signs a customer in. It returns ErrBadCredentials, after the same work
// whether there is such an account, and ErrTooManyAttempts.
func (e *Engine) Login(ctx context.Context, in LoginInput) (SignedIn, error) {
	if err := OpLogin.Admit(ctx, in); err != nil {
		return SignedIn{}, err
	}
	u, g, err := e.signIn(ctx, KindCustomer, in)
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Grant: g, Device: e.newDevice(u.Kind, u.Email), Customer: u}, nil
}

// StaffLogin signs a member of the staff in, as Login does.
func (e *Engine) StaffLogin(ctx context.Context, in LoginInput) (StaffSignedIn, error) {
	if err := OpStaffLogin.Admit(ctx, in); err != nil {
		return StaffSignedIn{}, err
	}
	u, g, err := e.signIn(ctx, KindStaff, in)
	if err != nil {
		return StaffSignedIn{}, err
	}
	return StaffSignedIn{Grant: g, Device: e.newDevice(u.Kind, u.Email), Staff: u}, nil
}

func (e *Engine) signIn(ctx context.Context, kind Kind, in LoginInput) (User, Grant, error) {
	doors := e.doors(kind, in.Email, in.Device)
	if err := e.try(ctx, doors); err != nil {
		return User{}, Grant{}, err
	}
	u, err := e.store.UserOf(ctx, kind, ident.NormalEmail(in.Email))
	if err != nil && !errors.Is(err, ErrUserNotFound) {
		return User{}, Grant{}, err
	}
	ok, stale, err := e.ports.Hasher.Verify(ctx, in.Password, u.Password)
	switch {
	case err != nil:
		return User{}, Grant{}, err
	case !ok || u.Disabled || e.opts.VerifyFirst && u.EmailVerifiedAt == nil:
		return User{}, Grant{}, ErrBadCredentials
	}
	better := u.Password
	if stale {
		if better, err = e.ports.Hasher.Hash(ctx, in.Password); err != nil {
			return User{}, Grant{}, err
		}
	}
	o, err := txn.Get(ctx, e.Scope(), func(ctx context.Context) (opened, error) {
		o, err := e.begin(ctx, u, better, in.UserAgent)
		if err != nil {
			return opened{}, err
		}
		return o, e.forgive(ctx, doors)
	})
	if err != nil {
		return User{}, Grant{}, err
	}
	g, err := e.grant(ctx, o.user, o.session)
	return o.user, g, err
}

// opened is a session and whose it is.
type opened struct {
	user    User
	session Session
}

// begin makes a session for the user whose password has just been verified. It
// locks the user: of a change of the password at the same time either the
// session comes to be before and is ended by it, or not at all. better is a new
// hash of the same password.
func (e *Engine) begin(ctx context.Context, verified User, better, agent string) (opened, error) {
	u, err := e.store.User(ctx, verified.ID)
	switch {
	case errors.Is(err, ErrUserNotFound), err == nil && (u.Password != verified.Password || u.Disabled):
		return opened{}, ErrBadCredentials
	case err != nil:
		return opened{}, err
	}
	if u.Password != better {
		u.Password = better
		if err := e.saveUser(ctx, &u); err != nil {
			return opened{}, err
		}
	}
	at := e.now()
	s := Session{ID: e.opts.ID("ses"), UserID: u.ID, Device: cut(agent, deviceLength), Nonce: rand.Text(), Generation: 1, CreatedAt: at, LastUsedAt: at}
	s.ExpiresAt = e.expiry(s, at)
	return opened{u, s}, e.store.AddSession(ctx, s)
}

// saveUser writes u as changed now.
func (e *Engine) saveUser(ctx context.Context, u *User) error {
	u.UpdatedAt = e.now()
	return e.store.SaveUser(ctx, u)
}

// deviceLength is how many characters are kept of what a client calls itself.
const deviceLength = 200

// cut returns the first n characters of s.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "?")
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// grant issues what a session gives.
func (e *Engine) grant(ctx context.Context, u User, s Session) (Grant, error) {
	now := e.now()
	c := Claims{Subject: u.ID, Audience: AudienceCustomer, Session: s.ID, Email: u.VerifiedEmail(), Issued: now, Expires: now.Add(AccessLife)}
	if u.Kind == KindStaff {
		c.Audience = AudienceStaff
		var err error
		if c.Scopes, err = e.scopesOf(ctx, u); err != nil {
			return Grant{}, err
		}
	}
	access, err := e.ports.Tokens.Issue(ctx, c)
	if err != nil {
		return Grant{}, err
	}
	return Grant{AccessToken: access, TokenType: "Bearer", ExpiresIn: int(AccessLife / time.Second), RefreshToken: e.refreshToken(s), SessionID: s.ID}, nil
}

// self returns the user who asks, also through a service of the shop. It
// returns fault.ErrUnauthenticated for guests and for who is gone or disabled,
// and fault.ErrDenied for callers that are no user.
func (e *Engine) self(ctx context.Context) (User, error) {
	who := ident.From(ctx).Origin()
	switch {
	case who.Kind == ident.Guest:
		return User{}, fault.ErrUnauthenticated
	case who.Kind == ident.Customer && who.ID != "", who.Kind == ident.Staff && strings.HasPrefix(who.ID, KindStaff.Prefix()+"_"):
	default:
		return User{}, fault.ErrDenied.Saying("only who has signed in has an account")
	}
	u, err := e.store.User(ctx, who.ID)
	if errors.Is(err, ErrUserNotFound) || err == nil && u.Disabled {
		return User{}, fault.ErrUnauthenticated
	}
	return u, err
}

// Me returns the user who asks. It returns fault.ErrUnauthenticated.
func (e *Engine) Me(ctx context.Context, in MeInput) (User, error) {
	if err := OpMe.Admit(ctx, in); err != nil {
		return User{}, err
	}
	return e.self(ctx)
}

// JWKS returns the keys with which access tokens can be verified.
func (e *Engine) JWKS(ctx context.Context, in MeInput) (JWKS, error) {
	if err := OpJWKS.Admit(ctx, in); err != nil {
		return JWKS{}, err
	}
	keys := e.ports.Tokens.Keys()
	if keys.Keys == nil {
		keys.Keys = []JWK{}
	}
	return keys, nil
}
