package stripeface

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// authorizedFor is how long an authorization holds.
const authorizedFor = 7 * 24 * time.Hour

type charge struct {
	id, currency, status       string
	intent                     *intent
	amount, captured, returned int64 // returned: refunded, or let go
	let                        int64 // go, without having been captured
	created, before            int64
	paid                       []*transaction // one for each capture
	failure                    *problem
	brand                      string
	disputed, several          bool // several captures are possible
}

// declines are what test cards are declined with.
var declines = map[string][2]string{
	"pm_card_chargeDeclined":                   {"card_declined", "generic_decline"},
	"pm_card_visa_chargeDeclined":              {"card_declined", "generic_decline"},
	"pm_card_chargeDeclinedInsufficientFunds":  {"card_declined", "insufficient_funds"},
	"pm_card_visa_chargeDeclinedLostCard":      {"card_declined", "lost_card"},
	"pm_card_visa_chargeDeclinedStolenCard":    {"card_declined", "stolen_card"},
	"pm_card_chargeDeclinedFraudulent":         {"card_declined", "fraudulent"},
	"pm_card_chargeDeclinedExpiredCard":        {"expired_card", ""},
	"pm_card_chargeDeclinedProcessingError":    {"processing_error", ""},
	"pm_card_chargeCustomerFail":               {"card_declined", "generic_decline"},
	"pm_card_chargeDeclinedAuthenticationNeed": {"authentication_required", ""},
}

// methods are the other test means of payment.
const methods = " pm_card_visa pm_card_mastercard pm_card_amex pm_card_authenticationRequired pm_card_createDispute pm_card_pendingRefund pm_card_refundFail pm_usBankAccount "

func knownMethod(pm string) *problem {
	if _, ok := declines[pm]; ok || strings.Contains(methods, " "+pm+" ") && pm != "" {
		return nil
	}
	return missing("PaymentMethod", "payment_method", pm).as(http.StatusBadRequest)
}

// attempt confirms an intent with a means of payment.
func (b *Bank) attempt(in *intent, pm string, now int64) *problem {
	switch in.status {
	case needsMethod, needsConfirm, needsAction:
	default:
		return b.unexpected(in, "This PaymentIntent's status is %s: it cannot be confirmed.", in.status)
	}
	if pm == "" {
		return refused("payment_intent_unexpected_state", "", "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.").with("payment_intent", b.showIntent(in))
	}
	if e := knownMethod(pm); e != nil {
		return e
	}
	in.pm, in.failure = pm, nil
	if why, ok := declines[pm]; ok {
		return b.decline(in, why, now)
	}
	switch pm {
	case "pm_card_authenticationRequired":
		in.status = needsAction
		b.emit("payment_intent.requires_action", b.showIntent(in), now)
	case "pm_usBankAccount":
		in.status = processing
		b.emit("payment_intent.processing", b.showIntent(in), now)
	default:
		b.approve(in, now)
	}
	return nil
}

func (b *Bank) newCharge(in *intent, now int64) *charge {
	ch := &charge{id: b.newID("ch"), currency: in.currency, status: succeeded, intent: in, amount: in.amount, created: now, brand: "visa", several: in.several}
	if in.pm == "pm_card_mastercard" {
		ch.brand, ch.several = "mastercard", false
	}
	b.charges = append(b.charges, ch)
	in.latest = ch
	return ch
}

// decline refuses an attempt; the shopper may try another.
func (b *Bank) decline(in *intent, why [2]string, now int64) *problem {
	ch := b.newCharge(in, now)
	e := &problem{status: http.StatusPaymentRequired, kind: "card_error", code: why[0], decline: why[1], text: "Your card was declined."}
	e.more = object{"charge": ch.id}
	if why[1] == "insufficient_funds" {
		e.text = "Your card has insufficient funds."
	}
	ch.status, ch.failure = "failed", e
	in.status, in.failure, in.pm = needsMethod, e, ""
	b.emit("charge.failed", b.showCharge(ch), now)
	b.emit("payment_intent.payment_failed", b.showIntent(in), now)
	told := *e
	told.more = object{"charge": ch.id, "payment_intent": b.showIntent(in)}
	return &told
}

// approve authorizes the money of an intent, and takes it unless that is for
// later.
func (b *Bank) approve(in *intent, now int64) {
	ch := b.newCharge(in, now)
	if in.manual {
		in.status, in.capturable, ch.before = needsCapture, in.amount, now+int64(authorizedFor/time.Second)
		b.emit("charge.succeeded", b.showCharge(ch), now)
		b.emit("payment_intent.amount_capturable_updated", b.showIntent(in), now)
		return
	}
	in.status, in.received, ch.captured = succeeded, in.amount, in.amount
	b.book(&ch.paid, "charge", in.amount, fee(in.amount), ch.currency, ch.id, now)
	b.emit("charge.succeeded", b.showCharge(ch), now)
	b.emit("payment_intent.succeeded", b.showIntent(in), now)
	if in.pm == "pm_card_createDispute" {
		b.dispute(ch, in.amount, "fraudulent", now)
	}
}

func (b *Bank) charge(id string) (*charge, *problem) {
	if i := slices.IndexFunc(b.charges, func(c *charge) bool { return c.id == id }); i >= 0 {
		return b.charges[i], nil
	}
	return nil, missing("charge", "id", id)
}

func (b *Bank) getCharge(c *call) (object, *problem) {
	ch, e := b.charge(c.id)
	if e != nil {
		return nil, e
	}
	return b.showCharge(ch), nil
}

func (b *Bank) showCharge(ch *charge) object {
	card := object{"brand": ch.brand, "last4": "4242", "country": "US", "exp_month": 12, "exp_year": 2034, "funding": "credit", "capture_before": null(ch.before)}
	multicapture := "unavailable"
	if ch.several {
		multicapture = "available"
	}
	card["multicapture"] = object{"status": multicapture}
	o := object{"id": ch.id, "object": "charge", "amount": ch.amount, "amount_captured": ch.captured, "amount_refunded": ch.returned, "balance_transaction": nil,
		"captured": ch.status == succeeded && ch.captured > 0, "created": ch.created, "currency": ch.currency, "disputed": ch.disputed, "failure_code": nil,
		"failure_message": nil, "livemode": false, "metadata": maps.Clone(ch.intent.metadata), "paid": ch.status == succeeded, "payment_intent": ch.intent.id,
		"payment_method": null(ch.intent.pm), "payment_method_details": object{"type": "card", "card": card}, "refunded": ch.returned == ch.amount, "status": ch.status}
	if len(ch.paid) > 0 {
		o["balance_transaction"] = ch.paid[0].id
	}
	if ch.failure != nil {
		o["failure_code"], o["failure_message"] = ch.failure.code, ch.failure.text
	}
	return o
}
