package argonhash_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/argonhash"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

// cheap keeps tests fast.
var cheap = argonhash.Options{Memory: 64, Time: 1, Threads: 1}

func hash(t *testing.T, h *argonhash.Hasher, password string) string {
	t.Helper()
	out, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDefaults(t *testing.T) {
	h := argonhash.New(nil)
	got := hash(t, h, "correct horse ☕")
	if !regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`).MatchString(got) {
		t.Errorf("hash = %q", got)
	}
	if ok, stale, err := h.Verify(t.Context(), "correct horse ☕", got); !ok || stale || err != nil {
		t.Errorf("its password: %v, stale %v, %v", ok, stale, err)
	}
}

func TestBounds(t *testing.T) {
	for want, o := range map[string]argonhash.Options{
		"m=64,t=64,p=8": {Memory: 1, Time: 1000, Threads: 8},
		"m=64,t=1,p=1":  cheap,
	} {
		if got := hash(t, argonhash.New(&o), "x"); !strings.Contains(got, "$"+want+"$") {
			t.Errorf("%+v makes %s, want %s", o, got, want)
		}
	}
}

func TestVerify(t *testing.T) {
	h := argonhash.New(&cheap)
	mine := hash(t, h, "secret")
	if again := hash(t, h, "secret"); again == mine {
		t.Error("two hashes have one salt")
	}
	dearer := cheap
	dearer.Time++
	old := hash(t, argonhash.New(&dearer), "secret")
	// Made by the reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1
	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for name, c := range map[string]struct {
		password, hash string
		ok, stale      bool
	}{
		"right":             {"secret", mine, true, false},
		"wrong":             {"Secret", mine, false, false},
		"a space more":      {"secret ", mine, false, false},
		"none":              {"", mine, false, false},
		"other cost":        {"secret", old, true, true},
		"wrong, other cost": {"x", old, false, false},
		"nobody":            {"secret", "", false, false},
		"nobody, no word":   {"", "", false, false},
		"reference":         {"password", reference, true, true},
		"not the reference": {"passwore", reference, false, false},
	} {
		ok, stale, err := h.Verify(t.Context(), c.password, c.hash)
		if ok != c.ok || stale != c.stale || err != nil {
			t.Errorf("%s: %v, stale %v, %v; want %v, %v", name, ok, stale, err, c.ok, c.stale)
		}
	}
}

func TestMalformed(t *testing.T) {
	h := argonhash.New(&cheap)
	good := hash(t, h, "secret")
	for _, c := range [][2]string{
		{"argon2id", "argon2i"}, {"v=19", "v=16"}, {"v=19$", ""}, {"m=64", "m=7"}, {"m=64", "m=1048577"}, {"m=64", "m=99999999999"}, {"m=64", "m=-64"}, {"t=1", "t=0"}, {"t=1", "t=65"},
		{"p=1", "p=0"}, {"p=1", "p=256"}, {"p=1", "p=9"}, {"p=1", "p=1,x=2"}, {"m=64", "m=064"}, {"m=64,t=1", "t=1,m=64"}, {"$argon2id", "argon2id"}, {good[len(good)-43:], "AAAA"},
		{good[len(good)-43:], strings.Repeat("A", 400)}, {good[len(good)-43:], good[len(good)-43:] + "="}, {good[len(good)-43:], "é" + good[len(good)-41:]}, {good, "x"}, {good, " "}, {good, strings.Repeat("$", 1<<20)},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		ok, stale, err := h.Verify(t.Context(), "secret", bad)
		if ok || stale || err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("%q for %q: %v, %v, %v; want an internal error", c[1], c[0], ok, stale, err)
		}
		if err != nil && len(bad) > 10 && strings.Contains(err.Error(), good[len(good)-20:]) {
			t.Errorf("the error shows the hash: %v", err)
		}
	}
}

// TestSameWork takes the best of several runs, so that a busy machine does not
// matter: without the work it would be thousands of times faster.
func TestSameWork(t *testing.T) {
	h := argonhash.New(&argonhash.Options{Memory: 4096, Time: 1})
	mine := hash(t, h, "secret")
	best := func(stored string) time.Duration {
		out := time.Hour
		for range 5 {
			begin := time.Now()
			if _, _, err := h.Verify(t.Context(), "guess", stored); err != nil {
				t.Fatal(err)
			}
			out = min(out, time.Since(begin))
		}
		return out
	}
	if known, unknown := best(mine), best(""); unknown < known/2 || known < unknown/2 {
		t.Errorf("a known account takes %v, an unknown one %v", known, unknown)
	}
}

func TestWaiting(t *testing.T) {
	h := argonhash.New(&argonhash.Options{Memory: 64, Time: 1, Parallel: 1})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	wantFull := func(err error) {
		t.Helper()
		if e, ok := errors.AsType[*fault.Error](err); !ok || !errors.Is(err, fault.ErrUnavailable) || e.RetryAfter < 1 {
			t.Errorf("err = %v, want unavailable with a hint", err)
		}
	}
	_, err := h.Hash(over, "x")
	wantFull(err)
	_, _, err = h.Verify(over, "x", "")
	wantFull(err)

	slow := argonhash.New(&argonhash.Options{Memory: 32 * 1024, Time: 16, Parallel: 1})
	held := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		close(held)
		if _, err := slow.Hash(t.Context(), "x"); err != nil {
			t.Error(err)
		}
	})
	<-held
	var refused atomic.Int64
	for range 4 {
		wg.Go(func() {
			short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if _, err := slow.Hash(short, "x"); err != nil {
				wantFull(err)
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	// One of them may have had the seat first.
	if refused.Load() < 3 {
		t.Errorf("%d of 4 were refused, want 3 at least: the seats are not counted", refused.Load())
	}
}

func BenchmarkHash(b *testing.B) {
	h := argonhash.New(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "correct horse"); err != nil {
			b.Fatal(err)
		}
	}
}
