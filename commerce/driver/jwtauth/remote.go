package jwtauth

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// How often Remote asks.
const (
	remoteAge   = 5 * time.Minute
	remotePause = time.Second     // between two tries
	remoteWait  = 5 * time.Second // for one
)

// Remote returns keys that only verify: those that another process publishes.
// fetch asks for them, when the first token comes, again after five minutes
// while tokens are read, and when one names an unknown key; one call at a time
// and one a second, with the values of the context that needs them. While it
// fails the keys that are known go on; a token whose key is not known then gets
// fault.ErrUnavailable.
func Remote(fetch func(ctx context.Context) (account.JWKS, error)) Keys {
	return &remote{fetch: fetch}
}

type remote struct {
	fetch func(ctx context.Context) (account.JWKS, error)

	mu             sync.Mutex
	byID           map[string]key
	jwks           account.JWKS
	fetched, tried time.Time
	err            error         // of the last try
	flight         chan struct{} // closed at the end of the try under way, nil without
}

func (r *remote) signing(time.Time) (key, error) { return key{}, errVerifyOnly }

func (r *remote) public(time.Time) account.JWKS {
	r.mu.Lock()
	defer r.mu.Unlock()
	return account.JWKS{Keys: append([]account.JWK{}, r.jwks.Keys...)}
}

func (r *remote) named(ctx context.Context, now time.Time, kid string) (key, error) {
	if err := txn.Outside(ctx); err != nil {
		return key{}, err
	}
	k, ok, flight := r.look(ctx, now, kid)
	if ok {
		return k, nil
	}
	if flight != nil {
		select {
		case <-flight:
		case <-ctx.Done():
			return key{}, fault.ErrUnavailable.After(remotePause).Because(context.Cause(ctx))
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok = r.byID[kid]
	switch {
	case ok:
		return k, nil
	case r.err != nil:
		return key{}, fault.ErrUnavailable.After(remotePause).Because(r.err)
	}
	return key{}, errKey
}

// look returns the key, and the try under way: it begins one if one is due.
func (r *remote) look(ctx context.Context, now time.Time, kid string) (key, bool, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.byID[kid]
	wanted := !ok || now.Sub(r.fetched) >= remoteAge
	if wanted && r.flight == nil && now.Sub(r.tried) >= remotePause {
		r.tried, r.flight = now, make(chan struct{})
		go r.try(context.WithoutCancel(ctx), now)
	}
	return k, ok, r.flight
}

// try asks once. It outlives the request that wanted it: others wait too.
func (r *remote) try(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, remoteWait)
	defer cancel()
	jwks, err := r.fetch(ctx)
	byID := map[string]key{}
	for _, j := range jwks.Keys {
		if k, ok := verifier(j); ok {
			byID[k.id] = k
		}
	}
	if err == nil && len(byID) == 0 {
		err = errors.New("jwtauth: no Ed25519 key is published")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err = err; err == nil {
		r.byID, r.jwks, r.fetched = byID, jwks, now
	}
	close(r.flight)
	r.flight = nil
}
