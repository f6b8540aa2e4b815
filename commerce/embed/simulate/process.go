package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/job"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/commerce/txn"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

// errCut is what people get whose request was in a process that died.
var errCut = fault.ErrUnavailable.Because(errors.New("simulate: the connection is cut"))

// process is a program that serves one request at a time, with engines of its
// own. One that has died is never used again.
type process struct {
	w         *world
	shop      *commerce.Shop
	flows     commerce.Flows
	carts     *cart.Engine
	orders    *order.Engine
	payments  *payment.Engine
	mails     *notification.Engine
	index     *storefront.Index
	relays    []*outbox.Relay
	jobs      *job.Runner
	wrap      func(op.Handler) op.Handler
	wire      *loopback.Wire // to the services of Saga, which are in this process too
	serving   bool
	consumers map[string]event.Handler
}

// process returns one that has nothing to do.
func (w *world) process() *process {
	for i, p := range slices.Backward(w.idle) {
		if !p.serving {
			w.idle = slices.Delete(w.idle, i, i+1)
			p.serving = true
			return p
		}
	}
	p := w.boot()
	p.serving = true
	return p
}

// free says that a process has nothing to do.
func (w *world) free(p *process) {
	p.serving = false
	w.idle = append(w.idle, p)
}

// boot starts a process.
func (w *world) boot() *process {
	p := &process{w: w}
	o := commerce.Options{Log: w.Log, Now: w.time, ID: w.newID, Secret: secret, Sanitizer: safehtml.New(), Mailer: devmail.New(),
		Providers: []payment.Provider{offlinepay.New(), w.provider()}, At: func(point string) { w.step("at " + point) },
		Pause: func(_ context.Context, d time.Duration) error { w.sleep(d); return nil }}
	if w.Topology == Saga {
		p.apart(o)
	} else {
		p.together(o)
	}
	if w.Change != nil {
		w.Change(p.shop)
	}
	if w.breaks.services != nil {
		w.breaks.services(w, p.shop)
	}
	w.joined = txn.Of(p.shop.Payments) != nil && txn.Of(p.shop.Payments) == txn.Of(p.shop.Orders)
	p.flows = commerce.AddFlows(p.shop, journal{w.home.Journal, w.home}, o)
	p.index = storefront.NewIndex(p.flows.Storefront)
	p.wrap = idem.Wrap(idemStore{w.keeper(), w.home}, &idem.Options{Now: w.time, Log: w.Log, Refill: map[string]func(context.Context, any) any{
		storefront.OpCreateCart.Name: func(_ context.Context, out any) any { return p.flows.Storefront.WithToken(out.(storefront.Cart)) },
		checkout.OpComplete.Name:     func(ctx context.Context, out any) any { return p.flows.Checkout.Refilled(ctx, out.(checkout.Placed)) },
		checkout.OpPay.Name:          func(ctx context.Context, out any) any { return p.flows.Checkout.Refilled(ctx, out.(checkout.Placed)) },
	}})
	p.work()
	return p
}

// keeper returns what keeps idempotency keys.
func (w *world) keeper() idem.Store {
	if w.breaks.keys != nil {
		return w.breaks.keys(w.home.Idem)
	}
	return w.home.Idem
}

// together puts all engines here.
func (p *process) together(o commerce.Options) {
	p.shop = commerce.Engines(p.w.stores(), o)
	p.carts, p.orders = p.shop.Carts.(*cart.Engine), p.shop.Orders.(*order.Engine)
	p.payments, p.mails = p.shop.Payments.(*payment.Engine), p.shop.Mails.(*notification.Engine)
}

// stores returns the stores of a shop whose engines are together.
func (w *world) stores() commerce.Stores {
	s := w.home.stores()
	if w.Topology == Two {
		other := w.dbs[1].stores()
		s.Catalog, s.Pricing, s.Inventory = other.Catalog, other.Pricing, other.Inventory
	}
	return w.broken(s)
}

func (w *world) broken(s commerce.Stores) commerce.Stores {
	if w.breaks.stores != nil {
		return w.breaks.stores(w, s)
	}
	return s
}

// apart puts each engine behind a wire.
func (p *process) apart(o commerce.Options) {
	w := p.w
	wire := &loopback.Wire{Inject: w.trouble}
	p.wire, w.wires = wire, append(w.wires, p)
	var s commerce.Stores
	s.Orders, s.Mails = w.dbs[0].stores().Orders, w.dbs[0].stores().Mails
	s.Carts, s.Catalog, s.Inventory = w.dbs[1].stores().Carts, w.dbs[2].stores().Catalog, w.dbs[3].stores().Inventory
	s.Pricing, s.Payments = w.dbs[4].stores().Pricing, w.dbs[5].stores().Payments
	s = w.broken(s)
	o.Elsewhere = wire
	engines := func(s commerce.Stores) *commerce.Shop { return commerce.Engines(s, o) }
	orders := engines(commerce.Stores{Orders: s.Orders, Mails: s.Mails})
	p.orders = orders.Orders.(*order.Engine)
	order.Register(wire, p.orders)
	p.mails = orders.Mails.(*notification.Engine)
	p.carts = engines(commerce.Stores{Carts: s.Carts}).Carts.(*cart.Engine)
	cart.Register(wire, p.carts)
	catalog.Register(wire, engines(commerce.Stores{Catalog: s.Catalog}).Catalog)
	inventory.Register(wire, engines(commerce.Stores{Inventory: s.Inventory}).Inventory)
	pricing.Register(wire, engines(commerce.Stores{Pricing: s.Pricing}).Pricing)
	p.payments = engines(commerce.Stores{Payments: s.Payments}).Payments.(*payment.Engine)
	payment.Register(wire, p.payments)
	p.shop = commerce.Remote(wire)
}

// trouble says what happens to a call between services.
func (w *world) trouble(_ context.Context, name string) loopback.Trouble {
	w.step("wire " + name)
	w.outgoing("wire " + name)
	switch {
	case w.dice(WireLost, 1):
		w.tell(w.cur, name, "does not arrive")
		return loopback.LostAsking
	case w.dice(WireUnanswered, 1):
		w.tell(w.cur, name, "will not be answered")
		return loopback.LostAnswer
	case w.dice(WireLate, 1):
		w.tell(w.cur, name, "is on its way")
		return loopback.Late
	default:
		return loopback.None
	}
}

// work makes what a process does besides serving people.
func (p *process) work() {
	w := p.w
	for _, d := range w.dbs {
		p.relays = append(p.relays, outbox.New(outboxStore{d.Outbox, d}, bus{w.bus, w}, &outbox.Options{Now: w.time, Log: w.Log, Parallel: 1}))
	}
	in := inboxStore{w.home.Inbox, w.home}
	once := outbox.Once
	if w.breaks.noInbox {
		once = func(_ outbox.Inbox, _ string, fn event.Handler) event.Handler { return fn }
	}
	p.consumers = map[string]event.Handler{
		"checkout":     outbox.Repeatable(in, "checkout", p.flows.Checkout.React),
		"listing":      outbox.Repeatable(in, "listing", p.list),
		"notification": once(in, "notification", p.mails.Handle),
		"clerk":        once(in, "clerk", p.clerk),
	}
	p.jobs = job.New(jobStore{w.home.Jobs, w.home}, &job.Options{Now: w.time, Log: w.Log})
	for name, fn := range p.periodic() {
		p.jobs.Add(name, time.Second, fn)
	}
}

// clerked are the events that the clerk hears of.
var clerked = []string{order.EventPlaced.Name, order.EventConfirmed.Name, order.EventCanceled.Name, order.EventCompleted.Name}

// clerk writes down what is heard of orders: an effect that counts.
func (p *process) clerk(ctx context.Context, e event.Envelope) error {
	_, err := p.orders.AddNote(ctx, order.AddNoteInput{ID: e.Key, Text: heardOf + e.ID})
	return err
}

// nightly is the work of the night.
const nightly = "payment.compare"

// jobs are the names of the periodic work, in order.
var jobs = []string{"cart.expire", "checkout.expire", "checkout.reconcile", "checkout.sweep", "fulfil.sweep", "idem.sweep", "payment.catch_up", "payment.refunds", "payment.webhooks"}

func (p *process) periodic() map[string]func(context.Context) error {
	w := p.w
	return map[string]func(context.Context) error{
		"checkout.expire":    p.flows.Checkout.Expire,
		"checkout.reconcile": p.flows.Checkout.Reconcile,
		"checkout.sweep":     p.flows.Checkout.Sweep,
		"fulfil.sweep":       p.flows.Fulfil.Sweep,
		"payment.webhooks":   p.payments.Apply,
		"payment.refunds":    p.payments.SendRefunds,
		"payment.catch_up":   p.payments.CatchUp,
		nightly:              p.payments.Compare,
		"cart.expire": func(ctx context.Context) error {
			_, err := p.carts.Expire(ctx, w.now)
			return err
		},
		"idem.sweep": func(ctx context.Context) error {
			_, err := idemStore{w.home.Idem, w.home}.Sweep(ctx, w.now)
			return err
		},
	}
}

// command performs o as a transport does, with idempotency keys honored.
func command[In, Out any](ctx context.Context, p *process, o op.Op[In, Out], fn func(context.Context, In) (Out, error), in In) (out Out, err error) {
	var h op.Handler
	op.Handle(op.RegistrarFunc(func(one op.Handler) { h = p.wrap(one) }), o, fn)
	got, err := h.Call(ctx, &in)
	if err != nil {
		return out, err
	}
	p.w.answered(ctx, o.Name, got)
	out, ok := got.(Out)
	if !ok {
		return out, fmt.Errorf("simulate: %s returns a %T", o.Name, got)
	}
	return out, nil
}
