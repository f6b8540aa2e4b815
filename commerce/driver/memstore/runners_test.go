package memstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/flow/flowtest"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/idem/idemtest"
	"github.com/mercer-commerce/mercer/commerce/job"
	"github.com/mercer-commerce/mercer/commerce/job/jobtest"
	"github.com/mercer-commerce/mercer/commerce/outbox/outboxtest"
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
