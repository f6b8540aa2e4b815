package bunstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// How long work waits for a connection, before it is ErrBusy. Who waits for the
// one writer of a SQLite file waits for others of this process, not for somebody
// who is away.
const (
	patience       = 1500 * time.Millisecond
	patienceSQLite = 30 * time.Second
)

// redials is how many connections a statement outside of a unit of work is sent
// to when those before were broken before it came there, or refused it unread.
const redials = 3

// use runs fn on what a statement with ctx must run on: the transaction of the
// unit of work, or a connection of outside when there is none.
func (d *DB) use(ctx context.Context, outside *bun.DB, fn func(bun.IConn) error) (err error) {
	switch u, ok := ctx.Value(unitKey{d}).(*unit); {
	case ok && u.over.Load():
		return txn.ErrDone
	case ok:
		return fn(u.tx)
	}
	for range redials {
		if err = d.lend(ctx, outside, fn); !errors.Is(err, driver.ErrBadConn) && !isReadOnly(err) {
			break
		}
	}
	if again(err) {
		return beaten(err)
	}
	return told(err)
}

// lend runs fn on a connection of handle.
func (d *DB) lend(ctx context.Context, handle *bun.DB, fn func(bun.IConn) error) error {
	conn, err := d.take(ctx, handle)
	if err != nil {
		return err
	}
	err = fn(conn)
	return giveBack(conn, err)
}

// take returns a connection of handle. When it gets none in time it returns
// ErrBusy if all are in use, else fault.ErrUnavailable.
func (d *DB) take(ctx context.Context, handle *bun.DB) (*sql.Conn, error) {
	most := patience
	if d.dialect == SQLite {
		most = patienceSQLite
	}
	waiting, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	conn, err := handle.DB.Conn(waiting)
	if err == nil || waiting.Err() == nil || ctx.Err() != nil {
		return conn, err
	}
	if s := handle.DB.Stats(); s.InUse < s.MaxOpenConnections {
		return nil, fault.ErrUnavailable.Because(err)
	}
	return nil, ErrBusy.Because(err)
}

// giveBack ends the use of a connection, after which err was returned. One to a
// server that only reads now is closed: the next is to another server.
func giveBack(conn *sql.Conn, err error) error {
	if isReadOnly(err) {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	_ = conn.Close() // gone already, or back
	return err
}

// told returns err as those outside are to see it: that the database is away, or
// takes no more, is no fault of the shop.
func told(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	m, _ := errors.AsType[*mysql.MySQLError](err)
	_, network := errors.AsType[net.Error](err)
	switch {
	case m != nil && (m.Number == 1040 || m.Number == 1203 || m.Number == 1226): // too many connections
		return ErrBusy.Because(err)
	case m != nil && m.Number == 1053, isReadOnly(err), isLost(err), network && !isContext(err): // the first: the server ends
		return fault.ErrUnavailable.Because(err)
	}
	return err
}

// beaten returns what those outside are to see of work that lost against others
// for good.
func beaten(err error) error {
	if away := told(err); fault.KindOf(away) == fault.Unavailable {
		return away
	}
	return ErrBusy.Because(err)
}

// isContext reports whether err says that the caller has given up.
func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// isReadOnly reports whether a server refused to write because it only reads now,
// after a failover.
func isReadOnly(err error) bool {
	m, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && (m.Number == 1290 || m.Number == 1792 || m.Number == 1836)
}
