package jwtauth

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

const (
	actorType = "mercer-actor+jwt"
	actorLife = time.Minute
)

// Actors says, for calls from one process of the shop to another, who asks. A
// token holds for one operation and one minute; who has read one can repeat
// that operation as that actor meanwhile, so the connection must be the shop's
// own. For the same reason the tokens of the guest's cart and order travel in it
// as they are: they are secrets, and as safe there as in the call itself.
type Actors struct {
	key key
	now func() time.Time
}

// NewActors returns the Actors of a shop whose processes share secret. What
// signs is derived from it, so that no other token made with the secret is taken
// for one of these. opts may be nil. It returns an error for less than MinSecret
// bytes.
func NewActors(secret []byte, opts *Options) (*Actors, error) {
	if _, err := hs256(secret); err != nil {
		return nil, err
	}
	derived, err := hkdf.Key(sha256.New, secret, nil, actorType, sha256.Size)
	if err != nil {
		return nil, err
	}
	k, err := hs256(derived)
	return &Actors{key: k, now: opts.clock()}, err
}

// call is an actor as it is written.
type call struct {
	jwt.RegisteredClaims
	Actor ident.Actor `json:"actor"`
}

// Sign returns a token that says that a asks for the named operation.
func (a *Actors) Sign(_ context.Context, who ident.Actor, op string) (string, error) {
	now := a.now()
	return a.key.sign(actorType, maxActor, call{registered("", "", op, now, now.Add(actorLife)), who})
}

// Verify returns who asks for the named operation. It returns
// fault.ErrUnauthenticated for a token that was not made for it within the last
// minute.
func (a *Actors) Verify(ctx context.Context, token, op string) (ident.Actor, error) {
	find := func(kid string) (key, error) { return shared{a.key}.named(ctx, a.now(), kid) }
	var c call
	if err := parse(token, maxActor, actorType, find, &c); err != nil {
		return ident.Actor{}, refuse(err)
	}
	if err := inTime(c.RegisteredClaims, actorLife, a.now()); err != nil {
		return ident.Actor{}, refuse(err)
	}
	if len(c.Audience) != 1 || c.Audience[0] != op || c.Actor.Kind == "" {
		return ident.Actor{}, fault.ErrUnauthenticated.Because(errClaim("aud"))
	}
	return c.Actor, nil
}
