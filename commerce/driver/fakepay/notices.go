package fakepay

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Secret signs notices where Options name no other. Everybody knows it.
const Secret = "fakepay"

const (
	// signature is the header with the time and the signatures of a notice:
	// "t=1763798400,v1=…,v1=…", one for each secret.
	signature = "fakepay-signature"
	// tolerance is how far the time of a notice may be away, either way.
	tolerance = 5 * time.Minute
)

var _ payment.Receiver = (*Provider)(nil)

// notice is the body of a notice.
type notice struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	PaymentID  string `json:"payment_id,omitempty"`
	ProviderID string `json:"provider_id,omitempty"`
}

// Notice returns what the bank sends when something has become of a payment: a
// body, which says nothing of what that is, and a header with its signature.
// eventID is the same for one that is sent again.
func (p *Provider) Notice(eventID, paymentID string) (header map[string][]string, body []byte) {
	return p.Letter(Event{ID: eventID, Type: updated, PaymentID: paymentID, ProviderID: newIntent(payment.Payment{ID: paymentID}).ID})
}

func (n notice) text() []byte {
	body, _ := json.Marshal(n) // strings
	return body
}

// Sign returns the header of a notice with this body that is sent now.
func (p *Provider) Sign(body []byte) map[string][]string { return p.sign(body, p.opts.Secrets) }

func (p *Provider) sign(body []byte, secrets []string) map[string][]string {
	t := strconv.FormatInt(p.opts.Now().Unix(), 10)
	text := "t=" + t
	for _, secret := range secrets {
		text += ",v1=" + hex.EncodeToString(mac(secret, t, body))
	}
	return map[string][]string{signature: {text}}
}

func mac(secret, t string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(t + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Receive implements payment.Receiver. One of its secrets must have signed.
func (p *Provider) Receive(_ context.Context, header map[string][]string, body []byte) (payment.Notice, error) {
	if !p.signed(header[signature], body) {
		return payment.Notice{}, payment.ErrSignature
	}
	var n notice
	if err := json.Unmarshal(body, &n); err != nil {
		return payment.Notice{}, fault.ErrMalformed.Because(err)
	}
	switch n.Type {
	case created, updated, refundUpdated, disputeUpdated:
		return payment.Notice(n), nil
	default:
		return payment.Notice{ID: n.ID, Type: n.Type}, nil
	}
}

// signed reports whether a header has a good signature of body that is not old.
func (p *Provider) signed(values []string, body []byte) bool {
	if len(values) != 1 {
		return false
	}
	first, rest, _ := strings.Cut(values[0], ",")
	t, ok := strings.CutPrefix(first, "t=")
	sent, err := strconv.ParseInt(t, 10, 64)
	if !ok || err != nil || p.opts.Now().Sub(time.Unix(sent, 0)).Abs() > tolerance {
		return false
	}
	given := strings.Split(rest, ",")
	return slices.ContainsFunc(p.opts.Secrets, func(secret string) bool {
		want := []byte("v1=" + hex.EncodeToString(mac(secret, t, body)))
		return slices.ContainsFunc(given, func(s string) bool { return hmac.Equal([]byte(s), want) })
	})
}
