package bunstore_test

import (
	"context"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
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
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		flowtest.Run(t, func(t *testing.T) flowtest.Harness {
			db := open(t)
			return flowtest.Harness{Journal: bunstore.Journal{DB: db}, Scope: db}
		})
	})
}

func TestIdem(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		idemtest.Run(t, func(t *testing.T) idem.Store { return bunstore.Idem{DB: open(t)} })
	})
}

func TestOutbox(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		outboxtest.Run(t, func(t *testing.T) outboxtest.Harness {
			db := open(t)
			return outboxtest.Harness{Scope: db, Recorder: db, Store: bunstore.Outbox{DB: db}, Inbox: bunstore.Inbox{DB: db}, OnRecord: db.OnRecord}
		})
	})
}

func TestJobs(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		jobtest.Run(t, func(t *testing.T) job.Store { return bunstore.Jobs{DB: open(t)} })
	})
}

// shelf is the harness of txntest: runs in a journal stand for things that are
// written.
func shelf(db *bunstore.DB) txntest.Harness {
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
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		txntest.Run(t, func(t *testing.T) txntest.Harness { return shelf(open(t)) })
	})
}

func TestOnce(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		oncetest.Run(t, func(t *testing.T) oncetest.Keys { return open(t) })
	})
}
