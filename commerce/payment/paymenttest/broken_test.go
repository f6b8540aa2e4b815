package paymenttest_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// missing returns what stands for a row that is not there, without its guard.
func missing[T any](b *broken, guard string, v T, err, missed error) (T, error) {
	if b.without == guard && errors.Is(err, missed) {
		return v, nil
	}
	return v, err
}

// unlocked returns what the first caller has read, as a store may without locks.
func unlocked[T any](b *broken, kept **T, v T) T {
	b.mu.Lock()
	defer b.mu.Unlock()
	if *kept == nil {
		*kept = &v
	}
	return **kept
}

func (b *broken) Notice(ctx context.Context, provider, id string) (payment.Received, error) {
	r, err := b.Payments.Notice(ctx, provider, id)
	return missing(b, "NoticeFound", r, err, payment.ErrNoticeNotFound)
}

func (b *broken) Notices(ctx context.Context, state payment.NoticeState, before time.Time, limit int) ([]payment.Received, error) {
	if b.without == "NoticesSeen" {
		before = before.Add(time.Microsecond)
	}
	return b.Payments.Notices(ctx, state, before, limit)
}

func (b *broken) ReopenNotice(ctx context.Context, provider, id string, due time.Time) error {
	err := b.Payments.ReopenNotice(ctx, provider, id, due)
	if b.without == "NoticeReopened" && errors.Is(err, payment.ErrNoticeNotFound) {
		return nil
	}
	return err
}

func (b *broken) Refund(ctx context.Context, id string) (payment.Refund, error) {
	r, err := b.Payments.Refund(ctx, id)
	switch b.without {
	case "RefundRoundTrip":
		r.Abroad = false
	case "RefundsQueue":
		return unlocked(b, &b.firstRefund, r), err
	}
	return missing(b, "RefundNotFound", r, err, payment.ErrRefundNotFound)
}

func (b *broken) SaveRefund(ctx context.Context, r *payment.Refund) error {
	if b.without == "RefundKeepsUnit" {
		return b.Do(ctx, func(ctx context.Context) error { return b.Payments.SaveRefund(ctx, r) })
	}
	err := b.Payments.SaveRefund(ctx, r)
	switch {
	case b.without == "RefundStale" && errors.Is(err, payment.ErrStale):
		now, err := b.Payments.Refund(ctx, r.ID)
		r.Version = now.Version
		return errors.Join(err, b.Payments.SaveRefund(ctx, r))
	case errors.Is(err, payment.ErrTaken) && (b.without == "RefundIDOnce" || b.without == "RefundIDWins"):
		return nil
	}
	return err
}

func (b *broken) RefundsOf(ctx context.Context, ids []string) ([]payment.Refund, error) {
	if b.without == "RefundsOf" && len(ids) > 1 {
		ids = ids[:1]
	}
	return b.Payments.RefundsOf(ctx, ids)
}

func (b *broken) PendingRefunds(ctx context.Context, before time.Time, limit int) ([]payment.Refund, error) {
	if b.without == "RefundsPending" {
		before = before.Add(time.Microsecond)
	}
	return b.Payments.PendingRefunds(ctx, before, limit)
}

func (b *broken) LedgerBetween(ctx context.Context, from, to time.Time, after payment.Ledger, limit int) ([]payment.Ledger, error) {
	if b.without == "LedgerBetween" {
		after.ID = ""
	}
	return b.Payments.LedgerBetween(ctx, from, to, after, limit)
}

func (b *broken) LinesOf(ctx context.Context, objects []string) ([]payment.Ledger, error) {
	if b.without == "LinesOf" && len(objects) > 1 {
		objects = objects[:1]
	}
	return b.Payments.LinesOf(ctx, objects)
}

func (b *broken) SeeBreak(ctx context.Context, br payment.Break) (bool, error) {
	news, err := b.Payments.SeeBreak(ctx, br)
	return (news || b.without == "BreakOnce" || b.without == "BreakWins") && b.without != "BreakAgain", err
}

func (b *broken) Break(ctx context.Context, id string) (payment.Break, error) {
	br, err := b.Payments.Break(ctx, id)
	switch b.without {
	case "BreaksQueue":
		return unlocked(b, &b.firstBreak, br), err
	case "BreakRoundTrip":
		br.Note = ""
	}
	return br, err
}

func (b *broken) SaveBreak(ctx context.Context, br *payment.Break) error {
	err := b.Payments.SaveBreak(ctx, br)
	if b.without == "BreakStale" && errors.Is(err, payment.ErrStale) {
		return nil
	}
	return err
}

func (b *broken) Breaks(ctx context.Context, f payment.BreakFilter) ([]payment.Break, error) {
	if b.without == "Breaks" {
		f.OrderID = ""
	}
	return b.Payments.Breaks(ctx, f)
}

func (b *broken) SetWatermark(ctx context.Context, name string, at time.Time) error {
	was, err := b.Payments.Watermark(ctx, name)
	if b.without == "Watermark" && at.Before(was) {
		return err
	}
	return b.Payments.SetWatermark(ctx, name, at)
}

func (b *broken) GiftCard(ctx context.Context, id string) (payment.GiftCard, error) {
	c, err := b.Payments.GiftCard(ctx, id)
	switch b.without {
	case "GiftCardRoundTrip":
		c.ExpiresAt = nil
	case "GiftCardSpentOnce":
		return unlocked(b, &b.firstCard, c), err
	}
	return missing(b, "GiftCardNotFound", c, err, payment.ErrGiftCardNotFound)
}

func (b *broken) SaveGiftCard(ctx context.Context, c *payment.GiftCard) error {
	if b.without == "GiftCardKeepsUnit" {
		return b.Do(ctx, func(ctx context.Context) error { return b.Payments.SaveGiftCard(ctx, c) })
	}
	err := b.Payments.SaveGiftCard(ctx, c)
	switch {
	case b.without == "GiftCardStale" && errors.Is(err, payment.ErrStale):
		now, err := b.Payments.GiftCard(ctx, c.ID)
		c.Version = now.Version
		return errors.Join(err, b.Payments.SaveGiftCard(ctx, c))
	case errors.Is(err, payment.ErrTaken) && (b.without == "GiftCodeOnce" || b.without == "GiftCodeWins"), b.without == "GiftCardBounds":
		return nil
	}
	return err
}

func (b *broken) GiftCards(ctx context.Context, after string, limit int) ([]payment.GiftCard, error) {
	if b.without == "GiftCards" {
		after = ""
	}
	return b.Payments.GiftCards(ctx, after, limit)
}

func (b *broken) MoveGiftCard(ctx context.Context, m payment.GiftCardMove) (bool, error) {
	added, err := b.Payments.MoveGiftCard(ctx, m)
	return added || b.without == "MoveOnce" || b.without == "MoveWins", err
}

func (b *broken) GiftCardMoves(ctx context.Context, id string) ([]payment.GiftCardMove, error) {
	found, err := b.Payments.GiftCardMoves(ctx, id)
	if b.without == "GiftCardMoves" {
		slices.Reverse(found)
	}
	return found, err
}

func (b *broken) GiftCardsOf(ctx context.Context, ids []string) ([]payment.GiftCard, error) {
	if b.without == "GiftCardsOf" && len(ids) > 1 {
		ids = ids[:1]
	}
	return b.Payments.GiftCardsOf(ctx, ids)
}

func (b *broken) Authorized(ctx context.Context, after payment.Payment, limit int) ([]payment.Payment, error) {
	if b.without == "Authorized" {
		after.ID = ""
	}
	return b.Payments.Authorized(ctx, after, limit)
}

func (b *broken) NoticesAbout(ctx context.Context, payments []payment.Payment, limit int) ([]payment.Received, error) {
	if b.without == "NoticesAbout" && len(payments) > 1 {
		payments = payments[:1]
	}
	return b.Payments.NoticesAbout(ctx, payments, limit)
}

func (b *broken) Backlog(ctx context.Context) (payment.Backlog, error) {
	all, err := b.Payments.Backlog(ctx)
	if b.without == "Backlog" {
		all.Breaks++
	}
	return all, err
}

func (b *broken) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (bool, time.Duration, error) {
	if b.without == "AttemptLimit" || b.without == "AttemptExact" {
		limit++
	}
	return b.Payments.Attempt(ctx, key, now, window, limit)
}

func (b *broken) ForgetAttempts(ctx context.Context, before time.Time) error {
	if b.without == "AttemptsForgotten" {
		return nil
	}
	return b.Payments.ForgetAttempts(ctx, before)
}
