package main

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
)

const secretOfAda = "seventeen grey geese"

// register makes a verified customer.
func register(t *testing.T, d *documented, email string) {
	t.Helper()
	ctx := t.Context()
	if _, err := d.Accounts.Register(ctx, account.RegisterInput{Email: email, Password: secretOfAda, Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	var ids []string
	if err := d.DB.Read(ctx, &ids, `SELECT id FROM {account_challenge} WHERE kind = ?`, "welcome"); err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	ch, err := d.Accounts.Challenge(ctx, account.ChallengeInput{ID: ids[0]})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Accounts.VerifyEmail(ctx, account.CodeInput{Code: ch.Code}); err != nil {
		t.Fatal(err)
	}
}

// A hundred sign-ins at once are worked off a few at a time: their hashes do not
// need more memory than those few, and shoppers are served meanwhile.
func TestSignInsAtOnce(t *testing.T) {
	d := document(t)
	register(t, d, "ada@example.com")
	const (
		hash  = 19 << 20 // bytes of one argon2id hash
		slack = 3        // garbage that is not collected yet, beside what is in use
	)
	most := uint64(slack*max(2, runtime.GOMAXPROCS(0))+2) * hash
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	var in, out atomic.Int64
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			body, want := `{"email":"ada@example.com","password":"`+secretOfAda+`"}`, http.StatusOK
			if i%2 == 1 {
				body, want = `{"email":"nobody@example.com","password":"something else"}`, http.StatusUnauthorized
			}
			if status := post(t, d.url+"/v1/auth/login", body); status == want {
				in.Add(1)
			} else {
				t.Errorf("sign-in %d: %d, want %d", i, status, want)
			}
		})
	}
	for range 50 {
		wg.Go(func() {
			resp, err := http.Get(d.url + "/v1/store")
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
			out.Add(1)
		})
	}
	wg.Wait()
	close(stop)
	<-watched
	grown := peak.Load() - min(peak.Load(), before.HeapInuse)
	t.Logf("%d sign-ins and %d readers; the heap grew by %d MiB at most, bound %d MiB", in.Load(), out.Load(), grown>>20, most>>20)
	if grown > most {
		t.Errorf("a hundred sign-ins took %d MiB, want at most %d", grown>>20, most>>20)
	}
}

func post(t *testing.T, url, body string) int {
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Answers about a known and an unknown address are the same and take as long:
// the medians of 200 tries each, taken in turn, differ by less than 5 %. It
// wants a quiet machine.
func TestSameTimes(t *testing.T) {
	if os.Getenv("MERCER_TEST_FULL") == "" {
		t.Skip("it wants a quiet machine: MERCER_TEST_FULL=1")
	}
	d := document(t)
	register(t, d, "ada@example.com")
	for _, c := range []struct{ path, body string }{
		{"login", `{"email":"EMAIL","password":"a wrong one, surely"}`},
		{"register", `{"email":"EMAIL","password":"a good one, surely","name":"Eve"}`},
		{"password/forgot", `{"email":"EMAIL"}`},
	} {
		var took [2][]time.Duration
		status := [2]map[int]bool{{}, {}}
		for i := range 220 {
			for _, known := range []int{i % 2, 1 - i%2} {
				email := "ada@example.com"
				if known == 0 {
					email = fmt.Sprintf("no%d@example.com", i)
				}
				start := time.Now()
				status[known][post(t, d.url+"/v1/auth/"+c.path, strings.Replace(c.body, "EMAIL", email, 1))] = true
				if i >= 20 { // warm
					took[known] = append(took[known], time.Since(start))
				}
			}
		}
		unknown, known := median(took[0]), median(took[1])
		diff := 100 * float64(known-unknown) / float64(unknown)
		t.Logf("%s: unknown %v, known %v: %+.1f %%; answers %v and %v", c.path, unknown, known, diff, status[0], status[1])
		if diff > 5 || diff < -5 || fmt.Sprint(status[0]) != fmt.Sprint(status[1]) {
			t.Errorf("%s tells who is known", c.path)
		}
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
