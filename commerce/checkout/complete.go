package checkout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/basket"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Complete turns a cart into an order. A cart that was completed answers with
// its order, whatever else is asked. A payment that is declined, or not
// answered, leaves the order pending: look at its payment.
func (e *Engine) Complete(ctx context.Context, in CompleteInput) (Placed, error) {
	if err := OpComplete.Admit(ctx, in); err != nil {
		return Placed{}, err
	}
	const tries = 3 // the cart may change between its quote and its closing
	var err error
	for range tries {
		var c cart.Cart
		if c, err = e.ownCart(ctx, in.ID); err != nil {
			return Placed{}, err
		}
		if c.Status == cart.StatusCompleted {
			return e.again(ctx, c)
		}
		var placed Placed
		placed, err = e.place1(ctx, c, in)
		if !errors.Is(err, cart.ErrStale) {
			return placed, err
		}
	}
	return Placed{}, err
}

// ownCart returns the cart that the caller of ctx may complete. Staff may read
// those of others, and no more.
func (e *Engine) ownCart(ctx context.Context, id string) (cart.Cart, error) {
	if ident.From(ctx).Kind == ident.Staff {
		return cart.Cart{}, cart.ErrNotFound
	}
	return e.Carts.Cart(ctx, cart.IDInput{ID: id})
}

// place1 tries once to place the order of an open cart.
func (e *Engine) place1(ctx context.Context, c cart.Cart, in CompleteInput) (Placed, error) {
	if c.Status != cart.StatusOpen {
		return Placed{}, cart.ErrClosed.With(map[string]string{"status": string(c.Status)})
	}
	now := e.opts.Now().UTC().Truncate(time.Microsecond)
	ports := e.basket()
	ports.At = now
	b, err := ports.Of(inside(ctx), c, false)
	if err != nil {
		return Placed{}, err
	}
	if err := b.Unusable(); err != nil {
		return Placed{}, err
	}
	if err := agreed(b, in.ExpectedTotal); err != nil {
		return Placed{}, err
	}
	method, err := e.methodFor(ctx, b, in.Payment.Method)
	if err != nil {
		return Placed{}, err
	}
	if n, ok := e.Orders.(numbering); ok {
		if err := n.Prepare(inside(ctx)); err != nil {
			return Placed{}, err
		}
	}
	s := newState(b, method, in.Payment.ReturnURL, now)
	for i := range s.Tenders {
		s.Tenders[i].Capture = s.Confirms && e.together()
	}
	e.opts.At("before place")
	err = e.flow.Run(ctx, c.CheckoutID(), s)
	e.opts.At("after place")
	return e.outcome(ctx, c, in, s, err)
}

// methodFor returns the method with this id for a basket. One that gift cards pay
// for may name them as the method.
func (e *Engine) methodFor(ctx context.Context, b basket.Basket, id string) (payment.MethodInfo, error) {
	if t := b.Quote.Totals; id == payment.MethodGiftCard && t.AmountDue.IsZero() && !t.GiftCards.IsZero() {
		return payment.MethodInfo{ID: id, Confirms: true}, nil
	}
	return e.method(ctx, id)
}

// together reports whether an order and its payments are written in one unit of
// work: what is captured there needs no undoing when the order cannot be placed.
func (e *Engine) together() bool {
	here := txn.Of(e.Payments)
	return here != nil && here == txn.Of(e.Orders) && here == txn.Of(e.Journal)
}

// numbering is an order engine in this process: numbers are taken before the
// unit that places, so that orders do not queue for them.
type numbering interface {
	Prepare(ctx context.Context) error
}

// agreed returns nil if the basket lacks nothing and costs what the shopper
// expects.
func agreed(b basket.Basket, expected money.Amount) error {
	var lacks []fault.Item
	for _, r := range b.Requirements() {
		lacks = append(lacks, fault.Item{Code: r.Code, Param: r.Param, Message: r.Message})
	}
	if len(lacks) > 0 {
		return ErrIncomplete.Listing(lacks...)
	}
	total := b.Quote.Totals.Total
	if total == expected {
		return nil
	}
	return changed(expected, total, b.Cart.Version).Listing(append(priceItems(b), codeItems(b)...)...)
}

func changed(expected, actual money.Amount, version int64) *fault.Error {
	return ErrTotalChanged.Saying(fmt.Sprintf("The cart now costs %v, not %v. Nothing was ordered.", actual, expected)).At("/expected_total").
		With(TotalChange{Expected: expected, Actual: actual, CartVersion: version})
}

// priceItems lists the prices that are others than the shopper has seen.
func priceItems(b basket.Basket) []fault.Item {
	seen := map[string]money.Amount{}
	for _, it := range b.Cart.Items {
		seen[it.ID] = it.Price
	}
	var out []fault.Item
	for _, q := range b.Quote.Items {
		if q.Price == nil || *q.Price == seen[q.ID] {
			continue
		}
		meta := map[string]any{"item_id": q.ID, "from": seen[q.ID], "to": *q.Price}
		it := fault.New(fault.Conflict, "cart.price_changed", fmt.Sprintf("%s now costs %v.", b.Variants[q.VariantID].ProductTitle, *q.Price))
		out = append(out, it.At("/expected_total").With(meta).Item())
	}
	return out
}

// codeItems lists the codes that do not count.
func codeItems(b basket.Basket) (out []fault.Item) {
	for _, j := range b.Quote.Codes {
		if !j.Applied {
			rejected := pricing.ErrCodeRejected.Saying(j.Code + ": " + pricing.WhyNot(j.Reason) + ".").At("/expected_total")
			out = append(out, rejected.With(pricing.Rejected{Code: j.Code, Reason: j.Reason}).Item())
		}
	}
	return out
}

// outcome says what came of a run.
func (e *Engine) outcome(ctx context.Context, c cart.Cart, in CompleteInput, s *State, err error) (Placed, error) {
	switch {
	case err == nil:
		return e.withToken(s.Order), nil
	case errors.Is(err, flow.ErrWait), errors.Is(err, flow.ErrStuck):
		return e.reread(ctx, s.Order.ID, waitsFor(err))
	case errors.Is(err, flow.ErrTaken), errors.Is(err, cart.ErrClosed):
		return e.behind(ctx, in.ID)
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && errors.Is(err, pricing.ErrTotalChanged) {
		var m pricing.Changed
		if jsonErr := unmarshal(f.Meta, &m); jsonErr != nil {
			return Placed{}, jsonErr
		}
		return Placed{}, changed(in.ExpectedTotal, m.Actual, c.Version)
	}
	return Placed{}, err
}

// behind answers for a cart that somebody else was faster to complete.
func (e *Engine) behind(ctx context.Context, id string) (Placed, error) {
	c, err := e.ownCart(ctx, id)
	switch {
	case err != nil:
		return Placed{}, err
	case c.Status == cart.StatusCompleted:
		return e.again(ctx, c)
	default:
		return Placed{}, ErrInProgress.After(time.Second)
	}
}

// again answers for a completed cart: with its order, once that is written. If
// the provider has not answered, or whoever should have asked it has died, it is
// asked now.
func (e *Engine) again(ctx context.Context, c cart.Cart) (Placed, error) {
	o, err := e.Orders.Order(inside(ctx), order.IDInput{ID: c.OrderID})
	switch {
	case errors.Is(err, order.ErrNotFound):
		return Placed{}, ErrInProgress.After(time.Second)
	case err != nil:
		return Placed{}, err
	case o.Status == order.StatusCanceled:
		return e.againCanceled(ctx, o)
	case !(Placed{Order: o}).Pending():
		return e.withToken(e.withAction(ctx, o, payment.Payment{})), nil
	}
	waits, err := e.asked(ctx, c.OrderID)
	if err != nil {
		return Placed{}, err
	}
	return e.reread(ctx, c.OrderID, waits)
}

// againCanceled is again for an order that was canceled. One whose placing is
// being undone is no answer: the cart will be open again.
func (e *Engine) againCanceled(ctx context.Context, o order.Order) (Placed, error) {
	run, err := e.Journal.Load(ctx, "checkout", runID(o.ID))
	switch {
	case err != nil:
		return Placed{}, err
	case run.Phase == flow.Undoing:
		return Placed{}, ErrInProgress.After(time.Second)
	default:
		return e.withToken(e.withAction(ctx, o, payment.Payment{})), nil
	}
}

// reread is the answer for whoever may complete the cart, and so may read the
// order.
func (e *Engine) reread(ctx context.Context, id string, waits payment.Payment) (Placed, error) {
	o, err := e.Orders.Order(inside(ctx), order.IDInput{ID: id})
	if err != nil {
		return Placed{}, err
	}
	return e.withToken(e.withAction(ctx, o, waits)), nil
}
