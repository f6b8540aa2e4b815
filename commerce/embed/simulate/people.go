package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// begin sends everybody on their way.
func (w *world) begin() {
	if w.plot != nil {
		w.plot.people(w)
	} else {
		w.crowd()
	}
	for i := range 2 {
		w.spawn(fmt.Sprintf("cron %d", i+1), nil, w.cron)
		w.spawn(fmt.Sprintf("relay %d", i+1), nil, w.relay)
		w.spawn(fmt.Sprintf("consumer %d", i+1), nil, w.consumer)
	}
	w.spawn("worker", nil, w.worker)
	w.spawn("post", nil, w.deliverNotices)
	if w.plot == nil {
		w.spawn("bank", nil, w.bankWork)
	}
	if w.Topology == Saga {
		w.spawn("wire", nil, w.deliverCalls)
	}
	if w.breaks.people != nil {
		w.breaks.people(w)
	}
}

// crowd sends shoppers and staff on their way.
func (w *world) crowd() {
	within := 3 * time.Second
	if w.chance(35) {
		within = 50 * time.Millisecond // they have waited for this
	}
	for i, b := range w.carts {
		key, first := w.newID("key"), w.between(0, within)
		for tab := range 1 + w.rng.IntN(3) {
			k, at := key, first
			if w.chance(50) {
				k = w.newID("key") // a second tab, not a second click
			}
			if w.chance(40) {
				at = w.between(0, 3*time.Second)
			}
			w.person(fmt.Sprintf("buyer %d tab %d", i+1, tab+1), func() {
				w.sleep(at)
				w.buy(b, k)
			})
		}
		if w.chance(40) {
			w.person(fmt.Sprintf("buyer %d elsewhere", i+1), func() {
				w.sleep(first + w.between(0, 200*time.Millisecond))
				w.wander(b, i)
			})
		}
	}
	for i := range 1 + w.rng.IntN(2) {
		w.person(fmt.Sprintf("staff %d", i+1), w.staff)
	}
}

// person starts somebody for whom all others wait.
func (w *world) person(name string, fn func()) {
	w.busy++
	w.spawn(name, nil, func() {
		defer func() { w.busy-- }()
		fn()
	})
}

// between returns a time between two.
func (w *world) between(least, most time.Duration) time.Duration {
	return least + time.Duration(w.rng.Int64N(int64(most-least)))
}

// chance is true in so many of a hundred cases.
func (w *world) chance(percent int) bool { return w.rng.IntN(100) < percent }

// buy completes a cart and pays for it.
func (w *world) buy(b *basket, key string) {
	if w.chance(10) {
		w.present(b)
	}
	if w.chance(10) {
		w.clip(b)
	}
	o, ok := w.complete(b, key)
	if !ok {
		return
	}
	for range 4 {
		if w.chance(8) {
			w.cancel(b, o)
			return
		}
		if o.Status != order.StatusPending || o.Payment == nil {
			return
		}
		next, more := w.settle(b, o)
		if !more {
			return
		}
		if next.ID != "" {
			o = next
		}
	}
}

// wander does something else with a cart, or beside it.
func (w *world) wander(b *basket, i int) {
	key := w.newID("key")
	var err error
	switch {
	case w.chance(15):
		err = w.serve("give up "+b.id, func(p *process) error {
			_, err := command(b.as(key), p, storefront.OpDeleteCart, p.flows.Storefront.DeleteCart, cart.IDInput{ID: b.id})
			return err
		})
	case b.who.Kind == ident.Customer:
		err = w.another(b, i, key)
	default:
		err = w.claim(b, i, key)
	}
	w.heard("wander", err)
}

// another begins another cart of a customer.
func (w *world) another(b *basket, i int, key string) error {
	return w.serve("another cart of "+b.who.ID, func(p *process) error {
		c, err := command(b.as(key), p, cart.OpCreate, p.shop.Carts.Create, w.cartOf(i))
		if err == nil && !slices.ContainsFunc(w.carts, func(o *basket) bool { return o.id == c.ID }) {
			w.carts = append(w.carts, &basket{id: c.ID, who: b.who, method: b.method})
		}
		return err
	})
}

// claim gives the cart of a guest to a customer who has signed in, and may have
// one.
func (w *world) claim(b *basket, i int, key string) error {
	who := ident.Actor{Kind: ident.Customer, ID: fmt.Sprintf("cus_guest_%d", i), CartToken: b.who.CartToken}
	mine := &basket{id: b.id, who: who, method: b.method}
	if w.chance(60) {
		if err := w.another(mine, i, w.newID("key")); err != nil {
			return err
		}
	}
	how := []cart.Strategy{cart.Merge, cart.KeepAccount, cart.Replace}[w.rng.IntN(3)]
	return w.serve("claim "+b.id, func(p *process) error {
		_, err := command(mine.as(key), p, storefront.OpClaimCart, p.flows.Storefront.ClaimCart, cart.ClaimInput{ID: b.id, Strategy: how})
		return err
	})
}

// as returns the context of a request of b.
func (b *basket) as(key string) context.Context {
	return ident.WithKey(ident.With(context.Background(), b.who), key)
}

// complete completes a cart, again and again until there is an answer.
func (w *world) complete(b *basket, key string) (order.Order, bool) {
	for range 6 {
		var placed checkout.Placed
		err := w.serve("complete "+b.id, func(p *process) error {
			c, err := p.flows.Storefront.Cart(b.as(""), cart.IDInput{ID: b.id})
			if err != nil {
				return err
			}
			in := checkout.CompleteInput{ID: b.id, ExpectedTotal: total(c), Payment: checkout.Means{Method: b.method}}
			placed, err = command(b.as(key), p, checkout.OpComplete, p.flows.Checkout.Complete, in)
			return err
		})
		w.heard("complete", err)
		switch {
		case err == nil:
			if placed.AccessToken != "" {
				b.who.OrderToken = placed.AccessToken
			}
			return placed.Order, true
		case w.putAway(b, err):
			key = w.newID("key")
		case !again(err):
			return order.Order{}, false
		}
		w.sleep(w.between(time.Second, 10*time.Second))
		if w.chance(30) {
			key = w.newID("key")
		}
	}
	return order.Order{}, false
}

func total(c storefront.Cart) money.Amount { return c.Totals.Total }

// again reports whether it makes sense to ask once more.
func again(err error) bool {
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.Conflict, fault.Internal:
		return true
	default:
		return false
	}
}

// heard notes an answer in the story.
func (w *world) heard(what string, err error) {
	if err != nil {
		w.say("%s: %v", what, err)
		w.answers[answer(what, err)]++
		return
	}
	if !w.calm {
		w.say("%s: done", what)
	}
}

func answer(what string, err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return what + ": " + f.Code
	}
	return what + ": an error"
}

// settle does the next thing to pay for a pending order, and returns how the
// order is then, if anybody has said. more is false when the shopper gives up.
func (w *world) settle(b *basket, o order.Order) (next order.Order, more bool) {
	p := o.Payment
	switch {
	case p.Status == "open" && p.Failure == nil && w.atBank(p.Method):
		w.sleep(w.thinking())
		w.confirm(p.ID)
		if w.chance(72) {
			return o, false // and closes the page
		}
		w.sleep(w.between(time.Second, time.Minute))
		return w.refresh(b, o), true
	case p.Failure != nil:
		if w.chance(60) {
			return o, false
		}
		w.sleep(w.between(time.Second, 2*time.Minute))
		return w.pay(b, o), true
	default:
		w.sleep(w.between(time.Second, 3*time.Minute))
		if w.chance(30) {
			return w.pay(b, o), true
		}
		return w.refresh(b, o), true
	}
}

// atBank reports whether a method is one of the bank's.
func (w *world) atBank(method string) bool {
	return slices.ContainsFunc(w.bank.Methods(), func(m payment.Method) bool { return m.ID == method })
}

// thinking is how long a shopper takes at the bank.
func (w *world) thinking() time.Duration {
	if w.chance(62) {
		return w.between(14*time.Minute+10*time.Second, 15*time.Minute+20*time.Second) // the order is about to expire
	}
	return w.between(5*time.Second, 2*time.Minute)
}

// confirm is the shopper who acts at the bank.
func (w *world) confirm(paymentID string) {
	w.step("bank.confirm")
	done, err := w.bank.Confirm(paymentID, w.decision())
	if err != nil {
		w.violate("bank", "confirm: %v", err)
	}
	w.say("confirms %s: %v", paymentID, done)
	w.audit()
}

func (w *world) refresh(b *basket, o order.Order) (now order.Order) {
	err := w.serve("refresh "+o.ID, func(p *process) (err error) {
		now, err = command(b.as(""), p, checkout.OpRefresh, p.flows.Checkout.Refresh, checkout.RefreshInput{ID: o.ID})
		return err
	})
	w.heard("refresh", err)
	return now
}

func (w *world) pay(b *basket, o order.Order) order.Order {
	var placed checkout.Placed
	method, key := w.method(), w.newID("key")
	for range 3 {
		err := w.serve("pay "+o.ID, func(p *process) (err error) {
			in := checkout.PayInput{ID: o.ID, Means: checkout.Means{Method: method}}
			placed, err = command(b.as(key), p, checkout.OpPay, p.flows.Checkout.Pay, in)
			return err
		})
		w.heard("pay", err)
		if err == nil || !again(err) {
			break
		}
		w.sleep(w.between(time.Second, 20*time.Second))
	}
	return placed.Order
}

func (w *world) cancel(b *basket, o order.Order) {
	key := w.newID("key")
	for range 3 {
		err := w.serve("cancel "+o.ID, func(p *process) (err error) {
			_, err = command(b.as(key), p, checkout.OpCancel, p.flows.Checkout.Cancel, checkout.CancelInput{ID: o.ID})
			return err
		})
		w.heard("cancel", err)
		if err == nil || !again(err) {
			return
		}
		w.sleep(w.between(time.Second, 10*time.Second))
	}
}
