package stripepay_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
)

// TestOptions: P08, a tolerance of nothing among them.
func TestOptions(t *testing.T) {
	tests := []struct {
		name   string
		change func(o *stripepay.Options)
		want   []string // the options that are wrong
	}{
		{"test mode", func(*stripepay.Options) {}, nil},
		{"live mode", func(o *stripepay.Options) { o.Key, o.PublishableKey = "sk_live_1", "pk_live_1" }, nil},
		{"restricted key", func(o *stripepay.Options) { o.Key = "rk_test_1" }, nil},
		{"two secrets", func(o *stripepay.Options) { o.WebhookSecrets = []string{"whsec_1", "whsec_2"} }, nil},
		{"everything", func(o *stripepay.Options) {
			o.Manual, o.StatementDescriptorSuffix, o.Shop, o.URL, o.Timeout, o.Tolerance = true, "SHOES 12", "main", "http://127.0.0.1:1", time.Second, new(time.Minute)
		}, nil},
		{"nothing", func(o *stripepay.Options) { *o = stripepay.Options{} }, []string{"Key", "PublishableKey", "WebhookSecrets"}},
		{"no webhook secret", func(o *stripepay.Options) { o.WebhookSecrets = nil }, []string{"WebhookSecrets"}},
		{"a webhook secret of something else", func(o *stripepay.Options) { o.WebhookSecrets = []string{"whsec_1", "sk_test_1"} }, []string{"WebhookSecrets"}},
		{"publishable key as key", func(o *stripepay.Options) { o.Key = "pk_test_1" }, []string{"Key"}},
		{"key with a space", func(o *stripepay.Options) { o.Key = "sk_test_1 " }, []string{"Key"}},
		{"key without an end", func(o *stripepay.Options) { o.Key = "sk_test_" }, []string{"Key"}},
		{"key as publishable key", func(o *stripepay.Options) { o.PublishableKey = "sk_test_1" }, []string{"PublishableKey"}},
		{"live key, test page", func(o *stripepay.Options) { o.Key = "sk_live_1" }, []string{"PublishableKey"}},
		{"test key, live page", func(o *stripepay.Options) { o.PublishableKey = "pk_live_1" }, []string{"PublishableKey"}},
		{"suffix too long", func(o *stripepay.Options) { o.StatementDescriptorSuffix = strings.Repeat("A", 23) }, []string{"StatementDescriptorSuffix"}},
		{"suffix without a letter", func(o *stripepay.Options) { o.StatementDescriptorSuffix = "123" }, []string{"StatementDescriptorSuffix"}},
		{"suffix with a star", func(o *stripepay.Options) { o.StatementDescriptorSuffix = "A*B" }, []string{"StatementDescriptorSuffix"}},
		{"suffix of other letters", func(o *stripepay.Options) { o.StatementDescriptorSuffix = "ŽLUTÝ" }, []string{"StatementDescriptorSuffix"}},
		{"no address", func(o *stripepay.Options) { o.URL = "stripe" }, []string{"URL"}},
		{"negative timeout", func(o *stripepay.Options) { o.Timeout = -1 }, []string{"Timeout"}},
		{"no tolerance", func(o *stripepay.Options) { o.Tolerance = new(time.Duration(0)) }, []string{"Tolerance"}},
		{"negative tolerance", func(o *stripepay.Options) { o.Tolerance = new(-time.Second) }, []string{"Tolerance"}},
		{"long shop", func(o *stripepay.Options) { o.Shop = strings.Repeat("x", 501) }, []string{"Shop"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options()
			tt.change(&o)
			_, err := stripepay.New(o)
			if got := wrong(t, err); !slices.Equal(got, tt.want) {
				t.Errorf("wrong are %q, want %q: %v", got, tt.want, err)
			}
			if err != nil && (strings.Contains(err.Error(), "sk_test_1") || strings.Contains(err.Error(), "sk_live_1")) {
				t.Errorf("the error has a key in it: %v", err)
			}
		})
	}
}

// wrong returns the options that err names.
func wrong(t *testing.T, err error) (names []string) {
	t.Helper()
	if err == nil {
		return nil
	}
	all, ok := errors.AsType[stripepay.BadOptions](err)
	if !ok {
		t.Fatalf("%v names no option", err)
	}
	for _, one := range all {
		names = append(names, one.Option)
	}
	return names
}
