package inventory

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Adjust adds in.Delta to what lies on a shelf. A level that is not there
// starts with 0, tracked. The same cause counts once for each reason: the second
// time the level is returned as it is. It returns ErrBelowReserved when less
// would be left than is promised, and ErrLocationNotFound.
func (e *Engine) Adjust(ctx context.Context, in AdjustInput) (Level, error) {
	if err := OpAdjust.Admit(ctx, in); err != nil {
		return Level{}, err
	}
	key := LevelKey{in.VariantID, cmp.Or(in.LocationID, Main)}
	return e.change(ctx, key, in.Reason, e.cause(ctx, in.CauseID), func(l Level) (Level, error) {
		l.OnHand += in.Delta
		l.Tracked = l.Tracked || l.Version == 0
		return l, nil
	})
}

// SetLevel says how many lie on a shelf, and turns tracking on. It returns
// ErrLevelChanged when in.ExpectedOnHand are not what was there, ErrBelowReserved
// when more is promised, and ErrLocationNotFound. The same cause counts once.
func (e *Engine) SetLevel(ctx context.Context, in SetLevelInput) (Level, error) {
	if err := OpSetLevel.Admit(ctx, in); err != nil {
		return Level{}, err
	}
	key := LevelKey{in.VariantID, cmp.Or(in.LocationID, Main)}
	return e.change(ctx, key, reasonCounted, e.cause(ctx, in.CauseID), func(l Level) (Level, error) {
		if in.ExpectedOnHand != nil && *in.ExpectedOnHand != l.OnHand {
			return l, ErrLevelChanged.With(Counted{l.OnHand})
		}
		l.OnHand, l.Tracked = in.OnHand, true
		return l, nil
	})
}

// cause returns what a change is counted by: what the caller says, else the
// idempotency key of their request, which is theirs alone, else nothing known.
func (e *Engine) cause(ctx context.Context, given string) string {
	switch key := ident.Key(ctx); {
	case given != "":
		return given
	case key != "":
		return ident.DeriveID("req", ident.From(ctx).String()+" "+key)
	default:
		return e.opts.ID("req")
	}
}

// change is one unit of work around one level. When somebody else has made the
// level at the same moment it looks again.
func (e *Engine) change(ctx context.Context, key LevelKey, reason, cause string, to func(Level) (Level, error)) (l Level, err error) {
	if err := e.exists(ctx, key.LocationID); err != nil {
		return Level{}, err
	}
	for range 3 {
		l, err = txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (Level, error) {
			return e.changeOnce(ctx, key, reason, cause, to)
		})
		if !errors.Is(err, errMade) || txn.Outside(ctx) != nil {
			break
		}
	}
	return l, err
}

// errMade is ErrLevelChanged for a level that somebody else has just made.
var errMade = errors.New("the level is there already")

func (e *Engine) changeOnce(ctx context.Context, key LevelKey, reason, cause string, to func(Level) (Level, error)) (Level, error) {
	levels, err := e.store.Lock(ctx, []string{key.VariantID})
	if err != nil {
		return Level{}, err
	}
	was := find(levels, key)
	moved, err := e.store.MovementsOf(ctx, reason, cause, []string{key.VariantID})
	if err != nil || hasMoved(moved, key) {
		return was, err
	}
	now, err := to(was)
	if err != nil {
		return Level{}, err
	}
	c := edit{was, now}
	if err := c.allowed(); err != nil {
		return Level{}, err
	}
	out, err := e.write(ctx, []edit{c}, reason, cause)
	if err != nil {
		return Level{}, err
	}
	return out[0], nil
}

// find returns the level of key, or a new one.
func find(levels []Level, key LevelKey) Level {
	if i := slices.IndexFunc(levels, func(l Level) bool { return l.key() == key }); i >= 0 {
		return levels[i]
	}
	return Level{VariantID: key.VariantID, LocationID: key.LocationID}
}

func hasMoved(ms []Movement, key LevelKey) bool {
	return slices.ContainsFunc(ms, func(m Movement) bool { return m.VariantID == key.VariantID && m.LocationID == key.LocationID })
}

// write saves edits whose levels are locked, in the order of locks, with their
// movements and events, and returns the levels. Edits that change nothing write
// nothing.
func (e *Engine) write(ctx context.Context, edits []edit, reason, cause string) ([]Level, error) {
	at := e.now()
	out := make([]Level, len(edits))
	var changed []edit
	var levels []Level
	var ms []Movement
	for i, c := range edits {
		out[i] = c.was
		if !c.changes() {
			continue
		}
		c.now.UpdatedAt = at
		levels = append(levels, c.now)
		c.now.Version++
		out[i] = c.now
		changed = append(changed, c)
		if c.delta() != 0 {
			ms = append(ms, e.movement(ctx, c.now, c.delta(), reason, cause, at))
		}
	}
	if len(changed) == 0 {
		return out, nil
	}
	if err := e.store.SaveLevels(ctx, levels); err != nil {
		if errors.Is(err, ErrLevelChanged) {
			err = ErrLevelChanged.Because(errMade)
		}
		return nil, err
	}
	if err := e.store.AddMovements(ctx, ms); err != nil {
		return nil, err
	}
	return out, e.record(ctx, changed)
}

// exists returns ErrLocationNotFound unless there is such a location.
func (e *Engine) exists(ctx context.Context, location string) error {
	if location == Main {
		return nil
	}
	all, err := e.locations(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(l Location) bool { return l.ID == location }) {
		return ErrLocationNotFound.At("/location_id")
	}
	return nil
}
