package contracttest

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
)

const (
	password = "Tulip-Kettle-47"
	another  = "Velvet-Anchor-93"
	weak     = "password1"
)

// email is an address that nobody has.
func (w *world) email() string { return w.name() + "@example.com" }

// member is somebody who has signed in.
type member struct {
	account.User
	account.Grant
	ctx context.Context // in which they ask
}

// registered makes a customer who has not signed in yet.
func (w *world) registered() account.User {
	w.Helper()
	email := w.email()
	w.ok(w.Accounts.Register(w.stranger(), account.RegisterInput{Email: email, Password: password}))
	return w.customer(email)
}

// customer returns the customer with an address.
func (w *world) customer(email string) account.User {
	w.Helper()
	found := got(w.Accounts.Customers(w.Context(), account.CustomersInput{Email: email}))(w)
	if len(found.Items) != 1 {
		w.Fatalf("%d customers have the address %s, want 1", len(found.Items), email)
	}
	return found.Items[0]
}

// verified makes a customer who has proven their address.
func (w *world) verified() account.User {
	w.Helper()
	u := w.registered()
	w.ok(w.Accounts.VerifyEmail(w.stranger(), account.CodeInput{Code: w.code(u.ID, registered)}))
	return u
}

// signedIn makes a customer and signs them in.
func (w *world) signedIn() member {
	w.Helper()
	u := w.verified()
	in := got(w.Accounts.Login(w.stranger(), logging(u.Email, password)))(w)
	return member{u, in.Grant, w.as(ident.Actor{Kind: ident.Customer, ID: u.ID, Session: in.SessionID})}
}

func logging(email, password string) account.LoginInput {
	return account.LoginInput{Email: email, Password: password}
}

// challenge returns the challenge that an event of a thing has announced, once
// it has; field is where its payload names the thing.
func (w *world) challenge(event, field, id string) (challenge string) {
	w.Helper()
	w.eventually(event+" is announced", func() bool {
		for _, e := range w.top.Heard(event) {
			told := map[string]any{}
			if json.Unmarshal(e.Data, &told) == nil && told[field] == id {
				challenge, _ = told["challenge"].(string)
			}
		}
		return challenge != ""
	})
	return challenge
}

// code returns the code of the mail that an event of a user has brought.
func (w *world) code(user, event string) string {
	w.Helper()
	return got(w.Accounts.Challenge(w.inside(), account.ChallengeInput{ID: w.challenge(event, "user", user)}))(w).Code
}

// Names of events with codes.
var (
	registered = account.Registered.Name
	forgotten  = account.PasswordResetRequested.Name
	moving     = account.EmailChangeRequested.Name
)

// tooOften tries until it is told that there were too many attempts, of most at
// most.
func (w *world) tooOften(want *fault.Error, most int, try func() error) {
	w.Helper()
	for range most {
		if errors.Is(try(), want) {
			return
		}
	}
	w.Errorf("%d attempts were not too many", most)
}

// somewhere returns a context in which a guest asks from an address of the
// network that nobody else has.
func (w *world) somewhere() context.Context {
	id := ident.NewID("x")
	return ident.WithClient(w.stranger(), "2001:db8::"+strconv.FormatInt(int64(id[len(id)-1])*31+int64(id[len(id)-2]), 16)+":"+strconv.FormatInt(int64(id[len(id)-3])*31+int64(id[len(id)-4]), 16))
}

var signInCases = []trial{
	{"account.register", func(w *world) {
		w.registered()
		w.fails(account.ErrWeakPassword)(w.Accounts.Register(w.stranger(), account.RegisterInput{Email: w.email(), Password: weak}))
		w.fails(account.ErrNoSignIn)(w.bare.Register(w.stranger(), account.RegisterInput{Email: w.email(), Password: password}))
		here, email := w.somewhere(), w.email()
		w.tooOften(account.ErrTooManyAttempts, account.PerClient+1, func() error {
			_, err := w.Accounts.Register(here, account.RegisterInput{Email: email, Password: password})
			return err
		})
	}},
	{"account.verify_email", func(w *world) {
		u := w.registered()
		code := w.code(u.ID, registered)
		w.ok(w.Accounts.VerifyEmail(w.stranger(), account.CodeInput{Code: code}))
		w.fails(account.ErrCodeInvalid)(w.Accounts.VerifyEmail(w.stranger(), account.CodeInput{Code: code}))
		who, email := w.signedIn(), w.email()
		w.ok(w.Accounts.ChangeEmail(who.ctx, account.ChangeEmailInput{Email: email, Password: password}))
		w.ok(w.Accounts.Register(w.stranger(), account.RegisterInput{Email: email, Password: password}))
		w.fails(account.ErrEmailTaken)(w.Accounts.VerifyEmail(w.stranger(), account.CodeInput{Code: w.code(who.User.ID, moving)}))
	}},
	{"account.login", func(w *world) {
		u := w.verified()
		if in := got(w.Accounts.Login(w.stranger(), logging(u.Email, password)))(w); in.Customer.ID != u.ID || in.AccessToken == "" {
			w.Errorf("signed in as %s with token %q, want %s and one", in.Customer.ID, in.AccessToken, u.ID)
		}
		w.fails(account.ErrBadCredentials)(w.Accounts.Login(w.stranger(), logging(u.Email, another)))
		w.fails(account.ErrNoSignIn)(w.bare.Login(w.stranger(), logging(u.Email, password)))
		w.tooOften(account.ErrTooManyAttempts, account.PerAccount+1, func() error {
			_, err := w.Accounts.Login(w.stranger(), logging(u.Email, another))
			return err
		})
	}},
	{"account.staff_login", func(w *world) {
		u := w.hired("orders:read")
		if in := got(w.Accounts.StaffLogin(w.stranger(), logging(u.Email, password)))(w); in.Staff.ID != u.ID {
			w.Errorf("signed in as %s, want %s", in.Staff.ID, u.ID)
		}
		w.fails(account.ErrBadCredentials)(w.Accounts.StaffLogin(w.stranger(), logging(u.Email, another)))
		w.fails(account.ErrNoSignIn)(w.bare.StaffLogin(w.stranger(), logging(u.Email, password)))
		w.tooOften(account.ErrTooManyAttempts, account.PerAccount+1, func() error {
			_, err := w.Accounts.StaffLogin(w.stranger(), logging(u.Email, another))
			return err
		})
	}},
	{"account.refresh", func(w *world) {
		who := w.signedIn()
		next := got(w.Accounts.Refresh(w.stranger(), account.RefreshInput{RefreshToken: who.RefreshToken}))(w)
		if next.RefreshToken == who.RefreshToken {
			w.Error("the refresh token is for more than one use")
		}
		w.fails(account.ErrNoSignIn)(w.bare.Refresh(w.stranger(), account.RefreshInput{RefreshToken: next.RefreshToken}))
		w.fails(account.ErrSignedOut)(w.Accounts.Refresh(w.stranger(), account.RefreshInput{RefreshToken: "rt_none"}))
	}},
	{"account.logout", func(w *world) {
		who := w.signedIn()
		for range 2 { // a repeat does nothing
			w.ok(w.Accounts.Logout(w.stranger(), account.LogoutInput{RefreshToken: who.RefreshToken}))
		}
		w.fails(account.ErrSignedOut)(w.Accounts.Refresh(w.stranger(), account.RefreshInput{RefreshToken: who.RefreshToken}))
	}},
	{"account.forgot_password", func(w *world) {
		u := w.registered()
		w.ok(w.Accounts.ForgotPassword(w.stranger(), account.ForgotInput{Email: u.Email}))
		w.ok(w.Accounts.ForgotPassword(w.stranger(), account.ForgotInput{Email: w.email()})) // nobody's
		w.fails(account.ErrNoSignIn)(w.bare.ForgotPassword(w.stranger(), account.ForgotInput{Email: u.Email}))
		here := w.somewhere()
		w.tooOften(account.ErrTooManyAttempts, account.PerClient+1, func() error {
			_, err := w.Accounts.ForgotPassword(here, account.ForgotInput{Email: u.Email})
			return err
		})
	}},
	{"account.staff_forgot_password", func(w *world) {
		u := w.hired("orders:read")
		w.ok(w.Accounts.StaffForgotPassword(w.stranger(), account.ForgotInput{Email: u.Email}))
		w.fails(account.ErrNoSignIn)(w.bare.StaffForgotPassword(w.stranger(), account.ForgotInput{Email: u.Email}))
		here := w.somewhere()
		w.tooOften(account.ErrTooManyAttempts, account.PerClient+1, func() error {
			_, err := w.Accounts.StaffForgotPassword(here, account.ForgotInput{Email: u.Email})
			return err
		})
	}},
	{"account.reset_password", func(w *world) {
		u := w.registered()
		w.ok(w.Accounts.ForgotPassword(w.stranger(), account.ForgotInput{Email: u.Email}))
		in := account.ResetInput{Code: w.code(u.ID, forgotten), Password: weak}
		w.fails(account.ErrWeakPassword)(w.Accounts.ResetPassword(w.stranger(), in))
		in.Password = another
		w.fails(account.ErrNoSignIn)(w.bare.ResetPassword(w.stranger(), in))
		w.ok(w.Accounts.ResetPassword(w.stranger(), in))
		w.fails(account.ErrCodeInvalid)(w.Accounts.ResetPassword(w.stranger(), in))
		w.ok(w.Accounts.Login(w.stranger(), logging(u.Email, another)))
	}},
	{"account.challenge", func(w *world) {
		u := w.registered()
		id := w.challenge(registered, "user", u.ID)
		if c := got(w.Accounts.Challenge(w.inside(), account.ChallengeInput{ID: id}))(w); c.Email != u.Email || c.Code == "" {
			w.Errorf("the challenge is %+v, want a code for %s", c, u.Email)
		}
		w.fails(account.ErrChallengeNotFound)(w.Accounts.Challenge(w.inside(), account.ChallengeInput{ID: nobody}))
	}},
	{"account.jwks", func(w *world) { w.ok(w.Accounts.JWKS(w.stranger(), account.MeInput{})) }},
}

// mine calls an operation that is for whoever asks: as the member, as a guest,
// and as a program, which has no account.
func (w *world) mine(do func(ctx context.Context) error) member {
	w.Helper()
	who := w.signedIn()
	w.fails(fault.ErrUnauthenticated)(nil, do(w.stranger()))
	w.fails(fault.ErrDenied)(nil, do(w.as(ident.Actor{Kind: ident.Staff, ID: "key_none", Scopes: []string{"*"}})))
	return who
}

var selfCases = []trial{
	{"account.me and account.update_me", func(w *world) {
		me := func(ctx context.Context) error { _, err := w.Accounts.Me(ctx, account.MeInput{}); return err }
		who := w.mine(me)
		w.ok(nil, me(who.ctx))
		update := func(ctx context.Context) error {
			_, err := w.Accounts.UpdateMe(ctx, account.UpdateMeInput{Name: op.Some("Ada")})
			return err
		}
		who = w.mine(update)
		w.ok(nil, update(who.ctx))
		if u := got(w.Accounts.Me(who.ctx, account.MeInput{}))(w); u.Name != "Ada" || u.ID != who.User.ID {
			w.Errorf("I am %s, %q; want %s, Ada", u.ID, u.Name, who.User.ID)
		}
	}},
	{"account.sessions, account.end_session and account.logout_all", func(w *world) {
		sessions := func(ctx context.Context) error {
			_, err := w.Accounts.Sessions(ctx, account.SessionsInput{})
			return err
		}
		who := w.mine(sessions)
		if out := got(w.Accounts.Sessions(who.ctx, account.SessionsInput{}))(w); len(out.Items) != 1 || out.Items[0].ID != who.SessionID {
			w.Errorf("sessions %+v, want %s", out.Items, who.SessionID)
		}
		end := func(id string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := w.Accounts.EndSession(ctx, account.IDInput{ID: id})
				return err
			}
		}
		other := w.mine(end(who.SessionID))
		w.fails(account.ErrSessionNotFound)(nil, end(who.SessionID)(other.ctx))
		w.ok(nil, end(who.SessionID)(who.ctx))
		all := func(ctx context.Context) error { _, err := w.Accounts.LogoutAll(ctx, account.MeInput{}); return err }
		who = w.mine(all)
		w.ok(nil, all(who.ctx))
		w.fails(account.ErrSignedOut)(w.Accounts.Refresh(w.stranger(), account.RefreshInput{RefreshToken: who.RefreshToken}))
	}},
	{"account.change_password", func(w *world) {
		change := func(from, to string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := w.Accounts.ChangePassword(ctx, account.ChangePasswordInput{CurrentPassword: from, Password: to})
				return err
			}
		}
		who := w.mine(change(password, another))
		w.fails(account.ErrWrongPassword)(nil, change(another, another)(who.ctx))
		w.fails(account.ErrWeakPassword)(nil, change(password, weak)(who.ctx))
		w.fails(account.ErrNoSignIn)(w.bare.ChangePassword(who.ctx, account.ChangePasswordInput{CurrentPassword: password, Password: another}))
		w.ok(nil, change(password, another)(who.ctx))
		w.tooOften(account.ErrTooManyAttempts, account.PerAccount+1, func() error { return change(password, password)(who.ctx) })
	}},
	{"account.change_email", func(w *world) {
		change := func(password string) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := w.Accounts.ChangeEmail(ctx, account.ChangeEmailInput{Email: w.email(), Password: password})
				return err
			}
		}
		who := w.mine(change(password))
		w.fails(account.ErrWrongPassword)(nil, change(another)(who.ctx))
		w.fails(account.ErrNoSignIn)(w.bare.ChangeEmail(who.ctx, account.ChangeEmailInput{Email: w.email(), Password: password}))
		w.ok(nil, change(password)(who.ctx))
		w.tooOften(account.ErrTooManyAttempts, account.PerAccount+1, func() error { return change(another)(who.ctx) })
	}},
	{"account.create_address, address, addresses, update_address and delete_address", func(w *world) {
		create := func(ctx context.Context) error {
			_, err := w.Accounts.CreateAddress(ctx, home)
			return err
		}
		who := w.mine(create)
		a := got(w.Accounts.CreateAddress(who.ctx, home))(w)
		for range account.MaxAddresses - 1 {
			w.ok(nil, create(who.ctx))
		}
		w.fails(account.ErrBookFull)(nil, create(who.ctx))
		list := func(ctx context.Context) error {
			_, err := w.Accounts.Addresses(ctx, account.AddressesInput{})
			return err
		}
		w.mine(list)
		w.ok(nil, list(who.ctx))
		for _, do := range []func(ctx context.Context) error{
			func(ctx context.Context) error {
				_, err := w.Accounts.Address(ctx, account.IDInput{ID: a.ID})
				return err
			},
			func(ctx context.Context) error {
				_, err := w.Accounts.UpdateAddress(ctx, account.UpdateAddressInput{ID: a.ID, City: op.Some("Bonn")})
				return err
			},
			func(ctx context.Context) error {
				_, err := w.Accounts.DeleteAddress(ctx, account.IDInput{ID: a.ID})
				return err
			},
		} {
			other := w.mine(do)
			w.fails(account.ErrAddressNotFound)(nil, do(other.ctx))
			w.ok(nil, do(who.ctx))
		}
	}},
}
