package bunstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// unit is a unit of work in progress. It travels in a context under unitKey,
// which names its DB, so that a store of another DB does not see it.
type unit struct {
	tx     *sql.Tx
	events []event.Envelope // written in one statement before the commit
	doomed atomic.Bool
	over   atomic.Bool
}

type unitKey struct{ db *DB }

// tries is how often a unit of work is run when the database asks for it.
const tries = 6

// ErrBusy says that a unit of work lost against others more often than it is
// tried, that a statement outside of units lost, or that there was no connection
// for them. Nothing was written.
var ErrBusy = fault.New(fault.Unavailable, "store.busy", "too much is done at the same time, try again")

// Do implements txn.Scope. A unit that loses a deadlock, waits too long for a
// lock, or loses its connection before COMMIT is rolled back and run again on a
// fresh BEGIN, never from the middle. A database that is away is
// fault.ErrUnavailable, one without a connection for more work ErrBusy, soon.
func (d *DB) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	if u, ok := ctx.Value(unitKey{d}).(*unit); ok {
		return u.join(ctx, fn)
	}
	var err error
	for try := range tries {
		if try > 0 {
			if waitErr := pause(ctx, try); waitErr != nil {
				return errors.Join(err, waitErr)
			}
		}
		if err = d.once(ctx, fn); !again(err) || ctx.Err() != nil {
			return told(err)
		}
		d.log.DebugContext(ctx, "unit of work is run again", "try", try+1, "err", err)
	}
	return beaten(err)
}

// join runs fn in the unit that is open already.
func (u *unit) join(ctx context.Context, fn func(ctx context.Context) error) error {
	if u.over.Load() {
		return txn.ErrDone
	}
	err := fn(ctx)
	if err != nil {
		u.doomed.Store(true)
	}
	return err
}

// once runs fn in one transaction. It does not use bun's RunInTx: that hands fn
// the context of BeginTx, without what the caller has put in its own since.
func (d *DB) once(ctx context.Context, fn func(ctx context.Context) error) (err error) {
	conn, err := d.take(ctx, d.write)
	if err != nil {
		return err
	}
	defer func() { err = giveBack(conn, err) }()
	tx, err := conn.BeginTx(ctx, d.begin)
	if err != nil {
		return err
	}
	u := &unit{tx: tx}
	returned := false
	defer func() {
		u.over.Store(true)
		if !returned { // fn has panicked, or ended its goroutine
			_ = tx.Rollback()
		}
	}()
	err = d.run(ctx, u, fn)
	returned = true
	if err != nil {
		// After error 1205 the transaction is still open and half done: the
		// rollback must be said.
		if back := tx.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) && !isLost(back) {
			return errors.Join(err, fmt.Errorf("roll back: %w", back))
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		if isLost(err) {
			// Nobody knows whether it happened. Not run again here: the caller
			// finds out by its key.
			return fault.ErrUnavailable.Saying("the database did not say whether this was done; send it again with the same key").Because(err)
		}
		return err
	}
	if len(u.events) > 0 {
		d.hooks.call()
	}
	d.tidyLog(conn)
	return nil
}

// hooks are functions that are called after commits that wrote events.
type hooks struct {
	mu  sync.Mutex
	fns []func()
}

func (h *hooks) call() {
	h.mu.Lock()
	fns := h.fns
	h.mu.Unlock()
	for _, fn := range fns {
		fn()
	}
}

// OnRecord calls fn after each commit of d that wrote events, such as a relay's
// Wake. fn must not wait. Commits of others, after Join, it does not see.
func (d *DB) OnRecord(fn func()) {
	d.hooks.mu.Lock()
	defer d.hooks.mu.Unlock()
	d.hooks.fns = append(slices.Clip(d.hooks.fns), fn)
}

func (d *DB) run(ctx context.Context, u *unit, fn func(ctx context.Context) error) error {
	inner := context.WithValue(txn.Inside(ctx), unitKey{d}, u)
	if err := fn(inner); err != nil {
		return err
	}
	if u.doomed.Load() {
		return txn.ErrDoomed
	}
	return d.writeEvents(inner, u)
}

// Join returns a context in which somebody's open transaction is the unit of
// work of d. Every command with that context takes part in it; commit and
// rollback are theirs, nothing is retried inside. done writes the events that
// the commands announced and must be called before their commit; after it, or
// after an error of any command, the context cannot be used, and a transaction
// in which a command failed must be rolled back.
//
// Reads in their transaction see what its isolation level shows them; take
// READ COMMITTED on MySQL.
func (d *DB) Join(ctx context.Context, tx *sql.Tx) (inner context.Context, done func() error) {
	u := &unit{tx: tx}
	inner = context.WithValue(txn.Inside(ctx), unitKey{d}, u)
	return inner, func() error {
		defer u.over.Store(true)
		if u.doomed.Load() {
			return txn.ErrDoomed
		}
		return d.writeEvents(inner, u)
	}
}

// pause waits before try number n: 10 to 200 ms with jitter.
func pause(ctx context.Context, n int) error {
	most := min(200*time.Millisecond, 10*time.Millisecond<<n)
	t := time.NewTimer(most/2 + rand.N(most/2))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// again reports whether a unit that failed with err has a chance on a fresh
// transaction. Everything it names happens before or instead of a commit.
func again(err error) bool {
	if err == nil {
		return false
	}
	if m, ok := errors.AsType[*mysql.MySQLError](err); ok {
		switch m.Number {
		case 1213, // deadlock
			1205,       // lock wait timeout
			1020,       // MariaDB snapshot isolation
			1180,       // Group Replication: lost at COMMIT
			3101,       // Group Replication: rolled back by certification
			1047,       // Galera: node is not ready
			1290, 1792, // read-only after a failover
			1836:
			return true
		}
		return false
	}
	if s, ok := errors.AsType[*sqlite.Error](err); ok {
		const busy, lockedTable = 5, 6
		return s.Code()&0xff == busy || s.Code()&0xff == lockedTable
	}
	return isLost(err) && fault.KindOf(err) == fault.Internal
}

// isLost reports whether the connection broke.
func isLost(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn)
}

// isDuplicate reports whether a unique key refused a row.
func isDuplicate(err error) bool {
	if m, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return m.Number == 1062
	}
	if s, ok := errors.AsType[*sqlite.Error](err); ok {
		const primaryKey, unique = 1555, 2067
		return s.Code() == primaryKey || s.Code() == unique
	}
	return false
}

// isCheck reports whether a CHECK constraint refused a row.
func isCheck(err error) bool {
	if m, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return m.Number == 3819 || m.Number == 4025
	}
	if s, ok := errors.AsType[*sqlite.Error](err); ok {
		const check = 275
		return s.Code() == check
	}
	return false
}

// noRows reports whether a single-row query found nothing.
func noRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
