package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// resting are the minutes between the rounds of all work before R1 to R6 must
// hold: a card is waited for for fifteen.
var resting = []time.Duration{1, 1, 1, 2, 4, 5, 2, 1, 1}

// rest lets everything work, with nothing going wrong.
func (w *world) rest() {
	w.say("at rest")
	for _, minutes := range resting {
		if w.violation != nil {
			return
		}
		w.now = w.now.Add(minutes * time.Minute)
		for len(w.late) > 0 {
			w.arrive(0)
		}
		for _, r := range w.returning() {
			w.settleRefund(r)
		}
		w.wired()
		for len(w.post) > 0 {
			w.notify(0)
		}
		for _, name := range jobs {
			w.job(name)
		}
		w.drain()
		for w.deliverSome() {
		}
	}
}

// deliverSome delivers what may come now, and reports whether there was any.
func (w *world) deliverSome() bool {
	all := w.deliverable()
	for _, n := range all {
		w.deliver(n)
	}
	return len(all) > 0 && w.violation == nil
}

// judge holds what must be so at rest.
func (w *world) judge() {
	w.still = true
	for _, hold := range []func(context.Context){w.lookAgain, w.holdBooks, w.holdDeadlines, w.holdDelivered, w.holdEnds, w.holdListing, w.holdCompared, w.holdSecrets, w.holdAges} {
		if w.violation != nil {
			return
		}
		hold(context.Background())
	}
}

// lookAgain holds all that must always be so.
func (w *world) lookAgain(context.Context) {
	w.dirty = aboutEverything
	w.look()
}

// holdBooks holds R1 and R2: money that was taken at the bank is of an order that
// has it, or goes back, to the cent; and refunds here are refunds there.
func (w *world) holdBooks(ctx context.Context) {
	w.audit()
	given := map[string]fakepay.Returned{}
	for _, in := range sorted(w.intents) {
		p, err := w.dbOf("payment").Stores.Payments.Payment(ctx, in.PaymentID)
		if errors.Is(err, payment.ErrNotFound) {
			w.violate("R1", "the bank knows %s, which is not there", in.PaymentID)
			continue
		}
		if w.unread("payment "+in.PaymentID, err) {
			return
		}
		w.holdIntent(in, p)
		w.holdCourt(in, p)
		for _, back := range in.Refunds {
			given[back.ID] = back
			if r := w.refunds[back.Key]; back.Key != "" && r.Status != back.Status {
				w.violate("R2", "the bank has the refund %s of %v of %s, %s: here it is %q", back.Key, back.Amount, p.ID, back.Status, r.Status)
			}
		}
	}
	for id, r := range sorted(w.refunds) {
		w.holdRefund(id, r, given)
	}
	for id, row := range sorted(w.orders) {
		w.holdBalance(id, row)
	}
}

// holdIntent holds R1 for one intent.
func (w *world) holdIntent(in fakepay.Intent, p payment.Payment) {
	o, placed := w.orders[in.OrderID]
	switch {
	case in.Captured.Minor != p.Captured.Minor || in.Captured.Currency != p.Captured.Currency:
		w.violate("R1", "the bank has taken %v for %s, the payment says %v", in.Captured, p.ID, p.Captured)
	case in.Captured.Minor == 0 && in.Status != payment.StatusAuthorized:
	case !placed:
		w.violate("R1", "the bank has %v of %v for %s, whose order is not there", in.Captured, in.Authorized, p.ID)
	case in.Status == payment.StatusAuthorized && in.Captured.Minor == 0 && o.Status == order.StatusCanceled:
		w.violate("R1", "the bank keeps %v for %s, whose order is canceled", in.Authorized, p.ID)
	case in.Captured.Minor > 0 && o.Status == order.StatusPending:
		w.violate("R1", "the bank has taken %v for %s, whose order is %s", in.Captured, p.ID, o.Status)
	case o.Status == order.StatusCanceled && p.Captured.Minor > p.Refunded.Minor && !w.refused(p.ID):
		w.violate("R1", "order %s is canceled, and %v of %v of %s have gone back", o.ID, p.Refunded, p.Captured, p.ID)
	}
}

// refused reports whether the bank has refused a refund of a payment for good:
// then people have to see how the money goes back.
func (w *world) refused(paymentID string) bool {
	for _, r := range sorted(w.refunds) {
		if r.PaymentID == paymentID && r.Status == payment.RefundFailed && r.SendCount > 0 {
			return true
		}
	}
	return false
}

// holdRefund holds R2 for one refund.
func (w *world) holdRefund(id string, r payment.Refund, given map[string]fakepay.Returned) {
	there, known := given[r.ProviderID]
	switch {
	case r.Provider != w.bank.Name():
	case r.Status == payment.RefundPending && r.SendCount == 0:
		w.violate("R2", "the refund %s of %v was never sent", id, r.Amount)
	case !known && r.Status == payment.RefundFailed:
	case !known:
		w.violate("R2", "the refund %s of %v is %s here, and not at the bank", id, r.Amount, r.Status)
	case there.Status != r.Status || there.Amount != r.Amount:
		w.violate("R2", "the refund %s is %s of %v here, and %s of %v at the bank", id, r.Status, r.Amount, there.Status, there.Amount)
	}
}

// holdBalance holds that an order knows what its payments say: each of them, and
// all together.
func (w *world) holdBalance(id string, row order.Row) {
	var o order.Order
	if w.unread("order "+id, json.Unmarshal(row.Doc, &o)) {
		return
	}
	known := map[string]order.Payment{}
	for _, p := range o.Payments {
		known[p.ID] = p
	}
	captured, refunded, disputed := int64(0), int64(0), int64(0)
	for _, p := range sorted(w.payments) {
		if p.OrderID != id {
			continue
		}
		captured += p.Captured.Minor
		refunded += p.Refunded.Minor
		disputed += p.Disputed.Minor
		if k := known[p.ID]; k.Captured != p.Captured || k.Refunded != p.Refunded || k.Refunding != p.Refunding || k.Disputed != p.Disputed || k.Status != string(p.Status) {
			w.violate("N6", "order %s: it knows %s as %s, %v captured, %v and %v back, %v disputed; it is %s, %v, %v and %v, %v", id, p.ID,
				k.Status, k.Captured, k.Refunded, k.Refunding, k.Disputed, p.Status, p.Captured, p.Refunded, p.Refunding, p.Disputed)
		}
	}
	if b := o.Balance; b.Captured.Minor != captured || b.Refunded.Minor != refunded {
		w.violate("N6", "order %s says that %v were captured and %v refunded, its payments %d and %d", id, b.Captured, b.Refunded, captured, refunded)
	}
	if (o.PaymentStatus == order.PayDisputed) != (disputed > 0) {
		w.violate("N6", "order %s is %s, with %d disputed", id, o.PaymentStatus, disputed)
	}
}

// holdDeadlines holds R3: no order waits beyond its time, and no stock is held
// for one that is over.
func (w *world) holdDeadlines(ctx context.Context) {
	due, err := w.home.Stores.Orders.Expired(ctx, w.now.Add(-2*time.Minute), all)
	if w.unread("expired orders", err) {
		return
	}
	for _, id := range due {
		w.violate("R3", "order %s is still %s, though its time is over", id, w.orders[id].Status)
	}
	for _, id := range w.orderIDs() {
		rs, err := w.dbOf("inventory").Stores.Inventory.Reservations(ctx, id)
		if w.unread("reservations", err) {
			return
		}
		row, placed := w.orders[id]
		for _, r := range rs {
			kept := r.State == inventory.Held || r.State == inventory.Allocated
			switch {
			case kept && !placed:
				w.violate("R3", "%d of %s are kept for order %s, which is not there", r.Quantity, r.VariantID, id)
			case r.State == inventory.Held && row.Status != order.StatusPending:
				w.violate("R3", "%d of %s are held for order %s, which is %s", r.Quantity, r.VariantID, id, row.Status)
			}
		}
	}
}

// holdDelivered holds R4: the outbox is empty, every event has had its effects,
// and none was put aside.
func (w *world) holdDelivered(ctx context.Context) {
	for _, d := range w.dbs {
		lag, err := d.Outbox.Lag(ctx)
		if w.unread("the outbox", err) {
			return
		}
		if lag.Pending > 0 {
			w.violate("R4", "%d events are left in the outbox of %s", lag.Pending, d.name)
		}
		dead, err := d.Inbox.Dead(ctx)
		if w.unread("dead letters", err) {
			return
		}
		for _, c := range dead {
			w.violate("R4", "%s has put %d events aside", c.Consumer, c.Count)
		}
	}
	if left := w.bus.Waiting(); len(left) > 0 {
		w.violate("R4", "%s has not taken %s of %s", left[0].Group, left[0].Name, left[0].Key)
	}
	w.holdNoted()
}

// holdNoted holds that the clerk has heard of every event of orders.
func (w *world) holdNoted() {
	noted := map[string]int{}
	for _, lines := range sorted(w.history) {
		for _, e := range lines {
			if e.Kind == "note" {
				noted[e.Text]++
			}
		}
	}
	for id, e := range sorted(w.home.seen) {
		for _, name := range clerked {
			if e.Name == name && noted[heardOf+id] != 1 {
				w.violate("R4", "%s of %s has had %d effects, not one", e.Name, e.Key, noted[heardOf+id])
			}
		}
	}
}

// holdEnds holds R6: nothing is left under way.
func (w *world) holdEnds(ctx context.Context) {
	later := w.now.AddDate(1, 0, 0)
	for _, name := range []string{"checkout", "cancel", "refund", "ship"} {
		for e, err := range w.home.Journal.Stale(ctx, name, later, later) {
			if w.unread("the journal", err) {
				return
			}
			if w.waits(e) {
				continue
			}
			w.violate("R6", "the run %s %s is %s before %s", e.Flow, e.ID, phase(e.Phase), e.Next)
		}
	}
	left, err := w.home.Idem.Sweep(ctx, later)
	if w.unread("idempotency keys", err) {
		return
	}
	if left > 0 {
		w.violate("R6", "%d idempotency keys are still claimed", left)
	}
	running, err := w.home.Jobs.List(ctx)
	if w.unread("jobs", err) {
		return
	}
	for _, s := range running {
		if s.Until.After(w.now) {
			w.violate("R6", "the job %s is still running", s.Name)
		}
	}
}

// holdAges holds N15 once more when nobody has come back for a month.
func (w *world) holdAges(context.Context) {
	w.now = w.now.Add(2 * cart.Lifetime)
	w.job("cart.expire")
	w.lookAgain(context.Background())
}

// waits reports whether a run waits for the payment of an order that still has
// time.
func (w *world) waits(e flow.Entry) bool {
	if e.Flow != "checkout" || e.Phase != flow.Waiting {
		return false
	}
	for _, row := range sorted(w.orders) {
		if row.CheckoutID == e.ID {
			return row.Status == order.StatusPending && row.Deadline.After(w.now)
		}
	}
	return false
}

func phase(p flow.Phase) string {
	if p == flow.Running {
		return "running"
	}
	return string(p)
}
