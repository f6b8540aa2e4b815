package memstore

import (
	"context"
	"errors"
	"time"

	"github.com/mercer-commerce/mercer/commerce/job"
)

// Jobs is a job.Store.
type Jobs struct{ *DB }

var _ job.Store = Jobs{}

type jobRow struct {
	job.Status
	Fence int64 `json:"fence"` // which is no part of a Status on the wire
}

func (j Jobs) rows() table[jobRow] { return table[jobRow]{j.DB, "job"} }

func (r jobRow) status() job.Status {
	r.Status.Fence = r.Fence
	return r.Status
}

// Claim implements job.Store.
func (j Jobs) Claim(ctx context.Context, name, owner string, now, until time.Time, force bool) (s job.Status, ok bool, err error) {
	err = j.Do(ctx, func(ctx context.Context) error {
		row, err := j.rows().get(ctx, name)
		if err != nil && !errors.Is(err, errNoRow) {
			return err
		}
		s = row.status()
		if ok = !s.Until.After(now) && (force || !s.Next.After(now)); !ok {
			return nil
		}
		s.Name, s.Owner, s.Until, s.Fence, s.Started = name, owner, until, s.Fence+1, now
		return j.rows().put(ctx, name, jobRow{s, s.Fence})
	})
	return s, ok, err
}

// Renew implements job.Store.
func (j Jobs) Renew(ctx context.Context, s job.Status, until time.Time) error {
	return j.change(ctx, s, func(old *job.Status) { old.Until = until })
}

// Finish implements job.Store.
func (j Jobs) Finish(ctx context.Context, s job.Status) error {
	return j.change(ctx, s, func(old *job.Status) {
		old.Owner, old.Until, old.Ended, old.Error, old.Next, old.Runs = "", time.Time{}, s.Ended, s.Error, s.Next, old.Runs+1
	})
}

func (j Jobs) change(ctx context.Context, s job.Status, fn func(old *job.Status)) error {
	return j.Do(ctx, func(ctx context.Context) error {
		row, err := j.rows().get(ctx, s.Name)
		if errors.Is(err, errNoRow) || err == nil && row.Fence != s.Fence {
			return job.ErrLost
		}
		if err != nil {
			return err
		}
		old := row.status()
		fn(&old)
		return j.rows().put(ctx, s.Name, jobRow{old, old.Fence})
	})
}

// List implements job.Store.
func (j Jobs) List(ctx context.Context) ([]job.Status, error) {
	rows, err := j.rows().all(ctx, nil)
	if err != nil {
		return nil, err
	}
	out := []job.Status{}
	for _, r := range rows {
		out = append(out, r.status())
	}
	return out, nil
}
