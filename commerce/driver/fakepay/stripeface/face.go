// Package stripeface is a test bank that speaks Stripe's HTTP API, version
// 2023-10-16: payment intents, refunds, disputes, events, balance transactions,
// with Stripe's errors, idempotency keys and signed webhooks, so that a driver
// for Stripe can be tried without Stripe.
//
// It knows what follows from what. What a request may look like stripe-mock knows
// better: with Options.Tee every request must please that first. It is no proof of
// what Stripe does: where the two differ, Stripe is right.
package stripeface

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
)

// Version is the version of the API.
const Version = "2023-10-16"

// Keys and secrets where Options name no others. Everybody knows them.
const (
	Key           = "sk_test_face"
	WebhookSecret = "whsec_face"
)

// Options change how a Bank behaves. The zero value is good. Functions are called
// by many goroutines.
type Options struct {
	Keys []string         // secret keys that are let in, {Key}
	Now  func() time.Time // time.Now
	// Tee is the address of a stripe-mock, "http://127.0.0.1:12111": what that
	// refuses is refused with its answer.
	Tee string
	// Fault says what goes wrong with a call, unless Fail has said it. A route is
	// written as "POST /v1/payment_intents/{id}/capture".
	Fault func(route string) Fault
	// Delay is how long a Slow answer takes, 400 ms.
	Delay time.Duration
	// Deliver takes webhooks to the shop: those that go fakepay.Before while they
	// come about, all others at a Send. Delivery says how the webhook of an event
	// goes, by its type.
	Deliver  fakepay.Deliver
	Delivery func(eventType string) fakepay.Delivery
	// Types are the events that webhooks are sent of, nil for all.
	Types []string
	// Secrets sign webhooks, {WebhookSecret}.
	Secrets []string
}

// Bank is a Stripe that exists only here, and forgets everything with the
// process. It is an http.Handler, safe for concurrent use.
type Bank struct {
	opts Options
	mux  *http.ServeMux

	mu       sync.Mutex
	count    int // of ids
	intents  []*intent
	charges  []*charge
	refunds  []*refund
	disputes []*dispute
	balance  []*transaction
	log      []*event
	keys     map[string]*answered
	faults   map[string][]Fault
	before   []*event // to be told before the request under way is answered
}

// New returns a Bank without any money. opts may be nil.
func New(opts *Options) *Bank {
	b := &Bank{mux: http.NewServeMux(), keys: map[string]*answered{}, faults: map[string][]Fault{}}
	if opts != nil {
		b.opts = *opts
	}
	if b.opts.Keys == nil {
		b.opts.Keys = []string{Key}
	}
	if b.opts.Secrets == nil {
		b.opts.Secrets = []string{WebhookSecret}
	}
	if b.opts.Now == nil {
		b.opts.Now = time.Now
	}
	if b.opts.Delay == 0 {
		b.opts.Delay = 400 * time.Millisecond
	}
	for _, r := range routes {
		b.mux.Handle(r.pattern, b.serve(r))
	}
	b.mux.HandleFunc("POST /_test/{what}/{id}/{to}", b.test)
	b.mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		if e := b.refuse(req); e != nil {
			write(w, e.answer())
			return
		}
		write(w, invalid("", "", "Unrecognized request URL (%s: %s). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.", req.Method, req.URL.Path).as(http.StatusNotFound).answer())
	})
	return b
}

// ServeHTTP implements http.Handler.
func (b *Bank) ServeHTTP(w http.ResponseWriter, req *http.Request) { b.mux.ServeHTTP(w, req) }

// object is something as it travels.
type object = map[string]any

// route is one call of the API: what it takes besides expand, and what it does.
type route struct {
	pattern string
	params  string // names, with spaces between them
	do      func(*Bank, *call) (object, *problem)
}

var routes = []route{
	{"POST /v1/payment_intents", "amount currency automatic_payment_methods capture_method confirm metadata payment_method payment_method_options payment_method_types return_url statement_descriptor_suffix description", (*Bank).create},
	{"GET /v1/payment_intents", "created limit starting_after ending_before", (*Bank).listIntents},
	{"GET /v1/payment_intents/search", "query limit page", (*Bank).search},
	{"GET /v1/payment_intents/{id}", "client_secret", (*Bank).getIntent},
	{"POST /v1/payment_intents/{id}/confirm", "payment_method payment_method_options return_url client_secret off_session", (*Bank).confirm},
	{"POST /v1/payment_intents/{id}/capture", "amount_to_capture final_capture metadata statement_descriptor_suffix", (*Bank).capture},
	{"POST /v1/payment_intents/{id}/cancel", "cancellation_reason", (*Bank).cancel},
	{"POST /v1/refunds", "payment_intent charge amount metadata reason", (*Bank).createRefund},
	{"GET /v1/refunds", "payment_intent charge created limit starting_after ending_before", (*Bank).listRefunds},
	{"GET /v1/refunds/{id}", "", (*Bank).getRefund},
	{"GET /v1/charges", "payment_intent created limit starting_after ending_before", (*Bank).listCharges},
	{"GET /v1/charges/{id}", "", (*Bank).getCharge},
	{"GET /v1/disputes", "payment_intent charge created limit starting_after ending_before", (*Bank).listDisputes},
	{"GET /v1/disputes/{id}", "", (*Bank).getDispute},
	{"GET /v1/events", "type types created delivery_success limit starting_after ending_before", (*Bank).listEvents},
	{"GET /v1/events/{id}", "", (*Bank).getEvent},
	{"GET /v1/balance_transactions", "source type created currency payout limit starting_after ending_before", (*Bank).listBalance},
	{"GET /v1/balance_transactions/{id}", "", (*Bank).getBalance},
}

// call is one request.
type call struct {
	id   string // in the path
	form form
	now  int64 // seconds
}

// answer is what goes back.
type answer struct {
	status int
	body   []byte
	replay bool
	keep   bool // under the key of its request
}

func write(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Stripe-Version", Version)
	if a.replay {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// serve is one call of the API, which may fail on the way there and back.
func (b *Bank) serve(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		fault := b.fault(r.pattern)
		if fault == Down {
			panic(http.ErrAbortHandler)
		}
		if a, ok := fault.instead(); ok {
			write(w, a)
			return
		}
		a, done := b.admit(r, req)
		if !done {
			key := req.Header.Get("Idempotency-Key")
			if req.Method != http.MethodPost {
				key = ""
			}
			params, _ := read(req)
			a = b.once(key, req.URL.Path, params, func() { b.pause(req, fault) }, func() answer { return fault.spoil(b.do(r, req, params)) })
		}
		b.tellBefore()
		if fault == LoseAnswer {
			panic(http.ErrAbortHandler)
		}
		write(w, a)
	})
}

// admit reports whether a request is answered before anything is done: it is of
// nobody, or it is not of the form of the API.
func (b *Bank) admit(r route, req *http.Request) (answer, bool) {
	if e := b.refuse(req); e != nil {
		return e.answer(), true
	}
	params, e := read(req)
	if e != nil {
		return e.answer(), true
	}
	if a, ok := b.tee(req, params); ok {
		return a, true
	}
	for name := range parse(params) {
		if name != "expand" && !strings.Contains(" "+r.params+" ", " "+name+" ") {
			return invalid("parameter_unknown", name, "Received unknown parameter: %s", name).answer(), true
		}
	}
	return answer{}, false
}

// do does what is asked for and writes the answer.
func (b *Bank) do(r route, req *http.Request, params url.Values) answer {
	now := b.opts.Now().Unix()
	b.lapse(now)
	c := &call{id: req.PathValue("id"), form: parse(params), now: now}
	o, e := r.do(b, c)
	if e == nil {
		e = b.expand(o, c.form)
	}
	if e != nil {
		return e.answer()
	}
	return answer{status: http.StatusOK, body: encode(o), keep: true}
}

func encode(o object) []byte {
	body, _ := json.MarshalIndent(o, "", "  ") // strings, numbers, lists and objects of them
	return body
}

// refuse returns why whoever asks is not let in.
func (b *Bank) refuse(req *http.Request) *problem {
	key, _, ok := req.BasicAuth()
	if bearer, is := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer "); is {
		key, ok = bearer, true
	}
	if !ok || key == "" {
		return invalid("", "", "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').").as(http.StatusUnauthorized)
	}
	if slices.Contains(b.opts.Keys, key) {
		return nil
	}
	shown := key
	if len(key) > 12 {
		shown = key[:8] + strings.Repeat("*", len(key)-12) + key[len(key)-4:]
	}
	return invalid("", "", "Invalid API Key provided: %s", shown).as(http.StatusUnauthorized)
}

// newID returns an id that nothing has.
func (b *Bank) newID(prefix string) string {
	b.count++
	return fmt.Sprintf("%s_3Fc%021d", prefix, b.count)
}
