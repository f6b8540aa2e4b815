package stripeface_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay/stripeface"
)

// server is a face behind HTTP, or another fake.
type server struct {
	*stripeface.Bank
	t     *testing.T
	url   string
	clock clock
}

func serve(t *testing.T, opts stripeface.Options) *server {
	t.Helper()
	s := &server{t: t}
	opts.Now = s.clock.now
	s.Bank = stripeface.New(&opts)
	srv := httptest.NewUnstartedServer(s.Bank)
	srv.Config.SetKeepAlivesEnabled(false)
	srv.Start()
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

// reply is an answer as far as a test looks at it.
type reply struct {
	http   int
	replay bool
	ID     string
	Status string
	Data   []struct{ ID string }
	More   bool `json:"has_more"`
	Amount int64
	Charge json.RawMessage `json:"latest_charge"`
	Error  struct{ Type, Code, Param, Message string }
}

// ask sends "POST /v1/path" with "a=1&b=2" and a key.
func (s *server) ask(route, form, key string) (r reply, err error) {
	s.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form)
	} else if form != "" {
		path += "?" + form
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(stripeface.Key, "")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		s.t.Fatalf("%s %s: %v", route, form, err)
	}
	r.http, r.replay = resp.StatusCode, resp.Header.Get("Idempotent-Replayed") == "true"
	return r, nil
}

// get is ask that has an answer.
func (s *server) get(route, form, key string) reply {
	s.t.Helper()
	r, err := s.ask(route, form, key)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

const (
	create = "POST /v1/payment_intents"
	paid   = "amount=2499&currency=eur&payment_method=pm_card_visa&confirm=true"
	held   = paid + "&capture_method=manual"
)

func TestRefusals(t *testing.T) {
	s := serve(t, stripeface.Options{})
	done, waits, kept := s.get(create, paid, "").ID, s.get(create, "amount=100&currency=eur", "").ID, s.get(create, held, "").ID
	back := s.get("POST /v1/refunds", "payment_intent="+s.get(create, paid, "").ID, "")
	if back.http != 200 || back.Amount != 2499 {
		t.Fatalf("a refund of everything: %+v", back)
	}
	pi := "/v1/payment_intents/"
	for name, c := range map[string]struct {
		route, form       string
		status            int
		kind, code, param string
	}{
		"no amount":           {create, "currency=eur", 400, "", "parameter_missing", "amount"},
		"no currency":         {create, "amount=100", 400, "", "parameter_missing", "currency"},
		"no number":           {create, "amount=abc&currency=eur", 400, "", "parameter_invalid_integer", "amount"},
		"below nothing":       {create, "amount=-5&currency=eur", 400, "", "parameter_invalid_integer", "amount"},
		"too small":           {create, "amount=49&currency=eur", 400, "", "amount_too_small", "amount"},
		"too large":           {create, "amount=1000000000000&currency=eur", 400, "", "amount_too_large", "amount"},
		"no such currency":    {create, "amount=100&currency=zzz", 400, "", "", "currency"},
		"part of a shilling":  {create, "amount=60050&currency=ugx", 400, "", "parameter_invalid_integer", "amount"},
		"no such capture":     {create, "amount=100&currency=eur&capture_method=whenever", 400, "", "", "capture_method"},
		"no such parameter":   {create, "amount=100&currency=eur&hue=red", 400, "", "parameter_unknown", "hue"},
		"no such method":      {create, "amount=100&currency=eur&payment_method=pm_gold", 400, "", "resource_missing", "payment_method"},
		"declined":            {create, "amount=100&currency=eur&payment_method=pm_card_chargeDeclined&confirm=true", 402, "card_error", "card_declined", ""},
		"no such address":     {"GET /v1/invoices", "", 404, "", "", ""},
		"no such intent":      {"GET " + pi + "pi_none", "", 404, "", "resource_missing", "intent"},
		"no such refund":      {"GET /v1/refunds/re_none", "", 404, "", "resource_missing", "id"},
		"no such charge":      {"POST /v1/refunds", "charge=ch_none", 404, "", "resource_missing", "charge"},
		"capture, not paid":   {"POST " + pi + waits + "/capture", "", 400, "", "payment_intent_unexpected_state", ""},
		"capture, done":       {"POST " + pi + done + "/capture", "", 400, "", "payment_intent_unexpected_state", ""},
		"capture of too much": {"POST " + pi + kept + "/capture", "amount_to_capture=2500", 400, "", "amount_too_large", "amount_to_capture"},
		"capture of nothing":  {"POST " + pi + kept + "/capture", "amount_to_capture=0", 400, "", "parameter_invalid_integer", "amount_to_capture"},
		"not the last":        {"POST " + pi + kept + "/capture", "amount_to_capture=1&final_capture=false", 400, "", "", "final_capture"},
		"cancel, done":        {"POST " + pi + done + "/cancel", "", 400, "", "payment_intent_unexpected_state", ""},
		"confirm, done":       {"POST " + pi + done + "/confirm", "payment_method=pm_card_visa", 400, "", "payment_intent_unexpected_state", ""},
		"confirm by nothing":  {"POST " + pi + waits + "/confirm", "", 400, "", "payment_intent_unexpected_state", ""},
		"refund of nothing":   {"POST /v1/refunds", "payment_intent=" + waits, 400, "", "", ""},
		"refund, not taken":   {"POST /v1/refunds", "payment_intent=" + kept, 400, "", "", ""},
		"refund of too much":  {"POST /v1/refunds", "payment_intent=" + done + "&amount=2500", 400, "", "", "amount"},
		"refund of none":      {"POST /v1/refunds", "payment_intent=" + done + "&amount=0", 400, "", "parameter_invalid_integer", "amount"},
		"refund for fun":      {"POST /v1/refunds", "payment_intent=" + done + "&reason=fun", 400, "", "", "reason"},
		"refund of what":      {"POST /v1/refunds", "amount=1", 400, "", "parameter_missing", ""},
		"wrong limit":         {"GET /v1/refunds", "limit=101", 400, "", "parameter_invalid_integer", "limit"},
		"expand of nothing":   {"GET " + pi + done, "expand[]=weather", 400, "", "", ""},
		"search for nothing":  {"GET /v1/payment_intents/search", "query=all", 400, "", "", "query"},
	} {
		kind := c.kind
		if kind == "" {
			kind = "invalid_request_error"
		}
		r := s.get(c.route, c.form, "")
		if r.http != c.status || r.Error.Type != kind || r.Error.Code != c.code || r.Error.Param != c.param || r.Error.Message == "" {
			t.Errorf("%s: %d %+v, want %d %s %s %s", name, r.http, r.Error, c.status, kind, c.code, c.param)
		}
	}
	all := s.get("GET /v1/refunds", "", "").Data
	if len(all) != 1 || all[0].ID != back.ID {
		t.Errorf("refusals have made the refunds %+v", all)
	}
	if r := s.get("POST /v1/refunds", "charge="+s.chargeOf(back.ID), ""); r.Error.Code != "charge_already_refunded" {
		t.Errorf("a refund of what went back: %+v", r.Error)
	}
}

// chargeOf returns the charge of a refund.
func (s *server) chargeOf(refund string) string {
	var r struct{ Charge string }
	req, _ := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/v1/refunds/"+refund, nil)
	req.Header.Set("Authorization", "Bearer "+stripeface.Key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		s.t.Fatal(err)
	}
	return r.Charge
}

func TestKeysOfTheAccount(t *testing.T) {
	b := stripeface.New(nil)
	for header, want := range map[string]int{"": 401, "Bearer ": 401, "Bearer sk_test_other": 401, "Bearer " + stripeface.Key: 200} {
		for _, path := range []string{"/v1/payment_intents", "/v1/nowhere"} {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			if header != "" {
				req.Header.Set("Authorization", header)
			}
			rec := httptest.NewRecorder()
			b.ServeHTTP(rec, req)
			if path == "/v1/nowhere" && want == 200 {
				continue
			}
			if rec.Code != want || want == 401 && !strings.Contains(rec.Body.String(), "API") {
				t.Errorf("%q %s: %d %s", header, path, rec.Code, rec.Body)
			}
		}
	}
}

// TestForgottenKeys: a key is remembered for 24 hours, and an answer to what was
// not done is not.
func TestForgottenKeys(t *testing.T) {
	s := serve(t, stripeface.Options{})
	first := s.get(create, paid, "k")
	if again := s.get(create, paid, "k"); again.ID != first.ID || !again.replay || first.replay {
		t.Errorf("again %+v, first %+v", again, first)
	}
	if other := s.get("POST /v1/refunds", "payment_intent="+first.ID, "k"); other.http != 400 || other.Error.Type != "idempotency_error" {
		t.Errorf("another endpoint: %+v", other)
	}
	if r := s.get(create, "amount=abc&currency=eur", "early"); r.http != 400 {
		t.Errorf("%+v", r)
	}
	if r := s.get(create, paid, "early"); r.http != 200 || r.replay {
		t.Errorf("a key of what could not be done: %+v", r)
	}
	s.clock.past.Add(int64(24 * time.Hour))
	if later := s.get(create, paid, "k"); later.ID == first.ID || later.replay {
		t.Errorf("a day later: %+v", later)
	}
	if r := s.get(create, paid, strings.Repeat("k", 256)); r.http != 400 {
		t.Errorf("a long key: %+v", r)
	}
	if r := s.get("GET /v1/payment_intents", "", "k"); r.http != 200 || len(r.Data) != 3 {
		t.Errorf("a key of a question: %+v", r)
	}
}

func TestFaults(t *testing.T) {
	s := serve(t, stripeface.Options{Delay: time.Minute})
	made := func(want int) {
		t.Helper()
		if n := len(s.Intents()); n != want {
			t.Errorf("%d intents, want %d", n, want)
		}
	}
	s.Fail(create, stripeface.Down, stripeface.TooMany, stripeface.LockTimeout, stripeface.Unavailable)
	if _, err := s.ask(create, paid, "a"); err == nil {
		t.Error("it was down, and there is an answer")
	}
	for _, want := range []struct {
		status int
		code   string
	}{{429, "rate_limit"}, {429, "lock_timeout"}, {503, ""}} {
		if r := s.get(create, paid, "a"); r.http != want.status || r.Error.Code != want.code {
			t.Errorf("%d %+v, want %+v", r.http, r.Error, want)
		}
	}
	made(0)
	s.Fail(create, stripeface.LoseAnswer)
	if _, err := s.ask(create, paid, "a"); err == nil {
		t.Error("the answer was lost, and there is one")
	}
	made(1)
	if r := s.get(create, paid, "a"); r.http != 200 || !r.replay {
		t.Errorf("the lost answer: %+v", r)
	}
	s.Fail(create, stripeface.Broken)
	for range 2 {
		if r := s.get(create, paid, "b"); r.http != 500 || r.Error.Type != "api_error" {
			t.Errorf("a broken answer: %+v", r)
		}
		made(2) // all the same
	}
}

// TestKeyInUse asks twice at a time, until one meets the other.
func TestKeyInUse(t *testing.T) {
	s := serve(t, stripeface.Options{Delay: 50 * time.Millisecond})
	met := 0
	for round := 0; met == 0 && round < 50; round++ {
		key := fmt.Sprint("key-", round)
		s.Fail(create, stripeface.Slow)
		var got [2]reply
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() { got[i] = s.get(create, paid, key) })
		}
		wg.Wait()
		for _, r := range got {
			if r.http == http.StatusConflict && r.Error.Code == "idempotency_key_in_use" && r.Error.Type == "idempotency_error" {
				met++
			} else if r.http != http.StatusOK {
				t.Errorf("%+v", r)
			}
		}
		if n := len(s.Intents()); n != round+1 || met > 1 {
			t.Errorf("%d intents of %d keys, %d in use", n, round+1, met)
		}
	}
	if met == 0 {
		t.Error("no key was ever in use")
	}
}
