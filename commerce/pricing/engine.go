package pricing

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Options change how an Engine works. The zero value is good.
type Options struct {
	Now func() time.Time           // time.Now
	ID  func(prefix string) string // ident.NewID
	// Unlimited lifts the limits of tries of codes, for tests under load.
	Unlimited bool
}

// Engine holds the rules of prices. It is safe for concurrent use.
type Engine struct {
	store   Store
	opts    Options
	cached  atomic.Pointer[Settings] // never changed, only replaced
	loading chan struct{}            // held by the one that loads settings
}

var _ Service = (*Engine)(nil)

// New returns an Engine that keeps prices and settings in store. opts may be nil.
func New(store Store, opts *Options) *Engine {
	e := &Engine{store: store, loading: make(chan struct{}, 1)}
	if opts != nil {
		e.opts = *opts
	}
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	if e.opts.ID == nil {
		e.opts.ID = ident.NewID
	}
	return e
}

// Scope returns where the engine writes.
func (e *Engine) Scope() txn.Scope { return e.store.Scope() }

// Generation returns a number that grows with each change of prices and
// settings.
func (e *Engine) Generation(ctx context.Context, in op.Nothing) (GenerationOutput, error) {
	if err := OpGeneration.Admit(ctx, in); err != nil {
		return GenerationOutput{}, err
	}
	n, err := e.store.Generation(ctx)
	return GenerationOutput{N: n}, err
}

// settings returns the settings of generation gen, or newer ones when gen has
// passed. Warm, it reads nothing.
func (e *Engine) settings(ctx context.Context, gen int64) (*Settings, error) {
	if s := e.cached.Load(); s != nil && s.Generation == gen {
		return s, nil
	}
	if txn.Outside(ctx) != nil {
		// What this unit has written may yet be rolled back, so nobody else
		// may see it; and whoever loads may be waiting for this unit to end.
		s, err := e.store.Settings(ctx)
		return &s, err
	}
	select {
	case e.loading <- struct{}{}:
		defer func() { <-e.loading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s := e.cached.Load(); s != nil && s.Generation == gen {
		return s, nil
	}
	s, err := e.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	e.cached.Store(&s)
	return &s, nil
}

// current returns the settings as they are now. Nobody may change them.
func (e *Engine) current(ctx context.Context) (*Settings, error) {
	gen, err := e.store.Generation(ctx)
	if err != nil {
		return nil, err
	}
	return e.settings(ctx, gen)
}

// now returns the time as it is stored.
func (e *Engine) now() time.Time { return e.opts.Now().UTC().Truncate(time.Microsecond) }

// announce makes an event of now.
func announce[P any](e *Engine, t event.Type[P], key string, p P) event.Envelope {
	return t.New(e.opts.ID("evt"), key, e.opts.Now(), p)
}
