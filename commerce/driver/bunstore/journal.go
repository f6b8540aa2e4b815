package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/flow"
)

// Journal is a flow.Journal.
type Journal struct{ *DB }

var _ flow.Journal = Journal{}

// Journal returns the journal of the flows of d.
func (d *DB) Journal() flow.Journal { return Journal{d} }

type journalRow struct {
	Flow    string `bun:"flow"`
	ID      string `bun:"id"`
	Version int64  `bun:"version"`
	Phase   string `bun:"phase"`
	Next    string `bun:"next_step"`
	Last    string `bun:"last_step"`
	Input   string `bun:"input"`
	State   string `bun:"state"`
	Err     string `bun:"err"`
	Touched int64  `bun:"touched"`
}

func (r journalRow) entry() (flow.Entry, error) {
	e := flow.Entry{Flow: r.Flow, ID: r.ID, Version: r.Version, Phase: flow.Phase(r.Phase), Next: r.Next, Last: r.Last,
		Input: r.Input, State: json.RawMessage(r.State), Touched: fromMicros(r.Touched)}
	if err := json.Unmarshal([]byte(r.Err), &e.Err); err != nil {
		return e, fmt.Errorf("journal %s %s: %w", r.Flow, r.ID, err)
	}
	return e, nil
}

const journalColumns = `flow, id, version, phase, next_step, last_step, input, state, err, touched`

// Load implements flow.Journal.
func (j Journal) Load(ctx context.Context, name, id string) (flow.Entry, error) {
	var r journalRow
	err := j.scan(ctx, &r, `SELECT `+journalColumns+` FROM {journal} WHERE flow = ? AND id = ?`, name, id)
	if noRows(err) {
		return flow.Entry{Flow: name, ID: id}, nil
	}
	if err != nil {
		return flow.Entry{}, fmt.Errorf("journal %s %s: %w", name, id, err)
	}
	return r.entry()
}

// Save implements flow.Journal.
func (j Journal) Save(ctx context.Context, e *flow.Entry) error {
	reason, err := json.Marshal(e.Err)
	if err != nil {
		return fmt.Errorf("journal %s %s: %w", e.Flow, e.ID, err)
	}
	r := journalRow{e.Flow, e.ID, e.Version + 1, string(e.Phase), e.Next, e.Last, e.Input, string(e.State), string(reason), micros(e.Touched)}
	n := int64(1)
	if e.Version == 0 {
		if err = j.insert(ctx, "journal", &r); isDuplicate(err) {
			return flow.ErrTaken
		}
	} else {
		n, err = j.exec(ctx, `UPDATE {journal} SET version = ?, phase = ?, next_step = ?, last_step = ?, state = ?, err = ?, touched = ?
			WHERE flow = ? AND id = ? AND version = ?`,
			r.Version, r.Phase, r.Next, r.Last, r.State, r.Err, r.Touched, e.Flow, e.ID, e.Version)
	}
	switch {
	case err != nil:
		return fmt.Errorf("journal %s %s: %w", e.Flow, e.ID, err)
	case n == 0:
		return flow.ErrTaken
	}
	e.Version++
	return nil
}

// staleAtOnce is how many stale runs are read in one query.
const staleAtOnce = 100

// Stale implements flow.Journal.
func (j Journal) Stale(ctx context.Context, name string, active, waiting time.Time) iter.Seq2[flow.Entry, error] {
	return func(yield func(flow.Entry, error) bool) {
		after := journalRow{Touched: -1}
		for {
			var rows []journalRow
			err := j.scan(ctx, &rows, `SELECT `+journalColumns+` FROM {journal}
				WHERE flow = ? AND (phase IN ('', 'parked', 'undoing') AND touched < ? OR phase = 'waiting' AND touched < ?)
				AND (touched > ? OR touched = ? AND id > ?) ORDER BY touched, id LIMIT ?`,
				name, micros(active), micros(waiting), after.Touched, after.Touched, after.ID, staleAtOnce)
			if err != nil {
				yield(flow.Entry{}, fmt.Errorf("journal %s: %w", name, err))
				return
			}
			for _, r := range rows {
				if e, err := r.entry(); !yield(e, err) || err != nil {
					return
				}
			}
			if len(rows) < staleAtOnce {
				return
			}
			after = rows[len(rows)-1]
		}
	}
}

// prunedAtOnce is how many runs one statement removes: others wait for it.
const prunedAtOnce = 500

// Prune implements flow.Journal.
func (j Journal) Prune(ctx context.Context, before time.Time) (pruned int64, err error) {
	for {
		var over []journalRow
		err := j.scan(ctx, &over, `SELECT flow, id FROM {journal} WHERE phase IN ('done', 'undone') AND touched < ? ORDER BY flow, id LIMIT ?`,
			micros(before), prunedAtOnce)
		if err != nil {
			return pruned, fmt.Errorf("journal: find what is over: %w", err)
		}
		ids := map[string][]string{}
		for _, r := range over {
			ids[r.Flow] = append(ids[r.Flow], r.ID)
		}
		for _, name := range slices.Sorted(maps.Keys(ids)) {
			n, err := j.exec(ctx, `DELETE FROM {journal} WHERE flow = ? AND id IN (?) AND phase IN ('done', 'undone') AND touched < ?`, name, bun.List(ids[name]), micros(before))
			if err != nil {
				return pruned, fmt.Errorf("journal %s: prune: %w", name, err)
			}
			pruned += n
		}
		if len(over) < prunedAtOnce {
			return pruned, nil
		}
	}
}
