package natsbus

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

const (
	pullAhead = 64               // events that a member has fetched and not begun
	pullFor   = 10 * time.Second // how long the server keeps a request for events
	beat      = 2 * time.Second  // how often it says that it is there
	again     = time.Second      // after which a broken consumer is looked for
)

// member is one subscription.
type member struct {
	bus     *Bus
	group   string
	names   []string
	filters []string
	fn      event.Handler
	last    atomic.Uint64 // position of the last event that came

	ctx    context.Context // of the handlers
	cancel context.CancelFunc
	slots  chan struct{} // held by running handlers

	mu       sync.Mutex
	stopping bool
	queues   map[string][]parcel     // by Key
	hand     map[place]jetstream.Msg // what has come and is not settled
	working  sync.WaitGroup          // on queues
}

// place names a message: positions alone repeat when a stream is made anew.
type place struct {
	position uint64
	at       int64
}

// parcel is a message on its way through a queue.
type parcel struct {
	jetstream.Msg
	meta  *jetstream.MsgMetadata
	event event.Envelope
	err   error // it is no event
}

func (p parcel) place() place { return place{p.meta.Sequence.Stream, p.meta.Timestamp.UnixNano()} }

// Subscribe implements event.Bus. Of the events with one Key a subscription
// handles one at a time.
func (b *Bus) Subscribe(ctx context.Context, group string, names []string, fn event.Handler) (func(), error) {
	m := &member{bus: b, group: group, names: slices.Clone(names), fn: fn, slots: make(chan struct{}, b.opts.Parallel),
		queues: map[string][]parcel{}, hand: map[place]jetstream.Msg{}}
	var err error
	if m.filters, err = filters(names); err != nil {
		return nil, err
	}
	s, err := b.stream(ctx)
	if err != nil {
		return nil, err
	}
	m.last.Store(s.CachedInfo().State.LastSeq)
	c, err := m.consumer(ctx)
	if err != nil {
		return nil, err
	}
	m.ctx, m.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return m.start(c), nil
}

// start works in the background until stop is called.
func (m *member) start(c jetstream.Consumer) (stop func()) {
	running, end := context.WithCancel(m.ctx)
	beating, endBeat := context.WithCancel(m.ctx)
	var background sync.WaitGroup
	background.Go(func() { m.run(running, c) })
	background.Go(func() { m.keep(beating) })
	return sync.OnceFunc(func() {
		m.mu.Lock()
		m.stopping = true
		m.mu.Unlock()
		end()
		m.working.Wait() // only what runs already is finished
		endBeat()
		background.Wait()
		m.cancel()
		_ = m.bus.nc.FlushTimeout(again) // a lost connection has lost the answers too: they come again
	})
}

// run consumes until ctx ends. A consumer that is broken or gone is looked for,
// and made, again.
func (m *member) run(ctx context.Context, c jetstream.Consumer) {
	for {
		err := m.consume(ctx, c)
		for err != nil && ctx.Err() == nil {
			m.bus.opts.Log.WarnContext(ctx, "natsbus: a consumer is broken, will retry", "group", m.group, "err", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(again):
			}
			c, err = m.consumer(ctx)
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// consume takes messages until ctx ends, or something is wrong.
func (m *member) consume(ctx context.Context, c jetstream.Consumer) error {
	broken := make(chan error, 1)
	cc, err := c.Consume(m.take, jetstream.PullMaxMessages(pullAhead), jetstream.PullExpiry(pullFor), jetstream.PullHeartbeat(beat),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			select {
			case broken <- err:
			default: // it is known to be
			}
		}))
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case err = <-broken:
	}
	cc.Drain()
	select {
	case <-cc.Closed():
	case <-time.After(again): // not while there is no connection
	}
	if m.group == "" && ctx.Err() != nil {
		ctx, cancel := context.WithTimeout(m.ctx, again)
		defer cancel()
		_ = m.bus.js.DeleteConsumer(ctx, Stream, c.CachedInfo().Name) // or it goes by itself
	}
	return err
}

// take queues a message behind those with the same Key.
func (m *member) take(msg jetstream.Msg) {
	p := parcel{Msg: msg}
	if p.meta, p.err = msg.Metadata(); p.err != nil {
		m.bus.opts.Log.Error("natsbus: a message did not come from a stream", "subject", msg.Subject(), "err", p.err)
		return
	}
	p.event, p.err = decode(msg.Subject(), msg.Headers(), msg.Data())
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopping {
		m.answer(p, msg.Nak())
		return
	}
	if _, ok := m.hand[p.place()]; ok {
		return // a copy: it was late to say that it is in progress
	}
	m.last.Store(p.meta.Sequence.Stream)
	m.hand[p.place()] = msg
	key := p.event.Key
	queue, worked := m.queues[key]
	m.queues[key] = append(queue, p)
	if !worked {
		m.working.Go(func() { m.work(key) })
	}
}

// work handles the messages of one Key until there are none.
func (m *member) work(key string) {
	for {
		m.slots <- struct{}{}
		m.mu.Lock()
		queue := m.queues[key]
		if len(queue) == 0 {
			delete(m.queues, key)
			m.mu.Unlock()
			<-m.slots
			return
		}
		p := queue[0]
		m.queues[key] = queue[1:]
		stopping := m.stopping
		m.mu.Unlock()
		if stopping {
			m.answer(p, p.Nak())
		} else {
			m.handle(p)
		}
		m.mu.Lock()
		delete(m.hand, p.place())
		m.mu.Unlock()
		<-m.slots
	}
}

// handle gives an event to the handler and tells the server how it went.
func (m *member) handle(p parcel) {
	var err error
	switch {
	case p.err != nil:
		if err = m.safely(p, func() error { return m.reject(p) }); err == nil {
			m.answer(p, p.TermWithReason("it is no event"))
			return
		}
	case !m.wants(p.event.Name): // another release of the shop does
		err = fault.ErrUnavailable.After(m.bus.opts.AckWait)
	default:
		err = m.safely(p, func() error { return m.fn(ident.WithTrace(m.ctx, p.event.Trace), p.event) })
	}
	if err == nil {
		m.answer(p, p.Ack())
		return
	}
	if m.ctx.Err() == nil {
		m.bus.opts.Log.DebugContext(m.ctx, "natsbus: an event comes again", "group", m.group, "event", p.event.ID, "name", p.event.Name, "err", err)
	}
	m.answer(p, p.NakWithDelay(retryAfter(err, p.meta.NumDelivered)))
}

func (m *member) wants(name string) bool {
	return slices.Contains(m.names, "*") || slices.Contains(m.names, name)
}

// safely makes an error of a panic of fn.
func (m *member) safely(p parcel, fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
			m.bus.opts.Log.ErrorContext(m.ctx, "natsbus: a handler panics", "group", m.group, "event", p.event.ID, "name", p.event.Name,
				"panic", v, "stack", string(debug.Stack()))
		}
	}()
	return fn()
}

// reject gets rid of a message that is no event.
func (m *member) reject(p parcel) error {
	log := m.bus.opts.Log.With("group", m.group, "subject", p.Subject(), "position", p.meta.Sequence.Stream, "err", p.err)
	if m.bus.letters == nil || m.group == "" {
		log.ErrorContext(m.ctx, "natsbus: a message is no event and is left out", slog.Any("headers", p.Headers()))
		return nil
	}
	if err := m.bus.keep(m.ctx, m.group, wrapped(p.Msg, p.meta), p.err); err != nil {
		log.ErrorContext(m.ctx, "natsbus: a message is no event and cannot be kept", "keep", err)
		return err
	}
	log.ErrorContext(m.ctx, "natsbus: a message is no event and is put aside")
	return nil
}

// answer notes that an answer could not be sent: then the event comes again.
func (m *member) answer(p parcel, err error) {
	if err != nil {
		m.bus.opts.Log.WarnContext(m.ctx, "natsbus: an event comes once more", "group", m.group, "event", p.event.ID, "err", err)
	}
}

// retryAfter returns how long to wait after the n-th failure.
func retryAfter(err error, n uint64) time.Duration {
	return cmp.Or(fault.Wait(err), min(30*time.Second, 100*time.Millisecond<<min(n-1, 10)))
}

// keep tells the server, until ctx ends, that what is in hand is in progress.
func (m *member) keep(ctx context.Context) {
	tick := time.NewTicker(m.bus.opts.AckWait / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		m.mu.Lock()
		for _, msg := range m.hand {
			_ = msg.InProgress() // or it comes again
		}
		m.mu.Unlock()
	}
}
