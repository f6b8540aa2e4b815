package boot_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

var errGone = errors.New("dial tcp 10.0.0.1: password hunter2")

func readyz(t *testing.T, h http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
	return w
}

func TestHealthNamesEachCheck(t *testing.T) {
	fine, gone := func(context.Context) error { return nil }, func(context.Context) error { return errGone }
	for name, tc := range map[string]struct {
		checks []boot.Check
		status int
		word   string
		want   map[string]string
	}{
		"nothing to check": {nil, 200, "ok", map[string]string{}},
		"all there":        {[]boot.Check{{Name: "database", Probe: fine}, {Name: "nats", Probe: fine}}, 200, "ok", map[string]string{"database": "ok", "nats": "ok"}},
		"one gone":         {[]boot.Check{{Name: "database", Probe: fine}, {Name: "nats", Probe: gone}}, 503, "unavailable", map[string]string{"database": "ok", "nats": "unavailable"}},
		"can do without": {[]boot.Check{{Name: "database", Probe: fine}, {Name: "nats", Probe: gone, Optional: true}}, 200, "ok",
			map[string]string{"database": "ok", "nats": "unavailable"}},
		"first gone": {[]boot.Check{{Name: "database", Probe: gone}, {Name: "nats", Probe: fine}}, 503, "unavailable", map[string]string{"database": "unavailable", "nats": "ok"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := readyz(t, boot.Health(tc.checks...))
			var got struct {
				Status string
				Checks map[string]string
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if w.Code != tc.status || got.Status != tc.word || !reflect.DeepEqual(got.Checks, tc.want) {
				t.Errorf("%d %+v, want %d %s %v", w.Code, got, tc.status, tc.word, tc.want)
			}
			if (w.Header().Get("Retry-After") != "") != (tc.status == 503) || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", w.Header())
			}
			if strings.Contains(w.Body.String(), "hunter2") {
				t.Errorf("a stranger learns why: %s", w.Body)
			}
		})
	}
}

// TestHealthIsBounded shows that a dependency that says nothing is given up
// after 2 seconds, for all at once.
func TestHealthIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mute := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		start := time.Now()
		w := readyz(t, boot.Health(boot.Check{Name: "a", Probe: mute}, boot.Check{Name: "b", Probe: mute}, boot.Check{Name: "c", Probe: mute}))
		if took := time.Since(start); w.Code != 503 || took != 2*time.Second {
			t.Errorf("%d after %v, want 503 after 2s", w.Code, took)
		}
	})
}

// TestHealthSparesWhatItAsks shows that many who ask are one question, and that
// the one of them who hangs up does not make it fail for the others.
func TestHealthSparesWhatItAsks(t *testing.T) {
	var asked atomic.Int64
	answer := make(chan struct{})
	h := boot.Health(boot.Check{Name: "database", Probe: func(ctx context.Context) error {
		asked.Add(1)
		<-answer
		return ctx.Err()
	}})
	left, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(left, "GET", "/readyz", nil))
			if w.Code != 200 {
				t.Errorf("%d, want 200", w.Code)
			}
		})
	}
	leave()
	close(answer)
	wg.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("%d questions for 50 who asked, want 1", n)
	}
}

func TestHealthIsKeptForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		h := boot.Health(boot.Check{Name: "database", Probe: func(context.Context) error { asked++; return nil }})
		for i, want := range []int{1, 1, 2} {
			if readyz(t, h); asked != want {
				t.Errorf("%d questions at %d × 0.6 s, want %d", asked, i, want)
			}
			time.Sleep(600 * time.Millisecond) // of the bubble's clock
		}
	})
}
