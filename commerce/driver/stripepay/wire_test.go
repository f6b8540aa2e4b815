package stripepay_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

var now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// call is one request as it went out, reply what it is answered.
type (
	call struct {
		name   string // "POST /v1/refunds"
		values url.Values
		key    string
		header http.Header
	}
	reply struct {
		status int // 0 is 200
		header map[string]string
		body   any
		err    error
	}
	object = map[string]any
)

// wire answers calls as a test says, by their names, in turn; the last answer
// stays. It fails the test for calls that nobody has thought of.
type wire struct {
	t       *testing.T
	mu      sync.Mutex
	calls   []call
	answers map[string][]reply
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body := []byte{}
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	values, _ := url.ParseQuery(string(body))
	maps.Copy(values, r.URL.Query())
	c := call{name: r.Method + " " + r.URL.Path, values: values, key: r.Header.Get("Idempotency-Key"), header: r.Header}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, c)
	queue := w.answers[c.name]
	if len(queue) == 0 {
		w.t.Errorf("nobody expects %s %v", c.name, c.values)
		return nil, io.ErrUnexpectedEOF
	}
	a := queue[0]
	if len(queue) > 1 {
		w.answers[c.name] = queue[1:]
	}
	if a.err != nil {
		return nil, a.err
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	data, ok := a.body.(string)
	if !ok {
		raw, err := json.Marshal(a.body)
		if err != nil {
			return nil, err
		}
		data = string(raw)
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	h := http.Header{"Request-Id": {"req_1"}}
	for name, value := range a.header {
		h.Set(name, value)
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(bytes.NewReader([]byte(data))), Request: r}, nil
}

// names are the calls that went out.
func (w *wire) names() (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		all = append(all, c.name)
	}
	return all
}

// went fails the test unless exactly these calls went out, in this order.
func (w *wire) went(want ...string) {
	w.t.Helper()
	if got := w.names(); !slices.Equal(got, want) {
		w.t.Errorf("calls %q, want %q", got, want)
	}
}

// has fails the test unless call i had these values.
func (w *wire) has(i int, want map[string]string) {
	w.t.Helper()
	for name, value := range want {
		if got := w.calls[i].values.Get(name); got != value {
			w.t.Errorf("%s: %s = %q, want %q", w.calls[i].name, name, got, value)
		}
	}
}

func options() stripepay.Options {
	return stripepay.Options{Key: "sk_test_1", PublishableKey: "pk_test_1", WebhookSecrets: []string{"whsec_1"},
		Now: func() time.Time { return now }}
}

func stripe(t *testing.T, answers map[string][]reply, change ...func(*stripepay.Options)) (*stripepay.Provider, *wire) {
	t.Helper()
	w := &wire{t: t, answers: answers}
	o := options()
	o.HTTPClient, o.Log = &http.Client{Transport: w}, slog.New(slog.NewTextHandler(t.Output(), nil))
	for _, fn := range change {
		fn(&o)
	}
	p, err := stripepay.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p, w
}

// owed is a payment of 24.99 that was sent just now.
func owed() payment.Payment {
	none := money.Zero("EUR")
	return payment.Payment{ID: "pay_1", OrderID: "ord_1", Method: stripepay.Method, Status: payment.StatusCreating, Amount: money.New(2499, "EUR"),
		Authorized: none, Captured: none, Refunded: none, ReturnURL: "https://shop.example/back", SentAt: now, SendCount: 1}
}

// intent is a PaymentIntent as Stripe writes it, with changes.
func intent(status string, changes object) object {
	in := object{"id": "pi_1", "object": "payment_intent", "amount": 2499, "amount_capturable": 0, "amount_received": 0, "currency": "eur",
		"status": status, "client_secret": "pi_1_secret_x", "created": now.Unix(), "livemode": false,
		"latest_charge": nil, "last_payment_error": nil, "metadata": object{"payment_id": "pay_1", "order_id": "ord_1"}}
	maps.Copy(in, changes)
	return in
}

// charge is a Charge of the intent.
func charge(changes object) object {
	c := object{"id": "ch_1", "object": "charge", "amount": 2499, "amount_captured": 2499, "currency": "eur", "payment_intent": "pi_1",
		"metadata": object{"payment_id": "pay_1"}, "balance_transaction": nil,
		"payment_method_details": object{"type": "card", "card": object{"brand": "visa", "last4": "4242",
			"capture_before": now.Add(7 * 24 * time.Hour).Unix(), "multicapture": object{"status": "unavailable"}}}}
	maps.Copy(c, changes)
	return c
}

func several() object {
	return object{"type": "card", "card": object{"brand": "visa", "last4": "4242", "multicapture": object{"status": "available"}}}
}

func list(items ...object) reply {
	if items == nil {
		items = []object{}
	}
	return reply{body: object{"object": "list", "has_more": false, "data": items, "url": "/"}}
}

func problem(status int, kind, code string, more object) reply {
	e := object{"type": kind, "code": code, "message": "Stripe says " + code + "."}
	maps.Copy(e, more)
	return reply{status: status, body: object{"error": e}}
}

const (
	create   = "POST /v1/payment_intents"
	look     = "GET /v1/payment_intents"
	search   = "GET /v1/payment_intents/search"
	get      = "GET /v1/payment_intents/pi_1"
	capture  = "POST /v1/payment_intents/pi_1/capture"
	cancel   = "POST /v1/payment_intents/pi_1/cancel"
	refund   = "POST /v1/refunds"
	refunds  = "GET /v1/refunds"
	disputes = "GET /v1/disputes"
)
