package simulate

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/job"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// jobStore is a job.Store whose calls are steps of a schedule.
type jobStore struct {
	job.Store
	*database
}

var _ job.Store = jobStore{}

// Scope implements job.Store.
func (s jobStore) Scope() txn.Scope { return s.scope }

// Claim implements job.Store.
func (s jobStore) Claim(ctx context.Context, name, owner string, now, until time.Time, force bool) (job.Status, bool, error) {
	return ask2(ctx, s.database, "jobs.claim", writes, func() (job.Status, bool, error) { return s.Store.Claim(ctx, name, owner, now, until, force) })
}

// Renew implements job.Store.
func (s jobStore) Renew(ctx context.Context, of job.Status, until time.Time) error {
	return tell(ctx, s.database, "jobs.renew", writes, func() error { return s.Store.Renew(ctx, of, until) })
}

// Finish implements job.Store.
func (s jobStore) Finish(ctx context.Context, of job.Status) error {
	return tell(ctx, s.database, "jobs.finish", writes, func() error { return s.Store.Finish(ctx, of) })
}

// List implements job.Store.
func (s jobStore) List(ctx context.Context) ([]job.Status, error) {
	return ask(ctx, s.database, "jobs.list", reads, func() ([]job.Status, error) { return s.Store.List(ctx) })
}
