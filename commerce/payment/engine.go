package payment

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Options change how an Engine works. The zero value is good.
type Options struct {
	Log *slog.Logger               // slog.Default()
	Now func() time.Time           // time.Now
	ID  func(prefix string) string // ident.NewID

	// Holds say, by the id of a method, how long stock is kept for a pending
	// order, in place of the method's own Hold.
	Holds map[string]time.Duration

	// Unlimited lifts the limits of tries, for tests under load.
	Unlimited bool
}

// Engine holds the rules of payments. It is safe for concurrent use.
type Engine struct {
	store     Store
	methods   []way // in the order to show them
	receivers map[string]Receiver
	opts      Options
}

// way is a method and who offers it.
type way struct {
	Method
	provider Provider
}

// offline reports whether there is nobody to ask.
func (w way) offline() bool { return w.Manual || w.Confirms }

var _ Service = (*Engine)(nil)

// New returns an Engine that keeps payments in store. Two providers that offer
// a method of the same id are a mistake of the program and panic. opts may be
// nil.
func New(store Store, providers []Provider, opts *Options) *Engine {
	e := &Engine{store: store, receivers: map[string]Receiver{}}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Log = cmp.Or(e.opts.Log, slog.Default())
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	if e.opts.ID == nil {
		e.opts.ID = ident.NewID
	}
	for _, p := range providers {
		if r, ok := p.(Receiver); ok {
			e.receivers[p.Name()] = r
		}
		for _, m := range p.Methods() {
			if other, ok := e.way(m.ID); ok {
				panic(fmt.Sprintf("payment: %s and %s both offer the method %q", other.provider.Name(), p.Name(), m.ID))
			}
			if hold, ok := e.opts.Holds[m.ID]; ok {
				m.Hold = hold
			}
			e.methods = append(e.methods, way{m, p})
		}
	}
	return e
}

// Scope is the database that the engine writes in.
func (e *Engine) Scope() txn.Scope { return e.store.Scope() }

// way returns the method with this id.
func (e *Engine) way(id string) (way, bool) {
	for _, w := range e.methods {
		if w.ID == id {
			return w, true
		}
	}
	return way{}, false
}

// wayOf returns the method of a stored payment. One whose provider is no longer
// configured cannot be asked about: that is an error of the operator.
func (e *Engine) wayOf(p Payment) (way, error) {
	w, ok := e.way(p.Method)
	if !ok || w.provider.Name() != p.Provider {
		return way{}, ErrUnanswered.Because(fmt.Errorf("payment %s: provider %s with method %s is not configured", p.ID, p.Provider, p.Method))
	}
	return w, nil
}

// now returns the time as it is stored.
func (e *Engine) now() time.Time { return e.opts.Now().UTC().Truncate(time.Microsecond) }

// Methods returns the ways to pay, in the order to show them.
func (e *Engine) Methods(ctx context.Context, in op.Nothing) (MethodsOutput, error) {
	if err := OpMethods.Admit(ctx, in); err != nil {
		return MethodsOutput{}, err
	}
	out := MethodsOutput{Items: make([]MethodInfo, len(e.methods))}
	for i, w := range e.methods {
		least := map[money.Currency]int64{}
		maps.Copy(least, w.Minimum)
		out.Items[i] = MethodInfo{ID: w.ID, Kind: w.Kind, Name: w.Name, HoldSeconds: int64(w.Hold / time.Second),
			Confirms: w.Confirms, Manual: w.Manual, Minimum: least}
	}
	return out, nil
}

// Payment returns one payment, or ErrNotFound.
func (e *Engine) Payment(ctx context.Context, in IDInput) (Payment, error) {
	if err := OpPayment.Admit(ctx, in); err != nil {
		return Payment{}, err
	}
	return e.store.Payment(ctx, in.ID)
}

// Payments returns the payments of some orders, the oldest first.
func (e *Engine) Payments(ctx context.Context, in OrdersInput) (PaymentsOutput, error) {
	if err := OpPayments.Admit(ctx, in); err != nil {
		return PaymentsOutput{}, err
	}
	items, err := e.store.OfOrders(ctx, in.OrderIDs)
	return PaymentsOutput{Items: list(items)}, err
}

// Ledger returns the movements of money of some orders, the oldest first.
func (e *Engine) Ledger(ctx context.Context, in OrdersInput) (LedgerOutput, error) {
	if err := OpLedger.Admit(ctx, in); err != nil {
		return LedgerOutput{}, err
	}
	items, err := e.store.Ledger(ctx, in.OrderIDs)
	return LedgerOutput{Items: list(items)}, err
}

// Unsettled returns payments in creating, processing or unknown that were not
// touched since in.Before, those that waited longest first. Authorize asks
// their providers again.
func (e *Engine) Unsettled(ctx context.Context, in UnsettledInput) (PaymentsOutput, error) {
	if err := OpUnsettled.Admit(ctx, in); err != nil {
		return PaymentsOutput{}, err
	}
	items, err := e.store.Unsettled(ctx, in.Before, in.Limit)
	return PaymentsOutput{Items: list(items)}, err
}

// list returns items as it travels: never null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
