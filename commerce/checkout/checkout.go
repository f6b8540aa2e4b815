// Package checkout turns a cart into an order, and an order into a paid one.
//
// Placing is one flow: the cart is closed, the total is confirmed, stock is
// reserved, gift cards pay what they can, the payment of the rest is opened and
// the order is written, in one unit of work where the engines share a database and
// as a saga where they do not. Only then the payment provider is asked. A decline leaves the order pending until its
// hold ends; nothing is released while the payment can still succeed.
package checkout

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/mercer-commerce/mercer/commerce/basket"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Ports are the engines that a checkout needs: here, elsewhere, or some of each.
type Ports struct {
	Catalog  catalog.Service
	Carts    cart.Service
	Prices   pricing.Service
	Stock    inventory.Service
	Payments payment.Service
	Orders   order.Service
	Journal  flow.Journal
}

// Options change how an Engine works. The zero value is good.
type Options struct {
	Log    *slog.Logger               // slog.Default()
	Now    func() time.Time           // time.Now
	ID     func(prefix string) string // ident.NewID
	Secret []byte                     // of order tokens, the same as the order engine's
	// Idle is how long a run may go untouched before Sweep takes it for dead,
	// 1 minute.
	Idle time.Duration
	// Unlimited lifts the limit of payments for one order, for tests under load.
	Unlimited bool
	// At is told the name of each point that a run passes; tests stop there.
	At func(point string)
	// Pause waits before a run that somebody else has is tried again, until d is
	// over or ctx ends, and returns why ctx ended; a timer.
	Pause func(ctx context.Context, d time.Duration) error
}

// Engine places, pays and cancels orders. It is safe for concurrent use.
type Engine struct {
	Ports
	opts   Options
	flow   *flow.Flow[State]
	cancel *flow.Flow[cancelState]
	refund *flow.Flow[refundState]
}

var _ Service = (*Engine)(nil)

// New returns an Engine over ports. opts may be nil.
func New(ports Ports, opts *Options) *Engine {
	e := &Engine{Ports: ports}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Log = cmp.Or(e.opts.Log, slog.Default())
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	e.opts.Idle = cmp.Or(e.opts.Idle, time.Minute)
	if e.opts.At == nil {
		e.opts.At = func(string) {}
	}
	if e.opts.ID == nil {
		e.opts.ID = ident.NewID
	}
	if e.opts.Pause == nil {
		e.opts.Pause = pause
	}
	e.flow, e.cancel, e.refund = e.newFlow(), e.newCancel(), e.newRefund()
	return e
}

// Plan says what commits together, as flow.Flow.Plan does.
func (e *Engine) Plan() string { return e.flow.Plan() }

// newFlow returns the placing flow. The id of a run is the cart and its attempt,
// from which the ids of the order, the payment and the reservation are derived,
// so that doing anything twice is doing it once.
func (e *Engine) newFlow() *flow.Flow[State] {
	type step = flow.Step[State]
	opts := &flow.Options[State]{Now: e.opts.Now, Log: e.opts.Log, Idle: e.opts.Idle, Keep: e.keep}
	return flow.New("checkout", e.Journal, opts,
		step{Name: "close", Scope: txn.Of(e.Carts), Do: e.close, Undo: e.reopen},
		step{Name: "redeem", Scope: txn.Of(e.Prices), Do: e.redeem, Undo: e.restore},
		step{Name: "reserve", Scope: txn.Of(e.Stock), Do: e.reserve, Undo: e.release},
		step{Name: "open", Scope: txn.Of(e.Payments), Do: e.open, Undo: e.unopen},
		step{Name: "place", Scope: txn.Of(e.Orders), Do: e.place, Undo: e.withdraw},
		step{Name: "authorize", Do: e.authorize, Undo: e.void, Pivot: true, When: unsettled},
		step{Name: "settle", Scope: txn.Of(e.Payments), Do: e.settle, When: tendered},
		step{Name: "confirm", Scope: txn.Of(e.Orders), Do: e.confirm, When: paying},
		step{Name: "allocate", Scope: e.withConfirm(), Do: e.allocate, When: unsettled},
	)
}

// withConfirm returns the Scope in which an order is confirmed, if its stock can
// be allocated in the same unit. Elsewhere allocating is a step that leaves: it
// may find that the order has been canceled meanwhile, and has to ask.
func (e *Engine) withConfirm() txn.Scope {
	if s := txn.Of(e.Orders); s == txn.Of(e.Stock) {
		return s
	}
	return nil
}

// basket returns the ports of a basket.
func (e *Engine) basket() basket.Ports {
	return basket.Ports{Catalog: e.Catalog, Stock: e.Stock, Prices: e.Prices, Payments: e.Payments}
}

// inside returns a context in which the checkout itself asks the engines. Each of
// its units of work is repeatable by its own key, so the caller's memo, which
// remembers a single one, stays behind.
func inside(ctx context.Context) context.Context {
	return txn.WithMemo(ident.As(ctx, "checkout"), nil)
}
