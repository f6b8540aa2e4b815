package stripepay

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

const signatureHeader = "stripe-signature"

// news is what is read of an event, whatever the version of the API that it is
// written in.
type news struct {
	Object     string `json:"object"`
	ID         string `json:"id"`
	Type       string `json:"type"`
	APIVersion string `json:"api_version"`
	Livemode   bool   `json:"livemode"`
	Data       *struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

// about is what is read of the object of an event.
type about struct {
	ID            string            `json:"id"`
	Metadata      map[string]string `json:"metadata"`
	PaymentIntent json.RawMessage   `json:"payment_intent"` // an id, or the whole
}

// Receive implements payment.Receiver. The version of the API does not matter:
// what is followed is the same in all of them, and the payment is fetched in
// ours.
func (p *Provider) Receive(ctx context.Context, header map[string][]string, body []byte) (payment.Notice, error) {
	if !p.signed(header[signatureHeader], body) {
		return payment.Notice{}, payment.ErrSignature
	}
	var e news
	if err := json.Unmarshal(body, &e); err != nil {
		return payment.Notice{}, fault.ErrMalformed.Because(err)
	}
	switch {
	case strings.HasPrefix(e.Object, "v2."):
		return payment.Notice{}, fault.ErrMalformed.Saying("this is a thin event (v2): let the endpoint at Stripe send snapshot events")
	case e.ID == "" || e.Type == "":
		return payment.Notice{}, fault.ErrMalformed.Saying("the event has no id, or no type")
	case e.Data == nil || len(e.Data.Object) == 0 || bytes.Equal(e.Data.Object, []byte("null")):
		return payment.Notice{}, fault.ErrMalformed.Saying("the event is about no object")
	}
	p.compare(ctx, e.APIVersion)
	if e.Livemode != p.live {
		p.opts.Log.WarnContext(ctx, "stripepay: an event of the other mode is ignored", "event", e.ID, "type", e.Type, "livemode", e.Livemode)
		return payment.Notice{ID: e.ID, Type: e.Type}, nil
	}
	return notice(e.ID, e.Type, e.Data.Object)
}

// signed reports whether a header has a signature of body by one of the secrets,
// made about now. stripe-go does not mind one of the future.
func (p *Provider) signed(values []string, body []byte) bool {
	if len(values) != 1 {
		return false
	}
	var sent []string
	for part := range strings.SplitSeq(values[0], ",") {
		if t, ok := strings.CutPrefix(part, "t="); ok {
			sent = append(sent, t)
		}
	}
	if len(sent) != 1 {
		return false
	}
	t, err := strconv.ParseInt(sent[0], 10, 64)
	if err != nil || p.opts.Now().Sub(time.Unix(t, 0)).Abs() > p.tolerance {
		return false
	}
	for _, secret := range p.opts.WebhookSecrets {
		if webhook.ValidatePayloadIgnoringTolerance(body, values[0], secret) == nil {
			return true
		}
	}
	return false
}

// compare tells of a version that the endpoint at Stripe should not send; the log
// has it once.
func (p *Provider) compare(ctx context.Context, version string) {
	if version == stripe.APIVersion {
		return
	}
	if p.opts.OnVersionMismatch != nil {
		p.opts.OnVersionMismatch(version)
	}
	if _, again := p.versions.LoadOrStore(version, true); !again {
		p.opts.Log.WarnContext(ctx, "stripepay: events come in another version of the API: pin the webhook endpoint", "got", version, "want", stripe.APIVersion)
	}
}

// notice says which payment an event is about, none for what is not followed.
func notice(id, kind string, object json.RawMessage) (payment.Notice, error) {
	n := payment.Notice{ID: id, Type: kind}
	family, _, _ := strings.Cut(kind, ".")
	if family != "payment_intent" && family != "charge" && family != "refund" {
		return n, nil
	}
	var o about
	if err := json.Unmarshal(object, &o); err != nil {
		return payment.Notice{}, fault.ErrMalformed.Because(err)
	}
	n.PaymentID = o.Metadata[metaPayment]
	if family == "payment_intent" {
		n.ProviderID = o.ID
		return n, nil
	}
	n.ProviderID = idOf(o.PaymentIntent)
	return n, nil
}

// idOf returns the id of an object that may be expanded, "" for none.
func idOf(raw json.RawMessage) string {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return id
	}
	var whole struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &whole) != nil {
		return ""
	}
	return whole.ID
}
