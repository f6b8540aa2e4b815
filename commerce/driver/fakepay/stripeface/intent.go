package stripeface

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// States of a payment intent.
const (
	needsMethod  = "requires_payment_method"
	needsConfirm = "requires_confirmation"
	needsAction  = "requires_action"
	processing   = "processing"
	needsCapture = "requires_capture"
	succeeded    = "succeeded"
	canceled     = "canceled"
)

type intent struct {
	id, currency, status, method, pm, suffix, reason string
	amount, capturable, received                     int64
	created, canceledAt                              int64
	manual, several                                  bool
	metadata                                         map[string]string
	latest                                           *charge
	failure                                          *problem
}

// least is what can be charged at least.
var least = map[string]int64{"usd": 50, "eur": 50, "cad": 50, "aud": 50, "chf": 50, "nzd": 50, "sgd": 50, "gbp": 30, "dkk": 250, "nok": 300, "sek": 300,
	"pln": 200, "mxn": 1000, "czk": 1500, "huf": 17500, "jpy": 50}

const currencies = " usd eur gbp cad aud chf nzd sgd dkk nok sek pln mxn czk huf ron brl inr hkd jpy krw vnd clp ugx isk mga kwd bhd jod omr tnd twd "

// payable says why an amount cannot be charged.
func payable(amount int64, currency string) *problem {
	switch {
	case !strings.Contains(currencies, " "+currency+" ") || len(currency) != 3:
		return invalid("", "currency", "Invalid currency: %s. Stripe currently supports these currencies: %s", currency, strings.ReplaceAll(strings.TrimSpace(currencies), " ", ", "))
	case amount < 0:
		return invalid("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case amount > 999_999_999_999:
		return invalid("amount_too_large", "amount", "Amount must be no more than 999,999,999,999")
	case strings.Contains("ugx isk", currency) && amount%100 != 0, strings.Contains("kwd bhd jod omr tnd", currency) && amount%10 != 0:
		return invalid("parameter_invalid_integer", "amount", "Invalid amount for %s: %d", currency, amount)
	case amount < max(1, least[currency]):
		return refused("amount_too_small", "amount", "Amount must be at least %s", shown(max(1, least[currency]), currency))
	}
	return nil
}

// shown is an amount as errors tell it.
func shown(n int64, currency string) string {
	if strings.Contains("jpy krw vnd clp mga", currency) {
		return fmt.Sprintf("%d %s", n, currency)
	}
	sign := map[string]string{"eur": "€", "usd": "$", "gbp": "£"}[currency]
	return fmt.Sprintf("%s%d.%02d %s", sign, n/100, n%100, currency)
}

func (b *Bank) create(c *call) (object, *problem) {
	amount, ok, e := c.form.number("amount")
	switch {
	case e != nil:
		return nil, e
	case !ok:
		return nil, invalid("parameter_missing", "amount", "Missing required param: amount.")
	case c.form.text("currency") == "":
		return nil, invalid("parameter_missing", "currency", "Missing required param: currency.")
	}
	in := &intent{currency: strings.ToLower(c.form.text("currency")), amount: amount, status: needsMethod, created: c.now, metadata: map[string]string{},
		method: "automatic", suffix: c.form.text("statement_descriptor_suffix"), pm: c.form.text("payment_method")}
	if e := payable(amount, in.currency); e != nil {
		return nil, e
	}
	switch m := c.form.text("capture_method"); m {
	case "", "automatic", "automatic_async":
	case "manual":
		in.manual, in.method = true, m
		in.several = c.form.sub("payment_method_options").sub("card").text("request_multicapture") == "if_available"
	default:
		return nil, invalid("", "capture_method", "Invalid capture_method: must be one of automatic, automatic_async, or manual")
	}
	if in.pm != "" {
		if e := knownMethod(in.pm); e != nil {
			return nil, e
		}
		in.status = needsConfirm
	}
	merge(in.metadata, c.form.sub("metadata"))
	in.id = b.newID("pi")
	b.intents = append(b.intents, in)
	b.emit("payment_intent.created", b.showIntent(in), c.now)
	if c.form.text("confirm") == "true" {
		if e := b.attempt(in, in.pm, c.now); e != nil {
			return nil, e
		}
	}
	return b.showIntent(in), nil
}

// intent returns the intent of a call.
func (b *Bank) intent(id string) (*intent, *problem) {
	if i := slices.IndexFunc(b.intents, func(in *intent) bool { return in.id == id }); i >= 0 {
		return b.intents[i], nil
	}
	return nil, missing("payment_intent", "intent", id)
}

func (b *Bank) getIntent(c *call) (object, *problem) {
	in, e := b.intent(c.id)
	if e != nil {
		return nil, e
	}
	return b.showIntent(in), nil
}

func (b *Bank) unexpected(in *intent, text string, args ...any) *problem {
	return refused("payment_intent_unexpected_state", "", text, args...).with("payment_intent", b.showIntent(in))
}

func (b *Bank) confirm(c *call) (object, *problem) {
	in, e := b.intent(c.id)
	if e != nil {
		return nil, e
	}
	pm := c.form.text("payment_method")
	if pm == "" {
		pm = in.pm
	}
	if e := b.attempt(in, pm, c.now); e != nil {
		return nil, e
	}
	return b.showIntent(in), nil
}

func (b *Bank) capture(c *call) (object, *problem) {
	in, e := b.intent(c.id)
	if e != nil {
		return nil, e
	}
	amount, given, e := c.form.number("amount_to_capture")
	if e != nil {
		return nil, e
	}
	if in.status != needsCapture {
		return nil, b.unexpected(in, "This PaymentIntent could not be captured because it has a status of %s. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.", in.status)
	}
	if !given {
		amount = in.capturable
	}
	final := c.form.text("final_capture") != "false" // of several captures, too, the first is the last unless it says so
	switch {
	case amount > in.capturable:
		return nil, refused("amount_too_large", "amount_to_capture", "The provided value for `amount_to_capture` (%s) exceeds the amount that can be captured (%s).",
			shown(amount, in.currency), shown(in.capturable, in.currency)).with("payment_intent", b.showIntent(in))
	case !in.latest.several && c.form.text("final_capture") != "":
		return nil, refused("", "final_capture", "This PaymentIntent is not eligible for multiple captures.").with("payment_intent", b.showIntent(in))
	case amount < 0, amount == 0 && !(final && in.received > 0):
		return nil, invalid("parameter_invalid_integer", "amount_to_capture", "This value must be greater than or equal to 1.")
	}
	merge(in.metadata, c.form.sub("metadata"))
	b.take(in, amount, final, c.now)
	return b.showIntent(in), nil
}

// take takes authorized money, and lets the rest go when that was all.
func (b *Bank) take(in *intent, amount int64, final bool, now int64) {
	ch := in.latest
	in.received, in.capturable, ch.captured = in.received+amount, in.capturable-amount, ch.captured+amount
	if amount > 0 {
		b.book(&ch.paid, "charge", amount, fee(amount), ch.currency, ch.id, now)
	}
	if final || in.capturable == 0 {
		b.release(in, now)
		in.status = succeeded
	}
	b.emit("charge.captured", b.showCharge(ch), now)
	if in.status == succeeded {
		b.emit("payment_intent.succeeded", b.showIntent(in), now)
	} else {
		b.emit("payment_intent.amount_capturable_updated", b.showIntent(in), now)
	}
}

// release lets go what is authorized. Stripe writes that down as a refund that
// moves nothing.
func (b *Bank) release(in *intent, now int64) {
	if in.capturable > 0 {
		b.refunds = append(b.refunds, &refund{id: b.newID("re"), charge: in.latest, intent: in, amount: in.capturable, created: now, status: succeeded, metadata: map[string]string{}})
		in.latest.returned, in.latest.let = in.latest.returned+in.capturable, in.latest.let+in.capturable
	}
	in.capturable = 0
}

func (b *Bank) cancel(c *call) (object, *problem) {
	in, e := b.intent(c.id)
	if e != nil {
		return nil, e
	}
	if in.status == succeeded || in.status == canceled || in.status == processing {
		return nil, b.unexpected(in, "You cannot cancel this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action.", in.status)
	}
	b.close(in, c.form.text("cancellation_reason"), c.now)
	return b.showIntent(in), nil
}

func (b *Bank) close(in *intent, reason string, now int64) {
	b.release(in, now)
	in.status, in.reason, in.canceledAt = canceled, reason, now
	b.emit("payment_intent.canceled", b.showIntent(in), now)
}

// lapse lets go what nobody has captured in time.
func (b *Bank) lapse(now int64) {
	for _, in := range b.intents {
		if in.status != needsCapture || now < in.latest.before {
			continue
		}
		if in.received > 0 {
			b.take(in, 0, true, now)
			continue
		}
		b.emit("charge.expired", b.showCharge(in.latest), now)
		b.close(in, "automatic", now)
	}
}

func (b *Bank) showIntent(in *intent) object {
	o := object{"id": in.id, "object": "payment_intent", "amount": in.amount, "amount_capturable": in.capturable, "amount_received": in.received,
		"amount_details": object{"tip": object{}}, "canceled_at": null(in.canceledAt), "cancellation_reason": null(in.reason), "capture_method": in.method,
		"client_secret": in.id + "_secret_" + in.id[3:], "confirmation_method": "automatic", "created": in.created, "currency": in.currency,
		"last_payment_error": nil, "latest_charge": nil, "livemode": false, "metadata": maps.Clone(in.metadata), "next_action": nil,
		"payment_method": null(in.pm), "payment_method_options": object{}, "payment_method_types": []string{"card"}, "status": in.status,
		"statement_descriptor_suffix": null(in.suffix), "automatic_payment_methods": object{"enabled": true, "allow_redirects": "always"}}
	if in.latest != nil {
		o["latest_charge"] = in.latest.id
	}
	if in.failure != nil {
		o["last_payment_error"] = in.failure.body()
	}
	if in.status == needsAction {
		o["next_action"] = object{"type": "use_stripe_sdk", "use_stripe_sdk": object{"type": "three_d_secure_redirect"}}
	}
	return o
}

// null returns nil for nothing.
func null[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}
