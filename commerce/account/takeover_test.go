package account_test

import (
	"errors"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Who has registered somebody's address before them may have asked for another
// address too: the owner's proof takes that away with all the rest.
func TestOwnerEndsChangeOfAddress(t *testing.T) {
	s := openHouse(t)
	s.register(ann, "of the attacker 1")
	s.wantEvents("account.registered")
	ctx := s.as(s.login(ann, "of the attacker 1").AccessToken)
	if _, err := s.ChangeEmail(ctx, account.ChangeEmailInput{Email: "mallory@example.com", Password: "of the attacker 1"}); err != nil {
		t.Fatal(err)
	}
	change := s.mail(s.wantEvents("account.email_change_requested")[0])
	s.register(ann, secret)
	m := s.mail(s.wantEvents("account.registered")[0])
	if _, err := s.VerifyEmail(guest(t), account.CodeInput{Code: m.Code}); err != nil {
		t.Fatal(err)
	}
	_, err := s.VerifyEmail(guest(t), account.CodeInput{Code: change.Code})
	wantErr(t, err, account.ErrCodeInvalid)
	if u := s.user(account.KindCustomer, ann); u.VerifiedEmail() != ann {
		t.Errorf("the account is of %s", u.Email)
	}
}

// A password that is changed meanwhile asks for no other address any more.
func TestChangeEmailLosesToChange(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	ctx := s.as(s.login(ann, secret).AccessToken)
	s.hasher.verified = func() {
		u := s.user(account.KindCustomer, ann)
		u.Password = "old:another"
		if err := s.store.SaveUser(t.Context(), &u); err != nil {
			t.Error(err)
		}
	}
	_, err := s.ChangeEmail(ctx, account.ChangeEmailInput{Email: "mallory@example.com", Password: secret})
	wantErr(t, err, account.ErrWrongPassword)
	s.wantEvents()
}

// Who guesses at the door keeps nobody inside from changing their password.
func TestStrangersLockNobodyInsideOut(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	ctx := s.as(s.login(ann, secret).AccessToken)
	for range account.PerAccount {
		_, err := s.Login(guest(t), account.LoginInput{Email: ann, Password: "wrong"})
		wantErr(t, err, account.ErrBadCredentials)
	}
	_, err := s.Login(guest(t), account.LoginInput{Email: ann, Password: secret})
	wantErr(t, err, account.ErrTooManyAttempts)
	if _, err := s.ChangePassword(ctx, account.ChangePasswordInput{CurrentPassword: secret, Password: "battery staple 8"}); err != nil {
		t.Error(err)
	}
}

// A cursor is of a stranger's making.
func TestAddressesBeforeTheFirst(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	ctx := s.as(s.login(ann, secret).AccessToken)
	cursor := page.Encode(map[string]int{"seen": -1})
	if _, err := s.Addresses(ctx, account.AddressesInput{Query: page.Query{Cursor: cursor}}); err != nil {
		wantErr(t, err, page.ErrCursor)
	}
}

// An access token outlives what it says for some minutes; what is given with it
// would for good.
func TestGivesOnlyWhatIsStillTheirs(t *testing.T) {
	s := openHouse(t)
	s.staff("owner@example.com", secret, account.RoleOwner)
	clerks := s.role("orders:read")
	for name, c := range map[string]struct {
		change func(*account.User)
		want   error
	}{
		"disabled": {func(u *account.User) { u.Disabled = true }, fault.ErrUnauthenticated},
		"demoted":  {func(u *account.User) { u.Roles = []string{clerks.ID} }, fault.ErrDenied},
	} {
		t.Run(name, func(t *testing.T) {
			u := s.staff(name+"@example.com", secret, account.RoleOwner)
			in, err := s.StaffLogin(guest(t), account.LoginInput{Email: u.Email, Password: secret})
			if err != nil {
				t.Fatal(err)
			}
			ctx := s.as(in.AccessToken)
			k := account.CreateKeyInput{Name: "k", Scopes: []string{"orders:read"}}
			if _, err := s.CreateKey(ctx, k); err != nil {
				t.Fatal(err)
			}
			u = s.user(account.KindStaff, u.Email)
			c.change(&u)
			if err := s.store.SaveUser(t.Context(), &u); err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{
				"a key":                 second(s.CreateKey(ctx, k)),
				"their place back":      second(s.UpdateStaff(ctx, account.UpdateStaffInput{ID: u.ID, Roles: op.Some([]string{account.RoleOwner}), Disabled: op.Some(false)})),
				"a member of the staff": second(s.CreateStaff(ctx, account.CreateStaffInput{Email: "next@example.com", Roles: []string{clerks.ID}})),
				"a role":                second(s.CreateRole(ctx, account.CreateRoleInput{Name: "r", Scopes: []string{"orders:read"}})),
				"another role":          second(s.UpdateRole(ctx, account.UpdateRoleInput{ID: clerks.ID, Scopes: []string{"*"}})),
				"no role":               second(s.DeleteRole(ctx, account.IDInput{ID: clerks.ID})),
			} {
				if !errors.Is(err, c.want) {
					t.Errorf("%s: %v, want %v", what, err, c.want)
				}
			}
		})
	}
}
