package stripeface_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay/stripeface"
	"github.com/mercer-commerce/mercer/commerce/internal/tooltest"
)

func TestCards(t *testing.T) {
	s := serve(t, stripeface.Options{})
	start := func() string { return s.get(create, "amount=2499&currency=eur", "").ID }
	status := func(id, want string) {
		t.Helper()
		if r := s.get("GET /v1/payment_intents/"+id, "", ""); r.Status != want {
			t.Errorf("it is %s, want %s", r.Status, want)
		}
	}
	confirm := func(id, card string, wantHTTP int, want string) {
		t.Helper()
		if r := s.get("POST /v1/payment_intents/"+id+"/confirm", "payment_method="+card, ""); r.http != wantHTTP {
			t.Errorf("%s: %d %+v", card, r.http, r.Error)
		}
		status(id, want)
	}
	id := start()
	confirm(id, "pm_card_chargeDeclined", 402, "requires_payment_method")
	confirm(id, "pm_card_authenticationRequired", 200, "requires_action")
	if !s.Settle(id, false) || s.Settle(id, true) {
		t.Error("a failed authentication ends the attempt")
	}
	status(id, "requires_payment_method")
	confirm(id, "pm_card_authenticationRequired", 200, "requires_action")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/_test/payment_intents/"+id+"/succeeded", nil)
	if resp, err := http.DefaultClient.Do(req); err != nil || resp.StatusCode != http.StatusNoContent {
		t.Errorf("%v, %v", resp, err)
	}
	status(id, "succeeded")
	id = start()
	confirm(id, "pm_usBankAccount", 200, "processing")
	if s.get("POST /v1/payment_intents/"+id+"/cancel", "", "").http != 400 || !s.Settle(id, true) {
		t.Error("what is processing cannot be canceled, and ends")
	}
	status(id, "succeeded")
	for card, want := range map[string][2]string{"pm_card_pendingRefund": {"pending", "succeeded"}, "pm_card_refundFail": {"succeeded", "failed"}} {
		id = start()
		confirm(id, card, 200, "succeeded")
		r := s.get("POST /v1/refunds", "payment_intent="+id, "")
		s.SettleRefund(r.ID, "succeeded")
		if r.Status != want[0] && card == "pm_card_pendingRefund" || s.get("GET /v1/refunds/"+r.ID, "", "").Status != want[1] {
			t.Errorf("%s: %+v", card, r)
		}
	}
	id = start()
	confirm(id, "pm_card_createDispute", 200, "succeeded")
	if all := s.get("GET /v1/disputes", "payment_intent="+id, "").Data; len(all) != 1 || !s.CloseDispute(all[0].ID, false) || s.CloseDispute(all[0].ID, true) {
		t.Errorf("disputes %+v", all)
	}
	if r := s.get("POST /v1/refunds", "payment_intent="+id, ""); r.Error.Code != "charge_disputed" {
		t.Errorf("a refund of what is disputed: %+v", r.Error)
	}
}

func TestLists(t *testing.T) {
	s := serve(t, stripeface.Options{})
	var ids []string
	for i := range 5 {
		ids = append(ids, s.get(create, paid+"&metadata[payment_id]=pay_"+string(rune('a'+i)), "").ID)
		s.clock.past.Add(int64(time.Minute))
	}
	at := func(i int) string { return url.QueryEscape(stamp(s.clock.now().Add(time.Duration(i-5) * time.Minute))) }
	for query, want := range map[string]string{
		"":        "43210",
		"limit=2": "43", "limit=2&starting_after=" + ids[3]: "21", "limit=2&ending_before=" + ids[1]: "32", "limit=5": "43210",
		"created[gte]=" + at(3): "43", "created[gt]=" + at(3): "4", "created[lt]=" + at(1): "0", "created[lte]=" + at(1): "10", "created=" + at(2): "2",
	} {
		got := ""
		r := s.get("GET /v1/payment_intents", query, "")
		for _, o := range r.Data {
			for i, id := range ids {
				if o.ID == id {
					got += string(rune('0' + i))
				}
			}
		}
		if more := strings.HasPrefix(query, "limit=2"); got != want || r.More != (more && want != "10") {
			t.Errorf("%q: %s, more %v; want %s", query, got, r.More, want)
		}
	}
	find := "query=" + url.QueryEscape(`metadata['payment_id']:"pay_e"`)
	if r := s.get("GET /v1/payment_intents/search", find, ""); len(r.Data) != 1 || r.Data[0].ID != ids[4] {
		t.Errorf("search: %+v", r.Data)
	}
	s.clock.past.Add(int64(-time.Second))
	if r := s.get("GET /v1/payment_intents/search", find, ""); len(r.Data) != 0 {
		t.Errorf("the index knows at once: %+v", r.Data)
	}
	for expand, want := range map[string]string{"": `"ch_`, "expand[]=latest_charge": `"balance_transaction": "txn_`, "expand[0]=latest_charge.balance_transaction": `"object": "balance_transaction"`} {
		if r := s.get("GET /v1/payment_intents/"+ids[0], expand, ""); !strings.Contains(string(r.Charge), want) {
			t.Errorf("%q: %s", expand, r.Charge)
		}
	}
}

func stamp(t time.Time) string { data, _ := json.Marshal(t.Unix()); return string(data) }

// TestWebhooks has Stripe's own library verify what is sent, in every way.
func TestWebhooks(t *testing.T) {
	var got []string
	bad := 0
	how := fakepay.InTurn
	var s *server
	deliver := func(header map[string][]string, body []byte) error {
		e, err := webhook.ConstructEventWithOptions(body, header["stripe-signature"][0], stripeface.WebhookSecret, webhook.ConstructEventOptions{Tolerance: 1<<62 - 1})
		if err != nil {
			bad++
			return err
		}
		if e.ID == "" || e.Data.Object["object"] != "payment_intent" && e.Data.Object["object"] != "charge" {
			t.Errorf("%s", body)
		}
		got = append(got, string(e.Type))
		return nil
	}
	s = serve(t, stripeface.Options{Deliver: deliver, Delivery: func(kind string) fakepay.Delivery {
		if kind == "payment_intent.succeeded" {
			return how
		}
		return fakepay.InTurn
	}, Types: []string{"payment_intent.created", "payment_intent.succeeded", "charge.succeeded"}})
	const all = "payment_intent.created charge.succeeded payment_intent.succeeded"
	for _, c := range []struct {
		how   fakepay.Delivery
		want  string
		bad   int
		sends int
	}{
		{fakepay.InTurn, all, 0, 1},
		{fakepay.Twice, all + " payment_intent.succeeded", 0, 1},
		{fakepay.Before, "payment_intent.succeeded payment_intent.created charge.succeeded", 0, 1},
		{fakepay.Never, "payment_intent.created charge.succeeded", 0, 2},
		{fakepay.Forged, all, 1, 2},
	} {
		got, bad, how = nil, 0, c.how
		s.get(create, paid, "")
		for range c.sends {
			_, err := s.Send()
			if (err != nil) != (bad > 0 && len(got) == 2) {
				t.Errorf("%s: %v", c.how, err)
			}
		}
		if strings.Join(got, " ") != c.want || bad != c.bad {
			t.Errorf("%q: %v, %d bad; want %s", c.how, got, bad, c.want)
		}
		if n, err := s.Send(); n != 0 || err != nil {
			t.Errorf("%q: %d are sent again, %v", c.how, n, err)
		}
	}
}

// TestTee: what stripe-mock refuses is refused, whatever the face thinks of it.
func TestTee(t *testing.T) {
	s := serve(t, stripeface.Options{Tee: tooltest.StripeMock(t)})
	for form, want := range map[string]int{paid: 200, paid + "&capture_method=whenever": 400, paid + "&automatic_payment_methods[hue]=red": 400, "amount=abc&currency=eur": 400} {
		if r := s.get(create, form, ""); r.http != want {
			t.Errorf("%s: %d %+v, want %d", form, r.http, r.Error, want)
		}
	}
	if n := len(s.Intents()); n != 1 {
		t.Errorf("%d intents, want 1", n)
	}
	gone := serve(t, stripeface.Options{Tee: "http://127.0.0.1:1"})
	if r := gone.get(create, paid, ""); r.http != http.StatusBadGateway {
		t.Errorf("without stripe-mock: %+v", r)
	}
}

var errNo = errors.New("no")

func TestRefusedWebhooksComeAgain(t *testing.T) {
	tries := 0
	s := serve(t, stripeface.Options{Deliver: func(map[string][]string, []byte) error {
		if tries++; tries <= 2 {
			return errNo
		}
		return nil
	}, Types: []string{"payment_intent.succeeded"}})
	s.get(create, paid, "")
	for i, want := range []int{0, 0, 1, 0} {
		if n, err := s.Send(); n != want || (err != nil) != (i < 2) {
			t.Errorf("send %d: %d, %v", i, n, err)
		}
	}
}

// TestRestOfAnAuthorization: what is let go is a refund that moves nothing.
func TestRestOfAnAuthorization(t *testing.T) {
	s := serve(t, stripeface.Options{})
	id := s.get(create, held, "").ID
	if r := s.get("POST /v1/payment_intents/"+id+"/capture", "amount_to_capture=1000", ""); r.Status != "succeeded" {
		t.Errorf("%+v", r)
	}
	all := s.get("GET /v1/refunds", "payment_intent="+id+"&expand[]=data.charge", "")
	if len(all.Data) != 1 || s.get("GET /v1/refunds/"+all.Data[0].ID, "", "").Amount != 1499 {
		t.Fatalf("refunds %+v, want one of the rest", all.Data)
	}
	if moved := s.get("GET /v1/balance_transactions", "", "").Data; len(moved) != 1 {
		t.Errorf("%d movements, want the capture alone", len(moved))
	}
	if in := s.Intents()[0]; in.Back != 0 || in.Received != 1000 {
		t.Errorf("%+v", in)
	}
	if r := s.get("POST /v1/refunds", "payment_intent="+id+"&amount=1001", ""); r.http != 400 {
		t.Errorf("a refund of what was let go: %+v", r)
	}
}
