package simulate

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// nights is that every so many schedules have a night: it is long.
const nights = 4

// night is hours later, when the books are compared, by two at a time, while the
// bank goes on and things go wrong as by day.
func (w *world) night() {
	if w.violation != nil || w.plot != nil || w.seed%nights != 0 {
		return
	}
	w.say("at night")
	w.now = w.now.Add(3 * time.Hour)
	w.calm = false
	for range 2 {
		w.person("accountant", func() {
			for range 2 {
				w.sleep(w.between(time.Second, 2*time.Minute))
				w.heard("compare", w.serve("compare", func(p *process) error { return p.payments.Compare(context.Background()) }))
			}
		})
	}
	w.spawn("relay", nil, w.relay)
	w.spawn("consumer", nil, w.consumer)
	w.spawn("post", nil, w.deliverNotices)
	w.spawn("bank", nil, w.bankWork)
	w.wait(func() bool { return len(w.actors) == 1 }, w.noTime)
	w.calm = true
	if w.violation == nil {
		w.rest()
	}
}

// holdCompared holds that our books and the bank's agree, as the shop itself finds
// out when all has been quiet for hours: no break is left open.
func (w *world) holdCompared(ctx context.Context) {
	w.now = w.now.Add(3 * time.Hour)
	w.job(nightly)
	w.drain()
	for w.deliverSome() {
	}
	breaks, err := w.dbOf("payment").Stores.Payments.Breaks(ctx, payment.BreakFilter{Limit: all})
	if w.unread("breaks", err) {
		return
	}
	for _, b := range breaks {
		w.breaksSeen[b.Kind+" "+string(b.State)]++
		if b.State == payment.BreakOpen {
			w.violate("R2", "the books do not agree: %s of %s: %q here, %q at the bank", b.Kind, b.Object, b.Ours, b.Theirs)
		}
	}
	w.lookAgain(ctx)
}
