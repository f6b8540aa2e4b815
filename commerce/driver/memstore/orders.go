package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/order"
)

// Orders is an order.Store.
type Orders struct{ *DB }

var _ order.Store = Orders{}

func (s Orders) rows() table[order.Row]        { return table[order.Row]{s.DB, "orders"} }
func (s Orders) byNumber() table[string]       { return table[string]{s.DB, "orders_number"} }
func (s Orders) byCheckout() table[string]     { return table[string]{s.DB, "orders_checkout"} }
func (s Orders) byFulfillment() table[string]  { return table[string]{s.DB, "fulfillment"} }
func (s Orders) history() table[[]order.Entry] { return table[[]order.Entry]{s.DB, "order_timeline"} }

// Order implements order.Store.
func (s Orders) Order(ctx context.Context, id string) (order.Row, error) {
	r, err := s.rows().get(ctx, id)
	if errors.Is(err, errNoRow) {
		return order.Row{}, order.ErrNotFound
	}
	return r, err
}

// through returns the order whose id is the row of key in index.
func (s Orders) through(ctx context.Context, index table[string], key string, missing error) (order.Row, error) {
	id, err := index.get(ctx, key)
	if errors.Is(err, errNoRow) {
		return order.Row{}, missing
	}
	if err != nil {
		return order.Row{}, err
	}
	return s.Order(ctx, id)
}

// OrderByNumber implements order.Store.
func (s Orders) OrderByNumber(ctx context.Context, number string) (order.Row, error) {
	return s.through(ctx, s.byNumber(), number, order.ErrNotFound)
}

// OrderOfCheckout implements order.Store.
func (s Orders) OrderOfCheckout(ctx context.Context, checkoutID string) (order.Row, error) {
	return s.through(ctx, s.byCheckout(), checkoutID, order.ErrNotFound)
}

// OrderOfFulfillment implements order.Store.
func (s Orders) OrderOfFulfillment(ctx context.Context, fulfillmentID string) (order.Row, error) {
	return s.through(ctx, s.byFulfillment(), fulfillmentID, order.ErrFulfillmentNotFound)
}

// Create implements order.Store.
func (s Orders) Create(ctx context.Context, r order.Row, history []order.Entry) error {
	return s.unlessRefused(ctx, func(ctx context.Context) (refused, err error) {
		_, byID := s.rows().get(ctx, r.ID)
		_, byNumber := s.byNumber().get(ctx, r.Number)
		_, byCheckout := s.byCheckout().get(ctx, r.CheckoutID)
		for _, err := range []error{byID, byNumber, byCheckout} {
			if err == nil {
				return order.ErrTaken, nil
			}
			if !errors.Is(err, errNoRow) {
				return nil, err
			}
		}
		return nil, errors.Join(s.rows().put(ctx, r.ID, r), s.byNumber().put(ctx, r.Number, r.ID),
			s.byCheckout().put(ctx, r.CheckoutID, r.ID), s.history().put(ctx, r.ID, history))
	})
}

// Save implements order.Store.
func (s Orders) Save(ctx context.Context, was, now order.Row, history []order.Entry) error {
	return s.unlessRefused(ctx, func(ctx context.Context) (refused, err error) {
		old, err := s.rows().get(ctx, was.ID)
		switch {
		case errors.Is(err, errNoRow):
			return order.ErrStale, nil
		case err != nil:
			return nil, err
		case old.Version != was.Version || old.Status != was.Status:
			return order.ErrStale, nil
		}
		lines, err := s.history().get(ctx, was.ID)
		if err != nil {
			return nil, err
		}
		now.Number, now.CheckoutID, now.Placed, now.Total.Currency = old.Number, old.CheckoutID, old.Placed, old.Total.Currency
		return nil, errors.Join(s.rows().put(ctx, was.ID, now), s.history().put(ctx, was.ID, append(lines, history...)))
	})
}

// AddFulfillment implements order.Store.
func (s Orders) AddFulfillment(ctx context.Context, fulfillmentID, orderID string) error {
	return s.unlessRefused(ctx, func(ctx context.Context) (refused, err error) {
		if _, err := s.byFulfillment().get(ctx, fulfillmentID); !errors.Is(err, errNoRow) {
			return order.ErrTaken, err
		}
		return nil, s.byFulfillment().put(ctx, fulfillmentID, orderID)
	})
}

// unlessRefused runs fn as one unit. What fn refuses, having written nothing,
// does not spoil a unit around it.
func (s Orders) unlessRefused(ctx context.Context, fn func(ctx context.Context) (refused, err error)) error {
	var refused error
	err := s.Do(ctx, func(ctx context.Context) (err error) {
		refused, err = fn(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return refused
}

// Numbers implements order.Store.
func (s Orders) Numbers(ctx context.Context, n int64) (first int64, err error) {
	const name = "order"
	numbers := table[int64]{s.DB, "number"}
	err = s.Do(ctx, func(ctx context.Context) error {
		last, err := numbers.get(ctx, name)
		if errors.Is(err, errNoRow) {
			last, err = order.FirstNumber-1, nil
		}
		if err != nil {
			return err
		}
		first = last + 1
		return numbers.put(ctx, name, last+n)
	})
	return first, err
}

// Orders implements order.Store.
func (s Orders) Orders(ctx context.Context, f order.Filter) ([]order.Row, error) {
	rows, err := s.rows().all(ctx, func(_ string, r order.Row) bool { return orderMatches(r, f) && orderAfter(r, f.After) })
	slices.SortFunc(rows, func(a, b order.Row) int {
		return cmp.Or(b.Placed.Compare(a.Placed), cmp.Compare(b.ID, a.ID))
	})
	return rows[:min(len(rows), f.Limit)], err
}

// Count implements order.Store.
func (s Orders) Count(ctx context.Context, f order.Filter) (int64, error) {
	rows, err := s.rows().all(ctx, func(_ string, r order.Row) bool { return orderMatches(r, f) })
	return int64(len(rows)), err
}

func orderMatches(r order.Row, f order.Filter) bool {
	return (f.Status == "" || r.Status == f.Status) &&
		(f.PaymentStatus == "" || r.PaymentStatus == f.PaymentStatus) &&
		(f.FulfillmentStatus == "" || r.FulfillmentStatus == f.FulfillmentStatus) &&
		(f.CustomerID == "" || r.CustomerID != nil && *r.CustomerID == f.CustomerID) &&
		(!f.OfGuests || r.CustomerID == nil) &&
		(f.Email == "" || r.Email == f.Email) &&
		(f.Number == "" || r.Number == f.Number) &&
		(f.From.IsZero() || !r.Placed.Before(f.From)) &&
		(f.To.IsZero() || r.Placed.Before(f.To))
}

func orderAfter(r order.Row, p *order.Position) bool {
	return p == nil || r.Placed.Before(p.Placed) || r.Placed.Equal(p.Placed) && r.ID < p.ID
}

// Expired implements order.Store.
func (s Orders) Expired(ctx context.Context, t time.Time, limit int) ([]string, error) {
	rows, err := s.rows().all(ctx, func(_ string, r order.Row) bool { return !r.Deadline.IsZero() && r.Deadline.Before(t) })
	slices.SortFunc(rows, func(a, b order.Row) int {
		return cmp.Or(a.Deadline.Compare(b.Deadline), cmp.Compare(a.ID, b.ID))
	})
	ids := []string{}
	for _, r := range rows[:min(len(rows), limit)] {
		ids = append(ids, r.ID)
	}
	return ids, err
}

// History implements order.Store.
func (s Orders) History(ctx context.Context, orderID string) ([]order.Entry, error) {
	lines, err := s.history().get(ctx, orderID)
	if errors.Is(err, errNoRow) {
		return []order.Entry{}, nil
	}
	slices.SortFunc(lines, func(a, b order.Entry) int { return cmp.Compare(a.Version, b.Version) })
	return lines, err
}

// Attempt implements order.Store, in the table of the accounts' counts: keys of
// orders have names of their own.
func (s Orders) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error) {
	return Accounts(s).Attempt(ctx, key, now, window, limit)
}

// ForgetAttempts implements order.Store.
func (s Orders) ForgetAttempts(ctx context.Context, before time.Time) error {
	return s.Do(ctx, func(ctx context.Context) error {
		return deleteRows(ctx, Accounts(s).attempts(), func(r attemptRow) bool { return r.Until.Before(before) })
	})
}
