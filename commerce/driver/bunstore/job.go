package bunstore

import (
	"context"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/job"
)

// Jobs is a job.Store.
type Jobs struct{ *DB }

var _ job.Store = Jobs{}

type jobRow struct {
	Name    string `bun:"name"`
	Owner   string `bun:"owner"`
	Until   int64  `bun:"until"`
	Fence   int64  `bun:"fence"`
	Next    int64  `bun:"next_at"`
	Started int64  `bun:"last_start"`
	Ended   int64  `bun:"last_end"`
	Error   string `bun:"last_error"`
	Runs    int64  `bun:"runs"`
}

const jobColumns = `name, owner, until, fence, next_at, last_start, last_end, last_error, runs`

func (r jobRow) status() job.Status {
	return job.Status{Name: r.Name, Owner: r.Owner, Until: fromMicros(r.Until), Fence: r.Fence, Next: fromMicros(r.Next),
		Started: fromMicros(r.Started), Ended: fromMicros(r.Ended), Error: r.Error, Runs: r.Runs}
}

// Claim implements job.Store.
func (j Jobs) Claim(ctx context.Context, name, owner string, now, until time.Time, force bool) (s job.Status, ok bool, err error) {
	err = j.Do(ctx, func(ctx context.Context) error {
		var rows []jobRow
		if err := j.scan(ctx, &rows, `SELECT `+jobColumns+` FROM {job} WHERE name = ?`+j.locked(ctx), name); err != nil {
			return err
		}
		if len(rows) == 0 {
			row := jobRow{Name: name, Owner: owner, Until: micros(until), Fence: 1, Started: micros(now)}
			s = row.status()
			err := j.insert(ctx, "job", &row)
			if ok = err == nil; isDuplicate(err) {
				return nil // claimed just now: s says until when, about
			}
			return err
		}
		s = rows[0].status()
		if ok = !s.Until.After(now) && (force || !s.Next.After(now)); !ok {
			return nil
		}
		s.Owner, s.Until, s.Fence, s.Started = owner, until, s.Fence+1, now
		_, err := j.exec(ctx, `UPDATE {job} SET owner = ?, until = ?, fence = ?, last_start = ? WHERE name = ?`, owner, micros(until), s.Fence, micros(now), name)
		return err
	})
	if err != nil {
		return job.Status{}, false, fmt.Errorf("job %s: %w", name, err)
	}
	return s, ok, nil
}

// Renew implements job.Store.
func (j Jobs) Renew(ctx context.Context, s job.Status, until time.Time) error {
	return j.change(ctx, s, `UPDATE {job} SET until = ? WHERE name = ? AND fence = ?`, micros(until))
}

// Finish implements job.Store.
func (j Jobs) Finish(ctx context.Context, s job.Status) error {
	return j.change(ctx, s, `UPDATE {job} SET owner = '', until = 0, last_end = ?, last_error = ?, next_at = ?, runs = runs + 1 WHERE name = ? AND fence = ?`,
		micros(s.Ended), s.Error, micros(s.Next))
}

func (j Jobs) change(ctx context.Context, s job.Status, query string, args ...any) error {
	n, err := j.exec(ctx, query, append(args, s.Name, s.Fence)...)
	if err != nil {
		return fmt.Errorf("job %s: %w", s.Name, err)
	}
	if n == 0 {
		return job.ErrLost
	}
	return nil
}

// List implements job.Store.
func (j Jobs) List(ctx context.Context) ([]job.Status, error) {
	var rows []jobRow
	if err := j.scan(ctx, &rows, `SELECT `+jobColumns+` FROM {job} ORDER BY name`); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	out := make([]job.Status, len(rows))
	for i, r := range rows {
		out[i] = r.status()
	}
	return out, nil
}
