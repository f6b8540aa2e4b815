package stripepay_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// event is an event as Stripe writes it, about an object.
func event(kind string, about object, changes object) []byte {
	e := object{"id": "evt_1", "object": "event", "api_version": "2023-10-16", "created": now.Unix(), "livemode": false, "type": kind,
		"data": object{"object": about}, "pending_webhooks": 1, "request": object{"id": nil, "idempotency_key": nil}}
	maps.Copy(e, changes)
	data, _ := json.Marshal(e)
	return data
}

func sign(body []byte, secret string, at time.Time) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: secret, Timestamp: at}).Header
}

// TestSignatures is P07, P08 and P09.
func TestSignatures(t *testing.T) {
	body := event("payment_intent.succeeded", intent("succeeded", nil), nil)
	_, good, _ := strings.Cut(sign(body, "whsec_1", now), ",")
	_, wrong, _ := strings.Cut(sign(body, "whsec_3", now), ",")
	at := "t=" + unix(now)
	var one, compact bytes.Buffer
	_ = json.Indent(&one, body, "", " ")
	_ = json.Compact(&compact, one.Bytes())
	compact.WriteByte(' ')
	for name, tt := range map[string]struct {
		header []string
		body   []byte
		ok     bool
	}{
		"good":                      {[]string{sign(body, "whsec_1", now)}, body, true},
		"by the other secret":       {[]string{sign(body, "whsec_2", now)}, body, true},
		"by a third":                {[]string{sign(body, "whsec_3", now)}, body, false},
		"of a rolled secret":        {[]string{at + "," + wrong + "," + good}, body, true},
		"299 s old":                 {[]string{sign(body, "whsec_1", now.Add(-299*time.Second))}, body, true},
		"300 s old":                 {[]string{sign(body, "whsec_1", now.Add(-300*time.Second))}, body, true},
		"301 s old":                 {[]string{sign(body, "whsec_1", now.Add(-301*time.Second))}, body, false},
		"299 s ahead":               {[]string{sign(body, "whsec_1", now.Add(299*time.Second))}, body, true},
		"301 s ahead":               {[]string{sign(body, "whsec_1", now.Add(301*time.Second))}, body, false},
		"a day ahead":               {[]string{sign(body, "whsec_1", now.Add(24*time.Hour))}, body, false},
		"another time":              {[]string{"t=" + unix(now.Add(time.Second)) + "," + good}, body, false},
		"two times":                 {[]string{at + "," + at + "," + good}, body, false},
		"old time, then a good one": {[]string{"t=1," + at + "," + good}, body, false},
		"v0 only":                   {[]string{at + "," + strings.Replace(good, "v1=", "v0=", 1)}, body, false},
		"no time":                   {[]string{good}, body, false},
		"no signature":              {[]string{at}, body, false},
		"empty":                     {[]string{""}, body, false},
		"garbage":                   {[]string{"garbage"}, body, false},
		"garbage in hex":            {[]string{at + ",v1=zz"}, body, false},
		"a time that is none":       {[]string{"t=now," + good}, body, false},
		"a time without end":        {[]string{"t=" + strings.Repeat("9", 30) + "," + good}, body, false},
		"no header":                 {nil, body, false},
		"two headers":               {[]string{sign(body, "whsec_1", now), sign(body, "whsec_1", now)}, body, false},
		"a space more":              {[]string{sign(body, "whsec_1", now)}, append([]byte(" "), body...), false},
		"JSON written anew":         {[]string{sign(body, "whsec_1", now)}, one.Bytes(), false},
		"a space at the end":        {[]string{sign(body, "whsec_1", now)}, compact.Bytes(), false},
		"another body":              {[]string{sign(body, "whsec_1", now)}, []byte(`{}`), false},
		"no body":                   {[]string{sign(body, "whsec_1", now)}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := stripe(t, nil, func(o *stripepay.Options) { o.WebhookSecrets = []string{"whsec_1", "whsec_2"} })
			n, err := p.Receive(t.Context(), map[string][]string{"stripe-signature": tt.header}, tt.body)
			if tt.ok && (err != nil || n.ID != "evt_1" || n.PaymentID != "pay_1") {
				t.Errorf("%+v, %v", n, err)
			}
			if !tt.ok && !errors.Is(err, payment.ErrSignature) {
				t.Errorf("%+v, %v; want ErrSignature", n, err)
			}
		})
	}
}

func TestTolerance(t *testing.T) {
	p, _ := stripe(t, nil, func(o *stripepay.Options) { o.Tolerance = new(10 * time.Second) })
	body := event("payment_intent.succeeded", intent("succeeded", nil), nil)
	for after, ok := range map[time.Duration]bool{-10: true, -11: false, 10: true, 11: false} {
		_, err := p.Receive(t.Context(), map[string][]string{"stripe-signature": {sign(body, "whsec_1", now.Add(after*time.Second))}}, body)
		if (err == nil) != ok {
			t.Errorf("%d s: %v", after, err)
		}
	}
}

func receive(t *testing.T, p *stripepay.Provider, body []byte) (payment.Notice, error) {
	t.Helper()
	return p.Receive(t.Context(), map[string][]string{"stripe-signature": {sign(body, "whsec_1", now)}}, body)
}

func TestMalformed(t *testing.T) {
	p, _ := stripe(t, nil)
	for name, body := range map[string][]byte{
		"empty":              {},
		"no JSON":            []byte(`hello`),
		"half of it":         []byte(`{"id": "evt_1"`),
		"empty object":       []byte(`{}`),
		"null":               []byte(`null`),
		"array":              []byte(`[]`),
		"text":               []byte(`"evt_1"`),
		"no id":              event("payment_intent.succeeded", intent("succeeded", nil), object{"id": ""}),
		"no type":            event("", intent("succeeded", nil), nil),
		"no data":            event("payment_intent.succeeded", nil, object{"data": nil}),
		"empty data":         event("payment_intent.succeeded", nil, object{"data": object{}}),
		"null object":        event("payment_intent.succeeded", nil, object{"data": object{"object": nil}}),
		"object of a number": event("payment_intent.succeeded", nil, object{"data": object{"object": 7}}),
		"id of a number":     event("payment_intent.succeeded", intent("succeeded", nil), object{"id": 7}),
		"thin event":         []byte(`{"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter.no_meter_found","created":"2026-11-22T08:00:00.000Z","livemode":false,"related_object":null}`),
	} {
		n, err := receive(t, p, body)
		if !errors.Is(err, fault.ErrMalformed) || n != (payment.Notice{}) {
			t.Errorf("%s: %+v, %v; want ErrMalformed", name, n, err)
		}
		if thin := name == "thin event"; thin && !strings.Contains(err.Error(), "thin event") {
			t.Errorf("%s: %v does not say so", name, err)
		}
	}
}

func TestNotices(t *testing.T) {
	p, _ := stripe(t, nil)
	refunded := back("succeeded", nil)
	for _, tt := range []struct {
		kind       string
		about      object
		payment    string
		providerID string
	}{
		{"payment_intent.succeeded", intent("succeeded", nil), "pay_1", "pi_1"},
		{"payment_intent.payment_failed", intent("requires_payment_method", nil), "pay_1", "pi_1"},
		{"payment_intent.some_day", intent("succeeded", object{"metadata": object{}}), "", "pi_1"},
		{"payment_intent.succeeded", intent("succeeded", object{"metadata": nil}), "", "pi_1"},
		{"charge.captured", charge(nil), "pay_1", "pi_1"},
		{"charge.refunded", charge(object{"payment_intent": object{"id": "pi_7", "object": "payment_intent"}}), "pay_1", "pi_7"},
		{"charge.succeeded", charge(object{"payment_intent": nil, "metadata": object{}}), "", ""},
		{"charge.refund.updated", refunded, "pay_1", "pi_1"},
		{"refund.failed", refunded, "pay_1", "pi_1"},
		{"refund.created", back("succeeded", object{"metadata": object{}}), "", "pi_1"},
		{"charge.dispute.created", object{"id": "du_1", "object": "dispute", "payment_intent": "pi_1", "metadata": object{}}, "", "pi_1"},
		{"charge.dispute.closed", object{"id": "du_1", "object": "dispute", "metadata": object{}}, "", ""},
		{"payout.paid", object{"id": "po_1", "metadata": object{"payment_id": "pay_1"}, "payment_intent": "pi_1"}, "", ""},
		{"charges", object{"id": "x"}, "", ""},
	} {
		got, err := receive(t, p, event(tt.kind, tt.about, nil))
		want := payment.Notice{ID: "evt_1", Type: tt.kind, PaymentID: tt.payment, ProviderID: tt.providerID}
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", tt.kind, got, err, want)
		}
	}
}

// TestOtherMode: an event of live mode at a shop in test mode, and the other way
// round, is kept and followed by nothing.
func TestOtherMode(t *testing.T) {
	var log bytes.Buffer
	body := func(live bool) []byte {
		return event("payment_intent.succeeded", intent("succeeded", nil), object{"livemode": live})
	}
	for key, live := range map[string]bool{"test": false, "live": true} {
		p, _ := stripe(t, nil, func(o *stripepay.Options) {
			o.Key, o.PublishableKey, o.Log = "rk_"+key+"_1", "pk_"+key+"_1", slog.New(slog.NewTextHandler(&log, nil))
		})
		if n, err := receive(t, p, body(live)); err != nil || n.PaymentID != "pay_1" || log.Len() != 0 {
			t.Errorf("%s: %+v, %v, %s", key, n, err, &log)
		}
		n, err := receive(t, p, body(!live))
		if err != nil || n != (payment.Notice{ID: "evt_1", Type: "payment_intent.succeeded"}) || !strings.Contains(log.String(), "other mode") {
			t.Errorf("%s: %+v, %v, %s", key, n, err, &log)
		}
		log.Reset()
	}
}

func TestVersions(t *testing.T) {
	var log bytes.Buffer
	var got []string
	p, _ := stripe(t, nil, func(o *stripepay.Options) {
		o.Log, o.OnVersionMismatch = slog.New(slog.NewTextHandler(&log, nil)), func(v string) { got = append(got, v) }
	})
	for _, version := range []any{"2023-10-16", "2024-04-10", "2026-08-26.dahlia", "2024-04-10", nil} {
		n, err := receive(t, p, event("payment_intent.succeeded", intent("succeeded", nil), object{"api_version": version}))
		if err != nil || n.PaymentID != "pay_1" || n.ProviderID != "pi_1" {
			t.Errorf("%v: %+v, %v", version, n, err)
		}
	}
	if want := "2024-04-10 2026-08-26.dahlia 2024-04-10 "; strings.Join(got, " ") != want {
		t.Errorf("told of %q, want %q", got, want)
	}
	if n := strings.Count(log.String(), "another version"); n != 3 {
		t.Errorf("logged %d times, want once for each version: %s", n, &log)
	}
}
