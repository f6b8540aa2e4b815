package flowtest_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/flow/flowtest"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
)

// journal is a journal without one of its guards.
type journal struct {
	memstore.Journal
	without string
	other   *memstore.DB
}

func (j journal) Save(ctx context.Context, e *flow.Entry) error {
	switch old, err := j.Load(ctx, e.Flow, e.ID); {
	case err != nil:
		return err
	case j.without == "StaleLoses" && old.Version > e.Version:
		e.Version = old.Version
	case j.without == "OneStarts" && e.Version == 0, j.without == "OneSaves" && e.Version == 1:
		e.Version = old.Version
	}
	if j.without == "JoinsUnit" {
		ctx = context.WithoutCancel(context.Background())
		return memstore.Journal{DB: j.other}.Save(ctx, e)
	}
	return j.Journal.Save(ctx, e)
}

func (j journal) Load(ctx context.Context, name, id string) (flow.Entry, error) {
	if j.without == "JoinsUnit" {
		return memstore.Journal{DB: j.other}.Load(ctx, name, id)
	}
	return j.Journal.Load(ctx, name, id)
}

func (j journal) Stale(ctx context.Context, name string, active, waiting time.Time) iter.Seq2[flow.Entry, error] {
	switch j.without {
	case "StaleLimits":
		waiting = active
	case "StaleOrder":
		return j.byVersion(ctx, name, active, waiting)
	}
	return j.Journal.Stale(ctx, name, active, waiting)
}

func (j journal) Prune(ctx context.Context, before time.Time) (int64, error) {
	if j.without == "PruneEnded" {
		before = before.Add(time.Hour)
	}
	return j.Journal.Prune(ctx, before)
}

// byVersion walks those that wait last.
func (j journal) byVersion(ctx context.Context, name string, active, waiting time.Time) iter.Seq2[flow.Entry, error] {
	return func(yield func(flow.Entry, error) bool) {
		for _, wait := range []bool{false, true} {
			for e, err := range j.Journal.Stale(ctx, name, active, waiting) {
				if (e.Phase == flow.Waiting) == wait && !yield(e, err) {
					return
				}
			}
		}
	}
}

func TestJournal(t *testing.T) {
	guards := []string{"StaleLoses", "OneStarts", "OneSaves", "JoinsUnit", "StaleLimits", "StaleOrder", "PruneEnded"}
	guardtest.Run(t, guards, func(t *testing.T, without string) {
		flowtest.Run(t, func(*testing.T) flowtest.Harness {
			db := memstore.New()
			return flowtest.Harness{Journal: journal{memstore.Journal{DB: db}, without, memstore.New()}, Scope: db}
		})
	})
}
