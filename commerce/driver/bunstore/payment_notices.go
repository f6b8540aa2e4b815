package bunstore

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// OfProvider implements payment.Store. The comparison of the servers ignores
// spaces at the end of an id.
func (s Payments) OfProvider(ctx context.Context, provider, providerID string) (payment.Payment, error) {
	found, err := s.read(ctx, `SELECT doc FROM {payment} WHERE provider = ? AND provider_id = ?`, provider, providerID)
	if err != nil {
		return payment.Payment{}, err
	}
	if len(found) == 0 || found[0].ProviderID != providerID {
		return payment.Payment{}, payment.ErrNotFound
	}
	return found[0], nil
}

type noticeRow struct {
	bun.BaseModel `bun:"webhook_inbox"`
	Provider      string `bun:"provider"`
	EventID       string `bun:"event_id"`
	Type          string `bun:"type"`
	PaymentID     string `bun:"payment_id"`
	ProviderID    string `bun:"provider_id"`
	State         string `bun:"state"`
	Attempts      int    `bun:"attempts"`
	Received      int64  `bun:"received"`
	Due           *int64 `bun:"due"`
	Error         string `bun:"error"`
}

func newNoticeRow(r payment.Received) noticeRow {
	row := noticeRow{Provider: r.Provider, EventID: r.ID, Type: r.Type, PaymentID: r.PaymentID, ProviderID: r.ProviderID,
		State: string(r.State), Attempts: r.Attempts, Received: micros(r.ReceivedAt), Error: r.Error}
	if !r.DueAt.IsZero() {
		row.Due = new(micros(r.DueAt))
	}
	return row
}

func (r noticeRow) received() payment.Received {
	out := payment.Received{Notice: payment.Notice{ID: r.EventID, Type: r.Type, PaymentID: r.PaymentID, ProviderID: r.ProviderID},
		Provider: r.Provider, State: payment.NoticeState(r.State), Attempts: r.Attempts, ReceivedAt: fromMicros(r.Received), Error: r.Error}
	if r.Due != nil {
		out.DueAt = fromMicros(*r.Due)
	}
	return out
}

// Keep implements payment.Store.
func (s Payments) Keep(ctx context.Context, r payment.Received) (bool, error) {
	row := newNoticeRow(r)
	err := s.insert(ctx, "webhook_inbox", &row)
	if isDuplicate(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("keep notice %s of %s: %w", r.ID, r.Provider, err)
	}
	return true, nil
}

// DueNotices implements payment.Store.
func (s Payments) DueNotices(ctx context.Context, now time.Time, limit int) ([]payment.Received, error) {
	return s.readNotices(ctx, ` WHERE due <= ? ORDER BY due, received, provider, event_id LIMIT ?`, micros(now), limit)
}

func (s Payments) readNotices(ctx context.Context, tail string, args ...any) ([]payment.Received, error) {
	var rows []noticeRow
	err := s.scan(ctx, &rows, `SELECT provider, event_id, type, payment_id, provider_id, state, attempts, received, due, error FROM {webhook_inbox}`+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	out := make([]payment.Received, len(rows))
	for i, r := range rows {
		out[i] = r.received()
	}
	return out, nil
}

// Notice implements payment.Store. The comparison of the servers ignores spaces
// at the end of an id.
func (s Payments) Notice(ctx context.Context, provider, id string) (payment.Received, error) {
	found, err := s.readNotices(ctx, ` WHERE provider = ? AND event_id = ?`, provider, id)
	if err != nil {
		return payment.Received{}, err
	}
	if len(found) == 0 || found[0].Provider != provider || found[0].ID != id {
		return payment.Received{}, payment.ErrNoticeNotFound
	}
	return found[0], nil
}

// Notices implements payment.Store.
func (s Payments) Notices(ctx context.Context, state payment.NoticeState, before time.Time, limit int) ([]payment.Received, error) {
	where := conditions{}
	where.add(`received < ?`, micros(before))
	if state != "" {
		where.add(`state = ?`, string(state))
	}
	return s.readNotices(ctx, where.text+` ORDER BY received DESC, provider, event_id LIMIT ?`, append(where.args, limit)...)
}

// ReopenNotice implements payment.Store.
func (s Payments) ReopenNotice(ctx context.Context, provider, id string, due time.Time) error {
	n, err := s.exec(ctx, `UPDATE {webhook_inbox} SET state = 'open', due = ?, attempts = attempts + 1 WHERE provider = ? AND event_id = ?`,
		micros(due), provider, id)
	switch {
	case err != nil:
		return fmt.Errorf("reopen notice %s of %s: %w", id, provider, err)
	case n == 0:
		return payment.ErrNoticeNotFound
	}
	return nil
}

// SaveNotice implements payment.Store.
func (s Payments) SaveNotice(ctx context.Context, r payment.Received) error {
	row := newNoticeRow(r)
	n, err := s.exec(ctx, `UPDATE {webhook_inbox} SET state = ?, due = ?, error = ?, attempts = attempts + 1
		WHERE provider = ? AND event_id = ? AND state = 'open' AND attempts = ?`, row.State, row.Due, row.Error, row.Provider, row.EventID, row.Attempts)
	switch {
	case err != nil:
		return fmt.Errorf("save notice %s of %s: %w", r.ID, r.Provider, err)
	case n == 0:
		return payment.ErrStale
	}
	return nil
}

// PruneNotices implements payment.Store.
func (s Payments) PruneNotices(ctx context.Context, before time.Time) (int64, error) {
	n, err := s.exec(ctx, `DELETE FROM {webhook_inbox} WHERE state IN ('done', 'ignored') AND received < ?`, micros(before))
	if err != nil {
		return 0, fmt.Errorf("prune notices: %w", err)
	}
	return n, nil
}
