package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Prefix is how the secret of a key begins; 43 characters follow, 256 random
// bits in URL-safe base64.
const Prefix = "sk_"

// CreateKey makes a secret key. It returns ErrScopeUnknown, and fault.ErrDenied
// for rights that the caller does not have.
func (e *Engine) CreateKey(ctx context.Context, in CreateKeyInput) (NewKey, error) {
	if err := OpCreateKey.Admit(ctx, in); err != nil {
		return NewKey{}, err
	}
	ctx, err := e.upToDate(ctx, OpCreateKey.Access)
	if err != nil {
		return NewKey{}, err
	}
	scopes := slices.Compact(slices.Sorted(slices.Values(in.Scopes)))
	if err := mayGive(ident.From(ctx), scopes); err != nil {
		return NewKey{}, err
	}
	k := APIKey{ID: e.opts.ID("key"), Name: in.Name, Scopes: scopes, CreatedAt: e.now()}
	if in.ExpiresAt != nil {
		k.ExpiresAt = new(in.ExpiresAt.UTC().Truncate(time.Microsecond))
		if !k.active(k.CreatedAt) {
			return NewKey{}, fault.ErrInvalid.Saying("a key cannot have ended before it begins").At("/expires_at")
		}
	}
	secret := newSecret()
	k.Hint = secret[len(secret)-4:]
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (NewKey, error) {
		return NewKey{k, secret}, e.store.AddKey(ctx, k, sha256.Sum256([]byte(secret)))
	})
}

func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return Prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// mayGive returns an error unless scopes exist and who has them all.
func mayGive(who ident.Actor, scopes []string) error {
	unknown := slices.DeleteFunc(slices.Clone(scopes), known)
	if len(unknown) > 0 {
		return ErrScopeUnknown.With(map[string][]string{"scopes": unknown}).At("/scopes")
	}
	for _, s := range scopes {
		if !who.May(s) {
			return fault.ErrDenied.With(map[string]string{"scope": s})
		}
	}
	return nil
}

// position is where a page of keys ends.
type position struct {
	Created time.Time `json:"c"`
	ID      string    `json:"i"`
}

// Keys returns a page of keys, the newest first, revoked ones too.
func (e *Engine) Keys(ctx context.Context, in KeysInput) (page.Page[APIKey], error) {
	if err := OpKeys.Admit(ctx, in); err != nil {
		return page.Page[APIKey]{}, err
	}
	var after position
	if _, err := page.Decode(in.Cursor, &after); err != nil {
		return page.Page[APIKey]{}, err
	}
	keys, err := e.store.Keys(ctx, after.Created, after.ID, in.Size()+1)
	if err != nil {
		return page.Page[APIKey]{}, err
	}
	return page.Of(keys, in.Size(), func(k APIKey) any { return position{k.CreatedAt, k.ID} }), nil
}

// RevokeKey ends a key at once. A key that was revoked keeps its time. It
// returns ErrKeyNotFound.
func (e *Engine) RevokeKey(ctx context.Context, in IDInput) (APIKey, error) {
	if err := OpRevokeKey.Admit(ctx, in); err != nil {
		return APIKey{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (APIKey, error) {
		if err := e.store.Revoke(ctx, in.ID, e.now()); err != nil {
			return APIKey{}, err
		}
		return e.store.Key(ctx, in.ID)
	})
}

// Authenticate finds out whose secret this is. It returns
// fault.ErrUnauthenticated, the same for a secret that never was, is revoked or
// has expired, after the same work.
func (e *Engine) Authenticate(ctx context.Context, in AuthenticateInput) (AuthenticateOutput, error) {
	if err := OpAuthenticate.Admit(ctx, in); err != nil {
		return AuthenticateOutput{}, err
	}
	k, err := e.store.KeyOf(ctx, sha256.Sum256([]byte(in.Secret)))
	now := e.now()
	switch {
	case errors.Is(err, ErrKeyNotFound):
		return AuthenticateOutput{}, fault.ErrUnauthenticated
	case err != nil:
		return AuthenticateOutput{}, err
	case !k.active(now):
		return AuthenticateOutput{}, fault.ErrUnauthenticated
	}
	e.touch(ctx, k, now)
	return AuthenticateOutput{KeyID: k.ID, Scopes: k.Scopes}, nil
}

// touch remembers that k was used, at most once a minute. Nobody is refused
// because that fails, and nobody's unit of work pays for it.
func (e *Engine) touch(ctx context.Context, k APIKey, now time.Time) {
	before := now.Add(-time.Minute)
	if k.LastUsedAt != nil && k.LastUsedAt.After(before) || txn.Outside(ctx) != nil {
		return
	}
	if err := e.store.Touch(ctx, k.ID, now, before); err != nil {
		e.opts.Log.WarnContext(ctx, "account: the use of a key is not noted", "key", k.ID, "err", err)
	}
}
