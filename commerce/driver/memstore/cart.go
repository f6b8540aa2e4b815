package memstore

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// Carts keeps carts.
type Carts struct{ *DB }

var _ cart.Store = Carts{}

func (s Carts) carts() table[cart.Cart] { return table[cart.Cart]{s.DB, "cart"} }

// open holds the ids of carts by their OpenKey.
func (s Carts) open() table[string] { return table[string]{s.DB, "cart_open"} }

// Cart implements cart.Store.
func (s Carts) Cart(ctx context.Context, id string) (cart.Cart, error) {
	c, err := s.carts().get(ctx, id)
	if errors.Is(err, errNoRow) {
		return cart.Cart{}, cart.ErrNotFound
	}
	return c, err
}

// OpenOf implements cart.Store.
func (s Carts) OpenOf(ctx context.Context, customerID, market string, currency money.Currency) (cart.Cart, error) {
	found, err := s.carts().all(ctx, func(_ string, c cart.Cart) bool {
		return c.Status == cart.StatusOpen && c.CustomerID == customerID && customerID != "" &&
			(market == "" || c.Market == market) && (currency == "" || c.Currency == currency)
	})
	if err != nil {
		return cart.Cart{}, err
	}
	if len(found) == 0 {
		return cart.Cart{}, cart.ErrNotFound
	}
	return slices.MaxFunc(found, func(a, b cart.Cart) int {
		return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(a.ID, b.ID))
	}), nil
}

// Save implements cart.Store.
func (s Carts) Save(ctx context.Context, c *cart.Cart) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) (err error) {
		refused, err = s.save(ctx, c)
		return err
	})
	return cmp.Or(err, refused)
}

// save tells a refusal, which leaves the unit of work whole, from an error.
func (s Carts) save(ctx context.Context, c *cart.Cart) (refused, err error) {
	old, err := s.carts().get(ctx, c.ID)
	if err != nil && !errors.Is(err, errNoRow) {
		return nil, err
	}
	if old.Version != c.Version {
		return cart.ErrStale, nil
	}
	key, had := c.OpenKey(), old.OpenKey()
	if key != had && key != "" {
		switch _, err := s.open().get(ctx, key); {
		case err == nil:
			return cart.ErrTaken, nil
		case !errors.Is(err, errNoRow):
			return nil, err
		}
	}
	next := *c
	next.Version++
	if err := s.carts().put(ctx, next.ID, next); err != nil {
		return nil, err
	}
	c.Version = next.Version
	if key == had {
		return nil, nil
	}
	if had != "" {
		if err := s.open().delete(ctx, had); err != nil {
			return nil, err
		}
	}
	if key == "" {
		return nil, nil
	}
	return nil, s.open().put(ctx, key, next.ID)
}

// Idle implements cart.Store.
func (s Carts) Idle(ctx context.Context, t time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		found, err := s.carts().all(ctx, func(_ string, c cart.Cart) bool {
			return c.Status == cart.StatusOpen && !c.ExpiresAt.After(t)
		})
		if err != nil {
			yield("", err)
			return
		}
		slices.SortFunc(found, func(a, b cart.Cart) int {
			return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.ID, b.ID))
		})
		for _, c := range found {
			if !yield(c.ID, nil) {
				return
			}
		}
	}
}
