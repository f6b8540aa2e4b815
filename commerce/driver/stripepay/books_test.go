package stripepay_test

import (
	"maps"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

const (
	events  = "GET /v1/events"
	balance = "GET /v1/balance_transactions"
)

func TestEventsAgain(t *testing.T) {
	one := func(id, kind string, about object) object {
		return object{"id": id, "object": "event", "type": kind, "created": now.Unix(), "api_version": "2020-08-27", "data": object{"object": about}}
	}
	first := list(one("evt_2", "charge.refunded", charge(nil)))
	first.body.(object)["has_more"] = true
	p, w := stripe(t, map[string][]reply{events: {first, list(one("evt_1", "payment_intent.succeeded", intent("succeeded", nil)))}})
	var got []payment.Notice
	for n, err := range p.Notices(t.Context(), now.Add(-time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, n)
	}
	same(t, got, []payment.Notice{{ID: "evt_2", Type: "charge.refunded", PaymentID: "pay_1", ProviderID: "pi_1"},
		{ID: "evt_1", Type: "payment_intent.succeeded", PaymentID: "pay_1", ProviderID: "pi_1"}})
	w.went(events, events)
	w.has(0, map[string]string{"created[gte]": unix(now.Add(-time.Hour)), "limit": "100", "types[0]": stripepay.EventTypes()[0]})
	w.has(1, map[string]string{"starting_after": "evt_2"})
	if n := len(stripepay.EventTypes()); n > 20 {
		t.Errorf("%d types of events, a list takes 20", n)
	}
	for _, err := range p.Notices(t.Context(), now) {
		if err != nil {
			t.Error(err)
		}
		break // somebody has heard enough
	}
}

// TestBooksAreLost: an error is told, and is the last.
func TestBooksAreLost(t *testing.T) {
	first := list(object{"id": "txn_1", "object": "balance_transaction", "type": "refund", "amount": -1000, "currency": "eur", "created": now.Unix(), "source": back("succeeded", nil)})
	first.body.(object)["has_more"] = true
	denied := problem(403, "invalid_request_error", "", nil)
	p, _ := stripe(t, map[string][]reply{events: {denied}, balance: {first, denied}})
	var last error
	for _, err := range p.Notices(t.Context(), now) {
		last = err
	}
	if last == nil {
		t.Error("nobody was told that the events are lost")
	}
	n := 0
	for m, err := range p.Movements(t.Context(), now, now.Add(time.Hour)) {
		n++
		if last = err; err == nil && m.Object != "re_1" {
			t.Errorf("%+v", m)
		}
	}
	if n != 2 || last == nil {
		t.Errorf("%d movements, the last %v", n, last)
	}
}

func TestMovements(t *testing.T) {
	entry := func(id, kind string, amount int, source any, changes object) object {
		b := object{"id": id, "object": "balance_transaction", "type": kind, "amount": amount, "fee": 0, "currency": "eur", "created": now.Unix(), "source": source}
		maps.Copy(b, changes)
		return b
	}
	disputed := object{"id": "du_1", "object": "dispute", "amount": 2499, "currency": "eur", "status": "lost", "payment_intent": "pi_1", "charge": "ch_1"}
	multi := charge(object{"id": "ch_2", "payment_method_details": several(), "payment_intent": "pi_2", "metadata": object{"payment_id": "pay_2"}})
	parts := []object{entry("txn_a", "charge", 1100, multi, object{"currency": "usd", "created": now.Add(-time.Hour).Unix()}),
		entry("txn_b", "charge", 1649, multi, object{"currency": "usd", "fee": 30})}
	ugx := charge(object{"id": "ch_3", "currency": "ugx", "amount_captured": 6000000, "payment_intent": "pi_3", "metadata": object{"payment_id": "pay_3"}})
	p, w := stripe(t, map[string][]reply{balance: {
		list(
			entry("txn_1", "charge", 2850, charge(nil), object{"currency": "usd", "fee": 112}),
			entry("txn_2", "payment", 2499, charge(object{"id": "py_1"}), nil),
			entry("txn_3", "charge", 1500, ugx, object{"currency": "eur", "fee": 50}),
			entry("txn_4", "refund", -1000, back("succeeded", nil), nil),
			entry("txn_5", "payment_refund", -1000, back("pending", object{"id": "pyr_1", "metadata": object{}}), nil),
			entry("txn_6", "refund_failure", 1000, back("failed", nil), nil),
			entry("txn_7", "adjustment", -2499, disputed, object{"fee": 1500}),
			entry("txn_8", "adjustment", 2499, disputed, nil),
			entry("txn_9", "payment_failure_refund", -2499, charge(object{"id": "py_2"}), nil),
			entry("txn_10", "payout", -9999, object{"id": "po_1", "object": "payout"}, nil),
			entry("txn_11", "stripe_fee", -99, nil, nil),
			entry("txn_12", "adjustment", -5, "adj_1", nil),
			entry("txn_13", "charge", 1, charge(object{"id": "ch_9", "metadata": object{"payment_id": "pay_9", "shop": "other"}}), nil),
			entry("txn_14", "refund", -1, back("succeeded", object{"id": "re_9", "metadata": object{"payment_id": "pay_9", "shop": "other"}}), nil),
			parts[1],
		), list(parts[1], entry("txn_r", "refund", -1, back("succeeded", nil), nil), parts[0]),
	}}, func(o *stripepay.Options) { o.Shop = "main" })
	var got []payment.Movement
	for m, err := range p.Movements(t.Context(), now.Add(-time.Hour), now.Add(time.Millisecond)) {
		if err != nil {
			t.Fatal(err)
		}
		if !m.At.Equal(now) {
			t.Errorf("%+v", m)
		}
		m.At = time.Time{}
		got = append(got, m)
	}
	same(t, got, []payment.Movement{
		{Kind: "captured", Object: "ch_1", PaymentID: "pay_1", ProviderID: "pi_1", Amount: eur(2499), Fee: money.New(112, "USD"), FeeObject: "txn_1"},
		{Kind: "captured", Object: "py_1", PaymentID: "pay_1", ProviderID: "pi_1", Amount: eur(2499), FeeObject: "txn_2"},
		{Kind: "captured", Object: "ch_3", PaymentID: "pay_3", ProviderID: "pi_3", Amount: money.New(60000, "UGX"), Fee: eur(50), FeeObject: "txn_3"},
		{Kind: "refunded", Object: "re_1", PaymentID: "pay_1", ProviderID: "pi_1", Amount: eur(1000), FeeObject: "txn_4"},
		{Kind: "refunded", Object: "pyr_1", ProviderID: "pi_1", Amount: eur(1000), FeeObject: "txn_5"},
		{Kind: "refund_failed", Object: "re_1", PaymentID: "pay_1", ProviderID: "pi_1", Amount: eur(1000), FeeObject: "txn_6"},
		{Kind: "disputed", Object: "du_1", ProviderID: "pi_1", Amount: eur(2499), Fee: eur(1500), FeeObject: "txn_7"},
		{Kind: "dispute_won", Object: "du_1", ProviderID: "pi_1", Amount: eur(2499), FeeObject: "txn_8"},
		{Kind: "refunded", Object: "txn_9", PaymentID: "pay_1", ProviderID: "pi_1", Amount: eur(2499), FeeObject: "txn_9"},
		{Kind: "captured", Object: "ch_2#2499", PaymentID: "pay_2", ProviderID: "pi_2", Amount: eur(1499), Fee: money.New(30, "USD"), FeeObject: "txn_b"},
	})
	w.went(balance, balance)
	w.has(0, map[string]string{"created[gte]": unix(now.Add(-time.Hour)), "created[lt]": unix(now.Add(time.Second)), "expand[0]": "data.source", "limit": "100"})
	w.has(1, map[string]string{"source": "ch_2", "limit": "100"})
}
