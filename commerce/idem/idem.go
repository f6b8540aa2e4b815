// Package idem lets a command that is sent again under the same idempotency key
// happen once and answer the same.
//
// It wraps operations where their engine lives, behind every transport. A key is
// claimed in a unit of work of its own; the command's own unit then writes what
// it did next to the claim, so that nothing lies between the doing and the
// knowing. A process that dies leaves a claim with a lease; who takes it over
// gets the result of the unit instead of doing it again.
//
// What people get wrong: the memo protects the outermost txn.Get of a command,
// its last one if there are several, which should then return different types.
// Work outside of it must be repeatable.
package idem

import (
	"context"
	"encoding/json"
	"log/slog"
	"reflect"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

var (
	// ErrBadKey says that a key has the wrong length or characters.
	ErrBadKey = fault.New(fault.Malformed, "idempotency.bad_key", "an idempotency key has 1 to 255 visible ASCII characters, without a sign-in or token at least 22")
	// ErrReused says that the key came before with another request.
	ErrReused = fault.New(fault.Invalid, "idempotency.key_reused", "this idempotency key was used for another request")
	// ErrInFlight says that a request with this key is under way.
	ErrInFlight = fault.New(fault.Conflict, "idempotency.in_flight", "a request with this idempotency key is under way").After(time.Second)
)

// State is how far the command of a key has come.
type State string

// The states.
const (
	Running State = "running" // claimed
	Applied State = "applied" // its unit of work has committed; Memo has the result
	Done    State = "done"    // Answer has what it answered
)

// Record is what is known of one key.
type Record struct {
	Scope       string // of whom and for what, a hash in hexadecimal
	Key         string
	Fingerprint string // of operation and input, a hash in hexadecimal
	State       State
	Fence       int64     // grows with each claim, also of a key that was forgotten: who has the highest owns the key
	Until       time.Time // end of the lease, UTC
	MemoType    string
	Memo        json.RawMessage `json:",omitempty"`
	Answer      json.RawMessage `json:",omitempty"`
	At          time.Time       // of the first claim, UTC
}

// Store keeps records. Its methods join the unit of work of ctx.
type Store interface {
	Scope() txn.Scope
	// Claim writes r and returns won, or the record that is there already.
	Claim(ctx context.Context, r Record) (old Record, won bool, err error)
	// Take adds one to the Fence of r and moves its lease to until, if r is not
	// Done, its Fence is what is stored and the stored lease ended before now. It
	// reports whether it did.
	Take(ctx context.Context, r Record, now, until time.Time) (bool, error)
	// Save writes State, Memo, MemoType and Answer of r if its Fence is what is
	// stored, and returns ErrInFlight otherwise.
	Save(ctx context.Context, r Record) error
	// Free gives up a claim: a Running record of this Fence is forgotten, the
	// lease of an Applied one ends, and any other stays as it is.
	Free(ctx context.Context, r Record) error
	// Sweep forgets the Running records whose lease ended before now, and returns
	// how many: whoever had them is dead, or will find that they are gone.
	Sweep(ctx context.Context, now time.Time) (int64, error)
	// Prune forgets the records that were first claimed before a time and
	// returns how many.
	Prune(ctx context.Context, before time.Time) (int64, error)
}

// Sealed is an output or an input with secrets. Of an output, what Secretless
// returns is stored, of the same type; Options.Refill puts the secrets back. Of
// an input, it is what another request under the same key must be equal to: a
// fingerprint of a password would be a hash of it that is made too fast.
type Sealed interface{ Secretless() any }

// Unkeyed is an input whose command pays no heed to keys, because its answer is
// nothing but secrets and doing it again does no harm.
type Unkeyed interface{ Unkeyed() }

// Options change how keys work. The zero value is good.
type Options struct {
	Now   func() time.Time // time.Now
	Log   *slog.Logger     // slog.Default()
	Lease time.Duration    // longer than any request, 60 seconds
	// Refill puts the secrets back into an output that is replayed, by the name
	// of the operation. It may ask for them, and must change nothing.
	Refill map[string]func(ctx context.Context, out any) any
}

// Kept is how long a key is remembered, for Prune.
const Kept = 72 * time.Hour

// Wrap returns a function that makes commands honor the key of their context
// (ident.Key). Queries, commands without a key and those with an Unkeyed input
// pass. Remembered are outputs, unless they have Pending() bool and it is true,
// and faults of kind Invalid, unless the input is Sealed: it may be the secret
// that was refused. After any other error the key is free again. opts may be nil.
func Wrap(s Store, opts *Options) func(op.Handler) op.Handler {
	k := &keeper{store: s}
	if opts != nil {
		k.opts = *opts
	}
	if k.opts.Now == nil {
		k.opts.Now = time.Now
	}
	if k.opts.Log == nil {
		k.opts.Log = slog.Default()
	}
	if k.opts.Lease == 0 {
		k.opts.Lease = time.Minute
	}
	return func(h op.Handler) op.Handler {
		if h.Kind == op.Query || h.In != nil && h.In.Implements(reflect.TypeFor[Unkeyed]()) {
			return h
		}
		inner := h
		h.Call = func(ctx context.Context, in any) (any, error) { return k.call(ctx, inner, in) }
		return h
	}
}

// Registrar returns a Registrar that registers with r what Wrap makes of each
// handler.
func Registrar(r op.Registrar, s Store, opts *Options) op.Registrar {
	wrap := Wrap(s, opts)
	return op.RegistrarFunc(func(h op.Handler) { r.Register(wrap(h)) })
}

type watchKey struct{}

// Watch returns a context in which a replay sets replayed, for transports that
// tell it.
func Watch(ctx context.Context) (_ context.Context, replayed *bool) {
	replayed = new(bool)
	return context.WithValue(ctx, watchKey{}, replayed), replayed
}

// Mark says that what ctx asked for is answered with an earlier answer, for
// callers of other processes: whoever watches learns it.
func Mark(ctx context.Context) {
	if replayed, ok := ctx.Value(watchKey{}).(*bool); ok {
		*replayed = true
	}
}
