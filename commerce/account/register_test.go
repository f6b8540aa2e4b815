package account_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

func TestRegister(t *testing.T) {
	s := openHouse(t)
	s.register(ann, secret)
	ev := s.wantEvents("account.registered")[0]
	u := s.user(account.KindCustomer, ann)
	if u.Email != ann || u.Name != "Ann" || u.Locale != "de-AT" || u.EmailVerifiedAt != nil || u.Password != "old:"+secret || !strings.HasPrefix(u.ID, "cus_") {
		t.Errorf("%+v", u)
	}
	m := s.mail(ev)
	if m.Kind != account.ChallengeWelcome || m.Email != ann || m.Name != "Ann" || m.Locale != "de-AT" || m.UserID != u.ID || m.ExpiresAt == nil || !m.ExpiresAt.Equal(morning.Add(account.WelcomeLife)) {
		t.Errorf("%+v", m)
	}
	if ev.Key != u.ID || string(ev.Data) != `{"user":"`+u.ID+`","challenge":"`+m.ID+`","locale":"de-AT"}` {
		t.Errorf("%s %s", ev.Key, ev.Data)
	}
	if _, err := s.VerifyEmail(guest(t), account.CodeInput{Code: m.Code}); err != nil {
		t.Fatal(err)
	}
	s.wantEvents("account.email_verified")
	if u := s.user(account.KindCustomer, ann); u.EmailVerifiedAt == nil || !u.EmailVerifiedAt.Equal(morning) {
		t.Errorf("%+v", u)
	}
	_, err := s.VerifyEmail(guest(t), account.CodeInput{Code: m.Code})
	wantErr(t, err, account.ErrCodeInvalid)
	_, err = s.Challenge(t.Context(), account.ChallengeInput{ID: m.ID})
	wantErr(t, err, account.ErrChallengeNotFound)
}

// A06: the answer and the work are the same; the mail is another.
func TestRegisterKnown(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	before := s.user(account.KindCustomer, ann)
	work := s.hasher.work
	out, err := s.Register(guest(t), account.RegisterInput{Email: strings.ToUpper(ann), Password: "of somebody 5", Name: "Mallory"})
	known := s.hasher.work - work
	fresh, freshErr := s.Register(guest(t), account.RegisterInput{Email: "new@example.com", Password: "of somebody 5"})
	if err := errors.Join(err, freshErr); err != nil || out != fresh || s.hasher.work-work != 2*known || known != 1 {
		t.Errorf("%v: %+v after %d hashes, %+v after %d", err, out, known, fresh, s.hasher.work-work-known)
	}
	evs := s.wantEvents("account.registered", "account.registered")
	if m := s.mail(evs[0]); m.Kind != account.ChallengeAccountExists || m.Email != ann || m.Name != "Ann" || m.Code != "" || m.ExpiresAt != nil {
		t.Errorf("%+v", m)
	}
	p, err := account.Registered.Decode(evs[0])
	if err != nil || !p.Known {
		t.Errorf("%+v, %v; want a known one", p, err)
	}
	if after := s.user(account.KindCustomer, ann); after.Password != before.Password || after.Version != before.Version {
		t.Errorf("the account is %+v, want it untouched", after)
	}
}

// The code of each mail brings the password of its own registration, so that
// nobody who was faster keeps a way in.
func TestRegisterBeforeTheOwner(t *testing.T) {
	s := openHouse(t)
	s.register(ann, "of the attacker 1")
	s.wantEvents("account.registered")
	attacker := s.login(ann, "of the attacker 1")
	s.register(ann, secret)
	m := s.mail(s.wantEvents("account.registered")[0])
	if m.Kind != account.ChallengeWelcome {
		t.Fatalf("%+v", m)
	}
	s.login(ann, "of the attacker 1") // nothing is proven yet
	if _, err := s.VerifyEmail(guest(t), account.CodeInput{Code: m.Code}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.refreshes(attacker.RefreshToken), account.ErrSignedOut)
	_, err := s.Login(guest(t), account.LoginInput{Email: ann, Password: "of the attacker 1"})
	wantErr(t, err, account.ErrBadCredentials)
	s.login(ann, secret)
}

func TestRegisterRefuses(t *testing.T) {
	s := openHouse(t)
	for name, c := range map[string]struct {
		in   account.RegisterInput
		want error
	}{
		"address": {account.RegisterInput{Email: "Ann <ann@example.com>", Password: secret}, fault.ErrInvalid},
		"short":   {account.RegisterInput{Email: ann, Password: "ö1234!x"}, fault.ErrInvalid},
		"long":    {account.RegisterInput{Email: ann, Password: strings.Repeat("ö1x", 43)}, fault.ErrInvalid},
		"locale":  {account.RegisterInput{Email: ann, Password: secret, Locale: "de_AT!"}, fault.ErrInvalid},
		"weak":    {account.RegisterInput{Email: ann, Password: "password1"}, account.ErrWeakPassword},
	} {
		_, err := s.Register(guest(t), c.in)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	s.wantEvents()
	if s.hasher.work != 0 {
		t.Errorf("%d hashes for nothing", s.hasher.work)
	}
}

func TestMailsAreFew(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	for range 20 {
		s.register(ann, secret)
		if _, err := s.ForgotPassword(guest(t), account.ForgotInput{Email: ann}); err != nil {
			t.Fatal(err)
		}
	}
	count := map[string]int{}
	for _, e := range s.store.events {
		count[e.Name]++
	}
	if got := count["account.registered"]; got != account.PerMailbox-1 { // one was the registration
		t.Errorf("%d mails that the account exists, want %d", got, account.PerMailbox-1)
	}
	if got := count["account.password_reset_requested"]; got != account.PerMailbox {
		t.Errorf("%d mails with codes, want %d", got, account.PerMailbox)
	}
	for range account.PerClient - 20 {
		if _, err := s.ForgotPassword(guest(t), account.ForgotInput{Email: ann}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.ForgotPassword(guest(t), account.ForgotInput{Email: ann})
	wantErr(t, err, account.ErrTooManyAttempts)
	_, err = s.StaffForgotPassword(guest(t), account.ForgotInput{Email: ann})
	wantErr(t, err, account.ErrTooManyAttempts)
	for range account.PerClient - 21 {
		s.register(ann, secret)
	}
	_, err = s.Register(guest(t), account.RegisterInput{Email: "new@example.com", Password: secret})
	wantErr(t, err, account.ErrTooManyAttempts)
}

func (s *house) forgot(email string) account.ChallengeOutput {
	s.t.Helper()
	if _, err := s.ForgotPassword(guest(s.t), account.ForgotInput{Email: email}); err != nil {
		s.t.Fatal(err)
	}
	return s.mail(s.wantEvents("account.password_reset_requested")[0])
}

func TestForgotAndReset(t *testing.T) {
	s := openHouse(t)
	s.register(ann, secret)
	s.wantEvents("account.registered")
	in := s.login(ann, secret)
	first, second := s.forgot(strings.ToUpper(ann)), s.forgot(ann)
	if second.Kind != account.ChallengePasswordReset || second.Email != ann || second.Code == first.Code || !second.ExpiresAt.Equal(morning.Add(account.ResetLife)) {
		t.Errorf("%+v", second)
	}
	const next = "battery staple 8"
	_, err := s.ResetPassword(guest(t), account.ResetInput{Code: second.Code, Password: "password1"})
	wantErr(t, err, account.ErrWeakPassword)
	_, err = s.VerifyEmail(guest(t), account.CodeInput{Code: second.Code})
	wantErr(t, err, account.ErrCodeInvalid)
	if _, err := s.ResetPassword(guest(t), account.ResetInput{Code: first.Code, Password: next}); err != nil {
		t.Fatal(err)
	}
	evs := s.wantEvents("account.email_verified", "account.password_changed")
	if m := s.mail(evs[1]); m.Kind != account.ChallengeChanged || m.Email != ann || m.Code != "" {
		t.Errorf("%+v", m)
	}
	wantErr(t, s.refreshes(in.RefreshToken), account.ErrSignedOut)
	for _, code := range []string{first.Code, second.Code, "x"} {
		_, err := s.ResetPassword(guest(t), account.ResetInput{Code: code, Password: next})
		wantErr(t, err, account.ErrCodeInvalid)
	}
	_, err = s.Login(guest(t), account.LoginInput{Email: ann, Password: secret})
	wantErr(t, err, account.ErrBadCredentials)
	s.login(ann, next)
}

// A06.
func TestForgotUnknown(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	u := s.staff("boss@example.com", secret)
	var outs []account.Accepted
	var work []int
	for _, email := range []string{ann, "unknown@example.com", u.Email} {
		before := s.hasher.work
		out, err := s.ForgotPassword(guest(t), account.ForgotInput{Email: email})
		if err != nil {
			t.Fatal(err)
		}
		outs, work = append(outs, out), append(work, s.hasher.work-before)
	}
	if outs[0] != outs[1] || work[0] != 1 || work[1] != 1 || work[2] != 1 {
		t.Errorf("answers %+v after %v hashes, want the same", outs, work)
	}
	s.wantEvents("account.password_reset_requested")
	if _, err := s.StaffForgotPassword(guest(t), account.ForgotInput{Email: u.Email}); err != nil {
		t.Fatal(err)
	}
	if m := s.mail(s.wantEvents("account.password_reset_requested")[0]); m.UserID != u.ID || m.UserKind != account.KindStaff {
		t.Errorf("%+v", m)
	}
}

func TestCodesExpire(t *testing.T) {
	s := openHouse(t)
	s.register(ann, secret)
	welcome := s.mail(s.wantEvents("account.registered")[0])
	reset := s.forgot(ann)
	s.now = morning.Add(account.ResetLife)
	_, err := s.ResetPassword(guest(t), account.ResetInput{Code: reset.Code, Password: "battery staple 8"})
	wantErr(t, err, account.ErrCodeInvalid)
	_, err = s.Challenge(t.Context(), account.ChallengeInput{ID: reset.ID})
	wantErr(t, err, account.ErrChallengeNotFound)
	s.now = morning.Add(account.WelcomeLife)
	_, err = s.VerifyEmail(guest(t), account.CodeInput{Code: welcome.Code})
	wantErr(t, err, account.ErrCodeInvalid)
}

// Of 8 clients with one code one sets the password.
func TestResetRace(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	m := s.forgot(ann)
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := s.ResetPassword(guest(t), account.ResetInput{Code: m.Code, Password: "battery staple 8"})
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, account.ErrCodeInvalid):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("a code was used %d times, want once", won.Load())
	}
}

func TestChangePassword(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	mine, other := s.login(ann, secret), s.login(ann, secret)
	reset := s.forgot(ann)
	ctx := s.as(mine.AccessToken)
	const next = "battery staple 8"
	for want, in := range map[error]account.ChangePasswordInput{
		account.ErrWrongPassword: {CurrentPassword: "wrong", Password: next},
		account.ErrWeakPassword:  {CurrentPassword: secret, Password: "corner shop 2024"},
		fault.ErrInvalid:         {CurrentPassword: secret, Password: "short"},
	} {
		_, err := s.ChangePassword(ctx, in)
		wantErr(t, err, want)
	}
	s.wantEvents()
	if _, err := s.ChangePassword(ctx, account.ChangePasswordInput{CurrentPassword: secret, Password: next}); err != nil {
		t.Fatal(err)
	}
	if m := s.mail(s.wantEvents("account.password_changed")[0]); m.Email != ann {
		t.Errorf("%+v", m)
	}
	wantErr(t, s.refreshes(other.RefreshToken), account.ErrSignedOut)
	s.refresh(mine.RefreshToken)
	_, err := s.ResetPassword(guest(t), account.ResetInput{Code: reset.Code, Password: "one more 1234"})
	wantErr(t, err, account.ErrCodeInvalid)
	s.login(ann, next)
	for range account.PerAccount {
		_, err := s.ChangePassword(ctx, account.ChangePasswordInput{CurrentPassword: "wrong", Password: next})
		wantErr(t, err, account.ErrWrongPassword)
	}
	_, err = s.ChangePassword(ctx, account.ChangePasswordInput{CurrentPassword: next, Password: secret})
	wantErr(t, err, account.ErrTooManyAttempts)
}

// Of two changes from one password at the same time the second is none.
func TestChangeLosesToChange(t *testing.T) {
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
	_, err := s.ChangePassword(ctx, account.ChangePasswordInput{CurrentPassword: secret, Password: "battery staple 8"})
	wantErr(t, err, account.ErrWrongPassword)
	if u := s.user(account.KindCustomer, ann); u.Password != "old:another" {
		t.Errorf("kept is %s", u.Password)
	}
	s.wantEvents()
}

func TestChangeEmail(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	in := s.login(ann, secret)
	ctx := s.as(in.AccessToken)
	_, err := s.ChangeEmail(ctx, account.ChangeEmailInput{Email: "New@example.com", Password: "wrong"})
	wantErr(t, err, account.ErrWrongPassword)
	var mails []account.ChallengeOutput
	for range 2 {
		if _, err := s.ChangeEmail(ctx, account.ChangeEmailInput{Email: "New@example.com", Password: secret}); err != nil {
			t.Fatal(err)
		}
		mails = append(mails, s.mail(s.wantEvents("account.email_change_requested")[0]))
	}
	m := mails[1]
	if m.Kind != account.ChallengeEmailChange || m.Email != "New@example.com" || m.OldEmail != ann {
		t.Errorf("%+v", m)
	}
	if u := s.user(account.KindCustomer, ann); u.Email != ann {
		t.Error("the address has changed before it was proven")
	}
	reset := s.forgot(ann)
	_, err = s.VerifyEmail(guest(t), account.CodeInput{Code: mails[0].Code})
	wantErr(t, err, account.ErrCodeInvalid) // the last one counts
	if _, err := s.VerifyEmail(guest(t), account.CodeInput{Code: m.Code}); err != nil {
		t.Fatal(err)
	}
	ev := s.wantEvents("account.email_verified")[0]
	if p, err := account.EmailVerified.Decode(ev); err != nil || !p.Changed {
		t.Errorf("%+v, %v", p, err)
	}
	if u := s.user(account.KindCustomer, "new@example.com"); u.ID != in.Customer.ID || u.VerifiedEmail() != "New@example.com" {
		t.Errorf("%+v", u)
	}
	// What went to the old address opens nothing.
	_, err = s.ResetPassword(guest(t), account.ResetInput{Code: reset.Code, Password: "battery staple 8"})
	wantErr(t, err, account.ErrCodeInvalid)
	_, err = s.Login(guest(t), account.LoginInput{Email: ann, Password: secret})
	wantErr(t, err, account.ErrBadCredentials)
	s.login("new@example.com", secret)
}

// Whether the new address is somebody's is told to who has it, nobody else.
func TestChangeEmailToTaken(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	s.verified("bob@example.com", secret)
	ctx := s.as(s.login(ann, secret).AccessToken)
	taken, err := s.ChangeEmail(ctx, account.ChangeEmailInput{Email: "BOB@example.com", Password: secret})
	free, freeErr := s.ChangeEmail(ctx, account.ChangeEmailInput{Email: "free@example.com", Password: secret})
	if err := errors.Join(err, freeErr); err != nil || taken != free {
		t.Errorf("%+v, %+v, %v", taken, free, err)
	}
	s.wantEvents("account.email_change_requested", "account.email_change_requested")
	if _, err := s.ChangeEmail(ctx, account.ChangeEmailInput{Email: "bob@example.com", Password: secret}); err != nil {
		t.Fatal(err)
	}
	m := s.mail(s.wantEvents("account.email_change_requested")[0])
	_, err = s.VerifyEmail(guest(t), account.CodeInput{Code: m.Code})
	wantErr(t, err, account.ErrEmailTaken)
	s.wantEvents()
	s.login(ann, secret)
}

func TestPrune(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	token := s.login(ann, secret).RefreshToken
	if err := s.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	token = s.refresh(token).RefreshToken
	s.now = s.now.Add(31 * 24 * time.Hour)
	if err := s.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.refreshes(token), account.ErrSignedOut)
	id, _, _ := strings.Cut(strings.TrimPrefix(token, "rt_"), ".")
	_, err := s.store.Session(t.Context(), id)
	wantErr(t, err, account.ErrSessionNotFound)
}

func TestNothingLeaksSecrets(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	in := s.login(ann, secret)
	m := s.forgot(ann)
	p, err := s.Sessions(s.as(in.AccessToken), account.SessionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	me, err := s.Me(s.as(in.AccessToken), account.MeInput{})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := s.store.Session(t.Context(), in.SessionID)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{p, me, in.Customer} {
		data, _ := json.Marshal(v)
		for what, secret := range map[string]string{"hash": "old:", "nonce": stored.Nonce, "refresh token": in.RefreshToken, "code": m.Code} {
			if strings.Contains(string(data), secret) {
				t.Errorf("%T shows the %s", v, what)
			}
		}
	}
	if _, err := s.Challenge(ident.With(t.Context(), ident.Actor{Kind: ident.Staff, Scopes: []string{"*"}}), account.ChallengeInput{ID: m.ID}); !errors.Is(err, fault.ErrDenied) {
		t.Errorf("staff read codes: %v", err)
	}
}
