package stripepay_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func eur(n int64) money.Amount { return money.New(n, "EUR") }

// known is owed with its id at Stripe.
func known() payment.Payment {
	p := owed()
	p.ProviderID = "pi_1"
	return p
}

func TestCapture(t *testing.T) {
	mark := ident.DeriveID("cap", "key")
	if len(mark) > 40 {
		t.Fatalf("Stripe takes no key of metadata as long as %q", mark)
	}
	held := intent("requires_capture", object{"amount_capturable": 2499, "latest_charge": charge(nil)})
	heldFor := intent("requires_capture", object{"amount_capturable": 2499, "latest_charge": charge(object{"payment_method_details": several()})})
	partly := intent("requires_capture", object{"amount_capturable": 1499, "amount_received": 1000, "latest_charge": charge(object{"payment_method_details": several()})})
	marked := intent("requires_capture", object{"amount_capturable": 1499, "amount_received": 1000, "metadata": object{mark: "10.00"}, "latest_charge": charge(object{"payment_method_details": several()})})
	all := intent("succeeded", object{"amount_received": 2499, "latest_charge": charge(nil)})
	part := intent("succeeded", object{"amount_received": 1000, "latest_charge": charge(nil)})
	replay := reply{body: held, header: map[string]string{"Idempotent-Replayed": "true"}}
	for name, tt := range map[string]struct {
		amount   int64
		had      int64
		before   object
		answer   reply
		after    object
		went     []string
		final    string
		want     payment.Status
		captured int64
		object   string
		failure  string
	}{
		"all":                     {2499, 0, held, reply{body: all}, nil, []string{get, capture}, "", payment.StatusCaptured, 2499, "ch_1", ""},
		"a part of one":           {1000, 0, held, reply{body: part}, nil, []string{get, capture}, "", payment.StatusCaptured, 1000, "ch_1", ""},
		"all of several":          {2499, 0, heldFor, reply{body: all}, nil, []string{get, capture}, "true", payment.StatusCaptured, 2499, "ch_1", ""},
		"the first of several":    {1000, 0, heldFor, reply{body: partly}, nil, []string{get, capture}, "false", payment.StatusAuthorized, 1000, "ch_1", ""},
		"the last of several":     {1499, 1000, partly, reply{body: all}, nil, []string{get, capture}, "true", payment.StatusCaptured, 2499, "ch_1#2499", ""},
		"again, remembered":       {1000, 0, marked, reply{}, nil, []string{get}, "", payment.StatusAuthorized, 1000, "ch_1", ""},
		"again, answered before":  {2499, 0, held, replay, all, []string{get, capture, get}, "", payment.StatusCaptured, 2499, "ch_1", ""},
		"key with another amount": {2499, 0, held, problem(400, "idempotency_error", "", nil), part, []string{get, capture, get}, "", payment.StatusCaptured, 1000, "ch_1", ""},
		"taken before":            {2499, 0, all, reply{}, nil, []string{get}, "", payment.StatusCaptured, 2499, "ch_1", ""},
		"canceled before":         {2499, 0, intent("canceled", nil), reply{}, nil, []string{get}, "", payment.StatusCanceled, 0, "", "not_authorized"},
		"not paid":                {2499, 0, intent("requires_action", nil), reply{}, nil, []string{get}, "", payment.StatusOpen, 0, "", "not_authorized"},
		"too much":                {2500, 0, held, problem(400, "invalid_request_error", "amount_too_large", nil), held, []string{get, capture, get}, "", payment.StatusAuthorized, 0, "ch_1", "amount_too_large"},
		"lapsed":                  {2499, 0, held, problem(402, "card_error", "capture_charge_authorization_expired", nil), intent("canceled", nil), []string{get, capture, get}, "", payment.StatusCanceled, 0, "", "capture_charge_authorization_expired"},
	} {
		t.Run(name, func(t *testing.T) {
			p, w := stripe(t, map[string][]reply{get: {{body: tt.before}, {body: tt.after}}, capture: {tt.answer}})
			of := known()
			of.Captured.Minor = tt.had
			s, err := p.Capture(t.Context(), of, eur(tt.amount), "key")
			if err != nil || s.Status != tt.want || s.Captured.Minor != tt.captured || s.Object != tt.object {
				t.Errorf("%+v, %v", s, err)
			}
			if code := codeOf(s.Failure); code != tt.failure || code != "" && s.Failure.Message == "" {
				t.Errorf("failure %+v, want %q", s.Failure, tt.failure)
			}
			w.went(tt.went...)
			if len(tt.went) > 1 {
				w.has(1, map[string]string{"final_capture": tt.final, "metadata[" + mark + "]": eur(tt.amount).Decimal()})
				if w.calls[1].key != "cap:key" {
					t.Errorf("asked with the key %q", w.calls[1].key)
				}
			}
		})
	}
}

func codeOf(f *payment.Failure) string {
	if f == nil {
		return ""
	}
	return f.Code
}

func TestCaptureUnanswered(t *testing.T) {
	held := reply{body: intent("requires_capture", object{"amount_capturable": 2499, "latest_charge": charge(nil)})}
	p, _ := stripe(t, map[string][]reply{get: {held}, capture: {problem(500, "api_error", "", nil)}})
	if s, err := p.Capture(t.Context(), known(), eur(2499), "key"); err == nil {
		t.Errorf("%+v, want an error", s)
	}
}

func TestCaptureOfWhatCannotBe(t *testing.T) {
	held := reply{body: intent("requires_capture", object{"amount": 5120, "amount_capturable": 5120, "currency": "kwd", "latest_charge": charge(nil)})}
	p, w := stripe(t, map[string][]reply{get: {held}})
	s, err := p.Capture(t.Context(), known(), money.New(5123, "KWD"), "key")
	if err != nil || codeOf(s.Failure) != "payment.amount_not_payable" || s.Captured.Minor != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	w.went(get, get)
	p, _ = stripe(t, map[string][]reply{look: {list()}})
	if s, err = p.Capture(t.Context(), owed(), eur(1), "key"); err != nil || s.Status != payment.StatusCreating || s.Failure == nil {
		t.Errorf("of nothing: %+v, %v", s, err)
	}
}

func TestCancel(t *testing.T) {
	open := intent("requires_payment_method", nil)
	canceled := intent("canceled", nil)
	all := intent("succeeded", object{"amount_received": 2499, "latest_charge": charge(nil)})
	held := intent("requires_capture", object{"amount_capturable": 2499, "latest_charge": charge(nil)})
	partly := intent("requires_capture", object{"amount_capturable": 1499, "amount_received": 1000, "latest_charge": charge(object{"payment_method_details": several()})})
	part := intent("succeeded", object{"amount_received": 1000, "latest_charge": charge(nil)})
	bad := problem(400, "invalid_request_error", "payment_intent_unexpected_state", nil)
	replay := func(in object) reply {
		return reply{body: in, header: map[string]string{"Idempotent-Replayed": "true"}}
	}
	had := known()
	had.Captured.Minor = 1000
	old := owed()
	old.SentAt = now.Add(-24 * time.Hour)
	for name, tt := range map[string]struct {
		of       payment.Payment
		answers  map[string][]reply
		went     []string
		want     payment.Status
		captured int64
	}{
		"known":                   {known(), map[string][]reply{cancel: {{body: canceled}}}, []string{cancel}, payment.StatusCanceled, 0},
		"authorized":              {known(), map[string][]reply{cancel: {{body: canceled}}}, []string{cancel}, payment.StatusCanceled, 0},
		"again":                   {known(), map[string][]reply{cancel: {replay(canceled)}, get: {{body: canceled}}}, []string{cancel, get}, payment.StatusCanceled, 0},
		"never arrived":           {owed(), map[string][]reply{create: {{body: open}}, cancel: {{body: canceled}}}, []string{create, cancel}, payment.StatusCanceled, 0},
		"arrived, not heard":      {owed(), map[string][]reply{create: {replay(open)}, get: {{body: open}}, cancel: {{body: canceled}}}, []string{create, get, cancel}, payment.StatusCanceled, 0},
		"paid, not heard":         {owed(), map[string][]reply{create: {replay(open)}, get: {{body: all}}}, []string{create, get}, payment.StatusCaptured, 2499},
		"canceled before":         {owed(), map[string][]reply{create: {replay(open)}, get: {{body: canceled}}}, []string{create, get}, payment.StatusCanceled, 0},
		"too late":                {known(), map[string][]reply{cancel: {bad}, get: {{body: all}}}, []string{cancel, get}, payment.StatusCaptured, 2499},
		"in the bank's hands":     {known(), map[string][]reply{cancel: {bad}, get: {{body: intent("processing", nil)}}}, []string{cancel, get}, payment.StatusProcessing, 0},
		"a refusal of yesterday":  {known(), map[string][]reply{cancel: {bad, {body: canceled}}, get: {{body: open}}}, []string{cancel, get, cancel}, payment.StatusCanceled, 0},
		"refused twice":           {known(), map[string][]reply{cancel: {bad}, get: {{body: held}}}, []string{cancel, get, cancel, get}, payment.StatusAuthorized, 0},
		"a part was taken":        {had, map[string][]reply{get: {{body: partly}}, capture: {{body: part}}}, []string{get, capture}, payment.StatusCaptured, 1000},
		"a part, not heard":       {known(), map[string][]reply{cancel: {bad}, get: {{body: partly}}, capture: {{body: part}}}, []string{cancel, get, capture}, payment.StatusCaptured, 1000},
		"the rest stays":          {had, map[string][]reply{get: {{body: partly}}, capture: {bad}}, []string{get, capture, get}, payment.StatusAuthorized, 1000},
		"old and nowhere":         {old, map[string][]reply{search: {list()}, look: {list()}}, []string{search, look}, payment.StatusCanceled, 0},
		"old and there":           {old, map[string][]reply{search: {list()}, look: {list(open)}, get: {{body: open}}, cancel: {{body: canceled}}}, []string{search, look, get, cancel}, payment.StatusCanceled, 0},
		"no answer":               {known(), map[string][]reply{cancel: {problem(500, "api_error", "", nil)}}, []string{cancel}, "", 0},
		"no answer to the search": {owed(), map[string][]reply{create: {problem(500, "api_error", "", nil)}}, []string{create}, "", 0},
		"another account":         {known(), map[string][]reply{cancel: {problem(404, "invalid_request_error", "resource_missing", nil)}}, []string{cancel}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, w := stripe(t, tt.answers)
			s, err := p.Cancel(t.Context(), tt.of)
			if s.Status != tt.want || s.Captured.Minor != tt.captured || (err != nil) != (tt.want == "") {
				t.Errorf("%+v, %v; want %q", s, err, tt.want)
			}
			w.went(tt.went...)
			keys := map[string]bool{}
			for i, c := range w.calls {
				if c.name == cancel && len(keys) == 0 && c.key != "can:pay_1" {
					t.Errorf("asked with the key %q", c.key)
				}
				if c.name == cancel && keys[c.key] {
					t.Error("the same key twice has the same answer")
				}
				if c.name == cancel {
					keys[c.key] = true
				}
				if c.name == capture {
					w.has(i, map[string]string{"amount_to_capture": "0", "final_capture": "true"})
					if !strings.HasPrefix(c.key, "can:pay_1") {
						t.Errorf("asked with the key %q", c.key)
					}
				}
			}
		})
	}
}
