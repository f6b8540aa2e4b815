package stripepay_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/commerce/internal/tooltest"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// TestShape sends every kind of request to Stripe's own mock, which refuses what
// the API's description does not have: a wrong path, parameter, type or value.
// It keeps nothing and knows no rules, so nothing else is shown here.
func TestShape(t *testing.T) {
	seen := &witness{t: t}
	ask := provider(t, tooltest.StripeMock(t), seen)
	ctx := t.Context()
	auto, manual := ask(nil), ask(func(o *stripepay.Options) { o.Manual, o.StatementDescriptorSuffix, o.Shop = true, "SHOES", "main" })
	for _, c := range []money.Amount{eur(2499), money.New(5049, "JPY"), money.New(60000, "UGX"), money.New(5120, "KWD")} {
		of := owed()
		of.Amount = c
		answered(t)(auto.Start(ctx, of))
		answered(t)(manual.Start(ctx, of))
	}
	of, gone, old := known(), owed(), owed()
	old.SentAt = now.Add(-25 * time.Hour)
	answered(t)(auto.Start(ctx, of))
	answered(t)(auto.Fetch(ctx, of))
	answered(t)(auto.Fetch(ctx, gone))
	answered(t)(auto.Fetch(ctx, old))
	answered(t)(auto.Cancel(ctx, of))
	answered(t)(auto.Cancel(ctx, gone))
	r := asked()
	for _, change := range []func(){func() {}, func() { r.SendCount = 2 }, func() { r.SentAt = old.SentAt }, func() { r.ProviderID = "re_1" }} {
		change()
		if _, err := manual.Refund(ctx, of, r); err != nil {
			t.Errorf("refund: %v", err)
		}
	}
	for _, err := range auto.Notices(ctx, now.Add(-time.Hour)) {
		if err != nil {
			t.Errorf("notices: %v", err)
		}
	}
	for _, err := range auto.Movements(ctx, now.Add(-time.Hour), now) {
		if err != nil {
			t.Errorf("movements: %v", err)
		}
	}
	seen.made(create, get, look, search, cancel, refund, refunds, events, balance)
}

// TestShapeOfTaking is TestShape of what is asked when there is money: the mock
// has none, so its answers about the intent are others.
func TestShapeOfTaking(t *testing.T) {
	held := intent("requires_capture", object{"amount_capturable": 2499, "latest_charge": charge(object{"payment_method_details": several()})})
	partly := intent("requires_capture", object{"amount_capturable": 1499, "amount_received": 1000, "latest_charge": charge(object{"payment_method_details": several()})})
	multi := charge(object{"payment_method_details": several()})
	seen := &witness{t: t, instead: map[string]any{get: held}}
	p := provider(t, tooltest.StripeMock(t), seen)(func(o *stripepay.Options) { o.Manual = true })
	ctx := t.Context()
	answered(t)(p.Capture(ctx, known(), eur(2499), "all"))
	answered(t)(p.Capture(ctx, known(), eur(1000), "a part"))
	seen.instead[get] = partly
	part := known()
	part.Captured = eur(1000)
	answered(t)(p.Cancel(ctx, part))
	answered(t)(p.Fetch(ctx, part))
	seen.instead[balance] = object{"object": "list", "has_more": false, "data": []object{
		{"id": "txn_1", "object": "balance_transaction", "type": "charge", "amount": 2499, "currency": "eur", "created": now.Unix(), "source": multi}}}
	for _, err := range p.Movements(ctx, now.Add(-time.Hour), now.Add(time.Hour)) {
		if err != nil {
			t.Errorf("movements: %v", err)
		}
	}
	seen.made(get, capture, refunds, disputes, balance)
}

// TestMockRefuses shows that the mock would tell.
func TestMockRefuses(t *testing.T) {
	addr := tooltest.StripeMock(t)
	for name, body := range map[string]string{"no amount": "currency=eur", "unknown parameter": "amount=1&currency=eur&amount_of_days=2", "unknown value": "amount=1&currency=eur&capture_method=whenever"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, addr+"/v1/payment_intents", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.SetBasicAuth("sk_test_1", "")
		req.Header.Set("Stripe-Version", "2023-10-16")
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s, want 400", name, res.Status)
		}
	}
}

func provider(t *testing.T, addr string, through http.RoundTripper) func(change func(*stripepay.Options)) *stripepay.Provider {
	return func(change func(*stripepay.Options)) *stripepay.Provider {
		t.Helper()
		o := options()
		o.URL, o.HTTPClient = addr, &http.Client{Transport: through}
		if change != nil {
			change(&o)
		}
		p, err := stripepay.New(o)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
}

func answered(t *testing.T) func(payment.Snapshot, error) {
	return func(s payment.Snapshot, err error) {
		t.Helper()
		if err != nil || s.Failure != nil {
			t.Errorf("%+v, %v, %+v", s, err, s.Failure)
		}
	}
}

// witness fails the test for every request that is not answered with 200, and
// gives other answers in place of some.
type witness struct {
	t       *testing.T
	instead map[string]any
	mu      sync.Mutex
	seen    map[string]int
}

func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	name := r.Method + " " + r.URL.Path
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK {
		w.t.Errorf("%s is refused: %s %s, %v", name, res.Status, body, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen = map[string]int{}
	}
	w.seen[name]++
	if other := w.instead[name]; other != nil {
		if body, err = json.Marshal(other); err != nil {
			return nil, err
		}
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

// made fails the test unless each of these calls went out.
func (w *witness) made(names ...string) {
	w.t.Helper()
	for _, name := range names {
		if w.seen[name] == 0 {
			w.t.Errorf("%s was not asked: %v", name, w.seen)
		}
	}
}
