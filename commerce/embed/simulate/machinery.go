package simulate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// every does something now and then for as long as people are there.
func (w *world) every(least, most time.Duration, fn func()) {
	for {
		w.wait(w.quiet, w.now.Add(w.between(least, most)))
		if w.quiet() {
			return
		}
		fn()
	}
}

func (w *world) quiet() bool { return w.busy == 0 }

// cron runs periodic work.
func (w *world) cron() {
	w.every(10*time.Second, 2*time.Minute, func() {
		if w.chance(4) {
			w.job(nightly)
			return
		}
		if w.chance(18) {
			w.job("checkout.expire")
			return
		}
		w.job(jobs[w.rng.IntN(len(jobs))])
	})
}

func (w *world) job(name string) {
	err := w.serve("job "+name, func(p *process) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		return p.jobs.RunNow(ctx, name)
	})
	w.heard("job "+name, err)
}

// worker applies notices beside the one of cron.
func (w *world) worker() {
	w.every(2*time.Second, time.Minute, func() {
		w.heard("apply", w.serve("apply", func(p *process) error { return p.payments.Apply(context.Background()) }))
	})
}

// relay publishes what was announced.
func (w *world) relay() {
	w.every(time.Second, 90*time.Second, func() { w.drain() })
}

func (w *world) drain() {
	for i := range w.dbs {
		w.heard("relay", w.serve("relay", func(p *process) error { return p.relays[i].Drain(context.Background()) }))
	}
}

// subscribe makes the groups of the bus. Their events go to the process that
// has the turn.
func (w *world) subscribe() error {
	p := w.process()
	defer w.free(p)
	for _, s := range []struct {
		name  string
		names []string
	}{{"checkout", p.flows.Checkout.Events()}, {"listing", p.index.Events()}, {"notification", p.mails.Events()}, {"clerk", clerked}} {
		_, err := w.bus.Subscribe(context.Background(), s.name, s.names, func(ctx context.Context, e event.Envelope) error {
			return w.cur.proc.consumers[s.name](ctx, e)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// consumer takes events, in any order that the bus may have.
func (w *world) consumer() {
	w.every(time.Second, 30*time.Second, func() {
		for range 1 + w.rng.IntN(4) {
			all := w.deliverable()
			if len(all) == 0 {
				return
			}
			w.deliver(all[w.anyOf(len(all))])
		}
	})
}

// deliverable are the events that may come now.
func (w *world) deliverable() []membus.Next {
	return slices.DeleteFunc(w.bus.Waiting(), func(n membus.Next) bool { return w.now.Before(w.due[n.Group+" "+n.Key]) })
}

// deliver brings an event to its consumer, and sometimes once more.
func (w *world) deliver(n membus.Next) {
	err := w.serve(fmt.Sprintf("%s takes %s", n.Group, n.Name), func(p *process) error {
		if w.dice(EventAgain, 1) { // the acknowledgement is lost
			w.say("%s of %s comes again", n.Name, n.Key)
			return p.consumers[n.Group](context.Background(), n.Envelope)
		}
		return w.bus.Deliver(context.Background(), n)
	})
	w.heard("event", err)
	if err != nil {
		w.due[n.Group+" "+n.Key] = w.now.Add(cmp.Or(fault.Wait(err), time.Second))
	}
}

// deliverNotices brings notices of the bank, in any order.
func (w *world) deliverNotices() {
	w.every(100*time.Millisecond, 2*time.Minute, func() {
		if len(w.post) > 0 {
			w.notify(w.anyOf(len(w.post)))
		}
	})
}

// notify sends the ith notice. One that is not taken comes again.
func (w *world) notify(i int) {
	n := w.post[i]
	w.post = slices.Delete(w.post, i, i+1)
	header, body := w.bank.Notice(n.event, n.payment)
	err := w.serve("notice of "+n.payment, func(p *process) error {
		_, err := p.shop.Payments.Receive(context.Background(), payment.ReceiveInput{Provider: w.bank.Name(), Headers: header, Body: body})
		return err
	})
	w.heard("notice", err)
	if n.tries++; err != nil && n.tries < 20 {
		w.post = append(w.post, n)
	}
}

// bankWork does what is late, and decides.
func (w *world) bankWork() {
	w.every(time.Second, 3*time.Minute, func() {
		if len(w.late) > 0 && w.chance(70) {
			w.arrive(w.rng.IntN(len(w.late)))
			return
		}
		if w.chance(20) {
			w.takeAbroad()
		}
		if w.chance(12) {
			w.contest()
		}
		if w.chance(35) {
			w.judgeDispute()
		}
		for _, r := range w.returning() {
			if w.chance(40) {
				w.settleRefund(r)
				return
			}
		}
		for _, in := range w.undecided() {
			if w.chance(80) {
				w.confirm(in.PaymentID)
				return
			}
		}
	})
}

// undecided are the intents that wait for the bank, by payment.
func (w *world) undecided() (all []fakepay.Intent) {
	for _, in := range sorted(w.intents) {
		if in.Status == payment.StatusProcessing {
			all = append(all, in)
		}
	}
	return all
}

// returning are the refunds that are on their way, and some that have gone, by
// payment.
func (w *world) returning() (all []fakepay.Returned) {
	for _, in := range sorted(w.intents) {
		for _, r := range in.Refunds {
			if r.Status == payment.RefundPending || r.Status == payment.RefundSucceeded && w.fickle(4) {
				all = append(all, r)
			}
		}
	}
	return all
}

// takeAbroad has somebody take authorized money in the bank's own pages, where
// the bank has some.
func (w *world) takeAbroad() {
	bank, ok := w.bank.(interface {
		CaptureAbroad(paymentID string, amount money.Amount) (bool, error)
	})
	for _, in := range sorted(w.intents) {
		if !ok || in.Status != payment.StatusAuthorized || in.Captured.Minor > 0 {
			continue
		}
		w.step("bank.abroad")
		done, err := bank.CaptureAbroad(in.PaymentID, in.Amount)
		if err != nil {
			w.violate("bank", "capture abroad: %v", err)
		}
		w.say("taken abroad: %s, %v", in.PaymentID, done)
		w.audit()
		return
	}
}

// settleRefund has the bank end a refund, or send one back.
func (w *world) settleRefund(r fakepay.Returned) {
	to := payment.RefundSucceeded
	if r.Status == payment.RefundSucceeded || w.fickle(20) {
		to = payment.RefundFailed
	}
	w.step("bank.settle")
	done, err := w.bank.SettleRefund(r.ID, to)
	if err != nil {
		w.violate("bank", "settle: %v", err)
	}
	w.say("the bank settles %s: %s, %v", r.ID, to, done)
	w.audit()
}

// arrive does the ith late call.
func (w *world) arrive(i int) {
	w.step("bank.late")
	if i >= len(w.late) {
		return
	}
	fn := w.late[i]
	w.late = slices.Delete(w.late, i, i+1)
	w.say("a late call arrives")
	fn()
	w.audit()
}

// deliverCalls brings late calls between services.
func (w *world) deliverCalls() {
	w.every(time.Second, time.Minute, w.wired)
}

// wired performs the calls that are late on the way to processes which serve
// nobody now.
func (w *world) wired() {
	for _, far := range slices.Clone(w.wires) {
		if far.serving {
			continue
		}
		far.serving = true
		err := w.serve("late calls", func(*process) error {
			defer func() { far.serving = false }()
			far.wire.Deliver()
			return nil
		})
		w.heard("late calls", err)
	}
}
