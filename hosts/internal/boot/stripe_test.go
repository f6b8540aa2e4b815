package boot_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay/stripeface"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

const (
	stripeKey    = "STRIPE_API_KEY=sk_test_hunter2"
	stripePublic = "STRIPE_PUBLISHABLE_KEY=pk_test_1"
	stripeSecret = "STRIPE_WEBHOOK_SECRET=whsec_hunter2"
)

func TestStripeSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("sk_test_file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := boot.Load(nil, []string{"STRIPE_API_KEY_FILE=" + file, stripePublic, "STRIPE_WEBHOOK_SECRET=whsec_old, whsec_new",
		"MERCER_STRIPE_CAPTURE=manual", "MERCER_STRIPE_DESCRIPTOR=SHOES", "MERCER_STRIPE_URL=http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	o := c.Stripe
	if o.Key != "sk_test_file" || o.PublishableKey != "pk_test_1" || !slices.Equal(o.WebhookSecrets, []string{"whsec_old", "whsec_new"}) ||
		!o.Manual || o.StatementDescriptorSuffix != "SHOES" || o.URL != "http://127.0.0.1:1" {
		t.Errorf("%+v", o)
	}
	for name, want := range map[string]string{"STRIPE_API_KEY": "********", "STRIPE_WEBHOOK_SECRET": "********", "STRIPE_PUBLISHABLE_KEY": "pk_test_1", "MERCER_STRIPE_CAPTURE": "manual"} {
		if got := setting(t, c, name).Value; got != want {
			t.Errorf("%s is shown as %q, want %q", name, got, want)
		}
	}
	if c, err = boot.Load(nil, nil); err != nil || c.Stripe.Key != "" || c.Stripe.Manual {
		t.Errorf("without settings: %+v, %v", c.Stripe, err)
	}
}

func TestStripeFaults(t *testing.T) {
	for _, tc := range []struct {
		env  []string
		want []string // names, with the beginning of the message
	}{
		{[]string{stripeKey, stripePublic, stripeSecret}, nil},
		{[]string{stripePublic}, nil},
		{[]string{stripeKey, stripePublic}, []string{"STRIPE_WEBHOOK_SECRET: is missing"}},
		{[]string{stripeKey, stripeSecret}, []string{"STRIPE_PUBLISHABLE_KEY: is missing"}},
		{[]string{stripeSecret}, []string{"STRIPE_API_KEY: is missing beside"}},
		{[]string{"STRIPE_API_KEY=sk_live_1", stripePublic, stripeSecret}, []string{"STRIPE_PUBLISHABLE_KEY: is of test mode, but the secret key is of live"}},
		{[]string{stripeKey, "STRIPE_PUBLISHABLE_KEY=pk_live_1", stripeSecret}, []string{"STRIPE_PUBLISHABLE_KEY: is of live mode"}},
		{[]string{"STRIPE_API_KEY=hunter2", "STRIPE_WEBHOOK_SECRET=hunter2", "MERCER_STRIPE_CAPTURE=later", "MERCER_STRIPE_DESCRIPTOR=*", "MERCER_STRIPE_URL=x", "MERCER_STRIPE_KEY=x"},
			[]string{"MERCER_STRIPE_CAPTURE: want automatic", "STRIPE_API_KEY: is not", "STRIPE_PUBLISHABLE_KEY: is missing", "STRIPE_WEBHOOK_SECRET: has one",
				"MERCER_STRIPE_DESCRIPTOR: has a character", "MERCER_STRIPE_URL: is not", "MERCER_STRIPE_KEY: there is no such setting"}},
	} {
		_, err := boot.Load(nil, tc.env)
		faults, _ := errors.AsType[boot.Faults](err)
		if len(faults) != len(tc.want) {
			t.Errorf("%v: %v, want %d faults", tc.env, err, len(tc.want))
			continue
		}
		for i, f := range faults {
			if got := f.Name + ": " + f.Message; !strings.HasPrefix(got, tc.want[i]) || strings.Contains(got, "hunter2") {
				t.Errorf("%v: %q, want %q", tc.env, got, tc.want[i])
			}
		}
	}
}

func TestProductionAsksStripeItself(t *testing.T) {
	c, err := boot.Load(nil, []string{"MERCER_ENV=production", stripeKey, stripePublic, stripeSecret, "MERCER_STRIPE_URL=http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if f := c.ServeFaults(); len(f) != 2 || f[1].Name != "MERCER_STRIPE_URL" {
		t.Errorf("faults %v, want the missing secret and the address", f)
	}
}

// TestPayingWithStripe is a shopper who pays by card in the page, at a bank that
// speaks Stripe's API. The webhook alone confirms the order.
func TestPayingWithStripe(t *testing.T) {
	var shop served
	bank := stripeface.New(&stripeface.Options{Deliver: func(header map[string][]string, body []byte) error {
		resp, said := shop.ask(t, "POST", "/v1/webhooks/stripe", string(body), "Stripe-Signature", header["stripe-signature"][0])
		if resp.StatusCode != http.StatusNoContent {
			return fmt.Errorf("%s %s", resp.Status, said)
		}
		return nil
	}})
	srv := httptest.NewServer(bank)
	t.Cleanup(srv.Close)
	shop = serve(t, config(t, "STRIPE_API_KEY="+stripeface.Key, stripePublic, "STRIPE_WEBHOOK_SECRET=whsec_old,"+stripeface.WebhookSecret, "MERCER_STRIPE_URL="+srv.URL))
	key := "Bearer " + shop.key(t, "*")
	resp, _ := shop.ask(t, "POST", "/v1/admin/imports?stock=set", mug, "Authorization", key, "Idempotency-Key", "one")
	shop.wait(t, resp.Header.Get("Location"), key)

	type order struct {
		ID, Status string
		Payment    struct {
			ID, Status string
			NextAction map[string]string `json:"next_action"`
			Display    struct{ Brand, Last4 string }
		}
	}
	cart := shop.filled(t, "MUG", 2)
	var placed struct {
		order
		Token string `json:"access_token"`
	}
	shop.read(t, 201, &placed, "POST", "/v1/carts/"+cart.ID+"/complete", cart.completing(), "Cart-Token", cart.Token, "Idempotency-Key", "0123456789012345678901")
	next := placed.Payment.NextAction
	if placed.Status != "pending" || next["type"] != "stripe_confirm" || next["publishable_key"] != "pk_test_1" || !strings.Contains(next["client_secret"], "_secret_") {
		t.Fatalf("%+v", placed)
	}
	if !bank.Pay(placed.Payment.ID, "pm_card_visa") {
		t.Fatal("the shopper cannot pay")
	}
	if n, err := bank.Send(); n == 0 || err != nil {
		t.Fatalf("%d webhooks are taken: %v", n, err)
	}
	var now order
	for end := time.Now().Add(20 * time.Second); now.Status != "confirmed" && time.Now().Before(end); {
		shop.read(t, 200, &now, "GET", "/v1/orders/"+placed.ID, "", "Order-Token", placed.Token)
	}
	if now.Status != "confirmed" || now.Payment.Status != "captured" || now.Payment.NextAction != nil || now.Payment.Display.Last4 != "4242" {
		t.Errorf("%+v", now)
	}
}

// read asks for something that is answered with status, and decodes it.
func (s served) read(t *testing.T, status int, into any, method, path, body string, header ...string) {
	t.Helper()
	resp, data := s.ask(t, method, path, body, append(header, "Content-Type", "application/json")...)
	if resp.StatusCode != status {
		t.Fatalf("%s %s: %s %s", method, path, resp.Status, data)
	}
	if err := json.Unmarshal([]byte(data), into); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
}

// filled is a cart that lacks nothing but its payment.
type filled struct {
	ID, Token string
	Totals    struct{ Total json.RawMessage }
}

func (c filled) completing() string {
	return `{"expected_total":` + string(c.Totals.Total) + `,"payment":{"method":"stripe"}}`
}

func (s served) filled(t *testing.T, sku string, n int) (c filled) {
	t.Helper()
	s.read(t, 201, &c, "POST", "/v1/carts", fmt.Sprintf(`{"email":"ada@example.com","items":[{"sku":%q,"quantity":%d}]}`, sku, n))
	path, mine := "/v1/carts/"+c.ID, []string{"Cart-Token", c.Token}
	for _, kind := range []string{"shipping", "billing"} {
		s.read(t, 200, &c, "PUT", path+"/addresses/"+kind, `{"name":"Ada","line1":"1 Main St","city":"Springfield","postal_code":"12345","region":"NY","country":"US"}`, mine...)
	}
	var ways struct{ Items []struct{ ID string } }
	s.read(t, 200, &ways, "GET", path+"/shipping-options", "", mine...)
	s.read(t, 200, &c, "PUT", path+"/shipping-option", `{"option_id":"`+ways.Items[0].ID+`"}`, mine...)
	return c
}
