package bunstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Authorized implements payment.Store.
func (s Payments) Authorized(ctx context.Context, after payment.Payment, limit int) ([]payment.Payment, error) {
	at := int64(0)
	if after.ID != "" {
		at = micros(after.UpdatedAt)
	}
	return s.read(ctx, `SELECT doc FROM {payment} WHERE status = 'authorized' AND (updated > ? OR updated = ? AND id > ?)
		ORDER BY updated, id LIMIT ?`, at, at, after.ID, limit)
}

// NoticesAbout implements payment.Store.
func (s Payments) NoticesAbout(ctx context.Context, payments []payment.Payment, limit int) ([]payment.Received, error) {
	if len(payments) == 0 {
		return nil, nil
	}
	var ids []string
	var or strings.Builder
	var known []any
	for _, p := range payments {
		ids = append(ids, p.ID)
		if p.ProviderID != "" {
			or.WriteString(` OR provider = ? AND provider_id = ?`)
			known = append(known, p.Provider, p.ProviderID)
		}
	}
	args := append(append([]any{bun.List(ids)}, known...), limit)
	return s.readNotices(ctx, ` WHERE payment_id IN (?)`+or.String()+` ORDER BY received DESC, provider, event_id LIMIT ?`, args...)
}

// Backlog implements payment.Store.
func (s Payments) Backlog(ctx context.Context) (payment.Backlog, error) {
	var r struct {
		Oldest  *int64 `bun:"oldest"`
		Unknown int64  `bun:"unknown_count"`
		Breaks  int64  `bun:"breaks"`
	}
	err := s.scan(ctx, &r, `SELECT (SELECT MIN(received) FROM {webhook_inbox} WHERE state = 'open') AS oldest,
		(SELECT COUNT(*) FROM {payment} WHERE status = 'unknown') AS unknown_count,
		(SELECT COUNT(*) FROM {recon_break} WHERE state = 'open') AS breaks`)
	if err != nil {
		return payment.Backlog{}, fmt.Errorf("backlog of payments: %w", err)
	}
	b := payment.Backlog{Unknown: r.Unknown, Breaks: r.Breaks}
	if r.Oldest != nil {
		b.OldestNotice = fromMicros(*r.Oldest)
	}
	return b, nil
}
