package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Payments keeps payments, refunds, gift cards and their books.
type Payments struct{ *DB }

var _ payment.Store = Payments{}

// Payment implements payment.Store. The comparison of the servers ignores
// spaces at the end of an id.
func (s Payments) Payment(ctx context.Context, id string) (payment.Payment, error) {
	found, err := s.read(ctx, `SELECT doc FROM {payment} WHERE id = ?`+s.locked(ctx), id)
	if err != nil {
		return payment.Payment{}, err
	}
	if len(found) == 0 || found[0].ID != id {
		return payment.Payment{}, payment.ErrNotFound
	}
	return found[0], nil
}

// read returns the payments whose docs query selects.
func (s Payments) read(ctx context.Context, query string, args ...any) ([]payment.Payment, error) {
	out, err := readDocs[payment.Payment](ctx, s.DB, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read payments: %w", err)
	}
	return out, nil
}

// readDocs returns what the docs that query selects stand for.
func readDocs[T any](ctx context.Context, d *DB, query string, args ...any) ([]T, error) {
	var docs []string
	if err := d.scan(ctx, &docs, query, args...); err != nil {
		return nil, err
	}
	out := make([]T, len(docs))
	for i, doc := range docs {
		if err := json.Unmarshal([]byte(doc), &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Save implements payment.Store.
func (s Payments) Save(ctx context.Context, p *payment.Payment) error {
	next := *p
	next.Version++
	doc, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("save payment %s: %w", p.ID, err)
	}
	row := []any{p.OrderID, string(p.Status), next.Version, micros(p.CreatedAt), micros(p.UpdatedAt), p.Provider, textOrNull(p.ProviderID), string(doc), p.ID}
	n := int64(1)
	if p.Version == 0 {
		_, err = s.exec(ctx, `INSERT INTO {payment} (order_id, status, version, created, updated, provider, provider_id, doc, id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, row...)
	} else {
		n, err = s.exec(ctx, `UPDATE {payment} SET order_id = ?, status = ?, version = ?, created = ?, updated = ?, provider = ?, provider_id = ?, doc = ?
			WHERE id = ? AND version = ?`, append(row, p.Version)...)
	}
	if refused := s.refusal(ctx, "payment", p.ID, p.Version, n, err); refused != nil {
		return refused
	}
	p.Version = next.Version
	return nil
}

// refusal says why a row of table was not saved over the given version, or nil
// when it was: err and n are the answer to its INSERT or UPDATE.
func (s Payments) refusal(ctx context.Context, table, id string, version, n int64, err error) error {
	switch {
	case isDuplicate(err) && version != 0:
		return payment.ErrTaken // an update leaves the id alone
	case isDuplicate(err):
		err = s.scan(ctx, &n, `SELECT 1 FROM {`+table+`} WHERE id = ?`+s.locked(ctx), id)
		if noRows(err) {
			return payment.ErrTaken
		}
		n = 0
	}
	switch {
	case err != nil:
		return fmt.Errorf("save %s %s: %w", table, id, err)
	case n == 0:
		return payment.ErrStale
	}
	return nil
}

// OfOrders implements payment.Store.
func (s Payments) OfOrders(ctx context.Context, orderIDs []string) ([]payment.Payment, error) {
	if len(orderIDs) == 0 {
		return nil, nil
	}
	return s.read(ctx, `SELECT doc FROM {payment} WHERE order_id IN (?) ORDER BY created, id`, bun.List(orderIDs))
}

// Unsettled implements payment.Store.
func (s Payments) Unsettled(ctx context.Context, before time.Time, limit int) ([]payment.Payment, error) {
	return s.read(ctx, `SELECT doc FROM {payment} WHERE status IN ('creating', 'processing', 'unknown') AND updated < ?
		ORDER BY updated, id LIMIT ?`, micros(before), limit)
}

type ledgerRow struct {
	bun.BaseModel `bun:"ledger"`
	ID            string `bun:"id,pk"`
	PaymentID     string `bun:"payment_id"`
	OrderID       string `bun:"order_id"`
	Kind          string `bun:"kind"`
	Object        string `bun:"object"`
	Amount        int64  `bun:"amount"`
	Currency      string `bun:"currency"`
	Reference     string `bun:"reference"`
	Actor         string `bun:"actor"`
	At            int64  `bun:"at"`
}

// Append implements payment.Store.
func (s Payments) Append(ctx context.Context, l payment.Ledger) (bool, error) {
	row := ledgerRow{ID: l.ID, PaymentID: l.PaymentID, OrderID: l.OrderID, Kind: l.Kind, Object: l.Object, Amount: l.Amount.Minor,
		Currency: string(l.Amount.Currency), Reference: l.Reference, Actor: l.Actor, At: micros(l.At)}
	err := s.insert(ctx, "ledger", &row)
	if isDuplicate(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ledger of payment %s: %w", l.PaymentID, err)
	}
	return true, nil
}

// Ledger implements payment.Store.
func (s Payments) Ledger(ctx context.Context, orderIDs []string) ([]payment.Ledger, error) {
	if len(orderIDs) == 0 {
		return nil, nil
	}
	return s.readLedger(ctx, ` WHERE order_id IN (?) ORDER BY at, id`, bun.List(orderIDs))
}

func (s Payments) readLedger(ctx context.Context, tail string, args ...any) ([]payment.Ledger, error) {
	var rows []ledgerRow
	err := s.scan(ctx, &rows, `SELECT id, payment_id, order_id, kind, object, amount, currency, reference, actor, at FROM {ledger}`+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	out := make([]payment.Ledger, len(rows))
	for i, r := range rows {
		out[i] = payment.Ledger{ID: r.ID, PaymentID: r.PaymentID, OrderID: r.OrderID, Kind: r.Kind, Object: r.Object,
			Amount: money.New(r.Amount, money.Currency(r.Currency)), Reference: r.Reference, Actor: r.Actor, At: fromMicros(r.At)}
	}
	return out, nil
}
