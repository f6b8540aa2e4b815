package order

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Options change how an Engine works. The zero value is good for a shop whose
// orders guests do not come back to.
type Options struct {
	Now func() time.Time           // time.Now
	ID  func(prefix string) string // ident.NewID
	// Secret makes the tokens by which guests reach their orders. It must be the
	// same in every process of a shop. Without it there are none.
	Secret []byte
	// Unlimited lifts the limits of Lookup, for tests under load.
	Unlimited bool
}

// Engine holds the rules of orders. It is safe for concurrent use.
type Engine struct {
	store   Store
	opts    Options
	numbers numbers
	codes   []byte // secret of the codes in mails
}

var _ Service = (*Engine)(nil)

// New returns an Engine that keeps orders in store. opts may be nil.
func New(store Store, opts *Options) *Engine {
	e := &Engine{store: store}
	if opts != nil {
		e.opts = *opts
	}
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	if e.opts.ID == nil {
		e.opts.ID = ident.NewID
	}
	if len(e.opts.Secret) > 0 {
		e.codes = ident.SecretFor(e.opts.Secret, "order.codes")
	}
	return e
}

// Scope is where the Engine writes.
func (e *Engine) Scope() txn.Scope { return e.store.Scope() }

// Token returns the secret by which a guest reaches o, "" if the Engine has no
// Secret to make it with.
func (e *Engine) Token(o Order) string {
	if len(e.opts.Secret) == 0 {
		return ""
	}
	return ident.Token(e.opts.Secret, o.ID, o.Epoch)
}

// now is the time as every store keeps it.
func (e *Engine) now() time.Time { return stamp(e.opts.Now()) }

func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// find returns the row of the order that id names: its id, or its number for
// those who work with all orders.
func (e *Engine) find(ctx context.Context, id string) (Row, error) {
	r, err := e.store.Order(ctx, id)
	who := ident.From(ctx)
	if errors.Is(err, ErrNotFound) && (who.May("orders:read") || who.May("orders:write")) {
		return e.store.OrderByNumber(ctx, id)
	}
	return r, err
}

// visible reports whether the caller of ctx may see o.
func (e *Engine) visible(ctx context.Context, o Order) bool {
	switch who := ident.From(ctx); who.Kind {
	case ident.Customer:
		return who.ID != "" && o.CustomerID != nil && *o.CustomerID == who.ID
	case ident.Guest:
		return len(e.opts.Secret) > 0 && ident.TokenFits(who.OrderToken, e.opts.Secret, o.ID, o.Epoch)
	default:
		return who.May("orders:read")
	}
}

// task is an order in the hands of one command: what is stored of it, what the
// command makes of it, and what it has to tell.
type task struct {
	document
	was     Row
	now     time.Time
	newID   func(prefix string) string
	actor   string
	cause   string
	history []Entry
	events  []event.Envelope
}

func (e *Engine) task(ctx context.Context, d document, was Row) *task {
	cause := ident.Request(ctx)
	if cause == "" {
		cause = ident.Key(ctx)
	}
	return &task{document: d, was: was, now: e.now(), newID: e.opts.ID,
		actor: clip(ident.From(ctx).Origin().String(), 100), cause: clip(cause, 255)}
}

// clip cuts what others have chosen to what the history holds.
func clip(s string, runes int) string {
	s = strings.ToValidUTF8(s, "")
	for i := range s {
		if runes == 0 {
			return s[:i]
		}
		runes--
	}
	return s
}

// note adds a line to the history. Each line is a version of the order.
func (t *task) note(kind, from, to, text string) {
	t.Version++
	t.history = append(t.history, Entry{Version: t.Version, Kind: kind, From: from, To: to, Text: text, Actor: t.actor, CauseID: t.cause, At: t.now})
}

// announce adds an event.
func announce[P any](t *task, typ event.Type[P], p P) {
	t.events = append(t.events, typ.New(t.newID("evt"), t.ID, t.now, p))
}

func (t *task) about() OrderV1 {
	return OrderV1{Order: t.ID, Number: t.Number, Email: t.Email, Locale: t.Locale}
}

// illegal is the error for a move that the states do not allow.
func illegal(from, to Status) error {
	return ErrIllegal.With(map[string]Status{"from": from, "to": to})
}

// move changes the status, or returns ErrIllegal.
func (t *task) move(to Status, text string) error {
	if !Transitions.Allows(t.Status, to) {
		return illegal(t.Status, to)
	}
	t.note("status", string(t.Status), string(to), text)
	t.Status = to
	return nil
}

// change loads an order, changes it and saves it with its history and events,
// as one unit. A change that notes nothing is none.
func (e *Engine) change(ctx context.Context, load func(context.Context) (Row, error), fn func(context.Context, *task) error) (Order, error) {
	return txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (Order, error) {
		return e.apply(ctx, load, fn)
	})
}

// apply is change in a unit that is open.
func (e *Engine) apply(ctx context.Context, load func(context.Context) (Row, error), fn func(context.Context, *task) error) (Order, error) {
	row, err := load(ctx)
	if err != nil {
		return Order{}, err
	}
	d, err := row.document()
	if err != nil {
		return Order{}, err
	}
	t := e.task(ctx, d, row)
	if err := fn(ctx, t); err != nil {
		return Order{}, err
	}
	if len(t.history) == 0 {
		return t.Order, nil
	}
	if err := t.derive(); err != nil {
		return Order{}, err
	}
	if row, err = t.row(); err != nil {
		return Order{}, err
	}
	if err := e.store.Save(ctx, t.was, row, t.history); err != nil {
		return Order{}, err
	}
	return t.Order, e.store.Record(ctx, t.events...)
}

// marked is change for a command and its undoing, which share a mark under op
// and key. Where the mark says that there is nothing to do it returns the order
// as it is.
func (e *Engine) marked(ctx context.Context, op, key string, load func(context.Context) (Row, error),
	mark func(context.Context, once.Keys, string, string, func() error) error, fn func(context.Context, *task) error) (Order, error) {
	return txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (o Order, err error) {
		changed := false
		err = mark(ctx, e.store, op, key, func() error {
			changed = true
			o, err = e.apply(ctx, load, fn)
			return err
		})
		if err != nil || changed {
			return o, err
		}
		row, err := load(ctx)
		if err != nil {
			return Order{}, err
		}
		d, err := row.document()
		return d.Order, err
	})
}

// named returns a load for change.
func (e *Engine) named(id string) func(context.Context) (Row, error) {
	return func(ctx context.Context) (Row, error) { return e.find(ctx, id) }
}

// holding returns a load for change of the order of a fulfillment.
func (e *Engine) holding(fulfillmentID string) func(context.Context) (Row, error) {
	return func(ctx context.Context) (Row, error) { return e.store.OrderOfFulfillment(ctx, fulfillmentID) }
}

// fresh returns ErrStale if the caller has named another version.
func (t *task) fresh(version int64) error {
	if version != 0 && version != t.was.Version {
		return ErrStale.With(map[string]int64{"version": t.was.Version})
	}
	return nil
}
