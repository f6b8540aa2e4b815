package embed_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay/stripeface"
	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// letter is a webhook as it is sent.
type letter struct {
	header map[string][]string
	body   []byte
}

// striped is a shop that is paid through a bank which speaks Stripe's API, and
// whose webhooks wait until a test brings them.
type striped struct {
	*world
	face *stripeface.Bank
	h    http.Handler
	told []letter
}

// stripes opens a shop of Stripe's on each server, and then looks whether
// everything adds up.
func stripes(t *testing.T, c money.Currency, fn func(t *testing.T, s *striped)) {
	t.Helper()
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		t.Run(server, func(t *testing.T) {
			s := &striped{}
			now := func() time.Time { return s.clock.Now() }
			s.face = stripeface.New(&stripeface.Options{Now: now, Deliver: func(header map[string][]string, body []byte) error {
				s.told = append(s.told, letter{header, body})
				return nil
			}})
			srv := httptest.NewServer(s.face)
			t.Cleanup(srv.Close)
			p, err := stripepay.New(stripepay.Options{Key: stripeface.Key, PublishableKey: "pk_test_1", WebhookSecrets: []string{stripeface.WebhookSecret},
				URL: srv.URL, Now: now, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			s.world = with(t, buntest.Open(t, server), fakepay.New(nil), p, c)
			s.h = s.serve()
			fn(t, s)
			s.audit(t)
		})
	}
}

// letters returns the webhooks of some types that the bank has sent since it was
// asked last, in the order of types.
func (s *striped) letters(t *testing.T, types ...string) []letter {
	t.Helper()
	if _, err := s.face.Send(); err != nil {
		t.Fatal(err)
	}
	out := make([]letter, len(types))
	for _, l := range s.told {
		var e struct{ Type string }
		if err := json.Unmarshal(l.body, &e); err != nil {
			t.Fatal(err)
		}
		if i := slices.Index(types, e.Type); i >= 0 {
			out[i] = l
		}
	}
	s.told = nil
	for i, kind := range types {
		if out[i].body == nil {
			t.Fatalf("there was no %s", kind)
		}
	}
	return out
}

// P03: Stripe's events of a declined card, a bank debit and its money in every
// order, some of them twice: the end is the same.
func TestStripesEventsInEveryOrder(t *testing.T) {
	stripes(t, "USD", func(t *testing.T, s *striped) {
		every := scaled(15, 1)
		if s.shop.DB.Dialect() != bunstore.SQLite {
			every *= 4
		}
		mug, n := s.Variant("Mug", 1000, 200), 0
		permutations(5, func(p []int) {
			if n++; n%every != 0 {
				return
			}
			o := s.order(s.Order(stripepay.Method, one(mug)).ID)
			id := o.Payment.ID
			if !s.face.Pay(id, "pm_card_chargeDeclined") || !s.face.Pay(id, "pm_usBankAccount") || !s.face.Settle(id, true) {
				t.Fatal("the shopper cannot pay")
			}
			all := s.letters(t, "payment_intent.created", "payment_intent.payment_failed", "payment_intent.processing", "charge.succeeded", "payment_intent.succeeded")
			for i, event := range p {
				for range 1 + rand.IntN(2) {
					s.brings(t, all[event], http.StatusNoContent)
				}
				s.apply()
				if now := s.order(o.ID); now.Status != order.StatusConfirmed || now.PaymentStatus != order.PayPaid {
					t.Fatalf("order %v: %s and %s after %d events", p, now.Status, now.PaymentStatus, i+1)
				}
			}
			if kept, moved := s.count("{webhook_inbox} WHERE payment_id = ?", id), s.count("{ledger} WHERE order_id = ? AND kind = 'captured'", o.ID); kept != 5 || moved != 1 {
				t.Errorf("order %v: %d notices are kept, money was taken %d times", p, kept, moved)
			}
			if s.events("order.confirmed", o.ID) != 1 || s.events("payment.captured", id) != 1 {
				t.Errorf("order %v: confirmed %d times, captured %d times", p, s.events("order.confirmed", o.ID), s.events("payment.captured", id))
			}
		})
	})
}

// brings posts a webhook.
func (s *striped) brings(t *testing.T, l letter, want int) {
	t.Helper()
	if rec := post(s.h, "stripe", l.header, l.body); rec.Code != want {
		t.Errorf("a webhook is answered %d %s, want %d", rec.Code, rec.Body, want)
	}
}

// P07, P08: what Stripe has not signed, or not now, is refused and leaves nothing.
func TestStripesSignatures(t *testing.T) {
	stripes(t, "USD", func(t *testing.T, s *striped) {
		o := s.order(s.Order(stripepay.Method, one(s.Variant("Mug", 1000, 5))).ID)
		if !s.face.Pay(o.Payment.ID, "pm_card_visa") {
			t.Fatal("the shopper cannot pay")
		}
		good := s.letters(t, "payment_intent.succeeded")[0]
		var anew bytes.Buffer
		if err := json.Indent(&anew, good.body, "", " "); err != nil {
			t.Fatal(err)
		}
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		if _, err := z.Write(good.body); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		signed := good.header["stripe-signature"][0]
		another := stripeface.New(&stripeface.Options{Now: s.clock.Now, Secrets: []string{"whsec_of_another_endpoint"}})
		of := func(signature string) map[string][]string {
			return map[string][]string{"stripe-signature": {signature}}
		}
		gz := of(signed)
		gz["content-encoding"] = []string{"gzip"}
		for name, bad := range map[string]letter{
			"missing":             {nil, good.body},
			"wrong":               {of(signed[:len(signed)-1] + "x"), good.body},
			"of another endpoint": {another.Sign(good.body), good.body},
			"only v0":             {of(strings.Replace(signed, "v1=", "v0=", 1)), good.body},
			"a space more":        {of(signed), append([]byte(" "), good.body...)},
			"encoded again":       {of(signed), anew.Bytes()},
			"gzip":                {gz, zipped.Bytes()},
		} {
			if s.brings(t, bad, http.StatusBadRequest); s.count("{webhook_inbox}") != 0 {
				t.Fatalf("%s: it is kept", name)
			}
		}
		for _, away := range []time.Duration{-301 * time.Second, 301 * time.Second} {
			s.brings(t, letter{s.signedAt(away, good.body), good.body}, http.StatusBadRequest)
		}
		s.apply()
		if now := s.order(o.ID); s.count("{webhook_inbox}") != 0 || now.Status != order.StatusPending || now.Version != o.Version {
			t.Errorf("refused notices have changed something: the order is %s, version %d, was %d", now.Status, now.Version, o.Version)
		}
		s.brings(t, letter{s.signedAt(-299*time.Second, good.body), good.body}, http.StatusNoContent)
		s.apply()
		if now := s.order(o.ID); now.Status != order.StatusConfirmed || s.count("{webhook_inbox}") != 1 {
			t.Errorf("the order is %s, %d notices are kept", now.Status, s.count("{webhook_inbox}"))
		}
	})
}

// signedAt signs a body at another time than now.
func (s *striped) signedAt(away time.Duration, body []byte) map[string][]string {
	return stripeface.New(&stripeface.Options{Now: func() time.Time { return s.clock.Now().Add(away) }}).Sign(body)
}

// M04: what Stripe does not take in a currency, or not in such a small amount
// (C15), is refused before there is an order, a reservation or an intent.
func TestAmountsThatStripeDoesNotTake(t *testing.T) {
	for _, c := range []struct {
		currency money.Currency
		price    int64
		code     string
	}{{"IQD", 5000, "payment.amount_not_payable"}, {"USD", 30, "payment.below_minimum"}, {"JPY", 49, "payment.below_minimum"}} {
		stripes(t, c.currency, func(t *testing.T, s *striped) {
			thing := s.priced(c.currency, c.price)
			cart := s.Cart(one(thing))
			body := fmt.Sprintf(`{"expected_total":{"amount":%d,"currency":%q},"payment":{"method":"stripe"}}`, cart.Totals.Total.Minor, c.currency)
			rec := ask(s.h, "POST /v1/carts/"+cart.ID+"/complete", body, "Cart-Token", cart.Token, "Idempotency-Key", "a-click-of-the-shopper")
			if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), c.code) {
				t.Errorf("%s %d: %d %s, want %s", c.currency, c.price, rec.Code, rec.Body, c.code)
			}
			if n := s.orders(); n != 0 || s.Available(thing) != 1000 || s.count("{reservation}") != 0 || len(s.face.Intents()) != 0 {
				t.Errorf("%d orders, %d available, %d reservations, %d intents", n, s.Available(thing), s.count("{reservation}"), len(s.face.Intents()))
			}
		})
	}
}
