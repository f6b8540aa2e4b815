// Package membus is an event.Bus in memory, for a shop in one process and for
// tests. What it holds dies with the process; "outbox republish" brings it back.
package membus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// ErrClosed is returned by a Bus that was closed.
var ErrClosed = errors.New("membus: closed")

// Bus is an event.Bus. An event whose handler fails comes again, before later
// ones with its Key, until the handler takes it: after fault.Error.RetryAfter if
// the error has that, otherwise after 100 ms, doubling up to 30 s.
type Bus struct {
	ctx    context.Context // of the handlers
	cancel context.CancelFunc
	log    *slog.Logger

	mu     sync.Mutex
	closed bool
	groups []*group
	busy   int           // events that are queued or under way
	idle   chan struct{} // closed when busy falls to 0; nil while it is 0
}

var _ event.Bus = (*Bus)(nil)

// group is what shares events.
type group struct {
	name    string // "": a member that shares with nobody
	members []*member
	turn    int
	queues  map[string][]event.Envelope // by Key; the first is under way
}

// member is one subscription.
type member struct {
	names   []string
	fn      event.Handler
	running sync.WaitGroup
	stop    context.CancelFunc
	ctx     context.Context
}

func (m *member) wants(name string) bool {
	return slices.Contains(m.names, "*") || slices.Contains(m.names, name)
}

// New returns a Bus. A nil log is slog.Default().
func New(log *slog.Logger) *Bus {
	if log == nil {
		log = slog.Default()
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Bus{ctx: ctx, cancel: cancel, log: log}
}

// Publish implements event.Bus. It returns when evs are queued.
func (b *Bus) Publish(ctx context.Context, evs ...event.Envelope) error {
	if err := errors.Join(txn.Outside(ctx), ctx.Err()); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	for _, e := range evs {
		for _, g := range b.groups {
			if g.pick(e.Name) != nil {
				b.queue(g, e)
			}
		}
	}
	return nil
}

// pick returns the next member that wants events of a name, or nil.
func (g *group) pick(name string) *member {
	for i := range g.members {
		m := g.members[(g.turn+i)%len(g.members)]
		if m.wants(name) {
			g.turn += i + 1
			return m
		}
	}
	return nil
}

// queue adds e to the queue of its Key and starts it if it is the only one.
func (b *Bus) queue(g *group, e event.Envelope) {
	if b.busy++; b.idle == nil {
		b.idle = make(chan struct{})
	}
	g.queues[e.Key] = append(g.queues[e.Key], e)
	if len(g.queues[e.Key]) == 1 {
		go b.work(g, e.Key)
	}
}

// work delivers the events of one Key to a group until there are none.
func (b *Bus) work(g *group, key string) {
	wait := time.Duration(0)
	for {
		b.mu.Lock()
		queue := g.queues[key]
		if len(queue) == 0 {
			delete(g.queues, key)
			b.mu.Unlock()
			return
		}
		e := queue[0]
		m := g.pick(e.Name)
		if m == nil || b.ctx.Err() != nil { // nobody is left to take it
			b.done(g, e)
			b.mu.Unlock()
			continue
		}
		m.running.Add(1)
		b.mu.Unlock()
		err := b.deliver(m, e)
		m.running.Done()
		if err == nil {
			b.mu.Lock()
			b.done(g, e)
			b.mu.Unlock()
			wait = 0
			continue
		}
		wait = min(30*time.Second, max(100*time.Millisecond, 2*wait))
		b.pause(m, retryAfter(err, wait))
	}
}

// done takes the first event of a queue away.
func (b *Bus) done(g *group, e event.Envelope) {
	g.queues[e.Key] = g.queues[e.Key][1:]
	if b.busy--; b.busy == 0 {
		close(b.idle)
		b.idle = nil
	}
}

// retryAfter returns how long err asks to wait, or else.
func retryAfter(err error, otherwise time.Duration) time.Duration {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.RetryAfter > 0 {
		return time.Duration(f.RetryAfter) * time.Second
	}
	return otherwise
}

// deliver calls the handler of m, and makes an error of a panic.
func (b *Bus) deliver(m *member, e event.Envelope) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			b.log.ErrorContext(m.ctx, "membus: a handler panics", "event", e.ID, "name", e.Name, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	err = m.fn(m.ctx, e)
	if err != nil && m.ctx.Err() == nil {
		b.log.DebugContext(m.ctx, "membus: an event comes again", "event", e.ID, "name", e.Name, "err", err)
	}
	return err
}

// pause waits, unless m is stopped or the bus closed.
func (b *Bus) pause(m *member, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-m.ctx.Done():
	}
}

// Subscribe implements event.Bus. A group has a memory of its own, which goes
// with its last member: events of before it has subscribed, it does not get.
func (b *Bus) Subscribe(ctx context.Context, name string, names []string, fn event.Handler) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	m := &member{names: slices.Clone(names), fn: fn}
	m.ctx, m.stop = context.WithCancel(b.ctx)
	i := slices.IndexFunc(b.groups, func(g *group) bool { return g.name == name && name != "" })
	if i < 0 {
		i = len(b.groups)
		b.groups = append(b.groups, &group{name: name, queues: map[string][]event.Envelope{}})
	}
	g := b.groups[i]
	g.members = append(g.members, m)
	return sync.OnceFunc(func() { b.leave(g, m) }), nil
}

// leave takes m out of its group and waits for its running calls.
func (b *Bus) leave(g *group, m *member) {
	b.mu.Lock()
	g.members = slices.DeleteFunc(g.members, func(o *member) bool { return o == m })
	if len(g.members) == 0 {
		b.groups = slices.DeleteFunc(b.groups, func(o *group) bool { return o == g })
	}
	b.mu.Unlock()
	m.running.Wait()
	m.stop()
}

// Wait returns when no event is queued or under way, or ctx ends.
func (b *Bus) Wait(ctx context.Context) error {
	b.mu.Lock()
	idle := b.idle
	b.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close takes no more events and waits until those that it has are taken, or
// ctx ends; what is left then is dropped.
func (b *Bus) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	defer b.cancel()
	return b.Wait(ctx)
}
