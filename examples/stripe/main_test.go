package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay/stripeface"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// stripeScript is what js.stripe.com would be: it knows as much of Stripe.js as the
// page uses, has no field for a card, and pays as soon as it is shown.
const stripeScript = `
function Stripe(key) {
  if (!key.startsWith("pk_")) throw new Error("no publishable key");
  return {
    elements: ({ clientSecret }) => ({ clientSecret, create: () => ({ mount: (at) => {
      if (!document.querySelector(at)) throw new Error("there is no " + at);
      setTimeout(() => document.getElementById("pay").requestSubmit(), 100);
    } }) }),
    confirmPayment: async ({ elements, confirmParams }) => {
      const intent = elements.clientSecret.split("_secret")[0];
      const answer = await fetch("/bank/" + intent, { method: "POST" });
      if (!answer.ok) return { error: { message: "Your card was declined." } };
      const back = new URL(confirmParams.return_url);
      back.searchParams.set("payment_intent", intent);
      location.assign(back);
      return new Promise(() => {});
    },
  };
}`

// driver is a page that does in a frame what a shopper does.
const driver = `<!doctype html><title>a shopper</title><iframe id="shop" src="/?buy=SLUG"></iframe><pre id="seen"></pre><script>
setInterval(() => {
  const page = document.getElementById("shop").contentDocument;
  const form = page && page.getElementById("buy");
  if (form && !form.hidden && !form.dataset.sent) { form.dataset.sent = "yes"; form.requestSubmit(); }
  if (page && page.getElementById("say")) document.getElementById("seen").textContent =
    page.getElementById("say").textContent + "|" + page.getElementById("fault").textContent;
}, 50);
</script>`

// A shopper buys with a card in a real browser. Only Stripe is another.
func TestBuyInBrowser(t *testing.T) {
	path := chromium(t)
	for _, tc := range []struct{ card, want string }{
		{"pm_card_visa", "Order 1001 is confirmed, paid, $14.99.|"},
		{"pm_card_chargeDeclined", "|Your card was declined."},
	} {
		t.Run(tc.card, func(t *testing.T) {
			url := serve(t, tc.card)
			if got := see(t, path, url+"/shopper"); got != tc.want {
				t.Errorf("the shopper sees %q, want %q", got, tc.want)
			}
		})
	}
}

func serve(t *testing.T, card string) string {
	t.Helper()
	bank := stripeface.New(nil)
	face := httptest.NewServer(bank)
	t.Cleanup(face.Close)
	stripe, err := stripepay.New(stripepay.Options{Key: stripeface.Key, PublishableKey: "pk_test_face", WebhookSecrets: []string{stripeface.WebhookSecret}, URL: face.URL})
	if err != nil {
		t.Fatal(err)
	}
	shop := shoptest.Open(t, &embed.Options{Currency: "USD", Country: "US", Providers: []payment.Provider{offlinepay.New(), stripe}})
	slug := slugOf(t, shop, shop.Variant("Mug", 1499, 5))
	api := httpapi.New(nil)
	shop.Shop.Register(api)
	mux := http.NewServeMux()
	mux.Handle("/", storefront(api, "/stripe.js"))
	mux.HandleFunc("GET /stripe.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, stripeScript)
	})
	mux.HandleFunc("GET /shopper", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Replace(driver, "SLUG", slug, 1)) })
	mux.HandleFunc("POST /bank/{intent}", func(w http.ResponseWriter, r *http.Request) {
		if !bank.Pay(r.PathValue("intent"), card) || card == "pm_card_chargeDeclined" {
			w.WriteHeader(http.StatusPaymentRequired)
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// slugOf returns the name in addresses of a variant's product.
func slugOf(t *testing.T, shop *shoptest.Shop, variant string) string {
	t.Helper()
	v, err := shop.Shop.Catalog.Variants(t.Context(), catalog.VariantsInput{IDs: []string{variant}})
	if err != nil || len(v.Items) != 1 {
		t.Fatal(v, err)
	}
	return v.Items[0].Slug
}

// see returns what the driver has seen when its page had come to rest.
func see(t *testing.T, browser, url string) string {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
		"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--user-data-dir="+filepath.Join(dir, "profile"), "--enable-logging=stderr",
		"--virtual-time-budget=20000", "--dump-dom", url)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	var dom, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &dom, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	_, rest, _ := strings.Cut(dom.String(), `<pre id="seen">`)
	seen, _, ok := strings.Cut(rest, "</pre>")
	if !ok || t.Failed() {
		t.Logf("%s\n%s", dom.String(), errs.String())
	}
	return seen
}

// chromium finds one, or skips the test; MERCER_TEST_REQUIRE=chromium fails it.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if slices.Contains(strings.Split(os.Getenv("MERCER_TEST_REQUIRE"), ","), "chromium") {
		t.Fatal("chromium is required and is not there")
	}
	t.Skip("there is no chromium")
	return ""
}
