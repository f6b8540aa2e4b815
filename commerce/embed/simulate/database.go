package simulate

import (
	"context"
	"errors"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/job"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Database is one place where writes commit together: stores of one txn.Scope.
// A unit of work of it must not wait for anything but itself: the schedule lets
// one unit into a Database at a time.
type Database struct {
	Stores  commerce.Stores // without Accounts
	Journal flow.Journal    // with the Scope of the others, if it has one
	Outbox  outbox.Store
	Inbox   outbox.Inbox
	Idem    idem.Store
	Jobs    job.Store
	Close   func() error // may be nil
}

// Memory returns an empty Database in memory.
func Memory() Database {
	db := memstore.New()
	return Database{
		Stores: commerce.Stores{Catalog: memstore.Catalog{DB: db}, Inventory: memstore.Inventory{DB: db}, Pricing: memstore.Pricing{DB: db},
			Carts: memstore.Carts{DB: db}, Orders: memstore.Orders{DB: db}, Payments: memstore.Payments{DB: db}, Mails: memstore.Notifications{DB: db}},
		Journal: db.Journal(), Outbox: memstore.Outbox{DB: db}, Inbox: memstore.Inbox{DB: db}, Idem: memstore.Idem{DB: db}, Jobs: memstore.Jobs{DB: db},
	}
}

// SQL returns the Database of db, which is migrated and empty. It closes db.
func SQL(db *bunstore.DB) Database {
	return Database{Stores: embed.Stores(db, "catalog", "inventory", "pricing", "cart", "order", "payment", "notification"), Journal: db.Journal(),
		Outbox: bunstore.Outbox{DB: db}, Inbox: bunstore.Inbox{DB: db}, Idem: bunstore.Idem{DB: db}, Jobs: bunstore.Jobs{DB: db}, Close: db.Close}
}

// database is a Database under a schedule.
type database struct {
	Database
	w     *world
	name  string
	scope *scope
	unit  *unit                     // that is open
	seen  map[string]event.Envelope // events that were in the outbox, by id
}

// scope is the txn.Scope of a database: its units of work are steps.
type scope struct {
	*database
	in txn.Scope
}

// unit is a unit of work that is open.
type unit struct {
	actor  *actor
	dirty  checks
	events []event.Envelope
	then   []func() // when it is committed
	asked  int      // calls of stores in it
}

type unitKey struct{ d *database }

// unitOf returns the unit of ctx in d, nil outside of one.
func (d *database) unitOf(ctx context.Context) *unit {
	u, _ := ctx.Value(unitKey{d}).(*unit)
	return u
}

func (d *database) idle() bool { return d.unit == nil }

var (
	errUnknown = fault.ErrUnavailable.Because(errors.New("simulate: nobody says whether the unit of work was committed"))
	errRefused = fault.ErrUnavailable.Because(errors.New("simulate: the unit of work was not committed"))
	errStore   = fault.ErrUnavailable.Because(errors.New("simulate: the database is away"))
	errAgain   = errors.New("simulate: the unit of work is run again")
)

// Do implements txn.Scope.
func (s *scope) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	d := s.database
	if d.unitOf(ctx) != nil {
		return s.in.Do(ctx, fn)
	}
	d.w.step(d.name + ".begin")
	if d.w.dice(UnitAgain, 1) {
		d.w.tell(d.w.cur, d.name+".commit", "is run again")
		if _, err := s.once(ctx, fn, errAgain); !errors.Is(err, errAgain) {
			return err
		}
	}
	u, err := s.once(ctx, fn, nil)
	if err != nil {
		return err
	}
	d.committed(u)
	d.w.step(d.name + ".committed")
	if d.w.dice(CommitUnknown, 1) {
		d.w.tell(d.w.cur, d.name+".committed", "does not hear of it")
		return errUnknown
	}
	return nil
}

// once runs fn as a unit of work. It ends in end, if that is an error.
func (s *scope) once(ctx context.Context, fn func(ctx context.Context) error, end error) (*unit, error) {
	d := s.database
	w := d.w
	w.wait(d.idle, w.noTime)
	u := &unit{actor: w.cur}
	d.unit = u
	u.actor.units++
	defer func() {
		d.unit = nil
		u.actor.units--
	}()
	err := s.in.Do(ctx, func(ctx context.Context) error {
		u.dirty, u.events, u.then, u.asked = 0, nil, nil, 0
		if err := fn(context.WithValue(ctx, unitKey{d}, u)); err != nil {
			return err
		}
		w.step(d.name + ".commit")
		if w.dice(CommitLost, 1) {
			w.tell(w.cur, d.name+".commit", "is refused")
			return errRefused
		}
		return end
	})
	return u, err
}

// kind says whether a call of a store writes.
type kind bool

const (
	reads  kind = false
	writes kind = true
)

// longest is how long a unit of work may be open, each call counting as a tick.
const longest = time.Second

// before is what happens before a call of a store.
func (d *database) before(ctx context.Context, point string) error {
	w := d.w
	w.step(point)
	switch u := d.unitOf(ctx); {
	case u == nil:
		w.wait(d.idle, w.noTime)
	case time.Duration(u.asked)*tick > longest:
		w.violate("N17", "a unit of work of %s is longer than %d calls: %s", d.name, longest/tick, point)
	default:
		u.asked++
	}
	if w.dice(StatementFails, 1) {
		w.tell(w.cur, point, "fails")
		return errStore
	}
	return nil
}

// after is what happens after a call of a store that has gone well.
func (d *database) after(ctx context.Context, point string, k kind) error {
	if k == reads {
		return nil
	}
	dirty := touches(point)
	if u := d.unitOf(ctx); u != nil {
		u.dirty |= dirty
		return nil
	}
	d.committed(&unit{dirty: dirty})
	if d.w.dice(CommitUnknown, 1) {
		d.w.tell(d.w.cur, point, "does not hear of it")
		return errUnknown
	}
	return nil
}

// ask is a call of a store that returns something.
func ask[T any](ctx context.Context, d *database, point string, k kind, fn func() (T, error)) (T, error) {
	var zero T
	if err := d.before(ctx, point); err != nil {
		return zero, err
	}
	v, err := fn()
	if err != nil {
		return v, err
	}
	if err := d.after(ctx, point, k); err != nil {
		return zero, err
	}
	return v, nil
}

// ask2 is a call of a store that returns two things.
func ask2[A, B any](ctx context.Context, d *database, point string, k kind, fn func() (A, B, error)) (a A, b B, err error) {
	type both struct {
		a A
		b B
	}
	v, err := ask(ctx, d, point, k, func() (both, error) {
		a, b, err := fn()
		return both{a, b}, err
	})
	return v.a, v.b, err
}

// tell is a call of a store that returns nothing.
func tell(ctx context.Context, d *database, point string, k kind, fn func() error) error {
	_, err := ask(ctx, d, point, k, func() (struct{}, error) { return struct{}{}, fn() })
	return err
}

// record is a call that records events.
func (d *database) record(ctx context.Context, point string, evs []event.Envelope, fn func() error) error {
	if len(evs) == 0 {
		return fn()
	}
	err := tell(ctx, d, point, writes, fn)
	if err != nil {
		return err
	}
	for _, e := range evs {
		d.w.secretless(point, e.Data)
	}
	if u := d.unitOf(ctx); u != nil {
		u.events = append(u.events, evs...)
		return nil
	}
	d.holdEvents(evs)
	return nil
}

// committed looks at what a unit has written.
func (d *database) committed(u *unit) {
	d.w.dirty |= u.dirty
	for _, fn := range u.then {
		fn()
	}
	d.holdEvents(u.events)
	d.w.look()
}

// afterwards does fn when the unit of ctx is committed, at once outside of one.
func (d *database) afterwards(ctx context.Context, fn func()) {
	if u := d.unitOf(ctx); u != nil {
		u.then = append(u.then, fn)
		return
	}
	fn()
}

// newDatabase puts a Database under the schedule of w.
func newDatabase(w *world, name string, raw Database) *database {
	d := &database{Database: raw, w: w, name: name, seen: map[string]event.Envelope{}}
	d.scope = &scope{d, raw.Inbox.Scope()}
	return d
}

// stores returns the stores of d as engines get them.
func (d *database) stores() commerce.Stores {
	s := d.Stores
	return commerce.Stores{Catalog: catalogStore{s.Catalog, d}, Inventory: inventoryStore{s.Inventory, d}, Pricing: pricingStore{s.Pricing, d},
		Carts: cartStore{s.Carts, d}, Orders: orderStore{s.Orders, d}, Payments: paymentStore{s.Payments, d}, Mails: mailStore{s.Mails, d}}
}
