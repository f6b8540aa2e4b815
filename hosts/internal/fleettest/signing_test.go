package fleettest_test

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

const (
	customerEmail    = "grace@example.com"
	customerPassword = "violet otters juggle 7 lanterns"
)

// signingKeys signs a customer in with a key that only the user service has. Her
// token is good while that service is away, and after it has got a newer key.
func (p running) signingKeys(t *testing.T, variant string) {
	p.registered(t)
	old := p.signedIn(t)
	p.want(t, 200, "GET /v1/me", "", "Authorization", "Bearer "+old)
	one := p.published(t)

	p.fleet.Kill("user")
	shop := shoptest.Factory{TB: t, Shop: commerce.Remote(httpapi.Client{Base: p.fleet.URL, Token: old})}
	p.want(t, 200, "GET /v1/products", "", "Authorization", "Bearer "+old)
	cart := shop.Cart(shoptest.Line{Variant: variant, Quantity: 1})
	placed, err := shop.Shop.Checkout.Complete(shoptest.Guest(t.Context(), cart), checkout.CompleteInput{ID: cart.ID, ExpectedTotal: cart.Totals.Total, Payment: checkout.Means{Method: "cash_on_delivery"}})
	if err != nil {
		t.Fatalf("complete without the user service: %v", err)
	}
	mine, err := shop.Shop.Orders.Orders(t.Context(), order.OrdersInput{})
	if err != nil || len(mine.Items) != 1 || mine.Items[0].ID != placed.ID {
		t.Errorf("her orders: %+v, %v; want %s", mine.Items, err, placed.ID)
	}
	if a := p.ask(t, "GET /v1/me", "", "Authorization", "Bearer "+old); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("without the user service: %d %v %s, want 503 with Retry-After", a.status, a.header, a.body)
	}

	if _, err := jwtauth.NewKey(p.keys); err != nil {
		t.Fatal(err)
	}
	p.fleet.Up("user")
	fresh := p.signedIn(t)
	if kid(t, fresh) == kid(t, old) || !slices.Equal(one, []string{kid(t, old)}) {
		t.Errorf("keys %s, then %s; published at first: %v", kid(t, old), kid(t, fresh), one)
	}
	for _, token := range []string{fresh, old} {
		p.want(t, 200, "GET /v1/me", "", "Authorization", "Bearer "+token)
		p.want(t, 200, "GET /v1/orders", "", "Authorization", "Bearer "+token)
	}
	if got := p.published(t); !slices.Equal(got, slices.Sorted(slices.Values([]string{kid(t, old), kid(t, fresh)}))) {
		t.Errorf("published keys %v, want both", got)
	}
}

// registered makes a customer, whose address is proven.
func (p running) registered(t *testing.T) {
	t.Helper()
	p.want(t, 202, "POST /v1/auth/register", `{"email":"`+customerEmail+`","password":"`+customerPassword+`","name":"Grace"}`)
	p.want(t, 204, "POST /v1/auth/verify-email", `{"code":"`+p.code(t)+`"}`)
}

var link = regexp.MustCompile(`https://shop\.example/verify#(\S+)`)

// code waits for the mail with the code.
func (p running) code(t *testing.T) (code string) {
	t.Helper()
	box, err := devmail.Open(filepath.Join(p.fleet.Data("notification"), "mails"))
	if err != nil {
		t.Fatal(err)
	}
	p.fleet.Until("a mail with a code", func() bool {
		letters, err := box.Letters()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range letters {
			if m := link.FindStringSubmatch(l.Mail.Text); m != nil && l.Mail.To.Email == customerEmail {
				q, _ := url.ParseQuery(m[1])
				code = q.Get("code")
			}
		}
		return code != ""
	})
	return code
}

// signedIn returns an access token.
func (p running) signedIn(t *testing.T) string {
	t.Helper()
	return p.want(t, 200, "POST /v1/auth/login", `{"email":"`+customerEmail+`","password":"`+customerPassword+`"}`).field(t, "access_token")
}

// published returns the keys that the shop publishes.
func (p running) published(t *testing.T) (kids []string) {
	t.Helper()
	var set account.JWKS
	if err := json.Unmarshal(p.want(t, 200, "GET /.well-known/jwks.json", "").body, &set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		kids = append(kids, k.Kid)
	}
	return slices.Sorted(slices.Values(kids))
}

// kid returns the key that a token is signed with.
func kid(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	var h struct{ Kid string }
	if err := json.Unmarshal(decode(t, head), &h); err != nil {
		t.Fatal(err)
	}
	return h.Kid
}
