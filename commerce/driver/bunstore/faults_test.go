package bunstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// eachMySQL runs test against MySQL and MariaDB; dsn is of a database of its own.
func eachMySQL(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	for _, server := range []string{buntest.MySQL, buntest.MariaDB} {
		t.Run(server, func(t *testing.T) {
			buntest.Need(t, server)
			test(t, buntest.Name(t, server))
		})
	}
}

func mark(ctx context.Context, db *bunstore.DB, key string) error {
	_, err := db.Mark(ctx, "op", key, once.Done)
	return err
}

// marked reports which of keys are there.
func marked(t *testing.T, db *bunstore.DB, keys ...string) (all []string) {
	t.Helper()
	for _, k := range keys {
		n := 0
		if err := db.Read(t.Context(), &n, `SELECT COUNT(*) FROM {once} WHERE k = ?`, k); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			all = append(all, k)
		}
	}
	return all
}

// TestD01 has two units that wait for each other. One is run again, as a whole.
func TestD01(t *testing.T) {
	eachMySQL(t, func(t *testing.T, dsn string) {
		db := open(t, dsn, nil)
		for _, k := range []string{"x", "y"} {
			if err := mark(t.Context(), db, k); err != nil {
				t.Fatal(err)
			}
		}
		var both sync.WaitGroup
		both.Add(2)
		var runs atomic.Int32
		var wg sync.WaitGroup
		for i, keys := range [][]string{{"x", "y"}, {"y", "x"}} {
			first := true
			wg.Go(func() {
				err := db.Do(t.Context(), func(ctx context.Context) error {
					runs.Add(1)
					if err := errors.Join(mark(ctx, db, fmt.Sprint("mine", i)), lock(ctx, db, keys[0])); err != nil {
						return err
					}
					if first {
						first = false
						both.Done()
						both.Wait()
					}
					return lock(ctx, db, keys[1])
				})
				if err != nil {
					t.Errorf("unit %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if n := runs.Load(); n != 3 {
			t.Errorf("%d runs of two units, want one of them again", n)
		}
		if got := marked(t, db, "mine0", "mine1"); len(got) != 2 {
			t.Errorf("written before the deadlock remains %v, want all of both", got)
		}
	})
}

// lock writes a row of the unit's own accord, so that it is the unit's until its
// end.
func lock(ctx context.Context, db *bunstore.DB, key string) error {
	_, err := db.Mark(ctx, "op", key, once.Undone)
	return err
}

// TestD02 waits too long for a lock in the middle of a unit: the server rolls
// back the statement alone, the shop all of it.
func TestD02(t *testing.T) {
	eachMySQL(t, func(t *testing.T, dsn string) {
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Params = map[string]string{"innodb_lock_wait_timeout": "1", "sql_mode": "'STRICT_TRANS_TABLES'"}
		db := on(t, cfg.FormatDSN(), 10)
		if err := mark(t.Context(), db, "x"); err != nil {
			t.Fatal(err)
		}
		var held, failed sync.WaitGroup
		held.Add(1)
		failed.Add(1)
		var wg sync.WaitGroup
		wg.Go(func() {
			err := db.Do(t.Context(), func(ctx context.Context) error {
				err := lock(ctx, db, "x")
				held.Done()
				failed.Wait()
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		held.Wait()
		runs := 0
		err = db.Do(t.Context(), func(ctx context.Context) error {
			if runs++; runs == 2 {
				return errors.New("enough")
			}
			if err := mark(ctx, db, "half"); err != nil {
				return err
			}
			defer failed.Done()
			err := lock(ctx, db, "x")
			if m, ok := errors.AsType[*mysql.MySQLError](err); !ok || m.Number != 1205 {
				t.Errorf("%v, want error 1205", err)
			}
			return err
		})
		wg.Wait()
		if runs != 2 || err == nil || err.Error() != "enough" {
			t.Errorf("%d runs, %v; want it run again", runs, err)
		}
		if got := marked(t, db, "half"); got != nil {
			t.Errorf("half a unit was committed: %v", got)
		}
	})
}

// TestD02Statement waits too long for a lock outside of a unit: that is no fault of
// the shop, and the row can be written afterwards.
func TestD02Statement(t *testing.T) {
	eachMySQL(t, func(t *testing.T, dsn string) {
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Params = map[string]string{"innodb_lock_wait_timeout": "1", "sql_mode": "'STRICT_TRANS_TABLES'"}
		s := bunstore.Payments{DB: on(t, cfg.FormatDSN(), 10)}
		keep := func(ctx context.Context) error {
			_, err := s.Keep(ctx, payment.Received{Notice: payment.Notice{ID: "evt_1"}, Provider: "fake", State: payment.NoticeOpen})
			return err
		}
		errBack := errors.New("rolled back")
		err = s.DB.Do(t.Context(), func(ctx context.Context) error {
			if err := keep(ctx); err != nil {
				return err
			}
			if err := keep(t.Context()); !errors.Is(err, bunstore.ErrBusy) {
				t.Errorf("%v, want ErrBusy", err)
			}
			return errBack
		})
		if !errors.Is(err, errBack) {
			t.Fatal(err)
		}
		if err := keep(t.Context()); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestRunAgain has units that fail with what databases say when a fresh BEGIN
// may help, once and always.
func TestRunAgain(t *testing.T) {
	db := buntest.Open(t, buntest.SQLite)
	for _, number := range []uint16{1213, 1205, 1020, 1180, 3101, 1047, 1290, 1792, 1836} {
		runs := 0
		fail := func(times int) func(context.Context) error {
			return func(ctx context.Context) error {
				if runs++; runs <= times {
					return errors.Join(mark(ctx, db, fmt.Sprint(number, "run", runs)), &mysql.MySQLError{Number: number})
				}
				return mark(ctx, db, fmt.Sprint(number, "last"))
			}
		}
		if err := db.Do(t.Context(), fail(1)); err != nil || runs != 2 {
			t.Errorf("%d: %d runs, %v; want 2", number, runs, err)
		}
		if got := marked(t, db, fmt.Sprint(number, "run1"), fmt.Sprint(number, "last")); len(got) != 1 || got[0] != fmt.Sprint(number, "last") {
			t.Errorf("%d: left %v, want what the second run wrote", number, got)
		}
		if runs = 0; number != 1213 {
			continue
		}
		start := time.Now()
		err := db.Do(t.Context(), fail(100))
		if took := time.Since(start); runs != 6 || fault.KindOf(err) != fault.Unavailable || took < 100*time.Millisecond || took > 5*time.Second {
			t.Errorf("%d: %d runs in %v, %v; want 6, a little apart, and to be told to try again", number, runs, took, err)
		}
	}
	runs := 0
	err := db.Do(t.Context(), func(context.Context) error { runs++; return &mysql.MySQLError{Number: 1064} })
	if runs != 1 || fault.KindOf(err) != fault.Internal {
		t.Errorf("a mistake is run %d times: %v", runs, err)
	}
}

// failover opens connections that only read, as to a server that was the primary
// a moment ago, until it is over.
type failover struct {
	driver.Connector
	over  atomic.Bool
	stale atomic.Int32 // connections that were opened to the old server
}

func (f *failover) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := f.Connector.Connect(ctx)
	if err != nil || f.over.Load() {
		return conn, err
	}
	f.stale.Add(1)
	_, err = conn.(driver.ExecerContext).ExecContext(ctx, "SET SESSION TRANSACTION READ ONLY", nil)
	return conn, err
}

// TestD04 writes over connections to a server that only reads since a failover:
// they are dropped, and the writes are done over others. It does so for handles
// that we open and for those of somebody who has not set rejectReadOnly.
func TestD04(t *testing.T) {
	eachMySQL(t, func(t *testing.T, dsn string) {
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := mysql.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for name, connect := range map[string]func(*failover) *bunstore.DB{
			"ours": func(f *failover) *bunstore.DB {
				return open(t, dsn, &bunstore.Options{Connect: func(c driver.Connector) driver.Connector { f.Connector = c; return f }})
			},
			"theirs": func(f *failover) *bunstore.DB {
				f.Connector = theirs
				handle := sql.OpenDB(f)
				handle.SetMaxOpenConns(1)
				t.Cleanup(func() { _ = handle.Close() })
				db, err := bunstore.New(t.Context(), handle, bunstore.MySQL, nil)
				if err != nil {
					t.Fatal(err)
				}
				return db
			},
		} {
			f := &failover{}
			db := connect(f)
			if err := db.Ping(t.Context()); err != nil || f.stale.Load() == 0 {
				t.Fatalf("%s: %v", name, err)
			}
			err := db.Do(t.Context(), func(ctx context.Context) error { return mark(ctx, db, name+" early") })
			if fault.KindOf(err) != fault.Unavailable {
				t.Errorf("%s: written to a server that only reads: %v", name, err)
			}
			if err := db.Ping(t.Context()); err != nil { // over one more to the old server
				t.Error(err)
			}
			f.over.Store(true)
			err = db.Do(t.Context(), func(ctx context.Context) error { return mark(ctx, db, name+" unit") })
			if err != nil {
				t.Errorf("%s: a unit after the failover: %v", name, err)
			}
			if got := marked(t, db, name+" early", name+" unit"); len(got) != 1 || got[0] != name+" unit" {
				t.Errorf("%s: left %v", name, got)
			}
		}
	})
}

// TestD04Statement is TestD04 for what is written outside of units.
func TestD04Statement(t *testing.T) {
	eachMySQL(t, func(t *testing.T, dsn string) {
		f := &failover{}
		db := open(t, dsn, &bunstore.Options{Connect: func(c driver.Connector) driver.Connector { f.Connector = c; return f }})
		f.over.Store(true)
		if err := (bunstore.Idem{DB: db}).Free(t.Context(), idem.Record{Scope: "s", Key: "k", Fence: 1}); err != nil {
			t.Errorf("over a connection to the old server: %v", err)
		}
	})
}

// refusing is a server that takes no more connections, and closes those that it
// has, while it is full.
type refusing struct {
	driver.Connector
	full atomic.Bool
}

func (r *refusing) Connect(ctx context.Context) (driver.Conn, error) {
	if r.full.Load() {
		return nil, &mysql.MySQLError{Number: 1040, Message: "Too many connections"}
	}
	return r.Connector.Connect(ctx)
}

// TestD06 has no connection for one more: all of the shop's own are in use, or
// the server gives none. Both are told soon, and are over when they are over.
func TestD06(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	dsn := buntest.Name(t, buntest.MySQL)
	wantBusy := func(what string, db *bunstore.DB) {
		t.Helper()
		for name, ask := range map[string]func() error{
			"a unit":      func() error { return db.Do(t.Context(), func(context.Context) error { return nil }) },
			"a statement": func() error { _, err := (bunstore.Outbox{DB: db}).Waiting(t.Context()); return err },
			"a ping":      func() error { return db.Ping(t.Context()) },
		} {
			start := time.Now()
			err := ask()
			if took := time.Since(start); !errors.Is(err, bunstore.ErrBusy) || took > 2*time.Second {
				t.Errorf("%s, %s: %v after %v; want ErrBusy within 2 seconds", what, name, err, took)
			}
		}
	}
	const most = 3
	db := on(t, dsn, most)
	release := make(chan struct{})
	var holding, wg sync.WaitGroup
	for range most {
		holding.Add(1)
		wg.Go(func() {
			err := db.Do(t.Context(), func(context.Context) error { holding.Done(); <-release; return nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	holding.Wait()
	wantBusy("all in use", db)
	close(release)
	wg.Wait()
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	r := &refusing{}
	db = open(t, dsn, &bunstore.Options{Connect: func(c driver.Connector) driver.Connector { r.Connector = c; return r }})
	r.full.Store(true)
	err := db.Do(t.Context(), func(ctx context.Context) error { // the one that is open
		wantBusy("too many connections", db)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// open opens a database by its name until the test ends.
func open(t *testing.T, dsn string, o *bunstore.Options) *bunstore.DB {
	t.Helper()
	db, err := bunstore.Open(t.Context(), dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// on is open by way of a handle of somebody else with at most so many
// connections.
func on(t *testing.T, dsn string, most int) *bunstore.DB {
	t.Helper()
	handle, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	handle.SetMaxOpenConns(most)
	t.Cleanup(func() {
		if err := handle.Close(); err != nil {
			t.Error(err)
		}
	})
	db, err := bunstore.New(t.Context(), handle, bunstore.MySQL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return db
}
