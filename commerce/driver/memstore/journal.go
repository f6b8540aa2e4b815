package memstore

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/flow"
)

// Journal is a flow.Journal.
type Journal struct{ *DB }

var _ flow.Journal = Journal{}

// Journal returns the journal of the flows of d.
func (d *DB) Journal() flow.Journal { return Journal{d} }

func (j Journal) entries() table[flow.Entry] { return table[flow.Entry]{j.DB, "journal"} }

// Load implements flow.Journal.
func (j Journal) Load(ctx context.Context, name, id string) (flow.Entry, error) {
	e, err := j.entries().get(ctx, compound(name, id))
	if errors.Is(err, errNoRow) {
		return flow.Entry{Flow: name, ID: id}, nil
	}
	return e, err
}

// Save implements flow.Journal.
func (j Journal) Save(ctx context.Context, e *flow.Entry) error {
	next := *e
	next.Version++
	err := j.Do(ctx, func(ctx context.Context) error {
		old, err := j.Load(ctx, e.Flow, e.ID)
		if err != nil {
			return err
		}
		if old.Version != e.Version {
			return flow.ErrTaken
		}
		return j.entries().put(ctx, compound(e.Flow, e.ID), next)
	})
	if err == nil {
		*e = next
	}
	return err
}

// Stale implements flow.Journal.
func (j Journal) Stale(ctx context.Context, name string, active, waiting time.Time) iter.Seq2[flow.Entry, error] {
	return func(yield func(flow.Entry, error) bool) {
		stale, err := j.entries().all(ctx, func(_ string, e flow.Entry) bool {
			switch {
			case e.Flow != name || e.Phase == flow.Done || e.Phase == flow.Undone:
				return false
			case e.Phase == flow.Waiting:
				return e.Touched.Before(waiting)
			default:
				return e.Touched.Before(active)
			}
		})
		if err != nil {
			yield(flow.Entry{}, err)
			return
		}
		slices.SortStableFunc(stale, func(a, b flow.Entry) int {
			return cmp.Or(a.Touched.Compare(b.Touched), cmp.Compare(a.ID, b.ID))
		})
		for _, e := range stale {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Prune implements flow.Journal.
func (j Journal) Prune(ctx context.Context, before time.Time) (n int64, err error) {
	err = j.Do(ctx, func(ctx context.Context) error {
		over, err := j.entries().all(ctx, func(_ string, e flow.Entry) bool {
			return (e.Phase == flow.Done || e.Phase == flow.Undone) && e.Touched.Before(before)
		})
		for _, e := range over {
			err = errors.Join(err, j.entries().delete(ctx, compound(e.Flow, e.ID)))
		}
		n = int64(len(over))
		return err
	})
	return n, err
}
