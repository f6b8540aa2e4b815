package memstore_test

import (
	"context"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/flow/flowtest"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/idem/idemtest"
	"github.com/mercer-commerce/mercer/commerce/job"
	"github.com/mercer-commerce/mercer/commerce/job/jobtest"
	"github.com/mercer-commerce/mercer/commerce/once/oncetest"
	"github.com/mercer-commerce/mercer/commerce/outbox/outboxtest"
	"github.com/mercer-commerce/mercer/commerce/txn/txntest"
)

func TestJournal(t *testing.T) {
	flowtest.Run(t, func(*testing.T) flowtest.Harness {
		db := memstore.New()
		return flowtest.Harness{Journal: memstore.Journal{DB: db}, Scope: db}
	})
}

func TestIdem(t *testing.T) {
	idemtest.Run(t, func(*testing.T) idem.Store { return memstore.Idem{DB: memstore.New()} })
}

func TestOutbox(t *testing.T) {
	outboxtest.Run(t, func(*testing.T) outboxtest.Harness {
		db := memstore.New()
		return outboxtest.Harness{Scope: db, Recorder: db, Store: memstore.Outbox{DB: db}, Inbox: memstore.Inbox{DB: db}, OnRecord: db.OnRecord}
	})
}

func TestJobs(t *testing.T) {
	jobtest.Run(t, func(*testing.T) job.Store { return memstore.Jobs{DB: memstore.New()} })
}

// shelf is the harness of txntest: runs in a journal stand for things that are
// written.
func shelf(db *memstore.DB) txntest.Harness {
	return txntest.Harness{
		Scope: db,
		Put: func(ctx context.Context, key string) error {
			return db.Journal().Save(ctx, &flow.Entry{Flow: "test", ID: key, State: []byte(`{}`)})
		},
		Has: func(ctx context.Context, key string) (bool, error) {
			e, err := db.Journal().Load(ctx, "test", key)
			return e.Version > 0, err
		},
	}
}

func TestScope(t *testing.T) {
	txntest.Run(t, func(*testing.T) txntest.Harness { return shelf(memstore.New()) })
}

func TestOnce(t *testing.T) {
	oncetest.Run(t, func(*testing.T) oncetest.Keys { return memstore.New() })
}
