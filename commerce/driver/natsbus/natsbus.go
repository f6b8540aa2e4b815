// Package natsbus is an event.Bus on NATS JetStream, for a shop of several
// processes. Events are CloudEvents 1.0 in binary mode in one stream.
//
// The stream carries copies: the truth stays in the outboxes. When the stream is
// lost it is made anew and "outbox republish" fills it again; inboxes see to it
// that nothing has its effect twice.
//
// What people get wrong: nothing here keeps copies away. A message id is known to
// the stream for two minutes, and what is published once more is stored once more
// all the same, or a redriven dead letter would be swallowed. Handlers are wrapped
// in outbox.Once or outbox.InOrder.
package natsbus

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Options change how a Bus works. The zero value is good.
type Options struct {
	Log *slog.Logger // slog.Default()
	// Replicas is how many servers keep each event, 1. A stream that has fewer
	// is raised.
	Replicas int
	// AckWait is how long after the death of a process its events come again
	// elsewhere, 30 seconds. It is not how long a handler may take.
	AckWait time.Duration
	// Parallel is how many events a subscription handles at a time, each of
	// another Key, 32.
	Parallel int
}

// Bus is an event.Bus. It is safe for concurrent use.
//
// A group is a durable consumer: a new one begins with the oldest event that the
// stream holds, and it goes on where it stopped. All its members subscribe to
// the same names; other ones replace those of before. An empty group begins with
// the next event.
//
// An event whose handler fails comes again: after fault.Error.RetryAfter if the
// error has that, otherwise after 100 ms, doubling up to 30 s. Meanwhile later
// events with its Key may be handled.
type Bus struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	opts    Options
	letters outbox.Inbox // nil: nobody keeps what is no event
	lost    atomic.Bool  // nobody answered for the stream
}

var (
	_ event.Bus     = (*Bus)(nil)
	_ outbox.Keeper = (*Bus)(nil)
)

// New returns a Bus on nc, which stays the caller's. It makes the stream if it
// is missing and raises settings that can be raised; it returns ErrWeak if the
// stream could still lose events. opts may be nil.
func New(ctx context.Context, nc *nats.Conn, opts *Options) (*Bus, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("natsbus: %w", err)
	}
	b := &Bus{nc: nc, js: js}
	if opts != nil {
		b.opts = *opts
	}
	b.opts.Log = cmp.Or(b.opts.Log, slog.Default())
	b.opts.Replicas = cmp.Or(b.opts.Replicas, 1)
	b.opts.AckWait = cmp.Or(b.opts.AckWait, 30*time.Second)
	b.opts.Parallel = cmp.Or(b.opts.Parallel, 32)
	if _, err := b.stream(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

// publishing is how many events Publish sends side by side.
const publishing = 64

// Publish implements event.Bus. It returns when the stream has stored evs. If it
// returns an error some may be stored, of each Key the first ones.
func (b *Bus) Publish(ctx context.Context, evs ...event.Envelope) error {
	if err := errors.Join(txn.Outside(ctx), ctx.Err()); err != nil {
		return err
	}
	byKey := map[string][]*nats.Msg{}
	for _, e := range evs {
		m, err := encode(e)
		if err != nil {
			return err
		}
		byKey[e.Key] = append(byKey[e.Key], m)
	}
	if err := b.ready(ctx); err != nil {
		return err
	}
	var mu sync.Mutex
	var errs []error
	var wg sync.WaitGroup
	slots := make(chan struct{}, publishing)
	for _, msgs := range byKey {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := b.send(ctx, msgs); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// ready returns an error if publishing makes no sense: what is sent to a lost
// connection is kept for later, when nobody waits for it any more.
func (b *Bus) ready(ctx context.Context) error {
	if !b.nc.IsConnected() {
		return fault.ErrUnavailable.Because(fmt.Errorf("natsbus: %w: %w", event.ErrDown, nats.ErrDisconnected))
	}
	if !b.lost.Swap(false) {
		return nil
	}
	if _, err := b.stream(ctx); err != nil {
		b.lost.Store(true)
		return fmt.Errorf("%w: %w", event.ErrDown, err)
	}
	return nil
}

// send stores msgs one after the other, until one fails.
func (b *Bus) send(ctx context.Context, msgs []*nats.Msg) error {
	for _, m := range msgs {
		id := m.Header.Get(headerID)
		ack, err := b.js.PublishMsg(ctx, m, jetstream.WithMsgID(id), jetstream.WithExpectStream(Stream))
		if err == nil && ack.Duplicate {
			// Somebody wants it to come again: a dead letter is redriven.
			_, err = b.js.PublishMsg(ctx, m, jetstream.WithMsgID(id+"."+rand.Text()), jetstream.WithExpectStream(Stream))
		}
		if errors.Is(err, jetstream.ErrNoStreamResponse) {
			b.lost.Store(true)
		}
		if err != nil && !aboutOne(err) {
			err = fmt.Errorf("%w: %w", event.ErrDown, err)
		}
		if err != nil {
			return fmt.Errorf("natsbus: publish %s: %w", m.Subject, err)
		}
	}
	return nil
}

// aboutOne reports whether a server has said no, so that it may take another
// message.
func aboutOne(err error) bool {
	_, said := errors.AsType[*jetstream.APIError](err)
	return said || errors.Is(err, nats.ErrMaxPayload)
}

// Keep implements outbox.Keeper. Without it messages that are no events are only
// logged, and gone.
func (b *Bus) Keep(in outbox.Inbox) { b.letters = in }

// keep makes a dead letter of e.
func (b *Bus) keep(ctx context.Context, group string, e event.Envelope, why error) error {
	return b.letters.Scope().Do(ctx, func(ctx context.Context) error {
		now := time.Now().UTC()
		l := outbox.Letter{Consumer: group, Event: e, State: outbox.Trying, Error: why.Error(), First: now, Last: now}
		if _, err := b.letters.Fail(ctx, l); err != nil {
			return err
		}
		return b.letters.Bury(ctx, group, e.ID)
	})
}
