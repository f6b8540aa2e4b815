package stripeface

import (
	"maps"
	"slices"
	"strings"
)

type refund struct {
	id, status, reason, failure string
	charge                      *charge
	intent                      *intent
	amount, created             int64
	metadata                    map[string]string
	moved                       []*transaction
	returned                    []*transaction // when it has failed
}

type dispute struct {
	id, status, reason string
	charge             *charge
	amount, created    int64
	moved              []*transaction
}

func (b *Bank) createRefund(c *call) (object, *problem) {
	ch, e := b.toRefund(c)
	if e != nil {
		return nil, e
	}
	amount, given, e := c.form.number("amount")
	left := ch.left()
	switch {
	case e != nil:
		return nil, e
	case given && amount < 1:
		return nil, invalid("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case ch.disputed:
		return nil, refused("charge_disputed", "", "Charge %s has been charged back; cannot issue a refund.", ch.id)
	case left == 0:
		return nil, refused("charge_already_refunded", "", "Charge %s has already been refunded.", ch.id)
	case amount > left:
		return nil, refused("", "amount", "Refund amount (%s) is greater than unrefunded amount on charge (%s)", shown(amount, ch.currency), shown(left, ch.currency))
	case !given:
		amount = left
	}
	reason := c.form.text("reason")
	if !slices.Contains([]string{"", "duplicate", "fraudulent", "requested_by_customer"}, reason) {
		return nil, invalid("", "reason", "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer")
	}
	r := b.giveBack(ch, amount, c.form.sub("metadata"), c.now)
	r.reason = reason
	return b.showRefund(r), nil
}

// left is what can be given back.
func (ch *charge) left() int64 { return ch.captured - (ch.returned - ch.let) }

// toRefund returns the charge that a refund is of.
func (b *Bank) toRefund(c *call) (*charge, *problem) {
	id, of := c.form.text("charge"), c.form.text("payment_intent")
	switch {
	case id != "":
		ch, e := b.charge(id)
		if e != nil {
			e.param = "charge"
		}
		return ch, e
	case of == "":
		return nil, invalid("parameter_missing", "", "One of the following params should be provided for this request: payment_intent or charge.")
	}
	in, e := b.intent(of)
	if e != nil {
		e.param = "payment_intent"
		return nil, e
	}
	if in.latest == nil || in.received == 0 {
		return nil, refused("", "", "This PaymentIntent (%s) does not have a successful charge to refund.", in.id)
	}
	return in.latest, nil
}

// giveBack sends money back.
func (b *Bank) giveBack(ch *charge, amount int64, metadata form, now int64) *refund {
	r := &refund{id: b.newID("re"), status: succeeded, charge: ch, intent: ch.intent, amount: amount, created: now, metadata: map[string]string{}}
	merge(r.metadata, metadata)
	ch.returned += amount
	b.refunds = append(b.refunds, r)
	if ch.intent.pm == "pm_card_pendingRefund" {
		r.status = "pending"
	} else {
		b.book(&r.moved, "refund", -amount, 0, ch.currency, r.id, now)
	}
	b.emit("charge.refunded", b.showCharge(ch), now)
	b.emit("refund.created", b.showRefund(r), now)
	if ch.intent.pm == "pm_card_refundFail" {
		b.settle(r, "failed", now)
	}
	return r
}

// settle ends a refund, or has one come back that had succeeded.
func (b *Bank) settle(r *refund, to string, now int64) bool {
	switch {
	case to == succeeded && r.status == "pending":
		b.book(&r.moved, "refund", -r.amount, 0, r.charge.currency, r.id, now)
	case to == "failed" && (r.status == "pending" || r.status == succeeded):
		r.charge.returned -= r.amount
		r.failure = "expired_or_canceled_card"
		if len(r.moved) > 0 {
			b.book(&r.returned, "refund_failure", r.amount, 0, r.charge.currency, r.id, now)
		}
	default:
		return false
	}
	r.status = to
	b.emit("charge.refund.updated", b.showRefund(r), now)
	if to == "failed" {
		b.emit("refund.failed", b.showRefund(r), now)
	}
	return true
}

func (b *Bank) getRefund(c *call) (object, *problem) {
	if i := slices.IndexFunc(b.refunds, func(r *refund) bool { return r.id == c.id }); i >= 0 {
		return b.showRefund(b.refunds[i]), nil
	}
	return nil, missing("refund", "id", c.id)
}

func (b *Bank) showRefund(r *refund) object {
	o := object{"id": r.id, "object": "refund", "amount": r.amount, "balance_transaction": nil, "charge": r.charge.id, "created": r.created,
		"currency": r.charge.currency, "metadata": maps.Clone(r.metadata), "payment_intent": r.intent.id, "reason": null(r.reason), "status": r.status}
	if len(r.moved) > 0 {
		o["balance_transaction"] = r.moved[0].id
	}
	if r.failure != "" {
		o["failure_reason"] = r.failure
		if len(r.returned) > 0 {
			o["failure_balance_transaction"] = r.returned[0].id
		}
	}
	return o
}

// dispute takes money back for a shopper.
func (b *Bank) dispute(ch *charge, amount int64, reason string, now int64) *dispute {
	const cost = 1500
	d := &dispute{id: b.newID("dp"), status: "needs_response", reason: reason, charge: ch, amount: amount, created: now}
	ch.disputed = true
	b.book(&d.moved, "adjustment", -amount, cost, ch.currency, d.id, now)
	b.disputes = append(b.disputes, d)
	b.emit("charge.dispute.created", b.showDispute(d), now)
	b.emit("charge.dispute.funds_withdrawn", b.showDispute(d), now)
	return d
}

// end ends a dispute.
func (b *Bank) end(d *dispute, won bool, now int64) bool {
	if d.status == "won" || d.status == "lost" {
		return false
	}
	d.status = "lost"
	if won {
		d.status = "won"
		b.book(&d.moved, "adjustment", d.amount, 0, d.charge.currency, d.id, now)
	}
	b.emit("charge.dispute.closed", b.showDispute(d), now)
	if won {
		b.emit("charge.dispute.funds_reinstated", b.showDispute(d), now)
	}
	return true
}

func (b *Bank) getDispute(c *call) (object, *problem) {
	if i := slices.IndexFunc(b.disputes, func(d *dispute) bool { return d.id == c.id }); i >= 0 {
		return b.showDispute(b.disputes[i]), nil
	}
	return nil, missing("dispute", "id", c.id)
}

func (b *Bank) showDispute(d *dispute) object {
	moved := make([]object, len(d.moved))
	for i, t := range d.moved {
		moved[i] = b.showTransaction(t)
	}
	return object{"id": d.id, "object": "dispute", "amount": d.amount, "balance_transactions": moved, "charge": d.charge.id, "created": d.created,
		"currency": d.charge.currency, "evidence": object{}, "evidence_details": object{}, "is_charge_refundable": false, "livemode": false,
		"metadata": object{}, "payment_intent": d.charge.intent.id, "reason": d.reason, "status": d.status}
}

// transaction is one movement of the account's money.
type transaction struct {
	id, kind, currency, source string
	amount, fee, created       int64
}

// fee is what Stripe keeps of a capture.
func fee(amount int64) int64 { return min(amount, amount*29/1000+30) }

// book writes a movement down.
func (b *Bank) book(into *[]*transaction, kind string, amount, fee int64, currency, source string, now int64) {
	t := &transaction{id: b.newID("txn"), kind: kind, currency: currency, source: source, amount: amount, fee: fee, created: now}
	*into, b.balance = append(*into, t), append(b.balance, t)
}

func (b *Bank) getBalance(c *call) (object, *problem) {
	if i := slices.IndexFunc(b.balance, func(t *transaction) bool { return t.id == c.id }); i >= 0 {
		return b.showTransaction(b.balance[i]), nil
	}
	return nil, missing("balance transaction", "id", c.id)
}

func (b *Bank) showTransaction(t *transaction) object {
	return object{"id": t.id, "object": "balance_transaction", "amount": t.amount, "available_on": t.created, "created": t.created, "currency": t.currency,
		"exchange_rate": nil, "fee": t.fee, "fee_details": []object{}, "net": t.amount - t.fee, "reporting_category": strings.ReplaceAll(t.kind, "adjustment", "dispute"),
		"source": t.source, "status": "available", "type": t.kind}
}
