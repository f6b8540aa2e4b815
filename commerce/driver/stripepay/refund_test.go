package stripepay_test

import (
	"maps"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

const getRefund = "GET /v1/refunds/re_1"

func back(status string, changes object) object {
	r := object{"id": "re_1", "object": "refund", "amount": 1000, "currency": "eur", "status": status, "created": now.Unix(), "payment_intent": "pi_1",
		"charge": "ch_1", "balance_transaction": "txn_2", "metadata": object{"refund_id": "ref_1", "payment_id": "pay_1"}}
	maps.Copy(r, changes)
	return r
}

func asked() payment.Refund {
	return payment.Refund{ID: "ref_1", PaymentID: "pay_1", OrderID: "ord_1", Status: payment.RefundPending, Amount: eur(1000), Reason: "Jane Doe did not like it", SentAt: now, SendCount: 1}
}

func TestRefund(t *testing.T) {
	made := reply{body: back("succeeded", nil)}
	replay := reply{body: back("pending", nil), header: map[string]string{"Idempotent-Replayed": "true"}}
	foreign := back("succeeded", object{"id": "re_2", "metadata": object{}})
	old, again, heard := asked(), asked(), asked()
	old.SentAt, again.SendCount, heard.ProviderID = now.Add(-23*time.Hour), 2, "re_1"
	for name, tt := range map[string]struct {
		r       payment.Refund
		answers map[string][]reply
		went    []string
		want    payment.RefundStatus // "": an error
		failure string
	}{
		"at once":                 {asked(), map[string][]reply{refund: {made}}, []string{refund}, payment.RefundSucceeded, ""},
		"on its way":              {asked(), map[string][]reply{refund: {{body: back("pending", nil)}}}, []string{refund}, payment.RefundPending, ""},
		"needs the shopper":       {asked(), map[string][]reply{refund: {{body: back("requires_action", nil)}}}, []string{refund}, payment.RefundPending, ""},
		"comes back":              {asked(), map[string][]reply{refund: {{body: back("failed", object{"failure_reason": "expired_or_canceled_card"})}}}, []string{refund}, payment.RefundFailed, "expired_or_canceled_card"},
		"called off":              {asked(), map[string][]reply{refund: {{body: back("canceled", nil)}}}, []string{refund}, payment.RefundFailed, "canceled"},
		"asked before":            {asked(), map[string][]reply{refund: {replay}, getRefund: {made}}, []string{refund, getRefund}, payment.RefundSucceeded, ""},
		"sent before":             {again, map[string][]reply{refund: {{body: back("pending", nil)}}, getRefund: {made}}, []string{refund, getRefund}, payment.RefundSucceeded, ""},
		"heard of":                {heard, map[string][]reply{getRefund: {made}}, []string{getRefund}, payment.RefundSucceeded, ""},
		"too large":               {asked(), map[string][]reply{refund: {problem(400, "invalid_request_error", "amount_too_large", nil)}, refunds: {list(foreign)}}, []string{refund, refunds}, payment.RefundFailed, "amount_too_large"},
		"all is back":             {asked(), map[string][]reply{refund: {problem(400, "invalid_request_error", "charge_already_refunded", nil)}, refunds: {list()}}, []string{refund, refunds}, payment.RefundFailed, "charge_already_refunded"},
		"all is back by this":     {asked(), map[string][]reply{refund: {problem(400, "invalid_request_error", "charge_already_refunded", nil)}, refunds: {list(foreign, back("succeeded", nil))}}, []string{refund, refunds}, payment.RefundSucceeded, ""},
		"refused, is it there?":   {asked(), map[string][]reply{refund: {problem(400, "invalid_request_error", "", nil)}, refunds: {problem(403, "", "", nil)}}, []string{refund, refunds}, "", ""},
		"key with another amount": {asked(), map[string][]reply{refund: {problem(400, "idempotency_error", "", nil)}, refunds: {list(back("succeeded", nil))}}, []string{refund, refunds}, payment.RefundSucceeded, ""},
		"spent key, nowhere":      {asked(), map[string][]reply{refund: {problem(400, "idempotency_error", "", nil)}, refunds: {list()}}, []string{refund, refunds}, "", ""},
		"no answer":               {asked(), map[string][]reply{refund: {problem(500, "api_error", "", nil)}}, []string{refund}, "", ""},
		"kept error":              {again, map[string][]reply{refund: {problem(500, "api_error", "", nil)}, refunds: {list(back("succeeded", nil))}}, []string{refund, refunds}, payment.RefundSucceeded, ""},
		"old and there":           {old, map[string][]reply{refunds: {list(foreign, back("succeeded", nil))}}, []string{refunds}, payment.RefundSucceeded, ""},
		"old and nowhere":         {old, map[string][]reply{refunds: {list(foreign)}, refund: {made}}, []string{refunds, refund}, payment.RefundSucceeded, ""},
		"old, the list is lost":   {old, map[string][]reply{refunds: {problem(403, "invalid_request_error", "", nil)}}, []string{refunds}, "", ""},
		"another account":         {asked(), map[string][]reply{refund: {problem(404, "invalid_request_error", "resource_missing", nil)}}, []string{refund}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, w := stripe(t, tt.answers)
			s, err := p.Refund(t.Context(), known(), tt.r)
			if s.Status != tt.want || (err != nil) != (tt.want == "") || codeOf(s.Failure) != tt.failure {
				t.Errorf("%+v, %v; want %q", s, err, tt.want)
			}
			if err == nil && (s.RefundID != "ref_1" || s.Amount != eur(1000)) {
				t.Errorf("%+v", s)
			}
			w.went(tt.went...)
			for i, c := range w.calls {
				if c.name != refund {
					continue
				}
				w.has(i, map[string]string{"payment_intent": "pi_1", "amount": "1000", "metadata[refund_id]": "ref_1", "metadata[payment_id]": "pay_1", "metadata[order_id]": "ord_1"})
				if c.key != "ref:ref_1" || len(c.values) != 5 {
					t.Errorf("asked with the key %q for %v", c.key, c.values)
				}
			}
		})
	}
}

func TestRefundOfWhatIsNotThere(t *testing.T) {
	p, w := stripe(t, map[string][]reply{look: {list()}, refunds: {list()}})
	s, err := p.Refund(t.Context(), owed(), asked())
	if err != nil || s.Status != payment.RefundFailed || codeOf(s.Failure) != "not_captured" {
		t.Errorf("%+v, %v", s, err)
	}
	r := asked()
	r.Amount = money.New(1001, "KWD")
	s, err = p.Refund(t.Context(), known(), r)
	if err != nil || s.Status != payment.RefundFailed || codeOf(s.Failure) != "payment.amount_not_payable" {
		t.Errorf("%+v, %v", s, err)
	}
	w.went(look, refunds)
}

// TestWhatWentBack: refunds that somebody made at Stripe are told, what was let
// go of an authorization is not, and neither are inquiries.
func TestWhatWentBack(t *testing.T) {
	dispute := func(id, status string) object {
		return object{"id": id, "object": "dispute", "amount": 2499, "currency": "eur", "status": status, "reason": "fraudulent", "created": now.Unix(), "payment_intent": "pi_1"}
	}
	p, w := stripe(t, map[string][]reply{
		get: {{body: intent("succeeded", object{"amount_received": 2499, "latest_charge": charge(nil)})}},
		refunds: {list(back("succeeded", nil), back("pending", object{"id": "re_2", "metadata": object{}, "balance_transaction": nil}),
			back("succeeded", object{"id": "re_3", "metadata": object{}}), back("succeeded", object{"id": "re_4", "metadata": object{}, "balance_transaction": nil}),
			back("failed", object{"id": "re_5", "metadata": object{"refund_id": "ref_5"}, "failure_reason": "unknown"}))},
		disputes: {list(dispute("du_1", "needs_response"), dispute("du_2", "under_review"), dispute("du_3", "won"), dispute("du_4", "lost"),
			dispute("du_5", "warning_needs_response"), dispute("du_6", "warning_under_review"), dispute("du_7", "warning_closed"))},
	})
	s, err := p.Fetch(t.Context(), known())
	if err != nil {
		t.Fatal(err)
	}
	w.has(1, map[string]string{"payment_intent": "pi_1", "limit": "100"})
	w.has(2, map[string]string{"payment_intent": "pi_1", "limit": "100"})
	same(t, s.Refunds, []payment.RefundSnapshot{
		{RefundID: "ref_1", ProviderID: "re_1", Status: payment.RefundSucceeded, Amount: eur(1000), At: now},
		{ProviderID: "re_2", Status: payment.RefundPending, Amount: eur(1000), At: now},
		{ProviderID: "re_3", Status: payment.RefundSucceeded, Amount: eur(1000), At: now},
		{RefundID: "ref_5", ProviderID: "re_5", Status: payment.RefundFailed, Amount: eur(1000), At: now, Failure: &payment.Failure{Code: "unknown", Message: "The bank did not take the refund."}},
	})
	same(t, s.Disputes, []payment.Dispute{
		{ProviderID: "du_1", Status: payment.DisputeOpen, Amount: eur(2499), Reason: "fraudulent", At: now},
		{ProviderID: "du_2", Status: payment.DisputeOpen, Amount: eur(2499), Reason: "fraudulent", At: now},
		{ProviderID: "du_3", Status: payment.DisputeWon, Amount: eur(2499), Reason: "fraudulent", At: now},
		{ProviderID: "du_4", Status: payment.DisputeLost, Amount: eur(2499), Reason: "fraudulent", At: now},
	})
}
