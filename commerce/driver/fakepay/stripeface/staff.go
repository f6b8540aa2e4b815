package stripeface

import (
	"net/http"
	"slices"
)

// Intent is what the books say of one payment intent, in Stripe's units.
type Intent struct {
	ID, PaymentID, Status, Currency    string // PaymentID is the payment_id of its metadata
	Amount, Capturable, Received, Back int64  // Back is what refunds that have not failed gave back
}

// Intents returns all payment intents, in the order in which they were made.
func (b *Bank) Intents() []Intent {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lapse(b.opts.Now().Unix())
	out := make([]Intent, len(b.intents))
	for i, in := range b.intents {
		out[i] = Intent{in.id, in.metadata[payment], in.status, in.currency, in.amount, in.capturable, in.received, 0}
		for _, r := range b.refunds {
			if r.intent == in && r.status != "failed" && (r.status == "pending" || len(r.moved) > 0) {
				out[i].Back += r.amount
			}
		}
	}
	return out
}

const payment = "payment_id"

// act does something to the intent with an id, or with a payment_id in its
// metadata, and reports whether that could be done.
func (b *Bank) act(id string, do func(in *intent, now int64) bool) bool {
	b.mu.Lock()
	now := b.opts.Now().Unix()
	b.lapse(now)
	i := slices.IndexFunc(b.intents, func(in *intent) bool { return id != "" && (in.id == id || in.metadata[payment] == id) })
	ok := i >= 0 && do(b.intents[i], now)
	b.mu.Unlock()
	b.tellBefore()
	return ok
}

// Pay is the shopper who confirms an intent in the page, with one of the test
// means of payment: "pm_card_visa". It reports whether the intent waited for
// that; a decline is none.
func (b *Bank) Pay(id, method string) bool {
	return b.act(id, func(in *intent, now int64) bool {
		e := b.attempt(in, method, now)
		return e == nil || e.kind == "card_error"
	})
}

// Settle is the shopper who authenticates, or the bank that decides, while an
// intent requires action or is processing.
func (b *Bank) Settle(id string, ok bool) bool {
	return b.act(id, func(in *intent, now int64) bool {
		if in.status != needsAction && in.status != processing {
			return false
		}
		if ok {
			b.approve(in, now)
		} else {
			b.decline(in, [2]string{"payment_intent_authentication_failure", ""}, now)
		}
		return true
	})
}

// CaptureAbroad takes authorized money in the dashboard.
func (b *Bank) CaptureAbroad(id string, amount int64) bool {
	return b.act(id, func(in *intent, now int64) bool {
		if in.status != needsCapture || amount < 1 || amount > in.capturable {
			return false
		}
		b.take(in, amount, !in.latest.several, now)
		return true
	})
}

// RefundAbroad gives money back in the dashboard, and returns the id of the
// refund, "" when there was not that much.
func (b *Bank) RefundAbroad(id string, amount int64) (refundID string) {
	b.act(id, func(in *intent, now int64) bool {
		if in.received == 0 || amount < 1 || amount > in.latest.left() {
			return false
		}
		refundID = b.giveBack(in.latest, amount, nil, now).id
		return true
	})
	return refundID
}

// SettleRefund ends a refund that is pending, or has one come back that had
// succeeded: to "succeeded" or "failed". id is Stripe's, or the refund_id of its
// metadata.
func (b *Bank) SettleRefund(id, to string) bool {
	b.mu.Lock()
	i := slices.IndexFunc(b.refunds, func(r *refund) bool { return id != "" && (r.id == id || r.metadata["refund_id"] == id) })
	ok := i >= 0 && b.settle(b.refunds[i], to, b.opts.Now().Unix())
	b.mu.Unlock()
	b.tellBefore()
	return ok
}

// Dispute takes money back for the shopper, and returns the id of the dispute,
// "" when there is not that much.
func (b *Bank) Dispute(id string, amount int64, reason string) (disputeID string) {
	b.act(id, func(in *intent, now int64) bool {
		if in.received == 0 || amount < 1 || amount > in.received {
			return false
		}
		disputeID = b.dispute(in.latest, amount, reason, now).id
		return true
	})
	return disputeID
}

// CloseDispute ends a dispute.
func (b *Bank) CloseDispute(id string, won bool) bool {
	b.mu.Lock()
	i := slices.IndexFunc(b.disputes, func(d *dispute) bool { return d.id == id })
	ok := i >= 0 && b.end(b.disputes[i], won, b.opts.Now().Unix())
	b.mu.Unlock()
	b.tellBefore()
	return ok
}

// test is staff and shoppers from another process, which Stripe does not have:
// "POST /_test/payment_intents/{id}/succeeded", or failed; the same of refunds;
// "POST /_test/disputes/{id}/won", or lost. Who asks is not looked at.
func (b *Bank) test(w http.ResponseWriter, req *http.Request) {
	id, to, ok := req.PathValue("id"), req.PathValue("to"), false
	switch req.PathValue("what") {
	case "payment_intents":
		ok = (to == succeeded || to == "failed") && b.Settle(id, to == succeeded)
	case "refunds":
		ok = b.SettleRefund(id, to)
	case "disputes":
		ok = (to == "won" || to == "lost") && b.CloseDispute(id, to == "won")
	}
	if !ok {
		w.WriteHeader(http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
