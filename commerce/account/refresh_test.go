package account_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/page"
)

func (s *house) refresh(token string) account.Grant {
	s.t.Helper()
	g, err := s.Refresh(guest(s.t), account.RefreshInput{RefreshToken: token})
	if err != nil {
		s.t.Fatal(err)
	}
	return g
}

// A03.
func TestRefreshReplay(t *testing.T) {
	for name, c := range map[string]struct {
		wait  time.Duration // after the first use of R1
		again bool          // R2 was used too
		ends  bool
	}{
		"double click":     {0, false, false},
		"end of the grace": {account.Grace, false, false},
		"stolen":           {account.Grace + time.Microsecond, false, true},
		"R2 used":          {0, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := openHouse(t)
			s.verified(ann, secret)
			r1 := s.login(ann, secret).RefreshToken
			s.now = s.now.Add(time.Minute)
			r2 := s.refresh(r1).RefreshToken
			good := r2
			if c.again {
				good = s.refresh(r2).RefreshToken
			}
			s.now = s.now.Add(c.wait)
			got, err := s.Refresh(guest(t), account.RefreshInput{RefreshToken: r1})
			if !c.ends {
				if err != nil || got.RefreshToken != r2 || r2 == r1 {
					t.Errorf("asked twice: %+v, %v; want the same successor", got, err)
				}
				s.wantEvents()
				s.refresh(good)
				return
			}
			wantErr(t, err, account.ErrSignedOut)
			wantErr(t, s.refreshes(good), account.ErrSignedOut)
			ev := s.wantEvents("account.suspicious_refresh")[0]
			if m := s.mail(ev); m.Email != ann || m.Code != "" || m.Kind != account.ChallengeSuspicious {
				t.Errorf("%+v", m)
			}
			wantErr(t, s.refreshes(r1), account.ErrSignedOut)
			s.wantEvents() // one is enough
			s.login(ann, secret)
		})
	}
}

// Of 8 clients with one token all get one successor.
func TestRefreshRace(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	r1 := s.login(ann, secret).RefreshToken
	var mu sync.Mutex
	got := map[string]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			g, err := s.Refresh(guest(t), account.RefreshInput{RefreshToken: r1})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			got[g.RefreshToken] = true
		})
	}
	wg.Wait()
	if len(got) != 1 || got[r1] {
		t.Errorf("%d successors, want 1 new one", len(got))
	}
	s.wantEvents()
}

func TestRefreshRefuses(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	in := s.login(ann, secret)
	other := s.login(ann, secret)
	token := in.RefreshToken
	dot := strings.LastIndex(token, ".")
	for name, bad := range map[string]string{
		"garbage": "x", "access token": "eyJhbGciOi", "no proof": token[:dot+1], "cut": token[:len(token)-1], "longer": token + "A", "another's": other.RefreshToken[:dot] + token[dot:],
		"next":     strings.Replace(token, ".1.", ".2.", 1),
		"negative": strings.Replace(token, ".1.", ".-1.", 1),
		"huge":     strings.Replace(token, ".1.", ".4294967297.", 1),
		"SQL":      "rt_' OR 1=1 --.1.x",
		"unknown":  "rt_ses_0.1" + token[dot:],
	} {
		if err := s.refreshes(bad); !errors.Is(err, account.ErrSignedOut) {
			t.Errorf("%s: %v, want signed out", name, err)
		}
	}
	s.refresh(token)
	stranger := account.New(s.store, account.Ports{Hasher: s.hasher, Tokens: s.tokens}, &account.Options{Secret: []byte(strings.Repeat("t", 32)), Now: s.opts.Now})
	_, err := stranger.Refresh(guest(t), account.RefreshInput{RefreshToken: other.RefreshToken})
	wantErr(t, err, account.ErrSignedOut)
	s.wantEvents()
}

func TestSessionLife(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	const day = 24 * time.Hour
	token := s.login(ann, secret).RefreshToken
	s.now = s.now.Add(30 * day)
	wantErr(t, s.refreshes(token), account.ErrSignedOut)

	token = s.login(ann, secret).RefreshToken
	begin := s.now
	for s.now.Sub(begin) < 80*day {
		s.now = s.now.Add(29 * day)
		token = s.refresh(token).RefreshToken
	}
	s.now = begin.Add(90*day - time.Microsecond)
	token = s.refresh(token).RefreshToken
	s.now = begin.Add(90 * day)
	wantErr(t, s.refreshes(token), account.ErrSignedOut)
}

func TestDisabledAndGone(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	in := s.login(ann, secret)
	u := s.user(account.KindCustomer, ann)
	u.Disabled = true
	if err := s.store.SaveUser(t.Context(), &u); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.refreshes(in.RefreshToken), account.ErrSignedOut)
	if _, err := s.Me(s.as(in.AccessToken), account.MeInput{}); err == nil {
		t.Error("who is disabled sees their account")
	}
}

func TestLogout(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	first, second := s.login(ann, secret), s.login(ann, secret)
	used := first.RefreshToken
	next := s.refresh(used).RefreshToken
	for range 2 {
		if _, err := s.Logout(guest(t), account.LogoutInput{RefreshToken: used}); err != nil {
			t.Fatal(err)
		}
	}
	wantErr(t, s.refreshes(next), account.ErrSignedOut)
	for _, in := range []account.LogoutInput{{}, {RefreshToken: "x"}, {RefreshToken: next + "x"}} {
		if _, err := s.Logout(guest(t), in); err != nil {
			t.Errorf("%+v: %v", in, err)
		}
	}
	if _, err := s.Logout(s.as(second.AccessToken), account.LogoutInput{RefreshToken: "x"}); err != nil {
		t.Error(err)
	}
	s.refresh(second.RefreshToken)
	if _, err := s.Logout(s.as(second.AccessToken), account.LogoutInput{}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.refreshes(second.RefreshToken), account.ErrSignedOut)
	s.wantEvents()
}

func TestLogoutAll(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	s.verified("bob@example.com", secret)
	bob := s.login("bob@example.com", secret)
	first, second := s.login(ann, secret), s.login(ann, secret)
	if _, err := s.LogoutAll(s.as(first.AccessToken), account.MeInput{}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.refreshes(first.RefreshToken), account.ErrSignedOut)
	wantErr(t, s.refreshes(second.RefreshToken), account.ErrSignedOut)
	s.refresh(bob.RefreshToken)
}

func TestSessions(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	s.verified("bob@example.com", secret)
	bob := s.login("bob@example.com", secret)
	var all []account.SignedIn
	for range 3 {
		s.now = s.now.Add(time.Second)
		in, err := s.Login(guest(t), account.LoginInput{Email: ann, Password: secret, UserAgent: strings.Repeat("ä", 201)})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, in)
	}
	ctx := s.as(all[1].AccessToken)
	p, err := s.Sessions(ctx, account.SessionsInput{Query: page.Query{Limit: 2}})
	if err != nil || len(p.Items) != 2 || p.NextCursor == nil || p.Items[0].ID != all[2].SessionID || p.Items[0].Current || !p.Items[1].Current || p.Items[0].Device != strings.Repeat("ä", 200) {
		t.Fatalf("%+v, %v", p, err)
	}
	p, err = s.Sessions(ctx, account.SessionsInput{Query: page.Query{Cursor: *p.NextCursor}})
	if err != nil || len(p.Items) != 1 || p.Items[0].ID != all[0].SessionID {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = s.Sessions(ctx, account.SessionsInput{Query: page.Query{Cursor: "x"}})
	wantErr(t, err, page.ErrCursor)

	_, err = s.EndSession(ctx, account.IDInput{ID: bob.SessionID})
	wantErr(t, err, account.ErrSessionNotFound)
	_, err = s.EndSession(ctx, account.IDInput{ID: "none"})
	wantErr(t, err, account.ErrSessionNotFound)
	s.refresh(bob.RefreshToken)
	for range 2 {
		if _, err := s.EndSession(ctx, account.IDInput{ID: all[0].SessionID}); err != nil {
			t.Error(err)
		}
	}
	wantErr(t, s.refreshes(all[0].RefreshToken), account.ErrSignedOut)
	s.refresh(all[2].RefreshToken)
}

func TestAccess(t *testing.T) {
	s := openHouse(t)
	k, err := s.CreateKey(t.Context(), account.CreateKeyInput{Name: "n", Scopes: []string{"orders:read"}})
	if err != nil {
		t.Fatal(err)
	}
	issue := func(c account.Claims) string {
		c.Expires = s.now.Add(time.Minute)
		token, err := s.tokens.Issue(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	both := account.Access(s.tokens, account.Keys(s))
	for name, c := range map[string]struct {
		auth   ident.Authenticator
		bearer string
		want   string // "" is refused
	}{
		"key":               {both, k.Secret, "staff:" + k.ID},
		"customer":          {both, issue(account.Claims{Subject: "cus_1", Audience: account.AudienceCustomer}), "customer:cus_1"},
		"staff":             {both, issue(account.Claims{Subject: "stf_1", Audience: account.AudienceStaff}), "staff:stf_1"},
		"crossed":           {both, issue(account.Claims{Subject: "cus_1", Audience: account.AudienceStaff}), ""},
		"crossed too":       {both, issue(account.Claims{Subject: "stf_1", Audience: account.AudienceCustomer}), ""},
		"another audience":  {both, issue(account.Claims{Subject: "cus_1", Audience: "service"}), ""},
		"a key of none":     {both, "sk_x", ""},
		"garbage":           {both, "x", ""},
		"no keys":           {account.Access(s.tokens, nil), k.Secret, ""},
		"no tokens":         {account.Access(nil, account.Keys(s)), issue(account.Claims{Subject: "cus_1", Audience: account.AudienceCustomer}), ""},
		"no tokens, by key": {account.Access(nil, account.Keys(s)), k.Secret, "staff:" + k.ID},
	} {
		who, err := c.auth.Authenticate(guest(t), c.bearer)
		if got := who.String(); (err == nil) != (c.want != "") || err == nil && got != c.want {
			t.Errorf("%s: %s, %v; want %q", name, got, err, c.want)
		}
	}
}
