package basket

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// tender is what a card can pay, or why it cannot.
func tender(minor int64, c money.Currency, reason string) payment.Tender {
	return payment.Tender{Balance: money.New(minor, c), Reason: reason}
}

func TestApply(t *testing.T) {
	for _, c := range []struct {
		name     string
		currency money.Currency
		total    int64
		cards    []payment.Tender
		want     string // applied and left of each card; what is due
	}{
		{"no card", "EUR", 5000, nil, "; 5000"},
		{"a part", "EUR", 5000, []payment.Tender{tender(2000, "EUR", "")}, "2000/0; 3000"},
		{"all of it", "EUR", 5000, []payment.Tender{tender(5000, "EUR", "")}, "5000/0; 0"},
		{"more than that", "EUR", 5000, []payment.Tender{tender(5001, "EUR", "")}, "5000/1; 0"},
		{"in their order", "EUR", 5000, []payment.Tender{tender(4000, "EUR", ""), tender(3000, "EUR", ""), tender(10, "EUR", "")}, "4000/0 1000/2000 0/10; 0"},
		{"one is off", "EUR", 5000, []payment.Tender{tender(4000, "EUR", payment.CardDisabled), tender(3000, "EUR", "")}, "0/4000 3000/0; 2000"},
		{"another currency", "EUR", 5000, []payment.Tender{tender(9000, "USD", payment.CardCurrency)}, "0/9000; 5000"},
		{"what is due can be paid", "BHD", 5000, []payment.Tender{tender(1234, "BHD", ""), tender(9, "BHD", "")}, "1230/4 0/9; 3770"},
		{"nothing to pay", "EUR", 0, []payment.Tender{tender(4000, "EUR", "")}, "0/4000; 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := Basket{}
			b.Quote.Totals = bill.Zero(c.currency)
			b.Quote.Totals.Subtotal.Minor, b.Quote.Totals.Total.Minor, b.Quote.Totals.AmountDue.Minor = c.total, c.total, c.total
			for _, g := range c.cards {
				b.Cards = append(b.Cards, Card{Tender: g})
			}
			b.apply()
			var got []string
			for _, g := range b.Cards {
				if g.Applied.Currency != c.currency || g.After.Currency != g.Balance.Currency {
					t.Errorf("applied %v, left %v", g.Applied, g.After)
				}
				got = append(got, fmt.Sprint(g.Applied.Minor, "/", g.After.Minor))
			}
			if text := fmt.Sprint(strings.Join(got, " "), "; ", b.Quote.Totals.AmountDue.Minor); text != c.want {
				t.Errorf("%s, want %s", text, c.want)
			}
			if err := b.Quote.Totals.Verify(true); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUnusable(t *testing.T) {
	b := Basket{Cart: cart.Cart{Email: "ada@example.com"}, Cards: []Card{{Tender: tender(1, "EUR", "")}}}
	if err := b.Unusable(); err != nil {
		t.Error(err)
	}
	for reason, say := range map[string]string{payment.CardExpired: "it has expired", payment.CardCurrency: "it is in another currency",
		payment.CardBalance: "nothing is left on it", payment.CardDisabled: "it cannot be used any more", payment.CardUnknown: "it cannot be used any more"} {
		off := tender(1, "EUR", reason)
		off.Last4 = "7Q2F"
		b.Cards = []Card{{Tender: tender(1, "EUR", "")}, {Tender: off}}
		err := b.Unusable()
		if f := fault.Public(err); f.Code != payment.ErrGiftCardUnusable.Code || string(f.Meta) != `{"reason":"`+reason+`","last4":"7Q2F"}` {
			t.Errorf("%s: %v, %s", reason, err, f.Meta)
		}
		var needs []Requirement
		for _, r := range b.Requirements() {
			if strings.HasPrefix(r.Param, "/gift_cards") {
				needs = append(needs, r)
			}
		}
		if want := (Requirement{payment.ErrGiftCardUnusable.Code, "/gift_cards/1", "Take the gift card 7Q2F out: " + say + "."}); len(needs) != 1 || needs[0] != want {
			t.Errorf("%+v, want %+v", needs, want)
		}
	}
}
