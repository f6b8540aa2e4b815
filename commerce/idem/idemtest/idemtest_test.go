package idemtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/idem/idemtest"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// store is a store without one of its guards.
type store struct {
	memstore.Idem
	without string
}

func (s store) Claim(ctx context.Context, r idem.Record) (idem.Record, bool, error) {
	old, won, err := s.Idem.Claim(ctx, r)
	return old, won || s.without == "OneClaims", err
}

func (s store) Take(ctx context.Context, r idem.Record, now, until time.Time) (bool, error) {
	switch s.without {
	case "LiveLeaseHolds":
		now = now.Add(time.Hour)
	case "OneTakes":
		r = s.stored(ctx, r)
	case "DoneIsNotTaken":
		if s.stored(ctx, r).State == idem.Done {
			return true, nil
		}
	}
	return s.Idem.Take(ctx, r, now, until)
}

// stored returns what is there under the key of r.
func (s store) stored(ctx context.Context, r idem.Record) idem.Record {
	old, _, _ := s.Idem.Claim(ctx, r)
	return old
}

// loose runs fn without a unit of work.
type loose struct{}

func (*loose) Do(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (s store) Scope() txn.Scope {
	if s.without == "SaveJoinsUnit" {
		return &loose{}
	}
	return s.Idem.Scope()
}

func (s store) Save(ctx context.Context, r idem.Record) error {
	if s.without == "FenceHolds" {
		r.Fence = s.stored(ctx, r).Fence
	}
	return s.Idem.Save(ctx, r)
}

func (s store) Free(ctx context.Context, r idem.Record) error {
	old := s.stored(ctx, r)
	switch {
	case s.without == "FreeForgets":
		return nil
	case s.without == "FreeIsFenced":
		r.Fence = old.Fence
	case s.without == "FreeKeepsApplied" && old.State == idem.Applied:
		old.State = idem.Running
		return errors.Join(s.Idem.Save(ctx, old), s.Idem.Free(ctx, r))
	}
	return s.Idem.Free(ctx, r)
}

func (s store) Sweep(ctx context.Context, now time.Time) (int64, error) {
	switch s.without {
	case "SweepForgetsTheDead":
		return 0, nil
	case "SweepKeepsTheLiving":
		return s.Idem.Sweep(ctx, now.Add(time.Hour))
	}
	return s.Idem.Sweep(ctx, now)
}

func TestIdem(t *testing.T) {
	guards := []string{"OneClaims", "LiveLeaseHolds", "OneTakes", "DoneIsNotTaken", "FenceHolds", "SaveJoinsUnit", "FreeForgets", "FreeKeepsApplied", "FreeIsFenced", "SweepForgetsTheDead", "SweepKeepsTheLiving"}
	guardtest.Run(t, guards, func(t *testing.T, without string) {
		idemtest.Run(t, func(*testing.T) idem.Store { return store{memstore.Idem{DB: memstore.New()}, without} })
	})
}
