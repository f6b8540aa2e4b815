package memstore

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
)

// Accounts keeps API keys.
type Accounts struct{ *DB }

var _ account.Store = Accounts{}

func (s Accounts) keys() table[account.APIKey] { return table[account.APIKey]{s.DB, "api_key"} }

// hashes holds the ids of keys by their hash.
func (s Accounts) hashes() table[string] { return table[string]{s.DB, "api_key_hash"} }

// AddKey implements account.Store.
func (s Accounts) AddKey(ctx context.Context, k account.APIKey, h account.Hash) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) error {
		hash := hex.EncodeToString(h[:])
		_, idErr := s.keys().get(ctx, k.ID)
		_, hashErr := s.hashes().get(ctx, hash)
		for _, err := range []error{idErr, hashErr} {
			switch {
			case err == nil:
				refused = account.ErrKeyTaken
				return nil
			case !errors.Is(err, errNoRow):
				return err
			}
		}
		return errors.Join(s.keys().put(ctx, k.ID, k), s.hashes().put(ctx, hash, k.ID))
	})
	return cmp.Or(err, refused)
}

// Key implements account.Store.
func (s Accounts) Key(ctx context.Context, id string) (account.APIKey, error) {
	k, err := s.keys().get(ctx, id)
	if errors.Is(err, errNoRow) {
		return account.APIKey{}, account.ErrKeyNotFound
	}
	return k, err
}

// KeyOf implements account.Store.
func (s Accounts) KeyOf(ctx context.Context, h account.Hash) (account.APIKey, error) {
	id, err := s.hashes().get(ctx, hex.EncodeToString(h[:]))
	if errors.Is(err, errNoRow) {
		return account.APIKey{}, account.ErrKeyNotFound
	}
	if err != nil {
		return account.APIKey{}, err
	}
	return s.Key(ctx, id)
}

// Keys implements account.Store.
func (s Accounts) Keys(ctx context.Context, created time.Time, id string, limit int) ([]account.APIKey, error) {
	found, err := s.keys().all(ctx, func(_ string, k account.APIKey) bool {
		return created.IsZero() || k.CreatedAt.Before(created) || k.CreatedAt.Equal(created) && k.ID < id
	})
	slices.SortFunc(found, func(a, b account.APIKey) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	return found[:min(limit, len(found))], err
}

// Revoke implements account.Store.
func (s Accounts) Revoke(ctx context.Context, id string, at time.Time) error {
	return s.edit(ctx, id, func(k *account.APIKey) {
		if k.RevokedAt == nil {
			k.RevokedAt = &at
		}
	})
}

// Touch implements account.Store.
func (s Accounts) Touch(ctx context.Context, id string, at, before time.Time) error {
	return s.edit(ctx, id, func(k *account.APIKey) {
		if k.LastUsedAt == nil || !k.LastUsedAt.After(before) {
			k.LastUsedAt = &at
		}
	})
}

func (s Accounts) edit(ctx context.Context, id string, change func(*account.APIKey)) error {
	return s.Do(ctx, func(ctx context.Context) error {
		k, err := s.keys().get(ctx, id)
		if errors.Is(err, errNoRow) {
			return nil
		}
		if err != nil {
			return err
		}
		change(&k)
		return s.keys().put(ctx, id, k)
	})
}
