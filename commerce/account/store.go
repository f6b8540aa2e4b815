package account

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Hash is what is kept of a secret: its SHA-256.
type Hash [32]byte

// Store is what an Engine needs from a database. accounttest.Run says whether a
// type that has these methods is one.
type Store interface {
	event.Recorder
	once.Keys
	Users
	Sessions
	Challenges
	Attempts
	Books
	Groups
	Roles

	// Scope is the database, the same value for all stores that share it.
	Scope() txn.Scope

	// AddKey writes a new key. It returns ErrKeyTaken if there is a key with
	// this id or hash; the unit of work of ctx can go on.
	AddKey(ctx context.Context, k APIKey, h Hash) error

	// Key returns the key, or ErrKeyNotFound.
	Key(ctx context.Context, id string) (APIKey, error)

	// KeyOf returns the key with this hash, revoked and expired ones too, or
	// ErrKeyNotFound.
	KeyOf(ctx context.Context, h Hash) (APIKey, error)

	// Keys returns at most limit keys, the newest first, by id downwards among
	// equals, that come after the key with this creation time and id. A zero
	// time begins at the newest.
	Keys(ctx context.Context, created time.Time, id string, limit int) ([]APIKey, error)

	// Revoke sets RevokedAt, unless it is set. A key that is not there is none
	// of its business.
	Revoke(ctx context.Context, id string, at time.Time) error

	// Touch sets LastUsedAt to at, unless it is set to a time after before.
	Touch(ctx context.Context, id string, at, before time.Time) error

	// Prune forgets sessions and challenges that expired before a time, and
	// counts whose window closed before it.
	Prune(ctx context.Context, before time.Time) error
}

// Users is the part of a Store that keeps people.
type Users interface {
	// User returns the user, or ErrUserNotFound.
	User(ctx context.Context, id string) (User, error)

	// UserOf returns the user of this kind whose address has this NormalEmail,
	// or ErrUserNotFound.
	UserOf(ctx context.Context, kind Kind, normal string) (User, error)

	// SaveUser writes u, its Password too, and adds one to its Version. If the
	// stored Version is not u.Version it writes nothing and returns
	// ErrUserStale; Version 0 is new. If another user of u.Kind has an address
	// with the same NormalEmail it writes nothing and returns ErrEmailTaken. The
	// unit of work of ctx can go on after either.
	SaveUser(ctx context.Context, u *User) error

	// Users returns at most limit users that f lets pass, the newest first, by
	// id downwards among equals, that come after the user with this creation
	// time and id. A zero time begins at the newest.
	Users(ctx context.Context, f UserFilter, created time.Time, id string, limit int) ([]User, error)
}

// UserFilter says which users are wanted.
type UserFilter struct {
	Kind  Kind
	Email string // how the NormalEmail begins, "" is any
	Text  string // what User.SearchText contains, "" is any
	Group string // whose group they are in, "" is any
}
