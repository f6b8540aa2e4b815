package boot

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
)

// stripeSettings are those of payments with Stripe. Without a key there is none.
var stripeSettings = []setting{
	{name: "STRIPE_API_KEY", secret: true, doc: "secret key of the account at Stripe; payments with Stripe are off without", preset: fixed(""), show: mask,
		set: func(c *Config, v string) error { c.Stripe.Key = v; return nil }},
	{name: "STRIPE_PUBLISHABLE_KEY", doc: "publishable key of the same account and mode, for the shop's pages", preset: fixed(""),
		set: func(c *Config, v string) error { c.Stripe.PublishableKey = v; return nil }},
	{name: "STRIPE_WEBHOOK_SECRET", secret: true, doc: "signing secret of the webhook endpoint at Stripe; two with a comma between them while one is being replaced", preset: fixed(""), show: mask,
		set: func(c *Config, v string) error { c.Stripe.WebhookSecrets = list(v); return nil }},
	{name: "MERCER_STRIPE_CAPTURE", doc: "automatic: money is taken when the shopper pays; manual: it is authorized, and staff take it", preset: fixed("automatic"), set: setCapture},
	{name: "MERCER_STRIPE_DESCRIPTOR", doc: "what card statements show after the account's own prefix", preset: fixed(""),
		set: func(c *Config, v string) error { c.Stripe.StatementDescriptorSuffix = v; return nil }},
	{name: "MERCER_STRIPE_URL", doc: "address of something else than Stripe that speaks its API, for tests", preset: fixed(""),
		set: func(c *Config, v string) error { c.Stripe.URL = v; return nil }},
}

func setCapture(c *Config, v string) error {
	if v != "automatic" && v != "manual" {
		return fmt.Errorf("want automatic or manual; it is %q", v)
	}
	c.Stripe.Manual = v == "manual"
	return nil
}

// stripeFaults says what is wrong with the settings of Stripe together.
func (l *loader) stripeFaults(c Config) {
	if c.Stripe.Key == "" {
		if len(c.Stripe.WebhookSecrets) > 0 {
			l.fault("STRIPE_API_KEY", "is missing beside STRIPE_WEBHOOK_SECRET")
		}
		return
	}
	_, err := stripepay.New(c.Stripe)
	bad, _ := errors.AsType[stripepay.BadOptions](err)
	for _, b := range bad {
		l.fault(stripeNames[b.Option], b.Text)
	}
}

// stripeNames are the settings behind the options of the driver.
var stripeNames = map[string]string{"Key": "STRIPE_API_KEY", "PublishableKey": "STRIPE_PUBLISHABLE_KEY", "WebhookSecrets": "STRIPE_WEBHOOK_SECRET",
	"StatementDescriptorSuffix": "MERCER_STRIPE_DESCRIPTOR", "URL": "MERCER_STRIPE_URL"}

// stripe returns the provider of Stripe, nil without a key.
func (c Config) stripe(log *slog.Logger) (*stripepay.Provider, error) {
	if c.Stripe.Key == "" {
		return nil, nil
	}
	o := c.Stripe
	o.Log = log
	if c.tel != nil {
		o.OnVersionMismatch = c.tel.StripeVersion
	}
	return stripepay.New(o)
}
