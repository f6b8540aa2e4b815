// Package membus is an event.Bus in memory, for a shop in one process and for
// tests. What it holds dies with the process; "outbox republish" brings it back.
package membus

import (
	"cmp"
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
	held   bool // events wait for Deliver

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
	queues  map[string][]*parcel // by Key; the first is under way
}

// parcel is an event on its way to one group.
type parcel struct {
	event.Envelope
	done    chan struct{} // closed when it was taken or dropped
	dropped error         // why it was dropped
	failed  chan struct{} // closed when it was refused for the first time
	refused error         // why
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
	_, err := b.send(evs)
	return err
}

// Acknowledged returns b with another Publish, which returns when every group
// has taken evs, for an outbox that must outlive the process. When a handler
// refuses an event it returns that error: the event still comes again, and to
// publish it once more meanwhile adds no second copy.
func (b *Bus) Acknowledged() event.Bus { return acknowledged{b} }

type acknowledged struct{ *Bus }

// Publish implements event.Bus.
func (a acknowledged) Publish(ctx context.Context, evs ...event.Envelope) error {
	if err := errors.Join(txn.Outside(ctx), ctx.Err()); err != nil {
		return err
	}
	sent, err := a.send(evs)
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range sent {
		errs = append(errs, p.taken(ctx))
	}
	return errors.Join(errs...)
}

// taken waits until p was taken or refused.
func (p *parcel) taken(ctx context.Context) error {
	select {
	case <-p.done:
		return p.dropped
	case <-p.failed:
		return fmt.Errorf("event %s %s: %w", p.Name, p.ID, p.refused)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// send queues evs for every group that wants them.
func (b *Bus) send(evs []event.Envelope) (sent []*parcel, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	for _, e := range evs {
		for _, g := range b.groups {
			if g.pick(e.Name) != nil {
				sent = append(sent, b.queue(g, e))
			}
		}
	}
	return sent, nil
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

// queue adds e to the queue of its Key, unless it waits there already, and
// starts the queue if it was empty.
func (b *Bus) queue(g *group, e event.Envelope) *parcel {
	for _, p := range g.queues[e.Key] {
		if p.ID == e.ID && e.ID != "" {
			return p
		}
	}
	if b.busy++; b.idle == nil {
		b.idle = make(chan struct{})
	}
	p := &parcel{Envelope: e, done: make(chan struct{}), failed: make(chan struct{})}
	_, worked := g.queues[e.Key] // an empty queue has its worker until that looks again
	g.queues[e.Key] = append(g.queues[e.Key], p)
	if !worked && !b.held {
		go b.work(g, e.Key)
	}
	return p
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
		p := queue[0]
		m := g.pick(p.Name)
		if m == nil || b.ctx.Err() != nil { // nobody is left to take it
			p.dropped = ErrClosed
			b.done(g, p)
			b.mu.Unlock()
			continue
		}
		m.running.Add(1)
		b.mu.Unlock()
		err := b.deliver(m, p.Envelope)
		m.running.Done()
		if err == nil {
			b.mu.Lock()
			b.done(g, p)
			b.mu.Unlock()
			wait = 0
			continue
		}
		if wait == 0 {
			p.refused = err
			close(p.failed)
		}
		wait = min(30*time.Second, max(100*time.Millisecond, 2*wait))
		b.pause(m, cmp.Or(fault.Wait(err), wait))
	}
}

// done takes p, the first of its queue, away.
func (b *Bus) done(g *group, p *parcel) {
	close(p.done)
	g.queues[p.Key] = g.queues[p.Key][1:]
	if b.busy--; b.busy == 0 {
		close(b.idle)
		b.idle = nil
	}
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
		b.groups = append(b.groups, &group{name: name, queues: map[string][]*parcel{}})
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
