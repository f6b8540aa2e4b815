package simulate

import (
	"context"
	"iter"
	"time"

	"github.com/mercer-commerce/mercer/commerce/flow"
)

// walk is a call of a store that returns a walk. What it walks over is read at
// once: the steps of a walk are no steps of the schedule.
func walk[V any](ctx context.Context, d *database, point string, seq iter.Seq2[V, error]) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		all, err := ask(ctx, d, point, reads, func() (all []V, err error) {
			for v, err := range seq {
				if err != nil {
					return nil, err
				}
				all = append(all, v)
			}
			return all, nil
		})
		if err != nil {
			var zero V
			yield(zero, err)
			return
		}
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// Idle implements cart.Store.
func (s cartStore) Idle(ctx context.Context, t time.Time) iter.Seq2[string, error] {
	return walk(ctx, s.database, "carts.idle", s.Store.Idle(ctx, t))
}

// Stale implements flow.Journal.
func (s journal) Stale(ctx context.Context, name string, active, waiting time.Time) iter.Seq2[flow.Entry, error] {
	return walk(ctx, s.database, "journal.stale", s.Journal.Stale(ctx, name, active, waiting))
}
