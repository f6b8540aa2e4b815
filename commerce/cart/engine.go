package cart

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"reflect"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Options change how an Engine works. The zero value is good.
type Options struct {
	Log *slog.Logger               // slog.Default()
	Now func() time.Time           // time.Now
	ID  func(prefix string) string // ident.NewID

	// Secret is what the tokens of guests are derived from. Processes that
	// share a database need the same. Without one each process makes its own,
	// and guests lose their carts when it ends.
	Secret []byte
}

// Engine holds the rules of carts. It is safe for concurrent use.
type Engine struct {
	store  Store
	prices Prices
	opts   Options
}

var _ Service = (*Engine)(nil)

// New returns an Engine that keeps carts in store. opts may be nil.
func New(store Store, prices Prices, opts *Options) *Engine {
	e := &Engine{store: store, prices: prices}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Log = cmp.Or(e.opts.Log, slog.Default())
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	if e.opts.ID == nil {
		e.opts.ID = ident.NewID
	}
	if len(e.opts.Secret) == 0 {
		e.opts.Secret = []byte(rand.Text() + rand.Text())
	}
	return e
}

// Scope is the database that the engine writes in.
func (e *Engine) Scope() txn.Scope { return e.store.Scope() }

// Token returns the secret with which a guest opens c, for the answer to its
// creation. It is "" for a customer's cart, which needs none.
func (e *Engine) Token(c Cart) string {
	if c.CustomerID != "" {
		return ""
	}
	return ident.Token(e.opts.Secret, c.ID, c.Epoch)
}

// mayOpen reports whether who may read and write c.
func (e *Engine) mayOpen(who ident.Actor, c Cart) bool {
	return who.Trusted() || e.owns(who, c)
}

// owns reports whether c is who's: by name if it is a customer's, by token if
// it is nobody's yet.
func (e *Engine) owns(who ident.Actor, c Cart) bool {
	if c.CustomerID != "" {
		return who.Kind == ident.Customer && who.ID == c.CustomerID
	}
	return (who.Kind == ident.Customer || who.Kind == ident.Guest) &&
		ident.TokenFits(who.CartToken, e.opts.Secret, c.ID, c.Epoch)
}

// customer returns the customer who asks, also through a service of the shop.
func customer(ctx context.Context) (ident.Actor, error) {
	who := ident.From(ctx).Origin()
	switch {
	case who.Kind == ident.Customer && who.ID != "":
		return who, nil
	case who.Kind == ident.Guest:
		return ident.Actor{}, fault.ErrUnauthenticated
	default:
		return ident.Actor{}, fault.ErrDenied.Saying("only a customer has carts")
	}
}

// open returns a cart that the caller may write, or ErrNotFound: whether there
// is a cart of somebody else is not told.
func (e *Engine) open(ctx context.Context, id string) (Cart, error) {
	c, err := e.store.Cart(ctx, id)
	if err != nil {
		return Cart{}, err
	}
	if !e.mayOpen(ident.From(ctx), c) {
		return Cart{}, ErrNotFound
	}
	return c, nil
}

// now returns the time as it is stored.
func (e *Engine) now() time.Time { return e.opts.Now().UTC().Truncate(time.Microsecond) }

func (e *Engine) itemID() string { return e.opts.ID("ci") }

// lost marks an error of a unit that was overtaken: a new unit, which sees what
// the other one wrote, may well succeed.
type lost struct{ error }

func (l lost) Unwrap() error { return l.error }

// tries is how often a command is run that others overtake.
const tries = 6

// insist runs fn, which opens a unit of work, until it was not overtaken.
// Inside somebody's unit it runs fn once: that unit is lost with it.
func insist[T any](ctx context.Context, fn func() (T, error)) (v T, err error) {
	for range tries {
		v, err = fn()
		if _, again := errors.AsType[lost](err); !again || txn.Outside(ctx) != nil || ctx.Err() != nil {
			break
		}
	}
	return v, err
}

// save writes c as changed now, with the events that announce it.
func (e *Engine) save(ctx context.Context, c *Cart, evs ...event.Envelope) error {
	c.UpdatedAt = e.now()
	c.ExpiresAt = c.UpdatedAt.Add(Lifetime)
	if err := e.store.Save(ctx, c); err != nil {
		if errors.Is(err, ErrStale) {
			return lost{err}
		}
		return err
	}
	return e.store.Record(ctx, evs...)
}

// update changes an open cart of the caller as one unit of work. version, when
// not 0, is the one that it must have. A change that changes nothing writes
// nothing.
func (e *Engine) update(ctx context.Context, id string, version int64, change func(c *Cart) error) (Cart, error) {
	return insist(ctx, func() (Cart, error) {
		return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Cart, error) {
			return e.change(ctx, id, version, change)
		})
	})
}

// change is update in the unit of work of ctx.
func (e *Engine) change(ctx context.Context, id string, version int64, change func(c *Cart) error) (Cart, error) {
	c, err := e.open(ctx, id)
	if err != nil {
		return Cart{}, err
	}
	if err := c.writable(version); err != nil {
		return Cart{}, err
	}
	before := c.clone()
	if err := change(&c); err != nil {
		return Cart{}, err
	}
	if reflect.DeepEqual(before, c) {
		return c, nil
	}
	if err := e.save(ctx, &c); err != nil {
		return Cart{}, err
	}
	return c, nil
}
