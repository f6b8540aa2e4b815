package stripepay

import (
	"net/url"
	"strings"
)

// BadOption says which of the Options is wrong.
type BadOption struct {
	Option string // name of the field
	Text   string // why, without the value: most are secrets
}

// BadOptions are all of the Options that are wrong. It is an error.
type BadOptions []BadOption

// Error names them all.
func (b BadOptions) Error() string {
	text := make([]string, len(b))
	for i, one := range b {
		text[i] = one.Option + " " + one.Text
	}
	return "stripepay: " + strings.Join(text, "; ")
}

func (o Options) check() error {
	var all BadOptions
	bad := func(option, text string) { all = append(all, BadOption{option, text}) }
	secret := mode(o.Key, "sk_", "rk_")
	if secret == "" {
		bad("Key", "is not a secret key of Stripe: want sk_test_…, sk_live_…, or a restricted key rk_…")
	}
	switch public := mode(o.PublishableKey, "pk_"); {
	case o.PublishableKey == "":
		bad("PublishableKey", "is missing: the page in which shoppers confirm needs it")
	case public == "":
		bad("PublishableKey", "is not a publishable key of Stripe: want pk_test_… or pk_live_…")
	case secret != "" && public != secret:
		bad("PublishableKey", "is of "+public+" mode, but the secret key is of "+secret+" mode")
	}
	if len(o.WebhookSecrets) == 0 {
		bad("WebhookSecrets", "is missing: without it no notice of Stripe can be believed")
	}
	for _, s := range o.WebhookSecrets {
		if len(s) <= len("whsec_") || !strings.HasPrefix(s, "whsec_") {
			bad("WebhookSecrets", "has one that is not the signing secret of an endpoint: want whsec_…")
			break
		}
	}
	if text := suffixFault(o.StatementDescriptorSuffix); text != "" {
		bad("StatementDescriptorSuffix", text)
	}
	if u, err := url.Parse(o.URL); o.URL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		bad("URL", "is not an address: want https://host")
	}
	if len(o.Shop) > 500 {
		bad("Shop", "has more than 500 bytes")
	}
	if o.Timeout < 0 {
		bad("Timeout", "is negative")
	}
	if o.Tolerance != nil && *o.Tolerance <= 0 {
		bad("Tolerance", "is not positive: a notice that was taken down once could be sent for ever")
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// mode returns "test" or "live", "" for what is no key with these prefixes.
func mode(key string, prefixes ...string) string {
	for _, prefix := range prefixes {
		for _, m := range []string{"test", "live"} {
			if rest, ok := strings.CutPrefix(key, prefix+m+"_"); ok && rest != "" && strings.TrimSpace(key) == key {
				return m
			}
		}
	}
	return ""
}

func live(key string) bool { return mode(key, "sk_", "rk_") == "live" }

// suffixFault says what is wrong with a suffix of statements, "" for nothing.
func suffixFault(s string) string {
	letters := false
	for _, r := range s {
		if r < ' ' || r > '~' || strings.ContainsRune(`<>\'"*`, r) {
			return `has a character that statements cannot show: want ASCII without < > \ ' " *`
		}
		letters = letters || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	switch {
	case s == "":
		return ""
	case len(s) > 22:
		return "has more than 22 characters"
	case !letters:
		return "has no letter"
	}
	return ""
}
