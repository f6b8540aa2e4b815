package order

import (
	"context"
	"slices"
)

// Confirm says that o may be shipped and emits EventConfirmed. An order that is
// confirmed already is left alone. It returns ErrNotFound, or ErrIllegal for an
// order that is being canceled or was.
func (e *Engine) Confirm(ctx context.Context, in IDInput) (Order, error) {
	if err := OpConfirm.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.change(ctx, e.named(in.ID), func(_ context.Context, t *task) error {
		switch t.Status {
		case StatusConfirmed, StatusCompleted:
			return nil
		case StatusPending:
			return t.confirm()
		default:
			return illegal(t.Status, StatusConfirmed)
		}
	})
}

func (t *task) confirm() error {
	if err := t.move(StatusConfirmed, ""); err != nil {
		return err
	}
	t.ExpiresAt = nil
	announce(t, EventConfirmed, t.about())
	return nil
}

// BeginCancel turns an order to canceling: nothing can be shipped any more, and
// the payment can be made impossible in peace. An order that is canceling or
// canceled is left alone, with the reason it has. It returns ErrNotFound,
// ErrIllegal, ErrInFulfillment once a fulfillment was made that is not
// canceled, or ErrStale.
func (e *Engine) BeginCancel(ctx context.Context, in CancelInput) (Order, error) {
	if err := OpBeginCancel.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.change(ctx, e.named(in.ID), func(_ context.Context, t *task) error {
		// A repeat names the version before the first time.
		if t.Status == StatusCanceling || t.Status == StatusCanceled {
			return nil
		}
		if err := t.fresh(in.Version); err != nil {
			return err
		}
		return t.beginCancel(in.Reason)
	})
}

func (t *task) beginCancel(reason string) error {
	before := t.Status
	if !Transitions.Allows(before, StatusCanceling) {
		return illegal(before, StatusCanceling)
	}
	if slices.ContainsFunc(t.Fulfillments, func(f Fulfillment) bool { return f.Status != FulCanceled }) {
		return ErrInFulfillment
	}
	t.Before, t.From, t.Since, t.CancelReason = before, t.was.Version, t.now, &reason
	return t.move(StatusCanceling, reason)
}

// FinishCancel ends a cancellation and emits EventCanceled. A canceled order is
// left alone. It returns ErrNotFound, or ErrIllegal for an order that nobody
// has begun to cancel.
func (e *Engine) FinishCancel(ctx context.Context, in IDInput) (Order, error) {
	if err := OpFinishCancel.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.change(ctx, e.named(in.ID), func(_ context.Context, t *task) error {
		switch t.Status {
		case StatusCanceled:
			return nil
		case StatusCanceling:
			return t.finishCancel()
		default:
			return illegal(t.Status, StatusCanceled)
		}
	})
}

func (t *task) finishCancel() error {
	reason := ""
	if t.CancelReason != nil {
		reason = *t.CancelReason
	}
	if err := t.move(StatusCanceled, reason); err != nil {
		return err
	}
	t.ExpiresAt = nil
	for i := range t.Items {
		t.Items[i].Quantities.Canceled = t.Items[i].Quantity
	}
	announce(t, EventCanceled, CanceledV1{Order: t.ID, Number: t.Number, Email: t.Email, Locale: t.Locale, Reason: reason})
	return nil
}

// KeepAfterAll turns a canceling order back to what it was. One that nobody
// cancels is left alone. It returns ErrNotFound, or ErrIllegal for an order
// that is canceled.
func (e *Engine) KeepAfterAll(ctx context.Context, in KeepAfterAllInput) (Order, error) {
	if err := OpKeepAfterAll.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.change(ctx, e.named(in.ID), func(_ context.Context, t *task) error {
		if in.From != 0 && in.From != t.From {
			return nil
		}
		switch t.Status {
		case StatusPending, StatusConfirmed, StatusCompleted:
			return nil
		case StatusCanceling:
			return t.keep()
		default:
			return illegal(t.Status, StatusConfirmed)
		}
	})
}

// keep turns a canceling order back to what it was.
func (t *task) keep() error {
	t.CancelReason = nil
	return t.move(t.Before, "")
}
