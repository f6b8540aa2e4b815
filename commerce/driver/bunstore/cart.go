package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// Carts keeps carts: one row each, the cart itself in its column doc. The other
// columns repeat what is searched for.
type Carts struct{ *DB }

var _ cart.Store = Carts{}

// Cart implements cart.Store. An id of other characters than ASCII would be an
// error of the server, and its comparison ignores spaces at the end.
func (s Carts) Cart(ctx context.Context, id string) (cart.Cart, error) {
	if strings.ContainsFunc(id, func(r rune) bool { return r > unicode.MaxASCII }) {
		return cart.Cart{}, cart.ErrNotFound
	}
	c, err := s.one(ctx, `SELECT doc FROM {cart} WHERE id = ?`+s.locked(ctx), id)
	if err == nil && c.ID != id {
		return cart.Cart{}, cart.ErrNotFound
	}
	return c, err
}

// OpenOf implements cart.Store.
func (s Carts) OpenOf(ctx context.Context, customerID, market string, currency money.Currency) (cart.Cart, error) {
	q, args := `SELECT doc FROM {cart} WHERE customer_id = ? AND status = 'open'`, []any{customerID}
	if market != "" {
		q, args = q+` AND market = ?`, append(args, market)
	}
	if currency != "" {
		q, args = q+` AND currency = ?`, append(args, string(currency))
	}
	c, err := s.one(ctx, q+` ORDER BY updated DESC, id DESC LIMIT 1`, args...)
	if err == nil && c.CustomerID != customerID {
		return cart.Cart{}, cart.ErrNotFound
	}
	return c, err
}

func (s Carts) one(ctx context.Context, query string, args ...any) (c cart.Cart, err error) {
	var doc string
	if err := s.scan(ctx, &doc, query, args...); noRows(err) {
		return cart.Cart{}, cart.ErrNotFound
	} else if err != nil {
		return cart.Cart{}, fmt.Errorf("read cart: %w", err)
	}
	if err := json.Unmarshal([]byte(doc), &c); err != nil {
		return cart.Cart{}, fmt.Errorf("read cart: %w", err)
	}
	return c, nil
}

// Save implements cart.Store.
func (s Carts) Save(ctx context.Context, c *cart.Cart) error {
	next := *c
	next.Version++
	doc, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("save cart %s: %w", c.ID, err)
	}
	row := []any{next.Version, string(c.Status), textOrNull(c.CustomerID), c.Market, string(c.Currency), textOrNull(c.OpenKey()),
		micros(c.UpdatedAt), micros(c.ExpiresAt), micros(c.ClosedAt), string(doc), c.ID}
	if c.Version == 0 {
		_, err = s.exec(ctx, `INSERT INTO {cart} (version, status, customer_id, market, currency, open_key, updated, expires, closed, doc, id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, row...)
	} else {
		err = s.replace(ctx, c.Version, row)
	}
	switch {
	case isDuplicate(err):
		return s.duplicate(ctx, c)
	case err != nil:
		return fmt.Errorf("save cart %s: %w", c.ID, err)
	}
	c.Version = next.Version
	return nil
}

func (s Carts) replace(ctx context.Context, version int64, row []any) error {
	n, err := s.exec(ctx, `UPDATE {cart} SET version = ?, status = ?, customer_id = ?, market = ?, currency = ?, open_key = ?,
		updated = ?, expires = ?, closed = ?, doc = ? WHERE id = ? AND version = ?`, append(row, version)...)
	if err == nil && n == 0 {
		return cart.ErrStale
	}
	return err
}

// duplicate says which unique key refused c. It asks, because the servers' texts
// name the key each in their own way, next to what the shopper has typed.
func (s Carts) duplicate(ctx context.Context, c *cart.Cart) error {
	if c.Version != 0 {
		return cart.ErrTaken // an update leaves the id alone
	}
	var n int
	if err := s.scan(ctx, &n, `SELECT 1 FROM {cart} WHERE id = ?`+s.locked(ctx), c.ID); noRows(err) {
		return cart.ErrTaken
	} else if err != nil {
		return fmt.Errorf("save cart %s: %w", c.ID, err)
	}
	return cart.ErrStale
}

// idlePage is how many ids Idle reads at once.
const idlePage = 500

// Idle implements cart.Store. It reads page by page, so that no rows are open
// while a step of the caller writes.
func (s Carts) Idle(ctx context.Context, t time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var rows []struct {
			ID      string `bun:"id"`
			Expires int64  `bun:"expires"`
		}
		var after int64
		for id := ""; ; {
			rows = rows[:0]
			err := s.scan(ctx, &rows, `SELECT id, expires FROM {cart} WHERE status = 'open' AND expires <= ? AND (expires > ? OR (expires = ? AND id > ?))
				ORDER BY expires, id LIMIT ?`, micros(t), after, after, id, idlePage)
			if err != nil {
				yield("", fmt.Errorf("idle carts: %w", err))
				return
			}
			for _, r := range rows {
				if !yield(r.ID, nil) {
					return
				}
				id, after = r.ID, r.Expires
			}
			if len(rows) < idlePage {
				return
			}
		}
	}
}

// textOrNull returns s, or NULL for "".
func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
