package stripepay

import (
	"context"

	"github.com/stripe/stripe-go/v76"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// movement reads one balance transaction. It is not ours when it moves no money
// of a payment, or that of another shop.
func (p *Provider) movement(ctx context.Context, b *stripe.BalanceTransaction) (m payment.Movement, ours bool, err error) {
	if b.Source == nil {
		return m, false, nil
	}
	m.At, m.Fee, m.FeeObject = at(b.Created), feeOf(b), b.ID
	switch c, r, d := b.Source.Charge, b.Source.Refund, b.Source.Dispute; {
	case c != nil:
		if !p.ownShop(c.Metadata) {
			return m, false, nil
		}
		return m, true, p.ofCharge(ctx, c, b, &m)
	case r != nil:
		m.ProviderID, m.PaymentID = intentID(r.PaymentIntent), r.Metadata[metaPayment]
		m.Kind, m.Object = payment.LineRefunded, r.ID
		if b.Amount > 0 {
			m.Kind = payment.LineRefundFailed
		}
		m.Amount, err = fromStripe(r.Amount, r.Currency)
		return m, p.ownShop(r.Metadata), err
	case d != nil:
		m.ProviderID = intentID(d.PaymentIntent)
		m.Kind, m.Object = payment.LineDisputed, d.ID
		if b.Amount > 0 {
			m.Kind = payment.LineDisputeWon
		}
		m.Amount, err = fromStripe(d.Amount, d.Currency)
		return m, true, err
	}
	return m, false, nil // a payout, a fee of the account
}

// ofCharge reads a balance transaction of a charge into m.
func (p *Provider) ofCharge(ctx context.Context, c *stripe.Charge, b *stripe.BalanceTransaction, m *payment.Movement) (err error) {
	m.ProviderID, m.PaymentID = intentID(c.PaymentIntent), c.Metadata[metaPayment]
	m.Kind, m.Object = payment.LineCaptured, c.ID
	switch {
	case b.Type != stripe.BalanceTransactionTypeCharge && b.Type != stripe.BalanceTransactionTypePayment:
		// A bank has taken it back without a refund or a dispute: people must see it.
		m.Kind, m.Object = payment.LineRefunded, b.ID
	case severalCaptures(c):
		return p.part(ctx, c, b, m)
	}
	m.Amount, err = fromStripe(c.AmountCaptured, c.Currency)
	return err
}

// part reads one of several captures of a charge. Stripe tells what each of them
// was in the currency of the account only: what was captured is shared by that.
func (p *Provider) part(ctx context.Context, c *stripe.Charge, b *stripe.BalanceTransaction, m *payment.Movement) error {
	whole, err := fromStripe(c.AmountCaptured, c.Currency)
	if err != nil {
		return err
	}
	var before, sum int64
	it := p.balance.List(&stripe.BalanceTransactionListParams{ListParams: listed(ctx), Source: &c.ID})
	for it.Next() {
		o := it.BalanceTransaction()
		if o.Type != b.Type {
			continue
		}
		sum += o.Amount
		if o.ID != b.ID && (o.Created < b.Created || o.Created == b.Created && o.ID < b.ID) {
			before += o.Amount
		}
	}
	if err := it.Err(); err != nil {
		return err
	}
	if sum <= 0 {
		m.Amount = whole
		return nil
	}
	until, err := money.MulDiv(whole, before, sum)
	if err != nil {
		return err
	}
	soFar, err := money.MulDiv(whole, before+b.Amount, sum)
	if err != nil {
		return err
	}
	if before > 0 {
		m.Object = laterCapture(c.ID, soFar)
	}
	m.Amount, err = soFar.Sub(until)
	return err
}

// ownShop reports whether metadata do not name another shop.
func (p *Provider) ownShop(metadata map[string]string) bool {
	return p.opts.Shop == "" || metadata[metaShop] == "" || metadata[metaShop] == p.opts.Shop
}

func intentID(in *stripe.PaymentIntent) string {
	if in == nil {
		return ""
	}
	return in.ID
}
