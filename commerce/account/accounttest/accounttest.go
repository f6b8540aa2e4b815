// Package accounttest says what an account.Store must do. The name of a case is
// the name of what a store lacks when the case fails.
package accounttest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once"
)

// Guards are the names of all cases.
var Guards = slices.Concat(keyGuards, userGuards, peopleGuards, sessionGuards)

var keyGuards = []string{"RoundTrip", "NotFound", "IDOnce", "HashOnce", "HashWins", "RefusalKeepsUnit", "Newest", "RevokeOnce", "Touch", "TouchAndRevoke",
	"Rollback", "MarkJoins", "RecordJoins"}

var keyCases = map[string]func(*testing.T, account.Store){
	"RoundTrip":        roundTrip, // non-ASCII and hostile text
	"NotFound":         notFound,
	"IDOnce":           idOnce,
	"HashOnce":         hashOnce,
	"HashWins":         hashWins, // 8 goroutines, 1 hash
	"RefusalKeepsUnit": refusalKeepsUnit,
	"Newest":           newest,
	"RevokeOnce":       revokeOnce,
	"Touch":            touch,
	"TouchAndRevoke":   touchAndRevoke, // at a time: neither is lost
	"Rollback":         rollback,
	"MarkJoins":        markJoins,
	"RecordJoins":      recordJoins, // an event is rolled back with its unit
}

// cases returns the cases of all parts of a store.
func cases() map[string]func(*testing.T, account.Store) {
	out := map[string]func(*testing.T, account.Store){}
	for _, part := range []map[string]func(*testing.T, account.Store){keyCases, userCases, peopleCases, sessionCases} {
		maps.Copy(out, part)
	}
	return out
}

// Run runs the suite against the stores that open returns, each of them empty.
func Run(t *testing.T, open func(t *testing.T) account.Store) {
	all := cases()
	for _, name := range Guards {
		t.Run(name, func(t *testing.T) { all[name](t, open(t)) })
	}
}

var day = time.Date(2026, 11, 22, 8, 0, 0, 123456000, time.UTC)

// hostile is text that breaks careless SQL.
const hostile = `'; DROP TABLE mercer_api_key; -- \ \' " ? {api_key} % ☕ é 👩‍👩‍👧 日本`

func fresh(id string) account.APIKey {
	return account.APIKey{ID: id, Name: "n", Scopes: []string{"orders:read"}, Hint: "abcd", CreatedAt: day}
}

func hash(secret string) account.Hash { return sha256.Sum256([]byte(secret)) }

func add(t *testing.T, s account.Store, k account.APIKey, secret string) {
	t.Helper()
	if err := s.AddKey(t.Context(), k, hash(secret)); err != nil {
		t.Fatalf("add %s: %v", k.ID, err)
	}
}

func load(t *testing.T, s account.Store, id string) account.APIKey {
	t.Helper()
	k, err := s.Key(t.Context(), id)
	if err != nil {
		t.Fatalf("key %s: %v", id, err)
	}
	return k
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("err = %v, want %v", got, want)
	}
}

func roundTrip(t *testing.T, s account.Store) {
	full := account.APIKey{ID: "key_1", Name: hostile, Scopes: []string{"*", "a:b"}, Hint: `'\"☕`, CreatedAt: day,
		ExpiresAt: new(day.Add(time.Hour)), LastUsedAt: new(day.Add(time.Minute)), RevokedAt: new(day.Add(time.Second))}
	bare := account.APIKey{ID: "key_2", Scopes: []string{}, CreatedAt: day}
	add(t, s, full, "1")
	add(t, s, bare, "2")
	for _, want := range []account.APIKey{full, bare} {
		if got := load(t, s, want.ID); !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v, want\n%+v", got, want)
		}
	}
	got, err := s.KeyOf(t.Context(), hash("1"))
	if err != nil || !reflect.DeepEqual(got, full) {
		t.Errorf("by hash\n%+v, %v; want\n%+v", got, err, full)
	}
}

func notFound(t *testing.T, s account.Store) {
	add(t, s, fresh("key_1"), "1")
	for _, id := range []string{"none", "KEY_1", "key_1 ", "' OR 1=1 --", "é☕"} {
		_, err := s.Key(t.Context(), id)
		wantErr(t, err, account.ErrKeyNotFound)
	}
	_, err := s.KeyOf(t.Context(), hash("2"))
	wantErr(t, err, account.ErrKeyNotFound)
	if err := errors.Join(s.Revoke(t.Context(), "none", day), s.Touch(t.Context(), "none", day, day)); err != nil {
		t.Errorf("a key that is not there: %v", err)
	}
	_, err = s.Key(t.Context(), "none")
	wantErr(t, err, account.ErrKeyNotFound)
}

func idOnce(t *testing.T, s account.Store) {
	add(t, s, fresh("key_1"), "1")
	again := fresh("key_1")
	again.Name = "second"
	wantErr(t, s.AddKey(t.Context(), again, hash("2")), account.ErrKeyTaken)
	if got := load(t, s, "key_1"); got.Name != "n" {
		t.Errorf("a refused key left %+v", got)
	}
	_, err := s.KeyOf(t.Context(), hash("2"))
	wantErr(t, err, account.ErrKeyNotFound)
}

func hashOnce(t *testing.T, s account.Store) {
	add(t, s, fresh("key_1"), "1")
	wantErr(t, s.AddKey(t.Context(), fresh("key_2"), hash("1")), account.ErrKeyTaken)
	_, err := s.Key(t.Context(), "key_2")
	wantErr(t, err, account.ErrKeyNotFound)
	if got, err := s.KeyOf(t.Context(), hash("1")); err != nil || got.ID != "key_1" {
		t.Errorf("the secret is of %s, %v", got.ID, err)
	}
}

func hashWins(t *testing.T, s account.Store) {
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
				return s.AddKey(ctx, fresh(fmt.Sprint("key_", i)), hash("1"))
			})
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, account.ErrKeyTaken):
				t.Errorf("err = %v, want taken", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d keys with one secret, want 1", won.Load())
	}
}

func refusalKeepsUnit(t *testing.T, s account.Store) {
	add(t, s, fresh("key_1"), "1")
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		wantErr(t, s.AddKey(ctx, fresh("key_2"), hash("1")), account.ErrKeyTaken)
		return s.AddKey(ctx, fresh("key_2"), hash("2"))
	})
	if err != nil {
		t.Errorf("the unit of a refused key: %v", err)
	}
	load(t, s, "key_2")
}

func newest(t *testing.T, s account.Store) {
	at := func(n int) time.Time { return day.Add(time.Duration(n) * time.Microsecond) }
	for i, n := range []int{1, 3, 2, 2, 0} {
		k := fresh(fmt.Sprint("key_", i))
		k.CreatedAt = at(n)
		add(t, s, k, k.ID)
	}
	for _, c := range []struct {
		created time.Time
		id      string
		limit   int
		want    []string
	}{
		{time.Time{}, "", 9, []string{"key_1", "key_3", "key_2", "key_0", "key_4"}},
		{time.Time{}, "", 2, []string{"key_1", "key_3"}},
		{at(2), "key_3", 2, []string{"key_2", "key_0"}},
		{at(0), "key_4", 9, nil},
		{at(2), "key_2", 9, []string{"key_0", "key_4"}},
	} {
		got, err := s.Keys(t.Context(), c.created, c.id, c.limit)
		var ids []string
		for _, k := range got {
			ids = append(ids, k.ID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%d keys after %v %s = %v, %v; want %v", c.limit, c.created, c.id, ids, err, c.want)
		}
	}
}

func revokeOnce(t *testing.T, s account.Store) {
	add(t, s, fresh("key_1"), "1")
	add(t, s, fresh("key_2"), "2")
	for i := range 2 {
		if err := s.Revoke(t.Context(), "key_1", day.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		k, err := s.KeyOf(t.Context(), hash("1"))
		if err != nil || k.RevokedAt == nil || !k.RevokedAt.Equal(day) {
			t.Errorf("revoked at %v, %v; want %v", k.RevokedAt, err, day)
		}
	}
	if k := load(t, s, "key_2"); k.RevokedAt != nil {
		t.Error("another key is revoked")
	}
}

func touch(t *testing.T, s account.Store) {
	add(t, s, fresh("key_1"), "1")
	for _, c := range []struct{ at, before, want time.Duration }{{0, -60, 0}, {59, -1, 0}, {60, 0, 60}, {120, 61, 120}, {130, 119, 120}} {
		if err := s.Touch(t.Context(), "key_1", day.Add(c.at*time.Second), day.Add(c.before*time.Second)); err != nil {
			t.Fatal(err)
		}
		if k := load(t, s, "key_1"); k.LastUsedAt == nil || !k.LastUsedAt.Equal(day.Add(c.want*time.Second)) {
			t.Errorf("after %v: used at %v, want %v", c.at, k.LastUsedAt, day.Add(c.want*time.Second))
		}
	}
}

func touchAndRevoke(t *testing.T, s account.Store) {
	for i := range 20 {
		id := fmt.Sprint("key_", i)
		add(t, s, fresh(id), id)
		var wg sync.WaitGroup
		for _, do := range []func() error{
			func() error { return s.Touch(t.Context(), id, day, day) },
			func() error { return s.Revoke(t.Context(), id, day) },
		} {
			wg.Go(func() {
				if err := do(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if k := load(t, s, id); k.RevokedAt == nil || k.LastUsedAt == nil {
			t.Fatalf("%s is revoked at %v, used at %v", id, k.RevokedAt, k.LastUsedAt)
		}
	}
}

var errBoom = errors.New("boom")

func rollback(t *testing.T, s account.Store) {
	add(t, s, fresh("key_1"), "1")
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.AddKey(ctx, fresh("key_2"), hash("2")), s.Revoke(ctx, "key_1", day), errBoom)
	})
	wantErr(t, err, errBoom)
	if k := load(t, s, "key_1"); k.RevokedAt != nil {
		t.Error("a revocation was not rolled back")
	}
	add(t, s, fresh("key_2"), "2")
}

func markJoins(t *testing.T, s account.Store) {
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Mark(ctx, "account.x", "k", once.Done)
		return errors.Join(err, errBoom)
	})
	wantErr(t, err, errBoom)
	if was, err := s.Mark(t.Context(), "account.x", "k", once.Undone); err != nil || was != once.Never {
		t.Errorf("the mark of a unit that failed: %v, %v; want never", was, err)
	}
}

func recordJoins(t *testing.T, s account.Store) {
	ev := event.Envelope{ID: "evt_1", Name: "account.x", Version: 1, Key: "key_1", At: day, Data: []byte(`{}`)}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Record(ctx, ev), errBoom)
	})
	wantErr(t, err, errBoom)
	// The id is free again, so the first one was rolled back.
	if err := s.Record(t.Context(), ev); err != nil {
		t.Error(err)
	}
}
