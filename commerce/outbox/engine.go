package outbox

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// EngineOptions change how an Engine works. The zero value is good.
type EngineOptions struct {
	Now func() time.Time // time.Now
	Log *slog.Logger     // slog.Default()
}

// Engine is the Service of one database. It is safe for concurrent use.
type Engine struct {
	store Store
	in    Inbox
	opts  EngineOptions
}

var _ Service = (*Engine)(nil)

// NewEngine returns the Service of an outbox and the inbox beside it. opts may
// be nil.
func NewEngine(s Store, in Inbox, opts *EngineOptions) *Engine {
	e := &Engine{store: s, in: in}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Log = cmp.Or(e.opts.Log, slog.Default())
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	return e
}

// Status says how far the publishing is behind and what was put aside.
func (e *Engine) Status(ctx context.Context, in op.Nothing) (Status, error) {
	if err := OpStatus.Admit(ctx, in); err != nil {
		return Status{}, err
	}
	s := StoreStatus{Services: []string{}, Leases: []Lease{}}
	var err error
	if s.Store, err = e.store.ID(ctx); err != nil {
		return Status{}, err
	}
	lag, err := e.store.Lag(ctx)
	if err != nil {
		return Status{}, err
	}
	if s.Pending = lag.Pending; !lag.Oldest.IsZero() {
		s.Oldest = &lag.Oldest
	}
	leases, err := e.store.Leases(ctx)
	if err != nil {
		return Status{}, err
	}
	for _, l := range leases {
		if l.Until.After(e.opts.Now()) {
			s.Leases = append(s.Leases, l)
		}
	}
	if s.Dead, err = e.in.Dead(ctx); err != nil {
		return Status{}, err
	}
	if s.Dead == nil {
		s.Dead = []DeadCount{}
	}
	return Status{Stores: []StoreStatus{s}}, nil
}

// Dead returns a page of dead letters.
func (e *Engine) Dead(ctx context.Context, in Letters) (page.Page[Letter], error) {
	if err := OpDead.Admit(ctx, in); err != nil {
		return page.Page[Letter]{}, err
	}
	return e.in.Letters(ctx, in)
}

// Redrive publishes the event of a dead letter again. It returns ErrNoLetter.
func (e *Engine) Redrive(ctx context.Context, in LetterInput) (op.Nothing, error) {
	if err := OpRedrive.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	if err := e.in.Redrive(ctx, in.Consumer, in.EventID); err != nil {
		return op.Nothing{}, err
	}
	e.log(ctx, "a dead letter is redriven", "consumer", in.Consumer, "event", in.EventID)
	return op.Nothing{}, nil
}

// Drop gives a dead letter up. It returns ErrNoLetter.
func (e *Engine) Drop(ctx context.Context, in LetterInput) (op.Nothing, error) {
	if err := OpDrop.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	if err := Drop(ctx, e.in, in.Consumer, in.EventID); err != nil {
		return op.Nothing{}, err
	}
	e.log(ctx, "a dead letter is dropped", "consumer", in.Consumer, "event", in.EventID)
	return op.Nothing{}, nil
}

// Republish puts published events back into the outbox.
func (e *Engine) Republish(ctx context.Context, in RepublishInput) (RepublishOutput, error) {
	if err := OpRepublish.Admit(ctx, in); err != nil {
		return RepublishOutput{}, err
	}
	again := Again{Key: in.Key}
	switch {
	case in.Since != nil:
		again.Since = in.Since.UTC()
	case in.Key == "":
		return RepublishOutput{}, fault.ErrInvalid.Saying("say since when, or of what").At("/since")
	}
	n, err := e.store.Republish(ctx, again)
	if err != nil {
		return RepublishOutput{}, err
	}
	e.log(ctx, "events are published again", "since", again.Since, "key", in.Key, "count", n)
	return RepublishOutput{n}, nil
}

// log writes down who has done what.
func (e *Engine) log(ctx context.Context, what string, args ...any) {
	e.opts.Log.InfoContext(ctx, "outbox: "+what, append(args, "by", ident.From(ctx).Origin().String())...)
}
