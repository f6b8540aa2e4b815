package boot_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay/stripeface"
)

// TestSlowStripe is U06: Stripe takes requests and says nothing, while a crowd completes
// its carts. Each shopper is told that the payment is pending, others look at the
// catalog as before, and after a few calls without an answer nobody is made to
// wait for one: Stripe is not asked.
func TestSlowStripe(t *testing.T) {
	crowd := 24
	if os.Getenv("MERCER_TEST_FULL") != "" {
		crowd = 200
	}
	bank := stripeface.New(nil)
	var silent atomic.Bool
	var calls atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if silent.Load() {
			_, _ = io.Copy(io.Discard, r.Body) // until then nobody sees that the asker is gone
			select {
			case <-r.Context().Done(): // whoever asks gives up first
			case <-time.After(20 * time.Second):
			}
			return
		}
		bank.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	shop := serve(t, config(t, "STRIPE_API_KEY="+stripeface.Key, stripePublic, "STRIPE_WEBHOOK_SECRET="+stripeface.WebhookSecret, "MERCER_STRIPE_URL="+srv.URL))
	key := "Bearer " + shop.key(t, "*")
	resp, _ := shop.ask(t, "POST", "/v1/admin/imports?stock=set", strings.Replace(mug, ",5,", ",1000,", 1), "Authorization", key, "Idempotency-Key", "one")
	shop.wait(t, resp.Header.Get("Location"), key)
	carts := make([]filled, crowd+5)
	for i := range carts {
		carts[i] = shop.filled(t, "MUG", 1)
	}
	shop.settled(t)
	before := shop.browsing(t, 100)

	silent.Store(true)
	complete := func(c filled) (status int, took time.Duration) {
		from := time.Now()
		resp, body := shop.ask(t, "POST", "/v1/carts/"+c.ID+"/complete", c.completing(), "Content-Type", "application/json", "Cart-Token", c.Token,
			"Idempotency-Key", "a-click-of-the-shopper-"+c.ID)
		if resp.StatusCode != http.StatusAccepted {
			t.Errorf("complete: %s %s", resp.Status, body)
		}
		return resp.StatusCode, time.Since(from)
	}
	var shoppers sync.WaitGroup
	for _, c := range carts[:crowd] {
		shoppers.Go(func() { complete(c) })
	}
	for calls.Load() < int64(crowd) && !t.Failed() {
		shop.browsing(t, 1)
	}
	during := shop.browsing(t, 100)
	shoppers.Wait()
	asked := calls.Load()
	var longest time.Duration
	for _, c := range carts[crowd:] {
		_, took := complete(c)
		longest = max(longest, took)
	}
	if more := calls.Load() - asked; more > 1 { // one tries whether Stripe is back
		t.Errorf("Stripe was asked %d times more for 5 carts after %d calls without an answer", more, asked)
	}
	t.Logf("%d shoppers before a silent Stripe, 2 cores: catalog p50 %v and p95 %v before, %v and %v during; complete took %v at most afterwards",
		crowd, before[len(before)/2], before[len(before)*95/100], during[len(during)/2], during[len(during)*95/100], longest)

	silent.Store(false)
	deadline := time.Now().Add(30 * time.Second)
	for body := ""; !strings.Contains(body, `"client_secret":"`); {
		c := carts[0]
		_, body = shop.ask(t, "POST", "/v1/carts/"+c.ID+"/complete", c.completing(), "Content-Type", "application/json", "Cart-Token", c.Token,
			"Idempotency-Key", "a-click-of-the-shopper-"+c.ID)
		if time.Now().After(deadline) {
			t.Fatalf("Stripe is back, and the shopper is told %s", body)
		}
	}
}

// browsing opens the product list n times and returns how long that took, the
// shortest first.
func (s served) browsing(t *testing.T, n int) (took []time.Duration) {
	t.Helper()
	for range n {
		from := time.Now()
		if resp, body := s.ask(t, "GET", "/v1/products", ""); resp.StatusCode != http.StatusOK || !strings.Contains(body, "Mug") {
			t.Fatalf("the catalog: %s %s", resp.Status, body)
		}
		took = append(took, time.Since(from))
	}
	slices.Sort(took)
	return took
}
