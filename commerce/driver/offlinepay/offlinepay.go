// Package offlinepay is the payment.Provider of methods for which there is
// nobody to ask: the money comes by hand or by bank, and staff say when it has.
package offlinepay

import (
	"context"
	"maps"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// The ids of the methods.
const (
	CashOnDelivery = "cash_on_delivery"
	BankTransfer   = "bank_transfer"
	Invoice        = "invoice"
)

// TransferHold is how long stock is kept for a transfer that is on its way.
const TransferHold = 7 * 24 * time.Hour

// Provider never leaves the process and keeps nothing. The zero value is good.
type Provider struct {
	// Account is what a shopper needs to send a transfer, by name: "iban",
	// "account_holder". It is shown with the order. Set it before the Provider
	// is used.
	Account map[string]string
}

var _ payment.Provider = (*Provider)(nil)

// New returns a Provider without an Account.
func New() *Provider { return &Provider{} }

// Name implements payment.Provider.
func (p *Provider) Name() string { return "offline" }

// Methods implements payment.Provider.
func (p *Provider) Methods() []payment.Method {
	return []payment.Method{
		{ID: CashOnDelivery, Kind: payment.KindOffline, Name: "Cash on delivery", Confirms: true, Manual: true},
		{ID: BankTransfer, Kind: payment.KindOffline, Name: "Bank transfer", Hold: TransferHold, Manual: true, Details: maps.Clone(p.Account)},
		{ID: Invoice, Kind: payment.KindOffline, Name: "Invoice", Confirms: true, Manual: true},
	}
}

// Start implements payment.Provider: the shop waits for the money.
func (p *Provider) Start(_ context.Context, of payment.Payment) (payment.Snapshot, error) {
	if of.Settled() || of.Over() {
		return stands(of), nil
	}
	return payment.Snapshot{Status: payment.StatusOpen, Authorized: of.Authorized, Captured: of.Captured, NextAction: of.NextAction}, nil
}

// Fetch implements payment.Provider: nobody knows more than the shop.
func (p *Provider) Fetch(_ context.Context, of payment.Payment) (payment.Snapshot, error) {
	return stands(of), nil
}

// Capture implements payment.Provider: the money has come.
func (p *Provider) Capture(_ context.Context, of payment.Payment, amount money.Amount, key string) (payment.Snapshot, error) {
	sum, err := of.Captured.Add(amount)
	if err != nil {
		return payment.Snapshot{}, err
	}
	s := stands(of)
	s.Captured, s.Object = sum, key
	if sum.Cmp(of.Amount) >= 0 {
		s.Status = payment.StatusCaptured
	}
	return s, nil
}

// Cancel implements payment.Provider: the money is no longer waited for.
func (p *Provider) Cancel(_ context.Context, of payment.Payment) (payment.Snapshot, error) {
	s := stands(of)
	if of.Status != payment.StatusCaptured {
		s.Status = payment.StatusCanceled
	}
	return s, nil
}

func stands(p payment.Payment) payment.Snapshot {
	return payment.Snapshot{Status: p.Status, Authorized: p.Authorized, Captured: p.Captured, NextAction: p.NextAction, Failure: p.Failure}
}

// Refund implements payment.Provider: the money has gone back by hand.
func (p *Provider) Refund(_ context.Context, _ payment.Payment, r payment.Refund) (payment.RefundSnapshot, error) {
	return payment.RefundSnapshot{RefundID: r.ID, ProviderID: r.ID, Status: payment.RefundSucceeded, Amount: r.Amount}, nil
}
