package accounttest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/account/accounttest"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// TestSuiteNamesWhatIsMissing leaves one guard of the store out at a time.
func TestSuiteNamesWhatIsMissing(t *testing.T) {
	guardtest.Run(t, accounttest.Guards, func(t *testing.T, without string) {
		accounttest.Run(t, func(*testing.T) account.Store {
			return brokenPeople{&broken{Accounts: memstore.Accounts{DB: memstore.New()}, without: without, seen: map[string]bool{}, revoked: map[string]time.Time{}}}
		})
	})
}

// broken is a store without one guard.
type broken struct {
	memstore.Accounts
	without string
	mu      sync.Mutex
	seen    map[string]bool // ids of events
	revoked map[string]time.Time
}

func (b *broken) AddKey(ctx context.Context, k account.APIKey, h account.Hash) error {
	switch b.without {
	case "RoundTrip":
		k.Hint = ""
	case "RefusalKeepsUnit":
		return b.Do(ctx, func(ctx context.Context) error { return b.Accounts.AddKey(ctx, k, h) })
	}
	err := b.Accounts.AddKey(ctx, k, h)
	if errors.Is(err, account.ErrKeyTaken) && (b.without == "IDOnce" || b.without == "HashOnce" || b.without == "HashWins") {
		return nil
	}
	return err
}

func (b *broken) Key(ctx context.Context, id string) (account.APIKey, error) {
	k, err := b.Accounts.Key(ctx, id)
	if b.without == "NotFound" && errors.Is(err, account.ErrKeyNotFound) {
		return account.APIKey{}, nil
	}
	if b.without == "TouchAndRevoke" && k.RevokedAt != nil {
		k.LastUsedAt = nil
	}
	return k, err
}

func (b *broken) KeyOf(ctx context.Context, h account.Hash) (account.APIKey, error) {
	k, err := b.Accounts.KeyOf(ctx, h)
	b.mu.Lock()
	defer b.mu.Unlock()
	if at, ok := b.revoked[k.ID]; ok && b.without == "RevokeOnce" {
		k.RevokedAt = &at
	}
	return k, err
}

func (b *broken) Keys(ctx context.Context, created time.Time, id string, limit int) ([]account.APIKey, error) {
	if b.without == "Newest" {
		id = ""
	}
	return b.Accounts.Keys(ctx, created, id, limit)
}

func (b *broken) Revoke(ctx context.Context, id string, at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.revoked[id] = at
	return b.Accounts.Revoke(ctx, id, at)
}

func (b *broken) Touch(ctx context.Context, id string, at, before time.Time) error {
	if b.without == "Touch" {
		before = at
	}
	return b.Accounts.Touch(ctx, id, at, before)
}

// Record, without its guard, writes at once and not with the unit.
func (b *broken) Record(ctx context.Context, evs ...event.Envelope) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range evs {
		if b.without == "RecordJoins" && b.seen[e.ID] {
			return errors.New("an event has this id")
		}
		b.seen[e.ID] = true
	}
	return b.Accounts.Record(ctx, evs...)
}

func (b *broken) Scope() txn.Scope {
	switch b.without {
	case "Rollback", "MarkJoins", "UserRollback", "SessionRollback":
		return loose{}
	default:
		return b.Accounts.Scope()
	}
}

// loose is a scope whose units are no units.
type loose struct{}

func (loose) Do(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }
