package stripepay_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func TestStart(t *testing.T) {
	p, w := stripe(t, map[string][]reply{create: {{body: intent("requires_payment_method", nil)}}}, func(o *stripepay.Options) {
		o.Shop, o.StatementDescriptorSuffix = "main", "SHOES"
	})
	s, err := p.Start(t.Context(), owed())
	if err != nil || s.Status != payment.StatusOpen || s.ProviderID != "pi_1" || s.Failure != nil {
		t.Fatalf("%+v, %v", s, err)
	}
	want := `{"type":"stripe_confirm","client_secret":"pi_1_secret_x","publishable_key":"pk_test_1","return_url":"https://shop.example/back"}`
	if string(s.NextAction) != want {
		t.Errorf("next action %s\nwant %s", s.NextAction, want)
	}
	w.went(create)
	w.has(0, map[string]string{"amount": "2499", "currency": "eur", "automatic_payment_methods[enabled]": "true", "capture_method": "automatic",
		"metadata[payment_id]": "pay_1", "metadata[order_id]": "ord_1", "metadata[shop]": "main", "statement_descriptor_suffix": "SHOES",
		"expand[0]": "latest_charge.balance_transaction"})
	c := w.calls[0]
	if len(c.values) != 9 {
		t.Errorf("more is sent than that: %v", c.values)
	}
	if c.key != "pi:pay_1" || c.header.Get("Stripe-Version") != "2023-10-16" || c.header.Get("Authorization") != "Bearer sk_test_1" {
		t.Errorf("key %q, header %v", c.key, c.header)
	}
	if c.header.Get("X-Stripe-Client-Telemetry") != "" {
		t.Error("telemetry is sent")
	}
}

func TestStartToCaptureLater(t *testing.T) {
	p, w := stripe(t, map[string][]reply{create: {{body: intent("requires_payment_method", nil)}}}, func(o *stripepay.Options) { o.Manual = true })
	if _, err := p.Start(t.Context(), owed()); err != nil {
		t.Fatal(err)
	}
	w.has(0, map[string]string{"capture_method": "manual", "payment_method_options[card][request_multicapture]": "if_available", "metadata[shop]": "", "statement_descriptor_suffix": ""})
}

// TestStartAgain: an answer that was given before is not how things stand.
func TestStartAgain(t *testing.T) {
	first := reply{body: intent("requires_payment_method", nil)}
	again := first
	again.header = map[string]string{"Idempotent-Replayed": "true"}
	later := reply{body: intent("succeeded", object{"amount_received": 2499, "latest_charge": charge(nil)})}
	sent := func(times int, id string) payment.Payment {
		p := owed()
		p.SendCount, p.ProviderID = times, id
		return p
	}
	for name, tt := range map[string]struct {
		of   payment.Payment
		made reply
		went []string
	}{
		"replayed":        {sent(1, ""), again, []string{create, get}},
		"sent before":     {sent(2, ""), first, []string{create, get}},
		"its id is known": {sent(2, "pi_1"), first, []string{get}},
	} {
		t.Run(name, func(t *testing.T) {
			p, w := stripe(t, map[string][]reply{create: {tt.made}, get: {later}})
			s, err := p.Start(t.Context(), tt.of)
			if err != nil || s.Status != payment.StatusCaptured || s.Captured != owed().Amount || s.Object != "ch_1" {
				t.Errorf("%+v, %v", s, err)
			}
			w.went(tt.went...)
		})
	}
}

func TestStartRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		answer reply
		amount money.Amount
		want   payment.Failure
	}{
		"too small": {problem(400, "invalid_request_error", "amount_too_small", object{"param": "amount"}), money.New(1, "EUR"),
			payment.Failure{Code: "amount_too_small", Message: "The payment could not be made."}},
		"no code": {problem(400, "invalid_request_error", "", nil), money.New(1, "EUR"),
			payment.Failure{Code: "invalid_request_error", Message: "The payment could not be made."}},
		"declined": {problem(402, "card_error", "card_declined", object{"decline_code": "insufficient_funds"}), money.New(1, "EUR"),
			payment.Failure{Code: "card_declined", Message: "Stripe says card_declined.", DeclineCode: "insufficient_funds"}},
		"not payable": {reply{}, money.New(5124, "KWD"), payment.Failure{Code: "payment.amount_not_payable", Message: "The payment could not be made."}},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := stripe(t, map[string][]reply{create: {tt.answer}})
			of := owed()
			of.Amount = tt.amount
			s, err := p.Start(t.Context(), of)
			if err != nil || s.Status != payment.StatusFailed || s.Failure == nil || *s.Failure != tt.want {
				t.Errorf("start: %+v, %v; want failed by %+v", s, err, tt.want)
			}
			// There is nothing that could be canceled.
			s, err = p.Cancel(t.Context(), of)
			if err != nil || s.Status != payment.StatusFailed {
				t.Errorf("cancel: %+v, %v", s, err)
			}
		})
	}
}

// TestNobodyKnows: what is no answer about the payment is an error.
func TestNobodyKnows(t *testing.T) {
	for name, tt := range map[string]struct {
		answer reply
		calls  int
	}{
		"lost":                  {reply{err: io.ErrUnexpectedEOF}, 3},
		"broken answer":         {reply{body: `{"id": "pi_1", "client_secret": "pi_1_secret_x`}, 3},
		"a page of a proxy":     {reply{status: 502, body: `<html>pi_1_secret_x</html>`}, 3},
		"500":                   {problem(500, "api_error", "", nil), 1},
		"503":                   {problem(503, "api_error", "", nil), 3},
		"500, Stripe says wait": {reply{status: 500, header: map[string]string{"Stripe-Should-Retry": "true"}, body: object{"error": object{"type": "api_error"}}}, 3},
		"503, Stripe says stop": {reply{status: 503, header: map[string]string{"Stripe-Should-Retry": "false"}, body: object{"error": object{"type": "api_error"}}}, 1},
		"rate limit":            {problem(429, "invalid_request_error", "rate_limit", nil), 3},
		"lock":                  {problem(429, "invalid_request_error", "lock_timeout", nil), 3},
		"key in use":            {problem(409, "idempotency_error", "idempotency_key_in_use", nil), 3},
		"wrong key":             {problem(401, "invalid_request_error", "", nil), 1},
		"no permission":         {problem(403, "invalid_request_error", "more_permissions_required", nil), 1},
		"wrong address":         {problem(404, "invalid_request_error", "", nil), 1},
		"another status":        {reply{body: intent("requires_prayer", nil)}, 1},
		"another currency":      {reply{body: intent("requires_payment_method", object{"currency": "zzz"})}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p, w := stripe(t, map[string][]reply{create: {tt.answer}, look: {list()}})
				s, err := p.Start(t.Context(), owed())
				if err == nil {
					t.Fatalf("%+v, want an error", s)
				}
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("the error has a secret in it: %v", err)
				}
				n := 0
				for _, name := range w.names() {
					if name == create {
						n++
					}
				}
				if n != tt.calls {
					t.Errorf("%d calls, want %d: %v", n, tt.calls, err)
				}
			})
		})
	}
}

// TestLookUp is U08: a key that is too old, was used with other parameters, or keeps an
// error of Stripe's, says nothing: the intent is looked for.
func TestLookUp(t *testing.T) {
	mine := intent("requires_payment_method", nil)
	other := intent("succeeded", object{"id": "pi_2", "metadata": object{"payment_id": "pay_2"}})
	old, again := owed(), owed()
	old.SentAt = now.Add(-23 * time.Hour)
	again.SendCount = 2
	spent := problem(400, "idempotency_error", "", nil)
	frozen := problem(500, "api_error", "", nil)
	for name, tt := range map[string]struct {
		of      payment.Payment
		answers map[string][]reply
		went    []string
		want    payment.Status // "": an error
	}{
		"old and there":            {old, map[string][]reply{search: {list()}, look: {list(other, mine)}}, []string{search, look, get}, payment.StatusOpen},
		"old and in the index":     {old, map[string][]reply{search: {list(mine)}}, []string{search, get}, payment.StatusOpen},
		"old, a wrong index":       {old, map[string][]reply{search: {list(other)}, look: {list(mine)}}, []string{search, look, get}, payment.StatusOpen},
		"old, no index":            {old, map[string][]reply{search: {problem(400, "invalid_request_error", "", nil)}, look: {list(mine)}}, []string{search, look, get}, payment.StatusOpen},
		"old and nowhere":          {old, map[string][]reply{search: {list()}, look: {list(other)}}, []string{search, look}, payment.StatusFailed},
		"old, the list is lost":    {old, map[string][]reply{search: {list()}, look: {problem(403, "invalid_request_error", "", nil)}}, []string{search, look}, ""},
		"old, the list is refused": {old, map[string][]reply{search: {list()}, look: {problem(400, "invalid_request_error", "", nil)}}, []string{search, look}, ""},
		"spent key":                {owed(), map[string][]reply{create: {spent}, look: {list(mine)}}, []string{create, look, get}, payment.StatusOpen},
		"spent key, nowhere":       {owed(), map[string][]reply{create: {spent}, look: {list()}}, []string{create, look}, ""},
		"kept error":               {again, map[string][]reply{create: {frozen}, look: {list(mine)}}, []string{create, look, get}, payment.StatusOpen},
		"kept error, nowhere":      {again, map[string][]reply{create: {frozen}, look: {list()}}, []string{create, look}, ""},
		"first error of Stripe's":  {owed(), map[string][]reply{create: {frozen}}, []string{create}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tt.answers[get] = []reply{{body: mine}}
			p, w := stripe(t, tt.answers)
			s, err := p.Start(t.Context(), tt.of)
			if s.Status != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("%+v, %v; want %q", s, err, tt.want)
			}
			w.went(tt.went...)
			for i, c := range w.calls {
				if c.name == look {
					sent := tt.of.SentAt
					w.has(i, map[string]string{"created[gte]": unix(sent.Add(-time.Hour)), "created[lte]": unix(sent.Add(25 * time.Hour)), "limit": "100"})
				}
				if c.name == search {
					w.has(i, map[string]string{"query": `metadata['payment_id']:"pay_1"`})
				}
			}
		})
	}
}

func TestFetchOfNothing(t *testing.T) {
	p, w := stripe(t, map[string][]reply{look: {list()}})
	for _, of := range []payment.Payment{owed(), {ID: "pay_1", Amount: money.New(1, "EUR")}} {
		s, err := p.Fetch(t.Context(), of)
		if err != nil || s.Status != payment.StatusCreating {
			t.Errorf("%+v, %v", s, err)
		}
	}
	w.went(look, look)
}

// TestLookUpOfManyPages finds an intent that is not on the first page.
func TestLookUpOfManyPages(t *testing.T) {
	first := list(intent("succeeded", object{"id": "pi_9", "metadata": object{}}))
	first.body.(object)["has_more"] = true
	p, w := stripe(t, map[string][]reply{look: {first, list(intent("processing", nil))}, get: {{body: intent("processing", nil)}}})
	s, err := p.Fetch(t.Context(), owed())
	if err != nil || s.Status != payment.StatusProcessing {
		t.Errorf("%+v, %v", s, err)
	}
	w.went(look, look, get)
	w.has(1, map[string]string{"starting_after": "pi_9"})
}

func TestFetch(t *testing.T) {
	settled := object{"id": "txn_1", "object": "balance_transaction", "amount": 2850, "currency": "usd", "fee": 112}
	eur := func(n int64) money.Amount { return money.New(n, "EUR") }
	visa := &payment.Display{Brand: "visa", Last4: "4242"}
	for name, tt := range map[string]struct {
		in   object
		had  int64 // captured before
		want payment.Snapshot
		next bool
	}{
		"waits": {intent("requires_payment_method", nil), 0, payment.Snapshot{Status: payment.StatusOpen}, true},
		"was declined": {intent("requires_payment_method", object{"last_payment_error": object{"type": "card_error", "code": "card_declined", "decline_code": "generic_decline", "message": "Your card was declined."}}), 0,
			payment.Snapshot{Status: payment.StatusOpen, Failure: &payment.Failure{Code: "card_declined", DeclineCode: "generic_decline", Message: "Your card was declined."}}, true},
		"is to be confirmed": {intent("requires_confirmation", nil), 0, payment.Snapshot{Status: payment.StatusOpen}, true},
		"3-D Secure":         {intent("requires_action", nil), 0, payment.Snapshot{Status: payment.StatusOpen}, true},
		"bank debit": {intent("processing", object{"latest_charge": charge(object{"id": "py_1", "payment_method_details": object{"type": "sepa_debit"}})}), 0,
			payment.Snapshot{Status: payment.StatusProcessing, Object: "py_1", Display: &payment.Display{Brand: "sepa_debit"}}, false},
		"authorized": {intent("requires_capture", object{"amount_capturable": 2499, "latest_charge": charge(object{"amount_captured": 0})}), 0,
			payment.Snapshot{Status: payment.StatusAuthorized, Authorized: eur(2499), Object: "ch_1", Display: visa, CaptureBefore: now.Add(7 * 24 * time.Hour)}, false},
		"taken in part": {intent("requires_capture", object{"amount_capturable": 1499, "amount_received": 1000, "latest_charge": charge(object{"amount_captured": 1000, "payment_method_details": several()})}), 0,
			payment.Snapshot{Status: payment.StatusAuthorized, Authorized: eur(2499), Captured: eur(1000), Object: "ch_1", Display: visa}, false},
		"taken": {intent("succeeded", object{"amount_received": 2499, "latest_charge": charge(object{"balance_transaction": settled})}), 0,
			payment.Snapshot{Status: payment.StatusCaptured, Authorized: eur(2499), Captured: eur(2499), Object: "ch_1", Display: visa, Fee: money.New(112, "USD"), FeeObject: "txn_1"}, false},
		"taken, charge by id": {intent("succeeded", object{"amount_received": 2499, "latest_charge": "ch_1"}), 0,
			payment.Snapshot{Status: payment.StatusCaptured, Authorized: eur(2499), Captured: eur(2499), Object: "ch_1"}, false},
		"the rest is taken": {intent("succeeded", object{"amount_received": 2499, "latest_charge": charge(nil)}), 1000,
			payment.Snapshot{Status: payment.StatusCaptured, Authorized: eur(2499), Captured: eur(2499), Object: "ch_1#2499", Display: visa}, false},
		"taken in part, the rest let go": {intent("succeeded", object{"amount_received": 1000, "latest_charge": charge(nil)}), 1000,
			payment.Snapshot{Status: payment.StatusCaptured, Authorized: eur(2499), Captured: eur(1000), Object: "ch_1", Display: visa}, false},
		"canceled": {intent("canceled", nil), 0, payment.Snapshot{Status: payment.StatusCanceled}, false},
		"canceled after a part": {intent("canceled", object{"amount_received": 1000, "latest_charge": charge(nil)}), 0,
			payment.Snapshot{Status: payment.StatusCaptured, Authorized: eur(2499), Captured: eur(1000), Object: "ch_1", Display: visa}, false},
		"of somebody else": {intent("succeeded", object{"amount": 999, "amount_received": 999, "currency": "usd"}), 0,
			payment.Snapshot{Status: payment.StatusCaptured, Authorized: money.New(999, "USD"), Captured: money.New(999, "USD")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, w := stripe(t, map[string][]reply{get: {{body: tt.in}}, refunds: {list()}, disputes: {list()}})
			of := owed()
			of.ProviderID, of.Captured.Minor = "pi_1", tt.had
			s, err := p.Fetch(t.Context(), of)
			if err != nil {
				t.Fatal(err)
			}
			if (s.NextAction != nil) != tt.next {
				t.Errorf("next action %s", s.NextAction)
			}
			if asked := len(w.names()) == 3; asked != (tt.in["amount_received"] != 0) || (s.Refunds != nil) != asked || (s.Disputes != nil) != asked {
				t.Errorf("refunds %v, disputes %v by %q", s.Refunds, s.Disputes, w.names())
			}
			s.NextAction, s.Refunds, s.Disputes = nil, nil, nil
			tt.want.ProviderID = "pi_1"
			for _, a := range []*money.Amount{&tt.want.Authorized, &tt.want.Captured} {
				if *a == (money.Amount{}) {
					*a = money.Zero("EUR")
				}
			}
			same(t, s, tt.want)
		})
	}
}

func TestFetchOfAnotherAccount(t *testing.T) {
	p, _ := stripe(t, map[string][]reply{get: {problem(404, "invalid_request_error", "resource_missing", object{"param": "intent"})}})
	of := owed()
	of.ProviderID = "pi_1"
	if s, err := p.Fetch(t.Context(), of); err == nil {
		t.Errorf("%+v, want an error for the operator", s)
	}
	if s, err := p.Start(t.Context(), of); err == nil {
		t.Errorf("%+v, want an error for the operator", s)
	}
}

// TestFetchWithoutAll: what went back is told whole, or not at all.
func TestFetchWithoutAll(t *testing.T) {
	of := owed()
	of.ProviderID = "pi_1"
	taken := reply{body: intent("succeeded", object{"amount_received": 2499})}
	denied := problem(403, "invalid_request_error", "", nil)
	for name, answers := range map[string]map[string][]reply{
		"refunds":  {get: {taken}, refunds: {denied}, disputes: {list()}},
		"disputes": {get: {taken}, refunds: {list()}, disputes: {denied}},
	} {
		p, _ := stripe(t, answers)
		if s, err := p.Fetch(t.Context(), of); err == nil {
			t.Errorf("without %s: %+v", name, s)
		}
	}
}

// same compares what two values are as JSON.
func same(t *testing.T, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	cut := strings.NewReplacer("},{", "},\n {")
	if string(g) != string(w) {
		t.Errorf("got\n%s\nwant\n%s", cut.Replace(string(g)), cut.Replace(string(w)))
	}
}
