package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Outcomes of PutLevels.
const (
	outcomeCreated   = "created"
	outcomeUpdated   = "updated"
	outcomeUnchanged = "unchanged"
	outcomeFailed    = "failed"
)

// job is one of the levels of a bulk write.
type job struct {
	i      int // its place in the input
	fields LevelFields
}

func (j job) key() LevelKey { return LevelKey{j.fields.VariantID, j.fields.LocationID} }

// PutLevels writes the stock and the policy of many variants in one unit of
// work. A level that cannot be written fails alone: its location does not exist
// (ErrLocationNotFound), more is promised than would be left (ErrBelowReserved),
// or the call names it twice. OnHand of a level that the same cause has moved
// before stays. A dry run tells the outcomes and writes nothing.
func (e *Engine) PutLevels(ctx context.Context, in PutLevelsInput) (PutLevelsOutput, error) {
	if err := OpPutLevels.Admit(ctx, in); err != nil {
		return PutLevelsOutput{}, err
	}
	in.Reason = cmp.Or(in.Reason, reasonImported)
	out := PutLevelsOutput{Results: make([]PutLevel, len(in.Levels))}
	jobs, err := e.jobs(ctx, in.Levels, out.Results)
	if err != nil {
		return PutLevelsOutput{}, err
	}
	first := out
	out, err = txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (PutLevelsOutput, error) {
		out := PutLevelsOutput{Results: slices.Clone(first.Results)}
		return out, e.putLevels(ctx, in, jobs, out.Results)
	})
	if err == nil || !isFault(err) || txn.Outside(ctx) != nil {
		return out, err
	}
	if err := e.putEach(ctx, in, jobs, first.Results); err != nil {
		return PutLevelsOutput{}, err
	}
	return first, nil
}

// jobs returns the levels that can be tried, in the order of locks, and writes
// the results of the others.
func (e *Engine) jobs(ctx context.Context, levels []LevelFields, results []PutLevel) ([]job, error) {
	var locations []Location
	var jobs []job
	seen := map[LevelKey]bool{}
	for i, f := range levels {
		f.LocationID = cmp.Or(f.LocationID, Main)
		if f.LocationID != Main && locations == nil {
			var err error
			if locations, err = e.locations(ctx); err != nil {
				return nil, err
			}
		}
		j := job{i, f}
		switch {
		case f.LocationID != Main && !slices.ContainsFunc(locations, func(l Location) bool { return l.ID == f.LocationID }):
			results[i] = failed(ErrLocationNotFound.At(fmt.Sprintf("/levels/%d/location_id", i)))
		case seen[j.key()]:
			results[i] = failed(fault.ErrInvalid.Saying("the same level twice").At(fmt.Sprintf("/levels/%d", i)))
		default:
			seen[j.key()] = true
			jobs = append(jobs, j)
		}
	}
	slices.SortFunc(jobs, func(a, b job) int { return a.key().compare(b.key()) })
	return jobs, nil
}

func failed(err error) PutLevel { return PutLevel{Outcome: outcomeFailed, Error: fault.Public(err)} }

// putLevels tries jobs in the unit of work of ctx and writes their results.
func (e *Engine) putLevels(ctx context.Context, in PutLevelsInput, jobs []job, results []PutLevel) error {
	var variants []string // sorted, as jobs are
	for _, j := range jobs {
		variants = append(variants, j.fields.VariantID)
	}
	variants = slices.Compact(variants)
	read := e.store.Lock
	if in.DryRun {
		read = e.store.Stock
	}
	levels, err := read(ctx, variants)
	if err != nil {
		return err
	}
	moved, err := e.store.MovementsOf(ctx, in.Reason, in.CauseID, variants)
	if err != nil {
		return err
	}
	var edits []edit
	for _, j := range jobs {
		was := find(levels, j.key())
		c := edit{was, j.fields.set(was, hasMoved(moved, j.key()))}
		if results[j.i] = c.result(); results[j.i].Error == nil {
			edits = append(edits, c)
		}
	}
	if in.DryRun {
		return nil
	}
	_, err = e.write(ctx, edits, in.Reason, in.CauseID)
	return err
}

func (c edit) result() PutLevel {
	r := PutLevel{Outcome: outcomeUpdated}
	if err := c.allowed(); err != nil {
		r = failed(err)
	}
	switch {
	case c.was.Version == 0 && r.Error == nil:
		return PutLevel{Outcome: outcomeCreated}
	case c.was.Version == 0:
		return r
	case !c.changes():
		r = PutLevel{Outcome: outcomeUnchanged}
	}
	r.Before = &c.was
	return r
}

// putEach tries every job in a unit of work of its own, after they have failed
// together because somebody else wrote one of the levels.
func (e *Engine) putEach(ctx context.Context, in PutLevelsInput, jobs []job, results []PutLevel) error {
	e.opts.Log.DebugContext(ctx, "levels are written one by one", "cause", in.CauseID, "levels", len(jobs))
	for _, j := range jobs {
		one := make([]PutLevel, 1)
		err := e.store.Scope().Do(ctx, func(ctx context.Context) error {
			return e.putLevels(ctx, in, []job{{0, j.fields}}, one)
		})
		switch {
		case err == nil:
			results[j.i] = one[0]
		case isFault(err):
			results[j.i] = failed(err)
		default:
			return err
		}
	}
	return nil
}

// isFault reports whether err is about the request, not about the machine.
func isFault(err error) bool {
	k := fault.KindOf(err)
	return k != fault.Internal && k != fault.Unavailable
}
