package account

import (
	"context"
	"errors"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// confirm returns the user who asks, if this is their password. It returns
// ErrWrongPassword and ErrTooManyAttempts, counted for their session alone: who
// guesses from outside locks nobody out who is in.
func (e *Engine) confirm(ctx context.Context, password string) (User, error) {
	u, err := e.self(ctx)
	if err != nil {
		return User{}, err
	}
	doors := doorsOf(ident.Nameless("session", u.ID, ident.From(ctx).Origin().Session))
	if err := e.try(ctx, doors); err != nil {
		return User{}, err
	}
	ok, _, err := e.ports.Hasher.Verify(ctx, password, u.Password)
	if err != nil {
		return User{}, err
	}
	if !ok {
		return User{}, ErrWrongPassword
	}
	return u, e.forgive(ctx, doors)
}

// ChangePassword replaces the password of the user who asks and ends their other
// sessions. It returns ErrWrongPassword, ErrWeakPassword and ErrTooManyAttempts.
func (e *Engine) ChangePassword(ctx context.Context, in ChangePasswordInput) (op.Nothing, error) {
	if err := OpChangePassword.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	u, err := e.confirm(ctx, in.CurrentPassword)
	if err != nil {
		return op.Nothing{}, err
	}
	if err := e.judge(in.Password, u.Email); err != nil {
		return op.Nothing{}, err
	}
	hash, err := e.ports.Hasher.Hash(ctx, in.Password)
	if err != nil {
		return op.Nothing{}, err
	}
	current := ident.From(ctx).Origin().Session
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		u, err := e.unchanged(ctx, u)
		if err != nil {
			return op.Nothing{}, err
		}
		return op.Nothing{}, e.setPassword(ctx, u, hash, current)
	})
}

// unchanged returns the user whose password was confirmed as they are now, and
// locks them in the unit of work. It returns ErrWrongPassword if another change
// was faster.
func (e *Engine) unchanged(ctx context.Context, confirmed User) (User, error) {
	u, err := e.store.User(ctx, confirmed.ID)
	if err == nil && (u.Password != confirmed.Password || u.Disabled) {
		return User{}, ErrWrongPassword
	}
	return u, err
}

// setPassword gives u another password, ends sessions but for the one named
// except, makes the mails that could set another one void, and announces it.
func (e *Engine) setPassword(ctx context.Context, u User, hash, except string) error {
	u.Password = hash
	if err := e.saveUser(ctx, &u); err != nil {
		return err
	}
	if err := e.store.EndSessions(ctx, u.ID, except, e.now()); err != nil {
		return err
	}
	if err := e.void(ctx, u.ID, ChallengePasswordReset, ChallengeEmailChange); err != nil {
		return err
	}
	if err := e.forgive(ctx, e.doors(u.Kind, u.Email, "")); err != nil {
		return err
	}
	c, err := e.challenge(ctx, Challenge{Kind: ChallengeChanged, UserID: u.ID, Email: u.Email})
	if err != nil {
		return err
	}
	return e.store.Record(ctx, PasswordChanged.New(e.opts.ID("evt"), u.ID, e.now(), PasswordChangedV1{User: u.ID, Challenge: c.ID, Locale: u.Locale}))
}

// ForgotPassword has a mail with a code sent to a customer's address, if it has
// an account. Its answer does not tell. It returns ErrTooManyAttempts for too
// many requests from one client.
func (e *Engine) ForgotPassword(ctx context.Context, in ForgotInput) (Accepted, error) {
	if err := OpForgotPassword.Admit(ctx, in); err != nil {
		return Accepted{}, err
	}
	return e.forgot(ctx, KindCustomer, in.Email)
}

// StaffForgotPassword is ForgotPassword for members of the staff.
func (e *Engine) StaffForgotPassword(ctx context.Context, in ForgotInput) (Accepted, error) {
	if err := OpStaffForgotPassword.Admit(ctx, in); err != nil {
		return Accepted{}, err
	}
	return e.forgot(ctx, KindStaff, in.Email)
}

func (e *Engine) forgot(ctx context.Context, kind Kind, email string) (Accepted, error) {
	if err := e.fromClient(ctx, "forgot"); err != nil {
		return Accepted{}, err
	}
	quiet, err := e.silenced(ctx, "forgot", kind, email)
	if err != nil {
		return Accepted{}, err
	}
	// The time of a hash, for known and unknown alike, hides what else differs.
	if _, _, err := e.ports.Hasher.Verify(ctx, "", ""); err != nil || quiet {
		return Accepted{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Accepted, error) {
		u, err := e.store.UserOf(ctx, kind, ident.NormalEmail(email))
		if err != nil && !errors.Is(err, ErrUserNotFound) {
			return Accepted{}, err
		}
		if u.Disabled {
			u = User{}
		}
		c, err := e.challenge(ctx, Challenge{Kind: ChallengePasswordReset, UserID: u.ID, Email: u.Email})
		if err != nil || u.ID == "" {
			return Accepted{}, err
		}
		return Accepted{}, e.store.Record(ctx, PasswordResetRequested.New(e.opts.ID("evt"), u.ID, e.now(), PasswordResetRequestedV1{User: u.ID, Challenge: c.ID, Locale: u.Locale}))
	})
}

// ResetPassword sets a password with the code of a mail and ends all sessions.
// The code proves the address too. It returns ErrCodeInvalid and
// ErrWeakPassword.
func (e *Engine) ResetPassword(ctx context.Context, in ResetInput) (op.Nothing, error) {
	if err := OpResetPassword.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	c, err := e.challengeOf(ctx, in.Code, ChallengePasswordReset)
	if err != nil {
		return op.Nothing{}, err
	}
	if err := e.judge(in.Password, c.Email); err != nil {
		return op.Nothing{}, err
	}
	hash, err := e.ports.Hasher.Hash(ctx, in.Password)
	if err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		u, err := e.redeem(ctx, c)
		if err != nil {
			return op.Nothing{}, err
		}
		if u.EmailVerifiedAt == nil {
			u.EmailVerifiedAt = new(e.now())
			if err := e.store.Record(ctx, EmailVerified.New(e.opts.ID("evt"), u.ID, e.now(), EmailVerifiedV1{User: u.ID, Kind: u.Kind})); err != nil {
				return op.Nothing{}, err
			}
		}
		return op.Nothing{}, e.setPassword(ctx, u, hash, "")
	})
}
