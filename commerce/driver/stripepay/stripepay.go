// Package stripepay is the payment.Provider of Stripe: cards, wallets and what
// else an account takes, confirmed by the shopper in the page.
//
// It speaks API version 2023-10-16 by stripe-go v76. What people get wrong is
// what an answer is worth: one that is lost, an error of Stripe's own and a
// refusal to be asked so often say nothing of the money and are errors here; an
// idempotency key gives back the first answer, not how things stand now; and a
// webhook names whose news to fetch, no more.
package stripepay

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/balancetransaction"
	"github.com/stripe/stripe-go/v76/dispute"
	"github.com/stripe/stripe-go/v76/event"
	"github.com/stripe/stripe-go/v76/paymentintent"
	"github.com/stripe/stripe-go/v76/refund"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Method is the id of the method.
const Method = "stripe"

// Hold is how long stock is kept for a payment.
const Hold = 15 * time.Minute

const (
	// callTimeout is how long one call is waited for by default; stripe-go's own
	// 80 s would outlive every shopper.
	callTimeout = 5 * time.Second
	// defaultTolerance is how far the time of a notice may be away.
	defaultTolerance = 300 * time.Second
)

// Options say which account is asked, and how. Key, PublishableKey and
// WebhookSecrets must be there.
type Options struct {
	Key            string   // secret or restricted key, sk_… or rk_…
	PublishableKey string   // pk_…, for the page that the shopper confirms in
	WebhookSecrets []string // whsec_…; several while one is being replaced, any of them is enough

	// Manual authorizes payments and leaves their capture to the staff.
	Manual bool
	// StatementDescriptorSuffix is what card statements show after the account's
	// own prefix: at most 22 characters, at least one of them a letter.
	StatementDescriptorSuffix string
	// Shop is written into the metadata of everything. Where several shops share
	// an account it tells them apart: Movements of another are left out.
	Shop string

	URL        string         // of the API, Stripe's
	HTTPClient *http.Client   // its Timeout is replaced
	Timeout    time.Duration  // of one call, 5 s
	Tolerance  *time.Duration // how far the time of a notice may be away, either way; 300 s

	Log *slog.Logger     // slog.Default()
	Now func() time.Time // time.Now
	// OnVersionMismatch, if there is one, is called for a notice that is written
	// in another version of the API than 2023-10-16. It is read all the same.
	OnVersionMismatch func(got string)
}

// Provider asks Stripe. It is safe for concurrent use.
type Provider struct {
	opts      Options
	tolerance time.Duration
	live      bool // the keys are not of test mode

	intents  paymentintent.Client
	refunds  refund.Client
	disputes dispute.Client
	events   event.Client
	balance  balancetransaction.Client

	versions sync.Map // versions of notices that were logged
}

var (
	_ payment.Provider = (*Provider)(nil)
	_ payment.Receiver = (*Provider)(nil)
	_ payment.Books    = (*Provider)(nil)
)

// New returns a Provider. Its error is BadOptions. Nothing is asked yet.
func New(opts Options) (*Provider, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	opts.Log = cmp.Or(opts.Log, slog.Default())
	opts.Timeout = cmp.Or(opts.Timeout, callTimeout)
	if opts.Now == nil {
		opts.Now = time.Now
	}
	p := &Provider{opts: opts, live: live(opts.Key), tolerance: defaultTolerance}
	if opts.Tolerance != nil {
		p.tolerance = *opts.Tolerance
	}
	b := newBackend(opts)
	p.intents = paymentintent.Client{B: b, Key: opts.Key}
	p.refunds = refund.Client{B: b, Key: opts.Key}
	p.disputes = dispute.Client{B: b, Key: opts.Key}
	p.events = event.Client{B: b, Key: opts.Key}
	p.balance = balancetransaction.Client{B: b, Key: opts.Key}
	return p, nil
}

// Name implements payment.Provider.
func (p *Provider) Name() string { return "stripe" }

// Methods implements payment.Provider. There is one; which means of payment it
// shows is a setting of the account at Stripe.
func (p *Provider) Methods() []payment.Method {
	return []payment.Method{{ID: Method, Kind: payment.KindClientConfirm, Name: "Card or wallet", Hold: Hold, Minimum: minimum, Admits: admits}}
}

// metadata is what is written to an object at Stripe: nothing personal.
func (p *Provider) metadata(of payment.Payment) map[string]string {
	m := map[string]string{metaPayment: of.ID, metaOrder: of.OrderID}
	if p.opts.Shop != "" {
		m[metaShop] = p.opts.Shop
	}
	return m
}

// Keys of metadata.
const (
	metaPayment = "payment_id"
	metaOrder   = "order_id"
	metaRefund  = "refund_id"
	metaShop    = "shop"
)

// replayed reports whether an answer is the first one to its idempotency key,
// given once more.
func replayed(r *stripe.APIResponse) bool {
	return r != nil && strings.EqualFold(r.Header.Get("Idempotent-Replayed"), "true")
}

// keyLife is how long an idempotency key is used. Stripe forgets keys after 24
// hours, and a forgotten one would do it all again.
const keyLife = 23 * time.Hour

// fresh reports whether a key that was first used at a time can be used again.
func (p *Provider) fresh(sent time.Time) bool {
	return sent.IsZero() || p.opts.Now().Sub(sent) < keyLife
}

// expanded is what every answer about an intent is asked to have in it.
const expanded = "latest_charge.balance_transaction"

func unknown(what, value string) error {
	return fmt.Errorf("stripepay: Stripe says %s %q", what, value)
}
