package simulate

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// paymentStore is a payment.Store whose calls are steps of a schedule.
type paymentStore struct {
	payment.Store
	*database
}

var _ payment.Store = paymentStore{}

// Scope implements payment.Store.
func (s paymentStore) Scope() txn.Scope { return s.scope }

// Record implements event.Recorder.
func (s paymentStore) Record(ctx context.Context, evs ...event.Envelope) error {
	return s.record(ctx, "payments.record", evs, func() error { return s.Store.Record(ctx, evs...) })
}

// Mark implements once.Keys.
func (s paymentStore) Mark(ctx context.Context, op, key string, to once.State) (once.State, error) {
	return ask(ctx, s.database, "payments.mark", writes, func() (once.State, error) { return s.Store.Mark(ctx, op, key, to) })
}

// Payment implements payment.Store.
func (s paymentStore) Payment(ctx context.Context, id string) (payment.Payment, error) {
	return ask(ctx, s.database, "payments.payment", reads, func() (payment.Payment, error) { return s.Store.Payment(ctx, id) })
}

// Save implements payment.Store.
func (s paymentStore) Save(ctx context.Context, p *payment.Payment) error {
	s.w.secretless("payments", p.NextAction)
	return tell(ctx, s.database, "payments.save", writes, func() error { return s.Store.Save(ctx, p) })
}

// OfOrders implements payment.Store.
func (s paymentStore) OfOrders(ctx context.Context, orderIDs []string) ([]payment.Payment, error) {
	return ask(ctx, s.database, "payments.of_orders", reads, func() ([]payment.Payment, error) { return s.Store.OfOrders(ctx, orderIDs) })
}

// OfProvider implements payment.Store.
func (s paymentStore) OfProvider(ctx context.Context, provider, providerID string) (payment.Payment, error) {
	return ask(ctx, s.database, "payments.of_provider", reads, func() (payment.Payment, error) { return s.Store.OfProvider(ctx, provider, providerID) })
}

// Unsettled implements payment.Store.
func (s paymentStore) Unsettled(ctx context.Context, before time.Time, limit int) ([]payment.Payment, error) {
	return ask(ctx, s.database, "payments.unsettled", reads, func() ([]payment.Payment, error) { return s.Store.Unsettled(ctx, before, limit) })
}

// Keep implements payment.Store.
func (s paymentStore) Keep(ctx context.Context, r payment.Received) (bool, error) {
	s.w.writtenJSON("notices", r.ID, r)
	return ask(ctx, s.database, "payments.keep", writes, func() (bool, error) { return s.Store.Keep(ctx, r) })
}

// DueNotices implements payment.Store.
func (s paymentStore) DueNotices(ctx context.Context, now time.Time, limit int) ([]payment.Received, error) {
	return ask(ctx, s.database, "payments.due_notices", reads, func() ([]payment.Received, error) { return s.Store.DueNotices(ctx, now, limit) })
}

// SaveNotice implements payment.Store.
func (s paymentStore) SaveNotice(ctx context.Context, r payment.Received) error {
	return tell(ctx, s.database, "payments.save_notice", writes, func() error { return s.Store.SaveNotice(ctx, r) })
}

// PruneNotices implements payment.Store.
func (s paymentStore) PruneNotices(ctx context.Context, before time.Time) (int64, error) {
	return ask(ctx, s.database, "payments.prune_notices", writes, func() (int64, error) { return s.Store.PruneNotices(ctx, before) })
}

// Notice implements payment.Store.
func (s paymentStore) Notice(ctx context.Context, provider, id string) (payment.Received, error) {
	return ask(ctx, s.database, "payments.notice", reads, func() (payment.Received, error) { return s.Store.Notice(ctx, provider, id) })
}

// Notices implements payment.Store.
func (s paymentStore) Notices(ctx context.Context, state payment.NoticeState, before time.Time, limit int) ([]payment.Received, error) {
	return ask(ctx, s.database, "payments.notices", reads, func() ([]payment.Received, error) { return s.Store.Notices(ctx, state, before, limit) })
}

// ReopenNotice implements payment.Store.
func (s paymentStore) ReopenNotice(ctx context.Context, provider, id string, due time.Time) error {
	return tell(ctx, s.database, "payments.reopen_notice", writes, func() error { return s.Store.ReopenNotice(ctx, provider, id, due) })
}

// Refund implements payment.Store.
func (s paymentStore) Refund(ctx context.Context, id string) (payment.Refund, error) {
	return ask(ctx, s.database, "payments.refund", reads, func() (payment.Refund, error) { return s.Store.Refund(ctx, id) })
}

// SaveRefund implements payment.Store.
func (s paymentStore) SaveRefund(ctx context.Context, r *payment.Refund) error {
	return tell(ctx, s.database, "payments.save_refund", writes, func() error { return s.Store.SaveRefund(ctx, r) })
}

// RefundsOf implements payment.Store.
func (s paymentStore) RefundsOf(ctx context.Context, orderIDs []string) ([]payment.Refund, error) {
	return ask(ctx, s.database, "payments.refunds_of", reads, func() ([]payment.Refund, error) { return s.Store.RefundsOf(ctx, orderIDs) })
}

// PendingRefunds implements payment.Store.
func (s paymentStore) PendingRefunds(ctx context.Context, before time.Time, limit int) ([]payment.Refund, error) {
	return ask(ctx, s.database, "payments.pending_refunds", reads, func() ([]payment.Refund, error) { return s.Store.PendingRefunds(ctx, before, limit) })
}

// Append implements payment.Store.
func (s paymentStore) Append(ctx context.Context, l payment.Ledger) (bool, error) {
	return ask(ctx, s.database, "payments.append", writes, func() (bool, error) { return s.Store.Append(ctx, l) })
}

// Ledger implements payment.Store.
func (s paymentStore) Ledger(ctx context.Context, orderIDs []string) ([]payment.Ledger, error) {
	return ask(ctx, s.database, "payments.ledger", reads, func() ([]payment.Ledger, error) { return s.Store.Ledger(ctx, orderIDs) })
}

// LedgerBetween implements payment.Store.
func (s paymentStore) LedgerBetween(ctx context.Context, from, to time.Time, after payment.Ledger, limit int) ([]payment.Ledger, error) {
	return ask(ctx, s.database, "payments.ledger_between", reads, func() ([]payment.Ledger, error) { return s.Store.LedgerBetween(ctx, from, to, after, limit) })
}

// LinesOf implements payment.Store.
func (s paymentStore) LinesOf(ctx context.Context, objects []string) ([]payment.Ledger, error) {
	return ask(ctx, s.database, "payments.lines_of", reads, func() ([]payment.Ledger, error) { return s.Store.LinesOf(ctx, objects) })
}

// SeeBreak implements payment.Store.
func (s paymentStore) SeeBreak(ctx context.Context, b payment.Break) (bool, error) {
	return ask(ctx, s.database, "payments.see_break", writes, func() (bool, error) { return s.Store.SeeBreak(ctx, b) })
}

// Break implements payment.Store.
func (s paymentStore) Break(ctx context.Context, id string) (payment.Break, error) {
	return ask(ctx, s.database, "payments.break", reads, func() (payment.Break, error) { return s.Store.Break(ctx, id) })
}

// SaveBreak implements payment.Store.
func (s paymentStore) SaveBreak(ctx context.Context, b *payment.Break) error {
	return tell(ctx, s.database, "payments.save_break", writes, func() error { return s.Store.SaveBreak(ctx, b) })
}

// Breaks implements payment.Store.
func (s paymentStore) Breaks(ctx context.Context, f payment.BreakFilter) ([]payment.Break, error) {
	return ask(ctx, s.database, "payments.breaks", reads, func() ([]payment.Break, error) { return s.Store.Breaks(ctx, f) })
}

// Watermark implements payment.Store.
func (s paymentStore) Watermark(ctx context.Context, name string) (time.Time, error) {
	return ask(ctx, s.database, "payments.watermark", reads, func() (time.Time, error) { return s.Store.Watermark(ctx, name) })
}

// SetWatermark implements payment.Store.
func (s paymentStore) SetWatermark(ctx context.Context, name string, at time.Time) error {
	return tell(ctx, s.database, "payments.set_watermark", writes, func() error { return s.Store.SetWatermark(ctx, name, at) })
}

// Authorized implements payment.Store.
func (s paymentStore) Authorized(ctx context.Context, after payment.Payment, limit int) ([]payment.Payment, error) {
	return ask(ctx, s.database, "payments.authorized", reads, func() ([]payment.Payment, error) { return s.Store.Authorized(ctx, after, limit) })
}

// NoticesAbout implements payment.Store.
func (s paymentStore) NoticesAbout(ctx context.Context, payments []payment.Payment, limit int) ([]payment.Received, error) {
	return ask(ctx, s.database, "payments.notices_about", reads, func() ([]payment.Received, error) { return s.Store.NoticesAbout(ctx, payments, limit) })
}

// Backlog implements payment.Store.
func (s paymentStore) Backlog(ctx context.Context) (payment.Backlog, error) {
	return ask(ctx, s.database, "payments.backlog", reads, func() (payment.Backlog, error) { return s.Store.Backlog(ctx) })
}

// GiftCard implements payment.Store.
func (s paymentStore) GiftCard(ctx context.Context, id string) (payment.GiftCard, error) {
	return ask(ctx, s.database, "payments.gift_card", reads, func() (payment.GiftCard, error) { return s.Store.GiftCard(ctx, id) })
}

// GiftCardsOf implements payment.Store.
func (s paymentStore) GiftCardsOf(ctx context.Context, ids []string) ([]payment.GiftCard, error) {
	return ask(ctx, s.database, "payments.gift_cards_of", reads, func() ([]payment.GiftCard, error) { return s.Store.GiftCardsOf(ctx, ids) })
}

// GiftCardByHash implements payment.Store.
func (s paymentStore) GiftCardByHash(ctx context.Context, hash []byte) (payment.GiftCard, error) {
	return ask(ctx, s.database, "payments.gift_card_by_hash", reads, func() (payment.GiftCard, error) { return s.Store.GiftCardByHash(ctx, hash) })
}

// SaveGiftCard implements payment.Store.
func (s paymentStore) SaveGiftCard(ctx context.Context, c *payment.GiftCard) error {
	s.w.writtenJSON("gift cards", c.ID, c)
	return tell(ctx, s.database, "payments.save_gift_card", writes, func() error { return s.Store.SaveGiftCard(ctx, c) })
}

// GiftCards implements payment.Store.
func (s paymentStore) GiftCards(ctx context.Context, after string, limit int) ([]payment.GiftCard, error) {
	return ask(ctx, s.database, "payments.gift_cards", reads, func() ([]payment.GiftCard, error) { return s.Store.GiftCards(ctx, after, limit) })
}

// MoveGiftCard implements payment.Store.
func (s paymentStore) MoveGiftCard(ctx context.Context, m payment.GiftCardMove) (bool, error) {
	return ask(ctx, s.database, "payments.move_gift_card", writes, func() (bool, error) { return s.Store.MoveGiftCard(ctx, m) })
}

// GiftCardMoves implements payment.Store.
func (s paymentStore) GiftCardMoves(ctx context.Context, cardID string) ([]payment.GiftCardMove, error) {
	return ask(ctx, s.database, "payments.gift_card_moves", reads, func() ([]payment.GiftCardMove, error) { return s.Store.GiftCardMoves(ctx, cardID) })
}

// Attempt implements payment.Store.
func (s paymentStore) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (bool, time.Duration, error) {
	return ask2(ctx, s.database, "payments.attempt", writes, func() (bool, time.Duration, error) { return s.Store.Attempt(ctx, key, now, window, limit) })
}

// ForgetAttempts implements payment.Store.
func (s paymentStore) ForgetAttempts(ctx context.Context, before time.Time) error {
	return tell(ctx, s.database, "payments.forget_attempts", writes, func() error { return s.Store.ForgetAttempts(ctx, before) })
}
