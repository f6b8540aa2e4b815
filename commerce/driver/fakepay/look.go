package fakepay

import (
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Intents returns all that the bank knows, by payment id. There is one intent
// for a payment, however often it was started.
func (p *Provider) Intents() ([]Intent, error) { return p.intents() }

// Intent returns what the bank knows of one payment, false when that is nothing.
func (p *Provider) Intent(paymentID string) (Intent, bool, error) {
	in, err := p.change(payment.Payment{ID: paymentID}, nil)
	return in, err == nil && in.Status != payment.StatusCreating, err
}

// Chargeable returns how many intents of an order have taken money or still
// can. More than one is a customer who pays twice.
func (p *Provider) Chargeable(orderID string) (n int, err error) {
	all, err := p.intents()
	for _, in := range all {
		if in.OrderID == orderID && in.Chargeable() {
			n++
		}
	}
	return n, err
}

// Taken returns the money that was taken for an order in currency c.
func (p *Provider) Taken(orderID string, c money.Currency) (money.Amount, error) {
	sum := money.Zero(c)
	all, err := p.intents()
	for _, in := range all {
		if in.OrderID == orderID && in.Captured.Currency == c {
			sum.Minor += in.Captured.Minor
		}
	}
	return sum, err
}

// Given returns the money that went back for an order in currency c: by refunds
// that have not failed, on their way or there.
func (p *Provider) Given(orderID string, c money.Currency) (money.Amount, error) {
	sum := money.Zero(c)
	all, err := p.intents()
	for _, in := range all {
		if in.OrderID == orderID && in.Captured.Currency == c {
			sum.Minor += in.Captured.Minor - in.left()
		}
	}
	return sum, err
}
