package simulate

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// outboxStore is a outbox.Store whose calls are steps of a schedule.
type outboxStore struct {
	outbox.Store
	*database
}

var _ outbox.Store = outboxStore{}

// Scope implements outbox.Store.
func (s outboxStore) Scope() txn.Scope { return s.scope }

// Waiting implements outbox.Store.
func (s outboxStore) Waiting(ctx context.Context) ([]int, error) {
	return ask(ctx, s.database, "outbox.waiting", reads, func() ([]int, error) { return s.Store.Waiting(ctx) })
}

// Lease implements outbox.Store.
func (s outboxStore) Lease(ctx context.Context, part int, owner string, now, until time.Time) (int64, bool, error) {
	return ask2(ctx, s.database, "outbox.lease", writes, func() (int64, bool, error) { return s.Store.Lease(ctx, part, owner, now, until) })
}

// Pending implements outbox.Store.
func (s outboxStore) Pending(ctx context.Context, part int, after int64, limit int) ([]outbox.Row, error) {
	return ask(ctx, s.database, "outbox.pending", reads, func() ([]outbox.Row, error) { return s.Store.Pending(ctx, part, after, limit) })
}

// Archive implements outbox.Store.
func (s outboxStore) Archive(ctx context.Context, part int, fence int64, positions []int64, at time.Time) error {
	return tell(ctx, s.database, "outbox.archive", writes, func() error { return s.Store.Archive(ctx, part, fence, positions, at) })
}

// Leases implements outbox.Store.
func (s outboxStore) Leases(ctx context.Context) ([]outbox.Lease, error) {
	return ask(ctx, s.database, "outbox.leases", reads, func() ([]outbox.Lease, error) { return s.Store.Leases(ctx) })
}

// ID implements outbox.Store.
func (s outboxStore) ID(ctx context.Context) (string, error) {
	return ask(ctx, s.database, "outbox.id", reads, func() (string, error) { return s.Store.ID(ctx) })
}

// Of implements outbox.Store.
func (s outboxStore) Of(ctx context.Context, keys []string, limit int) ([]outbox.Sent, error) {
	return ask(ctx, s.database, "outbox.of", reads, func() ([]outbox.Sent, error) { return s.Store.Of(ctx, keys, limit) })
}

// Lag implements outbox.Store.
func (s outboxStore) Lag(ctx context.Context) (outbox.Lag, error) {
	return ask(ctx, s.database, "outbox.lag", reads, func() (outbox.Lag, error) { return s.Store.Lag(ctx) })
}

// Republish implements outbox.Store.
func (s outboxStore) Republish(ctx context.Context, again outbox.Again) (int64, error) {
	return ask(ctx, s.database, "outbox.republish", writes, func() (int64, error) { return s.Store.Republish(ctx, again) })
}

// Prune implements outbox.Store.
func (s outboxStore) Prune(ctx context.Context, before time.Time) (int64, error) {
	return ask(ctx, s.database, "outbox.prune", writes, func() (int64, error) { return s.Store.Prune(ctx, before) })
}
