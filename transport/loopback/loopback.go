// Package loopback carries operations through JSON and back in one process, to
// show that they survive a wire, and a bad one: it loses answers and delivers
// late on demand. It is for tests.
package loopback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Trouble is what happens to one call.
type Trouble int

// The troubles. In all but the first the caller gets fault.ErrUnavailable.
const (
	None       Trouble = iota
	LostAsking         // the request never arrives
	LostAnswer         // it is performed, and its answer never arrives
	Late               // it arrives when Deliver is called
)

// Wire is a Registrar and the Caller of what is registered. The zero value is
// an empty, good wire. It is safe for concurrent use.
type Wire struct {
	// Inject says what happens to a call. It is asked once for each, and may be
	// called from many goroutines.
	Inject func(ctx context.Context, name string) Trouble

	mu   sync.Mutex
	ops  map[string]op.Handler
	late []func()
}

var (
	_ op.Registrar = (*Wire)(nil)
	_ op.Caller    = (*Wire)(nil)
)

// Register implements op.Registrar.
func (w *Wire) Register(h op.Handler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ops == nil {
		w.ops = map[string]op.Handler{}
	}
	w.ops[h.Name] = h
}

// Call implements op.Caller. Of ctx only the actor, the key, the id and the
// client of the request, the trace and the deadline cross.
func (w *Wire) Call(ctx context.Context, name string, in, out any) error {
	if err := txn.Outside(ctx); err != nil {
		return err
	}
	w.mu.Lock()
	h, ok := w.ops[name]
	w.mu.Unlock()
	if !ok {
		return fault.ErrUnavailable.Because(fmt.Errorf("nobody serves %s", name))
	}
	asked, err := json.Marshal(in)
	if err != nil {
		return err
	}
	trouble := None
	if w.Inject != nil {
		trouble = w.Inject(ctx, name)
	}
	switch trouble {
	case LostAsking:
		return errLost
	case Late:
		w.mu.Lock()
		w.late = append(w.late, func() { _, _ = perform(context.WithoutCancel(ctx), h, asked) })
		w.mu.Unlock()
		return errLost
	case None, LostAnswer:
	}
	answer, err := perform(ctx, h, asked)
	if trouble == LostAnswer {
		return errLost
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

var errLost = fault.ErrUnavailable.Because(errors.New("the wire is cut"))

// Deliver performs the calls that are late, oldest first, and returns how many.
// Nobody gets their answers.
func (w *Wire) Deliver() int {
	w.mu.Lock()
	late := w.late
	w.late = nil
	w.mu.Unlock()
	for _, perform := range late {
		perform()
	}
	return len(late)
}

// perform is the far end.
func perform(ctx context.Context, h op.Handler, asked []byte) ([]byte, error) {
	there, cancel, err := across(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	in := h.New()
	if err := json.Unmarshal(asked, in); err != nil {
		return nil, fault.ErrMalformed.Because(err)
	}
	out, err := h.Call(there, in)
	if err == nil {
		return json.Marshal(out)
	}
	data, merr := json.Marshal(fault.Public(err))
	if merr != nil {
		return nil, merr
	}
	f := new(fault.Error)
	if err := json.Unmarshal(data, f); err != nil {
		return nil, err
	}
	return nil, f
}

// across makes the context of the far end.
func across(ctx context.Context) (context.Context, context.CancelFunc, error) {
	data, err := json.Marshal(ident.From(ctx))
	if err != nil {
		return nil, nil, err
	}
	var who ident.Actor
	if err := json.Unmarshal(data, &who); err != nil {
		return nil, nil, err
	}
	there := ident.WithRequest(ident.WithKey(ident.With(context.Background(), who), ident.Key(ctx)), ident.Request(ctx))
	there = ident.WithTrace(ident.WithClient(there, ident.Client(ctx)), ident.Trace(ctx))
	if until, ok := ctx.Deadline(); ok {
		there, cancel := context.WithDeadline(there, until)
		return there, cancel, nil
	}
	return there, func() {}, nil
}
