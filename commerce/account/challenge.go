package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

// ChallengeKind says what a Challenge is for, in the words of the mail that
// brings it.
type ChallengeKind string

// The kinds. The first three bring a code; the others only say to whom a notice
// goes.
const (
	ChallengeWelcome       ChallengeKind = "welcome"            // the code proves the address of a registration
	ChallengePasswordReset ChallengeKind = "password_reset"     // the code allows another password
	ChallengeEmailChange   ChallengeKind = "email_change"       // the code proves the new address
	ChallengeAccountExists ChallengeKind = "account_exists"     // a registration named a known address
	ChallengeChanged       ChallengeKind = "password_changed"   // the password is another now
	ChallengeSuspicious    ChallengeKind = "suspicious_sign_in" // a refresh token came back after its use
)

// How long codes live.
const (
	WelcomeLife = 48 * time.Hour
	ResetLife   = time.Hour
	ChangeLife  = 24 * time.Hour
	noticeLife  = 7 * 24 * time.Hour
)

// Challenge is a mail about an account, whether it has been sent or not. Its
// code is derived from its id and the secret of the engine: the store has only
// its SHA-256, events only the id, and who sends the mail asks for the code
// then.
type Challenge struct {
	ID        string        `json:"id"` // "chl_…"
	Kind      ChallengeKind `json:"kind"`
	UserID    string        `json:"user_id"` // "" for an address that nobody has
	Email     string        `json:"email"`   // where the mail goes, and what its code proves
	OldEmail  string        `json:"old_email"`
	Password  string        `json:"password"` // hash of the one that a repeated registration chose
	CreatedAt time.Time     `json:"created_at"`
	ExpiresAt time.Time     `json:"expires_at"`
	UsedAt    *time.Time    `json:"used_at"`
}

// hasCode reports whether the mail of k brings a code.
func (k ChallengeKind) hasCode() bool {
	return k == ChallengeWelcome || k == ChallengePasswordReset || k == ChallengeEmailChange
}

// life returns how long a challenge of k stands.
func (k ChallengeKind) life() time.Duration {
	switch k {
	case ChallengeWelcome:
		return WelcomeLife
	case ChallengePasswordReset:
		return ResetLife
	case ChallengeEmailChange:
		return ChangeLife
	default:
		return noticeLife
	}
}

// open reports whether c can be used at a time.
func (c Challenge) open(now time.Time) bool { return c.UsedAt == nil && now.Before(c.ExpiresAt) }

// code returns the code of the challenge with this id: 256 bits, 43 characters.
func (e *Engine) code(id string) string { return ident.Token(e.codes, id, 0) }

// challenge writes c as of now and returns it with its id.
func (e *Engine) challenge(ctx context.Context, c Challenge) (Challenge, error) {
	c.ID, c.CreatedAt = e.opts.ID("chl"), e.now()
	c.ExpiresAt = c.CreatedAt.Add(c.Kind.life())
	return c, e.store.AddChallenge(ctx, c, sha256.Sum256([]byte(e.code(c.ID))))
}

// challengeOf returns the open challenge of one of these kinds that a code
// belongs to, or ErrCodeInvalid.
func (e *Engine) challengeOf(ctx context.Context, code string, kinds ...ChallengeKind) (Challenge, error) {
	c, err := e.store.ChallengeOf(ctx, sha256.Sum256([]byte(code)))
	if errors.Is(err, ErrChallengeNotFound) {
		return Challenge{}, ErrCodeInvalid.At("/code")
	}
	if err != nil {
		return Challenge{}, err
	}
	for _, k := range kinds {
		if c.Kind == k && c.open(e.now()) {
			return c, nil
		}
	}
	return Challenge{}, ErrCodeInvalid.At("/code")
}

// redeem uses c, which nobody can use again, and returns whose it is. It returns
// ErrCodeInvalid if somebody was faster or the account has changed hands since.
// It is called in a unit of work, and locks the user.
func (e *Engine) redeem(ctx context.Context, c Challenge) (User, error) {
	u, err := e.store.User(ctx, c.UserID)
	if errors.Is(err, ErrUserNotFound) {
		return User{}, ErrCodeInvalid.At("/code")
	}
	if err != nil {
		return User{}, err
	}
	used, err := e.store.UseChallenge(ctx, c.ID, e.now())
	if err != nil {
		return User{}, err
	}
	had := c.Email
	if c.Kind == ChallengeEmailChange {
		had = c.OldEmail
	}
	if !used || u.Disabled || ident.NormalEmail(u.Email) != ident.NormalEmail(had) {
		return User{}, ErrCodeInvalid.At("/code")
	}
	return u, nil
}

// void makes the codes of these kinds that a user has good for nothing.
func (e *Engine) void(ctx context.Context, userID string, kinds ...ChallengeKind) error {
	for _, k := range kinds {
		if err := e.store.EndChallenges(ctx, userID, k, e.now()); err != nil {
			return err
		}
	}
	return nil
}

// Challenge returns what a mail about an account needs. It returns
// ErrChallengeNotFound when there is nothing to say any more: the code was used,
// has expired, or the account is gone.
func (e *Engine) Challenge(ctx context.Context, in ChallengeInput) (ChallengeOutput, error) {
	if err := OpChallenge.Admit(ctx, in); err != nil {
		return ChallengeOutput{}, err
	}
	c, err := e.store.Challenge(ctx, in.ID)
	if err != nil {
		return ChallengeOutput{}, err
	}
	if c.UserID == "" || !c.open(e.now()) {
		return ChallengeOutput{}, ErrChallengeNotFound
	}
	u, err := e.store.User(ctx, c.UserID)
	if errors.Is(err, ErrUserNotFound) {
		return ChallengeOutput{}, ErrChallengeNotFound
	}
	if err != nil {
		return ChallengeOutput{}, err
	}
	out := ChallengeOutput{ID: c.ID, Kind: c.Kind, UserID: u.ID, UserKind: u.Kind, Email: c.Email, OldEmail: c.OldEmail, Name: u.Name, Locale: u.Locale}
	if c.Kind.hasCode() {
		out.Code, out.ExpiresAt = e.code(c.ID), &c.ExpiresAt
	}
	return out, nil
}
