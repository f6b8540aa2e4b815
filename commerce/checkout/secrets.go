package checkout

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Two secrets are in answers and never stored: the token with which a guest opens
// the order, which is derived, and the one with which a payment is confirmed at
// its provider, who is asked for it.

// Order returns an order as its shopper sees it: with what must be done now so
// that it is paid. When the provider does not answer, the client_secret of the
// next action is null: ask again.
func (e *Engine) Order(ctx context.Context, in order.IDInput) (order.Order, error) {
	if err := OpOrder.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	o, err := e.Orders.Order(ctx, in)
	if err != nil {
		return order.Order{}, err
	}
	return e.withAction(ctx, o, payment.Payment{}), nil
}

// Secretless implements what package idem asks of answers with secrets.
func (p Placed) Secretless() any {
	p.AccessToken = ""
	if p.Payment != nil {
		p.Payment = new(*p.Payment)
		p.Payment.NextAction = payment.WithoutSecret(p.Payment.NextAction)
	}
	return p
}

// Refilled is the inverse of Secretless, for answers that are given again.
func (e *Engine) Refilled(ctx context.Context, p Placed) Placed {
	return e.withToken(e.withAction(ctx, p.Order, payment.Payment{}))
}

func (e *Engine) withToken(o order.Order) Placed {
	p := Placed{Order: o}
	if o.CustomerID == nil {
		p.AccessToken = ident.Token(e.opts.Secret, o.ID, o.Epoch)
	}
	return p
}

// withAction returns o with the secret of the payment that it waits for. asked
// may be that payment as its provider has just answered for it.
func (e *Engine) withAction(ctx context.Context, o order.Order, asked payment.Payment) order.Order {
	p := o.Payment
	if o.Status != order.StatusPending || p == nil || !payment.LacksSecret(p.NextAction) {
		return o
	}
	if asked.ID != p.ID || asked.Open() && payment.LacksSecret(asked.NextAction) {
		var err error
		if asked, err = e.Payments.Authorize(inside(ctx), payment.IDInput{ID: p.ID}); err != nil {
			e.opts.Log.WarnContext(ctx, "checkout: a payment's secret is not known now", "order", o.ID, "payment", p.ID, "err", err)
			return o
		}
	}
	o.Payment = new(*p)
	o.Payment.NextAction = nil
	if asked.Open() {
		o.Payment.NextAction = asked.NextAction
	}
	return o
}
