package boot_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
)

// TestD06 has all connections to the database in use: a request is told so soon,
// and the process says that it is busy, not that it should get no requests.
func TestD06(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	s := serve(t, config(t, "MERCER_DB="+buntest.Name(t, buntest.MySQL), "MERCER_MIGRATE=auto"))
	release := make(chan struct{})
	var holding, over sync.WaitGroup
	for range s.DB.Stats()["write"].MaxOpenConnections {
		holding.Add(1)
		over.Go(func() {
			first := sync.OnceFunc(holding.Done)
			if err := s.DB.Do(t.Context(), func(context.Context) error { first(); <-release; return nil }); err != nil {
				t.Error(err)
				first()
			}
		})
	}
	holding.Wait()
	for _, r := range [][3]string{{"POST", "/v1/carts", `{}`}, {"GET", "/v1/orders/ord_1", ""}} {
		start := time.Now()
		resp, body := s.ask(t, r[0], r[1], r[2], "Content-Type", "application/json", "Cart-Token", "x")
		if took := time.Since(start); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "store.busy") || took > 10*time.Second { // it gives up after two
			t.Errorf("%s %s: %s %s after %v; want 503 with Retry-After soon", r[0], r[1], resp.Status, body, took)
		}
	}
	if resp, body := s.ask(t, "GET", "/readyz", ""); resp.StatusCode != 200 || !strings.Contains(body, `"database":"busy"`) {
		t.Errorf("%s %s, want ready and busy", resp.Status, body)
	}
	close(release)
	over.Wait()
	if resp, body := s.ask(t, "POST", "/v1/carts", `{}`, "Content-Type", "application/json"); resp.StatusCode != 201 {
		t.Errorf("afterwards: %s %s", resp.Status, body)
	}
}
