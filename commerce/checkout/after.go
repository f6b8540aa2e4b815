package checkout

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// runID returns the id of the run that placed an order: the inverse of orderID.
func runID(order string) string {
	ulid, attempt, ok := strings.Cut(strings.TrimPrefix(order, "ord_"), "-")
	if !ok {
		attempt = "1"
	}
	return "cart_" + ulid + "." + attempt
}

// resume goes on with the run of an order. That it still waits, or runs
// elsewhere, is no error.
func (e *Engine) resume(ctx context.Context, orderID string) error {
	_, err := e.asked(ctx, orderID)
	return err
}

// asked is resume, and returns the payment that the run still waits for.
func (e *Engine) asked(ctx context.Context, orderID string) (payment.Payment, error) {
	err := e.insist(ctx, runID(orderID))
	if errors.Is(err, flow.ErrTaken) || errors.Is(err, flow.ErrStuck) || errors.Is(err, flow.ErrWait) {
		return waitsFor(err), nil
	}
	return payment.Payment{}, err
}

// waitsFor returns the payment for which a run waits that has ended with err.
func waitsFor(err error) payment.Payment {
	if u, ok := errors.AsType[*unpaid](err); ok {
		return u.payment
	}
	return payment.Payment{}
}

// insist goes on with a run, and waits a moment for who has it just now: the
// answer is to show what came of it.
func (e *Engine) insist(ctx context.Context, run string) error {
	err := e.flow.Resume(ctx, run, new(State))
	for wait := 10 * time.Millisecond; errors.Is(err, flow.ErrTaken) && wait < time.Second; wait *= 2 {
		if e.opts.Pause(ctx, wait) != nil {
			return err
		}
		err = e.flow.Resume(ctx, run, new(State))
	}
	return err
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// own returns the order that the caller of ctx may change: a shopper's own, or
// any for staff who may write orders.
func (e *Engine) own(ctx context.Context, id string) (order.Order, error) {
	const scope = "orders:write"
	if who := ident.From(ctx); who.Kind == ident.Staff {
		if !who.May(scope) {
			return order.Order{}, fault.ErrDenied.With(map[string]string{"scope": scope})
		}
		ctx = inside(ctx)
	}
	return e.Orders.Order(ctx, order.IDInput{ID: id})
}

// Pay tries another payment for a pending order.
func (e *Engine) Pay(ctx context.Context, in PayInput) (Placed, error) {
	if err := OpPay.Admit(ctx, in); err != nil {
		return Placed{}, err
	}
	o, err := e.own(ctx, in.ID)
	if err != nil {
		return Placed{}, err
	}
	method, err := e.method(ctx, in.Method)
	if err != nil {
		return Placed{}, err
	}
	settled, next, err := e.clear(ctx, o)
	if err != nil {
		return Placed{}, err
	}
	var p payment.Payment
	if !settled {
		open := payment.OpenInput{ID: next, OrderID: o.ID, Method: method.ID, Amount: o.Totals.AmountDue, ReturnURL: in.ReturnURL, ExpiresAt: *o.ExpiresAt}
		if p, err = e.Payments.Open(inside(ctx), open); err != nil {
			return Placed{}, err
		}
		if err := e.note(ctx, o.ID, p); err != nil {
			return Placed{}, err
		}
	}
	waits, err := e.asked(ctx, o.ID)
	if err != nil {
		if over, voidErr := e.late(ctx, p); over || voidErr != nil {
			return Placed{}, errors.Join(ErrNotPayable.With(map[string]string{"status": string(order.StatusCanceled)}), voidErr)
		}
		return Placed{}, err
	}
	return e.reread(ctx, o.ID, waits)
}

// late makes a payment impossible that was opened when its order had just been
// canceled, and reports whether that is so.
func (e *Engine) late(ctx context.Context, p payment.Payment) (bool, error) {
	if p.ID == "" || p.Over() {
		return false, nil
	}
	o, err := e.Orders.Order(inside(ctx), order.IDInput{ID: p.OrderID})
	if err != nil || o.Status != order.StatusCanceled {
		return false, err
	}
	if p, err = e.Payments.Void(inside(ctx), payment.IDInput{ID: p.ID}); err != nil {
		return true, err
	}
	return true, e.note(ctx, o.ID, p)
}

// clear makes the payments of a pending order impossible, but for gift cards.
// settled says that one of them has succeeded; next is the id of the payment after
// them.
func (e *Engine) clear(ctx context.Context, o order.Order) (settled bool, next string, err error) {
	if o.Status != order.StatusPending || o.ExpiresAt == nil || !e.opts.Now().Before(*o.ExpiresAt) {
		return false, "", ErrNotPayable.With(map[string]string{"status": string(o.Status)})
	}
	all, err := e.Payments.Payments(inside(ctx), payment.OrdersInput{OrderIDs: []string{o.ID}})
	if err != nil {
		return false, "", err
	}
	if err := e.tooMany(all.Items); err != nil {
		return false, "", err
	}
	for _, p := range all.Items {
		if p.GiftCardID != "" {
			continue // it pays its part, whatever pays the rest
		}
		if !p.Over() {
			if p, err = e.Payments.Void(inside(ctx), payment.IDInput{ID: p.ID}); err != nil {
				return false, "", err
			}
			if err := e.note(ctx, o.ID, p); err != nil {
				return false, "", err
			}
		}
		settled = settled || p.Settled()
	}
	return settled, paymentID(o.ID, len(all.Items)+1), nil
}

// triesAnHour is how many payments may be opened for one order in an hour: who
// tries more tries cards.
const triesAnHour = 10

// tooMany returns ErrTooManyPayments when no other payment may be opened now.
func (e *Engine) tooMany(ps []payment.Payment) error {
	if e.opts.Unlimited {
		return nil
	}
	since := e.opts.Now().Add(-time.Hour)
	var recent []time.Time
	for _, p := range ps {
		if p.GiftCardID == "" && p.CreatedAt.After(since) {
			recent = append(recent, p.CreatedAt)
		}
	}
	if len(recent) < triesAnHour {
		return nil
	}
	return ErrTooManyPayments.After(slices.MinFunc(recent, time.Time.Compare).Sub(since))
}

// Refresh asks the provider again.
func (e *Engine) Refresh(ctx context.Context, in RefreshInput) (order.Order, error) {
	if err := OpRefresh.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	o, err := e.own(ctx, in.ID)
	if err != nil {
		return order.Order{}, err
	}
	var waits payment.Payment
	if o.Status == order.StatusPending {
		if waits, err = e.asked(ctx, o.ID); err != nil {
			return order.Order{}, err
		}
	}
	p, err := e.reread(ctx, o.ID, waits)
	return p.Order, err
}

// Capture takes or records money and confirms the order when it is enough.
func (e *Engine) Capture(ctx context.Context, in payment.CaptureInput) (order.Order, error) {
	if err := OpCapture.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	in.Key = cmp.Or(in.Key, ident.Key(ctx), e.opts.ID("cap"))
	p, err := e.Payments.Capture(inside(ctx), in)
	if err != nil {
		return order.Order{}, err
	}
	if err := e.note(ctx, p.OrderID, p); err != nil {
		return order.Order{}, err
	}
	if p.Settled() {
		if err := e.resume(ctx, p.OrderID); err != nil {
			return order.Order{}, err
		}
	}
	return e.Orders.Order(inside(ctx), order.IDInput{ID: p.OrderID})
}

func unmarshal(data json.RawMessage, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("checkout: meta: %w", err)
	}
	return nil
}
