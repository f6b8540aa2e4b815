package payment

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// stuckAfter is how long a payment or a refund may wait for evidence.
const stuckAfter = 24 * time.Hour

// checkSums compares every payment that has lines in the time since the last
// look with the sum of all its lines.
func (r *run) checkSums(ctx context.Context) error {
	const mark = "sums"
	from, err := r.window(ctx, mark)
	if err != nil {
		return err
	}
	open, err := r.openBreaks(ctx, BreakSums)
	if err != nil {
		return err
	}
	to, checked := r.now(), map[string]bool{}
	for _, b := range open {
		if err := r.checkPayment(ctx, b.PaymentID, &b); err != nil {
			return err
		}
		checked[b.PaymentID] = true
	}
	err = r.eachPage(ctx, from, to, func(lines []Ledger) error {
		suspects, err := r.unequal(ctx, lines, checked)
		if err != nil {
			return err
		}
		for _, id := range suspects {
			if err := r.checkPayment(ctx, id, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.out.Payments += int64(len(checked))
	return r.store.SetWatermark(ctx, mark, to)
}

// unequal returns the payments with these lines that are not the sum of all
// their lines, as it looks to somebody who locks nothing. Those in checked are
// left out; the others are added.
func (r *run) unequal(ctx context.Context, lines []Ledger, checked map[string]bool) (ids []string, err error) {
	orders := map[string]bool{}
	fresh := map[string]bool{}
	for _, l := range lines {
		if !checked[l.PaymentID] {
			checked[l.PaymentID], fresh[l.PaymentID], orders[l.OrderID] = true, true, true
		}
	}
	of := slices.Sorted(maps.Keys(orders))
	payments, err := r.store.OfOrders(ctx, of)
	if err != nil {
		return nil, err
	}
	all, err := r.store.Ledger(ctx, of)
	if err != nil {
		return nil, err
	}
	for _, p := range payments {
		if fresh[p.ID] && p.sums() != sumsOf(p, all) {
			ids = append(ids, p.ID)
		}
	}
	return ids, nil
}

// checkPayment compares one payment with its lines, with nobody at it meanwhile.
// was is the break about it that is open.
func (r *run) checkPayment(ctx context.Context, id string, was *Break) error {
	var b Break
	differs := false
	err := r.Scope().Do(ctx, func(ctx context.Context) error {
		p, err := r.store.Payment(ctx, id)
		if err != nil {
			return err
		}
		lines, err := r.store.Ledger(ctx, []string{p.OrderID})
		if err != nil {
			return err
		}
		ours, theirs := p.sums(), sumsOf(p, lines)
		differs, b = ours != theirs, r.newBreak(BreakSums, p.ID, p, ours, "ledger: "+theirs)
		return nil
	})
	switch {
	case err != nil:
		return err
	case differs:
		return r.found(ctx, b)
	case was != nil:
		return r.gone(ctx, *was)
	default:
		return nil
	}
}

// sums says what has moved of p.
func (p Payment) sums() string {
	return fmt.Sprintf("captured %v, refunded %v, disputed %v", p.Captured, p.Refunded, p.Disputed)
}

// sumsOf says the same of the lines of p.
func sumsOf(p Payment, lines []Ledger) string {
	none := p.Amount
	none.Minor = 0
	sum := Payment{Captured: none, Refunded: none, Disputed: none}
	for _, l := range lines {
		if l.PaymentID != p.ID {
			continue
		}
		switch l.Kind {
		case LineCaptured:
			sum.Captured.Minor += l.Amount.Minor
		case LineRefunded, LineGoodwill:
			sum.Refunded.Minor += l.Amount.Minor
		case LineRefundFailed:
			sum.Refunded.Minor -= l.Amount.Minor
		case LineDisputed:
			sum.Disputed.Minor += l.Amount.Minor
		case LineDisputeWon:
			sum.Disputed.Minor -= l.Amount.Minor
		}
	}
	return sum.sums()
}

// checkStuck makes breaks of what has waited for evidence for too long.
func (r *run) checkStuck(ctx context.Context) error {
	open, err := r.openBreaks(ctx, BreakStuck)
	if err != nil {
		return err
	}
	const most = 1000
	now := r.now()
	payments, err := r.store.Unsettled(ctx, now.Add(time.Minute), most)
	if err != nil {
		return err
	}
	refunds, err := r.store.PendingRefunds(ctx, now.Add(time.Minute), most)
	if err != nil {
		return err
	}
	var stuck []Break
	for _, p := range payments {
		if p.CreatedAt.Before(now.Add(-stuckAfter)) {
			stuck = append(stuck, r.newBreak(BreakStuck, p.ID, p, fmt.Sprintf("%s since %s, %v", p.Status, p.CreatedAt.Format(time.RFC3339), p.Amount), ""))
		}
	}
	for _, f := range refunds {
		if f.CreatedAt.Before(now.Add(-stuckAfter)) {
			p := Payment{ID: f.PaymentID, OrderID: f.OrderID, Provider: f.Provider}
			stuck = append(stuck, r.newBreak(BreakStuck, f.ID, p, fmt.Sprintf("refund pending since %s, %v", f.CreatedAt.Format(time.RFC3339), f.Amount), ""))
		}
	}
	for _, b := range stuck {
		if err := r.found(ctx, b); err != nil {
			return err
		}
	}
	return r.freed(ctx, open)
}

// freed resolves the breaks whose payment or refund does not wait any more.
func (r *run) freed(ctx context.Context, open []Break) error {
	for _, b := range open {
		waits, err := r.waits(ctx, b)
		if err != nil {
			return err
		}
		if waits {
			continue
		}
		if err := r.gone(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// waits reports whether what a break is about still waits for evidence.
func (r *run) waits(ctx context.Context, b Break) (bool, error) {
	if b.Object != b.PaymentID {
		f, err := r.store.Refund(ctx, b.Object)
		return f.Status == RefundPending, err
	}
	p, err := r.store.Payment(ctx, b.Object)
	switch p.Status {
	case StatusCreating, StatusProcessing, StatusUnknown:
		return true, err
	default:
		return false, err
	}
}
