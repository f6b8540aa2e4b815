package stripepay

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// eventTypes are as many as one list may ask for.
var eventTypes = []string{
	"payment_intent.amount_capturable_updated", "payment_intent.canceled", "payment_intent.partially_funded", "payment_intent.payment_failed",
	"payment_intent.processing", "payment_intent.requires_action", "payment_intent.succeeded",
	"charge.captured", "charge.expired", "charge.refunded", "charge.updated",
	"charge.refund.updated", "refund.created", "refund.updated", "refund.failed",
	"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
}

// EventTypes returns the events that a webhook endpoint at Stripe is to be
// subscribed to. Others are taken and ignored.
func EventTypes() []string { return slices.Clone(eventTypes) }

// Notices implements payment.Books. Stripe keeps events for 30 days.
func (p *Provider) Notices(ctx context.Context, since time.Time) iter.Seq2[payment.Notice, error] {
	return func(yield func(payment.Notice, error) bool) {
		if err := txn.Outside(ctx); err != nil {
			yield(payment.Notice{}, err)
			return
		}
		it := p.events.List(&stripe.EventListParams{ListParams: listed(ctx), Types: stripe.StringSlice(eventTypes),
			CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()}})
		for it.Next() {
			e := it.Event()
			if e.Data == nil {
				continue
			}
			n, err := notice(e.ID, string(e.Type), e.Data.Raw)
			if !yield(n, err) || err != nil {
				return
			}
		}
		if err := it.Err(); err != nil {
			yield(payment.Notice{}, err)
		}
	}
}

// Movements implements payment.Books: the balance transactions of the account
// that are about payments. What another shop has taken in the same account is
// left out, as far as its metadata tell.
func (p *Provider) Movements(ctx context.Context, from, to time.Time) iter.Seq2[payment.Movement, error] {
	return func(yield func(payment.Movement, error) bool) {
		if err := txn.Outside(ctx); err != nil {
			yield(payment.Movement{}, err)
			return
		}
		params := &stripe.BalanceTransactionListParams{ListParams: listed(ctx),
			CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: ceil(from), LesserThan: ceil(to)}}
		params.AddExpand("data.source")
		it := p.balance.List(params)
		for it.Next() {
			m, ours, err := p.movement(ctx, it.BalanceTransaction())
			if err == nil && !ours {
				continue
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
		if err := it.Err(); err != nil {
			yield(payment.Movement{}, err)
		}
	}
}

// ceil returns t in whole seconds, as Stripe tells times, rounded up: what is
// not before the result is not before t.
func ceil(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}
