package idem

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

type keeper struct {
	store Store
	opts  Options
}

// answer is what a command answered: an output or a fault.
type answer struct {
	Out   json.RawMessage `json:"out,omitempty"`
	Fault *fault.Error    `json:"fault,omitempty"`
}

func (k *keeper) call(ctx context.Context, h op.Handler, in any) (any, error) {
	key := ident.Key(ctx)
	if key == "" {
		return h.Call(ctx, in)
	}
	r, err := k.record(ctx, h, in, key)
	if err != nil {
		return nil, err
	}
	r, err = k.claim(ctx, r)
	if err != nil {
		return nil, err
	}
	if r.State == Done {
		return k.replay(ctx, h, r)
	}
	return k.perform(ctx, h, in, r)
}

// record returns the record that ctx and in ask for.
func (k *keeper) record(ctx context.Context, h op.Handler, in any, key string) (Record, error) {
	who, named := principal(ident.From(ctx))
	if !visible(key) || len(key) > 255 || !named && len(key) < 22 {
		return Record{}, ErrBadKey
	}
	input, err := sealed(in)
	if err != nil {
		return Record{}, fmt.Errorf("idem %s: %w", h.Name, err)
	}
	now := k.now()
	return Record{Scope: hash(who, h.Name), Key: key, Fingerprint: hash(h.Name, string(input)), State: Running, Fence: now.UnixMicro(), Until: now.Add(k.opts.Lease), At: now}, nil
}

// principal names who asks. A guest is known by the token of their cart: that of
// an order comes with the answer, and may be sent with the next try. A guest
// without a token has no name: anybody could be that, so the key itself must be
// hard to guess.
func principal(a ident.Actor) (who string, named bool) {
	if a.Kind == ident.Guest {
		if a.CartToken != "" {
			return fmt.Sprintf("guest of cart %q", a.CartToken), true
		}
		return fmt.Sprintf("guest of order %q", a.OrderToken), a.OrderToken != ""
	}
	who = a.String()
	if a.For != nil {
		who += " for " + a.Origin().String()
	}
	return who, true
}

func visible(key string) bool {
	for _, c := range []byte(key) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

func hash(parts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return hex.EncodeToString(sum[:])
}

func (k *keeper) now() time.Time { return k.opts.Now().UTC().Truncate(time.Microsecond) }

// claim makes r ours, or returns a record that is Done, or an error.
func (k *keeper) claim(ctx context.Context, r Record) (Record, error) {
	old, won, err := k.store.Claim(ctx, r)
	switch {
	case err != nil:
		return r, fmt.Errorf("idem: claim: %w", err)
	case won:
		return r, nil
	case old.Fingerprint != r.Fingerprint:
		return r, ErrReused
	case old.State == Done:
		return old, nil
	}
	taken, err := k.store.Take(ctx, old, k.now(), r.Until)
	switch {
	case err != nil:
		return r, fmt.Errorf("idem: take over: %w", err)
	case !taken:
		return r, ErrInFlight
	}
	old.Fence++
	old.Until = r.Until
	return old, nil
}

func (k *keeper) replay(ctx context.Context, h op.Handler, r Record) (any, error) {
	var a answer
	if err := json.Unmarshal(r.Answer, &a); err != nil {
		return nil, fmt.Errorf("idem %s: stored answer: %w", h.Name, err)
	}
	Mark(ctx)
	if a.Fault != nil {
		return nil, a.Fault
	}
	p := h.NewOut()
	if err := json.Unmarshal(a.Out, p); err != nil {
		return nil, fmt.Errorf("idem %s: stored answer: %w", h.Name, err)
	}
	out := reflect.ValueOf(p).Elem().Interface()
	if refill := k.opts.Refill[h.Name]; refill != nil {
		out = refill(ctx, out)
	}
	return out, nil
}

// perform runs the command under the claim r and settles the claim.
func (k *keeper) perform(ctx context.Context, h op.Handler, in any, r Record) (out any, err error) {
	m := &memo{store: k.store, out: h.Out, record: r, replay: r.State == Applied}
	settled := false
	defer func() {
		if !settled { // a panic goes through here
			k.free(ctx, r)
		}
	}()
	out, err = h.Call(txn.WithMemo(ctx, m), in)
	settled = true
	frozen := answer{}
	_, secret := in.(Sealed)
	switch f, ok := errors.AsType[*fault.Error](err); {
	case err != nil && (!ok || f.Kind != fault.Invalid || secret):
		k.free(ctx, r)
		return out, err
	case err != nil:
		frozen.Fault = fault.Public(err)
	case pending(out):
		k.free(ctx, r)
		return out, nil
	case m.finished():
		return out, nil
	default:
		if frozen.Out, err = sealed(out); err != nil {
			return nil, fmt.Errorf("idem %s: %w", h.Name, err)
		}
	}
	k.finish(ctx, r, frozen)
	return out, err
}

// finish stores an answer. The command is over: what goes wrong now is told to
// the operator, not to the caller.
func (k *keeper) finish(ctx context.Context, r Record, a answer) {
	data, err := json.Marshal(a)
	if err == nil {
		r.State, r.Answer, r.Memo, r.MemoType = Done, data, nil, ""
		err = k.store.Save(context.WithoutCancel(ctx), r)
	}
	if err != nil {
		k.opts.Log.ErrorContext(ctx, "idem: an answer is not kept", "scope", r.Scope, "err", err)
	}
}

func (k *keeper) free(ctx context.Context, r Record) {
	if err := k.store.Free(context.WithoutCancel(ctx), r); err != nil {
		k.opts.Log.ErrorContext(ctx, "idem: a key is not freed before its lease ends", "scope", r.Scope, "err", err)
	}
}

func pending(out any) bool {
	p, ok := out.(interface{ Pending() bool })
	return ok && p.Pending()
}

// sealed returns v as it may be stored.
func sealed(v any) (json.RawMessage, error) {
	if s, ok := v.(Sealed); ok {
		v = s.Secretless()
	}
	return json.Marshal(v)
}
