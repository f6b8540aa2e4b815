package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// Orders is an order.Store.
type Orders struct{ *DB }

var _ order.Store = Orders{}

type orderRow struct {
	ID                string  `bun:"id,pk"`
	CheckoutID        string  `bun:"checkout_id"`
	Number            string  `bun:"number"`
	Version           int64   `bun:"version"`
	Status            string  `bun:"status"`
	PaymentStatus     string  `bun:"payment_status"`
	FulfillmentStatus string  `bun:"fulfillment_status"`
	CustomerID        *string `bun:"customer_id"`
	Email             string  `bun:"email"`
	Placed            int64   `bun:"placed"`
	Deadline          int64   `bun:"expires"`
	Currency          string  `bun:"currency"`
	Total             int64   `bun:"total"`
	Doc               string  `bun:"doc"`
}

const orderColumns = `id, checkout_id, number, version, status, payment_status, fulfillment_status, customer_id, email, placed, expires, currency, total, doc`

func newOrderRow(r order.Row) orderRow {
	return orderRow{ID: r.ID, CheckoutID: r.CheckoutID, Number: r.Number, Version: r.Version, Status: string(r.Status),
		PaymentStatus: string(r.PaymentStatus), FulfillmentStatus: string(r.FulfillmentStatus), CustomerID: r.CustomerID, Email: r.Email,
		Placed: micros(r.Placed), Deadline: micros(r.Deadline), Currency: string(r.Total.Currency), Total: r.Total.Minor, Doc: string(r.Doc)}
}

func (r orderRow) row() order.Row {
	return order.Row{ID: r.ID, CheckoutID: r.CheckoutID, Number: r.Number, Version: r.Version, Status: order.Status(r.Status),
		PaymentStatus: order.PaymentStatus(r.PaymentStatus), FulfillmentStatus: order.FulfillmentStatus(r.FulfillmentStatus),
		CustomerID: r.CustomerID, Email: r.Email, Placed: fromMicros(r.Placed), Deadline: fromMicros(r.Deadline),
		Total: money.New(r.Total, money.Currency(r.Currency)), Doc: json.RawMessage(r.Doc)}
}

type entryRow struct {
	OrderID string `bun:"order_id,pk"`
	Version int64  `bun:"version,pk"`
	Kind    string `bun:"kind"`
	From    string `bun:"from_state"`
	To      string `bun:"to_state"`
	Text    string `bun:"text"`
	Actor   string `bun:"actor"`
	CauseID string `bun:"cause_id"`
	At      int64  `bun:"at"`
}

func (s Orders) one(ctx context.Context, where string, key string, missing error) (order.Row, error) {
	var r orderRow
	err := s.scan(ctx, &r, `SELECT `+orderColumns+` FROM {orders} WHERE `+where+s.locked(ctx), key)
	switch {
	case noRows(err):
		return order.Row{}, missing
	case err != nil:
		return order.Row{}, fmt.Errorf("read order: %w", err)
	default:
		return r.row(), nil
	}
}

// Order implements order.Store.
func (s Orders) Order(ctx context.Context, id string) (order.Row, error) {
	return s.one(ctx, `id = ?`, asciiOnly(id), order.ErrNotFound)
}

// OrderByNumber implements order.Store.
func (s Orders) OrderByNumber(ctx context.Context, number string) (order.Row, error) {
	return s.one(ctx, `number = ?`, asciiOnly(number), order.ErrNotFound)
}

// OrderOfCheckout implements order.Store.
func (s Orders) OrderOfCheckout(ctx context.Context, checkoutID string) (order.Row, error) {
	return s.one(ctx, `checkout_id = ?`, checkoutID, order.ErrNotFound)
}

// OrderOfFulfillment implements order.Store. The subquery locks nothing: a join
// would lock the fulfillment before the order.
func (s Orders) OrderOfFulfillment(ctx context.Context, fulfillmentID string) (order.Row, error) {
	return s.one(ctx, `id = (SELECT order_id FROM {fulfillment} WHERE id = ?)`, fulfillmentID, order.ErrFulfillmentNotFound)
}

// Create implements order.Store.
func (s Orders) Create(ctx context.Context, r order.Row, history []order.Entry) error {
	return s.orElse(ctx, order.ErrTaken, func(ctx context.Context) (bool, error) {
		row := newOrderRow(r)
		err := s.insert(ctx, "orders", &row)
		if isDuplicate(err) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("create order %s: %w", r.ID, err)
		}
		return true, s.append(ctx, r.ID, history)
	})
}

// Save implements order.Store.
func (s Orders) Save(ctx context.Context, was, now order.Row, history []order.Entry) error {
	return s.orElse(ctx, order.ErrStale, func(ctx context.Context) (bool, error) {
		r := newOrderRow(now)
		n, err := s.exec(ctx, `UPDATE {orders} SET version = ?, status = ?, payment_status = ?, fulfillment_status = ?, customer_id = ?, email = ?, expires = ?, total = ?, doc = ?
			WHERE id = ? AND version = ? AND status = ?`,
			r.Version, r.Status, r.PaymentStatus, r.FulfillmentStatus, r.CustomerID, r.Email, r.Deadline, r.Total, r.Doc, was.ID, was.Version, string(was.Status))
		if err != nil {
			return false, fmt.Errorf("save order %s: %w", was.ID, err)
		}
		if n == 0 {
			return false, nil
		}
		return true, s.append(ctx, was.ID, history)
	})
}

// orElse runs fn as one unit. When fn says that it could not write, which does
// not spoil a unit around it, refused is returned.
func (s Orders) orElse(ctx context.Context, refused error, fn func(ctx context.Context) (bool, error)) error {
	written := false
	err := s.Do(ctx, func(ctx context.Context) (err error) {
		written, err = fn(ctx)
		return err
	})
	if err == nil && !written {
		return refused
	}
	return err
}

func (s Orders) append(ctx context.Context, orderID string, history []order.Entry) error {
	if len(history) == 0 {
		return nil
	}
	rows := make([]entryRow, 0, len(history))
	for _, h := range history {
		rows = append(rows, entryRow{OrderID: orderID, Version: h.Version, Kind: h.Kind, From: h.From, To: h.To, Text: h.Text, Actor: h.Actor, CauseID: h.CauseID, At: micros(h.At)})
	}
	if err := s.insert(ctx, "order_timeline", &rows); err != nil {
		return fmt.Errorf("history of order %s: %w", orderID, err)
	}
	return nil
}

// AddFulfillment implements order.Store.
func (s Orders) AddFulfillment(ctx context.Context, fulfillmentID, orderID string) error {
	_, err := s.exec(ctx, `INSERT INTO {fulfillment} (id, order_id) VALUES (?, ?)`, fulfillmentID, orderID)
	switch {
	case isDuplicate(err):
		return order.ErrTaken
	case err != nil:
		return fmt.Errorf("fulfillment %s: %w", fulfillmentID, err)
	default:
		return nil
	}
}

// Numbers implements order.Store. The row of the counter is locked until the
// unit ends, so what is read is what was just written.
func (s Orders) Numbers(ctx context.Context, n int64) (first int64, err error) {
	const name = "order"
	err = s.Do(ctx, func(ctx context.Context) error {
		q := `INSERT INTO {counter} (name, n) VALUES (?, ?)` + s.upsert("counter", "name", "n = old(n) + ?")
		if _, err := s.exec(ctx, q, name, order.FirstNumber-1+n, n); err != nil {
			return fmt.Errorf("take order numbers: %w", err)
		}
		if err := s.scan(ctx, &first, `SELECT n FROM {counter} WHERE name = ?`, name); err != nil {
			return fmt.Errorf("take order numbers: %w", err)
		}
		first -= n - 1
		return nil
	})
	return first, err
}

// Orders implements order.Store.
func (s Orders) Orders(ctx context.Context, f order.Filter) ([]order.Row, error) {
	where, args := orderFilter(f)
	if f.After != nil {
		where += ` AND (placed < ? OR placed = ? AND id < ?)`
		args = append(args, micros(f.After.Placed), micros(f.After.Placed), asciiOnly(f.After.ID))
	}
	var rows []orderRow
	q := `SELECT ` + orderColumns + ` FROM {orders} WHERE ` + where + ` ORDER BY placed DESC, id DESC LIMIT ?`
	if err := s.scan(ctx, &rows, q, append(args, f.Limit)...); err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	out := make([]order.Row, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.row())
	}
	return out, nil
}

// Count implements order.Store.
func (s Orders) Count(ctx context.Context, f order.Filter) (n int64, err error) {
	where, args := orderFilter(f)
	if err := s.scan(ctx, &n, `SELECT COUNT(*) FROM {orders} WHERE `+where, args...); err != nil {
		return 0, fmt.Errorf("count orders: %w", err)
	}
	return n, nil
}

func orderFilter(f order.Filter) (where string, args []any) {
	where = `1 = 1`
	for _, c := range []struct{ column, value string }{
		{"status", string(f.Status)}, {"payment_status", string(f.PaymentStatus)}, {"fulfillment_status", string(f.FulfillmentStatus)},
		{"customer_id", f.CustomerID}, {"number", f.Number},
	} {
		if c.value != "" {
			where, args = where+` AND `+c.column+` = ?`, append(args, asciiOnly(c.value))
		}
	}
	if f.OfGuests {
		where += ` AND customer_id IS NULL`
	}
	if f.Email != "" {
		where, args = where+` AND email = ?`, append(args, f.Email)
	}
	if !f.From.IsZero() {
		where, args = where+` AND placed >= ?`, append(args, micros(f.From))
	}
	if !f.To.IsZero() {
		where, args = where+` AND placed < ?`, append(args, micros(f.To))
	}
	return where, args
}

// Expired implements order.Store.
func (s Orders) Expired(ctx context.Context, t time.Time, limit int) ([]string, error) {
	ids := []string{}
	err := s.scan(ctx, &ids, `SELECT id FROM {orders} WHERE expires > 0 AND expires < ? ORDER BY expires, id LIMIT ?`, micros(t), limit)
	if err != nil && !noRows(err) {
		return nil, fmt.Errorf("list expired orders: %w", err)
	}
	return ids, nil
}

// History implements order.Store.
func (s Orders) History(ctx context.Context, orderID string) ([]order.Entry, error) {
	var rows []entryRow
	q := `SELECT order_id, version, kind, from_state, to_state, text, actor, cause_id, at FROM {order_timeline} WHERE order_id = ? ORDER BY version`
	if err := s.scan(ctx, &rows, q, asciiOnly(orderID)); err != nil {
		return nil, fmt.Errorf("history of order %s: %w", orderID, err)
	}
	out := make([]order.Entry, 0, len(rows))
	for _, r := range rows {
		out = append(out, order.Entry{Version: r.Version, Kind: r.Kind, From: r.From, To: r.To, Text: r.Text, Actor: r.Actor, CauseID: r.CauseID, At: fromMicros(r.At)})
	}
	return out, nil
}

// Attempt implements order.Store, in the table of the accounts' counts: keys of
// orders have names of their own.
func (s Orders) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error) {
	return Accounts(s).Attempt(ctx, key, now, window, limit)
}

// ForgetAttempts implements order.Store.
func (s Orders) ForgetAttempts(ctx context.Context, before time.Time) error {
	if _, err := s.deleteOld(ctx, "account_attempt", "until", before); err != nil {
		return fmt.Errorf("forget attempts: %w", err)
	}
	return nil
}
