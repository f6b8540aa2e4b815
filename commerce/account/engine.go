package account

import (
	"cmp"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Options change how an Engine works. The zero value is good.
type Options struct {
	Log *slog.Logger               // slog.Default()
	Now func() time.Time           // time.Now
	ID  func(prefix string) string // ident.NewID

	// Secret is what refresh tokens, codes in mails and names of devices are
	// derived from, 32 bytes or more. Processes that share a database need the
	// same. Without one each process makes its own, and everybody is signed out
	// when it ends.
	Secret []byte
	Name   string // of the shop; no password may consist of it

	SessionIdle time.Duration // how long a session lasts unused, 30 days
	SessionMax  time.Duration // how long it lasts at most, 90 days

	// VerifyFirst lets nobody sign in before they have verified their address.
	// Without it, who registers an address and then tries to sign in learns
	// whether it had an account.
	VerifyFirst bool

	// Unlimited lifts the limits of tries, for tests under load.
	Unlimited bool
}

// Ports are what signing in needs. Without them the engine still knows API
// keys; whatever asks for a port returns ErrNoSignIn.
type Ports struct {
	Hasher Hasher
	Tokens Tokens
}

// Engine holds the rules of accounts. It is safe for concurrent use.
type Engine struct {
	store Store
	ports Ports
	opts  Options

	codes, refreshes, devices []byte // secrets
}

var _ Service = (*Engine)(nil)

// New returns an Engine that keeps accounts in store. opts may be nil.
func New(store Store, ports Ports, opts *Options) *Engine {
	e := &Engine{store: store, ports: ports}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Log = cmp.Or(e.opts.Log, slog.Default())
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	if e.opts.ID == nil {
		e.opts.ID = ident.NewID
	}
	e.opts.SessionIdle = cmp.Or(e.opts.SessionIdle, 30*24*time.Hour)
	e.opts.SessionMax = cmp.Or(e.opts.SessionMax, 90*24*time.Hour)
	if e.ports.Hasher == nil {
		e.ports.Hasher = noHasher{}
	}
	if e.ports.Tokens == nil {
		e.ports.Tokens = noTokens{}
	}
	e.codes, e.refreshes, e.devices = e.secret("codes"), e.secret("refreshes"), e.secret("devices")
	return e
}

// secret returns a secret for one use: what is derived for one fits no other.
func (e *Engine) secret(use string) []byte {
	if len(e.opts.Secret) == 0 {
		return []byte(rand.Text() + rand.Text())
	}
	return ident.SecretFor(e.opts.Secret, "account."+use)
}

// Scope is the database that the engine writes in.
func (e *Engine) Scope() txn.Scope { return e.store.Scope() }

// now returns the time as it is stored.
func (e *Engine) now() time.Time { return e.opts.Now().UTC().Truncate(time.Microsecond) }
