package bunstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/flow/flowtest"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/idem/idemtest"
	"github.com/mercer-commerce/mercer/commerce/job"
	"github.com/mercer-commerce/mercer/commerce/job/jobtest"
	"github.com/mercer-commerce/mercer/commerce/outbox/outboxtest"
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
