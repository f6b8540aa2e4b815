package checkout

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// refundState is what giving money back has to remember.
type refundState struct {
	Begin order.BeginRefundInput `json:"begin"`
	Force bool                   `json:"force"`
	Parts []order.RefundPart     `json:"parts"`
}

// Input makes every run of one refund the same.
func (s *refundState) Input() any { return []any{s.Begin, s.Force} }

// newRefund returns the flow that gives money back: the order says how much of
// what goes back, and the payments that the money is spoken for. Only then are
// providers asked, which needs no flow: a refund that is written down is asked
// for until there is evidence.
func (e *Engine) newRefund() *flow.Flow[refundState] {
	type step = flow.Step[refundState]
	opts := &flow.Options[refundState]{Now: e.opts.Now, Log: e.opts.Log, Idle: e.opts.Idle}
	return flow.New("refund", e.Journal, opts,
		step{Name: "record", Scope: txn.Of(e.Orders), Do: e.recordRefund, Undo: e.dropRefund},
		step{Name: "open", Scope: txn.Of(e.Payments), Do: e.openRefunds, Undo: e.voidRefunds, Pivot: true},
	)
}

func (e *Engine) recordRefund(ctx context.Context, id string, s *refundState) error {
	o, err := e.Orders.BeginRefund(inside(ctx), s.Begin)
	if err != nil {
		return err
	}
	s.Parts = refundOf(o, id).Payments
	return nil
}

func (e *Engine) dropRefund(ctx context.Context, id string, s *refundState) error {
	_, err := e.Orders.DropRefund(inside(ctx), order.DropRefundInput{ID: s.Begin.ID, RefundID: id})
	return err
}

func (e *Engine) openRefunds(ctx context.Context, _ string, s *refundState) error {
	for _, part := range s.Parts {
		if _, err := e.Payments.OpenRefund(inside(ctx), opening(part, s.Begin.Reason, s.Force)); err != nil {
			return err
		}
	}
	return nil
}

func opening(part order.RefundPart, reason string, force bool) payment.OpenRefundInput {
	return payment.OpenRefundInput{ID: part.ID, PaymentID: part.PaymentID, Amount: part.Amount, Goodwill: part.Goodwill, Reason: reason, Force: force}
}

func (e *Engine) voidRefunds(ctx context.Context, _ string, s *refundState) error {
	late := false
	for _, part := range s.Parts {
		_, err := e.Payments.VoidRefund(inside(ctx), payment.VoidRefundInput{ID: part.ID, PaymentID: part.PaymentID})
		if errors.Is(err, payment.ErrIllegalRefund) {
			late = true // its answer was lost: the money has gone, or may have
			continue
		}
		if err != nil {
			return err
		}
	}
	if late {
		return flow.ErrTooLate
	}
	return nil
}

// refundOf returns the refund of o with this id.
func refundOf(o order.Order, id string) order.Refund {
	for _, r := range o.Refunds {
		if r.ID == id {
			return r
		}
	}
	return order.Refund{}
}

// Refund gives money of an order back. The refund that it returns is pending
// while the provider has not answered, and failed when it has refused.
func (e *Engine) Refund(ctx context.Context, in RefundInput) (order.Refund, error) {
	if err := OpRefund.Admit(ctx, in); err != nil {
		return order.Refund{}, err
	}
	o, err := e.Orders.Order(inside(ctx), order.IDInput{ID: in.ID})
	if err != nil {
		return order.Refund{}, err
	}
	in.ID = o.ID
	id, err := e.refundID(ctx, o.ID)
	if err != nil {
		return order.Refund{}, err
	}
	s := &refundState{Begin: order.BeginRefundInput{RefundInput: in.RefundInput, RefundID: id}, Force: in.Force}
	e.opts.At("before refund")
	if err := e.runRefund(ctx, id, s); err != nil {
		return order.Refund{}, err
	}
	e.opts.At("refund opened")
	return e.sendRefund(ctx, o.ID, id)
}

// refundID returns the id of a refund: of the same one for the same key, unless
// that came to nothing because somebody could not be reached.
func (e *Engine) refundID(ctx context.Context, orderID string) (string, error) {
	key := ident.Key(ctx)
	if key == "" {
		return e.opts.ID("ref"), nil
	}
	return e.refund.Try(ctx, ident.DeriveID("ref", orderID+" "+ident.From(ctx).String()+" "+key))
}

// runRefund runs a refund, and waits a moment for who makes the same one just
// now: both are answered with what came of it.
func (e *Engine) runRefund(ctx context.Context, id string, s *refundState) error {
	begin, force := s.Begin, s.Force
	err := e.refund.Run(ctx, id, s)
	for wait := 10 * time.Millisecond; errors.Is(err, flow.ErrTaken) && wait < 2*time.Second; wait *= 2 {
		if e.opts.Pause(ctx, wait) != nil {
			return err
		}
		err = e.refund.Run(ctx, id, &refundState{Begin: begin, Force: force})
	}
	if errors.Is(err, flow.ErrTaken) {
		return fault.ErrUnavailable.Saying("this refund is being made, ask again in a moment").Because(err)
	}
	return err
}

// sendRefund asks for the parts of a refund that is opened, and tells the order
// how they stand. A lost answer is no error: the payments are asked again later.
func (e *Engine) sendRefund(ctx context.Context, orderID, id string) (order.Refund, error) {
	o, err := e.Orders.Order(inside(ctx), order.IDInput{ID: orderID})
	if err != nil {
		return order.Refund{}, err
	}
	for _, part := range refundOf(o, id).Payments {
		if part.Status != order.RefundPending {
			continue // its payment had nothing left, or it is done
		}
		r, err := e.Payments.SendRefund(inside(ctx), payment.IDInput{ID: part.ID})
		if err != nil && !errors.Is(err, payment.ErrUnanswered) {
			return order.Refund{}, err
		}
		if err == nil {
			if o, err = e.noteRefund(ctx, r); err != nil {
				return order.Refund{}, err
			}
		}
	}
	return refundOf(o, id), nil
}

// noteRefund tells an order how one of its refunds stands, and what its payment
// has left.
func (e *Engine) noteRefund(ctx context.Context, r payment.Refund) (order.Order, error) {
	p, err := e.Payments.Payment(inside(ctx), payment.IDInput{ID: r.PaymentID})
	if err != nil {
		return order.Order{}, err
	}
	if err := e.note(ctx, r.OrderID, p); err != nil {
		return order.Order{}, err
	}
	return e.Orders.NoteRefund(inside(ctx), order.NoteRefundInput{ID: r.OrderID, RefundID: r.ID, PaymentID: r.PaymentID, Status: order.RefundStatus(r.Status),
		Amount: r.Amount, Version: r.Version, Reason: r.Reason, At: r.CreatedAt})
}

// PreviewRefund returns what Refund would give back as things stand.
func (e *Engine) PreviewRefund(ctx context.Context, in order.RefundInput) (order.Refund, error) {
	if err := OpPreviewRefund.Admit(ctx, in); err != nil {
		return order.Refund{}, err
	}
	return e.Orders.PlanRefund(inside(ctx), in)
}

// giveBack refunds all that an order that is canceled still has, once. What the
// payments know counts: the order is told first.
func (e *Engine) giveBack(ctx context.Context, orderID string) error {
	const rounds = 5 // a refund at the provider's may come in between
	for n := 1; n <= rounds; n++ {
		o, err := e.catchUp(ctx, orderID)
		if err != nil {
			return err
		}
		id, begun := backID(o)
		if !begun && !owesBack(o) {
			return nil
		}
		begin := order.BeginRefundInput{RefundInput: order.RefundInput{ID: o.ID, Reason: "the order was canceled"}, RefundID: id}
		o, err = e.Orders.BeginRefund(inside(ctx), begin)
		if errors.Is(err, order.ErrAlreadyRefunded) {
			continue // by somebody else, a moment ago
		}
		if err != nil {
			return err
		}
		all := true
		for _, part := range refundOf(o, id).Payments {
			opened, err := e.openPart(ctx, o.ID, part, begin.Reason)
			if err != nil {
				return err
			}
			all = all && opened
		}
		r, err := e.sendRefund(ctx, o.ID, id)
		if err != nil {
			return err
		}
		if all && r.Status == order.RefundFailed {
			e.opts.Log.ErrorContext(ctx, "checkout: the money of a canceled order cannot be given back", "order", o.ID, "refund", id)
			return nil // payment.refund_failed tells people
		}
	}
	return ErrInProgress
}

// backID returns the id of the refund by which an order that is canceled gives
// back what it has: of one that was begun and cut off before the payments knew
// of it, or of another one.
func backID(o order.Order) (id string, begun bool) {
	name := func(n int) string { return ident.DeriveID("ref", o.ID+" canceled "+strconv.Itoa(n)) }
	for n, r := range o.Refunds {
		cutOff := func(p order.RefundPart) bool { return p.Version == 0 && p.Status == order.RefundPending }
		if r.ID == name(n) && slices.ContainsFunc(r.Payments, cutOff) {
			return r.ID, true
		}
	}
	return name(len(o.Refunds)), false
}

// openPart opens a part of a refund whose order is canceled. One that the payment
// has no money for has failed, and opened is false.
func (e *Engine) openPart(ctx context.Context, orderID string, part order.RefundPart, reason string) (opened bool, err error) {
	_, err = e.Payments.OpenRefund(inside(ctx), opening(part, reason, true))
	if !errors.Is(err, payment.ErrNotRefundable) {
		return err == nil, err
	}
	_, err = e.Orders.NoteRefund(inside(ctx), order.NoteRefundInput{ID: orderID, RefundID: part.ID, PaymentID: part.PaymentID,
		Status: order.RefundFailed, Amount: part.Amount, Version: 1})
	return false, err
}

// owesBack reports whether an order has money that is not on its way back.
func owesBack(o order.Order) bool {
	left := o.Balance.Captured.Minor - o.Balance.Refunded.Minor
	for _, p := range o.Payments {
		left -= p.Refunding.Minor
	}
	return left > 0
}

// catchUp tells an order how its payments and their refunds stand.
func (e *Engine) catchUp(ctx context.Context, orderID string) (order.Order, error) {
	named := payment.OrdersInput{OrderIDs: []string{orderID}}
	all, err := e.Payments.Payments(inside(ctx), named)
	if err != nil {
		return order.Order{}, err
	}
	for _, p := range all.Items {
		if err := e.note(ctx, orderID, p); err != nil {
			return order.Order{}, err
		}
	}
	refunds, err := e.Payments.Refunds(inside(ctx), named)
	if err != nil {
		return order.Order{}, err
	}
	for _, r := range refunds.Items {
		if _, err := e.noteRefund(ctx, r); err != nil {
			return order.Order{}, err
		}
	}
	return e.Orders.Order(inside(ctx), order.IDInput{ID: orderID})
}

// Void makes a payment impossible for which the shop waits.
func (e *Engine) Void(ctx context.Context, in payment.IDInput) (order.Order, error) {
	if err := OpVoid.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	p, err := e.Payments.Payment(inside(ctx), in)
	if err != nil {
		return order.Order{}, err
	}
	o, err := e.Orders.Order(inside(ctx), order.IDInput{ID: p.OrderID})
	if err != nil {
		return order.Order{}, err
	}
	if (o.Status != order.StatusPending || p.GiftCardID != "") && !p.Over() { // the rest of an order is owed beside its gift cards
		return order.Order{}, order.ErrIllegal.Saying("only a pending order's payment can be voided, and no gift card: refund it, or cancel the order").
			With(map[string]order.Status{"from": o.Status, "to": order.StatusCanceling})
	}
	if p, err = e.Payments.Void(inside(ctx), in); err != nil {
		return order.Order{}, err
	}
	if err := e.note(ctx, o.ID, p); err != nil {
		return order.Order{}, err
	}
	if p.Settled() {
		if err := e.resume(ctx, o.ID); err != nil {
			return order.Order{}, err
		}
	}
	return e.Orders.Order(inside(ctx), order.IDInput{ID: o.ID})
}
