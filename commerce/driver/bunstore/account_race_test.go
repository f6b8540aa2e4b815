package bunstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// clearHasher does no work.
type clearHasher struct{}

func (clearHasher) Hash(_ context.Context, password string) (string, error) { return password, nil }
func (clearHasher) Verify(_ context.Context, password, hash string) (ok, stale bool, err error) {
	return password == hash, false, nil
}

// noTokens issues tokens that nobody reads.
type noTokens struct{}

func (noTokens) Issue(context.Context, account.Claims) (string, error) { return "x", nil }
func (noTokens) Verify(context.Context, string) (account.Claims, error) {
	return account.Claims{}, fault.ErrUnauthenticated
}
func (noTokens) Keys() account.JWKS { return account.JWKS{} }

// heard remembers the events of a store.
type heard struct {
	bunstore.Accounts
	mu     sync.Mutex
	events []event.Envelope
}

func (h *heard) Record(ctx context.Context, evs ...event.Envelope) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, evs...)
	return h.Accounts.Record(ctx, evs...)
}

// code returns the code of the last event's mail.
func (h *heard) code(t *testing.T, e *account.Engine) string {
	t.Helper()
	var p struct{ Challenge string }
	if err := json.Unmarshal(h.events[len(h.events)-1].Data, &p); err != nil {
		t.Fatal(err)
	}
	out, err := e.Challenge(t.Context(), account.ChallengeInput{ID: p.Challenge})
	if err != nil {
		t.Fatal(err)
	}
	return out.Code
}

// together runs fns at the same time and returns how often each error came.
func together(t *testing.T, n int, fn func(i int) error) map[error]int {
	t.Helper()
	var mu sync.Mutex
	out := map[error]int{}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			err := fn(i)
			mu.Lock()
			defer mu.Unlock()
			if f, ok := errors.AsType[*fault.Error](err); ok {
				for _, known := range []error{account.ErrCodeInvalid, account.ErrBadCredentials, account.ErrWrongPassword, account.ErrSignedOut, account.ErrTooManyAttempts} {
					if errors.Is(f, known) {
						err = known
					}
				}
			}
			out[err]++
		})
	}
	wg.Wait()
	return out
}

// TestAccountRaces holds what the engine promises when many ask at once, on each
// database.
func TestAccountRaces(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		const mail, first, second = "ann@example.com", "correct horse 9", "battery staple 8"
		store := &heard{Accounts: bunstore.Accounts{DB: open(t)}}
		e := account.New(store, account.Ports{Hasher: clearHasher{}, Tokens: noTokens{}}, &account.Options{Secret: []byte(strings.Repeat("s", 32))})
		ctx := ident.With(t.Context(), ident.Actor{Kind: ident.Guest})

		// One account, however many register.
		got := together(t, 8, func(int) error {
			_, err := e.Register(ctx, account.RegisterInput{Email: mail, Password: first})
			return err
		})
		if got[nil] != 8 {
			t.Fatalf("register: %v", got)
		}
		users, err := store.Users(t.Context(), account.UserFilter{Kind: account.KindCustomer}, time.Time{}, "", 9)
		if err != nil || len(users) != 1 {
			t.Fatalf("%d accounts, %v", len(users), err)
		}

		// One successor, however many refresh.
		in, err := e.Login(ctx, account.LoginInput{Email: mail, Password: first})
		if err != nil {
			t.Fatal(err)
		}
		var tokens sync.Map
		got = together(t, 8, func(int) error {
			g, err := e.Refresh(ctx, account.RefreshInput{RefreshToken: in.RefreshToken})
			tokens.Store(g.RefreshToken, true)
			return err
		})
		n := 0
		tokens.Range(func(any, any) bool { n++; return true })
		if got[nil] != 8 || n != 1 {
			t.Errorf("refresh: %v, %d successors", got, n)
		}

		// One use of a code, however many have it; and whoever signs in with the
		// password before at the same time has no session afterwards.
		if _, err := e.ForgotPassword(ctx, account.ForgotInput{Email: mail}); err != nil {
			t.Fatal(err)
		}
		code := store.code(t, e)
		var sessions sync.Map
		got = together(t, 8, func(i int) error {
			if i%2 == 0 {
				_, err := e.ResetPassword(ctx, account.ResetInput{Code: code, Password: second})
				return err
			}
			in, err := e.Login(ctx, account.LoginInput{Email: mail, Password: first})
			if err == nil {
				sessions.Store(in.RefreshToken, true)
				return account.ErrBadCredentials
			}
			return err
		})
		if got[nil] != 1 || got[account.ErrCodeInvalid] != 3 || got[account.ErrBadCredentials] != 4 {
			t.Errorf("reset: %v", got)
		}
		sessions.Range(func(token, _ any) bool {
			if _, err := e.Refresh(ctx, account.RefreshInput{RefreshToken: token.(string)}); !errors.Is(err, account.ErrSignedOut) {
				t.Errorf("a session of the password before: %v", err)
			}
			return true
		})
		if _, err := e.Login(ctx, account.LoginInput{Email: mail, Password: second}); err != nil {
			t.Error(err)
		}

		// No more guesses than the limit, however many guess.
		got = together(t, account.PerAccount+10, func(int) error {
			_, err := e.Login(ctx, account.LoginInput{Email: "bob@example.com", Password: "x"})
			return err
		})
		if got[account.ErrBadCredentials] != account.PerAccount || got[account.ErrTooManyAttempts] != 10 {
			t.Errorf("guesses: %v", got)
		}
	})
}
