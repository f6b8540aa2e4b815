package account

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Register makes a customer's account and has a mail sent that proves its
// address. Its answer does not tell whether the address has an account already;
// the mail does. A registration that nobody has verified may be repeated: the
// code of each mail makes the password of its own registration the account's.
// It returns ErrWeakPassword and ErrTooManyAttempts.
func (e *Engine) Register(ctx context.Context, in RegisterInput) (Accepted, error) {
	if err := OpRegister.Admit(ctx, in); err != nil {
		return Accepted{}, err
	}
	if err := e.judge(in.Password, in.Email); err != nil {
		return Accepted{}, err
	}
	if err := e.fromClient(ctx, "register"); err != nil {
		return Accepted{}, err
	}
	quiet, err := e.silenced(ctx, "register", KindCustomer, in.Email)
	if err != nil {
		return Accepted{}, err
	}
	hash, err := e.ports.Hasher.Hash(ctx, in.Password)
	if err != nil {
		return Accepted{}, err
	}
	u := User{ID: e.opts.ID(KindCustomer.Prefix()), Kind: KindCustomer, Email: in.Email, Name: in.Name, Locale: in.Locale, Groups: []string{}, Roles: []string{},
		Metadata: json.RawMessage(`{}`), CreatedAt: e.now(), UpdatedAt: e.now(), Password: hash}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Accepted, error) {
		fresh := u
		switch err := e.store.SaveUser(ctx, &fresh); {
		case err == nil:
			return Accepted{}, e.welcome(ctx, fresh, Challenge{Kind: ChallengeWelcome}, false)
		case !errors.Is(err, ErrEmailTaken) || quiet:
			return Accepted{}, unless(err, ErrEmailTaken)
		}
		known, err := e.store.UserOf(ctx, u.Kind, ident.NormalEmail(u.Email))
		if err != nil {
			return Accepted{}, err
		}
		if known.EmailVerifiedAt != nil || known.Disabled {
			return Accepted{}, e.welcome(ctx, known, Challenge{Kind: ChallengeAccountExists}, true)
		}
		return Accepted{}, e.welcome(ctx, known, Challenge{Kind: ChallengeWelcome, Password: hash}, true)
	})
}

// unless returns err if it is not the one that is fine.
func unless(err, fine error) error {
	if errors.Is(err, fine) {
		return nil
	}
	return err
}

func (e *Engine) welcome(ctx context.Context, u User, c Challenge, known bool) error {
	c.UserID, c.Email = u.ID, u.Email
	c, err := e.challenge(ctx, c)
	if err != nil {
		return err
	}
	return e.store.Record(ctx, Registered.New(e.opts.ID("evt"), u.ID, e.now(), RegisteredV1{User: u.ID, Challenge: c.ID, Locale: u.Locale, Known: known}))
}

// fromClient counts one more request of a kind that sends mails from the
// network address that asks. It returns ErrTooManyAttempts.
func (e *Engine) fromClient(ctx context.Context, what string) error {
	if addr := ident.Client(ctx); addr != "" {
		return e.take(ctx, count{ident.Nameless(what, addr), Window, PerClient})
	}
	return nil
}

// silenced counts one more mail of a sort to an address that others can have
// sent, and reports whether there have been enough. Nobody is told.
func (e *Engine) silenced(ctx context.Context, what string, kind Kind, email string) (bool, error) {
	err := e.take(ctx, count{ident.Nameless(what+".mailbox", string(kind), ident.NormalEmail(email)), MailWindow, PerMailbox})
	if errors.Is(err, ErrTooManyAttempts) {
		return true, nil
	}
	return false, err
}

// VerifyEmail proves an address with the code of a mail: that of a registration,
// or a new one. It returns ErrCodeInvalid, and ErrEmailTaken if somebody else
// has got the new address meanwhile.
func (e *Engine) VerifyEmail(ctx context.Context, in CodeInput) (op.Nothing, error) {
	if err := OpVerifyEmail.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	c, err := e.challengeOf(ctx, in.Code, ChallengeWelcome, ChallengeEmailChange)
	if err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		u, err := e.redeem(ctx, c)
		if err != nil {
			return op.Nothing{}, err
		}
		if c.Kind == ChallengeEmailChange {
			return op.Nothing{}, e.moveTo(ctx, u, c.Email)
		}
		return op.Nothing{}, e.verified(ctx, u, c.Password)
	})
}

// verified notes that the address of u is theirs. hash, if any, is of the
// password that the registration with this code chose: it and nobody else's
// opens the account from now on, and no change that others have asked for is
// left.
func (e *Engine) verified(ctx context.Context, u User, hash string) error {
	if u.EmailVerifiedAt != nil {
		return ErrCodeInvalid.At("/code")
	}
	if hash != "" {
		u.Password = hash
		if err := e.store.EndSessions(ctx, u.ID, "", e.now()); err != nil {
			return err
		}
		if err := e.void(ctx, u.ID, ChallengePasswordReset, ChallengeEmailChange); err != nil {
			return err
		}
	}
	if err := e.void(ctx, u.ID, ChallengeWelcome); err != nil {
		return err
	}
	u.EmailVerifiedAt = new(e.now())
	if err := e.saveUser(ctx, &u); err != nil {
		return err
	}
	return e.store.Record(ctx, EmailVerified.New(e.opts.ID("evt"), u.ID, e.now(), EmailVerifiedV1{User: u.ID, Kind: u.Kind}))
}

// moveTo gives u another address, which is proven. Codes that were sent to the
// one before are good for nothing then.
func (e *Engine) moveTo(ctx context.Context, u User, email string) error {
	if err := e.void(ctx, u.ID, ChallengeWelcome, ChallengePasswordReset, ChallengeEmailChange); err != nil {
		return err
	}
	u.Email, u.EmailVerifiedAt = email, new(e.now())
	if err := e.saveUser(ctx, &u); err != nil {
		return err
	}
	return e.store.Record(ctx, EmailVerified.New(e.opts.ID("evt"), u.ID, e.now(), EmailVerifiedV1{User: u.ID, Kind: u.Kind, Changed: true}))
}

// ChangeEmail has a mail sent to another address, whose code makes it the
// user's, and tells the one until then. It returns ErrWrongPassword and
// ErrTooManyAttempts. Whether the address is somebody's is not told.
func (e *Engine) ChangeEmail(ctx context.Context, in ChangeEmailInput) (Accepted, error) {
	if err := OpChangeEmail.Admit(ctx, in); err != nil {
		return Accepted{}, err
	}
	u, err := e.confirm(ctx, in.Password)
	if err != nil {
		return Accepted{}, err
	}
	quiet, err := e.silenced(ctx, "email", u.Kind, in.Email)
	if err != nil || quiet {
		return Accepted{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Accepted, error) {
		u, err := e.unchanged(ctx, u)
		if err != nil {
			return Accepted{}, err
		}
		if err := e.void(ctx, u.ID, ChallengeEmailChange); err != nil {
			return Accepted{}, err
		}
		c, err := e.challenge(ctx, Challenge{Kind: ChallengeEmailChange, UserID: u.ID, Email: in.Email, OldEmail: u.Email})
		if err != nil {
			return Accepted{}, err
		}
		return Accepted{}, e.store.Record(ctx, EmailChangeRequested.New(e.opts.ID("evt"), u.ID, e.now(), EmailChangeRequestedV1{User: u.ID, Challenge: c.ID, Locale: u.Locale}))
	})
}
