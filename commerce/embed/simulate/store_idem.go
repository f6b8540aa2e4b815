package simulate

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// idemStore is a idem.Store whose calls are steps of a schedule.
type idemStore struct {
	idem.Store
	*database
}

var _ idem.Store = idemStore{}

// Scope implements idem.Store.
func (s idemStore) Scope() txn.Scope { return s.scope }

// Claim implements idem.Store.
func (s idemStore) Claim(ctx context.Context, r idem.Record) (idem.Record, bool, error) {
	old, won, err := ask2(ctx, s.database, "idem.claim", writes, func() (idem.Record, bool, error) { return s.Store.Claim(ctx, r) })
	switch {
	case err != nil:
	case won:
		s.w.claimed(r)
	default:
		s.w.known(old)
	}
	return old, won, err
}

// Take implements idem.Store.
func (s idemStore) Take(ctx context.Context, r idem.Record, now, until time.Time) (bool, error) {
	return ask(ctx, s.database, "idem.take", writes, func() (bool, error) { return s.Store.Take(ctx, r, now, until) })
}

// Save implements idem.Store.
func (s idemStore) Save(ctx context.Context, r idem.Record) error {
	s.w.written("idem", r.Scope+" "+r.Key, r.Memo, r.Answer)
	err := tell(ctx, s.database, "idem.save", writes, func() error { return s.Store.Save(ctx, r) })
	if err == nil {
		s.afterwards(ctx, func() { s.w.known(r) })
	}
	return err
}

// Free implements idem.Store.
func (s idemStore) Free(ctx context.Context, r idem.Record) error {
	return tell(ctx, s.database, "idem.free", writes, func() error { return s.Store.Free(ctx, r) })
}

// Sweep implements idem.Store.
func (s idemStore) Sweep(ctx context.Context, now time.Time) (int64, error) {
	return ask(ctx, s.database, "idem.sweep", writes, func() (int64, error) { return s.Store.Sweep(ctx, now) })
}

// Prune implements idem.Store.
func (s idemStore) Prune(ctx context.Context, before time.Time) (int64, error) {
	return ask(ctx, s.database, "idem.prune", writes, func() (int64, error) { return s.Store.Prune(ctx, before) })
}
