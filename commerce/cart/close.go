package cart

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// move puts c in another state, or returns ErrClosed.
func (c *Cart) move(to Status, now time.Time) error {
	if !Transitions.Allows(c.Status, to) {
		return ErrClosed.With(Closed{c.Status, c.OrderID})
	}
	c.Status, c.ClosedAt = to, now
	if to == StatusOpen {
		c.ClosedAt = time.Time{}
	}
	return nil
}

// Close completes a cart for the order in.OrderID and announces Completed, once
// for each key: a repeat returns the cart as it is. It returns once.ErrUndone
// when Reopen came first.
func (e *Engine) Close(ctx context.Context, in CloseInput) (Cart, error) {
	if err := OpClose.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	return insist(ctx, func() (Cart, error) {
		return txn.Get(ctx, e.Scope(), func(ctx context.Context) (c Cart, err error) {
			err = once.Do(ctx, e.store, OpClose.Name, in.Key, func() error {
				c, err = e.complete(ctx, in)
				return err
			})
			if err != nil || c.ID != "" {
				return c, err
			}
			return e.store.Cart(ctx, in.ID)
		})
	})
}

func (e *Engine) complete(ctx context.Context, in CloseInput) (Cart, error) {
	c, err := e.store.Cart(ctx, in.ID)
	if err != nil {
		return Cart{}, err
	}
	if err := c.writable(in.Version); err != nil {
		return Cart{}, err
	}
	if err := c.move(StatusCompleted, e.now()); err != nil {
		return Cart{}, err
	}
	c.OrderID = in.OrderID
	ev := Completed.New(e.opts.ID("evt"), c.ID, e.now(), CompletedV1{Cart: c.ID, Order: c.OrderID})
	return c, e.save(ctx, &c, ev)
}

// Reopen undoes Close with the same key: the cart is open again, its attempt
// one higher. It does nothing to a cart that the key has not closed, and keeps
// a Close with that key from closing it later; if the key is the CheckoutID of
// the cart, that gets the next attempt all the same.
//
// A customer has one open cart in a market. If there is another by now, that
// one stays as its owner has filled it, and this one becomes abandoned: its
// goods can still be read, and nothing that was not put there turns up in a
// cart.
func (e *Engine) Reopen(ctx context.Context, in CloseInput) (Cart, error) {
	if err := OpReopen.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	return insist(ctx, func() (Cart, error) {
		return txn.Get(ctx, e.Scope(), func(ctx context.Context) (c Cart, err error) {
			err = once.Undo(ctx, e.store, OpClose.Name, in.Key, func() error {
				c, err = e.reopen(ctx, in.ID)
				return err
			})
			if err != nil || c.ID != "" {
				return c, err
			}
			return e.spend(ctx, in)
		})
	})
}

// spend makes sure that the next checkout of a cart has another id than one
// that was called off before it closed the cart.
func (e *Engine) spend(ctx context.Context, in CloseInput) (Cart, error) {
	c, err := e.store.Cart(ctx, in.ID)
	if err != nil || c.Status != StatusOpen || c.CheckoutID() != in.Key {
		return c, err
	}
	c.Attempt++
	return c, e.save(ctx, &c)
}

func (e *Engine) reopen(ctx context.Context, id string) (Cart, error) {
	c, err := e.store.Cart(ctx, id)
	if err != nil || c.Status != StatusCompleted {
		return c, err
	}
	c.Attempt++
	c.OrderID = ""
	aside := c
	if err := c.move(StatusOpen, e.now()); err != nil {
		return Cart{}, err
	}
	err = e.save(ctx, &c)
	if !errors.Is(err, ErrTaken) {
		return c, err
	}
	if err := aside.move(StatusAbandoned, e.now()); err != nil {
		return Cart{}, err
	}
	e.opts.Log.InfoContext(ctx, "cart is not opened again: its customer has another", "cart", id)
	return aside, e.save(ctx, &aside, e.abandoned(aside)...)
}

// abandoned is the event of a cart that is given up, none for an empty one.
func (e *Engine) abandoned(c Cart) []event.Envelope {
	if len(c.Items) == 0 {
		return nil
	}
	p := AbandonedV1{Cart: c.ID, Customer: c.CustomerID, Email: c.Email}
	return []event.Envelope{Abandoned.New(e.opts.ID("evt"), c.ID, e.now(), p)}
}

// Delete gives a cart up and announces Abandoned if there was something in it.
// It returns ErrClosed for a cart that became an order or went into another.
func (e *Engine) Delete(ctx context.Context, in IDInput) (op.Nothing, error) {
	if err := OpDelete.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return insist(ctx, func() (op.Nothing, error) {
		return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
			c, err := e.open(ctx, in.ID)
			if err != nil || c.Status == StatusAbandoned || c.Status == StatusExpired {
				return op.Nothing{}, err
			}
			// Not every closed cart may be abandoned by its owner: see Transitions.
			if err := c.writable(0); err != nil {
				return op.Nothing{}, err
			}
			if err := c.move(StatusAbandoned, e.now()); err != nil {
				return op.Nothing{}, err
			}
			return op.Nothing{}, e.save(ctx, &c, e.abandoned(c)...)
		})
	})
}

// batch is how many carts one unit of work of Expire closes.
const batch = 100

// Expire closes the open carts whose time was over at now and returns how many
// it closed. It is meant for a periodic job; a cart that is changed meanwhile
// stays open. After an error the batches before it remain closed.
func (e *Engine) Expire(ctx context.Context, now time.Time) (int, error) {
	total := 0
	ids := make([]string, 0, batch)
	flush := func() error {
		n, err := e.expire(ctx, ids, now)
		total, ids = total+n, ids[:0]
		return err
	}
	for id, err := range e.store.Idle(ctx, now) {
		if err != nil {
			return total, err
		}
		if ids = append(ids, id); len(ids) < batch {
			continue
		}
		if err := flush(); err != nil {
			return total, err
		}
	}
	return total, flush()
}

// expire closes those of ids whose time was over at now, in one unit of work.
func (e *Engine) expire(ctx context.Context, ids []string, now time.Time) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	slices.Sort(ids) // the order of locks
	return insist(ctx, func() (int, error) {
		return txn.Get(ctx, e.Scope(), func(ctx context.Context) (n int, err error) {
			for _, id := range ids {
				c, err := e.store.Cart(ctx, id)
				if err != nil {
					return 0, err
				}
				if c.Status != StatusOpen || c.ExpiresAt.After(now) {
					continue
				}
				if err := c.move(StatusExpired, e.now()); err != nil {
					return 0, err
				}
				if err := e.save(ctx, &c); err != nil {
					return 0, err
				}
				n++
			}
			return n, nil
		})
	})
}
