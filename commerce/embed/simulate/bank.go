package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// provider is the bank as processes reach it.
type provider struct {
	Bank
	w *world
}

func (w *world) provider() payment.Provider {
	p := provider{w.bank, w}
	if w.breaks.bank != nil {
		return w.breaks.bank(w, p)
	}
	return p
}

var errNoAnswer = errors.New("simulate: no answer from the bank")

// outgoing holds that nobody leaves the process in a unit of work.
func (w *world) outgoing(point string) {
	if w.cur.units > 0 {
		w.violate("N17", "%s goes out in a unit of work", point)
	}
}

// call is one call to the bank: it may be lost on the way there and back.
func call[T any](w *world, name, id string, reads bool, fn func() (T, error)) (T, error) {
	var zero T
	point := "bank." + name
	w.step(point)
	w.outgoing(point)
	if w.dice(CallLost, 1) {
		w.tell(w.cur, point, id+" does not arrive")
		return zero, fmt.Errorf("%w: %s", errNoAnswer, point)
	}
	if !reads && w.dice(CallLate, 1) {
		w.tell(w.cur, point, id+" is on its way")
		w.late = append(w.late, func() { _, _ = fn() })
		return zero, fmt.Errorf("%w: %s", errNoAnswer, point)
	}
	v, err := fn()
	w.audit()
	w.step(point + " done")
	if err == nil && w.dice(CallUnanswered, 1) {
		w.tell(w.cur, point, id+" is done, without an answer")
		return zero, fmt.Errorf("%w: %s", errNoAnswer, point)
	}
	return v, err
}

// Start implements payment.Provider.
func (p provider) Start(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	return call(p.w, "start", of.ID, false, func() (payment.Snapshot, error) { return p.Bank.Start(context.WithoutCancel(ctx), of) })
}

// Fetch implements payment.Provider.
func (p provider) Fetch(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	return call(p.w, "fetch", of.ID, true, func() (payment.Snapshot, error) { return p.Bank.Fetch(ctx, of) })
}

// Capture implements payment.Provider.
func (p provider) Capture(ctx context.Context, of payment.Payment, amount money.Amount, key string) (payment.Snapshot, error) {
	return call(p.w, "capture", of.ID, false, func() (payment.Snapshot, error) {
		return p.Bank.Capture(context.WithoutCancel(ctx), of, amount, key)
	})
}

// Cancel implements payment.Provider.
func (p provider) Cancel(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	return call(p.w, "cancel", of.ID, false, func() (payment.Snapshot, error) { return p.Bank.Cancel(context.WithoutCancel(ctx), of) })
}

// Refund implements payment.Provider.
func (p provider) Refund(ctx context.Context, of payment.Payment, r payment.Refund) (payment.RefundSnapshot, error) {
	return call(p.w, "refund", r.ID, false, func() (payment.RefundSnapshot, error) { return p.Bank.Refund(context.WithoutCancel(ctx), of, r) })
}

// Notices implements payment.Books.
func (p provider) Notices(ctx context.Context, since time.Time) iter.Seq2[payment.Notice, error] {
	return read(p.w, "notices", p.Bank.Notices(ctx, since))
}

// Movements implements payment.Books.
func (p provider) Movements(ctx context.Context, from, to time.Time) iter.Seq2[payment.Movement, error] {
	return read(p.w, "movements", p.Bank.Movements(ctx, from, to))
}

// read is a call that reads the books of the bank.
func read[V any](w *world, name string, seq iter.Seq2[V, error]) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		all, err := call(w, name, "", true, func() (all []V, err error) {
			for v, err := range seq {
				if err != nil {
					return nil, err
				}
				all = append(all, v)
			}
			return all, nil
		})
		if err != nil {
			var zero V
			yield(zero, err)
			return
		}
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// outcome is what the bank says of a call.
func (w *world) outcome(call string) fakepay.Outcome {
	n := w.rng.IntN(100)
	switch {
	case call == fakepay.CallCapture:
		if n < 5 {
			return fakepay.HardDecline
		}
		return fakepay.Approve
	case call == fakepay.CallRefund:
		if n < 5 {
			return fakepay.HardDecline
		}
		if n < 25 {
			return fakepay.Process
		}
		return fakepay.Approve
	}
	switch {
	case n < 45:
		return fakepay.Approve
	case n < 48:
		return fakepay.Contest
	case n < 60:
		return fakepay.Decline
	case n < 65:
		return fakepay.HardDecline
	case n < 86:
		return fakepay.AskShopper
	default:
		return fakepay.Process
	}
}

// decision is what the bank says in the end.
func (w *world) decision() fakepay.Outcome {
	switch n := w.rng.IntN(100); {
	case n < 63:
		return fakepay.Approve
	case n < 66:
		return fakepay.Contest
	case n < 82:
		return fakepay.Decline
	case n < 90:
		return fakepay.Process
	default:
		return fakepay.HardDecline
	}
}

// notice is one that the bank is about to send.
type notice struct {
	event, payment string
	tries          int
}

// books are those of the bank, as they were when somebody looked last.
type books struct {
	intents map[string]fakepay.Intent
	lines   map[string]string
	sent    int
}

func newBooks() books {
	return books{intents: map[string]fakepay.Intent{}, lines: map[string]string{}}
}

// audit reads the books, holds N7 and has the bank tell what has changed.
func (w *world) audit() {
	all, err := w.bank.Intents()
	if err != nil {
		w.violate("bank", "the books cannot be read: %v", err)
		return
	}
	alive := map[string]int{}
	for _, in := range all {
		if in.Chargeable() {
			alive[in.OrderID]++
		}
		line, _ := json.Marshal(in)
		if w.lines[in.PaymentID] == string(line) {
			continue
		}
		w.lines[in.PaymentID], w.intents[in.PaymentID] = string(line), in
		w.say("bank: %s is %s, %v taken", in.PaymentID, in.Status, in.Captured)
		w.announce(in.PaymentID)
	}
	w.holdVoided()
	for id, n := range sorted(alive) {
		if n > 1 {
			w.violate("N7", "order %s has %d intents that have taken money or still can", id, n)
		}
	}
}

// holdVoided holds N10 for money: goods are not given back while a payment for
// them can still succeed.
func (w *world) holdVoided() {
	for _, in := range sorted(w.intents) {
		pays := in.Status == payment.StatusOpen || in.Status == payment.StatusProcessing || in.Status == payment.StatusAuthorized && in.Captured.Minor == 0
		if pays && w.orders[in.OrderID].Status == order.StatusCanceled {
			w.violate("N10", "order %s is canceled, and %s at the bank is %s", in.OrderID, in.PaymentID, in.Status)
		}
	}
}

// announce has the bank send notices of a payment, or none.
func (w *world) announce(paymentID string) {
	if w.dice(NoticeLost, 1) {
		w.say("bank: the notice of %s will never come", paymentID)
		return
	}
	w.sent++
	n := notice{event: fmt.Sprintf("evt_bank_%d", w.sent), payment: paymentID}
	w.post = append(w.post, n)
	for range 2 {
		if w.dice(NoticeAgain, 1) {
			w.post = append(w.post, n)
		}
	}
}

// bus is the bus as processes reach it.
type bus struct {
	event.Bus
	w *world
}

var errBus = errors.New("simulate: the bus does not answer")

// Publish implements event.Bus.
func (b bus) Publish(ctx context.Context, evs ...event.Envelope) error {
	w := b.w
	w.step("bus.publish")
	w.outgoing("bus.publish")
	if w.dice(PublishLost, 1) {
		w.tell(w.cur, "bus.publish", "does not arrive")
		return errBus
	}
	if err := b.Bus.Publish(ctx, evs...); err != nil {
		return err
	}
	w.step("bus.publish done")
	if w.dice(PublishUnanswered, 1) {
		w.tell(w.cur, "bus.publish", "is done, without an answer")
		return errBus
	}
	return nil
}
