package simulate

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// holdMoney holds N6, N8 and N9 for payments: what was taken was authorized, what
// goes back was taken, the ledger only grows and adds up to what the payments
// say, and payments and refunds only go forward.
func (w *world) holdMoney(ctx context.Context) {
	store := w.dbOf("payment").Stores.Payments
	ids := w.orderIDs()
	all, err := store.OfOrders(ctx, ids)
	if w.unread("payments", err) {
		return
	}
	refunds, err := store.RefundsOf(ctx, ids)
	if w.unread("refunds", err) {
		return
	}
	lines, err := store.Ledger(ctx, ids)
	if w.unread("the ledger", err) {
		return
	}
	w.holdCards(ctx, all)
	moved := w.holdLedger(lines)
	sent, back := w.holdRefunds(refunds)
	for _, p := range all {
		w.holdPayment(p)
		left := p.Captured.Minor - p.Refunded.Minor - p.Refunding.Minor
		switch {
		case p.Captured.Minor < 0 || p.Refunded.Minor < 0 || p.Refunding.Minor < 0 || left < 0:
			w.violate("N6", "payment %s: %v captured, %v refunded, %v on its way back", p.ID, p.Captured, p.Refunded, p.Refunding)
		case p.Captured.Minor > 0 && p.Provider == w.bank.Name() && p.Captured.Minor > p.Authorized.Minor, p.Authorized.Minor > p.Amount.Minor:
			w.violate("N6", "payment %s of %v: %v authorized, %v captured", p.ID, p.Amount, p.Authorized, p.Captured)
		case sent[p.ID] != p.Refunding.Minor || back[p.ID] != p.Refunded.Minor:
			w.violate("N6", "payment %s: %v refunded, %v on its way back, its refunds make %d and %d", p.ID, p.Refunded, p.Refunding, back[p.ID], sent[p.ID])
		case moved[payment.LineCaptured+" "+p.ID] != p.Captured.Minor:
			w.violate("N8", "payment %s has captured %v, its ledger says %d", p.ID, p.Captured, moved[payment.LineCaptured+" "+p.ID])
		case moved[payment.LineDisputed+" "+p.ID]-moved[payment.LineDisputeWon+" "+p.ID] != p.Disputed.Minor:
			w.violate("N8", "%v of payment %s is disputed, its ledger says %d less %d", p.Disputed, p.ID, moved[payment.LineDisputed+" "+p.ID], moved[payment.LineDisputeWon+" "+p.ID])
		case given(moved, p.ID) != p.Refunded.Minor:
			w.violate("N8", "payment %s has refunded %v, its ledger says %d", p.ID, p.Refunded, given(moved, p.ID))
		}
	}
}

// given is how much has gone back of a payment, by its ledger.
func given(moved map[string]int64, id string) int64 {
	return moved[payment.LineRefunded+" "+id] + moved[payment.LineGoodwill+" "+id] - moved[payment.LineRefundFailed+" "+id]
}

// holdRefunds holds that refunds only go forward, and returns what is on its way
// and what has gone back, by payment.
func (w *world) holdRefunds(all []payment.Refund) (sent, back map[string]int64) {
	sent, back = map[string]int64{}, map[string]int64{}
	for _, r := range all {
		switch r.Status {
		case payment.RefundPending:
			sent[r.PaymentID] += r.Amount.Minor
		case payment.RefundSucceeded:
			back[r.PaymentID] += r.Amount.Minor
		case payment.RefundFailed:
		}
		was, seen := w.refunds[r.ID]
		w.refunds[r.ID] = r
		if !seen {
			w.say("refund %s: %s, %v of %s", r.ID, r.Status, r.Amount, r.PaymentID)
			w.holdContested(r, w.payments[r.PaymentID])
		}
		if !seen || was.Status == r.Status {
			continue
		}
		w.say("refund %s: %s to %s", r.ID, was.Status, r.Status)
		w.edge("refund", string(was.Status), string(r.Status))
		if r.Version == was.Version+1 && !payment.RefundTransitions.Allows(was.Status, r.Status) || r.Amount != was.Amount {
			w.violate("N9", "refund %s went from %s of %v to %s of %v", r.ID, was.Status, was.Amount, r.Status, r.Amount)
		}
	}
	return sent, back
}

// holdLedger holds that lines only ever come, each movement once, and returns
// what has moved, by kind and payment.
func (w *world) holdLedger(lines []payment.Ledger) map[string]int64 {
	moved := map[string]int64{}
	ids, objects := map[string]bool{}, map[string]bool{}
	for _, l := range lines {
		ids[l.ID] = true
		key := l.Kind + " " + l.Object
		if objects[key] {
			w.violate("N8", "the ledger has %s twice", key)
		}
		objects[key] = true
		if was, seen := w.ledger[l.ID]; seen && (was.Amount != l.Amount || was.Object != l.Object || was.Kind != l.Kind || !was.At.Equal(l.At)) {
			w.violate("N8", "the line %s of the ledger has changed", l.ID)
		}
		if _, seen := w.ledger[l.ID]; !seen {
			w.say("ledger: %s %v of %s", l.Kind, l.Amount, l.PaymentID)
		}
		w.ledger[l.ID] = l
		moved[l.Kind+" "+l.PaymentID] += l.Amount.Minor
	}
	for id := range sorted(w.ledger) {
		if !ids[id] {
			w.violate("N8", "the line %s of the ledger is gone", id)
		}
	}
	return moved
}

// holdPayment holds that a payment has gone the way that it may go.
func (w *world) holdPayment(p payment.Payment) {
	was, seen := w.payments[p.ID]
	w.payments[p.ID] = p
	if len(p.NextAction) > 0 {
		w.secretless("payment "+p.ID, p.NextAction)
	}
	if seen && was.Version == p.Version {
		return
	}
	w.holdDisputes(was, p)
	if !seen {
		return
	}
	if p.Version < was.Version {
		w.violate("N9", "payment %s had version %d and has %d", p.ID, was.Version, p.Version)
	}
	if was.Status == p.Status {
		return
	}
	w.say("payment %s: %s to %s", p.ID, was.Status, p.Status)
	w.edge("payment", string(was.Status), string(p.Status))
	if p.Version == was.Version+1 && !payment.Transitions.Allows(was.Status, p.Status) {
		w.violate("N9", "payment %s went from %s to %s", p.ID, was.Status, p.Status)
	}
	if p.Captured.Minor < was.Captured.Minor || p.Authorized.Minor < was.Authorized.Minor {
		w.violate("N9", "payment %s had captured %v of %v and now %v of %v", p.ID, was.Captured, was.Authorized, p.Captured, p.Authorized)
	}
}
