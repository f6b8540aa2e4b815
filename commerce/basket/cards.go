package basket

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Card is a gift card of a basket.
type Card struct {
	payment.Tender
	Applied money.Amount // what it pays, in the currency of the cart
	After   money.Amount // what is left on it then
}

// tenders returns what the gift cards of an open cart can pay now.
func (p Ports) tenders(ctx context.Context, c cart.Cart) ([]Card, error) {
	if len(c.GiftCards) == 0 || c.Status != cart.StatusOpen {
		return nil, nil
	}
	in := payment.GiftCardsOfInput{Currency: c.Currency}
	for _, g := range c.GiftCards {
		in.IDs = append(in.IDs, g.ID)
	}
	found, err := p.Payments.GiftCardsOf(inside(ctx), in)
	if err != nil {
		return nil, err
	}
	out := make([]Card, len(found.Items))
	for i, t := range found.Items {
		out[i] = Card{Tender: t}
		out[i].Last4 = c.GiftCards[i].Last4
	}
	return out, nil
}

// apply lets the cards pay, each as much as it can, in their order. What is left
// to pay in another way is a multiple of what can be paid in the currency.
func (b *Basket) apply() {
	t := &b.Quote.Totals
	for i := range b.Cards {
		g := &b.Cards[i]
		g.Applied, g.After = money.Zero(t.Total.Currency), g.Balance
		if g.Reason != "" {
			continue
		}
		pays := min(g.Balance.Minor, t.AmountDue.Minor)
		pays -= pays % t.Total.Currency.Step()
		g.Applied.Minor, g.After.Minor = pays, g.Balance.Minor-pays
		t.GiftCards.Minor += pays
		t.AmountDue.Minor -= pays
	}
}

// Unusable returns payment.ErrGiftCardUnusable for the first gift card that can
// pay nothing: whoever has it in the cart counts on it.
func (b Basket) Unusable() error {
	for _, g := range b.Cards {
		if g.Reason != "" {
			return payment.ErrGiftCardUnusable.With(payment.Unusable{Reason: g.Reason, Last4: g.Last4})
		}
	}
	return nil
}

// why says it for people.
func (c Card) why() string {
	switch c.Reason {
	case payment.CardExpired:
		return "it has expired"
	case payment.CardCurrency:
		return "it is in another currency"
	case payment.CardBalance:
		return "nothing is left on it"
	default:
		return "it cannot be used any more"
	}
}
