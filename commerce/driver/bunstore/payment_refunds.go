package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Refund implements payment.Store. The comparison of the servers ignores spaces
// at the end of an id.
func (s Payments) Refund(ctx context.Context, id string) (payment.Refund, error) {
	found, err := s.readRefunds(ctx, `SELECT doc FROM {refund} WHERE id = ?`+s.locked(ctx), id)
	if err != nil {
		return payment.Refund{}, err
	}
	if len(found) == 0 || found[0].ID != id {
		return payment.Refund{}, payment.ErrRefundNotFound
	}
	return found[0], nil
}

// readRefunds returns the refunds whose docs query selects.
func (s Payments) readRefunds(ctx context.Context, query string, args ...any) ([]payment.Refund, error) {
	out, err := readDocs[payment.Refund](ctx, s.DB, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read refunds: %w", err)
	}
	return out, nil
}

// SaveRefund implements payment.Store.
func (s Payments) SaveRefund(ctx context.Context, r *payment.Refund) error {
	next := *r
	next.Version++
	doc, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("save refund %s: %w", r.ID, err)
	}
	row := []any{r.PaymentID, r.OrderID, string(r.Status), r.Amount.Minor, string(r.Amount.Currency), next.Version,
		micros(r.CreatedAt), micros(r.UpdatedAt), r.Provider, textOrNull(r.ProviderID), string(doc), r.ID}
	n := int64(1)
	if r.Version == 0 {
		_, err = s.exec(ctx, `INSERT INTO {refund} (payment_id, order_id, status, amount, currency, version, created, updated, provider, provider_id, doc, id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, row...)
	} else {
		n, err = s.exec(ctx, `UPDATE {refund} SET payment_id = ?, order_id = ?, status = ?, amount = ?, currency = ?, version = ?, created = ?, updated = ?,
			provider = ?, provider_id = ?, doc = ? WHERE id = ? AND version = ?`, append(row, r.Version)...)
	}
	if refused := s.refusal(ctx, "refund", r.ID, r.Version, n, err); refused != nil {
		return refused
	}
	r.Version = next.Version
	return nil
}

// RefundsOf implements payment.Store.
func (s Payments) RefundsOf(ctx context.Context, orderIDs []string) ([]payment.Refund, error) {
	if len(orderIDs) == 0 {
		return nil, nil
	}
	return s.readRefunds(ctx, `SELECT doc FROM {refund} WHERE order_id IN (?) ORDER BY created, id`, bun.List(orderIDs))
}

// PendingRefunds implements payment.Store.
func (s Payments) PendingRefunds(ctx context.Context, before time.Time, limit int) ([]payment.Refund, error) {
	return s.readRefunds(ctx, `SELECT doc FROM {refund} WHERE status = 'pending' AND updated < ? ORDER BY updated, id LIMIT ?`, micros(before), limit)
}
