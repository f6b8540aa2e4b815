package payment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// facts writes down what s tells of money that has gone back, is disputed or was
// kept by the provider, in the unit that has p locked. News that is older than
// what is known changes nothing; what cannot be is errMismatch.
func (e *Engine) facts(ctx context.Context, p *Payment, s Snapshot) error {
	for _, news := range s.Refunds {
		if err := e.refundNews(ctx, p, news); err != nil {
			return err
		}
	}
	for _, news := range s.Disputes {
		if err := e.disputeNews(ctx, p, news); err != nil {
			return err
		}
	}
	if s.Display != nil {
		p.Display = s.Display
	}
	switch {
	case p.Status != StatusAuthorized:
		p.CaptureBefore = time.Time{}
	case !s.CaptureBefore.IsZero():
		p.CaptureBefore = s.CaptureBefore.UTC().Truncate(time.Microsecond)
	}
	if s.Fee.Minor > 0 && s.FeeObject != "" {
		return e.line(ctx, *p, Ledger{Kind: LineFee, Object: s.FeeObject, Amount: s.Fee})
	}
	return nil
}

// refundNews applies what a provider tells of one refund. One that nobody here
// has asked for was made at the provider.
func (e *Engine) refundNews(ctx context.Context, p *Payment, s RefundSnapshot) error {
	id := cmp.Or(s.RefundID, ident.DeriveID("ref", p.Provider+" "+s.ProviderID))
	r, err := e.store.Refund(ctx, id)
	if errors.Is(err, ErrRefundNotFound) {
		r, err = e.refundAbroad(ctx, p, id, s)
	}
	if err != nil {
		return err
	}
	return e.moveRefund(ctx, p, &r, s)
}

// refundAbroad writes down a refund that was made at the provider.
func (e *Engine) refundAbroad(ctx context.Context, p *Payment, id string, s RefundSnapshot) (Refund, error) {
	if s.Amount.Currency != p.Amount.Currency || s.Amount.Minor <= 0 {
		return Refund{}, mismatch("%v refunded, %v captured", s.Amount, p.Captured)
	}
	now := e.now()
	r := Refund{ID: id, PaymentID: p.ID, OrderID: p.OrderID, Provider: p.Provider, Status: RefundPending, Amount: s.Amount, Goodwill: money.Zero(p.Amount.Currency),
		Abroad: true, Actor: ident.From(ctx).Origin().String(), CreatedAt: now, UpdatedAt: now}
	if !s.At.IsZero() {
		r.CreatedAt = s.At.UTC()
	}
	p.Refunding.Minor += r.Amount.Minor
	return r, e.store.SaveRefund(ctx, &r)
}

// moveRefund moves r, which is of p, to where s says it is, in the unit that has
// both locked, with the lines and events that follow.
func (e *Engine) moveRefund(ctx context.Context, p *Payment, r *Refund, s RefundSnapshot) error {
	switch {
	case r.PaymentID != p.ID:
		return mismatch("the refund %s is of another payment", r.ID)
	case s.Amount != (money.Amount{}) && s.Amount != r.Amount:
		return mismatch("%v refunded, %v asked for", s.Amount, r.Amount)
	case s.ProviderID != "" && r.ProviderID != "" && s.ProviderID != r.ProviderID:
		return mismatch("the refund is %s at the provider, %s here", s.ProviderID, r.ProviderID)
	case r.Status == RefundFailed && s.Status == RefundSucceeded:
		return mismatch("the refund %s has succeeded at the provider, it failed here", r.ID)
	}
	before := *r
	r.ProviderID = cmp.Or(r.ProviderID, s.ProviderID)
	moved := r.Status != s.Status && RefundTransitions.Allows(r.Status, s.Status)
	if moved {
		r.Status, r.Failure = s.Status, s.Failure
		p.settleRefund(before.Status, *r)
	}
	if !moved && r.ProviderID == before.ProviderID {
		return nil
	}
	if p.Refunded.Minor > p.Captured.Minor {
		return mismatch("%v refunded of %v", p.Refunded, p.Captured)
	}
	r.UpdatedAt = e.now()
	if err := e.store.SaveRefund(ctx, r); err != nil || !moved {
		return err
	}
	if err := e.refundLines(ctx, *p, before.Status, *r); err != nil {
		return err
	}
	return e.store.Record(ctx, e.refundEvent(*p, *r))
}

// settleRefund moves the amount of r between the sums of its payment.
func (p *Payment) settleRefund(from RefundStatus, r Refund) {
	switch from {
	case RefundPending:
		p.Refunding.Minor -= r.Amount.Minor
	case RefundSucceeded:
		p.Refunded.Minor -= r.Amount.Minor
	default: // a failed refund is in no sum
	}
	if r.Status == RefundSucceeded {
		p.Refunded.Minor += r.Amount.Minor
	}
}

// refundLines writes the lines of a refund that has moved.
func (e *Engine) refundLines(ctx context.Context, p Payment, from RefundStatus, r Refund) error {
	object := cmp.Or(r.ProviderID, r.ID)
	if r.Status == RefundFailed {
		if from != RefundSucceeded {
			return nil
		}
		return e.line(ctx, p, Ledger{Kind: LineRefundFailed, Object: object, Amount: r.Amount, Reference: r.ID})
	}
	if r.Goodwill.Minor > 0 {
		if err := e.line(ctx, p, Ledger{Kind: LineGoodwill, Object: object, Amount: r.Goodwill, Reference: r.ID}); err != nil {
			return err
		}
	}
	if rest := r.Amount.Minor - r.Goodwill.Minor; rest > 0 {
		return e.line(ctx, p, Ledger{Kind: LineRefunded, Object: object, Amount: money.New(rest, r.Amount.Currency), Reference: r.ID})
	}
	return nil
}

// line adds a line about p, unless there is one of its kind and object.
func (e *Engine) line(ctx context.Context, p Payment, l Ledger) error {
	l.ID, l.PaymentID, l.OrderID = e.opts.ID("led"), p.ID, p.OrderID
	l.Actor = ident.From(ctx).Origin().String()
	if l.At.IsZero() {
		l.At = e.now()
	}
	if _, err := e.store.Append(ctx, l); err != nil {
		return fmt.Errorf("payment %s: %w", p.ID, err)
	}
	return nil
}

func (e *Engine) refundEvent(p Payment, r Refund) event.Envelope {
	v := RefundV1{Refund: r.ID, Payment: p.ID, Order: p.OrderID, Amount: r.Amount}
	if r.Status == RefundSucceeded {
		return EventRefunded.New(e.opts.ID("evt"), p.ID, r.UpdatedAt, v)
	}
	v.Code = "failed"
	if r.Failure != nil {
		v.Code = r.Failure.Code
	}
	return EventRefundFailed.New(e.opts.ID("evt"), p.ID, r.UpdatedAt, v)
}

// disputeNews applies what a provider tells of one dispute. A dispute that has
// ended does not begin again.
func (e *Engine) disputeNews(ctx context.Context, p *Payment, s Dispute) error {
	if s.Amount.Currency != p.Amount.Currency || s.Amount.Minor <= 0 || s.Amount.Minor > p.Captured.Minor {
		return mismatch("%v disputed of %v", s.Amount, p.Captured)
	}
	p.Disputes = slices.Clone(p.Disputes)
	i := slices.IndexFunc(p.Disputes, func(d Dispute) bool { return d.ProviderID == s.ProviderID })
	known := i >= 0
	if known && (p.Disputes[i].Status != DisputeOpen || s.Status == DisputeOpen) {
		return nil
	}
	s.At = s.At.UTC()
	if known {
		p.Disputes[i].Status = s.Status
	} else {
		p.Disputes = append(p.Disputes, s)
		if err := e.line(ctx, *p, Ledger{Kind: LineDisputed, Object: s.ProviderID, Amount: s.Amount, Reference: s.Reason}); err != nil {
			return err
		}
	}
	if s.Status == DisputeWon {
		if err := e.line(ctx, *p, Ledger{Kind: LineDisputeWon, Object: s.ProviderID, Amount: s.Amount}); err != nil {
			return err
		}
	}
	p.Disputed.Minor = 0
	for _, d := range p.Disputes {
		if d.Status != DisputeWon {
			p.Disputed.Minor += d.Amount.Minor
		}
	}
	return e.store.Record(ctx, EventDisputed.New(e.opts.ID("evt"), p.ID, e.now(),
		DisputeV1{Payment: p.ID, Order: p.OrderID, Dispute: s.ProviderID, Status: s.Status, Amount: s.Amount}))
}

// disputeOpen reports whether a dispute about p has not ended.
func (p Payment) disputeOpen() bool {
	return slices.ContainsFunc(p.Disputes, func(d Dispute) bool { return d.Status == DisputeOpen })
}
