package jwtauth_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// publisher is a process that publishes keys, and sometimes cannot be reached.
type publisher struct {
	*jwtauth.Tokens
	calls atomic.Int64
	err   atomic.Pointer[error]
	takes time.Duration
}

func (p *publisher) fetch(ctx context.Context) (account.JWKS, error) {
	p.calls.Add(1)
	select {
	case <-time.After(p.takes):
	case <-ctx.Done():
		return account.JWKS{}, ctx.Err()
	}
	if err := p.err.Load(); err != nil {
		return account.JWKS{}, *err
	}
	return p.Keys(), nil
}

func (p *publisher) down(err error) { p.err.Store(&err) }

func publish(t *testing.T) (p *publisher, dir string) {
	t.Helper()
	dir = t.TempDir()
	put(t, dir, "1.pem", 'a')
	return &publisher{Tokens: jwtauth.New(issuer, open(t, dir), nil), takes: 10 * time.Millisecond}, dir
}

func (p *publisher) wantCalls(t *testing.T, want int64) {
	t.Helper()
	if got := p.calls.Load(); got != want {
		t.Errorf("%d calls, want %d", got, want)
	}
}

func TestRemote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, dir := publish(t)
		far := jwtauth.New(issuer, jwtauth.Remote(p.fetch), nil)
		verify := func(token string) error {
			_, err := far.Verify(t.Context(), token)
			return err
		}
		if got := far.Keys(); got.Keys == nil || len(got.Keys) != 0 {
			t.Errorf("before the first token: %v", got)
		}
		if _, err := far.Issue(t.Context(), nowClaims()); err == nil {
			t.Error("keys that only verify sign")
		}
		token := issue(t, p.Tokens, nowClaims())
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { wantErr(t, verify(token), nil) })
		}
		wg.Wait()
		p.wantCalls(t, 1)

		time.Sleep(5 * time.Minute)
		p.down(errors.New("gone"))
		wantErr(t, verify(token), nil) // at once, asked in the background
		synctest.Wait()
		time.Sleep(time.Second)
		p.wantCalls(t, 2)
		wantErr(t, verify(token), nil) // what is known goes on
		time.Sleep(time.Second)
		p.wantCalls(t, 3)

		put(t, dir, "2.pem", 'b')
		time.Sleep(time.Minute)
		next := issue(t, p.Tokens, nowClaims())
		wantErr(t, verify(next), fault.ErrUnavailable)
		p.err.Store(nil)
		wantErr(t, verify(next), fault.ErrUnavailable) // within the second
		p.wantCalls(t, 4)
		time.Sleep(time.Second)
		wantErr(t, verify(next), nil)
		p.wantCalls(t, 5)
		if len(far.Keys().Keys) != 2 {
			t.Errorf("%d keys, want 2", len(far.Keys().Keys))
		}

		stranger := issue(t, jwtauth.New(issuer, byDir(t), nil), nowClaims())
		for range 100 {
			wantErr(t, verify(stranger), fault.ErrUnauthenticated)
		}
		p.wantCalls(t, 5)
		time.Sleep(time.Second)
		for range 100 {
			wantErr(t, verify(stranger), fault.ErrUnauthenticated)
		}
		p.wantCalls(t, 6)
	})
}

func TestRemoteFirstFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := publish(t)
		far := jwtauth.New(issuer, jwtauth.Remote(p.fetch), nil)
		token := issue(t, p.Tokens, nowClaims())
		p.down(errors.New("not yet"))
		for range 3 {
			_, err := far.Verify(t.Context(), token)
			wantErr(t, err, fault.ErrUnavailable)
			if e, ok := errors.AsType[*fault.Error](err); !ok || e.RetryAfter != 1 {
				t.Errorf("no hint: %v", err)
			}
		}
		p.wantCalls(t, 1)
		p.err.Store(nil)
		time.Sleep(time.Second)
		if _, err := far.Verify(t.Context(), token); err != nil {
			t.Error(err)
		}
	})
}

func TestRemotePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := publish(t)
		p.takes = time.Hour
		far := jwtauth.New(issuer, jwtauth.Remote(p.fetch), nil)
		token := issue(t, p.Tokens, nowClaims())
		begin := time.Now()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := far.Verify(short, token)
		wantErr(t, err, fault.ErrUnavailable)
		if took := time.Since(begin); took != time.Second {
			t.Errorf("waited %v, want a second", took)
		}
		_, err = far.Verify(t.Context(), token)
		wantErr(t, err, fault.ErrUnavailable)
		if took := time.Since(begin); took != 5*time.Second {
			t.Errorf("one try took %v, want 5 s", took)
		}
		_, err = far.Verify(txn.Inside(t.Context()), token)
		wantErr(t, err, txn.ErrInside)
		time.Sleep(time.Hour)
	})
}

// TestRemoteBelieves only keys of our form.
func TestRemoteBelieves(t *testing.T) {
	_, _, good := oneKey(t)
	for name, change := range map[string]func(*account.JWK){
		"other kind": func(j *account.JWK) { j.Kty = "oct" }, "other curve": func(j *account.JWK) { j.Crv = "X25519" }, "other use": func(j *account.JWK) { j.Use = "enc" },
		"other algorithm": func(j *account.JWK) { j.Alg = "HS256" }, "other name": func(j *account.JWK) { j.Kid = "x" }, "short": func(j *account.JWK) { j.X = j.X[:40] }, "no text": func(j *account.JWK) { j.X = "é" },
	} {
		bad := good
		change(&bad)
		far := jwtauth.New(issuer, jwtauth.Remote(func(context.Context) (account.JWKS, error) { return account.JWKS{Keys: []account.JWK{bad}}, nil }), nil)
		keys, _, _ := oneKey(t)
		_, err := far.Verify(t.Context(), issue(t, jwtauth.New(issuer, keys, nil), nowClaims()))
		if !errors.Is(err, fault.ErrUnavailable) {
			t.Errorf("%s: %v, want no key at all", name, err)
		}
	}
}
