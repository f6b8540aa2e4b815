package fakepay

import (
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Confirm is the shopper who acts, or the bank that decides, while an intent is
// open or processing. It reports whether there was one.
func (p *Provider) Confirm(paymentID string, o Outcome) (bool, error) {
	return p.act(paymentID, func(in *Intent, now time.Time) bool {
		if in.Status != payment.StatusOpen && in.Status != payment.StatusProcessing {
			return false
		}
		in.Attempts++
		in.decide(o, now)
		return true
	})
}

// CaptureAbroad takes authorized money in the bank's own dashboard, and reports
// whether there was that much.
func (p *Provider) CaptureAbroad(paymentID string, amount money.Amount) (bool, error) {
	return p.act(paymentID, func(in *Intent, now time.Time) bool { return in.captureAbroad(amount, now) })
}

// RefundAbroad gives money back in the bank's own dashboard, and returns the
// bank's id of that, "" when there was not that much.
func (p *Provider) RefundAbroad(paymentID string, amount money.Amount) (id string, err error) {
	_, err = p.act(paymentID, func(in *Intent, now time.Time) bool {
		if amount.Minor > in.left() || amount.Minor <= 0 {
			return false
		}
		id = in.refund("", amount, Approve, now).ID
		return true
	})
	return id, err
}

// SettleRefund ends a refund that is on its way, or has one come back that had
// succeeded. id is the shop's or the bank's. It reports whether that could be.
func (p *Provider) SettleRefund(id string, to payment.RefundStatus) (bool, error) {
	at := func(in Intent) int {
		return slices.IndexFunc(in.Refunds, func(r Returned) bool { return id != "" && (r.ID == id || r.Key == id) })
	}
	return p.actWhere(at, func(in *Intent, i int, now time.Time) bool { return in.settle(i, to, now) })
}

// Dispute takes captured money back for the shopper and returns the bank's id of
// that, "" when there is not that much.
func (p *Provider) Dispute(paymentID string, amount money.Amount, reason string) (id string, err error) {
	_, err = p.act(paymentID, func(in *Intent, now time.Time) bool {
		id = in.dispute(amount, reason, now)
		return id != ""
	})
	return id, err
}

// CloseDispute ends an open dispute: payment.DisputeWon gives the money to the
// shop again. It reports whether there was one.
func (p *Provider) CloseDispute(id string, to payment.DisputeStatus) (bool, error) {
	at := func(in Intent) int {
		return slices.IndexFunc(in.Disputes, func(d Chargeback) bool { return d.ProviderID == id })
	}
	return p.actWhere(at, func(in *Intent, i int, now time.Time) bool { return in.closeDispute(i, to, now) })
}

// act is something that is not asked for by the shop. It reports whether do did
// it.
func (p *Provider) act(paymentID string, do func(in *Intent, now time.Time) bool) (done bool, err error) {
	_, err = p.change(payment.Payment{ID: paymentID}, func(in *Intent, now time.Time) error {
		done = do(in, now)
		return nil
	})
	return done && err == nil, err
}

// actWhere is act for the intent in which at finds something.
func (p *Provider) actWhere(at func(Intent) int, do func(in *Intent, i int, now time.Time) bool) (bool, error) {
	all, err := p.intents()
	if err != nil {
		return false, err
	}
	for _, in := range all {
		if i := at(in); i >= 0 {
			return p.act(in.PaymentID, func(in *Intent, now time.Time) bool { return do(in, i, now) })
		}
	}
	return false, nil
}
