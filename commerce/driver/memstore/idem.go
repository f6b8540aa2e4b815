package memstore

import (
	"context"
	"errors"
	"time"

	"github.com/mercer-commerce/mercer/commerce/idem"
)

// Idem is an idem.Store.
type Idem struct{ *DB }

var _ idem.Store = Idem{}

func (i Idem) records() table[idem.Record] { return table[idem.Record]{i.DB, "idem"} }

// Claim implements idem.Store.
func (i Idem) Claim(ctx context.Context, r idem.Record) (old idem.Record, won bool, err error) {
	err = i.Do(ctx, func(ctx context.Context) error {
		old, err = i.records().get(ctx, compound(r.Scope, r.Key))
		if won = errors.Is(err, errNoRow); won {
			return i.records().put(ctx, compound(r.Scope, r.Key), r)
		}
		return err
	})
	return old, won, err
}

// Take implements idem.Store.
func (i Idem) Take(ctx context.Context, r idem.Record, now, until time.Time) (taken bool, err error) {
	err = i.change(ctx, r, func(old *idem.Record) bool {
		taken = old.State != idem.Done && old.Until.Before(now)
		if taken {
			old.Fence, old.Until = old.Fence+1, until
		}
		return taken
	})
	if errors.Is(err, idem.ErrInFlight) {
		return false, nil
	}
	return taken, err
}

// Save implements idem.Store.
func (i Idem) Save(ctx context.Context, r idem.Record) error {
	return i.change(ctx, r, func(old *idem.Record) bool {
		old.State, old.Memo, old.MemoType, old.Answer = r.State, r.Memo, r.MemoType, r.Answer
		return true
	})
}

// Free implements idem.Store.
func (i Idem) Free(ctx context.Context, r idem.Record) error {
	return i.Do(ctx, func(ctx context.Context) error {
		old, err := i.records().get(ctx, compound(r.Scope, r.Key))
		switch {
		case errors.Is(err, errNoRow):
			return nil
		case err != nil || old.Fence != r.Fence || old.State == idem.Done:
			return err
		case old.State == idem.Applied:
			old.Until = time.Time{}
			return i.records().put(ctx, compound(r.Scope, r.Key), old)
		default:
			return i.records().delete(ctx, compound(r.Scope, r.Key))
		}
	})
}

// change writes the record of r if r has its fence and fn says so; it returns
// ErrInFlight when r has not.
func (i Idem) change(ctx context.Context, r idem.Record, fn func(old *idem.Record) bool) error {
	return i.Do(ctx, func(ctx context.Context) error {
		old, err := i.records().get(ctx, compound(r.Scope, r.Key))
		switch {
		case errors.Is(err, errNoRow) || err == nil && old.Fence != r.Fence:
			return idem.ErrInFlight
		case err != nil || !fn(&old):
			return err
		default:
			return i.records().put(ctx, compound(r.Scope, r.Key), old)
		}
	})
}

// Sweep implements idem.Store.
func (i Idem) Sweep(ctx context.Context, now time.Time) (int64, error) {
	return i.forget(ctx, func(_ string, r idem.Record) bool { return r.State == idem.Running && r.Until.Before(now) })
}

// Prune implements idem.Store.
func (i Idem) Prune(ctx context.Context, before time.Time) (int64, error) {
	return i.forget(ctx, func(_ string, r idem.Record) bool { return r.At.Before(before) })
}

func (i Idem) forget(ctx context.Context, which func(string, idem.Record) bool) (n int64, err error) {
	err = i.Do(ctx, func(ctx context.Context) error {
		old, err := i.records().all(ctx, which)
		if err != nil {
			return err
		}
		n = int64(len(old))
		for _, r := range old {
			if err := i.records().delete(ctx, compound(r.Scope, r.Key)); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}
