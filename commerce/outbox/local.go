package outbox

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/mercer-commerce/mercer/commerce/event"
)

// Keeper is a bus that can put aside what it cannot read. Keep is called before
// Subscribe.
type Keeper interface {
	// Keep makes dead letters in in of messages that are no events.
	Keep(in Inbox)
}

// Local returns b for a service that publishes only the events whose names are
// its own. Those of others get into its outbox when a dead letter is redriven:
// they go to the consumers that have subscribed here, in this process, and not
// over the bus, where they would be a forgery. Publish returns the error of a
// consumer that refuses one, so that the relay tries again.
func Local(b event.Bus, own func(name string) bool) event.Bus {
	return &local{Bus: b, own: own}
}

type local struct {
	event.Bus
	own func(name string) bool

	mu        sync.Mutex
	consumers []*consumer
}

type consumer struct {
	names   []string
	fn      event.Handler
	running sync.WaitGroup
}

// Publish implements event.Bus.
func (l *local) Publish(ctx context.Context, evs ...event.Envelope) error {
	if !slices.ContainsFunc(evs, func(e event.Envelope) bool { return !l.own(e.Name) }) {
		return l.Bus.Publish(ctx, evs...)
	}
	for _, e := range evs {
		var err error
		if l.own(e.Name) {
			err = l.Bus.Publish(ctx, e)
		} else {
			err = l.give(ctx, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// give gives e to the consumers here that want it.
func (l *local) give(ctx context.Context, e event.Envelope) error {
	l.mu.Lock()
	var want []*consumer
	for _, c := range l.consumers {
		if slices.Contains(c.names, "*") || slices.Contains(c.names, e.Name) {
			c.running.Add(1)
			want = append(want, c)
		}
	}
	l.mu.Unlock()
	var errs []error
	for _, c := range want {
		errs = append(errs, c.fn(ctx, e))
		c.running.Done()
	}
	return errors.Join(errs...)
}

// Subscribe implements event.Bus.
func (l *local) Subscribe(ctx context.Context, group string, names []string, fn event.Handler) (func(), error) {
	stop, err := l.Bus.Subscribe(ctx, group, names, fn)
	if err != nil || group == "" {
		return stop, err
	}
	c := &consumer{names: slices.Clone(names), fn: fn}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.consumers = append(l.consumers, c)
	return sync.OnceFunc(func() {
		l.mu.Lock()
		l.consumers = slices.DeleteFunc(l.consumers, func(o *consumer) bool { return o == c })
		l.mu.Unlock()
		c.running.Wait()
		stop()
	}), nil
}
