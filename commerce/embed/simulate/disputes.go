package simulate

import (
	"errors"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// court is a bank where shoppers contest what they have paid. *fakepay.Provider
// is one.
type court interface {
	Dispute(paymentID string, amount money.Amount, reason string) (id string, err error)
	CloseDispute(id string, to payment.DisputeStatus) (bool, error)
}

var _ court = (*fakepay.Provider)(nil)

// contest has a shopper contest a payment, all of it or a part.
func (w *world) contest() {
	bank, ok := w.bank.(court)
	var taken []fakepay.Intent
	for _, in := range sorted(w.intents) {
		if in.Captured.Minor > 0 {
			taken = append(taken, in)
		}
	}
	if !ok || len(taken) == 0 {
		return
	}
	in := taken[w.rng.IntN(len(taken))]
	amount := in.Captured
	if w.chance(30) {
		amount.Minor = 1 + w.rng.Int64N(amount.Minor)
	}
	w.step("bank.dispute")
	id, err := bank.Dispute(in.PaymentID, amount, "fraudulent")
	if err != nil {
		w.violate("bank", "dispute: %v", err)
	}
	w.say("a shopper contests %v of %s: %q", amount, in.PaymentID, id)
	w.audit()
}

// judgeDispute has the bank end the first dispute that is open.
func (w *world) judgeDispute() {
	bank, ok := w.bank.(court)
	for _, in := range sorted(w.intents) {
		for _, d := range in.Disputes {
			if !ok || d.Status != payment.DisputeOpen {
				continue
			}
			to := payment.DisputeWon
			if w.chance(50) {
				to = payment.DisputeLost
			}
			w.step("bank.judge")
			done, err := bank.CloseDispute(d.ProviderID, to)
			if err != nil {
				w.violate("bank", "close a dispute: %v", err)
			}
			w.say("the dispute %s is %s: %v", d.ProviderID, to, done)
			w.audit()
			return
		}
	}
}

// Why staff give money back.
const (
	askedFor = "asked for"
	forced   = "asked for, whatever the bank may decide"
)

// contested reports whether an error says that there is a dispute about what was
// to be given back.
func contested(err error) bool { return errors.Is(err, payment.ErrDisputed) }

// holdContested holds that nothing was given back by staff of a payment about
// which a dispute was open, unless they insist. was is how it was before.
func (w *world) holdContested(r payment.Refund, was payment.Payment) {
	for _, d := range was.Disputes {
		if d.Status == payment.DisputeOpen && r.Reason == askedFor {
			w.violate("N6", "the refund %s of %v was made while %s of %s is open", r.ID, r.Amount, d.ProviderID, was.ID)
		}
	}
}

// holdDisputes holds that disputes only go forward, and that they are what is
// disputed.
func (w *world) holdDisputes(was, p payment.Payment) {
	sum, before := int64(0), map[string]payment.DisputeStatus{}
	for _, d := range was.Disputes {
		before[d.ProviderID] = d.Status
	}
	for _, d := range p.Disputes {
		if d.Status != payment.DisputeWon {
			sum += d.Amount.Minor
		}
		old := before[d.ProviderID]
		if old != d.Status {
			w.say("dispute %s of %s: %s to %s", d.ProviderID, p.ID, old, d.Status)
			w.edge("dispute", string(old), string(d.Status))
		}
		if old != "" && old != payment.DisputeOpen && old != d.Status {
			w.violate("N9", "the dispute %s went from %s to %s", d.ProviderID, old, d.Status)
		}
	}
	if len(p.Disputes) < len(was.Disputes) || p.Disputed.Minor != sum {
		w.violate("N6", "payment %s: %v disputed, its disputes make %d", p.ID, p.Disputed, sum)
	}
}

// holdCourt holds R2 for disputes: those here are those at the bank.
func (w *world) holdCourt(in fakepay.Intent, p payment.Payment) {
	here := map[string]payment.Dispute{}
	for _, d := range p.Disputes {
		here[d.ProviderID] = d
	}
	for _, d := range in.Disputes {
		if h := here[d.ProviderID]; h.Status != d.Status || h.Amount != d.Amount {
			w.violate("R2", "the bank has the dispute %s of %v, %s: here it is %q of %v", d.ProviderID, d.Amount, d.Status, h.Status, h.Amount)
		}
		delete(here, d.ProviderID)
	}
	for id := range sorted(here) {
		w.violate("R2", "the dispute %s of %s is not at the bank", id, p.ID)
	}
}
