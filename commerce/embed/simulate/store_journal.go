package simulate

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// journal is a flow.Journal whose calls are steps of a schedule.
type journal struct {
	flow.Journal
	*database
}

var _ flow.Journal = journal{}

// Scope implements flow.Journal.
func (s journal) Scope() txn.Scope { return s.scope }

// Load implements flow.Journal.
func (s journal) Load(ctx context.Context, name, id string) (flow.Entry, error) {
	return ask(ctx, s.database, "journal.load", reads, func() (flow.Entry, error) { return s.Journal.Load(ctx, name, id) })
}

// Save implements flow.Journal.
func (s journal) Save(ctx context.Context, e *flow.Entry) error {
	s.w.written("journal", e.Flow+" "+e.ID, e.State)
	return tell(ctx, s.database, "journal.save", writes, func() error { return s.Journal.Save(ctx, e) })
}

// Prune implements flow.Journal.
func (s journal) Prune(ctx context.Context, before time.Time) (int64, error) {
	return ask(ctx, s.database, "journal.prune", writes, func() (int64, error) { return s.Journal.Prune(ctx, before) })
}
