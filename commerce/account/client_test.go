package account_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// A whole stay of a customer, over a wire and with idempotency keys.
func TestSignInClient(t *testing.T) {
	s := openHouse(t)
	w := wire{}
	account.Register(idem.Registrar(w, memstore.Idem{DB: s.store.DB}, nil), s.Engine)
	for name, h := range w {
		if err := check.Type(h.In); err != nil || h.Doc == "" || h.Access == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := account.Client{Caller: w}
	ctx := ident.WithKey(guest(t), "0123456789012345678901")
	for range 2 { // the repeat is answered from what is kept
		if _, err := c.Register(ctx, account.RegisterInput{Email: ann, Password: secret}); err != nil {
			t.Fatal(err)
		}
	}
	m := s.mail(s.wantEvents("account.registered")[0])
	got, err := c.Challenge(t.Context(), account.ChallengeInput{ID: m.ID})
	if err != nil || got.Code != m.Code || !got.ExpiresAt.Equal(*m.ExpiresAt) {
		t.Errorf("%+v, %v", got, err)
	}
	must(t, "verify")(c.VerifyEmail(ctx, account.CodeInput{Code: m.Code}))
	s.wantEvents("account.email_verified")
	_, err = c.Login(ctx, account.LoginInput{Email: ann, Password: "wrong"})
	wantErr(t, err, account.ErrBadCredentials)
	var in account.SignedIn
	for range 2 { // no key keeps an answer with tokens
		if in, err = c.Login(ctx, account.LoginInput{Email: ann, Password: secret, UserAgent: "Firefox"}); err != nil || in.RefreshToken == "" || in.AccessToken == "" {
			t.Fatalf("%+v, %v", in, err)
		}
	}
	g, err := c.Refresh(ctx, account.RefreshInput{RefreshToken: in.RefreshToken})
	if err != nil || g.RefreshToken == in.RefreshToken || g.SessionID != in.SessionID {
		t.Errorf("%+v, %v", g, err)
	}
	me := s.as(g.AccessToken)
	if u, err := c.Me(me, account.MeInput{}); err != nil || u.Email != ann {
		t.Errorf("%+v, %v", u, err)
	}
	if p, err := c.Sessions(me, account.SessionsInput{}); err != nil || len(p.Items) != 2 || p.Items[0].Device != "Firefox" {
		t.Errorf("%+v, %v", p, err)
	}
	must(t, "end session")(c.EndSession(me, account.IDInput{ID: in.SessionID}))
	must(t, "change password")(c.ChangePassword(me, account.ChangePasswordInput{CurrentPassword: secret, Password: "battery staple 8"}))
	must(t, "change address")(c.ChangeEmail(me, account.ChangeEmailInput{Email: "new@example.com", Password: "battery staple 8"}))
	must(t, "forgot")(c.ForgotPassword(ctx, account.ForgotInput{Email: ann}))
	must(t, "staff forgot")(c.StaffForgotPassword(ctx, account.ForgotInput{Email: ann}))
	evs := s.wantEvents("account.password_changed", "account.email_change_requested", "account.password_reset_requested")
	must(t, "reset")(c.ResetPassword(ctx, account.ResetInput{Code: s.mail(evs[len(evs)-1]).Code, Password: "of tomorrow 77"}))
	must(t, "logout")(c.Logout(ctx, account.LogoutInput{RefreshToken: g.RefreshToken}))
	must(t, "logout all")(c.LogoutAll(me, account.MeInput{}))
	if _, err := c.StaffLogin(ctx, account.LoginInput{Email: ann, Password: "of tomorrow 77"}); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a customer comes in as staff: %v", err)
	}
	if keys, err := c.JWKS(ctx, account.MeInput{}); err != nil || keys.Keys == nil {
		t.Errorf("%+v, %v", keys, err)
	}
}

// must returns a function that takes what a call returns.
func must(t *testing.T, what string) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}
