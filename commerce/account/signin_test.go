package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// plainHasher is a Hasher whose work is counted instead of hard.
type plainHasher struct {
	mu       sync.Mutex
	work     int
	stale    bool
	verified func() // called when a password fits
}

func (h *plainHasher) Hash(_ context.Context, password string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.work++
	if h.stale {
		return "new:" + password, nil
	}
	return "old:" + password, nil
}

func (h *plainHasher) Verify(_ context.Context, password, hash string) (ok, stale bool, err error) {
	h.mu.Lock()
	h.work++
	h.mu.Unlock()
	kind, of, found := strings.Cut(hash, ":")
	ok = found && of == password
	if ok && h.verified != nil {
		h.verified()
	}
	return ok, ok && h.stale && kind == "old", nil
}

// plainTokens writes claims as JSON.
type plainTokens struct{ now func() time.Time }

func (p plainTokens) Issue(_ context.Context, c account.Claims) (string, error) {
	data, err := json.Marshal(c)
	return string(data), err
}

func (p plainTokens) Verify(_ context.Context, token string) (c account.Claims, err error) {
	if err := json.Unmarshal([]byte(token), &c); err != nil || !p.now().Before(c.Expires) {
		return account.Claims{}, fault.ErrUnauthenticated
	}
	return c, nil
}

func (p plainTokens) Keys() account.JWKS { return account.JWKS{} }

// house is an engine with sign-in over memory.
type house struct {
	*account.Engine
	t      *testing.T
	store  *recorder
	hasher *plainHasher
	tokens plainTokens
	now    time.Time
	opts   account.Options
}

func openHouse(t *testing.T, change ...func(*account.Options)) *house {
	t.Helper()
	s := &house{t: t, store: &recorder{Accounts: memstore.Accounts{DB: memstore.New()}}, hasher: &plainHasher{}, now: morning}
	s.tokens.now = func() time.Time { return s.now }
	s.opts = account.Options{Now: func() time.Time { return s.now }, Secret: []byte(strings.Repeat("s", 32)), Name: "Corner Shop"}
	for _, fn := range change {
		fn(&s.opts)
	}
	s.Engine = account.New(s.store, account.Ports{Hasher: s.hasher, Tokens: s.tokens}, &s.opts)
	return s
}

// guest is a context in which somebody at an address asks.
func guest(t *testing.T) context.Context {
	return ident.WithClient(ident.With(t.Context(), ident.Actor{Kind: ident.Guest}), "192.0.2.1")
}

const (
	ann    = "Ann@Example.com"
	secret = "correct horse 9"
)

// recorder remembers the events.
type recorder struct {
	memstore.Accounts
	mu     sync.Mutex
	events []event.Envelope
}

func (r *recorder) Record(ctx context.Context, evs ...event.Envelope) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, evs...)
	return r.Accounts.Record(ctx, evs...)
}

func names(evs []event.Envelope) (out []string) {
	for _, e := range evs {
		out = append(out, e.Name)
	}
	return out
}

func (s *house) wantEvents(want ...string) []event.Envelope {
	s.t.Helper()
	evs := s.store.events
	s.store.events = nil
	if got := names(evs); !slices.Equal(got, want) {
		s.t.Errorf("events %v, want %v", got, want)
	}
	return evs
}

// mail returns what the mail of an event says.
func (s *house) mail(e event.Envelope) account.ChallengeOutput {
	s.t.Helper()
	var p struct{ Challenge string }
	if err := json.Unmarshal(e.Data, &p); err != nil {
		s.t.Fatal(err)
	}
	out, err := s.Challenge(s.t.Context(), account.ChallengeInput{ID: p.Challenge})
	if err != nil {
		s.t.Fatalf("%s: %v", e.Name, err)
	}
	if out.Code != "" && (strings.Contains(string(e.Data), out.Code) || len(out.Code) < 22) {
		s.t.Errorf("%s tells the code, or it is short", e.Name)
	}
	if strings.Contains(string(e.Data), "@") {
		s.t.Errorf("%s tells an address: %s", e.Name, e.Data)
	}
	return out
}

func (s *house) register(email, password string) {
	s.t.Helper()
	if _, err := s.Register(guest(s.t), account.RegisterInput{Email: email, Password: password, Name: "Ann", Locale: "de-AT"}); err != nil {
		s.t.Fatal(err)
	}
}

// verified registers an address and proves it.
func (s *house) verified(email, password string) {
	s.t.Helper()
	s.register(email, password)
	m := s.mail(s.wantEvents("account.registered")[0])
	if _, err := s.VerifyEmail(guest(s.t), account.CodeInput{Code: m.Code}); err != nil {
		s.t.Fatal(err)
	}
	s.wantEvents("account.email_verified")
}

func (s *house) login(email, password string) account.SignedIn {
	s.t.Helper()
	in, err := s.Login(guest(s.t), account.LoginInput{Email: email, Password: password, UserAgent: "Firefox"})
	if err != nil {
		s.t.Fatal(err)
	}
	return in
}

// as returns a context in which the owner of an access token asks.
func (s *house) as(access string) context.Context {
	s.t.Helper()
	who, err := account.Access(s.tokens, nil).Authenticate(s.t.Context(), access)
	if err != nil {
		s.t.Fatal(err)
	}
	return ident.With(guest(s.t), who)
}

func (s *house) refreshes(token string) error {
	_, err := s.Refresh(guest(s.t), account.RefreshInput{RefreshToken: token})
	return err
}

func (s *house) staff(email, password string, roles ...string) account.User {
	s.t.Helper()
	u := account.User{ID: ident.NewID("stf"), Kind: account.KindStaff, Email: email, Roles: roles, CreatedAt: s.now, UpdatedAt: s.now, Password: "old:" + password}
	if err := s.store.SaveUser(s.t.Context(), &u); err != nil {
		s.t.Fatal(err)
	}
	return u
}

func (s *house) user(kind account.Kind, email string) account.User {
	s.t.Helper()
	u, err := s.store.UserOf(s.t.Context(), kind, ident.NormalEmail(email))
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func TestLogin(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	in := s.login("aNN@example.COM", secret)
	if in.Customer.Email != ann || in.TokenType != "Bearer" || in.ExpiresIn != 600 || in.Device == "" || in.SessionID == "" {
		t.Errorf("%+v", in)
	}
	if data, _ := json.Marshal(in); strings.Contains(string(data), "old:") {
		t.Errorf("the answer shows the hash: %s", data)
	}
	who := ident.From(s.as(in.AccessToken))
	if want := (ident.Actor{Kind: ident.Customer, ID: in.Customer.ID, Email: ann, Session: in.SessionID}); who.String() != want.String() || who.Email != ann || who.Session != want.Session {
		t.Errorf("who comes in is %+v, want %+v", who, want)
	}
	me, err := s.Me(s.as(in.AccessToken), account.MeInput{})
	if err != nil || me.ID != in.Customer.ID {
		t.Errorf("me = %+v, %v", me, err)
	}
}

func TestLoginRefuses(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	s.verified("gone@example.com", secret)
	s.staff("boss@example.com", secret)
	u := s.user(account.KindCustomer, "gone@example.com")
	u.Disabled = true
	if err := s.store.SaveUser(t.Context(), &u); err != nil {
		t.Fatal(err)
	}
	nobody := account.User{ID: "cus_google", Kind: account.KindCustomer, Email: "no-password@example.com", CreatedAt: s.now}
	if err := s.store.SaveUser(t.Context(), &nobody); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]account.LoginInput{
		"wrong":       {Email: ann, Password: secret + "x"},
		"unknown":     {Email: "b@example.com", Password: secret},
		"disabled":    {Email: "gone@example.com", Password: secret},
		"staff":       {Email: "boss@example.com", Password: secret},
		"no password": {Email: "no-password@example.com", Password: "x"},
	} {
		before := s.hasher.work
		_, err := s.Login(guest(t), in)
		if !errors.Is(err, account.ErrBadCredentials) || fault.Public(err).Error() != account.ErrBadCredentials.Error() {
			t.Errorf("%s: %v, want bad credentials", name, err)
		}
		if got := s.hasher.work - before; got != 1 {
			t.Errorf("%s: %d hashes, want the same 1 for all", name, got)
		}
	}
	for name, in := range map[string]account.LoginInput{"no address": {Email: "ann", Password: "x"}, "no password": {Email: ann}, "long": {Email: ann, Password: strings.Repeat("x", 129)}} {
		if _, err := s.Login(guest(t), in); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVerifyFirst(t *testing.T) {
	s := openHouse(t, func(o *account.Options) { o.VerifyFirst = true })
	s.register(ann, secret)
	_, err := s.Login(guest(t), account.LoginInput{Email: ann, Password: secret})
	wantErr(t, err, account.ErrBadCredentials)
	open := openHouse(t)
	open.register(ann, secret)
	if who := ident.From(open.as(open.login(ann, secret).AccessToken)); who.Email != "" {
		t.Errorf("an address that is not verified is said to be: %+v", who)
	}
}

func TestStaffLogin(t *testing.T) {
	s := openHouse(t)
	s.staff("boss@example.com", secret, account.RoleOwner)
	s.verified("boss@example.com", "of the customer 1")
	in, err := s.StaffLogin(guest(t), account.LoginInput{Email: "boss@example.com", Password: secret})
	if err != nil {
		t.Fatal(err)
	}
	who := ident.From(s.as(in.AccessToken))
	if who.Kind != ident.Staff || who.ID != in.Staff.ID || !who.May("orders:write") || who.Email != "" {
		t.Errorf("%+v", who)
	}
	_, err = s.StaffLogin(guest(t), account.LoginInput{Email: "boss@example.com", Password: "of the customer 1"})
	wantErr(t, err, account.ErrBadCredentials)
	g, err := s.Refresh(guest(t), account.RefreshInput{RefreshToken: in.RefreshToken})
	if err != nil || ident.From(s.as(g.AccessToken)).Kind != ident.Staff {
		t.Errorf("refreshed to %+v, %v", g, err)
	}
}

// A14: a hash with old parameters is made again, once.
func TestRehash(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	s.hasher.stale = true
	for _, want := range []int{2, 1} {
		before := s.hasher.work
		s.login(ann, secret)
		if got := s.hasher.work - before; got != want {
			t.Errorf("%d hashes, want %d", got, want)
		}
	}
	if u := s.user(account.KindCustomer, ann); u.Password != "new:"+secret {
		t.Errorf("kept is %s", u.Password)
	}
}

// A password that is changed while somebody signs in with the one before lets
// them not in.
func TestLoginLosesToChange(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	s.hasher.verified = func() {
		u := s.user(account.KindCustomer, ann)
		u.Password = "old:another"
		if err := s.store.SaveUser(t.Context(), &u); err != nil {
			t.Error(err)
		}
	}
	_, err := s.Login(guest(t), account.LoginInput{Email: ann, Password: secret})
	wantErr(t, err, account.ErrBadCredentials)
}

// A07.
func TestThrottledByAccount(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	known := s.login(ann, secret)
	try := func(email, password, device string) error {
		// Each time from another address of the network.
		s.now = s.now.Add(time.Microsecond)
		ctx := ident.WithClient(guest(t), s.now.String())
		_, err := s.Login(ctx, account.LoginInput{Email: email, Password: password, Device: device})
		return err
	}
	for _, email := range []string{ann, "unknown@example.com"} {
		for range account.PerAccount {
			wantErr(t, try(email, "wrong", ""), account.ErrBadCredentials)
		}
		before := s.hasher.work
		err := try(strings.ToUpper(email), secret, "")
		if wait := fault.Public(err).RetryAfter; !errors.Is(err, account.ErrTooManyAttempts) || wait < 800 || wait > 900 {
			t.Errorf("%s: %v, wait %d s", email, err, wait)
		}
		if s.hasher.work != before {
			t.Error("a refused try costs a hash")
		}
	}
	wantErr(t, try(ann, secret, known.Device+"x"), account.ErrTooManyAttempts)
	if err := try(ann, secret, known.Device); err != nil {
		t.Errorf("locked out from a device that is known: %v", err)
	}
	s.now = s.now.Add(account.Window)
	if err := try(ann, secret, ""); err != nil {
		t.Errorf("when the window is over: %v", err)
	}
	for range account.PerAccount { // the success has forgiven those before
		wantErr(t, try(ann, "wrong", ""), account.ErrBadCredentials)
	}
	wantErr(t, try(ann, "wrong", ""), account.ErrTooManyAttempts)
}

func TestHundredFailuresInARow(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	failures := 0
	for range 200 {
		s.now = s.now.Add(time.Hour)
		_, err := s.Login(ident.With(t.Context(), ident.Actor{Kind: ident.Guest}), account.LoginInput{Email: ann, Password: "wrong"})
		if errors.Is(err, account.ErrBadCredentials) {
			failures++
		}
	}
	if failures != account.MaxFailures {
		t.Errorf("%d guesses let through, want %d", failures, account.MaxFailures)
	}
	if _, err := s.ForgotPassword(guest(t), account.ForgotInput{Email: ann}); err != nil {
		t.Fatal(err)
	}
	m := s.mail(s.wantEvents("account.password_reset_requested")[0])
	if _, err := s.ResetPassword(guest(t), account.ResetInput{Code: m.Code, Password: "battery staple 8"}); err != nil {
		t.Fatal(err)
	}
	s.login(ann, "battery staple 8")
}

func TestThrottledByClient(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	s.now = s.now.Add(account.Window)
	for i := range account.PerClient {
		_, err := s.Login(guest(t), account.LoginInput{Email: fmt.Sprint(i, "@example.com"), Password: "x"})
		wantErr(t, err, account.ErrBadCredentials)
	}
	_, err := s.Login(guest(t), account.LoginInput{Email: ann, Password: secret})
	wantErr(t, err, account.ErrTooManyAttempts)
	if _, err := s.Login(ident.WithClient(guest(t), "192.0.2.2"), account.LoginInput{Email: ann, Password: secret}); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
}

func TestUnlimited(t *testing.T) {
	s := openHouse(t, func(o *account.Options) { o.Unlimited = true })
	for range account.PerAccount + 1 {
		_, err := s.Login(guest(t), account.LoginInput{Email: ann, Password: "x"})
		wantErr(t, err, account.ErrBadCredentials)
	}
}

func TestNoPorts(t *testing.T) {
	e := account.New(memstore.Accounts{DB: memstore.New()}, account.Ports{}, nil)
	_, err := e.Login(guest(t), account.LoginInput{Email: ann, Password: "x"})
	wantErr(t, err, account.ErrNoSignIn)
	_, err = e.Register(guest(t), account.RegisterInput{Email: ann, Password: secret})
	wantErr(t, err, account.ErrNoSignIn)
	keys, err := e.JWKS(guest(t), account.MeInput{})
	if data, _ := json.Marshal(keys); err != nil || string(data) != `{"keys":[]}` {
		t.Errorf("%s, %v", data, err)
	}
	if _, err := e.CreateKey(t.Context(), account.CreateKeyInput{Name: "n", Scopes: []string{"*"}}); err != nil {
		t.Errorf("API keys without sign-in: %v", err)
	}
}

func TestMeRefuses(t *testing.T) {
	s := openHouse(t)
	s.verified(ann, secret)
	in := s.login(ann, secret)
	for name, c := range map[string]struct {
		who  ident.Actor
		want error
	}{
		"guest":    {ident.Actor{Kind: ident.Guest}, fault.ErrUnauthenticated},
		"program":  {ident.Actor{Kind: ident.Staff, ID: "key_1", Scopes: []string{"*"}}, fault.ErrDenied},
		"system":   {ident.Actor{Kind: ident.System}, fault.ErrDenied},
		"gone":     {ident.Actor{Kind: ident.Customer, ID: "cus_gone"}, fault.ErrUnauthenticated},
		"nameless": {ident.Actor{Kind: ident.Customer}, fault.ErrDenied},
	} {
		ctx := ident.With(t.Context(), c.who)
		_, me := s.Me(ctx, account.MeInput{})
		_, all := s.LogoutAll(ctx, account.MeInput{})
		_, list := s.Sessions(ctx, account.SessionsInput{})
		_, end := s.EndSession(ctx, account.IDInput{ID: in.SessionID})
		_, pass := s.ChangePassword(ctx, account.ChangePasswordInput{CurrentPassword: secret, Password: "battery staple 8"})
		_, mail := s.ChangeEmail(ctx, account.ChangeEmailInput{Email: "b@example.com", Password: secret})
		for op, err := range map[string]error{"me": me, "logout_all": all, "sessions": list, "end_session": end, "change_password": pass, "change_email": mail} {
			if !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v, want %v", name, op, err, c.want)
			}
		}
	}
}
