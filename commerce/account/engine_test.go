package account_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

var morning = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// shop is an engine over memory, whose store can be told to fail.
type shop struct {
	*account.Engine
	t     *testing.T
	store *failing
	now   time.Time
	log   bytes.Buffer
}

type failing struct {
	memstore.Accounts
	touches int
	err     error
}

func (f *failing) Touch(ctx context.Context, id string, at, before time.Time) error {
	f.touches++
	return errors.Join(f.err, f.Accounts.Touch(ctx, id, at, before))
}

func open(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, store: &failing{Accounts: memstore.Accounts{DB: memstore.New()}}, now: morning}
	s.Engine = account.New(s.store, account.Ports{}, &account.Options{Now: func() time.Time { return s.now }, Log: slog.New(slog.NewTextHandler(&s.log, nil))})
	return s
}

func (s *shop) create(scopes ...string) account.NewKey {
	s.t.Helper()
	k, err := s.CreateKey(s.t.Context(), account.CreateKeyInput{Name: "till", Scopes: scopes})
	if err != nil {
		s.t.Fatal(err)
	}
	return k
}

func staff(ctx context.Context, scopes ...string) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Staff, ID: "key_1", Scopes: scopes})
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("err = %v, want %v", got, want)
	}
}

var secretForm = regexp.MustCompile(`^sk_[A-Za-z0-9_-]{43}$`)

func TestCreateKey(t *testing.T) {
	s := open(t)
	k, err := s.CreateKey(staff(t.Context(), "keys:write", "orders:*"), account.CreateKeyInput{Name: "till ☕", Scopes: []string{"orders:write", "orders:read", "orders:write"},
		ExpiresAt: new(morning.Add(time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	want := account.APIKey{ID: k.ID, Name: "till ☕", Scopes: []string{"orders:read", "orders:write"}, Hint: k.Secret[42:], CreatedAt: morning, ExpiresAt: new(morning.Add(time.Hour))}
	if !reflect.DeepEqual(k.APIKey, want) || !strings.HasPrefix(k.ID, "key_") || !secretForm.MatchString(k.Secret) {
		t.Errorf("%+v, want %+v", k, want)
	}
	if other := s.create("*"); other.Secret == k.Secret || other.ID == k.ID {
		t.Error("two keys are one")
	}
	if sealed := any(k).(idem.Sealed).Secretless(); !reflect.DeepEqual(sealed, account.NewKey{APIKey: k.APIKey}) {
		t.Errorf("stored answers keep %+v", sealed)
	}
}

func TestCreateKeyRefuses(t *testing.T) {
	s := open(t)
	for name, c := range map[string]struct {
		ctx  context.Context
		in   account.CreateKeyInput
		want error
		meta string
	}{
		"unknown scope":  {t.Context(), account.CreateKeyInput{Name: "n", Scopes: []string{"x:y", "orders:read", "a"}}, account.ErrScopeUnknown, `{"scopes":["a","x:y"]}`},
		"more than mine": {staff(t.Context(), "keys:write", "orders:read"), account.CreateKeyInput{Name: "n", Scopes: []string{"orders:read", "stock:write"}}, fault.ErrDenied, `{"scope":"stock:write"}`},
		"everything":     {staff(t.Context(), "keys:*"), account.CreateKeyInput{Name: "n", Scopes: []string{"*"}}, fault.ErrDenied, `{"scope":"*"}`},
		"no right":       {staff(t.Context(), "keys:read", "orders:read"), account.CreateKeyInput{Name: "n", Scopes: []string{"orders:read"}}, fault.ErrDenied, `{"scope":"keys:write"}`},
		"no scopes":      {t.Context(), account.CreateKeyInput{Name: "n"}, fault.ErrInvalid, ``},
		"no name":        {t.Context(), account.CreateKeyInput{Scopes: []string{"*"}}, fault.ErrInvalid, ``},
		"over":           {t.Context(), account.CreateKeyInput{Name: "n", Scopes: []string{"*"}, ExpiresAt: &morning}, fault.ErrInvalid, ``},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.CreateKey(c.ctx, c.in)
			if wantErr(t, err, c.want); c.meta != "" && string(fault.Public(err).Meta) != c.meta {
				t.Errorf("meta %s, want %s", fault.Public(err).Meta, c.meta)
			}
		})
	}
	if p, err := s.Keys(t.Context(), account.KeysInput{}); err != nil || len(p.Items) != 0 {
		t.Errorf("refused keys are there: %+v, %v", p.Items, err)
	}
}

func TestKeys(t *testing.T) {
	s := open(t)
	var ids []string
	for range 5 {
		ids = append([]string{s.create("orders:read").ID}, ids...)
		s.now = s.now.Add(time.Second)
	}
	var got []string
	for k, err := range page.All(t.Context(), func(ctx context.Context, cursor string) (page.Page[account.APIKey], error) {
		return s.Keys(staff(ctx, "keys:read"), account.KeysInput{Query: page.Query{Limit: 2, Cursor: cursor}})
	}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, k.ID)
	}
	if !reflect.DeepEqual(got, ids) {
		t.Errorf("keys %v, want %v", got, ids)
	}
	p, err := s.Keys(t.Context(), account.KeysInput{Query: page.Query{Limit: 100}})
	if data, jsonErr := json.Marshal(p); err != nil || jsonErr != nil || strings.Contains(string(data), "sk_") {
		t.Errorf("%s, %v, %v", data, err, jsonErr)
	}
	_, err = s.Keys(t.Context(), account.KeysInput{Query: page.Query{Cursor: "x"}})
	wantErr(t, err, page.ErrCursor)
}

func TestRevokeKey(t *testing.T) {
	s := open(t)
	k := s.create("*")
	auth := account.Keys(s)
	if who, err := auth.Authenticate(t.Context(), k.Secret); err != nil || who.ID != k.ID {
		t.Fatalf("%+v, %v", who, err)
	}
	for i := range 2 {
		got, err := s.RevokeKey(staff(t.Context(), "keys:write"), account.IDInput{ID: k.ID})
		if err != nil || got.RevokedAt == nil || !got.RevokedAt.Equal(morning) {
			t.Errorf("revoked %d times: %+v, %v", i+1, got, err)
		}
		_, err = auth.Authenticate(t.Context(), k.Secret)
		wantErr(t, err, fault.ErrUnauthenticated)
		s.now = s.now.Add(time.Hour)
	}
	_, err := s.RevokeKey(t.Context(), account.IDInput{ID: "none"})
	wantErr(t, err, account.ErrKeyNotFound)
	_, err = s.RevokeKey(staff(t.Context(), "keys:read"), account.IDInput{ID: k.ID})
	wantErr(t, err, fault.ErrDenied)
}

func TestAuthenticate(t *testing.T) {
	s := open(t)
	k := s.create("orders:read", "stock:*")
	ends, err := s.CreateKey(t.Context(), account.CreateKeyInput{Name: "n", Scopes: []string{"*"}, ExpiresAt: new(morning.Add(time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	s.now = morning.Add(time.Hour)
	auth := account.Keys(s)
	guest := ident.With(t.Context(), ident.Actor{Kind: ident.Guest})
	who, err := auth.Authenticate(guest, k.Secret)
	if want := (ident.Actor{Kind: ident.Staff, ID: k.ID, Scopes: []string{"orders:read", "stock:*"}}); err != nil || !reflect.DeepEqual(who, want) {
		t.Errorf("%+v, %v; want %+v", who, err, want)
	}
	for name, secret := range map[string]string{
		"expired": ends.Secret, "empty": "", "prefix": "sk_", "cut": k.Secret[:45], "longer": k.Secret + "A", "other case": strings.ToUpper(k.Secret),
		"another's": "eyJhbGciOi", "the id": k.ID, "long": "sk_" + strings.Repeat("x", 1000), "no text": "sk_\xff\x00", "SQL": "sk_' OR 1=1 --",
	} {
		if who, err := auth.Authenticate(guest, secret); !errors.Is(err, fault.ErrUnauthenticated) || who.ID != "" {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
	_, err = s.Authenticate(staff(t.Context(), "*"), account.AuthenticateInput{Secret: k.Secret})
	wantErr(t, err, fault.ErrDenied)
}

func TestLastUsed(t *testing.T) {
	s := open(t)
	k := s.create("*")
	for i, c := range []struct {
		after   time.Duration
		touches int
		used    time.Duration
	}{{0, 1, 0}, {59 * time.Second, 1, 0}, {time.Minute, 2, time.Minute}, {90 * time.Second, 2, time.Minute}} {
		s.now = morning.Add(c.after)
		if _, err := s.Authenticate(t.Context(), account.AuthenticateInput{Secret: k.Secret}); err != nil {
			t.Fatal(err)
		}
		p, err := s.Keys(t.Context(), account.KeysInput{})
		if err != nil || s.store.touches != c.touches || !p.Items[0].LastUsedAt.Equal(morning.Add(c.used)) {
			t.Errorf("use %d: %d notes, used at %v, %v", i, s.store.touches, p.Items[0].LastUsedAt, err)
		}
	}
	// A note that fails refuses nobody.
	s.now, s.store.err = morning.Add(time.Hour), errors.New("boom")
	if _, err := s.Authenticate(t.Context(), account.AuthenticateInput{Secret: k.Secret}); err != nil || !strings.Contains(s.log.String(), "boom") {
		t.Errorf("%v, log %s", err, s.log.String())
	}
	if strings.Contains(s.log.String(), k.Secret) {
		t.Error("the secret is in the log")
	}
	// Nor does it make a unit of work write.
	before := s.store.touches
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Authenticate(ctx, account.AuthenticateInput{Secret: k.Secret})
		return err
	})
	if err != nil || s.store.touches != before {
		t.Errorf("%v, %d notes in a unit of work", err, s.store.touches-before)
	}
}

// wire carries operations from a Client to a Service through JSON.
type wire map[string]op.Handler

func (w wire) Register(h op.Handler) { w[h.Name] = h }

func (w wire) Call(ctx context.Context, name string, in, out any) error {
	h := w[name]
	data, err := json.Marshal(in)
	got := h.New()
	if err := errors.Join(err, json.Unmarshal(data, got)); err != nil {
		return err
	}
	answer, err := h.Call(ctx, got)
	if err != nil {
		return err
	}
	if data, err = json.Marshal(answer); err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

func TestClient(t *testing.T) {
	s := open(t)
	w := wire{}
	account.Register(w, s)
	for name, h := range w {
		if err := check.Type(h.In); err != nil || h.Doc == "" || h.Access == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := account.Client{Caller: w}
	k, err := c.CreateKey(t.Context(), account.CreateKeyInput{Name: "n", Scopes: []string{"*"}})
	if err != nil || !secretForm.MatchString(k.Secret) || k.ID == "" {
		t.Fatalf("%+v, %v", k, err)
	}
	if who, err := account.Keys(c).Authenticate(t.Context(), k.Secret); err != nil || who.ID != k.ID {
		t.Errorf("%+v, %v", who, err)
	}
	if p, err := c.Keys(t.Context(), account.KeysInput{}); err != nil || len(p.Items) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if got, err := c.RevokeKey(t.Context(), account.IDInput{ID: k.ID}); err != nil || got.RevokedAt == nil {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = account.Keys(c).Authenticate(t.Context(), k.Secret)
	wantErr(t, err, fault.ErrUnauthenticated)
}

// A key that is created again under an idempotency key is the same key, and its
// secret is shown once.
func TestCreateKeyAgain(t *testing.T) {
	s := open(t)
	w := wire{}
	account.Register(idem.Registrar(w, memstore.Idem{DB: s.store.DB}, nil), s)
	c := account.Client{Caller: w}
	ctx := ident.WithKey(staff(t.Context(), "*"), "k")
	in := account.CreateKeyInput{Name: "n", Scopes: []string{"orders:read"}}
	first, err := c.CreateKey(ctx, in)
	again, againErr := c.CreateKey(ctx, in)
	if err := errors.Join(err, againErr); err != nil || again.ID != first.ID || first.Secret == "" || again.Secret != "" {
		t.Errorf("%v: first %s, again %s with secret %q", err, first.ID, again.ID, again.Secret)
	}
}
