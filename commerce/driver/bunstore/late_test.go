package bunstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// full reports whether tests may take as long as what they show takes in life.
func full() bool { return os.Getenv("MERCER_TEST_FULL") == "1" }

// took is a bus that knows what was published, and the last number of each key.
type took struct {
	mu   sync.Mutex
	seen map[string]int
	last map[string]int64
	bad  []string // events that were published before an earlier one of their key
}

func (b *took) Publish(_ context.Context, evs ...event.Envelope) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range evs {
		if b.seen[e.ID]++; b.seen[e.ID] > 1 {
			continue
		}
		if e.Seq != b.last[e.Key]+1 {
			b.bad = append(b.bad, e.ID)
		}
		b.last[e.Key] = e.Seq
	}
	return nil
}

func (b *took) Subscribe(context.Context, string, []string, event.Handler) (func(), error) {
	return func() {}, nil
}

// TestB03 has units that commit long after they have written their events, in
// another order than they wrote them, while two relays publish: what a position
// would pass over is published all the same.
func TestB03(t *testing.T) {
	eachMySQL(t, func(t *testing.T, dsn string) {
		const writers = 24
		each := 25
		if full() {
			each = 10_000/writers + 1
		}
		db := open(t, dsn, nil)
		handle, err := sql.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = handle.Close() })
		bus := &took{seen: map[string]int{}, last: map[string]int64{}}
		ctx, cancel := context.WithCancel(t.Context())
		var relays, all sync.WaitGroup
		for range 2 {
			r := outbox.New(bunstore.Outbox{DB: db}, bus, &outbox.Options{Every: 2 * time.Millisecond, Lease: time.Second})
			relays.Go(func() { _ = r.Run(ctx) })
		}
		var waited atomic.Int64 // commits that came after later ones
		var newest atomic.Int64
		for w := range writers {
			all.Go(func() {
				for i := range each {
					at := time.Now()
					if err := late(t.Context(), db, handle, event.Envelope{ID: fmt.Sprintf("evt_%d_%d", w, i), Name: "a.b", Version: 1, Key: fmt.Sprint("k", w), At: at, Data: []byte(`{}`)}, w); err != nil {
						t.Errorf("writer %d: %v", w, err)
						return
					}
					if newest.Load() > at.UnixNano() {
						waited.Add(1)
					}
					newest.Store(max(newest.Load(), at.UnixNano()))
				}
			})
		}
		all.Wait()
		store := bunstore.Outbox{DB: db}
		for start := time.Now(); time.Since(start) < 20*time.Second; <-time.After(5 * time.Millisecond) {
			if lag, err := store.Lag(t.Context()); err != nil || lag.Pending == 0 {
				break
			}
		}
		cancel()
		relays.Wait()
		if len(bus.seen) != writers*each || len(bus.bad) > 0 || waited.Load() == 0 {
			t.Errorf("%d of %d events are published, out of order %v, %d commits out of order", len(bus.seen), writers*each, bus.bad, waited.Load())
		}
		t.Logf("%d events, %d of them committed after later ones", len(bus.seen), waited.Load())
	})
}

// late writes an event and commits after a while that is different for each
// writer.
func late(ctx context.Context, db *bunstore.DB, handle *sql.DB, e event.Envelope, writer int) error {
	tx, err := handle.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // or it is over
	inner, done := db.Join(ctx, tx)
	if err := db.Record(inner, e); err != nil {
		return err
	}
	if err := done(); err != nil {
		return err
	}
	<-time.After(time.Duration(writer%8) * 3 * time.Millisecond)
	return tx.Commit()
}

// TestD08 has 16 writers of a SQLite file, somebody who reads for long, and
// checkpoints: nobody is told that the file is busy, and the log stays small.
func TestD08(t *testing.T) {
	lasts, reads := 20*time.Second, 2*time.Second
	if full() {
		lasts, reads = 10*time.Minute, 10*time.Second
	}
	path := filepath.Join(t.TempDir(), "shop.db")
	db := open(t, path, nil)
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(0)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	var commits, checkpoints, biggest atomic.Int64
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				err := db.Do(t.Context(), func(ctx context.Context) error {
					if err := mark(ctx, db, fmt.Sprint("w", w, ".", i)); err != nil {
						return err
					}
					return db.Record(ctx, event.Envelope{ID: fmt.Sprint("evt", w, ".", i), Name: "a.b", Key: fmt.Sprint("k", w), At: time.Now(), Data: []byte(`{"a":"b"}`)})
				})
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				commits.Add(1)
			}
		})
	}
	wg.Go(func() {
		for ctx.Err() == nil {
			if err := readFor(t.Context(), other, reads); err != nil {
				t.Errorf("reader: %v", err)
				return
			}
		}
	})
	wg.Go(func() {
		for ctx.Err() == nil {
			var busy, log, moved int64
			if err := other.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &log, &moved); err == nil {
				checkpoints.Add(1)
			}
			if s, err := os.Stat(path + "-wal"); err == nil {
				biggest.Store(max(biggest.Load(), s.Size()))
			}
			<-time.After(250 * time.Millisecond)
		}
	})
	wg.Wait()
	t.Logf("%d commits, %d checkpoints, a log of %d kB at most", commits.Load(), checkpoints.Load(), biggest.Load()>>10)
	if commits.Load() < 100 || checkpoints.Load() == 0 || biggest.Load() > 100<<20 {
		t.Errorf("%d commits, %d checkpoints, a log of %d MB; want less than 100", commits.Load(), checkpoints.Load(), biggest.Load()>>20)
	}
}

// readFor reads one state of the database for a while.
func readFor(ctx context.Context, from *sql.DB, d time.Duration) error {
	tx, err := from.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var first, last int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM mercer_once").Scan(&first); err != nil {
		return err
	}
	<-time.After(d)
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM mercer_once").Scan(&last); err != nil || last != first {
		return fmt.Errorf("read %d, then %d: %w", first, last, err)
	}
	return nil
}
